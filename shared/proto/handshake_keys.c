/* handshake_keys.c - derives the link keys from K_shared and the transcript. */
#include <string.h>

#include "shared/proto/handshake_int.h"
#include "shared/proto/label.h"
#include "shared/base/secret.h"

int handshake_keys_pake(
    struct handshake *h, const uint8_t peer_share[WIRE_SHARE])
{
	struct label context;
	int r;

	label_pake_context(&context, h->th[2]);
	r = pake_finish(h->pake, &h->keys, context.p, context.len, h->account,
	    WIRE_PROTOCOL, peer_share);
	pake_free(h->pake);
	h->pake = NULL;
	return r;
}

int handshake_keys_s4(struct handshake *h)
{
	int r = crypto_extract(h->crypto, h->s4, h->th[4], WIRE_HASH,
	    h->keys.shared, sizeof(h->keys.shared));

	secret_wipe(h->keys.shared, sizeof(h->keys.shared));
	return r;
}

int handshake_keys_card(struct handshake *h, uint8_t out[WIRE_KEY_IV])
{
	struct part info = {LABEL_CARD_KEY, sizeof(LABEL_CARD_KEY)};

	return crypto_expand(h->crypto, out, WIRE_KEY_IV, h->s4, &info, 1);
}

int handshake_keys_link(struct handshake *h)
{
	static const struct part seal[2] = {
	    [LINK_C2S] = {LABEL_C2S_SEAL, sizeof(LABEL_C2S_SEAL)},
	    [LINK_S2C] = {LABEL_S2C_SEAL, sizeof(LABEL_S2C_SEAL)},
	};
	static const struct part mac[2] = {
	    [LINK_C2S] = {LABEL_C2S_MAC, sizeof(LABEL_C2S_MAC)},
	    [LINK_S2C] = {LABEL_S2C_MAC, sizeof(LABEL_S2C_MAC)},
	};
	struct link_keys *k = &h->result.keys;
	uint8_t s5[WIRE_HASH], key_iv[WIRE_KEY_IV];
	int r, d;

	r = crypto_extract(
	    h->crypto, s5, h->th[5], WIRE_HASH, h->s4, sizeof(h->s4));
	secret_wipe(h->s4, sizeof(h->s4));
	for (d = LINK_C2S; r == 0 && d <= LINK_S2C; d++) {
		if ((r = crypto_expand(h->crypto, key_iv, sizeof(key_iv), s5,
			 &seal[d], 1)) != 0)
			break;
		memcpy(k->seal[d], key_iv, WIRE_KEY);
		memcpy(k->iv[d], key_iv + WIRE_KEY, WIRE_IV);
		r = crypto_expand(
		    h->crypto, k->mac[d], WIRE_KEY, s5, &mac[d], 1);
	}
	memcpy(h->result.th5, h->th[5], WIRE_HASH);
	secret_wipe(s5, sizeof(s5));
	secret_wipe(key_iv, sizeof(key_iv));
	return r;
}

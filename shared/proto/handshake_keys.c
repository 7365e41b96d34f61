/* handshake_keys.c - K_shared, K_kem, and the link keys that are derived from
 * them and from the transcript. */
#include <stdlib.h>
#include <string.h>

#include "shared/proto/handshake_int.h"
#include "shared/proto/label.h"
#include "shared/base/secret.h"

int handshake_keys_pake(
    struct handshake *h, const uint8_t peer_share[WIRE_SHARE])
{
	struct label context;
	int r;

	label_pake_context(
	    &context, h->th[2], h->has_channel ? h->exporter : NULL);
	r = pake_finish(h->pake, &h->keys, context.p, context.len, h->account,
	    WIRE_PROTOCOL, peer_share);
	pake_free(h->pake);
	h->pake = NULL;
	return r;
}

/* --- the post-quantum part --- */

int handshake_pq(enum hs_pq *out, const struct crypto *c, bool required)
{
	bool there;
	int r = kem_mlkem_find(c, &there);

	if (r != 0)
		return r;
	*out = !there	  ? HS_PQ_ABSENT
	       : required ? HS_PQ_REQUIRED
			  : HS_PQ_OFFERED;
	return required && !there ? ERR_WEAK : 0;
}

int handshake_keys_offer(struct handshake *h, struct hs_hello *m)
{
	uint8_t seed[WIRE_MLKEM_SEED];
	int r;

	m->has_kem = h->pq != HS_PQ_ABSENT;
	if (!m->has_kem)
		return 0;
	if ((r = h->rng.fill(h->rng.arg, seed, sizeof(seed))) == 0) {
		h->kem = kem_mlkem_new(h->crypto, seed);
		r = h->kem == NULL ? ERR_CRYPTO
				   : kem_mlkem_public(h->kem, m->kem);
	}
	secret_wipe(seed, sizeof(seed));
	return r;
}

int handshake_keys_seal(struct handshake *h, struct hs_confirm *m)
{
	uint8_t seed[WIRE_MLKEM_M];
	int r;

	m->has_kem = h->result.exchange == EXCHANGE_HYBRID;
	if (!m->has_kem)
		return 0;
	if ((r = h->rng.fill(h->rng.arg, seed, sizeof(seed))) == 0)
		r = kem_mlkem_seal(
		    h->crypto, m->kem, h->kem_secret, h->kem_public, seed);
	secret_wipe(seed, sizeof(seed));
	free(h->kem_public);
	h->kem_public = NULL;
	return r;
}

int handshake_keys_open(struct handshake *h, const struct hs_confirm *m)
{
	int r;

	if (h->result.exchange != EXCHANGE_HYBRID)
		return 0;
	r = kem_mlkem_open(h->kem, h->kem_secret, m->kem);
	kem_mlkem_free(h->kem);
	h->kem = NULL;
	return r;
}

void handshake_keys_proof(struct part parts[HS_PROOF_PARTS],
    struct label *label, const struct handshake *h, const struct hs_confirm *m)
{
	label_server_proof(label, h->th[3], m->share, m->confirm);
	parts[0] = label_part(label);
	parts[1] =
	    (struct part){m->kem, m->has_kem ? sizeof(m->kem) : (size_t)0};
}

/* --- the keys --- */

int handshake_keys_s4(struct handshake *h)
{
	uint8_t ikm[sizeof(h->keys.shared) + WIRE_MLKEM_SECRET];
	size_t n = sizeof(h->keys.shared);
	int r;

	memcpy(ikm, h->keys.shared, n);
	if (h->result.exchange == EXCHANGE_HYBRID) {
		memcpy(ikm + n, h->kem_secret, WIRE_MLKEM_SECRET);
		n += WIRE_MLKEM_SECRET;
	}
	r = crypto_extract(h->crypto, h->s4, h->th[4], WIRE_HASH, ikm, n);
	secret_wipe(ikm, sizeof(ikm));
	secret_wipe(h->keys.shared, sizeof(h->keys.shared));
	secret_wipe(h->kem_secret, sizeof(h->kem_secret));
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

/* handshake_card.c - makes, seals, opens and checks the card. */
#include <string.h>

#include "shared/proto/card.h"
#include "shared/proto/handshake_int.h"
#include "shared/proto/label.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

/* The card is sent as AES-256-GCM(signature || card bytes), under a key from
 * s4 and with aad = th(4) || confirmP, which binds it to this handshake. */

/* --- both sides --- */

/* Reads a string of the card, truncated to its buffer. *len is its full
 * length. */
static int get_string(const json_t *o, const char *key,
    char out[WIRE_SHORT_TEXT_MAX], const char **s, size_t *len)
{
	size_t n;
	int r;

	if ((r = json_str(o, key, s, len)) != 0)
		return r;
	n = *len < WIRE_SHORT_TEXT_MAX ? *len : WIRE_SHORT_TEXT_MAX - 1;
	memcpy(out, *s, n);
	out[n] = '\0';
	return 0;
}

static int get_same(
    const json_t *o, const char *key, const uint8_t want[WIRE_HASH])
{
	uint8_t got[WIRE_HASH];
	int r;

	if ((r = json_b64(o, key, got, sizeof(got))) != 0)
		return r;
	return secret_equal(got, want, sizeof(got)) ? 0 : ERR_CARD;
}

/* Accepts keys of the permitted shapes only, before any key is used. */
static int get_keys(struct hs_card *card, const json_t *o)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	int r;

	if ((r = json_b64(o, "identity", spki, sizeof(spki))) != 0 ||
	    (r = json_b64_max(o, "wrap", card->wrap_spki,
		 sizeof(card->wrap_spki), &card->wrap_spki_len)) != 0 ||
	    (r = json_b64(o, "agree", card->agree, sizeof(card->agree))) !=
		0 ||
	    (r = json_b64(o, "instance", card->instance,
		 sizeof(card->instance))) != 0)
		return r;
	if ((r = ed25519_from_spki(card->identity, spki, sizeof(spki))) != 0 ||
	    (r = kem_rsa_spki_check(card->wrap_spki, card->wrap_spki_len)) != 0)
		return r;
	return x25519_check(card->agree);
}

/* Checks an opened card, except the values of its name and room. Every error
 * is a peer error. */
static int card_judge(const struct handshake *h, struct hs_card *card,
    const json_t *o, enum wire_code *refusal)
{
	const char *name, *room;
	size_t name_len, room_len;
	struct part parts[2];
	uint32_t v;
	int r;

	if ((r = json_u32(o, "v", &v)) != 0 ||
	    (r = get_string(o, "name", card->name, &name, &name_len)) != 0 ||
	    (r = get_string(o, "room", card->room, &room, &room_len)) != 0)
		return r;
	if (v != 1)
		return ERR_CARD;
	if ((r = card_has_certificate(&card->has_certificate, o)) != 0 ||
	    (r = get_same(o, "session", h->result.session)) != 0 ||
	    (r = get_same(o, "binding", h->th[4])) != 0 ||
	    (r = get_keys(card, o)) != 0)
		return r;
	if (h->has_ticket && !secret_equal(card->identity, h->ticket_identity,
				 sizeof(card->identity)))
		return ERR_CARD;
	card_signed(parts, card->bytes.p, card->bytes.len);
	if ((r = ed25519_verify(
		 h->crypto, card->identity, card->signature, parts, 2)) != 0)
		return r;
	if (!text_name(name, name_len))
		*refusal = CODE_BAD_NAME;
	else if (room_len != 0 && !text_room(room, room_len))
		*refusal = CODE_NO_ROOM;
	return 0;
}

/* Fills the rest of a card from its bytes and signature. Returns 0 and sets
 * the refusal, or returns an error of our own. */
static int card_read(
    const struct handshake *h, struct hs_card *card, enum wire_code *refusal)
{
	json_t *o = NULL;
	int r;

	*refusal = CODE_NONE;
	if ((r = crypto_hash1(
		 h->crypto, card->hash, card->bytes.p, card->bytes.len)) == 0 &&
	    (r = json_parse(&o, card->bytes.p, card->bytes.len)) == 0)
		r = card_judge(h, card, o, refusal);
	json_decref(o);
	if (!err_is_peer(r))
		return r;
	*refusal = CODE_BAD_CARD;
	return 0;
}

/* --- client --- */

static int card_write(
    struct handshake *h, struct buf *out, const struct hs_card_opts *o)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	struct buf wrap;
	struct json_w w;
	int r;

	buf_init(&wrap, WIRE_RSA_SPKI_MAX);
	if ((r = kem_rsa_spki(o->wrap, &wrap)) != 0)
		goto out;
	ed25519_spki(spki, identity_public(o->identity));
	json_begin(&w, out);
	json_put_int(&w, "v", 1);
	json_put_str(&w, "name", o->name);
	json_put_str(&w, "room", o->room);
	json_put_b64(&w, "identity", spki, sizeof(spki));
	json_put_b64(&w, "wrap", wrap.p, wrap.len);
	json_put_b64(&w, "agree", dh_public(o->agree), WIRE_X25519);
	json_put_b64(&w, "instance", o->instance, WIRE_INSTANCE);
	json_put_b64(&w, "session", h->result.session, WIRE_NONCE);
	json_put_b64(&w, "binding", h->th[4], WIRE_HASH);
	if (o->certificate != NULL && o->certificate->len > 0)
		json_put_b64(&w, "certificate", o->certificate->p,
		    o->certificate->len);
	r = json_end(&w);
out:
	buf_free(&wrap);
	return r;
}

int handshake_card_seal(
    struct handshake *h, struct buf *out, const struct hs_card_opts *o)
{
	struct hs_card *card = &h->result.card;
	uint8_t key_iv[WIRE_KEY_IV], *p;
	struct label aad;
	enum wire_code refusal;
	struct part parts[2];
	size_t n;
	int r;

	if ((r = card_write(h, &card->bytes, o)) != 0)
		goto out;
	card_signed(parts, card->bytes.p, card->bytes.len);
	if ((r = identity_sign(o->identity, card->signature, parts, 2)) != 0 ||
	    (r = card_read(h, card, &refusal)) != 0)
		goto out;
	if (refusal != CODE_NONE) { /* no server would accept it either */
		r = ERR_USAGE;
		goto out;
	}
	n = WIRE_SIGNATURE + card->bytes.len;
	if ((r = handshake_keys_card(h, key_iv)) != 0 ||
	    (r = buf_reserve(out, n + WIRE_TAG)) != 0)
		goto out;
	label_card_aad(&aad, h->th[4], h->keys.confirm_p);
	p = out->p + out->len;
	memcpy(p, card->signature, WIRE_SIGNATURE);
	memcpy(p + WIRE_SIGNATURE, card->bytes.p, card->bytes.len);
	if ((r = crypto_seal(h->crypto, p, key_iv, key_iv + WIRE_KEY,
		 aad.p, aad.len, p, n)) == 0)
		out->len += n + WIRE_TAG;
out:
	secret_wipe(key_iv, sizeof(key_iv));
	return r;
}

/* --- server --- */

int handshake_card_open(struct handshake *h, const struct buf *sealed)
{
	struct hs_card *card = &h->result.card;
	uint8_t key_iv[WIRE_KEY_IV];
	struct label aad;
	struct buf plain;
	int r;

	buf_init_secret(&plain, WIRE_HANDSHAKE_MAX);
	if ((r = handshake_keys_card(h, key_iv)) != 0 ||
	    (r = buf_reserve(&plain, sealed->len)) != 0)
		goto out;
	label_card_aad(&aad, h->th[4], h->keys.confirm_p);
	if ((r = crypto_open(h->crypto, plain.p, key_iv, key_iv + WIRE_KEY,
		 aad.p, aad.len, sealed->p, sealed->len)) != 0)
		goto out;
	plain.len = sealed->len - WIRE_TAG;
	if (plain.len < WIRE_SIGNATURE) { /* opened, but not a card */
		h->result.refusal = CODE_BAD_CARD;
		goto out;
	}
	memcpy(card->signature, plain.p, WIRE_SIGNATURE);
	if ((r = buf_put(&card->bytes, plain.p + WIRE_SIGNATURE,
		 plain.len - WIRE_SIGNATURE)) == 0)
		r = card_read(h, card, &h->result.refusal);
out:
	secret_wipe(key_iv, sizeof(key_iv));
	buf_free(&plain);
	return r;
}

/* handshake_msg.c - encodes and decodes the handshake messages as JSON. */
#include <string.h>

#include "shared/proto/handshake_int.h"
#include "shared/proto/account.h"

/* One check of a chain that stops at the first failure and keeps its code. */
#define TRY(r, call) (((r) = (call)) != 0)

/* The only KEM, in hello and challenge. */
#define KEM "mlkem768"

int handshake_msg_step(const json_t *o, const char *step)
{
	const char *s;
	size_t n;
	int r;

	if (TRY(r, json_str(o, "type", &s, &n)))
		return r;
	if (strcmp(s, "handshake") != 0)
		return ERR_STATE;
	if (TRY(r, json_str(o, "step", &s, &n)))
		return r;
	return strcmp(s, step) == 0 ? 0 : ERR_STATE;
}

static void msg_begin(struct json_w *w, struct buf *out, const char *step)
{
	json_begin(w, out);
	json_put_str(w, "type", "handshake");
	json_put_str(w, "step", step);
}

/* --- 1, hello --- */

int handshake_msg_put_hello(struct buf *out, const struct hs_hello *m)
{
	struct json_w w;

	msg_begin(&w, out, "hello");
	json_open_arr(&w, "protocols");
	json_put_str(&w, NULL, WIRE_PROTOCOL);
	json_close(&w, ']');
	json_put_str(&w, "account", m->account);
	json_put_b64(&w, "nonce", m->nonce, sizeof(m->nonce));
	if (m->has_ticket)
		json_put_b64(&w, "ticket", m->ticket, sizeof(m->ticket));
	if (m->has_kem) {
		json_open_obj(&w, "kem");
		json_put_b64(&w, KEM, m->kem, sizeof(m->kem));
		json_close(&w, '}');
	}
	return json_end(&w);
}

/* All must be strings, and one must be ours. */
static int check_protocols(const json_t *list)
{
	const json_t *v;
	bool ours = false;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		v = json_array_get(list, i);
		if (!json_is_string(v))
			return ERR_JSON;
		if (strcmp(json_string_value(v), WIRE_PROTOCOL) == 0)
			ours = true;
	}
	return ours ? 0 : ERR_JSON;
}

/* The object may offer other KEMs, which we skip as unknown keys. */
static int get_offer(struct hs_hello *m, const json_t *o)
{
	const json_t *kem;
	int r;

	m->has_kem = false;
	if (json_object_get(o, "kem") == NULL)
		return 0;
	if (TRY(r, json_obj(o, "kem", &kem)))
		return r;
	m->has_kem = json_object_get(kem, KEM) != NULL;
	return m->has_kem ? json_b64(kem, KEM, m->kem, sizeof(m->kem)) : 0;
}

int handshake_msg_get_hello(struct hs_hello *m, const json_t *o)
{
	const json_t *protocols;
	size_t n;
	int r;

	if (TRY(r, json_arr(o, "protocols", &protocols)) ||
	    TRY(r, check_protocols(protocols)) ||
	    TRY(r, json_str(o, "account", &m->account, &n)) ||
	    TRY(r, json_b64(o, "nonce", m->nonce, sizeof(m->nonce))))
		return r;
	m->has_ticket = json_object_get(o, "ticket") != NULL;
	if (m->has_ticket &&
	    TRY(r, json_b64(o, "ticket", m->ticket, sizeof(m->ticket))))
		return r;
	if (TRY(r, get_offer(m, o)))
		return r;
	return account_kind_of(m->account, n) != ACCOUNT_NONE ? 0 : ERR_NAME;
}

/* --- 2, challenge --- */

int handshake_msg_put_challenge(struct buf *out, const struct hs_challenge *m)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	struct json_w w;

	ed25519_spki(spki, m->identity);
	msg_begin(&w, out, "challenge");
	json_put_str(&w, "protocol", WIRE_PROTOCOL);
	json_put_b64(&w, "session", m->session, sizeof(m->session));
	json_put_b64(&w, "identity", spki, sizeof(spki));
	json_open_obj(&w, "kdf");
	json_put_str(&w, "name", "scrypt");
	json_put_u63(&w, "n", m->kdf.n);
	json_put_int(&w, "r", m->kdf.r);
	json_put_int(&w, "p", m->kdf.p);
	json_close(&w, '}');
	json_put_b64(&w, "salt", m->salt, sizeof(m->salt));
	json_put_b64(&w, "nonce", m->nonce, sizeof(m->nonce));
	if (m->kem)
		json_put_str(&w, "kem", KEM);
	if (m->has_channel)
		json_put_b64(&w, "channel", m->channel, sizeof(m->channel));
	return json_end(&w);
}

/* Checks the bounds before anything costly (PROTOCOL.md 2, message 2): the
 * server is not proved yet and must not control how much work we do. */
static int get_kdf(struct kdf *k, const json_t *o)
{
	const char *name;
	const json_t *kdf;
	size_t n;
	int r;

	if (TRY(r, json_obj(o, "kdf", &kdf)) ||
	    TRY(r, json_str(kdf, "name", &name, &n)))
		return r;
	if (strcmp(name, "scrypt") != 0)
		return ERR_KDF;
	if (TRY(r, json_u63(kdf, "n", &k->n)) ||
	    TRY(r, json_u32(kdf, "r", &k->r)) ||
	    TRY(r, json_u32(kdf, "p", &k->p)))
		return r;
	return crypto_kdf_check(k);
}

/* What the server takes of the offer: there is one thing to take. */
static int get_choice(bool *kem, const json_t *o)
{
	*kem = json_object_get(o, "kem") != NULL;
	return !*kem || json_is(o, "kem", KEM) ? 0 : ERR_JSON;
}

int handshake_msg_get_challenge(struct hs_challenge *m, const json_t *o)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	const char *protocol;
	size_t n;
	int r;

	if (TRY(r, json_str(o, "protocol", &protocol, &n)))
		return r;
	if (strcmp(protocol, WIRE_PROTOCOL) != 0)
		return ERR_JSON;
	if (TRY(r, json_b64(o, "session", m->session, sizeof(m->session))) ||
	    TRY(r, json_b64(o, "identity", spki, sizeof(spki))) ||
	    TRY(r, ed25519_from_spki(m->identity, spki, sizeof(spki))) ||
	    TRY(r, get_kdf(&m->kdf, o)) ||
	    TRY(r, json_b64(o, "salt", m->salt, sizeof(m->salt))) ||
	    TRY(r, json_b64(o, "nonce", m->nonce, sizeof(m->nonce))) ||
	    TRY(r, get_choice(&m->kem, o)))
		return r;
	m->has_channel = json_object_get(o, "channel") != NULL;
	return m->has_channel
		   ? json_b64(o, "channel", m->channel, sizeof(m->channel))
		   : 0;
}

/* --- 3, share --- */

int handshake_msg_put_share(struct buf *out, const uint8_t share[WIRE_SHARE])
{
	struct json_w w;

	msg_begin(&w, out, "share");
	json_put_b64(&w, "share", share, WIRE_SHARE);
	return json_end(&w);
}

int handshake_msg_get_share(uint8_t share[WIRE_SHARE], const json_t *o)
{
	return json_b64(o, "share", share, WIRE_SHARE);
}

/* --- 4, confirm --- */

int handshake_msg_put_confirm(struct buf *out, const struct hs_confirm *m)
{
	struct json_w w;

	msg_begin(&w, out, "confirm");
	json_put_b64(&w, "share", m->share, sizeof(m->share));
	json_put_b64(&w, "confirm", m->confirm, sizeof(m->confirm));
	json_put_b64(&w, "proof", m->proof, sizeof(m->proof));
	if (m->has_kem)
		json_put_b64(&w, "kem", m->kem, sizeof(m->kem));
	return json_end(&w);
}

int handshake_msg_get_confirm(struct hs_confirm *m, const json_t *o)
{
	int r;

	if (TRY(r, json_b64(o, "share", m->share, sizeof(m->share))) ||
	    TRY(r, json_b64(o, "confirm", m->confirm, sizeof(m->confirm))) ||
	    TRY(r, json_b64(o, "proof", m->proof, sizeof(m->proof))))
		return r;
	m->has_kem = json_object_get(o, "kem") != NULL;
	return m->has_kem ? json_b64(o, "kem", m->kem, sizeof(m->kem)) : 0;
}

/* --- 5, finish --- */

int handshake_msg_put_finish(struct buf *out,
    const uint8_t confirm[WIRE_CONFIRM], const struct buf *sealed)
{
	struct json_w w;

	msg_begin(&w, out, "finish");
	json_put_b64(&w, "confirm", confirm, WIRE_CONFIRM);
	json_put_b64(&w, "card", sealed->p, sealed->len);
	return json_end(&w);
}

int handshake_msg_get_finish(
    uint8_t confirm[WIRE_CONFIRM], struct buf *sealed, const json_t *o)
{
	const char *card;
	size_t n, max;
	int r;

	if (TRY(r, json_b64(o, "confirm", confirm, WIRE_CONFIRM)) ||
	    TRY(r, json_str(o, "card", &card, &n)))
		return r;
	/* The string's own length bounds the allocation. */
	max = n / 4 * 3;
	if (TRY(r, buf_reserve(sealed, max + 1)) ||
	    TRY(r, json_b64_max(o, "card", sealed->p + sealed->len, max, &n)))
		return r;
	sealed->len += n;
	return 0;
}

/* --- error --- */

int handshake_msg_put_error(
    struct buf *out, enum wire_code code, const char *text)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "system");
	json_put_str(&w, "event", "error");
	json_put_str(&w, "code", wire_code_word(code));
	json_put_str(&w, "text", text);
	return json_end(&w);
}

int handshake_msg_get_error(struct hs_error *out, const json_t *o)
{
	int r;

	if (!json_is(o, "type", "system") || !json_is(o, "event", "error"))
		return 0;
	if (TRY(r, json_text(o, "code", out->word, WIRE_CODE_MAX)) ||
	    TRY(r, json_text(o, "text", out->text, WIRE_SHORT_TEXT_MAX)))
		return r;
	out->code = wire_code_of(out->word);
	return ERR_REFUSED;
}

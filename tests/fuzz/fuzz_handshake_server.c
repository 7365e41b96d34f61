/* Fuzzes the server's side of the handshake with a program of operations. Each
 * operation is one byte (below) plus its arguments. Bytes reach the handshake
 * all at once or one at a time. */
#include "shared/proto/handshake_int.h"
#include "tests/fuzz/people_of.h"

enum op {
	OP_BYTES,   /* a piece as raw bytes */
	OP_MESSAGE, /* a piece as a message */
	OP_HELLO,   /* valid messages */
	OP_SHARE,
	OP_FINISH, /* a piece (not empty) is the decrypted card */
	OP_TURN,
	OP_REFUSE,
	OP_SENT, /* the output was sent */
	OPS
};

struct world {
	struct handshake *h;
	bool slow; /* one byte at a time */
	bool bad;  /* input returned an error */
	struct buf msg;
};

static int find(void *arg, const char *name, struct hs_account *out)
{
	(void)arg;
	FUZZ_CHECK(strlen(name) >= 1 && strlen(name) <= WIRE_NAME_MAX);
	memset(out, 0, sizeof(*out));
	out->kdf = (struct kdf){1 << 14, 8, 1};
	return 0;
}

/* plain_crypto.c's exchange needs none. */
static int record(void *arg, struct hs_account *about)
{
	(void)arg;
	FUZZ_CHECK(about->record == NULL);
	return 0;
}

/* Feed input only while the handshake asks for it. */
static void feed(struct world *w, const uint8_t *p, size_t n)
{
	size_t at = 0, used, part;
	int r;

	while (at < n && handshake_need(w->h) == HS_NEED_INPUT) {
		part = w->slow ? 1 : n - at;
		used = 0;
		r = handshake_input(w->h, p + at, part, &used);
		FUZZ_CHECK(used <= part);
		at += used;
		if (r != 0) {
			FUZZ_CHECK(err_is_peer(r));
			FUZZ_CHECK(handshake_need(w->h) == HS_FAILED);
			w->bad = true;
		}
	}
}

static void honest(struct world *w, const char *step, const char *key,
    const void *p, size_t n, const struct buf *sealed)
{
	struct json_w j;
	struct buf json;

	buf_init(&json, WIRE_HANDSHAKE_MAX);
	buf_clear(&w->msg);
	json_begin(&j, &json);
	json_put_str(&j, "type", "handshake");
	json_put_str(&j, "step", step);
	if (strcmp(step, "hello") == 0) {
		json_open_arr(&j, "protocols");
		json_put_str(&j, NULL, WIRE_PROTOCOL);
		json_close(&j, ']');
		json_put_str(&j, "account", "*");
	}
	json_put_b64(&j, key, p, n);
	if (sealed != NULL)
		json_put_b64(&j, "card", sealed->p, sealed->len);
	if (json_end(&j) == 0) {
		people_message(&w->msg, json.p, json.len);
		feed(w, w->msg.p, w->msg.len);
	}
	buf_free(&json);
}

/* Finish as plain_crypto.c opens it: signature(64) || card || tag(16). */
static void finish(struct world *w, struct fuzz *f)
{
	static const uint8_t zeros[WIRE_SIGNATURE];
	uint8_t confirm[WIRE_CONFIRM];
	const uint8_t *card;
	struct buf sealed;
	size_t n;
	char *name;

	memset(confirm, 0x50, sizeof(confirm));
	buf_init(&sealed, WIRE_HANDSHAKE_MAX);
	FUZZ_CHECK(buf_put(&sealed, zeros, WIRE_SIGNATURE) == 0);
	card = fuzz_piece(f, &n);
	if (n > 0 && n < 12000) {
		FUZZ_CHECK(buf_put(&sealed, card, n) == 0);
	} else {
		card = fuzz_piece(f, &n);
		name = fuzz_text(card, n < 300 ? n : 300);
		(void)!people_card(
		    &sealed, 1, name, "", w->h->result.session, w->h->th[4]);
		free(name);
	}
	FUZZ_CHECK(buf_put(&sealed, zeros, WIRE_TAG) == 0);
	honest(w, "finish", "confirm", confirm, sizeof(confirm), &sealed);
	buf_free(&sealed);
}

static void check(const struct world *w)
{
	const struct hs_result *r = handshake_result(w->h);
	enum hs_need need = handshake_need(w->h);

	FUZZ_CHECK(need != HS_NEED_KDF && need != HS_NEED_CARD);
	FUZZ_CHECK((r != NULL) == (need == HS_DONE));
	if (w->h->n_messages >= 4 && !w->h->proved)
		FUZZ_CHECK(!handshake_proved(w->h));
	if (r == NULL)
		return;
	FUZZ_CHECK(handshake_proved(w->h));
	if (r->refusal == CODE_NONE || r->refusal == CODE_BAD_NAME)
		FUZZ_CHECK(kem_rsa_spki_check(
			       r->card.wrap_spki, r->card.wrap_spki_len) == 0);
	FUZZ_CHECK(strlen(r->card.name) < WIRE_SHORT_TEXT_MAX);
}

static void step(struct world *w, struct fuzz *f)
{
	static const uint8_t nonce[WIRE_NONCE];
	uint8_t share[WIRE_SHARE];
	const uint8_t *p;
	size_t n;

	switch (fuzz_u8(f) % OPS) {
	case OP_BYTES:
		p = fuzz_piece(f, &n);
		feed(w, p, n);
		break;
	case OP_MESSAGE:
		p = fuzz_piece(f, &n);
		buf_clear(&w->msg);
		people_message(&w->msg, p, n);
		feed(w, w->msg.p, w->msg.len);
		break;
	case OP_HELLO:
		honest(w, "hello", "nonce", nonce, sizeof(nonce), NULL);
		break;
	case OP_SHARE:
		memset(share, 0x70, sizeof(share));
		share[0] = fuzz_u8(f) & 1 ? 2 : 4;
		honest(w, "share", "share", share, sizeof(share), NULL);
		break;
	case OP_FINISH:
		finish(w, f);
		break;
	case OP_TURN:
		if (handshake_need(w->h) == HS_NEED_GRANT)
			(void)!handshake_grant(w->h);
		else
			FUZZ_CHECK(handshake_grant(w->h) != 0);
		break;
	case OP_REFUSE:
		(void)handshake_refuse(w->h, CODE_TRY_LATER, "later");
		break;
	case OP_SENT:
		(void)handshake_output(w->h, &n);
		handshake_consume(w->h, n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	uint64_t seed = 88;
	struct hs_server_opts o = {.account = find, .record = record};
	struct world w = {.bad = false};
	int left = 64;

	fuzz_plain_crypto();
	fuzz_plain_begin();
	json_setup();
	o.crypto = fuzz_crypto();
	o.rng = fuzz_rng(&seed);
	o.identity = people_identity(0);
	w.h = handshake_server(&o);
	FUZZ_CHECK(w.h != NULL);
	buf_init(&w.msg, 1 << 17);
	w.slow = fuzz_u8(&f) & 1;
	while (f.left > 0 && left-- > 0) {
		step(&w, &f);
		check(&w);
	}
	buf_free(&w.msg);
	handshake_free(w.h);
	return 0;
}

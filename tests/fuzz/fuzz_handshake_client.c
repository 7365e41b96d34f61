/* Fuzzes the client's side of the handshake with a program of operations. Each
 * operation is one byte (below) plus its arguments. Bytes reach the handshake
 * all at once or one at a time. After the handshake, the first bytes of the
 * link are fuzzed too. */
#include "shared/proto/handshake_int.h"
#include "tests/fuzz/people_of.h"

enum op {
	OP_BYTES,     /* a piece as raw bytes */
	OP_MESSAGE,   /* a piece as a message */
	OP_CHALLENGE, /* valid messages; with other password costs */
	OP_CONFIRM,
	OP_STRETCHED, /* the driver's answers to requests */
	OP_CARD,
	OP_SENT, /* the output was sent */
	OP_FIRST,
	OPS
};

struct world {
	struct handshake *h;
	bool slow; /* one byte at a time */
	struct buf msg;
	struct kem_rsa *wrap;
	struct dh *agree;
};

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
		}
		if (r == ERR_REFUSED)
			FUZZ_CHECK(handshake_error(w->h) != NULL);
	}
}

static void say(struct world *w, struct json_w *j, const struct buf *json)
{
	if (json_end(j) != 0)
		return;
	buf_clear(&w->msg);
	people_message(&w->msg, json->p, json->len);
	feed(w, w->msg.p, w->msg.len);
}

static void challenge(struct world *w, struct fuzz *f)
{
	static const uint8_t nonce[WIRE_NONCE];
	uint8_t spki[WIRE_ED25519_SPKI], how = fuzz_u8(f);
	struct json_w j;
	struct buf json;

	ed25519_spki(spki, identity_public(people_identity(how & 1)));
	buf_init(&json, WIRE_HANDSHAKE_MAX);
	json_begin(&j, &json);
	json_put_str(&j, "type", "handshake");
	json_put_str(&j, "step", "challenge");
	json_put_str(&j, "protocol", WIRE_PROTOCOL);
	json_put_b64(&j, "session", nonce, sizeof(nonce));
	json_put_b64(&j, "identity", spki, sizeof(spki));
	json_open_obj(&j, "kdf");
	json_put_str(&j, "name", "scrypt");
	if (how & 2) {
		json_put_int(&j, "n", (int64_t)fuzz_u64(f));
		json_put_int(&j, "r", (int32_t)fuzz_u32(f));
		json_put_int(&j, "p", (int32_t)fuzz_u32(f));
	} else {
		json_put_int(&j, "n", INT64_C(1) << (how >> 3));
		json_put_int(&j, "r", 8);
		json_put_int(&j, "p", 1);
	}
	json_close(&j, '}');
	json_put_b64(&j, "salt", nonce, sizeof(nonce));
	json_put_b64(&j, "nonce", nonce, sizeof(nonce));
	say(w, &j, &json);
	buf_free(&json);
}

static void confirm(struct world *w, struct fuzz *f)
{
	uint8_t share[WIRE_SHARE], mac[WIRE_CONFIRM], proof[WIRE_SIGNATURE];
	struct json_w j;
	struct buf json;

	memset(share, 0x76, sizeof(share));
	memset(mac, 0x56, sizeof(mac));
	memset(proof, 0, sizeof(proof));
	share[0] = 4;
	share[1] = fuzz_u8(f);
	mac[0] ^= fuzz_u8(f);
	proof[0] = fuzz_u8(f);
	buf_init(&json, WIRE_HANDSHAKE_MAX);
	json_begin(&j, &json);
	json_put_str(&j, "type", "handshake");
	json_put_str(&j, "step", "confirm");
	json_put_b64(&j, "share", share, sizeof(share));
	json_put_b64(&j, "confirm", mac, sizeof(mac));
	json_put_b64(&j, "proof", proof, sizeof(proof));
	say(w, &j, &json);
	buf_free(&json);
}

static void first(struct fuzz *f)
{
	struct hs_error e;
	const uint8_t *p;
	uint8_t *exact;
	size_t n, used = 0;
	int r;

	p = fuzz_piece(f, &n);
	exact = fuzz_copy(p, n);
	r = handshake_first(&e, exact, n, &used);
	FUZZ_CHECK(r == 0 || r == 1 || r == ERR_AGAIN || err_is_peer(r));
	FUZZ_CHECK(used <= n);
	if (r == 0)
		FUZZ_CHECK(strlen(e.word) <= WIRE_CODE_MAX &&
			   strlen(e.text) <= WIRE_SHORT_TEXT_MAX);
	free(exact);
}

static void check(const struct world *w)
{
	const struct hs_result *r = handshake_result(w->h);
	struct hs_kdf_job job;
	enum hs_need need = handshake_need(w->h);

	FUZZ_CHECK(need != HS_NEED_GRANT);
	FUZZ_CHECK((r != NULL) == (need == HS_DONE));
	FUZZ_CHECK(
	    (handshake_kdf_job(w->h, &job) == 0) == (need == HS_NEED_KDF));
	/* A server cannot make us do more work than the limit we set. */
	if (need == HS_NEED_KDF)
		FUZZ_CHECK(crypto_kdf_check(&job.kdf) == 0);
	if (need == HS_NEED_CARD)
		FUZZ_CHECK(handshake_server_identity(w->h) != NULL);
}

static void step(struct world *w, struct fuzz *f)
{
	static const uint8_t stretched[PAKE_STRETCHED];
	const struct hs_card_opts card = {
	    "alice", "lobby", people_identity(2), w->wrap, w->agree,
	    people_instance, NULL};
	const uint8_t *p;
	size_t n;
	int r;

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
	case OP_CHALLENGE:
		challenge(w, f);
		break;
	case OP_CONFIRM:
		confirm(w, f);
		break;
	case OP_STRETCHED:
		r = handshake_need(w->h) == HS_NEED_KDF ? 0 : 1;
		FUZZ_CHECK((handshake_stretched(w->h, stretched) != 0) == r);
		break;
	case OP_CARD:
		r = handshake_need(w->h) == HS_NEED_CARD ? 0 : 1;
		FUZZ_CHECK((handshake_card(w->h, &card) != 0) == r);
		break;
	case OP_SENT:
		(void)handshake_output(w->h, &n);
		handshake_consume(w->h, n);
		break;
	case OP_FIRST:
		first(f);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kem_rsa *wrap;
	static struct dh *agree;
	static uint8_t pin[WIRE_HASH];
	struct fuzz f = fuzz_of(data, size);
	uint64_t seed = 88;
	struct hs_client_opts o = {.account = "*"};
	struct world w = {.slow = false};
	uint8_t how = fuzz_u8(&f);
	int left = 64, r;

	fuzz_plain_crypto();
	fuzz_plain_begin();
	json_setup();
	r = handshake_answered(data, size);
	FUZZ_CHECK(r == 0 || r == ERR_AGAIN || err_is_peer(r));
	o.crypto = fuzz_crypto();
	o.rng = fuzz_rng(&seed);
	if (wrap == NULL) {
		wrap = fuzz_plain_pair();
		agree = dh_new(&o.rng);
		FUZZ_CHECK(wrap != NULL && agree != NULL);
		FUZZ_CHECK(ed25519_fingerprint(o.crypto, pin,
			       identity_public(people_identity(0))) == 0);
	}
	o.pin = how & 2 ? pin : NULL;
	w.wrap = wrap;
	w.agree = agree;
	w.slow = how & 1;
	w.h = handshake_client(&o);
	FUZZ_CHECK(w.h != NULL);
	buf_init(&w.msg, 1 << 17);
	while (f.left > 0 && left-- > 0) {
		step(&w, &f);
		check(&w);
	}
	buf_free(&w.msg);
	handshake_free(w.h);
	return 0;
}

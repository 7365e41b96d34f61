/* Fuzzes the post-quantum fields of the handshake: what a client offers in
 * hello, and what a server says in challenge and confirm. The input is a byte
 * that says which of them and who has ML-KEM, and then the JSON value of the
 * field; all else is valid. */
#include "shared/proto/handshake_int.h"
#include "tests/fuzz/people_of.h"

enum where { HELLO, CHALLENGE, CONFIRM, WHERES };

struct world {
	struct handshake *h;
	struct buf json, msg;
	const uint8_t *value; /* of the field */
	size_t n_value;
};

static int find(void *arg, const char *name, struct hs_account *out)
{
	(void)arg;
	(void)name;
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

/* Ends the object in w->json and feeds it, with the field if there is one. */
static int feed(struct world *w, bool field)
{
	size_t used;

	FUZZ_CHECK(w->json.len > 0);
	if (field && w->n_value > 0) {
		w->json.len--; /* the closing brace */
		FUZZ_CHECK(buf_str(&w->json, ",\"kem\":") == 0);
		if (w->n_value < 8000)
			FUZZ_CHECK(
			    buf_put(&w->json, w->value, w->n_value) == 0);
		FUZZ_CHECK(buf_u8(&w->json, '}') == 0);
	}
	buf_clear(&w->msg);
	people_message(&w->msg, w->json.p, w->json.len);
	return handshake_input(w->h, w->msg.p, w->msg.len, &used);
}

/* A message, without the field unless `kem`. */
static void hello(struct world *w)
{
	struct hs_hello m = {.account = "*"};

	buf_clear(&w->json);
	FUZZ_CHECK(handshake_msg_put_hello(&w->json, &m) == 0);
}

static void challenge(struct world *w, bool kem)
{
	struct hs_challenge m = {.kdf = {1 << 14, 8, 1}, .kem = kem};

	memcpy(m.identity, identity_public(people_identity(0)), WIRE_ED25519);
	buf_clear(&w->json);
	FUZZ_CHECK(handshake_msg_put_challenge(&w->json, &m) == 0);
}

static void confirm(struct world *w)
{
	struct hs_confirm m = {.has_kem = false};

	memset(m.share, 0x76, sizeof(m.share));
	memset(m.confirm, 0x56, sizeof(m.confirm));
	m.share[0] = 4;
	buf_clear(&w->json);
	FUZZ_CHECK(handshake_msg_put_confirm(&w->json, &m) == 0);
}

/* No secret of a handshake that has failed is left. */
static void check_failed(const struct handshake *h, int r)
{
	static const uint8_t zero[WIRE_MLKEM_SECRET];

	FUZZ_CHECK(err_is_peer(r));
	FUZZ_CHECK(handshake_need(h) == HS_FAILED);
	FUZZ_CHECK(h->kem == NULL && h->kem_public == NULL);
	FUZZ_CHECK(memcmp(h->kem_secret, zero, sizeof(zero)) == 0);
}

static void at_server(struct world *w, enum hs_pq pq)
{
	uint8_t share[WIRE_SHARE];
	int r;

	hello(w);
	if ((r = feed(w, true)) != 0) {
		check_failed(w->h, r);
		return;
	}
	FUZZ_CHECK(pq != HS_PQ_REQUIRED || w->h->kem_public != NULL);
	FUZZ_CHECK(pq != HS_PQ_ABSENT || w->h->kem_public == NULL);
	memset(share, 0x70, sizeof(share));
	share[0] = 4;
	buf_clear(&w->json);
	FUZZ_CHECK(handshake_msg_put_share(&w->json, share) == 0);
	FUZZ_CHECK(feed(w, false) == 0);
	if ((r = handshake_grant(w->h)) != 0)
		check_failed(w->h, r);
	else
		FUZZ_CHECK(w->h->kem_public == NULL);
}

static void at_client(struct world *w, enum hs_pq pq, enum where where)
{
	static const uint8_t stretched[PAKE_STRETCHED];
	int r;

	challenge(w, where == CONFIRM && pq != HS_PQ_ABSENT);
	if ((r = feed(w, where == CHALLENGE)) != 0) {
		check_failed(w->h, r);
		return;
	}
	FUZZ_CHECK(pq != HS_PQ_REQUIRED || w->h->kem != NULL);
	FUZZ_CHECK(handshake_stretched(w->h, stretched) == 0);
	if (where != CONFIRM)
		return;
	confirm(w);
	if ((r = feed(w, true)) != 0) {
		check_failed(w->h, r);
		return;
	}
	FUZZ_CHECK(w->h->kem == NULL && handshake_need(w->h) == HS_NEED_CARD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	uint64_t seed = 88;
	uint8_t how = fuzz_u8(&f);
	enum where where = how % WHERES;
	struct hs_server_opts s = {.account = find, .record = record};
	struct hs_client_opts c = {.account = "*"};
	struct world w = {.h = NULL};

	fuzz_plain_crypto();
	fuzz_plain_begin();
	json_setup();
	s.crypto = c.crypto = fuzz_crypto();
	s.rng = c.rng = fuzz_rng(&seed);
	s.identity = people_identity(0);
	s.pq = c.pq = (enum hs_pq)(how / WHERES % (HS_PQ_REQUIRED + 1));
	w.value = fuzz_rest(&f, &w.n_value);
	w.h = where == HELLO ? handshake_server(&s) : handshake_client(&c);
	FUZZ_CHECK(w.h != NULL);
	buf_init(&w.json, WIRE_HANDSHAKE_MAX);
	buf_init(&w.msg, 1 << 17);
	if (where == HELLO)
		at_server(&w, s.pq);
	else
		at_client(&w, c.pq, where);
	buf_free(&w.json);
	buf_free(&w.msg);
	handshake_free(w.h);
	return 0;
}

/* Fuzzes direct frames and prekeys. The first byte says what the rest is:
 *   'f'  a frame as it is, which only a sender could have made
 *   'b'  a valid frame with some of its bytes changed
 *   's'  the JSON that a server sends around them, 'c' a client's
 * Accepted JSON of the answers is encoded again, and must be the same. */
#include "shared/proto/control.h"
#include "shared/proto/direct.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t server[WIRE_HASH] = {0x5e};
static struct identity *alice, *bob;
static struct dh *prekey;
static struct buf valid;

static void make(void)
{
	static const uint8_t a[32] = {1}, b[32] = {2};
	uint64_t seed = 1;
	struct rng rng = fuzz_rng(&seed);
	struct direct_to to = {.server = server};

	alice = identity_from_seed(a);
	bob = identity_from_seed(b);
	prekey = dh_new(&rng);
	FUZZ_CHECK(alice != NULL && bob != NULL && prekey != NULL);
	to.identity = identity_public(bob);
	to.prekey = dh_public(prekey);
	buf_init(&valid, 1024);
	FUZZ_CHECK(direct_seal(fuzz_crypto(), &valid, 1, &to, alice, &rng,
		       "{\"type\":\"message\"}", 18) == 0);
}

static int open_frame(const uint8_t *p, size_t n)
{
	const struct direct_from from = {server, identity_public(bob),
	    identity_public(alice), prekey, NULL};
	uint8_t *copy = fuzz_copy(p, n);
	struct buf got;
	int r;

	buf_init_secret(&got, WIRE_JSON_MAX);
	r = direct_open(fuzz_crypto(), &got, &from, copy, n);
	FUZZ_CHECK(r == 0 || err_is_peer(r));
	FUZZ_CHECK(r == 0 || got.len == 0);
	buf_free(&got);
	free(copy);
	return r;
}

static void bent(const uint8_t *p, size_t n)
{
	uint8_t *body = fuzz_copy(valid.p, valid.len);
	bool same = true;
	size_t i;

	for (i = 0; i < valid.len && i < n; i++) {
		body[i] ^= p[i];
		same &= i < 8 || p[i] == 0; /* the number is not covered */
	}
	FUZZ_CHECK((open_frame(body, valid.len) == 0) == same);
	free(body);
}

static int encode(struct buf *b, const struct control *c)
{
	const struct answer *a = &c->u.answer;
	const struct request *q = &c->u.request;

	switch (c->type) {
	case CONTROL_DIRECT_FROM:
		return direct_sender_encode(b, &c->u.direct_from);
	case CONTROL_DIRECT_ACK:
		return direct_ack_encode(b, c->u.direct_upto);
	case CONTROL_PREKEYS_LOW:
		return prekeys_low_encode(b, c->u.prekeys_left);
	case CONTROL_ANSWER:
		return a->has_page     ? answer_prekeys(b, a->number, &a->page)
		       : a->has_mine   ? answer_prekeys_mine(
						  b, a->number, &a->mine)
		       : a->has_blocks ? answer_blocks(
						 b, a->number, &a->blocks)
				       : ERR_AGAIN;
	case CONTROL_REQUEST:
		return q->type >= REQUEST_PREKEYS && q->refuse == CODE_NONE
			   ? request_encode(b, q)
			   : ERR_AGAIN;
	default:
		return ERR_AGAIN;
	}
}

static void json(enum control_from from, const uint8_t *p, size_t n)
{
	static struct control c, d;
	struct buf one, two;

	if (control_decode(&c, from, p, n) != 0)
		return;
	buf_init(&one, WIRE_JSON_MAX);
	buf_init(&two, WIRE_JSON_MAX);
	if (encode(&one, &c) == 0) {
		FUZZ_CHECK(control_decode(&d, from, one.p, one.len) == 0);
		FUZZ_CHECK(encode(&two, &d) == 0);
		FUZZ_CHECK(one.len == two.len);
		FUZZ_CHECK(memcmp(one.p, two.p, one.len) == 0);
		control_wipe(&d);
	}
	control_wipe(&c);
	buf_free(&one);
	buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f = fuzz_of(data, size);
	uint8_t what = fuzz_u8(&f);

	json_setup();
	if (alice == NULL)
		make();
	if (what == 'f')
		FUZZ_CHECK(open_frame(f.p, f.left) != 0 ||
			   (f.left == valid.len &&
			       memcmp(f.p + 8, valid.p + 8, f.left - 8) == 0));
	else if (what == 'b')
		bent(f.p, f.left);
	else
		json(what == 'c' ? FROM_CLIENT : FROM_SERVER, f.p, f.left);
	return 0;
}

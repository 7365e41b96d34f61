/* Tickets: what they say, how long they last, that nobody else can make one,
 * and that each opens the door once. */
#include "tests/unit/check.h"

#include "server/auth/ticket.h"

enum { NOW = 1767225600 };

struct sim {
	struct crypto *c;
	struct tickets *k;
	struct rng rng;
	struct ticket_of of, got;
	uint8_t ticket[WIRE_TICKET];
};

static struct sim *sim_new(void)
{
	static const uint8_t key[WIRE_KEY] = {7};
	struct sim *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->c = crypto_new();
	s->k = tickets_new(key);
	s->rng = random_system();
	assert_non_null(s->c);
	assert_non_null(s->k);
	memset(s->of.identity, 9, sizeof(s->of.identity));
	memset(s->of.account, 8, sizeof(s->of.account));
	assert_int_equal(
	    ticket_make(s->c, s->k, &s->rng, s->ticket, &s->of, NOW), 0);
	return s;
}

static void sim_free(struct sim *s)
{
	tickets_free(s->k);
	crypto_free(s->c);
	free(s);
}

static int take(struct sim *s, const uint8_t *ticket, uint64_t now_s)
{
	memset(&s->got, 0, sizeof(s->got));
	return ticket_take(s->c, s->k, ticket, &s->got, now_s);
}

static void test_once(void **state)
{
	struct sim *s = sim_new();

	(void)state;
	assert_int_equal(take(s, s->ticket, NOW), 0);
	assert_memory_equal(&s->got, &s->of, sizeof(s->got));
	assert_int_equal(take(s, s->ticket, NOW), ERR_REPLAYED);
	assert_int_equal(s->got.identity[0], 0);
	ticket_return(s->k, s->ticket);
	ticket_return(s->k, s->ticket); /* a no-op */
	assert_int_equal(take(s, s->ticket, NOW), 0);
	sim_free(s);
}

static void test_expiry(void **state)
{
	struct sim *s = sim_new();

	(void)state;
	assert_int_equal(take(s, s->ticket, NOW + TICKET_SECONDS), ERR_TIMEOUT);
	assert_int_equal(take(s, s->ticket, NOW + TICKET_SECONDS - 1), 0);
	sim_free(s);
}

/* No bit may differ, and the key must be the server's. */
static void test_forged(void **state)
{
	static const uint8_t key[WIRE_KEY] = {8};
	struct sim *s = sim_new();
	struct tickets *other = tickets_new(key);
	size_t i;

	(void)state;
	for (i = 0; i < 8 * sizeof(s->ticket); i++) {
		s->ticket[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(take(s, s->ticket, NOW), ERR_OPEN);
		s->ticket[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_non_null(other);
	assert_int_equal(
	    ticket_take(s->c, other, s->ticket, &s->got, NOW), ERR_OPEN);
	tickets_free(other);
	assert_int_equal(take(s, s->ticket, NOW), 0);
	sim_free(s);
}

/* Nothing of one can be seen in another: both are random to the eye. */
static void test_two_differ(void **state)
{
	struct sim *s = sim_new();
	uint8_t two[WIRE_TICKET];
	unsigned same = 0;
	size_t i;

	(void)state;
	assert_int_equal(
	    ticket_make(s->c, s->k, &s->rng, two, &s->of, NOW), 0);
	for (i = 0; i < sizeof(two); i++)
		same += two[i] == s->ticket[i];
	assert_true(same < 16);
	sim_free(s);
}

/* More are used than are remembered: memory does not grow, and the newest are
 * still known. */
static void test_many(void **state)
{
	struct sim *s = sim_new();
	uint8_t newest[WIRE_TICKET];
	size_t i;

	(void)state;
	assert_int_equal(take(s, s->ticket, NOW), 0);
	for (i = 0; i < TICKET_USED; i++) {
		assert_int_equal(
		    ticket_make(s->c, s->k, &s->rng, newest, &s->of, NOW),
		    0);
		assert_int_equal(take(s, newest, NOW), 0);
	}
	assert_int_equal(take(s, newest, NOW), ERR_REPLAYED);
	assert_int_equal(take(s, s->ticket, NOW), 0); /* the oldest */
	sim_free(s);
}

/* PROTOCOL.md, section 8. */
static int fixed_fill(void *arg, void *out, size_t n)
{
	memcpy(out, arg, n);
	return 0;
}

static void test_example(void **state)
{
	json_t *example = check_vectors("example.json");
	struct sim *s = sim_new();
	struct rng rng = {fixed_fill, NULL};
	uint8_t *key, *identity, *account, *want, *iv;
	uint64_t expiry;
	size_t n;

	(void)state;
	key = check_hex_at(example, "ticket_key", &n);
	assert_int_equal(n, WIRE_KEY);
	iv = check_hex_at(example, "ticket_iv", &n);
	assert_int_equal(n, WIRE_IV);
	identity = check_hex_at(example, "ticket_identity", &n);
	assert_int_equal(n, WIRE_ED25519);
	account = check_hex_at(example, "ticket_account", &n);
	assert_int_equal(n, WIRE_KEY);
	memcpy(s->of.identity, identity, WIRE_ED25519);
	memcpy(s->of.account, account, WIRE_KEY);
	want = check_hex_at(example, "ticket", &n);
	assert_int_equal(n, WIRE_TICKET);
	expiry = (uint64_t)json_integer_value(
	    json_object_get(example, "ticket_expiry"));
	tickets_free(s->k);
	s->k = tickets_new(key);
	assert_non_null(s->k);
	rng.arg = iv;
	assert_int_equal(ticket_make(s->c, s->k, &rng, s->ticket, &s->of,
			     expiry - TICKET_SECONDS),
	    0);
	assert_memory_equal(s->ticket, want, WIRE_TICKET);
	assert_int_equal(take(s, want, expiry - 1), 0);
	assert_memory_equal(&s->got, &s->of, sizeof(s->got));
	free(key);
	free(iv);
	free(identity);
	free(account);
	free(want);
	json_decref(example);
	sim_free(s);
}

int main(void)
{
	struct check_group g = {0};

	check_add(&g, test_once, NULL, "a ticket is taken once");
	check_add(&g, test_expiry, NULL, "thirty days");
	check_add(&g, test_forged, NULL, "no bit may differ");
	check_add(&g, test_two_differ, NULL, "two of one identity");
	check_add(&g, test_many, NULL, "many used tickets");
	check_add(&g, test_example, NULL, "the worked example");
	return check_run("ticket", &g);
}

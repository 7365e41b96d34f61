/* An unknown account takes the same time as a known one, from each message to
 * its answer, in CPU time of this thread. */
#include "tests/unit/check.h"

#include "server/auth/gate.h"
#include "shared/proto/handshake.h"
#include "shared/wire/json.h"

#include <time.h>

enum { SAMPLES = 151, NAMES = 2, STEPS = 3 };
static const char *const names[NAMES] = {"alice", "nobody"};
static const char *const steps[STEPS] = {"hello", "share", "finish"};

static uint64_t now_ns(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The point G is a valid share. */
#define SHARE_G                                                                \
	"BGsX0fLhLEJH+Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT+NC4v4af5uO5+tK"         \
	"fA+eFivOM1drMV7Oy7ZAaDe/UfU="
static const char hello_fmt[] =
    "{\"type\":\"handshake\",\"step\":\"hello\",\"protocols\":[\"conclave/1\"],"
    "\"account\":\"%s\","
    "\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}";
static const char finish[] =
    "{\"type\":\"handshake\",\"step\":\"finish\",\"confirm\":"
    "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"card\":\"AAAA\"}";

static int feed(struct handshake *h, const char *json)
{
	uint8_t b[1024];
	size_t n = strlen(json), used;

	put_u32(b, (uint32_t)n);
	memcpy(b + 4, json, n);
	return handshake_input(h, b, n + 4, &used);
}

/* One failed login attempt; measures each step in nanoseconds. */
static void once(
    const struct hs_server_opts *o, const char *name, uint64_t t[STEPS])
{
	struct handshake *h = handshake_server(o);
	char share[512], hello[512];
	uint64_t start;

	assert_non_null(h);
	snprintf(hello, sizeof(hello), hello_fmt, name);
	snprintf(share, sizeof(share),
	    "{\"type\":\"handshake\",\"step\":\"share\",\"share\":\"%s\"}",
	    SHARE_G);
	start = now_ns();
	assert_int_equal(feed(h, hello), 0);
	t[0] = now_ns() - start;
	start = now_ns();
	assert_int_equal(feed(h, share), 0);
	assert_int_equal(handshake_grant(h), 0);
	t[1] = now_ns() - start;
	start = now_ns();
	assert_int_equal(feed(h, finish), ERR_CONFIRM);
	t[2] = now_ns() - start;
	handshake_free(h);
}

static enum wire_code let_in(
    void *arg, const uint8_t account[WIRE_KEY], bool made, uint32_t invited)
{
	(void)arg, (void)account, (void)made, (void)invited;
	return CODE_NONE;
}

/* alice has a password of her own; nobody is not there. */
static struct accounts *people_of(
    const struct rng *rng, struct standing *standing)
{
	static const uint8_t secret[WIRE_KEY] = {7}, identity[WIRE_ED25519] = {9};
	struct accounts *t = accounts_new(rng, secret, standing);
	struct accounts_entry e = {.word = "*",
	    .name = "alice",
	    .identity = identity,
	    .now_s = 1,
	    .may = let_in};
	struct account_password p = {.salt = {1}};
	uint8_t random[PAKE_STRETCHED], w1[PAKE_SCALAR];
	struct pake_record *r;
	uint64_t ticket;

	assert_non_null(t);
	assert_int_equal(accounts_enter(t, &e), 0);
	assert_int_equal(e.code, CODE_NONE);
	assert_int_equal(rng->fill(rng->arg, random, sizeof(random)), 0);
	assert_int_equal(pake_scalars(p.w0, w1, random), 0);
	assert_non_null(r = pake_record_new(p.w0, w1));
	memcpy(p.l, pake_record_l(r), sizeof(p.l));
	pake_record_free(r);
	assert_int_equal(accounts_password(t, e.account, &p, &ticket), 0);
	return t;
}

static void the_same_time(void **state)
{
	static uint64_t all[NAMES][STEPS][SAMPLES];
	static const uint8_t seed[32] = {1};
	const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	struct rng rng = random_system();
	struct hs_server_opts o = {.crypto = crypto_new(), .rng = rng};
	struct identity *id = identity_from_seed(seed);
	struct standing *standing = standing_new(&rng, ROLE_MEMBER);
	struct gate *a = NULL;
	struct gate_view view = {.crypto = o.crypto};
	uint64_t t[STEPS], m[NAMES];
	size_t i, n, s;

	(void)state;
	assert_int_equal(gate_new(&a, &rng, "password", 8, &kdf), 0);
	view.gate = a;
	assert_non_null(standing);
	view.accounts = people_of(&rng, standing);
	o.identity = id;
	o.account = gate_find;
	o.record = gate_open;
	o.arg = &view;
	for (n = 0; n < NAMES; n++)
		once(&o, names[n], t);
	for (i = 0; i < SAMPLES; i++)
		for (n = 0; n < NAMES; n++) {
			once(&o, names[n], t);
			for (s = 0; s < STEPS; s++)
				all[n][s][i] = t[s];
		}
	for (s = 0; s < STEPS; s++) {
		for (n = 0; n < NAMES; n++) {
			qsort(all[n][s], SAMPLES, sizeof(uint64_t), by_size);
			m[n] = all[n][s][SAMPLES / 2];
		}
		if (m[0] > m[1] * 3 / 2 || m[1] > m[0] * 3 / 2)
			fail_msg("%s: %lu ns, and %lu ns", steps[s],
			    (unsigned long)m[0], (unsigned long)m[1]);
	}
	gate_release(&view);
	accounts_free(view.accounts);
	standing_free(standing);
	gate_free(a);
	identity_free(id);
	crypto_free(o.crypto);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
	check_add(&g, the_same_time, NULL, "the same time");
	return check_run("account time", &g);
}

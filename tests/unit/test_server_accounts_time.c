/* A word that lets nobody in gets the same answers as one that would, in the same
 * time, in CPU time of this thread. tests/ct/admission.c measures it more
 * closely, with the real server. */
#include "tests/unit/check.h"

#include "server/auth/gate.h"
#include "shared/proto/handshake.h"
#include "shared/wire/json.h"

#include <time.h>

enum { SAMPLES = 101, WORDS = 8, STEPS = 3, ANSWER_MAX = 2048 };
/* Names and invites; the first of each is one that lets somebody in. */
static const char *const kinds[WORDS] = {"an own password", "no own password",
    "an unknown name", "an invite", "one used up", "one that has ended",
    "one taken back", "an unknown one"};
enum { ALICE, BOB, NOBODY, GOOD, USED, ENDED, REVOKED, NONE };
static char words[WORDS][WIRE_INVITE_ID + 2] = {[ALICE] = "alice",
    [BOB] = "bob",
    [NOBODY] = "nobody",
    [NONE] = "+aaaaaaaa"};
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

/* What the server has answered, with everything that is random as dots. */
static void take(struct handshake *h, char out[ANSWER_MAX])
{
	size_t n, i, from;
	const uint8_t *p = handshake_output(h, &n);

	assert_true(n < ANSWER_MAX);
	for (i = 0; i < n; i++)
		out[i] = p[i] >= ' ' && p[i] <= '~' ? (char)p[i] : '.';
	out[n] = '\0';
	for (i = from = 0; i < n; i++) {
		if (out[i] != '"')
			continue;
		if (i - from > 20)
			memset(out + from, '.', i - from);
		from = i + 1;
	}
	handshake_consume(h, n);
}

/* One failed login attempt; measures each step in nanoseconds. */
static void once(const struct hs_server_opts *o, const char *name,
    uint64_t t[STEPS], char said[STEPS][ANSWER_MAX])
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
	take(h, said[0]);
	start = now_ns();
	assert_int_equal(feed(h, share), 0);
	assert_int_equal(handshake_grant(h), 0);
	t[1] = now_ns() - start;
	take(h, said[1]);
	start = now_ns();
	assert_int_equal(feed(h, finish), ERR_CONFIRM);
	t[2] = now_ns() - start;
	take(h, said[2]);
	handshake_free(h);
}

static enum wire_code let_in(
    void *arg, const uint8_t account[WIRE_KEY], bool made, uint32_t invited)
{
	(void)arg, (void)account, (void)made, (void)invited;
	return CODE_NONE;
}

static void come(
    struct accounts *t, const char *word, const char *name, uint8_t key[WIRE_KEY])
{
	uint8_t identity[WIRE_ED25519] = {0};
	struct accounts_entry e = {.word = word,
	    .name = name,
	    .identity = identity,
	    .now_s = 1,
	    .may = let_in};

	identity[0] = (uint8_t)name[0];
	assert_int_equal(accounts_enter(t, &e), 0);
	assert_int_equal(e.code, CODE_NONE);
	memcpy(key, e.account, WIRE_KEY);
}

static void invite(struct accounts *t, int which, uint64_t until_s)
{
	struct accounts_invite_of v = {
	    .uses = 1, .role = ROLE_MEMBER, .until_s = until_s, .now_s = 1};

	assert_int_equal(accounts_invite(t, &v), 0);
	snprintf(words[which], sizeof(words[which]), "+%s", v.id);
}

/* Everybody in `words`. */
static struct accounts *people_of(
    const struct rng *rng, struct standing *standing)
{
	static const uint8_t secret[WIRE_KEY] = {7};
	struct accounts *t = accounts_new(rng, secret, standing);
	struct account_password p = {.salt = {1}};
	uint8_t random[PAKE_STRETCHED], w1[PAKE_SCALAR], key[WIRE_KEY];
	struct pake_record *r;
	uint64_t ticket;

	assert_non_null(t);
	come(t, "*", "alice", key);
	assert_int_equal(rng->fill(rng->arg, random, sizeof(random)), 0);
	assert_int_equal(pake_scalars(p.w0, w1, random), 0);
	assert_non_null(r = pake_record_new(p.w0, w1));
	memcpy(p.l, pake_record_l(r), sizeof(p.l));
	pake_record_free(r);
	assert_int_equal(accounts_password(t, key, &p, &ticket), 0);
	come(t, "*", "bob", key);
	invite(t, GOOD, 0);
	invite(t, USED, 0);
	come(t, words[USED], "carol", key);
	invite(t, REVOKED, 0);
	assert_int_equal(
	    accounts_revoke(t, words[REVOKED] + 1, NULL, &ticket), 0);
	invite(t, ENDED, 2);
	return t;
}

/* The answers to this word are those to the one that lets somebody in. */
static void alike(
    int w, char said[STEPS][ANSWER_MAX], char real[STEPS][ANSWER_MAX])
{
	int s;

	for (s = 0; s < STEPS; s++)
		if (strcmp(said[s], real[s]) != 0)
			fail_msg("%s, %s: %s, and %s", kinds[w], steps[s],
			    said[s], real[s]);
}

static uint64_t all[WORDS][STEPS][SAMPLES];

static void sample(const struct hs_server_opts *o)
{
	static char said[WORDS][STEPS][ANSWER_MAX];
	uint64_t t[STEPS];
	int i, w, s;

	for (i = -1; i < SAMPLES; i++) /* the first warms it up */
		for (w = 0; w < WORDS; w++) {
			once(o, words[w], t, said[w]);
			alike(w, said[w], said[w < GOOD ? ALICE : GOOD]);
			for (s = 0; s < STEPS && i >= 0; s++)
				all[w][s][i] = t[s];
		}
	assert_non_null(strstr(said[ALICE][0], "challenge"));
	assert_non_null(strstr(said[ALICE][1], "confirm"));
	assert_non_null(strstr(said[ALICE][2], "bad_password"));
}

static void compare(int w, int s)
{
	int real = w < GOOD ? ALICE : GOOD;
	uint64_t m[2];

	qsort(all[w][s], SAMPLES, sizeof(uint64_t), by_size);
	m[0] = all[real][s][SAMPLES / 2];
	m[1] = all[w][s][SAMPLES / 2];
	if (m[0] > m[1] * 3 / 2 || m[1] > m[0] * 3 / 2)
		fail_msg("%s, %s: %lu ns, and %lu ns", kinds[w], steps[s],
		    (unsigned long)m[1], (unsigned long)m[0]);
}

static void the_same_answers_and_time(void **state)
{
	static const uint8_t seed[32] = {1};
	const struct kdf kdf = {WIRE_SCRYPT_N_MIN, 8, 1};
	struct rng rng = random_system();
	struct hs_server_opts o = {.crypto = crypto_new(), .rng = rng};
	struct identity *id = identity_from_seed(seed);
	struct standing *standing = standing_new(&rng, ROLE_MEMBER);
	struct gate_view view = {.crypto = o.crypto};
	int w, s;

	(void)state;
	assert_int_equal(gate_new(&view.gate, &rng, "password", 8, &kdf), 0);
	assert_non_null(standing);
	view.accounts = people_of(&rng, standing);
	o.identity = id;
	o.account = gate_find;
	o.record = gate_open;
	o.arg = &view;
	sample(&o);
	for (w = 0; w < WORDS; w++)
		for (s = 0; s < STEPS; s++)
			compare(w, s);
	gate_release(&view);
	accounts_free(view.accounts);
	standing_free(standing);
	gate_free(view.gate);
	identity_free(id);
	crypto_free(o.crypto);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
	check_add(&g, the_same_answers_and_time, NULL, "the same time");
	return check_run("account time", &g);
}

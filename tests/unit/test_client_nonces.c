/* Checks that no (key, nonce) pair seals twice: two plaintexts under one pair
 * reveal AES-GCM's authentication key (Joux 2006). Both ends seal only through
 * crypto_seal; the Makefile wraps it with __wrap_crypto_seal. The fake server
 * is the worst case: it reuses epochs, secrets, member ids and sessions that
 * the client had before. */
#include "client/session/outbox.h"
#include "tests/unit/fake_server.h"

/* --- the detector ------------------------------------------------------- */

enum { SLOTS = 1 << 17, ENTRY = WIRE_KEY + WIRE_IV };
static struct {
	uint8_t entry[SLOTS][ENTRY];
	bool used[SLOTS];
	size_t n, twice;
} seen;

static void note(const uint8_t *key, const uint8_t *nonce)
{
	uint8_t e[ENTRY];
	size_t i;

	memcpy(e, key, WIRE_KEY);
	memcpy(e + WIRE_KEY, nonce, WIRE_IV);
	/* Keys are as good as random; the counter is at the end of the
	 * nonce. */
	i = (get_u32(key) ^ get_u32(nonce + 8)) % SLOTS;
	while (seen.used[i]) {
		if (memcmp(seen.entry[i], e, ENTRY) == 0) {
			seen.twice++;
			return;
		}
		i = (i + 1) % SLOTS;
	}
	if (++seen.n > SLOTS / 2)
		abort();
	seen.used[i] = true;
	memcpy(seen.entry[i], e, ENTRY);
}

int __real_crypto_seal(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t n);
int __wrap_crypto_seal(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t n);
int __wrap_crypto_seal(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t n)
{
	note(key, nonce);
	return __real_crypto_seal(c, out, key, nonce, aad, aad_len, in, n);
}

/* At least `more` new pairs were seen, and none twice. */
static void check_seen(size_t before, size_t more)
{
	assert_int_equal(seen.twice, 0);
	assert_in_range(seen.n - before, more, SLOTS);
}

/* --- the worlds --------------------------------------------------------- */

/* Makes a world with another random seed, the same room secret and the same
 * identities. */
static struct world *another(void)
{
	static uint64_t starts;
	struct world *w = world_new();

	w->seed ^= ++starts << 20;
	return w;
}

static void forget(struct world *w)
{
	lines_free(&w->events);
	lines_free(&w->fake.got);
}

/* Says one message and pumps until everything is sealed and received. */
static void say(struct world *w)
{
	world_say(w, "the same text");
	world_pump(w);
}

/* In an even round it is not acknowledged, so that the next round begins with it,
 * under the keys of another connection. */
static void say_in_round(struct world *w, size_t i)
{
	say(w);
	if (i % 2 == 0) {
		check_got(w, "message 4 1 the same text", NULL);
		return;
	}
	check_got(
	    w, "message 4 1 the same text", "message 4 2 the same text", NULL);
	fake_ack(&w->fake, 2);
	world_pump(w);
}

static size_t unacked(struct world *w)
{
	struct session_room_status st;

	session_room_status(w->s, session_first_room(w->s), &st);
	return st.unacked;
}

static void connect_again(struct world *w)
{
	w->fake.n_people = 0;
	world_connect(w);
	fake_admit(&w->fake);
	world_pump(w);
}

/* Some messages are acknowledged and some are resent, in later epochs and on
 * later connections. */
static void a_thousand_reconnects(void **state)
{
	struct world *w = another();
	struct fake *f = &w->fake;
	const size_t before = seen.n;
	size_t i;

	(void)state;
	world_join(w, 0);
	for (i = 0; i < 1000; i++) {
		say(w);
		if (i % 4 == 1) { /* a fence: everything is sealed again */
			fake_fresh(f, "timer");
			world_pump(w);
		}
		say(w);
		if (i % 3 == 2)
			fake_ack(f, unacked(w));
		world_pump(w);
		world_tick(w, 1000); /* a ping */
		assert_true(f->open);
		world_lose(w, "gone");
		world_tick(w, w->wait_ms);
		forget(w);
		f->member++;
		f->n_epochs = 0;
		fake_step(f);
		connect_again(w);
	}
	world_free(w);
	check_seen(before, 9000);
}

/* The state that a server hands out a second time: the same room, epoch, secret
 * and member, to the same client. */
struct start {
	uint32_t member, epoch;
	uint8_t secret[WIRE_KEY];
};

static struct start start_of(const struct fake *f)
{
	struct start s = {f->member, f->epoch, {0}};

	memcpy(s.secret, f->secret, WIRE_KEY);
	return s;
}

static void from_the_start(struct fake *f, const struct start *s)
{
	f->member = s->member;
	f->epoch = s->epoch;
	f->n_epochs = 1;
	memcpy(f->secret, s->secret, WIRE_KEY);
}

/* The client stays up; the server claims to have restarted. */
static void the_same_keys_again(void **state)
{
	struct world *w = another();
	const struct start start = start_of(&w->fake);
	const size_t before = seen.n;
	size_t i;

	(void)state;
	world_join(w, 0);
	for (i = 0; i < 200; i++) {
		say_in_round(w, i);
		world_lose(w, "gone");
		world_tick(w, w->wait_ms);
		forget(w);
		from_the_start(&w->fake, &start);
		w->fake.session[0] ^= 1;
		connect_again(w);
	}
	world_free(w);
	check_seen(before, 1000);
}

/* The client is killed and restarted; the server's state is as at first. */
static void crashes(void **state)
{
	struct world *w = another();
	const struct start start = start_of(&w->fake);
	const size_t before = seen.n;
	size_t i;

	(void)state;
	for (i = 0; i < 200; i++) {
		connect_again(w);
		say(w);
		check_got(w, "message 4 1 the same text", NULL);
		session_free(w->s);
		w->s = NULL;
		forget(w);
		from_the_start(&w->fake, &start);
	}
	world_free(w);
	check_seen(before, 800);
}

/* Two clients share one identity file, and the server treats them as one. */
static void two_of_one_identity(void **state)
{
	struct world *w[2] = {another(), another()};
	const struct start start = start_of(&w[0]->fake);
	const size_t before = seen.n;
	size_t i, k;

	(void)state;
	assert_memory_equal(w[0]->fake.secret, w[1]->fake.secret, WIRE_KEY);
	for (i = 0; i < 100; i++) {
		for (k = 0; k < 2; k++)
			connect_again(w[k]);
		for (k = 0; k < 2; k++)
			say_in_round(w[k], i);
		for (k = 0; k < 2; k++) {
			world_lose(w[k], "gone");
			world_tick(w[k], w[k]->wait_ms);
			forget(w[k]);
			from_the_start(&w[k]->fake, &start);
			w[k]->fake.session[0] ^= 1;
		}
	}
	world_free(w[0]);
	world_free(w[1]);
	check_seen(before, 1000);
}

/* Tests the detector: it notices a repeated pair. */
static void the_watch_sees(void **state)
{
	struct crypto *c = crypto_new();
	uint8_t key[WIRE_KEY] = {1}, nonce[WIRE_IV] = {2}, out[20];
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		nonce[11] = i == 2;
		assert_int_equal(
		    crypto_seal(c, out, key, nonce, NULL, 0, "text", 4), 0);
		assert_int_equal(seen.twice, i > 0);
	}
	seen.twice = 0;
	crypto_free(c);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(the_watch_sees);
	ADD(a_thousand_reconnects);
	ADD(the_same_keys_again);
	ADD(crashes);
	ADD(two_of_one_identity);
	return check_run("client nonces", &g);
}

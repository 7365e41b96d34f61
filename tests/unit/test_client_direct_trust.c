/* Direct messages, both ends in one process: changed keys and what they hold; a server
 * that withholds keys, gives others', or changes what it carries. */
#include "tests/unit/direct_world.h"

/* How many of what was said to bob wait, and how many of them are held. */
static void waiting_are(const struct dw_device *d, size_t all, size_t held)
{
	size_t i, n = 0;
	bool is;

	for (i = 0; direct_waiting(d->direct, "BOB", i, &is) != NULL; i++)
		n += is;
	assert_int_equal(i, all);
	assert_int_equal(n, held);
	assert_null(direct_waiting(d->direct, "carol", 0, &is));
}

/* A changed key holds what is said, and what is said after it. */
static void test_changed(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	bool held;

	(void)state;
	w->changed = "bob";
	dw_say(alice, "bob", "one", 0);
	waiting_are(alice, 1, 0);
	dw_run(w);
	dw_say(alice, "bob", "two", 0);
	dw_run(w);
	waiting_are(alice, 2, 2);
	assert_memory_equal(direct_waiting(alice->direct, "bob", 0, &held),
	    alice->last_id, WIRE_ID);
	dw_expect(alice, "own message alice bob: one", "changed bob",
	    "held bob 1", "own message alice bob: two", NULL);
	assert_int_equal(w->frames, 0);
	assert_int_equal(direct_held(alice->direct), 1);
	assert_int_equal(direct_due(alice->direct, true), 0);
	assert_int_equal(direct_decide(alice->direct, "carol", false), ERR_STATE);
	assert_int_equal(direct_decide(alice->direct, "bob", true), ERR_STATE);
	dw_lose(alice); /* it stays held */
	dw_connect(alice);
	dw_run(w);
	assert_int_equal(w->frames, 0);
	w->changed = NULL;
	direct_meet_again(alice->direct, "bob");
	dw_run(w);
	dw_expect(bob, "message alice alice: one", "message alice alice: two",
	    NULL);
	assert_int_equal(dw_count(alice, "sent bob"), 2);
	dw_forget(alice);
	w->changed = "bob";
	direct_meet_again(alice->direct, "bob");
	dw_say(alice, "bob", "three", 0);
	dw_run(w);
	assert_int_equal(direct_decide(alice->direct, "bob", false), 0);
	dw_run(w);
	assert_int_equal(dw_count(alice, "unsaid bob: you dropped it"), 1);
	waiting_are(alice, 0, 0);
	dw_expect(bob, NULL);
	dw_free(w);
}

/* What is dropped while the server is asked for keys: the answer is nobody's, and is
 * no breach; the connection may also be lost before it comes. */
static void test_dropped_while_asked(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	int i;

	(void)state;
	w->changed = "bob";
	dw_say(alice, "bob", "held", 0);
	dw_run(w);
	for (i = 0; i < 8; i++) {
		dw_say(alice, "bob", "asked", 0);
		assert_int_equal(direct_step(alice->direct), 0);
		assert_int_equal(direct_decide(alice->direct, "bob", false), 0);
		if (i % 4 == 3) {
			dw_lose(alice);
			dw_connect(alice);
		}
		dw_say(alice, "bob", "held", 0);
		dw_run(w);
	}
	assert_int_equal(dw_count(alice, "unsaid bob: you dropped it"), 16);
	assert_int_equal(direct_held(alice->direct), 1);
	dw_forget(alice);
	w->changed = NULL;
	direct_meet_again(alice->direct, "bob");
	dw_run(w);
	dw_expect(alice, "sent bob", "delivered bob 1", NULL);
	dw_expect(bob, "message alice alice: held", NULL);
	dw_free(w);
}

/* Only to the keys that are known, also after a lost connection. */
static void test_known_only(void **state)
{
	struct dw_device *alice, *bob, *bob2;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	w->changed_device = bob2 = dw_device(w, "bob");
	dw_connect(bob2);
	dw_say(alice, "bob", "one", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: one", "changed bob",
	    "held bob 1", NULL);
	dw_expect(bob, NULL);
	assert_int_equal(direct_decide(alice->direct, "bob", true), 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: one", NULL);
	dw_expect(bob2, NULL);
	dw_expect(alice, "sent bob", "delivered bob 1", NULL);
	dw_say(alice, "bob", "two", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: two", "held bob 1", NULL);
	dw_lose(alice);
	assert_int_equal(direct_decide(alice->direct, "bob", true), 0);
	dw_connect(alice);
	dw_run(w);
	dw_expect(bob, "message alice alice: two", NULL);
	dw_expect(bob2, NULL);
	dw_free(w);
}

/* A server that lies about keys: nothing is sent, and it is said why. */
static void test_lies(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	w->wrong_key = true;
	dw_say(alice, "bob", "one", 0);
	dw_run(w);
	w->wrong_key = false;
	w->withhold = true;
	dw_say(alice, "bob", "two", 0);
	dw_run(w);
	w->withhold = false;
	w->older_s = WIRE_PREKEY_OLD_S + 1;
	dw_say(alice, "bob", "three", 0);
	dw_run(w);
	assert_int_equal(w->frames, 0);
	w->older_s = WIRE_PREKEY_OLD_S;
	dw_say(alice, "bob", "four", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: one",
	    "unsaid bob: the server gave a key for it that is not theirs",
	    "own message alice bob: two",
	    "unsaid bob: no device of this person takes direct messages yet: "
	    "the server has no key of theirs, or withholds it",
	    "own message alice bob: three",
	    "unsaid bob: the keys that the server gives for this person are "
	    "too old: they have not been here for weeks, or the server "
	    "withholds newer ones",
	    "own message alice bob: four", "sent bob", "delivered bob 1", NULL);
	dw_free(w);
}

/* Every part of a frame that the server may change: it is dropped, said once, and
 * acknowledged; the key for one message is not used up by it. */
static void test_bent(void **state)
{
	static const size_t at[] = {8 * 104, 8 * 110 + 3, 8 * 136, 8 * 160 + 1,
	    8 * 210};
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	size_t i, pairs = bob->disk.n;

	(void)state;
	for (i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		w->flip = at[i];
		dw_say(alice, "bob", "hello", 0);
		dw_run(w);
		dw_expect(bob, "dropped alice open", NULL);
		assert_int_equal(bob->n_queue, 0);
		assert_int_equal(bob->disk.n, pairs);
	}
	w->flip = 8 * 72; /* the prekey */
	dw_say(alice, "bob", "hello", 0);
	dw_run(w);
	dw_expect(bob, "dropped alice key", NULL);
	w->flip = 0;
	dw_say(alice, "bob", "hello", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: hello", NULL);
	dw_free(w);
}

/* What only a server can do wrong ends the link. */
static void test_breaches(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	struct buf *body;
	uint8_t byte;

	(void)state;
	dw_lose(bob);
	dw_say(alice, "bob", "hello", 0);
	dw_run(w);
	body = &bob->queue[0].body;
	dw_connect(bob);
	/* Nobody was named. */
	assert_int_equal(
	    direct_frame(bob->direct, body->p, body->len), ERR_STATE);
	dw_run(w);
	dw_say(alice, "bob", "more", 0);
	dw_lose(bob);
	dw_run(w);
	dw_connect(bob);
	dw_run_unseen(w);
	body = &bob->queue[0].body;
	/* The same number again. */
	assert_int_equal(
	    direct_frame(bob->direct, body->p, body->len), ERR_STATE);
	put_u64(body->p, 1000);
	byte = body->p[8];
	body->p[8] ^= 1; /* to somebody else */
	assert_int_equal(
	    direct_frame(bob->direct, body->p, body->len), ERR_MEMBER);
	body->p[8] = byte;
	body->p[40] ^= 1; /* from somebody else */
	assert_int_equal(
	    direct_frame(bob->direct, body->p, body->len), ERR_MEMBER);
	assert_int_equal(direct_frame(bob->direct, body->p, 100), ERR_TRUNC);
	dw_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_changed),
	    cmocka_unit_test(test_dropped_while_asked),
	    cmocka_unit_test(test_known_only),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_bent),
	    cmocka_unit_test(test_breaches),
	};

	return cmocka_run_group_tests_name(
	    "client_direct_trust", tests, NULL, NULL);
}

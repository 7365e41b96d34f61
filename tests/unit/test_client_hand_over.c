/* The secret of a sealed room as a direct message, both ends in one process: to one
 * device and no other, whatever the server says; in no transcript. */
#include "tests/unit/direct_world.h"

static const uint8_t secret[WIRE_KEY] = {7, 7, 7};

/* A handle that nobody looks into. */
static const struct chatroom *room(void)
{
	static const char handle;

	return (const struct chatroom *)(const void *)&handle;
}

static void hand(struct dw_device *from, const char *name,
    const struct dw_device *to, int want)
{
	struct content_seal c = {.room = "vault", .number = 2};
	struct direct_hand h = {.room = room(), .number = 2};

	memcpy(c.secret, secret, WIRE_KEY);
	from->parties.rng.fill(from->parties.rng.arg, c.id, WIRE_ID);
	assert_int_equal(ed25519_fingerprint(from->world->crypto, h.to,
			     identity_public(to->id)),
	    0);
	assert_int_equal(direct_hand(from->direct, name, &h, &c), want);
}

static void test_to_one_device(void **state)
{
	struct dw_device *alice, *bob, *bob2, *alice2;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	/* The server puts a device of its own into the account; and our own other
	 * one gets no copy. */
	bob2 = dw_device(w, "bob");
	alice2 = dw_device(w, "alice");
	dw_connect(bob2);
	dw_connect(alice2);
	dw_run(w);
	hand(alice, "bob", bob, 0);
	dw_run(w);
	dw_expect(alice, "over bob", NULL);
	dw_expect(bob, "given alice vault 2", NULL);
	assert_memory_equal(bob->last_secret, secret, WIRE_KEY);
	dw_expect(bob2, NULL);
	dw_expect(alice2, NULL);
	assert_int_equal(w->frames, 1);
	/* our own other device, named as such */
	hand(alice, "alice", alice2, 0);
	dw_run(w);
	dw_expect(alice, "over alice", NULL);
	dw_expect(alice2, "given alice vault 2", NULL);
	dw_expect(bob, NULL);
	assert_int_equal(w->frames, 2);
	dw_free(w);
}

static void test_while_away(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	dw_lose(bob);
	hand(alice, "bob", bob, 0);
	dw_run(w);
	dw_expect(alice, "over bob", NULL);
	dw_restart(bob);
	dw_connect(bob);
	dw_run_unseen(w);
	dw_expect(bob, "given alice vault 2", NULL);
	dw_lose(bob); /* it was not acknowledged: it comes again, and is known */
	dw_connect(bob);
	dw_run(w);
	dw_expect(bob, NULL);
	assert_int_equal(bob->n_queue, 0);
	dw_free(w);
}

static void test_not_in_a_transcript(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	direct_keep(alice->direct, true);
	direct_keep(bob->direct, true);
	hand(alice, "bob", bob, 0);
	dw_run(w);
	dw_expect(alice, "over bob", NULL);
	dw_expect(bob, "given alice vault 2", NULL);
	dw_free(w);
}

/* Why one does not get it: a sentence, and no frame. */
static void refused(struct dw *w, struct dw_device *alice,
    const struct dw_device *to, const char *why)
{
	const size_t frames = w->frames;
	size_t i, n = 0;

	hand(alice, "bob", to, 0);
	dw_run(w);
	for (i = 0; i < alice->n_lines; i++)
		n += strncmp(alice->line[i], "over bob: ", 10) == 0 &&
		     strstr(alice->line[i], why) != NULL;
	assert_int_equal(n, 1);
	assert_int_equal(w->frames, frames);
	dw_forget(alice);
}

static void test_who_does_not_get_it(void **state)
{
	struct dw_device *alice, *bob, *eve;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	eve = dw_device(w, "eve");
	dw_connect(eve);
	dw_run(w);
	/* A device that is not this person's, by the server. */
	refused(w, alice, eve, "does not name the device");
	w->changed = "bob";
	refused(w, alice, bob, "not the pinned one");
	w->changed = NULL;
	w->changed_device = bob;
	refused(w, alice, bob, "not the pinned one");
	w->changed_device = NULL;
	w->withhold = true;
	refused(w, alice, bob, "no key");
	w->withhold = false;
	w->older_s = 50 * 86400;
	bob->n_once = 0;
	refused(w, alice, bob, "too old");
	w->older_s = 0;
	w->wrong_key = true;
	refused(w, alice, bob, "not theirs");
	w->wrong_key = false;
	w->refuse = CODE_BLOCKED;
	hand(alice, "bob", bob, 0);
	dw_run(w);
	assert_int_equal(dw_count(alice, "over bob: blocked"), 1);
	w->refuse = CODE_NONE;
	hand(alice, "nobody", bob, 0);
	dw_run(w);
	assert_int_equal(dw_count(alice, "over nobody: no_account"), 1);
	dw_expect(bob, NULL);
	dw_expect(eve, NULL);
	dw_free(w);
}

/* What a changed key holds back does not hold it, nor does it count as said. */
static void test_beside_what_is_held(void **state)
{
	struct dw_device *alice, *bob, *bob2;
	struct dw *w = dw_two(&alice, &bob);
	bool held;

	(void)state;
	bob2 = dw_device(w, "bob");
	dw_connect(bob2);
	dw_run(w);
	w->changed_device = bob2;
	dw_say(alice, "bob", "held", 0);
	dw_run(w);
	hand(alice, "bob", bob, 0);
	assert_non_null(direct_waiting(alice->direct, "bob", 0, &held));
	assert_null(direct_waiting(alice->direct, "bob", 1, &held));
	dw_run(w);
	assert_int_equal(dw_count(alice, "over bob"), 1);
	assert_int_equal(dw_count(alice, "sent bob"), 0);
	dw_expect(bob, "given alice vault 2", NULL);
	dw_expect(bob2, NULL);
	dw_free(w);
}

/* A frame that was bent does not open, and nothing comes of it. */
static void test_bent(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	size_t i;

	(void)state;
	for (i = 1; i < 40; i++) {
		w->flip = 8 * 136 + 53 * i;
		hand(alice, "bob", bob, 0);
		dw_run(w);
		assert_int_equal(dw_count(bob, "dropped alice open"), 1);
		assert_int_equal(bob->n_lines, 1);
		dw_forget(bob);
	}
	dw_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_to_one_device),
	    cmocka_unit_test(test_while_away),
	    cmocka_unit_test(test_not_in_a_transcript),
	    cmocka_unit_test(test_who_does_not_get_it),
	    cmocka_unit_test(test_beside_what_is_held),
	    cmocka_unit_test(test_bent),
	};

	return cmocka_run_group_tests_name("client_hand_over", tests, NULL, NULL);
}

/* Direct messages, both ends in one process: to who is here and who is away, to
 * several devices, each once over kills, lost connections and a full disk; keys that
 * are used once; a state restored from a backup. */
#include "tests/unit/direct_world.h"

static void test_here(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	assert_int_equal(w->published, 2);
	assert_int_equal(bob->disk.n, 1 + WIRE_PREKEYS);
	dw_say(alice, "Bob", "hello", 0);
	dw_say(alice, "bob", "there", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: hello",
	    "message alice alice: there", NULL);
	dw_expect(alice, "own message alice Bob: hello",
	    "own message alice bob: there", "sent bob", "sent bob",
	    "delivered bob 2", NULL);
	/* The two keys are erased at both places. */
	assert_int_equal(bob->disk.n, 1 + WIRE_PREKEYS - 2);
	assert_int_equal(bob->n_once, WIRE_PREKEYS - 2);
	assert_int_equal(bob->n_queue + alice->n_queue, 0);
	dw_say(alice, "alice", "me", ERR_NAME);
	dw_say(alice, "no name", "x", ERR_NAME);
	dw_say(alice, "nobody", "x", 0);
	dw_run(w);
	dw_expect(alice, "own message alice nobody: x",
	    "unsaid nobody: there is nobody", NULL);
	dw_free(w);
}

static void test_away(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	dw_lose(bob);
	dw_say(alice, "bob", "one", 0);
	dw_run(w);
	dw_say(alice, "bob", "two", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: one", "sent bob",
	    "own message alice bob: two", "sent bob", NULL);
	dw_lose(alice);
	dw_restart(bob);
	dw_connect(bob);
	dw_run(w);
	dw_expect(
	    bob, "message alice alice: one", "message alice alice: two", NULL);
	dw_connect(alice);
	dw_run(w);
	dw_expect(alice, "delivered bob 2", NULL);
	bob->no_receipts = true;
	dw_lose(bob);
	dw_restart(bob);
	dw_connect(bob);
	dw_say(alice, "bob", "three", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: three", "sent bob", NULL);
	dw_free(w);
}

/* Of the recipient, and of the sender; a device of the sender's that is not accepted
 * gets no copy, and none of its copies is shown. */
static void test_devices(void **state)
{
	struct dw_device *alice, *bob, *bob2, *alice2;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	bob2 = dw_device(w, "bob");
	alice2 = dw_device(w, "alice");
	dw_connect(bob2);
	dw_run(w);
	dw_connect(alice2);
	dw_run(w);
	dw_say(alice, "bob", "hello", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: hello", NULL);
	dw_expect(bob2, "message alice alice: hello", NULL);
	dw_expect(alice2, "own past message alice bob: hello",
	    "delivered bob 1", "delivered bob 1", NULL);
	dw_expect(alice, "own message alice bob: hello", "sent bob",
	    "delivered bob 1", "delivered bob 1", NULL);
	w->changed = "alice";
	dw_lose(alice);
	dw_restart(alice);
	dw_connect(alice);
	dw_say(alice, "bob", "again", 0);
	dw_run(w);
	assert_int_equal(dw_count(alice, "changed alice"), 1);
	assert_int_equal(dw_count(alice, "sent bob"), 1);
	dw_expect(alice2, NULL);
	dw_expect(bob, "changed alice", "message alice alice: again", NULL);
	dw_free(w);
}

/* A kill at any time loses nothing; what was shown and not written is shown again. */
static void test_kills(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	dw_say(alice, "bob", "hello", 0);
	dw_run_unseen(w);
	dw_expect(bob, "message alice alice: hello", NULL);
	dw_lose(bob);
	dw_restart(bob); /* killed before it was written */
	dw_connect(bob);
	dw_run_unseen(w);
	dw_expect(bob, "message alice alice: hello", NULL);
	dw_lose(bob); /* the connection only: it is known */
	dw_connect(bob);
	dw_run_unseen(w);
	dw_expect(bob, NULL);
	bob->full = true;
	dw_run(w);
	assert_int_equal(bob->n_queue, 1); /* not acknowledged */
	bob->full = false;
	dw_run(w);
	assert_int_equal(bob->n_queue, 0);
	dw_lose(bob);
	dw_restart(bob);
	dw_connect(bob);
	dw_run(w);
	dw_expect(bob, NULL);
	dw_free(w);
}

/* Killed when it is written and before the server knows: the frame comes again, its key
 * is gone, and that is no alarm. */
static void test_killed_before_the_ack(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	w->acks_lost = true;
	dw_say(alice, "bob", "hello", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: hello", NULL);
	w->acks_lost = false;
	assert_int_equal(bob->n_queue, 1);
	dw_lose(bob);
	dw_restart(bob);
	dw_connect(bob);
	dw_run(w);
	dw_expect(bob, NULL);
	assert_int_equal(bob->n_queue, 0);
	dw_free(w);
}

/* The sender's connection is lost before the answer: the same frame again. */
static void test_sent_twice(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	w->deaf = true;
	dw_say(alice, "bob", "once", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: once", "delivered bob 1", NULL);
	w->deaf = false;
	dw_lose(alice);
	dw_connect(alice);
	dw_run(w);
	assert_int_equal(dw_count(alice, "sent bob"), 1);
	assert_int_equal(w->frames, 2 + 1); /* with what was delivered */
	dw_expect(bob, "message alice alice: once", NULL);
	dw_free(w);
}

/* Keys for one message run out: the lasting one is used, and ids are remembered. */
static void test_drained(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	char text[16];
	size_t i;

	(void)state;
	dw_lose(bob);
	for (i = 0; i < WIRE_PREKEYS + 20; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		dw_say(alice, "bob", text, 0);
	}
	dw_run(w);
	assert_int_equal(bob->n_once, 0);
	assert_int_equal(dw_count(alice, "sent bob"), WIRE_PREKEYS + 20);
	dw_connect(bob);
	dw_run_unseen(w);
	assert_int_equal(bob->n_lines, WIRE_PREKEYS + 20);
	for (i = 0; i < WIRE_PREKEYS + 20; i++) {
		snprintf(text, sizeof(text), "%zu", i);
		assert_non_null(strstr(bob->line[i], text));
	}
	dw_run(w);
	/* It has made others. */
	assert_true(bob->n_once >= WIRE_PREKEYS_LOW);
	assert_true(bob->disk.n >= 1 + bob->n_once);
	dw_free(w);
}

/* The server takes no more keys: the lasting one is still there, and what is said
 * goes out. */
static void test_no_more_keys(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	size_t i;

	(void)state;
	w->no_more_keys = true;
	for (i = 0; i < WIRE_PREKEYS + 5; i++)
		dw_say(alice, "bob", "x", 0);
	dw_run(w);
	assert_int_equal(
	    dw_count(bob, "message alice alice: x"), WIRE_PREKEYS + 5);
	assert_int_equal(bob->disk.n, 1); /* no key that the server lacks */
	w->no_more_keys = false;
	w->now_s += 601;
	dw_say(alice, "bob", "z", 0);
	dw_run(w);
	assert_int_equal(bob->n_once, WIRE_PREKEYS);
	dw_say(bob, "alice", "y", 0);
	dw_run(w);
	assert_int_equal(dw_count(alice, "message bob bob: y"), 1);
	dw_free(w);
}

/* A stolen device: its disk opens nothing that was sealed for a key used once. */
static void test_stolen(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	struct buf frame;
	struct direct_head h;
	size_t i;

	(void)state;
	dw_lose(bob);
	dw_say(alice, "bob", "secret", 0);
	dw_run(w);
	buf_init(&frame, 1 << 17);
	assert_int_equal(buf_put(&frame, bob->queue[0].body.p,
			     bob->queue[0].body.len),
	    0);
	dw_connect(bob);
	dw_run(w);
	assert_int_equal(dw_count(bob, "message alice alice: secret"), 1);
	assert_int_equal(direct_head_decode(&h, frame.p, frame.len), 0);
	assert_true(bob->disk.n > 1);
	for (i = 0; i < bob->disk.n; i++)
		assert_memory_not_equal(
		    bob->disk.pair[i].key, h.prekey, WIRE_X25519);
	buf_free(&frame);
	dw_free(w);
}

/* A state restored from a backup: all keys at the server are replaced, no key comes
 * twice, and what is under way for the newer ones is said to be lost. */
static void test_backup(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	struct dw_disk old;
	uint8_t was[WIRE_PREKEYS_KEPT][WIRE_X25519];
	size_t i, j, n;

	(void)state;
	old = bob->disk;
	old.seen = NULL;
	old.n_seen = 0;
	/* It goes on: most of its keys are used, and new ones made. */
	for (i = 0; i < WIRE_PREKEYS - 10; i++)
		dw_say(alice, "bob", "x", 0);
	dw_run(w);
	dw_forget(alice);
	dw_forget(bob);
	assert_int_equal(w->published, 3);
	dw_lose(bob);
	dw_say(alice, "bob", "for an old key", 0);
	dw_run(w);
	for (n = 0; n < bob->n_once; n++)
		memcpy(was[n], bob->once[n].key, WIRE_X25519);
	free(bob->disk.seen);
	bob->disk = old;
	dw_restart(bob);
	dw_connect(bob);
	dw_run(w);
	assert_int_equal(w->published, 4);
	assert_int_equal(bob->n_once, WIRE_PREKEYS);
	for (i = 0; i < bob->n_once; i++)
		for (j = 0; j < n; j++)
			assert_memory_not_equal(
			    bob->once[i].key, was[j], WIRE_X25519);
	assert_int_equal(dw_count(bob, "dropped alice key"), 1);
	assert_int_equal(bob->n_queue, 0);
	dw_forget(bob);
	dw_say(alice, "bob", "now", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: now", NULL);
	dw_free(w);
}

/* The lasting key is renewed each week; the old one still opens for five more. */
static void test_renewed(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	uint8_t first[WIRE_X25519];

	(void)state;
	memcpy(first, bob->lasting.key, WIRE_X25519);
	bob->n_once = WIRE_PREKEYS_LOW; /* others were given away */
	dw_lose(bob);
	bob->n_once = 0;
	dw_say(alice, "bob", "for the first", 0);
	dw_run(w);
	bob->n_once = WIRE_PREKEYS_LOW;
	w->now_s += WIRE_PREKEY_RENEW_S;
	dw_connect(bob);
	dw_run(w);
	assert_memory_not_equal(bob->lasting.key, first, WIRE_X25519);
	assert_int_equal(dw_count(bob, "message alice alice: for the first"), 1);
	w->now_s += WIRE_PREKEY_KEEP_S - 10;
	dw_run(w);
	w->now_s += WIRE_PREKEY_KEEP_S;
	dw_run(w);
	assert_int_equal(
	    memcmp(bob->disk.pair[0].key, first, WIRE_X25519) == 0, 0);
	dw_free(w);
}

static void test_refused(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);

	(void)state;
	w->refuse = CODE_BLOCKED;
	dw_say(alice, "bob", "one", 0);
	dw_run(w);
	dw_expect(alice, "own message alice bob: one", "unsaid bob: no", NULL);
	w->refuse = CODE_NONE;
	dw_say(alice, "bob", "two", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: two", NULL);
	dw_free(w);
}

/* Edits are of one's own messages only. */
static void test_edits(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	struct content_said said = {
	    .has_about = true, .text = "better", .text_len = 6};

	(void)state;
	dw_say(alice, "bob", "god", 0);
	dw_run(w);
	memcpy(said.about, alice->last_id, WIRE_ID);
	assert_int_equal(direct_say(bob->direct, "alice", 1, CONTENT_EDIT,
			     &(struct offers_words){&said, NULL}),
	    ERR_AUTHOR);
	assert_int_equal(
	    direct_say(alice->direct, "bob", 1, CONTENT_EDIT,
			     &(struct offers_words){&said, NULL}), 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: god", "edit alice alice: better",
	    NULL);
	dw_free(w);
}

/* Without the keys' file, or when the disk is full at the start, nothing is sent
 * and the server is not asked. */
static void test_without(void **state)
{
	struct dw *w = dw_new();
	struct dw_device *alice = dw_device(w, "alice");

	(void)state;
	alice->no_keys = true;
	dw_restart(alice);
	dw_connect(alice);
	dw_run(w);
	assert_false(alice->asked);
	dw_say(alice, "bob", "x", ERR_REFUSED);
	dw_lose(alice);
	alice->no_keys = false;
	alice->full = true;
	dw_restart(alice);
	dw_connect(alice);
	dw_run(w);
	assert_int_equal(w->published, 0);
	dw_say(alice, "bob", "x", ERR_REFUSED);
	dw_free(w);
}

/* Many messages, over lost connections and restarts of both: each once, in order. */
static void test_many(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	size_t said = 0, shown = 0, i;
	char text[64];

	(void)state;
	for (i = 0; i < 300; i++) {
		snprintf(text, sizeof(text), "%zu", said++);
		dw_say(alice, "bob", text, 0);
		if (i % 7 == 3)
			dw_lose(bob);
		if (i % 11 == 5)
			dw_lose(alice);
		dw_run(w);
		if (bob->server == NULL) {
			if (i % 3 == 0)
				dw_restart(bob);
			dw_connect(bob);
		}
		if (alice->server == NULL)
			dw_connect(alice);
		dw_run(w);
		while (bob->n_lines > 0) {
			snprintf(text, sizeof(text), "message alice alice: %zu",
			    shown);
			assert_string_equal(bob->line[0], text);
			free(bob->line[0]);
			memmove(bob->line, bob->line + 1,
			    --bob->n_lines * sizeof(bob->line[0]));
			shown++;
		}
		dw_forget(alice);
	}
	assert_int_equal(shown, said);
	dw_free(w);
}

/* What a transcript gets of both ends, and who is told of it. */
static void test_transcripts(void **state)
{
	struct dw_device *alice, *bob;
	struct dw *w = dw_two(&alice, &bob);
	char text[5][40];
	const struct {
		const char *what;
		enum content_type type;
	} of[] = {{"bob: to bob", CONTENT_MESSAGE},
	    {"bob: to bob", CONTENT_KEEPS},
	    {"bob: from bob", CONTENT_DELIVERED},
	    {"bob: from bob", CONTENT_MESSAGE},
	    {"bob: to bob", CONTENT_DELIVERED}};
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		snprintf(text[i], sizeof(text[i]), "entry %s, %d", of[i].what,
		    (int)of[i].type);
	assert_false(direct_keeps(alice->direct));
	dw_say(alice, "bob", "before", 0);
	dw_run(w);
	dw_forget(alice);
	dw_forget(bob);
	/* With whom something was said is told at once, and once. */
	direct_keep(alice->direct, true);
	assert_true(direct_keeps(alice->direct));
	dw_run(w);
	dw_expect(bob, "keeps alice alice 1", NULL);
	dw_expect(alice, text[1], NULL);
	dw_say(alice, "bob", "one", 0);
	dw_run(w);
	dw_say(bob, "alice", "two", 0);
	dw_run(w);
	dw_expect(bob, "message alice alice: one", "own message bob alice: two",
	    "sent alice", "delivered alice 1", NULL);
	dw_expect(alice, "own message alice bob: one", "sent bob", text[0],
	    text[2], "delivered bob 1", text[3], "message bob bob: two",
	    text[4], NULL);
	/* What comes again is no second entry. */
	w->acks_lost = true;
	dw_say(bob, "alice", "three", 0);
	dw_run(w);
	dw_lose(alice);
	w->acks_lost = false;
	dw_connect(alice);
	dw_run(w);
	assert_int_equal(dw_count(alice, text[3]), 1);
	dw_forget(alice);
	dw_forget(bob);
	/* No longer: who was told is told. */
	direct_keep(alice->direct, false);
	dw_run(w);
	dw_say(alice, "bob", "off the record", 0);
	dw_run(w);
	dw_expect(bob, "keeps alice alice 0",
	    "message alice alice: off the record", NULL);
	dw_expect(alice, "own message alice bob: off the record", "sent bob",
	    "delivered bob 1", NULL);
	/* A stranger's first word tells them. */
	direct_keep(bob->direct, true);
	dw_run(w);
	dw_expect(alice, "keeps bob bob 1", NULL);
	direct_keep(bob->direct, true);
	dw_run(w);
	dw_expect(alice, NULL);
	dw_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transcripts),
	    cmocka_unit_test(test_here),
	    cmocka_unit_test(test_away),
	    cmocka_unit_test(test_devices),
	    cmocka_unit_test(test_kills),
	    cmocka_unit_test(test_killed_before_the_ack),
	    cmocka_unit_test(test_sent_twice),
	    cmocka_unit_test(test_drained),
	    cmocka_unit_test(test_no_more_keys),
	    cmocka_unit_test(test_stolen),
	    cmocka_unit_test(test_backup),
	    cmocka_unit_test(test_renewed),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_edits),
	    cmocka_unit_test(test_without),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests_name("client_direct", tests, NULL, NULL);
}

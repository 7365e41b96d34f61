/* When a room changes its key: a leave waits for no join and for no key that is
 * still to be wrapped, and leaves keep nobody out. */
#include <unistd.h>

#include "tests/unit/room_world.h"

static uint64_t due_ms(const struct world *w)
{
	return rekey_deadline(&w->room->rekey);
}

static void rekeys(struct world *w)
{
	assert_true(due_ms(w) <= w->now_ms);
	assert_int_equal(world_rekey_all(w), 0);
}

/* One step; newcomers' keys are not wrapped. */
static void steps(struct world *w)
{
	assert_true(due_ms(w) <= w->now_ms);
	assert_int_equal(world_rekey(w), 0);
	world_deliver(w);
}

static struct peer *comes(struct world *w, const char *name, size_t shard)
{
	w->at = shard;
	return peer_enter(w, name);
}

/* alice, bob and carol are in epoch 1, whose secret is a second old. All have
 * read everything. */
static void three(struct world *w, struct peer *p[3])
{
	p[0] = comes(w, "alice", 0);
	p[1] = comes(w, "bob", 0);
	p[2] = comes(w, "carol", 1);
	rekeys(w);
	READS(p[0], "welcome 1 as 1; list 3 of 3 from 1");
	READS(p[1], "welcome 1 as 2; list 3 of 3 from 1");
	READS(p[2], "welcome 1 as 3; list 3 of 3 from 1");
	w->now_ms += SECOND;
}

/* A frame as the relay sees it; the relay cannot decrypt it. */
static void says(struct peer *p, uint32_t epoch, uint64_t seq)
{
	uint8_t body[WIRE_GROUP_HEAD + 64 + 20 + WIRE_TAG] = {0};

	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, seq);
	assert_int_equal(room_group(p->member, body, sizeof(body), NULL), 0);
}

/* --- a leave --------------------------------------------------------------- */

/* Joins in the second before do not count. Nothing that is sealed under the
 * leaver's key is accepted after the fresh key. */
static void test_a_leave_waits_for_no_join(void **state)
{
	struct world *w = *state;
	struct peer *p[3];

	three(w, p);
	comes(w, "dave", 0);
	rekeys(w);
	READS(p[0], "join dave in 1 for 2");
	w->now_ms += SECOND / 10;
	room_leave(p[1]->member);
	rekeys(w);
	says(p[0], 2, 1);
	READS(p[0], "key 3 leave; leave bob in 3 for 3");
	says(p[0], 3, 1);
	READS(p[0], "ack 1@3"); /* after the notices of dave and bob */
	READS(p[2], "join dave in 1 for 2; key 3 leave; leave bob in 3 for 3; "
		    "1:1 in 3 @3");
}

/* Leaves make at most one key a second, counted from the last fresh secret. */
static void test_a_leave_waits_for_a_fresh_secret(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *d;

	three(w, p);
	d = comes(w, "dave", 0);
	rekeys(w);
	room_leave(p[1]->member);
	rekeys(w);
	w->now_ms += SECOND / 4;
	room_leave(p[2]->member);
	assert_int_equal(due_ms(w), w->now_ms + SECOND * 3 / 4);
	room_leave(d->member); /* the same rekey */
	assert_int_equal(due_ms(w), w->now_ms + SECOND * 3 / 4);
	w->now_ms += SECOND * 3 / 4;
	rekeys(w);
	READS(p[0], "join dave in 1 for 2; key 3 leave; leave bob in 3 for 3; "
		    "key 4 leave; leave carol dave in 4 for 4");
}

/* Newcomers' rekeys take a leave along that has not had its own yet, and begin
 * a second of their own. */
static void test_newcomers_take_a_leave_along(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *d;

	three(w, p);
	comes(w, "dave", 0);
	rekeys(w);
	w->now_ms += SECOND / 2;
	room_leave(p[1]->member);
	rekeys(w);
	w->now_ms += SECOND / 4;
	room_leave(p[2]->member);
	d = comes(w, "erin", 1);
	assert_int_equal(due_ms(w), w->now_ms + SECOND / 4);
	w->now_ms += SECOND / 4;
	rekeys(w);
	READS(p[0],
	    "join dave in 1 for 2; key 3 leave; leave bob in 3 for 3; "
	    "key 4 leave; leave carol in 4 for 4; join erin in 4 for 4");
	READS(d, "welcome 4 as 5; list 3 of 3 from 1");
	comes(w, "frank", 1);
	assert_int_equal(due_ms(w), w->now_ms + SECOND);
}

static void test_the_last_one_leaves(void **state)
{
	struct world *w = *state;
	struct peer *p[3];
	size_t i;

	three(w, p);
	comes(w, "dave", 0);
	rekeys(w);
	for (i = 0; i < 3; i++)
		room_leave(p[i]->member);
	room_leave(w->peer[3]->member);
	rekeys(w);
	assert_null(w->room->rekey.keys);
	assert_int_equal(room_epoch(w->room), 2);
	assert_int_equal(due_ms(w), UINT64_MAX);
}

/* Somebody waits, and what is still to be said was for the last one. The thread
 * sleeps until the newcomer's turn, and the newcomer does not hear it. */
static void nothing_is_said_to_nobody(struct world *w, bool after_fresh)
{
	struct rekey_say *s = calloc(1, sizeof(*s));
	struct peer *a = comes(w, "alice", 0), *b;

	rekeys(w);
	READS(a, "welcome 1 as 1; list 1 of 1 from 1");
	b = comes(w, "bob", 1);
	assert_non_null(s);
	s->event = NOTICE_ACT;
	s->more.act = ACT_UNINVITE;
	s->after_fresh = after_fresh;
	snprintf(s->more.by, sizeof(s->more.by), "alice");
	snprintf(s->more.who, sizeof(s->more.who), "carol");
	room_lock(w->room);
	rekey_say(&w->room->rekey, s);
	room_unlock(w->room);
	room_leave(a->member);
	assert_int_equal(due_ms(w), w->now_ms + SECOND);
	w->now_ms += SECOND;
	steps(w);
	assert_int_equal(due_ms(w), UINT64_MAX); /* the key is being wrapped */
	(void)room_thread_work(w->thread[1]);
	rekeys(w);
	READS(b, "welcome 2 as 2; list 1 of 1 from 2");
}

static void test_nothing_is_said_to_nobody(void **state)
{
	nothing_is_said_to_nobody(*state, false);
}

static void test_no_fresh_word_is_said_to_nobody(void **state)
{
	nothing_is_said_to_nobody(*state, true);
}

/* --- a leave while keys are wrapped ----------------------------------------- */

/* Neither a join step, which the leaver knows, nor a fresh secret is waited
 * for. The newcomer comes with the next. */
static void leave_waits_for_no_wrap(struct world *w, bool fresh)
{
	struct peer *p[3], *d;

	three(w, p);
	d = comes(w, "dave", 1);
	if (fresh)
		w->room->rekey.frames = WIRE_REKEY_FRAMES;
	steps(w);
	assert_int_equal(w->room->rekey.state, REKEY_WRAPPING);
	assert_true(w->room->rekey.next_fresh == fresh);
	assert_int_equal(due_ms(w), UINT64_MAX);
	room_leave(p[1]->member);
	steps(w);
	READS(p[0], "key 2 leave; leave bob in 2 for 2");
	READS(d, "");
	rekeys(w);
	READS(p[0], "key 3 join; join dave in 3 for 3");
	READS(d, "welcome 3 as 4; list 3 of 3 from 1");
	assert_memory_equal(p[0]->secret, d->secret, WIRE_KEY);
}

static void test_a_leave_waits_for_no_step(void **state)
{
	leave_waits_for_no_wrap(*state, false);
}

static void test_a_leave_waits_for_no_wrap(void **state)
{
	leave_waits_for_no_wrap(*state, true);
}

/* A leave that must wait for its second lets newcomers' keys be wrapped. When
 * it is due, those who have theirs come with it. */
static void test_a_leave_takes_who_is_ready(void **state)
{
	struct world *w = *state;
	struct peer *p[3], *d, *e;

	three(w, p);
	room_leave(p[1]->member);
	rekeys(w);
	d = comes(w, "dave", 0);
	e = comes(w, "erin", 1);
	steps(w);
	assert_false(w->room->rekey.next_fresh);
	room_leave(p[2]->member);
	steps(w); /* the step is stale: a fresh secret instead, at once */
	assert_int_equal(due_ms(w), w->now_ms + SECOND);
	assert_false(room_thread_work(w->thread[0])); /* dave's */
	assert_false(room_thread_work(w->thread[0]));
	assert_int_equal(w->room->rekey.unwrapped, 1);
	w->now_ms += SECOND;
	steps(w);
	READS(p[0], "key 2 leave; leave bob in 2 for 2; key 3 leave; "
		    "leave carol in 3 for 3; join dave in 3 for 3");
	READS(d, "welcome 3 as 4; list 2 of 2 from 1");
	READS(e, "");
	rekeys(w);
	READS(p[0], "key 4 join; join erin in 4 for 4");
	READS(e, "welcome 4 as 5; list 3 of 3 from 1");
}

/* However many wait, and however slowly their keys are wrapped. */
static void test_a_thousand_joins_stretch_no_leave(void **state)
{
	enum { MANY = 1000 };
	struct world *w = *state;
	struct peer *p[3], *last = NULL;
	const struct shard_wrap *m;
	char name[16];
	int i, n = 0;

	three(w, p);
	for (i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		last = comes(w, name, (size_t)i % 2);
	}
	steps(w);
	assert_int_equal(w->room->rekey.unwrapped, MANY);
	(void)room_thread_work(w->thread[0]);
	room_leave(p[1]->member);
	assert_true(due_ms(w) <= w->now_ms);
	steps(w);
	READS(p[0], "key 2 leave; leave bob in 2 for 2");
	/* They wait for the new key, each once. */
	steps(w);
	assert_int_equal(w->room->rekey.unwrapped, MANY);
	STAILQ_FOREACH(m, &w->thread[0]->shards.wraps, next)
	n++;
	assert_int_equal(n, MANY / 2);
	assert_int_equal(world_rekey_all(w), 0);
	READS(last, "welcome 3 as 1003; list 100 of 1002 from 1");
}

static int how_many_in(struct peer *const *p, int n)
{
	int i, in = 0;

	for (i = 0; i < n; i++)
		in += member_is_in(p[i]->member);
	return in;
}

/* Somebody leaves in each second, and in each second only one key is wrapped:
 * all newcomers come nevertheless. */
static void test_leaves_keep_nobody_out(void **state)
{
	enum { EACH = 8 };
	struct world *w = *state;
	struct peer *p[3], *leaver[EACH], *new[EACH];
	char name[16];
	int i;

	three(w, p);
	for (i = 0; i < EACH; i++) {
		snprintf(name, sizeof(name), "old%d", i);
		leaver[i] = comes(w, name, 0);
	}
	rekeys(w);
	for (i = 0; i < EACH; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		new[i] = comes(w, name, 1);
	}
	for (i = 0; i < EACH; i++) {
		w->now_ms += SECOND;
		assert_int_equal(world_rekey(w), 0); /* wraps, anew or still */
		world_deliver(w);
		(void)room_thread_work(w->thread[1]);
		room_leave(leaver[i]->member);
		steps(w);
		assert_int_equal(room_epoch(w->room), 3 + i);
		/* The first leave discards a step; it takes nobody along. */
		world_deliver(w);
		assert_int_equal(how_many_in(new, EACH), i);
	}
	rekeys(w);
	world_deliver(w);
	assert_int_equal(how_many_in(new, EACH), EACH);
}

/* --- the schedule ---------------------------------------------------------- */

static void leaves(void *arg, struct room *r, int err)
{
	struct peer *p = arg;

	(void)r;
	assert_int_equal(err, 0);
	room_leave(p->member);
}

/* A member of another thread leaves while the room's thread makes a key, and one
 * more right after it: the room is on the list of rooms to look at once. */
static void test_a_leave_during_a_rekey(void **state)
{
	struct world *w = *state;
	struct rekeys *t = &w->thread[0]->rekeys;
	struct buf json;
	struct rekeys_run run = {.run = {w->crypto, &json, w->now_ms, 0}};
	struct peer *p[3], *d;

	(void)alarm(60); /* the list once became a ring */
	buf_init(&json, WIRE_JSON_MAX);
	three(w, p);
	d = comes(w, "dave", 1);
	rekeys(w);
	rekeys_run(t, &run);
	room_leave(d->member);
	run.run.now_ms = w->now_ms;
	run.done = leaves;
	run.arg = p[2];
	rekeys_run(t, &run);
	room_leave(p[1]->member);
	run.done = NULL;
	w->now_ms += SECOND;
	run.run.now_ms = w->now_ms;
	rekeys_run(t, &run);
	assert_int_equal(rekeys_deadline(t), w->now_ms + WIRE_REKEY_MS);
	world_deliver(w);
	READS(p[0], "join dave in 1 for 2; key 3 leave; leave dave in 3 for 3; "
		    "key 4 leave; leave bob carol in 4 for 4");
	buf_free(&json);
	(void)alarm(0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	static const struct CMUnitTest tests[] = {
	    T(test_a_leave_waits_for_no_join),
	    T(test_a_leave_waits_for_a_fresh_secret),
	    T(test_newcomers_take_a_leave_along),
	    T(test_the_last_one_leaves),
	    T(test_nothing_is_said_to_nobody),
	    T(test_no_fresh_word_is_said_to_nobody),
	    T(test_a_leave_waits_for_no_step),
	    T(test_a_leave_waits_for_no_wrap),
	    T(test_a_leave_takes_who_is_ready),
	    T(test_a_thousand_joins_stretch_no_leave),
	    T(test_leaves_keep_nobody_out),
	    T(test_a_leave_during_a_rekey),
	};

	json_setup();
	return cmocka_run_group_tests_name("rekey", tests, NULL, NULL);
}

/* Unit tests for a room's log as a client has it, and for other members' views
 * of it. */
#include "client/session/roomlog.h"
#include "client/session/views.h"
#include "tests/unit/check.h"

#define TEST(name) static void name(void **state)
#define OK(call)   assert_int_equal(call, 0)

static const uint8_t log_a[WIRE_LOG] = {1}, log_b[WIRE_LOG] = {2};

/* A frame's body whose bytes behind the offset are n. */
struct frame {
	uint8_t p[200];
};

static struct frame frame_of(uint64_t n)
{
	struct frame f = {{0}};

	put_u64(f.p + WIRE_OFFSET, n);
	return f;
}

static struct log_mark mark_of(
    struct crypto *c, uint64_t offset, uint64_t seq, uint64_t n)
{
	struct log_mark m = {.offset = offset, .room = 1, .seq = seq};
	struct frame f = frame_of(n);

	OK(crypto_hash1(
	    c, m.digest, f.p + WIRE_OFFSET, sizeof(f.p) - WIRE_OFFSET));
	return m;
}

struct stage {
	struct crypto *crypto;
	struct roomlog *log;
	struct log_head head; /* what the log ought to be */
};

static struct stage stage_of(uint64_t offset)
{
	struct stage s = {crypto_new(), NULL, {0}};

	assert_non_null(s.crypto);
	s.log = roomlog_new(s.crypto);
	assert_non_null(s.log);
	OK(log_head_start(s.crypto, &s.head, log_a));
	s.head.offset = offset;
	OK(roomlog_enter(s.log, log_a, &s.head));
	return s;
}

static void stage_free(struct stage *s)
{
	roomlog_free(s->log);
	crypto_free(s->crypto);
}

static void more(struct stage *s, uint64_t n)
{
	struct frame f;
	uint64_t i, end = s->head.offset + n;

	for (i = s->head.offset + 1; i <= end; i++) {
		f = frame_of(i);
		OK(roomlog_frame(s->log, i, f.p, sizeof(f.p)));
		OK(log_head_add(
		    s->crypto, &s->head, mark_of(s->crypto, i, 0, i).digest));
	}
	assert_int_equal(roomlog_offset(s->log), s->head.offset);
}

TEST(the_chain_is_that_of_the_frames)
{
	struct stage s = stage_of(0);

	(void)state;
	assert_int_equal(roomlog_offset(s.log), 0);
	assert_memory_equal(roomlog_chain(s.log, 0), s.head.chain, WIRE_HASH);
	more(&s, 100);
	assert_memory_equal(roomlog_chain(s.log, 100), s.head.chain, WIRE_HASH);
	stage_free(&s);
}

TEST(offsets_have_no_gap)
{
	struct stage s = stage_of(7);
	struct frame f = frame_of(1);
	struct log_mark m;

	(void)state;
	more(&s, 3);
	assert_int_equal(roomlog_frame(s.log, 12, f.p, sizeof(f.p)), ERR_GAP);
	assert_int_equal(
	    roomlog_frame(s.log, 10, f.p, sizeof(f.p)), ERR_REPLAYED);
	assert_int_equal(
	    roomlog_frame(s.log, 0, f.p, sizeof(f.p)), ERR_REPLAYED);
	m = mark_of(s.crypto, 12, 0, 1);
	assert_int_equal(roomlog_mark(s.log, &m), ERR_GAP);
	m.offset = 10;
	assert_int_equal(roomlog_mark(s.log, &m), ERR_REPLAYED);
	/* Nothing has changed. */
	assert_memory_equal(roomlog_chain(s.log, 10), s.head.chain, WIRE_HASH);
	m.offset = 11;
	OK(roomlog_mark(s.log, &m));
	stage_free(&s);
}

TEST(the_newest_values_are_kept)
{
	struct stage s = stage_of(5);
	uint8_t early[WIRE_HASH];

	(void)state;
	more(&s, 10);
	memcpy(early, s.head.chain, WIRE_HASH); /* of 15 */
	more(&s, WIRE_CHAIN_KEPT - 1);
	assert_memory_equal(roomlog_chain(s.log, 15), early, WIRE_HASH);
	assert_null(roomlog_chain(s.log, 14));
	more(&s, 1);
	assert_null(roomlog_chain(s.log, 15));
	assert_non_null(roomlog_chain(s.log, 16));
	assert_null(roomlog_chain(s.log, s.head.offset + 1));
	assert_null(roomlog_chain(s.log, UINT64_MAX));
	stage_free(&s);
}

TEST(entering_again)
{
	struct stage s = stage_of(5);
	struct log_head head;

	(void)state;
	more(&s, 10);
	/* The same place; later; another log at 0. */
	OK(roomlog_enter(s.log, log_a, &s.head));
	head = s.head;
	head.offset += 3;
	OK(roomlog_enter(s.log, log_a, &head));
	assert_null(roomlog_chain(s.log, 17));
	OK(log_head_start(s.crypto, &head, log_b));
	OK(roomlog_enter(s.log, log_b, &head));
	assert_int_equal(roomlog_offset(s.log), 0);
	stage_free(&s);
}

TEST(an_empty_log_has_one_chain)
{
	struct stage s = stage_of(5);
	struct log_head head;

	(void)state;
	OK(log_head_start(s.crypto, &head, log_b));
	head.chain[0] ^= 1;
	assert_int_equal(roomlog_enter(s.log, log_b, &head), ERR_LOG);
	OK(log_head_start(s.crypto, &head, log_a));
	assert_int_equal(roomlog_enter(s.log, log_b, &head), ERR_LOG);
	stage_free(&s);
}

TEST(entering_a_log_that_is_not_what_it_was)
{
	struct stage s = stage_of(5);
	struct log_head head;

	(void)state;
	more(&s, 10);
	head = s.head;
	head.chain[31] ^= 1;
	assert_int_equal(roomlog_enter(s.log, log_a, &head), ERR_LOG);
	head = s.head;
	head.offset--;
	assert_int_equal(roomlog_enter(s.log, log_a, &head), ERR_LOG);
	stage_free(&s);
}

static void seal(struct stage *s, uint64_t seq)
{
	struct frame f = frame_of(1000 + seq);

	OK(roomlog_sealed(s->log, seq, f.p, sizeof(f.p)));
}

TEST(own_frames_come_back_as_marks)
{
	struct stage s = stage_of(0);
	struct log_mark m;
	uint64_t i;

	(void)state;
	for (i = 1; i <= 40; i++)
		seal(&s, i);
	for (i = 1; i <= 40; i++) {
		m = mark_of(s.crypto, i, i, 1000 + i);
		assert_int_equal(roomlog_place(s.log, i), 0);
		OK(roomlog_mark(s.log, &m));
		assert_int_equal(roomlog_place(s.log, i), i);
		assert_int_equal(roomlog_marked(s.log), i);
		OK(roomlog_acked(s.log, i, i));
		assert_int_equal(roomlog_place(s.log, i), 0);
		seal(&s, 40 + i);
	}
	/* The acknowledgement first. */
	OK(roomlog_acked(s.log, 42, 42));
	m = mark_of(s.crypto, 41, 41, 1041);
	OK(roomlog_mark(s.log, &m));
	m = mark_of(s.crypto, 42, 42, 1042);
	OK(roomlog_mark(s.log, &m));
	stage_free(&s);
}

/* One acknowledgement for many: each mark has told its own offset. */
TEST(where_own_frames_are)
{
	struct stage s = stage_of(0);
	struct log_mark m;
	uint64_t i;

	(void)state;
	for (i = 1; i <= 9; i++)
		seal(&s, i);
	/* Every other entry is somebody else's. */
	for (i = 1; i <= 8; i++) {
		m = mark_of(s.crypto, 2 * i - 1, 0, 5);
		OK(roomlog_mark(s.log, &m));
		m = mark_of(s.crypto, 2 * i, i, 1000 + i);
		OK(roomlog_mark(s.log, &m));
	}
	OK(roomlog_acked(s.log, 3, 6));
	for (i = 1; i <= 9; i++)
		assert_int_equal(
		    roomlog_place(s.log, i), i > 3 && i < 9 ? 2 * i : 0);
	/* Ahead of the mark: it is not known where the ninth is. */
	OK(roomlog_acked(s.log, 9, 17));
	for (i = 1; i <= 9; i++)
		assert_int_equal(roomlog_place(s.log, i), 0);
	roomlog_leave(s.log);
	assert_int_equal(roomlog_marked(s.log), 0);
	stage_free(&s);
}

TEST(false_marks_of_own_frames)
{
	struct stage s = stage_of(0);
	struct log_mark m;

	(void)state;
	/* One that we never sent. */
	m = mark_of(s.crypto, 1, 1, 1001);
	assert_int_equal(roomlog_mark(s.log, &m), ERR_LOG);
	seal(&s, 1);
	seal(&s, 2);
	/* Out of order, twice, another D. */
	m = mark_of(s.crypto, 1, 2, 1002);
	assert_int_equal(roomlog_mark(s.log, &m), ERR_LOG);
	m = mark_of(s.crypto, 1, 1, 1002);
	assert_int_equal(roomlog_mark(s.log, &m), ERR_LOG);
	m = mark_of(s.crypto, 1, 1, 1001);
	OK(roomlog_mark(s.log, &m));
	m.offset = 2;
	assert_int_equal(roomlog_mark(s.log, &m), ERR_LOG);
	/* Another offset than the acknowledgement's, before and after. */
	assert_int_equal(roomlog_acked(s.log, 1, 2), ERR_LOG);
	OK(roomlog_acked(s.log, 2, 3));
	m = mark_of(s.crypto, 2, 2, 1002);
	assert_int_equal(roomlog_mark(s.log, &m), ERR_LOG);
	stage_free(&s);
}

/* What a fence drops is sealed again, with another D. */
TEST(a_fence_forgets_what_is_sealed_again)
{
	struct stage s = stage_of(0);
	struct frame f = frame_of(7);
	struct log_mark m;

	(void)state;
	seal(&s, 1);
	seal(&s, 2);
	seal(&s, 3);
	OK(roomlog_acked(s.log, 1, 1));
	OK(roomlog_fence(s.log, 1));
	OK(roomlog_sealed(s.log, 2, f.p, sizeof(f.p)));
	m = mark_of(s.crypto, 1, 1, 1001);
	OK(roomlog_mark(s.log, &m));
	m = mark_of(s.crypto, 2, 2, 1002);
	assert_int_equal(roomlog_mark(s.log, &m), ERR_LOG);
	m = mark_of(s.crypto, 2, 2, 7);
	OK(roomlog_mark(s.log, &m));
	stage_free(&s);
}

/* What is marked is accepted: it must be acknowledged before the fence. */
TEST(a_fence_before_the_acknowledgement)
{
	struct stage s = stage_of(0);
	struct log_mark m = mark_of(s.crypto, 1, 1, 1001);

	(void)state;
	seal(&s, 1);
	OK(roomlog_mark(s.log, &m));
	assert_int_equal(roomlog_fence(s.log, 0), ERR_LOG);
	OK(roomlog_fence(s.log, 1));
	stage_free(&s);
}

/* A server that acknowledges and never marks does not fill our memory. */
TEST(frames_without_marks_are_bounded)
{
	struct stage s = stage_of(0);
	struct frame f = frame_of(1);
	uint64_t i;

	(void)state;
	for (i = 1; i <= ROOMLOG_OWN_MAX; i++)
		OK(roomlog_sealed(s.log, i, f.p, sizeof(f.p)));
	assert_int_equal(roomlog_sealed(s.log, i, f.p, sizeof(f.p)), ERR_LOG);
	stage_free(&s);
}

/* --- views ---------------------------------------------------------------- */

struct witness {
	struct stage s;
	struct events *queue;
	struct room_events events;
	struct views *views;
	struct person bob;
};

static void witness_begin(struct witness *w)
{
	w->s = stage_of(10);
	more(&w->s, 10);
	w->queue = events_new();
	assert_non_null(w->queue);
	w->events = (struct room_events){w->queue, NULL, "lobby", NULL};
	w->views = views_new(&w->events, w->s.log);
	assert_non_null(w->views);
	w->bob = (struct person){.member = 2, .name = "bob", .identity = {9}};
}

static void witness_free(struct witness *w)
{
	views_free(w->views);
	events_free(w->queue);
	stage_free(&w->s);
}

static struct log_view view_at(const struct witness *w, uint64_t offset)
{
	const uint8_t *chain = roomlog_chain(w->s.log, offset);
	struct log_view v = {.head = {.offset = offset}};

	if (chain != NULL)
		memcpy(v.head.chain, chain, WIRE_HASH);
	memcpy(v.log, log_a, WIRE_VIEW_LOG);
	return v;
}

/* The next event is a fork at this offset; 0: there is none. */
static void expect_fork(struct witness *w, uint64_t offset)
{
	const struct event *e = events_next(w->queue);

	if (offset == 0) {
		assert_null(e);
		return;
	}
	assert_non_null(e);
	assert_int_equal(e->type, EVENT_FORK);
	assert_int_equal(e->offset, offset);
	assert_string_equal(e->person->name, "bob");
}

TEST(views_that_say_nothing)
{
	struct log_view v;
	struct witness w;
	uint64_t i;

	(void)state;
	witness_begin(&w);
	for (i = 10; i <= 20; i++) {
		v = view_at(&w, i);
		OK(views_take(w.views, &w.bob, &v));
	}
	/* Before we came; of another log. */
	v = view_at(&w, 9);
	OK(views_take(w.views, &w.bob, &v));
	v = view_at(&w, 20);
	v.head.chain[0] ^= 1;
	memcpy(v.log, log_b, WIRE_VIEW_LOG);
	OK(views_take(w.views, &w.bob, &v));
	expect_fork(&w, 0);
	assert_false(views_forked(w.views));
	witness_free(&w);
}

TEST(a_view_that_differs)
{
	struct log_view v;
	struct witness w;

	(void)state;
	witness_begin(&w);
	v = view_at(&w, 15);
	v.head.chain[31] ^= 1;
	OK(views_take(w.views, &w.bob, &v));
	expect_fork(&w, 15);
	assert_true(views_forked(w.views));
	/* Once for each person; it stays, also after we have left. */
	OK(views_take(w.views, &w.bob, &v));
	expect_fork(&w, 0);
	w.bob.identity[5] = 1;
	OK(views_take(w.views, &w.bob, &v));
	expect_fork(&w, 15);
	views_leave(w.views);
	assert_true(views_forked(w.views));
	witness_free(&w);
}

/* The other has more of the log than we. */
TEST(views_ahead_wait)
{
	struct log_view v;
	struct witness w;
	int i;

	(void)state;
	witness_begin(&w);
	v = view_at(&w, 25); /* its chain is not ours */
	OK(views_take(w.views, &w.bob, &v));
	expect_fork(&w, 0);
	more(&w.s, 4);
	OK(views_compare(w.views));
	expect_fork(&w, 0);
	more(&w.s, 1);
	OK(views_compare(w.views));
	expect_fork(&w, 25);
	/* So many wait, and no more. */
	for (i = 0; i < WIRE_VIEWS_AHEAD + 50; i++) {
		w.bob.identity[1] = (uint8_t)(i >> 8);
		w.bob.identity[2] = (uint8_t)i;
		v = view_at(&w, 26);
		OK(views_take(w.views, &w.bob, &v));
	}
	more(&w.s, 1);
	OK(views_compare(w.views));
	for (i = 0; events_next(w.queue) != NULL; i++)
		;
	/* VIEWS_NAMED people in all: one was named before. */
	assert_int_equal(i, VIEWS_NAMED - 1);
	witness_free(&w);
}

static int fixed(void *arg, void *out, size_t n)
{
	memset(out, 0, n);
	((uint8_t *)out)[n - 1] = *(uint8_t *)arg;
	return 0;
}

TEST(when_our_own_is_due)
{
	uint8_t lot = 4;
	const struct rng rng = {fixed, &lot};
	struct witness w;

	(void)state;
	witness_begin(&w);
	assert_int_equal(views_deadline(w.views), UINT64_MAX);
	assert_false(views_tick(w.views, 5));
	views_heard(w.views);
	assert_true(views_owed(w.views));
	assert_int_equal(views_deadline(w.views), 0);
	assert_false(views_tick(w.views, 1000));
	assert_int_equal(views_deadline(w.views), 1000 + VIEWS_MS);
	assert_false(views_tick(w.views, 999 + VIEWS_MS));
	assert_true(views_tick(w.views, 1000 + VIEWS_MS));
	assert_int_equal(views_deadline(w.views), 1000 + 2 * VIEWS_MS);
	views_said(w.views);
	assert_int_equal(views_deadline(w.views), UINT64_MAX);
	assert_false(views_owed(w.views));
	/* All of five, about five of many. */
	lot = 200;
	assert_true(views_drawn(&rng, 5, VIEWS_PEOPLE));
	assert_false(views_drawn(&rng, 250, VIEWS_PEOPLE));
	lot = 4;
	assert_true(views_drawn(&rng, 250, VIEWS_PEOPLE));
	witness_free(&w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(name) check_add(&g, name, NULL, #name)
	ADD(the_chain_is_that_of_the_frames);
	ADD(offsets_have_no_gap);
	ADD(the_newest_values_are_kept);
	ADD(entering_again);
	ADD(an_empty_log_has_one_chain);
	ADD(entering_a_log_that_is_not_what_it_was);
	ADD(own_frames_come_back_as_marks);
	ADD(where_own_frames_are);
	ADD(false_marks_of_own_frames);
	ADD(a_fence_forgets_what_is_sealed_again);
	ADD(a_fence_before_the_acknowledgement);
	ADD(frames_without_marks_are_bounded);
	ADD(views_that_say_nothing);
	ADD(a_view_that_differs);
	ADD(views_ahead_wait);
	ADD(when_our_own_is_due);
#undef ADD
	return check_run("a room's log", &g);
}

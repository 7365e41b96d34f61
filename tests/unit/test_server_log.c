/* The log interface: a room delivers and acknowledges an entry only when the
 * log returns it, whichever log is used. */
#include "server/log/log_memory.h"
#include "tests/unit/room_world.h"

/* A log that returns entries when the test says so. */
struct later {
	struct log log;
	struct log_stream stream;
	struct log_entry entry[8];
	size_t n;
};

static struct log_stream *later_open(
    struct log *l, uint32_t room, const struct log_events *events)
{
	struct later *t = (struct later *)(void *)l;

	assert_int_equal(room, ROOM_ID);
	t->stream = (struct log_stream){l, *events};
	return &t->stream;
}

static void later_close(struct log_stream *s)
{
	(void)s;
}

static int later_append(struct log_stream *s, const struct log_entry *e)
{
	struct later *t = (struct later *)(void *)s->log;

	if (t->n == sizeof(t->entry) / sizeof(t->entry[0])) {
		s->events.failed(s->events.arg, e, ERR_AGAIN,
		    &(struct log_caller){.in_append = true});
		return ERR_AGAIN;
	}
	t->entry[t->n++] = *e;
	return 0;
}

static const struct log_ops later_ops = {
    .open = later_open, .close = later_close, .append = later_append};

/* Returns the oldest entry, as if from the log's own thread. */
static void comes_back(struct later *t, int err)
{
	struct log_entry e = t->entry[0];
	const struct log_caller by = {.crypto = e.crypto};

	assert_true(t->n > 0);
	memmove(&t->entry[0], &t->entry[1], --t->n * sizeof(e));
	if (err != 0)
		t->stream.events.failed(t->stream.events.arg, &e, err, &by);
	else
		(void)t->stream.events.appended(t->stream.events.arg, &e, &by);
}

/* A frame as the relay sees it; the relay cannot decrypt it. */
static int sends(struct peer *p, uint32_t epoch, uint64_t seq)
{
	uint8_t body[WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG + 20] = {0};

	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, seq);
	return room_group(p->member, body, sizeof(body), NULL);
}

/* Alice and bob are in a room with this log, in epoch 1. */
static void two(struct world *w, struct later *t, struct peer *p[2])
{
	memset(t, 0, sizeof(*t));
	t->log.ops = &later_ops;
	room_free(w->room);
	w->o.log = &t->log;
	w->room = room_new(&w->o);
	assert_non_null(w->room);
	p[0] = peer_enter(w, "alice");
	p[1] = peer_enter(w, "bob");
	assert_int_equal(world_rekey_all(w), 0);
	(void)peer_reads(p[0]);
	(void)peer_reads(p[1]);
}

static void test_nothing_before_it_is_appended(void **state)
{
	struct world *w = *state;
	static struct later t; /* used until the room ends */
	struct peer *p[2];

	two(w, &t, p);
	assert_int_equal(sends(p[0], 1, 1), 0);
	assert_int_equal(sends(p[1], 1, 1), 0);
	READS(p[0], "");
	READS(p[1], "");
	assert_int_equal(t.entry[0].room, ROOM_ID);
	assert_int_equal(t.entry[0].sender, p[0]->id);
	comes_back(&t, 0);
	READS(p[0], "ack 1@1");
	READS(p[1], "1:1 in 1 @1");
	comes_back(&t, 0);
	READS(p[0], "2:1 in 1 @2");
	READS(p[1], "ack 1@2");
}

/* The order in the log counts, not the order of arrival. */
static void test_a_fence_before_it_came_back(void **state)
{
	struct world *w = *state;
	static struct later t; /* used until the room ends */
	struct peer *p[2], *carol;

	two(w, &t, p);
	carol = peer_enter(w, "carol");
	w->now_ms += SECOND;
	assert_int_equal(world_rekey_all(w), 0);
	(void)peer_reads(p[0]);
	(void)peer_reads(p[1]);
	assert_int_equal(sends(p[0], 2, 1), 0);
	room_leave(carol->member);
	w->now_ms += SECOND;
	assert_int_equal(world_rekey_all(w), 0);
	READS(p[0], "key 3 leave; leave carol in 3 for 3");
	(void)peer_reads(p[1]);
	comes_back(&t, 0); /* dropped and not counted */
	READS(p[0], "");
	READS(p[1], "");
	assert_int_equal(sends(p[0], 3, 1), 0); /* sealed again */
	comes_back(&t, 0);
	READS(p[0], "ack 1@3");
	READS(p[1], "1:1 in 3 @3");
}

static void test_its_sender_left_meanwhile(void **state)
{
	struct world *w = *state;
	static struct later t; /* used until the room ends */
	struct peer *p[2];

	two(w, &t, p);
	assert_int_equal(sends(p[0], 1, 1), 0);
	room_leave(p[0]->member);
	comes_back(&t, 0);
	READS(p[1], "");
}

/* A gap is found when the entry comes back; its sender is then disconnected. */
static void test_protocol_error_later(void **state)
{
	struct world *w = *state;
	static struct later t; /* used until the room ends */
	struct peer *p[2];

	two(w, &t, p);
	w->ended_code = CODE_PROTOCOL;
	assert_int_equal(sends(p[0], 1, 2), 0);
	comes_back(&t, 0);
	READS(p[1], "");
	assert_ptr_equal(w->ended, p[0]->member);
}

/* A failed entry is neither delivered nor acknowledged. */
static void test_append_that_fails(void **state)
{
	struct world *w = *state;
	static struct later t; /* used until the room ends */
	struct peer *p[2];
	uint64_t i;

	two(w, &t, p);
	w->ended_code = CODE_SHUTDOWN;
	assert_int_equal(sends(p[0], 1, 1), 0);
	comes_back(&t, ERR_IO);
	READS(p[0], "");
	READS(p[1], "");
	assert_ptr_equal(w->ended, p[0]->member);
	/* A full log is reported to the caller at once. */
	for (i = 1; i <= 8; i++)
		assert_int_equal(sends(p[1], 1, i), 0);
	assert_int_equal(sends(p[1], 1, i), ERR_AGAIN);
	while (t.n > 0)
		comes_back(&t, 0);
	READS(p[1], "ack 8@8");
}

static bool nothing(void *arg, uint64_t offset, const struct log_entry *e)
{
	(void)arg;
	(void)e;
	fail_msg("entry at %u", (unsigned)offset);
	return false;
}

static void test_memory_keeps_nothing(void **state)
{
	struct world *w = *state;
	struct peer *p;

	p = peer_enter(w, "alice");
	assert_int_equal(world_rekey_all(w), 0);
	(void)peer_reads(p);
	assert_int_equal(sends(p, 1, 1), 0);
	READS(p, "ack 1@1"); /* this log returns entries at once */
	assert_int_equal(log_read(w->room->log, 1, 100, nothing, NULL), 0);
	/* The call itself returns the error of a refused frame. */
	assert_int_equal(sends(p, 1, 1), ERR_REPLAYED);
	assert_int_equal(sends(p, 1, 3), ERR_GAP);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    T(test_nothing_before_it_is_appended),
	    T(test_a_fence_before_it_came_back),
	    T(test_its_sender_left_meanwhile),
	    T(test_protocol_error_later),
	    T(test_append_that_fails),
	    T(test_memory_keeps_nothing),
	};

	json_setup();
	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}

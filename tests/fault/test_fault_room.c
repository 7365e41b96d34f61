/* Tests a room when an allocation fails: the affected member leaves, or the
 * rekey is delayed, and the other members continue. Once memory is available
 * again, every remaining member has read everything, in order, and has the
 * newest key. */
#include "shared/wire/json.h"
#include "shared/base/oom.h"
#include "tests/fault/sweep.h"
#include "tests/unit/room_world.h"

static struct world *shared;

static int setup(void **state)
{
	assert_true(oom_setup());
	json_setup();
	if (world_up(state) != 0)
		return -1;
	shared = *state;
	return 0;
}

/* --- members ------------------------------------------------------------- */

static ssize_t write_all(void *arg, const struct iovec *iov, int n)
{
	struct peer *p = arg;
	ssize_t all = 0;
	int i;

	fail_alloc->armed = 0; /* the reader's memory does not count */
	for (i = 0; i < n; i++) {
		p->wire = realloc(p->wire, p->n_wire + iov[i].iov_len + 1);
		assert_non_null(p->wire);
		memcpy(p->wire + p->n_wire, iov[i].iov_base, iov[i].iov_len);
		p->n_wire += iov[i].iov_len;
		all += (ssize_t)iov[i].iov_len;
	}
	fail_alloc->armed = 1;
	return all;
}

/* Does the connection's part: a member whose queue failed, or who cannot be
 * written to, leaves. */
static void flush(struct peer *p)
{
	struct outq_io io = {write_all, p};
	int r = 0;

	if (p->q.state != OUTQ_FAILED)
		r = FAULTY(outq_flush(&p->q, p->server, &p->w->work, &io));
	if (!sweep_ok(r) || p->q.state == OUTQ_FAILED) {
		outq_fail(&p->q, r);
		assert_true(sweep_failed());
		room_leave(p->member);
	}
}

static bool there(const struct peer *p)
{
	return p->member != NULL && member_taken(p->member) &&
	       p->q.state == OUTQ_OPEN;
}

static void flush_all(struct world *w)
{
	size_t i;

	FAULTY_VOID(room_thread_deliver(w->thread[0]));
	for (i = 0; i < w->n; i++)
		flush(w->peer[i]);
	for (i = 0; i < w->n; i++)
		if (there(w->peer[i]))
			(void)peer_reads(w->peer[i]);
}

static struct peer *comes(struct world *w, const char *name)
{
	struct peer *p = peer_new(w, name);
	struct room_newcomer n = {.person = peer_card(p),
	    .out = &p->q,
	    .member = p->member = FAULTY(memberships_new(&p->rooms))};
	enum wire_code refused;

	if (p->member == NULL) {
		assert_true(sweep_failed());
		return p;
	}
	if (!sweep_ok(FAULTY(room_enter(w->room, w->thread[0], &n, &refused))))
		assert_false(member_taken(p->member));
	else
		assert_int_equal(refused, CODE_NONE);
	return p;
}

static void turn(struct world *w)
{
	bool more;
	int n = 0;

	w->now_ms += SECOND;
	/* A leave's rekey, then both halves of the newcomers'. */
	do {
		assert_true(n++ < 4);
		(void)sweep_ok(FAULTY(world_rekey(w)));
		FAULTY_VOID(room_thread_deliver(w->thread[0]));
		do
			more = FAULTY(room_thread_work(w->thread[0]));
		while (more);
	} while (rekey_deadline(&w->room->rekey) <= w->now_ms);
	flush_all(w);
}

/* As dispatch.c does: an error on our side ends the connection. */
static void says(struct peer *p)
{
	uint8_t body[WIRE_GROUP_HEAD + 64 + 2000 + WIRE_TAG] = {0};
	int r;

	if (!there(p) || !member_is_in(p->member))
		return;
	put_u32(body + 8, ROOM_ID);
	put_u32(body + 12, p->now.epoch);
	put_u32(body + 16, p->id);
	put_u64(body + 20, p->seq + 1);
	r = FAULTY(room_group(p->member, body, sizeof(body), NULL));
	if (sweep_ok(r))
		p->seq++;
	else
		room_leave(p->member);
}

static void asks(struct peer *p)
{
	if (there(p) && member_is_in(p->member) &&
	    !sweep_ok(FAULTY(room_user_list(p->member, ROOM_ID, 0))))
		room_leave(p->member);
	if (there(p) && member_is_in(p->member) &&
	    !sweep_ok(FAULTY(room_identity(p->member, p->id))))
		room_leave(p->member);
}

/* --- final checks -------------------------------------------------------- */

static void all_is_well(struct world *w)
{
	struct peer *zoe;
	size_t i;

	/* Two rekeys complete any unfinished one. */
	sweep_over();
	turn(w);
	turn(w);
	zoe = comes(w, "zoe");
	turn(w);
	assert_true(there(zoe) && member_is_in(zoe->member));
	says(zoe);
	room_thread_deliver(w->thread[0]);
	for (i = 0; i < w->n; i++) {
		struct peer *p = w->peer[i];

		if (!there(p))
			continue;
		assert_true(member_is_in(p->member));
		assert_int_equal(p->now.epoch, room_epoch(w->room));
		assert_memory_equal(p->secret, zoe->secret, WIRE_KEY);
		assert_non_null(strstr(peer_reads(p), p == zoe ? "ack" : ":1"));
	}
}

static void room_scenario(void *arg)
{
	struct world w = *shared;
	struct peer *a, *b, *c;
	int i;

	(void)arg;
	outq_ready_init(&w.ready);
	w.room = NULL;
	w.thread[0] = w.thread[1] = NULL;
	w.log = NULL;
	if ((w.directory = FAULTY(directory_new(0))) == NULL ||
	    (w.log = FAULTY(log_memory_new())) == NULL ||
	    (w.o.directory = w.directory, w.o.log = w.log,
		w.room = FAULTY(room_new(&w.o))) == NULL ||
	    (w.thread[0] = FAULTY(world_thread(&w))) == NULL) {
		assert_true(sweep_failed());
		goto out;
	}
	a = comes(&w, "alice");
	turn(&w);
	b = comes(&w, "bob");
	c = comes(&w, "carol");
	turn(&w);
	for (i = 0; i < 6; i++) { /* overflows a queue that has no memory */
		says(a);
		says(b);
	}
	asks(c);
	flush_all(&w);
	FAULTY_VOID(room_leave(b->member));
	turn(&w);
	says(a);
	says(c);
	flush_all(&w);
	w.now_ms += WIRE_REKEY_MS;
	turn(&w);
	says(c);
	flush_all(&w);
	all_is_well(&w);
	while (w.n > 0)
		peer_free(w.peer[--w.n]);
out:
	room_thread_free(w.thread[0]);
	room_free(w.room);
	log_free(w.log);
	directory_free(w.directory);
}

static void test_room(void **state)
{
	(void)state;
	sweep("a room: join, talk, leave, rekey", room_scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, setup, world_down);
}

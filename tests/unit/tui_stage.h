/* tui_stage.h - the full-screen user interface in a pseudo-terminal, with a
 * fake session that follows the test's orders. The interface is the real one;
 * session.h's functions are defined here, so the real session is not linked.
 * One file of each test program includes this header. */
#ifndef CONCLAVE_TESTS_TUI_STAGE_H
#define CONCLAVE_TESTS_TUI_STAGE_H

#include "tests/unit/tui_child.h"

/* --- the test's side ------------------------------------------------------ */

struct stage {
	struct vt *vt;
	int fd;
	uint64_t sleeps_ms; /* as of the last sync */
	/* Messages said that no check has consumed; the last request to end. */
	struct reply said[32];
	size_t n_said;
	struct request asked; /* the latest; its number */
	int n_asked;
	int n_ends;
	bool end_flush;
	int n_refused; /* how often the server's key was refused */
	struct order order; /* zeroed after each use */
};

static inline struct stage *stage_new(const struct stage_opts *o)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct stage_child c = {.o = o};
	int fds[2], size = 4 << 20;

	if (s == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		abort();
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	c.fd = fds[1];
	s->vt = vt_spawn(o->rows, o->cols, stage_child, &c);
	close(fds[1]);
	s->fd = fds[0];
	return s;
}

static inline void stage_free(struct stage *s)
{
	vt_free(s->vt);
	close(s->fd);
	free(s);
}

/* Reads one reply, if it arrives within `ms`. */
static inline bool stage_listen(struct stage *s, int ms)
{
	struct pollfd p[2] = {{s->fd, POLLIN, 0}, {s->vt->master, POLLIN, 0}};
	static struct reply r;

	poll(p, 2, ms);
	vt_read(s->vt, 0);
	if (recv(s->fd, &r, sizeof(r), MSG_DONTWAIT) <= 0)
		return false;
	if (r.what == REPLY_SAID && s->n_said < 32)
		s->said[s->n_said++] = r;
	if (r.what == REPLY_ASKED) {
		memcpy(&s->asked, r.text, sizeof(s->asked));
		s->asked.number = r.at;
		s->n_asked++;
	}
	if (r.what == REPLY_END) {
		s->n_ends++;
		s->end_flush = r.flush;
	}
	if (r.what == REPLY_REFUSE)
		s->n_refused++;
	if (r.what == REPLY_SYNC)
		s->sleeps_ms = r.sleeps_ms;
	return r.what == REPLY_SYNC;
}

static inline void stage_send(struct stage *s, enum order_what what)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	s->order.what = what;
	while (send(s->fd, &s->order, sizeof(s->order), MSG_DONTWAIT) < 0) {
		if ((errno != EAGAIN && errno != ENOBUFS) || stage_now() > end)
			fail_msg("no child: %s", strerror(errno));
		(void)stage_listen(s, 10);
	}
	memset(&s->order, 0, sizeof(s->order));
}

/* Waits until the child has processed all orders and keys so far and the screen
 * shows the result. The child polls the terminal first, which on Linux waits for
 * the keys in transit. The other way that is not enough: of a frame longer than
 * the 4 KiB that a terminal holds, poll may miss the rest on a busy machine. So
 * the child sends a mark behind its last frame. */
static inline void stage_sync(struct stage *s)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	stage_send(s, ORDER_SYNC);
	while (!stage_listen(s, 50))
		if (stage_now() > end)
			fail_msg("the screen does not come to rest:\n%s",
			    vt_dump(s->vt));
	vt_wait_mark(s->vt);
}

/* Like vt_expect, but also waits for the end of the frame, so that the rest of
 * the screen can be checked too. Only while the child runs. */
static inline void stage_expect(struct stage *s, const char *text)
{
	vt_expect(s->vt, text);
	stage_sync(s);
}

static inline void stage_expect_row(struct stage *s, int row, const char *text)
{
	vt_expect_row(s->vt, row, text);
	stage_sync(s);
}

static inline void stage_expect_log(struct stage *s, const char *bytes)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (!vt_log_has(s->vt, bytes)) {
		if (stage_now() > end)
			fail_msg("it did not send %s", bytes + 1);
		vt_read(s->vt, 20);
	}
}

static inline void stage_expect_not(struct stage *s, const char *text)
{
	vt_expect_not(s->vt, text);
	stage_sync(s);
}

static inline void stage_event(
    struct stage *s, enum event_type type, const char *name, const char *reason)
{
	struct order *o = &s->order;

	o->event.type = type;
	if (name != NULL) {
		o->has_person = true;
		snprintf(o->person.name, sizeof(o->person.name), "%s", name);
	}
	snprintf(
	    o->reason, sizeof(o->reason), "%s", reason != NULL ? reason : "");
	stage_send(s, ORDER_EVENT);
}

static inline void stage_message_n(
    struct stage *s, const char *name, const char *text, size_t n)
{
	struct order *o = &s->order;

	if (o->event.ts_ms == 0)
		o->event.ts_ms = UINT64_C(1795005240000);
	memcpy(o->text, text, n);
	o->event.text_len = n;
	stage_event(s, EVENT_MESSAGE, name, NULL);
}

static inline void stage_message(
    struct stage *s, const char *name, const char *text)
{
	stage_message_n(s, name, text, strlen(text));
}

/* Sets the names of the i-th room (me first, NULL at the end) and `epoch`. */
static inline void stage_room_at(struct stage *s, unsigned at,
    const char *name, uint32_t epoch, const char *const *names)
{
	struct room *r = &s->order.room;
	size_t i;

	s->order.at = at;
	snprintf(r->name, sizeof(r->name), "%s", name);
	strcpy(r->people[0].name, "me");
	r->people[0].self = true;
	memset(r->people[0].fingerprint, 1, WIRE_HASH);
	for (i = 0; names[i] != NULL; i++) {
		snprintf(r->people[i + 1].name, sizeof(r->people[0].name), "%s",
		    names[i]);
		memset(r->people[i + 1].fingerprint, (int)i + 2, WIRE_HASH);
	}
	r->n = i + 1;
	r->status.joined = r->status.known = true;
	r->status.epoch = epoch;
	r->status.verified = r->n > 2 ? r->n - 2 : 0;
	r->rtt_ms = 12;
	stage_send(s, ORDER_ROOM);
}

static inline void stage_room(
    struct stage *s, uint32_t epoch, const char *const *names)
{
	stage_room_at(s, 0, "lobby", epoch, names);
}

/* The user is in the i-th room, with alice and carol. */
static inline void stage_enter(
    struct stage *s, unsigned at, const char *name)
{
	static const char *const names[] = {"alice", "carol", NULL};

	stage_room_at(s, at, name, 7, names);
	s->order.at = at;
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
}

/* Somebody speaks in the i-th room. */
static inline void stage_message_at(
    struct stage *s, unsigned at, const char *name, const char *text)
{
	s->order.at = at;
	stage_message(s, name, text);
}

/* In the room with alice and bob, with the frame drawn. */
static inline struct stage *stage_in(const struct stage_opts *o)
{
	static const char *const names[] = {"alice", "bob", NULL};
	struct stage *s = stage_new(o);

	stage_room(s, 7, names);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_sync(s);
	return s;
}

static inline void stage_until_said(struct stage *s)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_said == 0) {
		if (stage_now() > end)
			fail_msg("nothing was said; the screen:\n%s",
			    vt_dump(s->vt));
		(void)stage_listen(s, 20);
	}
}

/* Waits for the next message said and checks that it is this one. */
static inline void stage_expect_said(
    struct stage *s, const char *text, bool action)
{
	stage_until_said(s);
	assert_int_equal(s->said[0].n, strlen(text));
	assert_string_equal(s->said[0].text, text);
	assert_int_equal(s->said[0].action, action);
	memmove(s->said, s->said + 1, --s->n_said * sizeof(s->said[0]));
}

static inline void stage_expect_end(struct stage *s, bool flush)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_ends == 0) {
		if (stage_now() > end)
			fail_msg("no end was asked for:\n%s", vt_dump(s->vt));
		(void)stage_listen(s, 20);
	}
	assert_int_equal(s->end_flush, flush);
	s->n_ends = 0;
}

#endif

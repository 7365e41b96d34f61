/* presence.c - what one connection is in, was in, and waits for. */
#include "server/room/presence.h"

#include <stddef.h>
#include <stdlib.h>

#include "server/room/later.h"
#include "server/room/room_thread.h"
#include "shared/os/vec.h"
#include "shared/proto/request.h"

enum { GONE = WIRE_ROOMS };

/* An answer that waits for the store. */
struct presence_answer {
	struct later_item later;
	LIST_ENTRY(presence_answer) next;
	struct presence *of;
	struct frame *frame; /* a reference */
	uint32_t number;
	uint32_t leaves; /* the room that it leaves first; 0: none */
};

static void answer_drop(struct presence_answer *a)
{
	LIST_REMOVE(a, next);
	frame_unref(a->frame);
	free(a);
}

void presence_free(struct presence *p)
{
	struct presence_answer *a;

	while ((a = LIST_FIRST(&p->answers)) != NULL) {
		laters_remove(room_thread_laters(p->o->rooms), &a->later);
		answer_drop(a);
	}
	if (p->when_fn != NULL)
		laters_remove(room_thread_laters(p->o->rooms), &p->when);
	p->when_fn = NULL;
	memberships_free(&p->rooms);
	entrant_unref(p->who);
	free(p->open);
	free(p->gone);
	p->who = NULL;
	p->open = NULL;
	p->gone = NULL;
	p->n_open = p->open_cap = p->n_requests = p->n_gone = 0;
}

/* --- answers ------------------------------------------------------------- */

static struct frame *done_frame(uint32_t number, uint32_t room)
{
	struct frame *f = NULL;
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	if (answer_done(&json, number, room) == 0)
		f = frame_control(json.p, json.len);
	buf_free(&json);
	return f;
}

void presence_failed(
    struct presence *p, uint32_t number, enum wire_code code, const char *text)
{
	struct frame *f = NULL;
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	if (answer_failed(&json, number, code,
		text[0] != '\0' ? text : wire_code_str(code)) == 0)
		f = frame_control(json.p, json.len);
	buf_free(&json);
	outq_give(p->out, f);
}

/* --- requests that wait -------------------------------------------------- */

static bool is_open(const struct presence *p, uint32_t number)
{
	size_t i;

	for (i = 0; i < p->n_open && p->open[i].number != number; i++)
		;
	return i < p->n_open;
}

bool presence_may_ask(const struct presence *p, uint32_t number)
{
	return p->n_requests < WIRE_REQUESTS && !is_open(p, number);
}

int presence_open(struct presence *p, const struct presence_open *o)
{
	int err = vec_reserve(
	    &p->open, &p->open_cap, p->n_open + 1, sizeof(p->open[0]));

	if (err != 0)
		return err;
	p->n_requests += !is_open(p, o->number);
	p->open[p->n_open++] = *o;
	return 0;
}

/* True if the request no longer waits for anything. */
static bool close_request(struct presence *p, size_t i)
{
	uint32_t number = p->open[i].number;

	p->open[i] = p->open[--p->n_open];
	if (p->n_open == 0) { /* they are rare */
		free(p->open);
		p->open = NULL;
		p->open_cap = 0;
	}
	if (is_open(p, number))
		return false;
	p->n_requests--;
	return true;
}

void presence_unopen(struct presence *p)
{
	(void)close_request(p, p->n_open - 1);
}

/* Goes with the rest of the room if the member is put out before it is sent. */
static void entered(struct presence *p, const struct member *s, uint32_t number)
{
	struct frame *f = done_frame(number, member_room_id(s));

	if (f != NULL) {
		f->room = member_room_id(s);
		f->part = FRAME_ENTERED;
		f->request = number;
	}
	outq_give(p->out, f);
}

void presence_close(struct presence *p, uint32_t number)
{
	size_t i;

	for (i = 0; i < p->n_open; i++)
		if (p->open[i].number == number && p->open[i].of == NULL) {
			(void)close_request(p, i);
			return;
		}
}

/* The store has committed what the answer is about. */
static void answer_due(struct later_item *l)
{
	struct presence_answer *a = (struct presence_answer *)(void *)l;
	struct presence *p = a->of;
	struct member *s;

	presence_close(p, a->number);
	if (a->leaves != 0 &&
	    (s = memberships_in(&p->rooms, a->leaves)) != NULL) {
		room_quit(s);
		presence_left(p, s, CODE_QUIT);
	}
	outq_give(p->out, frame_ref(a->frame));
	answer_drop(a);
}

/* NULL: no memory. Takes over the frame. */
static struct presence_answer *answer_later(struct presence *p,
    uint32_t number, uint64_t ticket, struct frame *f)
{
	const struct presence_open o = {.number = number};
	struct presence_answer *a = calloc(1, sizeof(*a));

	if (f == NULL || a == NULL || presence_open(p, &o) != 0) {
		frame_unref(f);
		free(a);
		return NULL;
	}
	a->later = (struct later_item){.ticket = ticket, .fn = answer_due};
	a->of = p;
	a->frame = f;
	a->number = number;
	LIST_INSERT_HEAD(&p->answers, a, next);
	laters_add(room_thread_laters(p->o->rooms), &a->later);
	return a;
}

static bool is_over(const struct presence *p, uint64_t ticket)
{
	return ticket == 0 ||
	       laters_over(room_thread_laters(p->o->rooms), ticket);
}

void presence_give(
    struct presence *p, uint32_t number, uint64_t ticket, struct frame *f)
{
	if (is_over(p, ticket))
		outq_give(p->out, f);
	else if (answer_later(p, number, ticket, f) == NULL)
		outq_give(p->out, NULL);
}

static void when_due(struct later_item *l)
{
	struct presence *p =
	    (struct presence *)(void *)((char *)l -
					offsetof(struct presence, when));
	void (*fn)(struct presence *p) = p->when_fn;

	p->when_fn = NULL;
	fn(p);
}

void presence_when(
    struct presence *p, uint64_t ticket, void (*fn)(struct presence *p))
{
	if (is_over(p, ticket)) {
		fn(p);
		return;
	}
	p->when = (struct later_item){.ticket = ticket, .fn = when_due};
	p->when_fn = fn;
	laters_add(room_thread_laters(p->o->rooms), &p->when);
}

void presence_done(
    struct presence *p, uint32_t number, uint32_t room, uint64_t ticket)
{
	presence_give(p, number, ticket, done_frame(number, room));
}

int presence_finish(
    struct presence *p, uint32_t number, const struct registry_answer *a)
{
	size_t i;
	int err;

	if (a->code != CODE_NONE) {
		presence_failed(p, number, a->code, a->text);
		return 0;
	}
	for (i = 0; i < a->n_later; i++) {
		err = presence_open(p,
		    &(struct presence_open){.number = number,
			.of = a->later[i],
			.ticket = a->ticket});
		if (err != 0)
			return err;
	}
	if (a->n_later == 0)
		presence_done(p, number, a->room, a->ticket);
	return 0;
}

void presence_leave(struct presence *p, uint32_t number, struct member *s,
    uint64_t ticket)
{
	uint64_t pending = member_pending(s);
	struct presence_answer *a;

	if (is_over(p, pending)) {
		room_quit(s);
		presence_left(p, s, CODE_QUIT);
		presence_done(p, number, 0, ticket);
		return;
	}
	a = answer_later(p, number, ticket > pending ? ticket : pending,
	    done_frame(number, 0));
	if (a == NULL)
		outq_give(p->out, NULL);
	else
		a->leaves = member_room_id(s);
}

void presence_admitted(struct presence *p, const struct member *s)
{
	uint32_t number;
	size_t i;

	for (i = 0; i < p->n_open; i++)
		if (p->open[i].of == s && p->open[i].join) {
			number = p->open[i].number;
			(void)close_request(p, i);
			entered(p, s, number);
			return;
		}
}

bool presence_answered(
    struct presence *p, const struct member *s, uint32_t number)
{
	uint64_t ticket;
	size_t i;

	for (i = 0; i < p->n_open; i++)
		if (p->open[i].number == number && p->open[i].of == s)
			break;
	if (i == p->n_open)
		return false;
	ticket = p->open[i].ticket;
	if (!close_request(p, i))
		return false;
	if (is_over(p, ticket))
		return true;
	presence_done(p, number, 0, ticket);
	return false;
}

void presence_left(struct presence *p, struct member *s, enum wire_code code)
{
	struct presence_open was;
	bool over;
	size_t i = 0;

	while (i < p->n_open) {
		was = p->open[i];
		if (was.of != s) {
			i++;
			continue;
		}
		over = close_request(p, i);
		if (was.join)
			presence_failed(p, was.number, code, "");
		else if (over)
			presence_done(p, was.number, 0, was.ticket);
	}
	if (p->o->left != NULL)
		p->o->left(p, s, code);
}

/* --- rooms that it was put out of ---------------------------------------- */

/* Without memory a late frame is a protocol error. */
static void gone(struct presence *p, uint32_t room)
{
	if (p->gone == NULL)
		p->gone = calloc(GONE, sizeof(*p->gone));
	if (p->gone != NULL)
		p->gone[p->n_gone++ % GONE] = room;
}

/* A room_join of this room waits for its answer. */
static bool joins(const struct presence *p, const struct member *s)
{
	size_t i;

	for (i = 0; i < p->n_open; i++)
		if (p->open[i].of == s && p->open[i].join)
			return true;
	return false;
}

bool presence_put_out(
    struct presence *p, struct member *s, const struct room_out *out)
{
	bool told = !out->unseen || out->unanswered != 0 || joins(p, s);

	gone(p, member_room_id(s));
	if (out->unanswered != 0)
		presence_failed(p, out->unanswered, out->code, "");
	presence_left(p, s, out->code);
	return told;
}

void presence_back(struct presence *p, uint32_t room)
{
	size_t i;

	for (i = 0; p->gone != NULL && i < GONE; i++)
		if (p->gone[i] == room)
			p->gone[i] = 0;
}

bool presence_was_in(const struct presence *p, uint32_t room)
{
	size_t i;

	for (i = 0; p->gone != NULL && i < GONE; i++)
		if (p->gone[i] == room)
			return room != 0;
	return false;
}

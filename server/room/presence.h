/* presence.h - one connection on the server once it is in: who it is, the rooms
 * that it is in or was put out of, and the requests whose answers wait for a
 * room. */
#ifndef CONCLAVED_ROOM_PRESENCE_H
#define CONCLAVED_ROOM_PRESENCE_H

#include "server/room/entrant.h"
#include "server/room/later.h"
#include "server/room/memberships.h"
#include "server/room/registry_by.h"

struct blob_flow;
struct delivery;
struct presence;
struct reading;
struct registry;

/* Shared by the connections of one thread. Everything is borrowed. */
struct presence_opts {
	const struct registry *registry;
	struct room_thread *rooms; /* the thread's */
	/* It has entered another room, and waits there; it has left one, on
	 * purpose or put out. */
	void (*joined)(struct presence *p, struct member *s);
	void (*left)(struct presence *p, struct member *s, enum wire_code code);
};

/* Embedded in the connection's dispatch, zeroed; the pointers are borrowed. */
struct presence {
	const struct presence_opts *o;
	struct outq *out;
	struct entrant *who; /* a reference; NULL: not in yet */
	uint64_t came_ms;    /* when it was known who it is */
	struct memberships rooms;
	struct directory_place home; /* its own, beside those in rooms */
	bool has_address;
	uint8_t address[TALLY_KEY]; /* for room_newcomer */
	/* Open requests; one may wait for several rooms. */
	struct presence_open {
		uint32_t number;
		bool join;
		struct member *of; /* the room that it waits for; NULL: the
					* store, alone */
		uint64_t ticket; /* what it causes there */
	} * open;		       /* owned */
	size_t n_open, open_cap;
	size_t n_requests;
	struct later_item when; /* presence_when's */
	void (*when_fn)(struct presence *p); /* NULL: it waits for nothing */
	LIST_HEAD(, presence_answer) answers; /* that wait for the store; owned */
	LIST_HEAD(, invite_ask) invites; /* that are being made */
	struct delivery *delivery; /* of its device's queue; owned */
	struct reading *reading; /* its requests to read, in order; owned */
	struct blob_flow *blobs; /* owned; NULL: no files are under way */
	/* Rooms that it was put out of: what it sent them before it knew is
	 * dropped. Owned; the oldest overwritten; NULL: none. */
	uint32_t *gone;
	size_t n_gone;
};
void presence_free(struct presence *p); /* after memberships_leave */

/* --- requests ------------------------------------------------------------ */

/* False: the number is open already, or too many are. */
bool presence_may_ask(const struct presence *p, uint32_t number);
/* The request waits for this room. ERR_NOMEM. */
int presence_open(
    struct presence *p, const struct presence_open *o) MUST_CHECK;
/* Takes back the last presence_open. */
void presence_unopen(struct presence *p);
/* The request no longer waits for anything but a room. */
void presence_close(struct presence *p, uint32_t number);
/* Answers a request with what has come of it, when that is so. ERR_NOMEM. */
int presence_finish(struct presence *p, uint32_t number,
    const struct registry_answer *a) MUST_CHECK;
/* `done` in this frame, which it takes over, once the store has committed the
 * ticket. */
void presence_give(struct presence *p, uint32_t number, uint64_t ticket,
    struct frame *f);
/* Calls fn, once, when the store has committed the ticket: at once, or later in
 * this thread. One at a time. */
void presence_when(
    struct presence *p, uint64_t ticket, void (*fn)(struct presence *p));
/* Queue an answer; `done` once the store has committed the ticket. text "": the
 * code's own. */
void presence_done(
    struct presence *p, uint32_t number, uint32_t room, uint64_t ticket);
void presence_failed(
    struct presence *p, uint32_t number, enum wire_code code, const char *text);
/* Leaves the room, behind an ack of all that it has said there, and answers
 * `done`. */
void presence_leave(struct presence *p, uint32_t number, struct member *s,
    uint64_t ticket);

/* --- events of the rooms (room_thread_opts) ------------------------------ */

/* It has become a member: its room_join is answered. */
void presence_admitted(struct presence *p, const struct member *s);
/* True if nothing else is to come before the answer to this request. If it only
 * waits for the store, it is answered by itself. */
bool presence_answered(
    struct presence *p, const struct member *s, uint32_t number);
/* It has been put out of this room. False: nothing tells it so, because it
 * neither asked for this room, which is its card's, nor was sent its key. Its
 * connection has to end. */
bool presence_put_out(
    struct presence *p, struct member *s, const struct room_out *out);
/* It has left this room: nothing is to come from there. code: what a room_join
 * fails with. */
void presence_left(struct presence *p, struct member *s, enum wire_code code);

/* It is in this room again. */
void presence_back(struct presence *p, uint32_t room);
/* It was put out of this room, and may not have known when it sent this. */
bool presence_was_in(const struct presence *p, uint32_t room);

#endif

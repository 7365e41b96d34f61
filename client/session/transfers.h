/* transfers.h - the files of a session (PROTOCOL.md section 6a): those that we
 * send, those that others offer, and those of them that we get.
 *
 * A file that is sent becomes pieces under a key of its own; the server has them
 * all before the file is offered in the room. One that is fetched is asked for in
 * windows; each piece is checked before it is written, and the whole at the end.
 * What is not finished is on disk as a record, and goes on after a lost connection
 * or in a later run: a file that has changed since is refused. */
#ifndef CONCLAVE_SESSION_TRANSFERS_H
#define CONCLAVE_SESSION_TRANSFERS_H

#include "client/session/event.h"
#include "client/session/events.h"
#include "client/session/file.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "client/session/requests.h"

enum {
	TRANSFERS_MAX = 256, /* remembered; then the oldest that rests goes */
	TRANSFERS_GETS = 4,  /* are fetched at once; the others wait */
};

struct transfers_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	struct events *events;
	struct outgoing *out;
	struct requests *requests;
	struct file_ops ops; /* open NULL: there are no files */
	/* Whether we are in the file's room, or may speak directly; then: offers
	 * it there. */
	bool (*may_offer)(void *arg, const struct file_record *r);
	int (*offer)(
	    void *arg, const struct file_record *r, uint64_t wall_ms);
	void *arg;
};

struct transfers;
struct transfers *transfers_new(const struct transfers_opts *o);
void transfers_free(struct transfers *t); /* wipes; NULL is a no-op */

/* See session_file_send, _get, _cancel and session_files. */
struct transfers_to {
	const struct chatroom *room; /* NULL: directly */
	const char *name;	     /* of the room, or the person */
};
int transfers_send(struct transfers *t, const struct transfers_to *to,
    const char *path, uint32_t *number, struct errmsg *why) MUST_CHECK;
int transfers_get(struct transfers *t, uint32_t number, const char *name,
    struct errmsg *why) MUST_CHECK;
int transfers_cancel(struct transfers *t, uint32_t number) MUST_CHECK;
const struct session_file *transfers_at(const struct transfers *t, size_t i);
const struct session_file *transfers_numbered(
    const struct transfers *t, uint32_t number);
/* How many are on their way. */
size_t transfers_busy(const struct transfers *t);

/* The next event for the user, as events_next. One of a file has its file; an offer
 * is remembered, and perhaps accepted. */
const struct event *transfers_next(struct transfers *t);
/* An event of a file gets its file. False: there is none any more. */
bool transfers_event(struct transfers *t, struct event *e);
/* The server has our offer with this id. */
void transfers_sent(struct transfers *t, const uint8_t id[WIRE_ID]);

/* The link is up, or lost. */
void transfers_linked(struct transfers *t);
void transfers_lost(struct transfers *t);
/* From the server: a piece, an answer to any request, and a control frame; false:
 * that is about something else. An error ends the link; a server that lies about a
 * file only loses that file. */
int transfers_piece(
    struct transfers *t, const uint8_t *body, size_t n) MUST_CHECK;
void transfers_answer(struct transfers *t, const struct answer *a);
bool transfers_control(struct transfers *t, const struct control *c);

/* Whether transfers_step would ask or send something on a link; it never sends
 * more than outgoing_has_room allows. */
bool transfers_ready(const struct transfers *t);
int transfers_step(struct transfers *t) MUST_CHECK;
/* Reads a part of the files that are to be read again, and tells progress. */
void transfers_tick(struct transfers *t, uint64_t now_ms);
uint64_t transfers_deadline(const struct transfers *t, uint64_t now_ms);

#endif

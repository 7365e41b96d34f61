/* catchup.h - reads what was said in a room while the user was not in it, from
 * the newest entry that was shown to the head of the log at the entry, in
 * batches (past.h). What happens in the room meanwhile is shown after it, so
 * that everything comes once and in order.
 *
 * What was on its way when we entered, sealed in an epoch before our first, comes
 * as a mark after the entry: a member who returns reads it as well. */
#ifndef CONCLAVE_SESSION_CATCHUP_H
#define CONCLAVE_SESSION_CATCHUP_H

#include "client/session/inbox.h"
#include "client/session/roomlog.h"
#include "shared/proto/request.h"

enum {
	/* Entries that are read where none was shown before. */
	CATCHUP_FIRST = 200,
	/* What is live waits no longer for the server's answer. */
	CATCHUP_MS = 10000,
	/* Runs of marks that are to be read; with more, what lies between the
	 * last ones is read again, and not shown again. */
	CATCHUP_GAPS = 32,
};

struct catchup;
struct catchup_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	const struct group_place *place;
	struct roomlog *roomlog;
	struct inbox *inbox;
	struct room_events events; /* their hold is used */
};
struct catchup *catchup_new(const struct catchup_opts *o);
void catchup_free(struct catchup *c); /* NULL is a no-op */

/* The head of the room's log as the server says it at the entry: compares it with
 * what we know, and enters the log. same_run: we were in the room in this run of
 * the server, which cannot have lost anything since: ERR_LOG. In another run a
 * different log is told (EVENT_REWRITTEN), and read as one that is new. */
struct catchup_log {
	const char *room; /* its name */
	const uint8_t *log;
	const struct log_head *head;
	bool has_history; /* it is set to keep what is said */
	bool same_run;
};
int catchup_log(struct catchup *c, const struct catchup_log *in) MUST_CHECK;
/* It was another one, ever. */
bool catchup_rewritten(const struct catchup *c);
/* The newest entry that was shown. False: the room keeps no history, or nothing
 * was read yet. */
bool catchup_shown(
    const struct catchup *c, uint8_t log[WIRE_LOG], struct log_head *shown);

/* We are in the room, which has this number, and may read what is kept after
 * `since`; UINT64_MAX: nothing. */
int catchup_enter(struct catchup *c, uint32_t room, uint64_t since,
    uint64_t now_ms) MUST_CHECK;
/* In the place of an entry we got a mark, and may read it. */
void catchup_mark(struct catchup *c, uint64_t offset);
/* Something is to be asked for: fills in the request, which gets this number. */
bool catchup_wants(const struct catchup *c);
int catchup_ask(struct catchup *c, struct request *q) MUST_CHECK;
void catchup_asked(struct catchup *c, uint32_t number);
bool catchup_waits(const struct catchup *c); /* the answer is due */

/* What comes. Errors as past.h's; ERR_STATE: it was not asked for. */
int catchup_head(struct catchup *c, const struct log_batch *h) MUST_CHECK;
int catchup_entry(struct catchup *c, const uint8_t *body, size_t n) MUST_CHECK;
int catchup_answer(struct catchup *c, const struct answer *a) MUST_CHECK;

uint64_t catchup_deadline(const struct catchup *c);
int catchup_tick(struct catchup *c, uint64_t now_ms) MUST_CHECK;
/* We are no longer in the room. What is live and waits is shown when we are back,
 * in its place. */
void catchup_leave(struct catchup *c);
/* We are not to come back by ourselves: shows it. */
void catchup_over(struct catchup *c);

#endif

/* catchup.h - reads what was said in a room while the user was not in it, from
 * the newest entry that was shown to the head of the log at the entry, in
 * batches (past.h). What happens in the room meanwhile is shown after it, so
 * that everything comes once and in order. */
#ifndef CONCLAVE_SESSION_CATCHUP_H
#define CONCLAVE_SESSION_CATCHUP_H

#include "client/session/replay.h"
#include "client/session/seals.h"
#include "client/session/roomlog.h"
#include "client/session/speech.h"
#include "shared/proto/request.h"

enum {
	/* Entries that are read where none was shown before. */
	CATCHUP_FIRST = 200,
	/* What is live waits no longer for the server's next answer. */
	CATCHUP_MS = 10000,
	/* While the server cannot read it: so long at most, unless it can. */
	CATCHUP_REFUSED_MS = 60000,
	/* This program was stopped, or has no processor, when that was over. */
	CATCHUP_LATE_MS = 250,
	/* The history cannot be read at present: the pauses before it is asked
	 * for again. */
	CATCHUP_PAUSE_MS = 1000,
	CATCHUP_PAUSE_MAX_MS = 30000,
};

struct catchup;
struct catchup_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	const struct group_place *place;
	const struct seals *seals;
	struct roomlog *roomlog;
	struct inbox *inbox;
	struct speech *speech;	   /* it is told what of it the log has */
	struct replay replay;
	struct record *record;
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
/* The newest entry that was shown: before catchup_enter the one of last time.
 * False: the room keeps no history, or nothing was read yet. */
bool catchup_shown(
    const struct catchup *c, uint8_t log[WIRE_LOG], struct log_head *shown);

/* We are in the room, which has this number, and may read what is kept after
 * `since`; UINT64_MAX: nothing. */
int catchup_enter(struct catchup *c, uint32_t room, uint64_t since) MUST_CHECK;
/* An entry of the log that we are not given: it was on its way, under an older
 * key, when we came. The history has it for a member. After catchup_log. */
/* The room has a secret that we do not have, or no longer: what is said meanwhile,
 * and what was missed before, is read once we have it. */
void catchup_bar(struct catchup *c, bool on);
void catchup_mark(struct catchup *c, uint64_t offset);
/* Something is to be asked for: fills in the request, which gets this number. */
bool catchup_wants(const struct catchup *c);
int catchup_ask(
    struct catchup *c, struct request *q, uint64_t now_ms) MUST_CHECK;
void catchup_asked(struct catchup *c, uint32_t number);
bool catchup_waits(const struct catchup *c); /* the answer is due */
/* What the user said before the connection was lost may be in the log: it is not
 * sealed again before that was read. */
bool catchup_bars(const struct catchup *c);

/* What comes. Errors as past.h's; ERR_STATE: it was not asked for. */
int catchup_head(struct catchup *c, const struct log_batch *h) MUST_CHECK;
int catchup_entry(struct catchup *c, const uint8_t *body, size_t n) MUST_CHECK;
int catchup_flush(struct catchup *c) MUST_CHECK; /* past_flush */
int catchup_answer(
    struct catchup *c, const struct answer *a, uint64_t now_ms) MUST_CHECK;

/* The server can keep and read again, or not: what was refused is then asked for
 * at once. */
void catchup_storage(struct catchup *c, bool ok);

uint64_t catchup_deadline(const struct catchup *c);
int catchup_tick(struct catchup *c, uint64_t now_ms) MUST_CHECK;
/* The connection is lost: what waits is read again after what comes before it. */
void catchup_lost(struct catchup *c);
/* We are no longer in the room: what waits is shown. */
void catchup_leave(struct catchup *c);

#endif

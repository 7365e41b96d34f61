/* older.h - reads a part of a room's history because the user asks for it: the
 * newest entries before an offset. One part is read at a time, when nothing that
 * was missed is (catchup.h); the server may give fewer entries than were asked
 * for, and `first` in EVENT_HISTORY says where to go on.
 *
 * Each part is compared with all that is known of the log: the newest chain
 * values (roomlog.h), and the one before each part that was read. */
#ifndef CONCLAVE_SESSION_OLDER_H
#define CONCLAVE_SESSION_OLDER_H

#include "client/session/replay.h"
#include "client/session/seals.h"
#include "client/session/roomlog.h"
#include "shared/proto/request.h"

struct older;
struct older_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	const struct group_place *place;
	const struct seals *seals;
	struct roomlog *roomlog;
	struct replay replay;
	struct room_events events; /* whose hold is not used */
};
struct older *older_new(const struct older_opts *o);
void older_free(struct older *o); /* NULL is a no-op */

/* We are in the room, which has this log; what may be read begins after `since`,
 * UINT64_MAX: with our entry. */
void older_enter(struct older *o, uint32_t room, const uint8_t log[WIRE_LOG],
    uint64_t since);
/* We are no longer in it: what is open fails. ERR_NOMEM, ERR_LIMIT: without a
 * word. */
int older_leave(struct older *o);

uint32_t older_room(const struct older *o); /* 0: we are in none */

/* The user asks for at most `count` entries before the offset; 0: before what
 * will come. The request has this number. ERR_LIMIT: another is open; ERR_STATE:
 * we are not in the room. */
struct older_range {
	uint64_t before;
	uint32_t count;
};
int older_want(struct older *o, const struct older_range *range,
    uint32_t number) MUST_CHECK;
bool older_wants(const struct older *o); /* to be asked for */
int older_ask(struct older *o, struct request *q) MUST_CHECK;
bool older_waits(const struct older *o); /* asked: the answer is due */
bool older_is(const struct older *o, uint32_t number);

/* What comes. Errors as past.h's. */
int older_head(struct older *o, const struct log_batch *h) MUST_CHECK;
int older_entry(struct older *o, const uint8_t *body, size_t n) MUST_CHECK;
int older_flush(struct older *o) MUST_CHECK; /* past_flush */
int older_answer(struct older *o, const struct answer *a) MUST_CHECK;

#endif

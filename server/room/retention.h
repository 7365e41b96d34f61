/* retention.h - how long rooms keep what is said: what a new room is set to, and
 * the most that a room may be set to. Pure. */
#ifndef CONCLAVED_ROOM_RETENTION_H
#define CONCLAVED_ROOM_RETENTION_H

#include "shared/proto/room_info.h"

/* 0: no limit. A maximum that is less than the value of a new room counts as that
 * value. */
struct retention {
	enum room_history history; /* of a new room, as the next two are */
	uint32_t days, count;
	uint32_t days_max, count_max;
};

/* What a room is set to at first. stores: the server can keep anything. */
void retention_settings(
    const struct retention *r, bool stores, struct room_settings *out);
/* A room's settings change from *was to *now, by those in the set `named`. Where
 * this switches the history on, limits that were not named and are over the
 * maximum become those of a new room. False: more is asked for than the
 * maximum. */
bool retention_change(const struct retention *r,
    const struct room_settings *was, struct room_settings *now,
    unsigned named) MUST_CHECK;

enum { RETENTION_TEXT = 160 };
/* "this server keeps at most 365 days and 1000000 entries of a room". */
void retention_most(const struct retention *r, char out[RETENTION_TEXT]);
/* "new rooms keep what is said for 7 days, at most 100000 entries, for their
 * members". */
void retention_words(
    const struct retention *r, bool stores, char out[RETENTION_TEXT]);

#endif

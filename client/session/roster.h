/* roster.h - the people of the room: who they are, the last seq that each has
 * sent, and which member ids have left and may never come again. */
#ifndef CONCLAVE_SESSION_ROSTER_H
#define CONCLAVE_SESSION_ROSTER_H

#include "client/session/session.h"

enum {
	ROSTER_MAX = 65536,
	/* Ranges of ids that left. An id that comes again after so many others
	 * left would no longer be noticed. */
	ROSTER_LEFT_MAX = 65536,
};

/* What has been received from one sender. Before its first frame opened,
 * `begun` is false, unless its join was seen: then last is 0. */
struct inorder {
	bool begun;
	uint64_t last;
};
/* Counts a frame that opened: 0 and how many before it are *missing, or
 * ERR_REPLAYED and nothing changed. */
int inorder_take(struct inorder *i, uint64_t seq, uint64_t *missing) MUST_CHECK;

struct roster;
struct roster *roster_new(void);
void roster_free(struct roster *r);
/* Forgets the people, for a new list; ids that left stay known. */
void roster_clear(struct roster *r);
/* Another session of the server: its member ids begin anew. */
void roster_forget(struct roster *r);

/* ERR_MEMBER: the id is 0, is in the room, or has left. ERR_LIMIT, ERR_NOMEM.
 */
int roster_add(
    struct roster *r, const struct person *p, bool join_seen) MUST_CHECK;
/* Drops the person, if there, and remembers the id as one that left. */
int roster_leave(struct roster *r, uint32_t member) MUST_CHECK;
bool roster_left(const struct roster *r, uint32_t member);

/* Borrowed until the roster changes. */
const struct person *roster_find(const struct roster *r, uint32_t member);
struct inorder *roster_inorder(const struct roster *r, uint32_t member);
/* How well one is known has changed. */
void roster_trust(struct roster *r, uint32_t member, enum trust trust);
/* How many there are of a trust; and one whose identity has changed, NULL
 * when there is none. Neither looks at everybody, but for the latter after
 * the one it named has gone. */
size_t roster_count(const struct roster *r, enum trust trust);
const struct person *roster_changed(struct roster *r);
/* Ascending by member. */
const struct person *roster_people(const struct roster *r, size_t *n);

#endif

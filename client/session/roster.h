/* roster.h - the people of a room: who they are, since which epoch, the last
 * seq that each has sent, and the member ids that have left and may never
 * come again. */
#ifndef CONCLAVE_SESSION_ROSTER_H
#define CONCLAVE_SESSION_ROSTER_H

#include <stddef.h>

#include "client/session/person.h"
#include "shared/crypto/crypto.h"
#include "shared/base/err.h"

enum {
	ROSTER_MAX = 65536,
	/* Ranges of ids that left. A reused id goes unnoticed once this many
	 * others have left. */
	ROSTER_LEFT_MAX = 65536,
	/* Ids that may return, with their card: of the newest. */
	ROSTER_QUIT_MAX = 4096,
};

/* The order of one sender's frames. `begun` is false until the first frame has
 * opened, unless we saw the sender join: then last is 0. */
struct inorder {
	bool begun;
	uint64_t last;
	uint64_t closed; /* that came next to it, and that we have no secret for */
};
/* Counts an opened frame: 0 and the number of frames before it that are
 * *missing, or ERR_REPLAYED with nothing changed. */
int inorder_take(struct inorder *i, uint64_t seq, uint64_t *missing) MUST_CHECK;
/* A frame came that we have no secret for: it is not missing. Nobody can say who
 * made it, so only the one that is due counts, and one that is left out is missed. */
void inorder_closed(struct inorder *i, uint64_t seq);

struct roster;
struct roster *roster_new(void);
void roster_free(struct roster *r);
/* Forgets the people, for a new list, but not the ids that left. */
void roster_clear(struct roster *r);
/* Another session of the server: its member ids restart. */
void roster_forget(struct roster *r);

/* ERR_MEMBER: the id is 0, is in the room, has left, or had another card when it
 * quit. ERR_LIMIT, ERR_NOMEM. */
int roster_add(
    struct roster *r, const struct person *p, bool join_seen) MUST_CHECK;
/* Removes the person, if present. A connection that is lost never comes again:
 * its id is remembered as one that left. Somebody who leaves only this room, or
 * is removed from it, may enter it again on the same connection, with the same
 * id and card. */
enum roster_leave { ROSTER_LOST, ROSTER_QUIT };
int roster_leave(
    struct roster *r, uint32_t member, enum roster_leave how) MUST_CHECK;
/* The same while the list is incomplete: remembers the person as well, who
 * was in the room up to the epoch before `until`, for roster_digest. */
int roster_depart(struct roster *r, const struct person *p, uint32_t until,
    enum roster_leave how) MUST_CHECK;
/* The list is complete and older epochs are checked: forgets the departed. */
void roster_settle(struct roster *r);
bool roster_left(const struct roster *r, uint32_t member);

/* Borrowed until the roster changes. */
const struct person *roster_find(const struct roster *r, uint32_t member);
struct inorder *roster_inorder(const struct roster *r, uint32_t member);
/* Sets the person's trust. */
void roster_trust(struct roster *r, uint32_t member, enum trust trust);
/* The same, of somebody who has spoken. */
void roster_spoke(struct roster *r, uint32_t member, enum trust trust);
/* Sets what is known of the person's certificate, and the trust that follows from
 * it: of *p, a copy. */
void roster_certify(struct roster *r, const struct person *p);
/* The first person with CERTIFIED_WANTED; NULL: nobody. O(1) if there is none. */
const struct person *roster_wanted(const struct roster *r);
/* Sets the person's role and voice. */
void roster_standing(
    struct roster *r, uint32_t member, enum role role, bool voice);
/* How many people have that trust; and one whose identity has changed, or NULL.
 * O(1), except that roster_changed rescans after the member it returned has
 * left. */
size_t roster_count(const struct roster *r, enum trust trust);
const struct person *roster_changed(struct roster *r);
/* How many others than `member` have that name: a person's connections. O(n). */
size_t roster_namesakes(
    const struct roster *r, const char *name, uint32_t member);
/* Ascending by member. */
const struct person *roster_people(const struct roster *r, size_t *n);

/* The roster of an epoch (roster_hash.h), once the list is complete. O(n). */
int roster_digest(const struct roster *r, struct crypto *c, uint32_t epoch,
    uint8_t out[WIRE_HASH]) MUST_CHECK;
/* Increases with each change of the list. */
uint64_t roster_version(const struct roster *r);

#endif

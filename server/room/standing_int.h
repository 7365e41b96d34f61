/* standing_int.h - the tables of standing.c, standing_store.c and seen.c. Inner
 * header. */
#ifndef CONCLAVED_ROOM_STANDING_INT_H
#define CONCLAVED_ROOM_STANDING_INT_H

#include <pthread.h>
#include <sys/queue.h>

#include "server/room/standing.h"
#include "server/store/store.h"

/* A name and the account that was seen with it. */
struct seen {
	LIST_ENTRY(seen) by_name, by_account;
	TAILQ_ENTRY(seen) age;
	bool pinned; /* the account has a right */
	char name[WIRE_NAME_MAX + 1];
	uint8_t account[WIRE_KEY];
};
LIST_HEAD(seen_list, seen);
TAILQ_HEAD(seen_ages, seen);

/* The rights in one room. */
struct right_room {
	LIST_ENTRY(right_room) by_number;
	uint32_t room; /* 0: the server */
	size_t n;      /* at least 1 */
	LIST_HEAD(, right) rights;
};

/* What an account has in one room. */
struct right {
	LIST_ENTRY(right) by_account, by_name, of_room;
	struct right_room *in; /* owns it */
	uint32_t room;	       /* 0: the server */
	bool has_role, invited, banned, muted, member;
	enum role role;
	uint64_t ban_until, mute_until;
	struct standing_since since; /* member */
	char name[WIRE_NAME_MAX + 1]; /* as it was when the right was given */
	uint8_t account[WIRE_KEY];
};
LIST_HEAD(right_list, right);
enum { RIGHT_ROOMS = 1 << 12 };

struct standing {
	pthread_mutex_t lock;
	uint32_t seed; /* of the hashes, so that nobody can choose collisions */
	enum role newcomer;
	struct store *store; /* borrowed; NULL: nothing is put */
	uint64_t ticket;     /* of the newest put */

	struct seen_list *seen_by_name, *seen_by_account; /* owned */
	size_t n_seen, seen_buckets;	/* buckets: a power of two */
	struct seen_ages plain, pinned; /* the oldest first */

	struct right_list *by_account, *by_name; /* owned */
	size_t n_rights, right_buckets;
	LIST_HEAD(, right_room) rooms[RIGHT_ROOMS]; /* owned; by number */
	uint64_t swept_ms; /* when all that has ended was dropped */
};

size_t standing_hash_name(const struct standing *t, const char *name);
size_t standing_hash(
    const struct standing *t, const uint8_t account[WIRE_KEY]);

/* standing.c; locked. */
struct right *right_find(
    struct standing *t, uint32_t room, const uint8_t *account);
/* A new one, empty. ERR_LIMIT: there is no place, also when what has ended by
 * wall_ms is gone. */
int right_make(struct standing *t, uint32_t room,
    const struct standing_who *who, uint64_t wall_ms, struct right **out)
    MUST_CHECK;
size_t rights_in(const struct standing *t, uint32_t room);
void right_drop_if_empty(struct standing *t, struct right *r);

/* standing_store.c; locked. Puts what the right is about to be. */
int right_put(struct standing *t, const struct right *r) MUST_CHECK;

/* seen.c; locked. */
void seen_free(struct standing *t);
void seen_pin(
    struct standing *t, const uint8_t account[WIRE_KEY], bool pin);

/* standing.c; locked. The one that was given last by this name, or NULL. */
const struct right *right_named(struct standing *t, const char *name);

#endif

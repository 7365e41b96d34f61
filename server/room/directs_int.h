/* directs_int.h - the tables of directs*.c. Inner header. All with the lock. */
#ifndef CONCLAVED_ROOM_DIRECTS_INT_H
#define CONCLAVED_ROOM_DIRECTS_INT_H

#include <pthread.h>
#include <sys/queue.h>

#include "server/room/directs.h"
#include "server/store/store.h"

/* An account that blocks somebody, or whose frames wait. */
struct direct_person {
	LIST_ENTRY(direct_person) next;
	uint8_t key[WIRE_KEY];
	uint8_t (*blocked)[WIRE_KEY]; /* owned */
	size_t n_blocked;
	uint64_t bytes; /* of its frames, in all boxes */
};

struct direct_queued {
	TAILQ_ENTRY(direct_queued) next;
	struct direct_person *from; /* borrowed; it has these bytes */
	uint64_t number, ticket, ts_s;
	size_t len;
	/* Without a store: */
	uint8_t *body; /* owned; NULL with one */
	uint8_t sender[WIRE_ED25519];
	char name[WIRE_NAME_MAX + 1];
};

struct direct_box {
	LIST_ENTRY(direct_box) next, by_identity;
	uint8_t print[WIRE_HASH], identity[WIRE_ED25519], account[WIRE_KEY];
	uint8_t lasting[STORE_PREKEY];
	uint8_t (*once)[STORE_PREKEY]; /* owned; the oldest first */
	size_t n_once;
	uint8_t *certificate; /* owned, or NULL */
	size_t certificate_len;
	uint64_t number; /* the newest */
	TAILQ_HEAD(, direct_queued) queue;
	size_t n;
	uint64_t bytes;
	uint64_t publish_s; /* when its allowance is whole again */
	struct directs_reader *reader; /* borrowed */
};

enum { DIRECT_BUCKETS = 1 << 12, DIRECT_GIVEN = 1 << 12 };
struct directs {
	pthread_mutex_t lock;
	struct crypto *crypto;
	struct store *store; /* borrowed; NULL: none */
	uint64_t seed;
	LIST_HEAD(direct_boxes, direct_box) box[DIRECT_BUCKETS]; /* by print */
	struct direct_boxes by_identity[DIRECT_BUCKETS];
	LIST_HEAD(direct_people, direct_person) person[DIRECT_BUCKETS];
	/* When what an asker was given of a device is over, by a hash of the two:
	 * those that share a place share an allowance. */
	uint64_t given_s[DIRECT_GIVEN];
	size_t devices, frames;
	uint64_t bytes, swept_s;
};

struct direct_box *direct_box_at(
    struct directs *t, const uint8_t print[WIRE_HASH]);
struct direct_box *direct_box_of(
    struct directs *t, const uint8_t identity[WIRE_ED25519]);
/* NULL: no memory. */
struct direct_box *direct_box_new(struct directs *t,
    const uint8_t identity[WIRE_ED25519], const uint8_t account[WIRE_KEY]);
void direct_box_free(struct directs *t, struct direct_box *b);
/* NULL: there is none; with make: no memory. */
struct direct_person *direct_person(
    struct directs *t, const uint8_t key[WIRE_KEY], bool make);
/* Frees one that has nothing. */
void direct_person_done(struct direct_person *p);
void direct_queued_free(
    struct directs *t, struct direct_box *b, struct direct_queued *q);
/* *ticket 0: there is no store. */
int direct_store(struct directs *t, const struct store_direct *d,
    uint64_t *ticket) MUST_CHECK;
/* `once` takes the place of what the box has, or is added to it. ERR_NOMEM:
 * nothing has changed. */
int direct_set_keys(
    struct direct_box *b, const struct store_direct *d) MUST_CHECK;
void direct_pack(uint8_t out[STORE_PREKEY], const struct prekey *k);
void direct_unpack(struct prekey *out, const uint8_t in[STORE_PREKEY]);
bool direct_is_blocked(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY]);
/* Drops what is too old: of one box, or (NULL, at most once an hour) of all. */
void direct_sweep(struct directs *t, struct direct_box *b, uint64_t now_s);
uint32_t direct_hash(const struct directs *t, const uint8_t *a, const uint8_t *b);

static inline void direct_lock(struct directs *t)
{
	(void)pthread_mutex_lock(&t->lock);
}

static inline void direct_unlock(struct directs *t)
{
	(void)pthread_mutex_unlock(&t->lock);
}

#endif

/* directory_int.h - what the directory consists of. Inner header of
 * server/room, for directory*.c. */
#ifndef CONCLAVED_ROOM_DIRECTORY_INT_H
#define CONCLAVED_ROOM_DIRECTORY_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/room/directory.h"

struct directory_person {
	LIST_ENTRY(directory_person) by_name;
	SLIST_HEAD(, directory_place) places; /* WIRE_ROOMS and one */
	const void *client;
	struct tally *of_account, *of_address; /* NULL: not counted */
	struct directory_inbox *inbox; /* NULL: it can be told nothing */
	TAILQ_ENTRY(directory_person) told;
	struct directory_word *word; /* owned; NULL: not on inbox->told */
	uint32_t number;	     /* 0: none yet */
	char name[WIRE_NAME_MAX + 1];
	uint8_t account[WIRE_KEY]; /* the account's key */
	uint8_t device[WIRE_ED25519], instance[WIRE_INSTANCE];
};

LIST_HEAD(person_list, directory_person);
LIST_HEAD(entry_list, directory_entry);

/* Rooms by number in a hash table, and twice in order. */
struct directory_index {
	STAILQ_HEAD(, directory_entry) all; /* the oldest first */
	struct entry_list *by_id; /* owned; n_buckets, a power of two */
	size_t n_buckets;
	struct directory_entry **by_name, **by_form; /* owned; sorted */
	size_t name_cap, form_cap;
	atomic_size_t n;
	size_t n_listed;
	uint32_t last_id, home_id; /* home_id 0: the oldest */
	struct tallies makers;
};

struct directory {
	pthread_mutex_t lock;
	struct person_list *people; /* n_buckets, a power of two, or NULL */
	size_t n_buckets;
	atomic_size_t n_people;
	struct directory_limits limits;
	struct tallies accounts, addresses;
	_Atomic uint64_t now_ms, wall_ms;
	uint32_t last_member;
	struct directory_index rooms;
	struct room_thread *thread[ROOM_THREADS_MAX];
	unsigned n_threads;
	unsigned n_signed; /* of them: directory_signed */
};

static inline void directory_lock(struct directory *d)
{
	(void)pthread_mutex_lock(&d->lock);
}

static inline void directory_unlock(struct directory *d)
{
	(void)pthread_mutex_unlock(&d->lock);
}

void directory_index_free(struct directory_index *x);
/* Nothing more is told to its client. Locked, like the next one. */
void directory_untell(struct directory_person *p);
/* Somebody to whom a name belongs now, or NULL. */
const struct directory_person *directory_holder(
    struct directory *d, const char *name);

#endif

/* tally.h - how many have the same key: the clients of an identity, or of an
 * address. Inner header of server/room; under the directory's lock. */
#ifndef CONCLAVED_ROOM_TALLY_H
#define CONCLAVED_ROOM_TALLY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

enum { TALLY_KEY = 32, TALLY_BUCKETS = 1 << 10 };

struct tally {
	LIST_ENTRY(tally) same_bucket;
	uint8_t key[TALLY_KEY];
	size_t n; /* at least 1 */
};

/* All zeros: empty. */
struct tallies {
	LIST_HEAD(tally_list, tally) bucket[TALLY_BUCKETS];
};

/* NULL: nobody has this key. */
struct tally *tally_find(struct tallies *t, const uint8_t key[TALLY_KEY]);
/* Counts one more. NULL: no memory. */
struct tally *tally_add(struct tallies *t, const uint8_t key[TALLY_KEY]);
/* Counts one less; frees the last. NULL is a no-op. */
void tally_drop(struct tally *y);

#endif

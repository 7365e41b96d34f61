/* tally.c - a hash table of counts. */
#include "server/room/tally.h"

#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"

/* FNV-1a. Whoever chooses keys that collide makes a search as slow as a plain
 * list, no worse. */
static struct tally_list *tally_bucket(
    struct tallies *t, const uint8_t key[TALLY_KEY])
{
	uint32_t h = 2166136261;
	size_t i;

	for (i = 0; i < TALLY_KEY; i++)
		h = (h ^ key[i]) * 16777619;
	return &t->bucket[(h ^ h >> 16) % TALLY_BUCKETS];
}

struct tally *tally_find(struct tallies *t, const uint8_t key[TALLY_KEY])
{
	struct tally *y;

	LIST_FOREACH(y, tally_bucket(t, key), same_bucket)
	if (memcmp(y->key, key, TALLY_KEY) == 0)
		return y;
	return NULL;
}

struct tally *tally_add(struct tallies *t, const uint8_t key[TALLY_KEY])
{
	struct tally *y = tally_find(t, key);

	if (y == NULL) {
		if ((y = calloc(1, sizeof(*y))) == NULL)
			return NULL;
		quota_add(sizeof(*y));
		memcpy(y->key, key, TALLY_KEY);
		LIST_INSERT_HEAD(tally_bucket(t, key), y, same_bucket);
	}
	y->n++;
	return y;
}

void tally_drop(struct tally *y)
{
	if (y == NULL || --y->n > 0)
		return;
	LIST_REMOVE(y, same_bucket);
	quota_sub(sizeof(*y));
	free(y);
}

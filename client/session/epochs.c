/* A room's secrets and keys, by epoch. */
#include <stdlib.h>
#include <string.h>

#include "client/session/epochs.h"
#include "shared/base/secret.h"

struct entry {
	struct group_epoch made;
	uint32_t held;	/* number of pending frames */
	bool past;	/* before the last fresh secret: for pending frames
			  only */
	bool announced; /* roster is set */
	bool agreed;	/* and the list of people gives the same */
	uint8_t roster[WIRE_HASH];
};

/* The newest secret and the entries (ascending); in secure memory. */
struct store {
	uint8_t secret[WIRE_KEY];
	struct entry list[];
};

struct epochs {
	struct crypto *crypto;
	struct store *store;
	size_t n, cap;
};

static size_t store_size(size_t cap)
{
	return sizeof(struct store) + cap * sizeof(struct entry);
}

struct epochs *epochs_new(struct crypto *c)
{
	struct epochs *e = calloc(1, sizeof(*e));

	if (e != NULL)
		e->crypto = c;
	return e;
}

void epochs_clear(struct epochs *e)
{
	if (e->store != NULL)
		secret_free(e->store, store_size(e->cap));
	e->store = NULL;
	e->n = e->cap = 0;
}

void epochs_free(struct epochs *e)
{
	if (e == NULL)
		return;
	epochs_clear(e);
	free(e);
}

static void erase(struct epochs *e, size_t i)
{
	struct entry *list = e->store->list;

	memmove(&list[i], &list[i + 1], (e->n - i - 1) * sizeof(*list));
	e->n--;
	secret_wipe(&list[e->n], sizeof(*list));
}

static int reserve(struct epochs *e)
{
	size_t cap = e->cap == 0 ? 8 : 2 * e->cap;
	struct store *s;

	if (e->n == EPOCHS_MAX)
		erase(e, 0);
	if (e->n < e->cap)
		return 0;
	if ((s = secret_alloc(store_size(cap))) == NULL)
		return ERR_NOMEM;
	if (e->store != NULL) {
		memcpy(s, e->store, store_size(e->n));
		secret_free(e->store, store_size(e->cap));
	}
	e->store = s;
	e->cap = cap;
	return 0;
}

/* Makes the epoch, checks its commit and appends it. */
static int append(struct epochs *e, uint32_t room, uint32_t epoch,
    const uint8_t secret[WIRE_KEY], const uint8_t commit[WIRE_HASH])
{
	struct group_epoch made;
	struct entry *d;
	int r;

	r = group_epoch_make(e->crypto, &made, room, epoch, secret);
	if (r == 0 && !secret_equal(made.commit, commit, WIRE_HASH))
		r = ERR_COMMIT;
	if (r == 0)
		r = reserve(e);
	if (r == 0) {
		d = &e->store->list[e->n++];
		memset(d, 0, sizeof(*d));
		d->made = made;
		memmove(e->store->secret, secret, WIRE_KEY);
	}
	group_epoch_wipe(&made);
	return r;
}

int epochs_fresh(struct epochs *e, uint32_t room, uint32_t epoch,
    const uint8_t secret[WIRE_KEY], const uint8_t commit[WIRE_HASH])
{
	const struct group_epoch *now = epochs_newest(e);
	size_t i, kept = 0;
	int r;

	if (now != NULL && epoch <= now->epoch)
		return ERR_EPOCH;
	if ((r = append(e, room, epoch, secret, commit)) != 0)
		return r;
	for (i = 0; i < e->n; i++) {
		struct entry *d = &e->store->list[i];

		if (i < e->n - 1 && d->held == 0)
			continue;
		d->past = i < e->n - 1;
		if (kept != i)
			e->store->list[kept] = *d;
		kept++;
	}
	secret_wipe(
	    &e->store->list[kept], (e->n - kept) * sizeof(struct entry));
	e->n = kept;
	return 0;
}

int epochs_step(
    struct epochs *e, uint32_t epoch, const uint8_t commit[WIRE_HASH])
{
	const struct group_epoch *now = epochs_newest(e);
	uint8_t next[WIRE_KEY];
	int r;

	if (now == NULL || epoch <= now->epoch || epoch - now->epoch != 1)
		return ERR_EPOCH;
	if ((r = group_join_step(e->crypto, next, e->store->secret)) == 0)
		r = append(e, now->room, epoch, next, commit);
	secret_wipe(next, sizeof(next));
	return r;
}

static struct entry *entry_of(const struct epochs *e, uint32_t epoch)
{
	size_t i;

	/* Newest first: nearly every frame uses that epoch. */
	for (i = e->n; i > 0; i--)
		if (e->store->list[i - 1].made.epoch == epoch)
			return &e->store->list[i - 1];
	return NULL;
}

const struct group_epoch *epochs_newest(const struct epochs *e)
{
	return e->n == 0 ? NULL : &e->store->list[e->n - 1].made;
}

const struct group_epoch *epochs_find(const struct epochs *e, uint32_t epoch)
{
	const struct entry *d = entry_of(e, epoch);

	return d == NULL || d->past ? NULL : &d->made;
}

int epochs_announce(struct epochs *e, const uint8_t roster[WIRE_HASH])
{
	struct entry *d = e->n == 0 ? NULL : &e->store->list[e->n - 1];

	if (d == NULL)
		return ERR_STATE;
	if (d->announced)
		return memcmp(d->roster, roster, WIRE_HASH) == 0 ? 0
								 : ERR_ROSTER;
	d->announced = true;
	memcpy(d->roster, roster, WIRE_HASH);
	return 0;
}

const uint8_t *epochs_roster(const struct epochs *e, uint32_t epoch)
{
	const struct entry *d = entry_of(e, epoch);

	return d == NULL || !d->announced ? NULL : d->roster;
}

bool epochs_agreed(const struct epochs *e, uint32_t epoch)
{
	const struct entry *d = entry_of(e, epoch);

	return d != NULL && d->agreed;
}

void epochs_agree(struct epochs *e, uint32_t epoch, bool agreed)
{
	struct entry *d = entry_of(e, epoch);

	if (d != NULL)
		d->agreed = agreed;
}

int epochs_hold(struct epochs *e, uint32_t epoch)
{
	struct entry *d = entry_of(e, epoch);

	if (d == NULL || d->past)
		return ERR_EPOCH;
	d->held++;
	return 0;
}

const struct group_epoch *epochs_find_held(
    const struct epochs *e, uint32_t epoch)
{
	const struct entry *d = entry_of(e, epoch);

	return d == NULL ? NULL : &d->made;
}

void epochs_release(struct epochs *e, uint32_t epoch)
{
	struct entry *d = entry_of(e, epoch);

	if (d == NULL || d->held == 0)
		return;
	if (--d->held == 0 && d->past)
		erase(e, (size_t)(d - e->store->list));
}

const char *epochs_reason(const char *word)
{
	static const char *const known[] = {"leave", "kick", "timer", "voice"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(word, known[i]) == 0)
			return known[i];
	return "other";
}

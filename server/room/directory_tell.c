/* directory_tell.c - reaches the clients of a person from any thread, also those
 * that are in no room. */
#include <stdlib.h>
#include <string.h>

#include "server/room/directory_int.h"
#include "server/room/room_ref.h"
#include "shared/os/vec.h"
#include "shared/wire/text.h"

void directory_inbox_init(
    struct directory_inbox *b, void (*wake)(void *arg), void *arg)
{
	TAILQ_INIT(&b->told);
	atomic_init(&b->any, false);
	b->wake = wake;
	b->arg = arg;
}

void directory_untell(struct directory_person *p)
{
	if (p->word == NULL)
		return;
	TAILQ_REMOVE(&p->inbox->told, p, told);
	free(p->word);
	p->word = NULL;
}

static bool matches(
    const struct directory_person *p, const struct directory_whom *w)
{
	if (w->device != NULL &&
	    memcmp(p->device, w->device, WIRE_ED25519) != 0)
		return false;
	return memcmp(p->account, w->account, WIRE_KEY) == 0 ||
	       (w->name != NULL && text_same_name(p->name, w->name));
}

/* Calls fn for every client that is meant. Locked. */
static int each(struct directory *d, const struct directory_whom *w,
    int (*fn)(void *arg, struct directory_person *p), void *arg)
{
	struct directory_person *p;
	size_t i;
	int err;

	for (i = 0; i < d->n_buckets; i++)
		LIST_FOREACH(p, &d->people[i], by_name)
	if (matches(p, w) && (err = fn(arg, p)) != 0)
		return err;
	return 0;
}

/* --- telling ------------------------------------------------------------- */

struct telling {
	const struct directory_word *word;
	size_t n;
};

static int tell(void *arg, struct directory_person *p)
{
	struct telling *t = arg;

	if (p->inbox == NULL)
		return 0;
	if (p->word == NULL) {
		if ((p->word = malloc(sizeof(*p->word))) == NULL)
			return ERR_NOMEM;
		memset(p->word, 0, sizeof(*p->word));
		TAILQ_INSERT_TAIL(&p->inbox->told, p, told);
	}
	t->n++;
	if (p->word->end == CODE_NONE && t->word->end != CODE_NONE)
		*p->word = *t->word;
	if (t->word->has_device) {
		p->word->has_device = true;
		memcpy(p->word->device, t->word->device, WIRE_ED25519);
		p->word->device_s = t->word->device_s;
	}
	atomic_store(&p->inbox->any, true);
	p->inbox->wake(p->inbox->arg);
	return 0;
}

int directory_tell(struct directory *d, const struct directory_whom *w,
    const struct directory_word *word, size_t *n)
{
	struct telling t = {.word = word};
	int err;

	directory_lock(d);
	err = each(d, w, tell, &t);
	directory_unlock(d);
	*n = t.n;
	return err;
}

bool directory_told(struct directory *d, struct directory_inbox *b,
    const void **client, struct directory_word *out)
{
	struct directory_person *p;

	if (!atomic_load(&b->any))
		return false;
	directory_lock(d);
	if ((p = TAILQ_FIRST(&b->told)) != NULL) {
		*client = p->client;
		*out = *p->word;
		directory_untell(p);
	}
	if (p == NULL)
		atomic_store(&b->any, false);
	directory_unlock(d);
	return p != NULL;
}

static int seen_here(void *arg, struct directory_person *p)
{
	(void)p;
	*(bool *)arg = true;
	return 0;
}

bool directory_has_device(struct directory *d, const uint8_t *account,
    const uint8_t device[WIRE_ED25519])
{
	const struct directory_whom w = {account, NULL, device};
	bool here = false;

	directory_lock(d);
	(void)!each(d, &w, seen_here, &here);
	directory_unlock(d);
	return here;
}

/* --- finding ------------------------------------------------------------- */

struct found {
	struct room **room;
	size_t n, cap;
};

static int find(void *arg, struct directory_person *p)
{
	struct directory_place *at;
	struct found *f = arg;
	size_t i;
	int err;

	SLIST_FOREACH(at, &p->places, of_person)
	{
		for (i = 0; i < f->n && f->room[i] != at->room; i++)
			;
		if (at->room == NULL || i < f->n)
			continue;
		err = vec_reserve(
		    &f->room, &f->cap, f->n + 1, sizeof(f->room[0]));
		if (err != 0)
			return err;
		/* A place is left before its room can be freed. */
		f->room[f->n++] = room_ref(at->room);
	}
	return 0;
}

int directory_rooms_of(struct directory *d, const struct directory_whom *w,
    struct room ***rooms, size_t *n)
{
	struct found f = {0};
	int err;

	directory_lock(d);
	err = each(d, w, find, &f);
	directory_unlock(d);
	*rooms = f.room;
	*n = f.n;
	return err;
}

bool directory_account(struct directory *d, const char *name,
    uint8_t account[WIRE_KEY], char written[WIRE_NAME_MAX + 1])
{
	const struct directory_person *p;

	directory_lock(d);
	if ((p = directory_holder(d, name)) != NULL) {
		memcpy(account, p->account, WIRE_KEY);
		memcpy(written, p->name, sizeof(p->name));
	}
	directory_unlock(d);
	return p != NULL;
}

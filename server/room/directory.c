/* directory.c - the clients of the server by their names, and its threads.
 * directory_rooms.c has the rooms. */
#include "server/room/directory_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "shared/wire/text.h"

enum {
	/* A failed rekey may use up numbers without a member. Stop giving
	 * out numbers to newcomers when only this many are left. */
	DIRECTORY_SPARE = 1 << 24,
};

/* FNV-1a, ignoring case; `| 0x20` also merges some other characters, which
 * is harmless. Members choose their names, so some may collide on purpose.
 * That makes searches longer, at worst as slow as a plain list. */
static size_t name_hash(const char *name)
{
	uint32_t h = 2166136261;

	for (; *name != '\0'; name++)
		h = (h ^ ((uint8_t)*name | 0x20)) * 16777619;
	return h ^ h >> 16;
}

struct directory *directory_new(uint32_t last_member)
{
	struct directory *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	if (pthread_mutex_init(&d->lock, NULL) != 0) {
		free(d);
		return NULL;
	}
	d->last_member = last_member;
	STAILQ_INIT(&d->rooms.all);
	return d;
}

void directory_free(struct directory *d)
{
	if (d == NULL)
		return;
	free(d->people);
	directory_index_free(&d->rooms);
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

void directory_limit(struct directory *d, const struct directory_limits *l)
{
	directory_lock(d);
	d->limits = *l;
	directory_unlock(d);
}

struct directory_limits directory_limits(struct directory *d)
{
	struct directory_limits l;

	directory_lock(d);
	l = d->limits;
	directory_unlock(d);
	return l;
}

void directory_time(struct directory *d, uint64_t now_ms, uint64_t wall_ms)
{
	uint64_t was = atomic_load_explicit(&d->now_ms, memory_order_relaxed);

	/* All threads read it, so it is seldom written. */
	if (now_ms - was < DIRECTORY_TICK_MS)
		return;
	atomic_store_explicit(&d->now_ms, now_ms, memory_order_relaxed);
	atomic_store_explicit(&d->wall_ms, wall_ms, memory_order_relaxed);
}

uint64_t directory_now(const struct directory *d)
{
	return atomic_load_explicit(&d->now_ms, memory_order_relaxed);
}

uint64_t directory_wall(const struct directory *d)
{
	return atomic_load_explicit(&d->wall_ms, memory_order_relaxed);
}

size_t directory_people(const struct directory *d)
{
	return atomic_load_explicit(&d->n_people, memory_order_relaxed);
}

/* --- threads ------------------------------------------------------------- */

int directory_add_thread(
    struct directory *d, struct room_thread *t, unsigned *index)
{
	int err = ERR_LIMIT;

	directory_lock(d);
	if (d->n_threads < ROOM_THREADS_MAX) {
		*index = d->n_threads;
		d->thread[d->n_threads++] = t;
		err = 0;
	}
	directory_unlock(d);
	return err;
}

void directory_remove_thread(struct directory *d, const struct room_thread *t)
{
	unsigned i;

	directory_lock(d);
	for (i = 0; i < d->n_threads && d->thread[i] != t; i++)
		;
	if (i < d->n_threads)
		d->thread[i] = d->thread[--d->n_threads];
	directory_unlock(d);
}

void directory_sign(struct directory *d)
{
	directory_lock(d);
	d->n_signed++;
	directory_unlock(d);
}

bool directory_signed(struct directory *d)
{
	bool all;

	directory_lock(d);
	all = d->n_signed >= d->n_threads;
	directory_unlock(d);
	return all;
}

struct room_thread *directory_owner(struct directory *d, uint32_t room)
{
	struct room_thread *t = NULL;

	directory_lock(d);
	if (d->n_threads > 0) /* room 1 belongs to the first thread */
		t = d->thread[(room - 1) % d->n_threads];
	directory_unlock(d);
	return t;
}

/* --- people -------------------------------------------------------------- */

static struct person_list *people_bucket(struct directory *d, const char *name)
{
	return &d->people[name_hash(name) & (d->n_buckets - 1)];
}

/* Keeps about one person in a bucket. */
static int people_reserve(struct directory *d)
{
	struct person_list *old = d->people;
	size_t n = d->n_buckets, want = n == 0 ? 16 : 2 * n, i;
	struct directory_person *p;

	if (directory_people(d) < n)
		return 0;
	if ((d->people = calloc(want, sizeof(*d->people))) == NULL) {
		d->people = old;
		return ERR_NOMEM;
	}
	d->n_buckets = want;
	for (i = 0; i < n; i++)
		while ((p = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(p, by_name);
			LIST_INSERT_HEAD(people_bucket(d, p->name), p, by_name);
		}
	free(old);
	return 0;
}

static struct directory_person *person_new(
    struct directory *d, const struct directory_who *who)
{
	struct directory_person *p;

	if (people_reserve(d) != 0 || (p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	p->of_account = tally_add(&d->accounts, who->account);
	if (who->address != NULL)
		p->of_address = tally_add(&d->addresses, who->address);
	if (p->of_account == NULL ||
	    (who->address != NULL && p->of_address == NULL)) {
		tally_drop(p->of_account);
		tally_drop(p->of_address);
		free(p);
		return NULL;
	}
	quota_add(sizeof(*p));
	p->client = who->client;
	memcpy(p->name, who->name, strnlen(who->name, WIRE_NAME_MAX));
	memcpy(p->account, who->account, sizeof(p->account));
	if (who->device != NULL) {
		memcpy(p->device, who->device, sizeof(p->device));
		memcpy(p->instance, who->instance, sizeof(p->instance));
	}
	LIST_INSERT_HEAD(people_bucket(d, p->name), p, by_name);
	atomic_fetch_add_explicit(&d->n_people, 1, memory_order_relaxed);
	return p;
}

/* Frees one without a place. */
static void person_free(struct directory *d, struct directory_person *p)
{
	LIST_REMOVE(p, by_name);
	atomic_fetch_sub_explicit(&d->n_people, 1, memory_order_relaxed);
	directory_untell(p);
	tally_drop(p->of_account);
	tally_drop(p->of_address);
	quota_sub(sizeof(*p));
	free(p);
}

/* As many as may be are here already; `replaced` is about to go. */
static bool is_full(
    const struct tally *y, size_t limit, const struct tally *replaced)
{
	return limit != 0 && y != NULL && y->n - (y == replaced) >= limit;
}

static int people_limit(struct directory *d, struct directory_who *who,
    const struct directory_place *other)
{
	const struct directory_person *o = other == NULL ? NULL : other->person;

	if (is_full(tally_find(&d->accounts, who->account),
		d->limits.per_account, o == NULL ? NULL : o->of_account))
		who->met = MET_ACCOUNT;
	else if (who->address != NULL &&
		 is_full(tally_find(&d->addresses, who->address),
		     d->limits.per_address, o == NULL ? NULL : o->of_address))
		who->met = MET_ADDRESS;
	return who->met == MET_NONE ? 0 : ERR_LIMIT;
}

static struct directory_place *place_in(
    const struct directory_person *p, const struct room *room)
{
	struct directory_place *at;

	SLIST_FOREACH(at, &p->places, of_person)
	if (at->room == room)
		return at;
	return NULL;
}

static bool same_client(
    const struct directory_person *p, const struct directory_who *who)
{
	return who->device == NULL ||
	       (memcmp(p->device, who->device, sizeof(p->device)) == 0 &&
		   memcmp(p->instance, who->instance, sizeof(p->instance)) ==
		       0);
}

/* Locked. Finds the holder of this name; *own is the client itself, or NULL. */
static int person_find(struct directory *d, const struct directory_who *who,
    struct directory_person **own, struct directory_place **other)
{
	struct directory_person *p;
	struct directory_place *at;

	if (d->people == NULL)
		return 0;
	LIST_FOREACH(p, people_bucket(d, who->name), by_name)
	{
		if (!text_same_name(p->name, who->name))
			continue;
		if (memcmp(p->account, who->account, WIRE_KEY) != 0)
			return ERR_NAME;
		if (p->client == who->client)
			*own = p;
		if (same_client(p, who) &&
		    (at = place_in(p, who->room)) != NULL)
			*other = at;
	}
	return 0;
}

static int enter(struct directory *d, struct directory_place *place,
    struct directory_who *who, struct directory_place **other)
{
	struct directory_person *p = NULL;
	int err;

	if ((err = person_find(d, who, &p, other)) != 0)
		return err;
	if (p == NULL && (err = people_limit(d, who, *other)) != 0)
		return err;
	if (d->last_member > UINT32_MAX - DIRECTORY_SPARE)
		return ERR_LIMIT;
	if (p == NULL && (p = person_new(d, who)) == NULL)
		return ERR_NOMEM;
	place->person = p;
	place->room = who->room;
	SLIST_INSERT_HEAD(&p->places, place, of_person);
	return 0;
}

int directory_enter(struct directory *d, struct directory_place *p,
    struct directory_who *who, struct directory_place **other)
{
	int err;

	*other = NULL;
	who->met = MET_NONE;
	directory_lock(d);
	err = enter(d, p, who, other);
	directory_unlock(d);
	return err;
}

int directory_stay(struct directory *d, struct directory_place *home,
    const char *name, const void *client, struct directory_inbox *inbox)
{
	struct directory_person *p = NULL;

	directory_lock(d);
	if (d->people != NULL) {
		LIST_FOREACH(p, people_bucket(d, name), by_name)
		if (p->client == client)
			break;
	}
	if (p != NULL) {
		p->inbox = inbox;
		home->person = p;
		home->room = NULL;
		SLIST_INSERT_HEAD(&p->places, home, of_person);
	}
	directory_unlock(d);
	return p == NULL ? ERR_STATE : 0;
}

const struct directory_person *directory_holder(
    struct directory *d, const char *name)
{
	const struct directory_person *p;

	if (d->people == NULL)
		return NULL;
	LIST_FOREACH(p, people_bucket(d, name), by_name)
	if (text_same_name(p->name, name))
		return p;
	return NULL;
}

void directory_leave(struct directory *d, struct directory_place *place)
{
	struct directory_person *p = place->person;

	if (p == NULL)
		return;
	directory_lock(d);
	place->person = NULL;
	SLIST_REMOVE(&p->places, place, directory_place, of_person);
	if (SLIST_EMPTY(&p->places))
		person_free(d, p);
	directory_unlock(d);
}

uint32_t directory_number(struct directory *d, struct directory_place *p)
{
	uint32_t number;

	directory_lock(d);
	if (p->person->number == 0 && d->last_member < UINT32_MAX)
		p->person->number = ++d->last_member;
	number = p->person->number;
	directory_unlock(d);
	return number;
}

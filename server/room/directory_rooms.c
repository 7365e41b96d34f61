/* directory_rooms.c - the rooms of the server: by number, and in the order of
 * their names. Names are searched in a sorted array: members choose them, and
 * could fill one bucket of a hash table. */
#include <stdlib.h>
#include <string.h>

#include "server/room/directory_int.h"
#include "server/room/room_ref.h"
#include "shared/os/vec.h"
#include "shared/wire/text.h"

enum { ROOMS_FIRST = 16 };

/* In the order of lists: by bytes, in lower case. */
static int name_order(const char *a, const char *b)
{
	while (*a != '\0' && text_lower(*a) == text_lower(*b)) {
		a++;
		b++;
	}
	return (uint8_t)text_lower(*a) - (uint8_t)text_lower(*b);
}

/* The index of the first entry whose name is not before `name`. */
static size_t name_place(const struct directory_index *x, const char *name)
{
	size_t lo = 0, hi = x->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (name_order(x->by_name[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t form_place(const struct directory_index *x, const char *form)
{
	char other[WIRE_ROOM_MAX + 1];
	size_t lo = 0, hi = x->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		text_room_form(other, x->by_form[mid]->name);
		if (strcmp(other, form) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct directory_entry *entry_of_form(
    const struct directory_index *x, const char *form)
{
	char other[WIRE_ROOM_MAX + 1];
	size_t i = form_place(x, form);

	if (i == x->n)
		return NULL;
	text_room_form(other, x->by_form[i]->name);
	return strcmp(other, form) == 0 ? x->by_form[i] : NULL;
}

static struct entry_list *bucket(const struct directory_index *x, uint32_t id)
{
	return &x->by_id[id & (x->n_buckets - 1)];
}

static struct directory_entry *entry_id(
    const struct directory_index *x, uint32_t id)
{
	struct directory_entry *e;

	if (x->by_id == NULL)
		return NULL;
	LIST_FOREACH(e, bucket(x, id), by_id)
	if (e->id == id)
		return e;
	return NULL;
}

static struct directory_entry *entry_name(
    const struct directory_index *x, const char *name)
{
	struct directory_entry *home;
	size_t i;

	if (name[0] == '\0')
		return (home = entry_id(x, x->home_id)) != NULL
			   ? home
			   : STAILQ_FIRST(&x->all);
	i = name_place(x, name);
	return i < x->n && text_same_name(x->by_name[i]->name, name)
		   ? x->by_name[i]
		   : NULL;
}

/* Locked. */
static struct room *entry_room(struct directory_entry *e)
{
	return e == NULL ? NULL : room_ref(e->room);
}

struct room *directory_room(struct directory *d, uint32_t id)
{
	struct room *r;

	directory_lock(d);
	r = entry_room(entry_id(&d->rooms, id));
	directory_unlock(d);
	return r;
}

struct room *directory_find(struct directory *d, const char *name)
{
	struct room *r;

	directory_lock(d);
	r = entry_room(entry_name(&d->rooms, name));
	directory_unlock(d);
	return r;
}

void directory_home(struct directory *d, uint32_t id)
{
	directory_lock(d);
	d->rooms.home_id = id;
	directory_unlock(d);
}

/* Rooms are added with growing numbers: the next one is mostly the next in the
 * list. Locked. */
static struct directory_entry *entry_after(
    const struct directory_index *x, uint32_t id)
{
	struct directory_entry *e = id != 0 ? entry_id(x, id) : NULL;
	struct directory_entry *next = NULL;

	if (e != NULL && (e = STAILQ_NEXT(e, all)) != NULL && e->id > id)
		return e;
	STAILQ_FOREACH(e, &x->all, all)
	if (e->id > id && (next == NULL || e->id < next->id))
		next = e;
	return next;
}

struct room *directory_after(struct directory *d, uint32_t id)
{
	struct room *r;

	directory_lock(d);
	r = entry_room(entry_after(&d->rooms, id));
	directory_unlock(d);
	return r;
}

size_t directory_rooms(const struct directory *d)
{
	return atomic_load_explicit(&d->rooms.n, memory_order_relaxed);
}

bool directory_rooms_full(struct directory *d)
{
	bool full;

	directory_lock(d);
	full = d->limits.rooms != 0 && d->rooms.n >= d->limits.rooms;
	directory_unlock(d);
	return full;
}

size_t directory_listed(struct directory *d, const uint32_t *also, size_t n)
{
	const struct directory_entry *e;
	size_t all, i;

	directory_lock(d);
	all = d->rooms.n_listed;
	for (i = 0; i < n; i++) {
		e = entry_id(&d->rooms, also[i]);
		all += e != NULL && !e->listed;
	}
	directory_unlock(d);
	return all;
}

size_t directory_page(struct directory *d, const char *after,
    bool (*wanted)(void *arg, uint32_t room), void *arg, struct room **out,
    size_t max)
{
	const struct directory_index *x = &d->rooms;
	const struct directory_entry *e;
	size_t i, n = 0;

	directory_lock(d);
	for (i = name_place(x, after); i < x->n && n < max; i++) {
		e = x->by_name[i];
		if ((e->listed || (wanted != NULL && wanted(arg, e->id))) &&
		    !text_same_name(e->name, after))
			out[n++] = room_ref(e->room);
	}
	directory_unlock(d);
	return n;
}

struct room *directory_oldest(
    struct directory *d, const uint8_t *maker, bool (*fn)(const struct room *r))
{
	const struct tally *y = NULL;
	struct directory_entry *e;
	struct room *r = NULL;

	directory_lock(d);
	if (maker == NULL ||
	    (y = tally_find(&d->rooms.makers, maker)) != NULL) {
		STAILQ_FOREACH(e, &d->rooms.all, all)
		if ((y == NULL || e->maker == y) && fn(e->room)) {
			r = room_ref(e->room);
			break;
		}
	}
	directory_unlock(d);
	return r;
}

/* --- adding and removing ------------------------------------------------- */

uint32_t directory_room_number(struct directory *d)
{
	uint32_t id = 0;

	directory_lock(d);
	if (d->rooms.last_id < UINT32_MAX)
		id = ++d->rooms.last_id;
	directory_unlock(d);
	return id;
}

/* Keeps about one room in a bucket. */
static int buckets_reserve(struct directory_index *x)
{
	size_t want = x->n_buckets == 0 ? ROOMS_FIRST : 2 * x->n_buckets;
	struct entry_list *old = x->by_id;
	struct directory_entry *e;

	if (x->n < x->n_buckets)
		return 0;
	if ((x->by_id = calloc(want, sizeof(*x->by_id))) == NULL) {
		x->by_id = old;
		return ERR_NOMEM;
	}
	x->n_buckets = want;
	STAILQ_FOREACH(e, &x->all, all)
	LIST_INSERT_HEAD(bucket(x, e->id), e, by_id);
	free(old);
	return 0;
}

static int index_reserve(struct directory_index *x)
{
	int err;

	if ((err = vec_reserve(&x->by_name, &x->name_cap, x->n + 1,
		 sizeof(x->by_name[0]))) != 0 ||
	    (err = vec_reserve(&x->by_form, &x->form_cap, x->n + 1,
		 sizeof(x->by_form[0]))) != 0)
		return err;
	return buckets_reserve(x);
}

static void array_insert(struct directory_entry **array, size_t n, size_t i,
    struct directory_entry *e)
{
	memmove(&array[i + 1], &array[i],
	    (n - i) * sizeof(struct directory_entry *));
	array[i] = e;
}

static void array_remove(
    struct directory_entry **array, size_t n, const struct directory_entry *e)
{
	size_t i;

	for (i = 0; array[i] != e; i++)
		;
	memmove(&array[i], &array[i + 1],
	    (n - i - 1) * sizeof(struct directory_entry *));
}

static void index_insert(
    struct directory_index *x, struct directory_entry *e, const char *form)
{
	array_insert(x->by_name, x->n, name_place(x, e->name), e);
	array_insert(x->by_form, x->n, form_place(x, form), e);
	LIST_INSERT_HEAD(bucket(x, e->id), e, by_id);
	STAILQ_INSERT_TAIL(&x->all, e, all);
	x->n++;
	x->n_listed += e->listed;
	if (e->id > x->last_id)
		x->last_id = e->id;
}

/* Locked. */
static int add(struct directory *d, struct directory_entry *e,
    const uint8_t *maker, char alike[WIRE_ROOM_MAX + 1])
{
	const struct directory_limits *l = &d->limits;
	const struct directory_entry *other;
	struct directory_index *x = &d->rooms;
	char form[WIRE_ROOM_MAX + 1];
	const struct tally *made =
	    maker == NULL ? NULL : tally_find(&x->makers, maker);

	if (e->name[0] == '\0' || entry_id(x, e->id) != NULL)
		return ERR_USAGE;
	text_room_form(form, e->name);
	if ((other = entry_of_form(x, form)) != NULL) {
		memcpy(alike, other->name, strlen(other->name) + 1);
		return ERR_NAME;
	}
	if ((l->rooms != 0 && x->n >= l->rooms) ||
	    (l->rooms_per_identity != 0 && made != NULL &&
		made->n >= l->rooms_per_identity))
		return ERR_LIMIT;
	if (index_reserve(x) != 0 ||
	    (maker != NULL &&
		(e->maker = tally_add(&x->makers, maker)) == NULL))
		return ERR_NOMEM;
	index_insert(x, e, form);
	return 0;
}

int directory_add_room(struct directory *d, struct directory_entry *e,
    const uint8_t *maker, char alike[WIRE_ROOM_MAX + 1])
{
	int err;

	alike[0] = '\0';
	directory_lock(d);
	err = add(d, e, maker, alike);
	directory_unlock(d);
	return err;
}

void directory_remove_room(struct directory *d, struct directory_entry *e)
{
	struct directory_index *x = &d->rooms;

	directory_lock(d);
	if (entry_id(x, e->id) == e) {
		array_remove(x->by_name, x->n, e);
		array_remove(x->by_form, x->n, e);
		LIST_REMOVE(e, by_id);
		STAILQ_REMOVE(&x->all, e, directory_entry, all);
		x->n--;
		x->n_listed -= e->listed;
		tally_drop(e->maker);
		e->maker = NULL;
	}
	directory_unlock(d);
}

void directory_list_room(
    struct directory *d, struct directory_entry *e, bool listed)
{
	directory_lock(d);
	if (entry_id(&d->rooms, e->id) == e) {
		d->rooms.n_listed += listed;
		d->rooms.n_listed -= e->listed;
	}
	e->listed = listed;
	directory_unlock(d);
}

void directory_index_free(struct directory_index *x)
{
	free(x->by_id);
	free(x->by_name);
	free(x->by_form);
}

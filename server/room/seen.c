/* seen.c - the people that the server has seen lately, by their names. */
#include <stdlib.h>
#include <string.h>

#include "server/room/standing_int.h"
#include "shared/wire/text.h"

enum { SEEN_FIRST = 64 };

static struct seen_list *name_bucket(struct standing *t, const char *name)
{
	return &t->seen_by_name[standing_hash_name(t, name) &
				(t->seen_buckets - 1)];
}

static struct seen_list *account_bucket(
    struct standing *t, const uint8_t *account)
{
	return &t->seen_by_account[standing_hash(t, account) &
				    (t->seen_buckets - 1)];
}

static struct seen_ages *ages(struct standing *t, const struct seen *s)
{
	return s->pinned ? &t->pinned : &t->plain;
}

static void seen_link(struct standing *t, struct seen *s)
{
	LIST_INSERT_HEAD(name_bucket(t, s->name), s, by_name);
	LIST_INSERT_HEAD(account_bucket(t, s->account), s, by_account);
}

/* Keeps about one in a bucket. */
static int seen_reserve(struct standing *t)
{
	size_t want = t->seen_buckets == 0 ? SEEN_FIRST : 2 * t->seen_buckets;
	struct seen_list *a, *b;
	struct seen *s;

	if (t->n_seen < t->seen_buckets)
		return 0;
	a = calloc(want, sizeof(*a));
	b = calloc(want, sizeof(*b));
	if (a == NULL || b == NULL) {
		free(a);
		free(b);
		return ERR_NOMEM;
	}
	free(t->seen_by_name);
	free(t->seen_by_account);
	t->seen_by_name = a;
	t->seen_by_account = b;
	t->seen_buckets = want;
	TAILQ_FOREACH(s, &t->plain, age)
	seen_link(t, s);
	TAILQ_FOREACH(s, &t->pinned, age)
	seen_link(t, s);
	return 0;
}

static struct seen *seen_find(
    struct standing *t, const char *name, const uint8_t *account)
{
	struct seen *s;

	if (t->seen_buckets == 0)
		return NULL;
	LIST_FOREACH(s, name_bucket(t, name), by_name)
	if (text_same_name(s->name, name) &&
	    (account == NULL ||
		memcmp(s->account, account, WIRE_KEY) == 0))
		return s;
	return NULL;
}

static void seen_drop(struct standing *t, struct seen *s)
{
	TAILQ_REMOVE(ages(t, s), s, age);
	LIST_REMOVE(s, by_name);
	LIST_REMOVE(s, by_account);
	t->n_seen--;
	free(s);
}

/* Those without any right go first. */
static void seen_make_room(struct standing *t)
{
	if (t->n_seen < STANDING_SEEN)
		return;
	seen_drop(t, !TAILQ_EMPTY(&t->plain) ? TAILQ_FIRST(&t->plain)
					     : TAILQ_FIRST(&t->pinned));
}

static bool has_right(struct standing *t, const uint8_t *account)
{
	const struct right *r;

	if (t->right_buckets == 0)
		return false;
	LIST_FOREACH(r,
	    &t->by_account[standing_hash(t, account) &
			    (t->right_buckets - 1)],
	    by_account)
	if (memcmp(r->account, account, WIRE_KEY) == 0)
		return true;
	return false;
}

/* The newest of a name is the first in its bucket. */
static void see(struct standing *t, const struct standing_who *who)
{
	struct seen *s = seen_find(t, who->name, who->account);

	if (s != NULL) {
		TAILQ_REMOVE(ages(t, s), s, age);
		LIST_REMOVE(s, by_name);
		LIST_REMOVE(s, by_account);
	} else {
		seen_make_room(t);
		if (seen_reserve(t) != 0 || (s = calloc(1, sizeof(*s))) == NULL)
			return;
		memcpy(s->account, who->account, WIRE_KEY);
		s->pinned = has_right(t, who->account);
		t->n_seen++;
	}
	memcpy(s->name, who->name, strnlen(who->name, WIRE_NAME_MAX) + 1);
	TAILQ_INSERT_TAIL(ages(t, s), s, age);
	seen_link(t, s);
}

void standing_see(struct standing *t, const struct standing_who *who)
{
	(void)pthread_mutex_lock(&t->lock);
	see(t, who);
	(void)pthread_mutex_unlock(&t->lock);
}

bool standing_seen(struct standing *t, const char *name,
    uint8_t account[WIRE_KEY], char seen_name[WIRE_NAME_MAX + 1])
{
	const struct right *r = NULL;
	const struct seen *s;

	(void)pthread_mutex_lock(&t->lock);
	if ((s = seen_find(t, name, NULL)) != NULL) {
		memcpy(account, s->account, WIRE_KEY);
		memcpy(seen_name, s->name, sizeof(s->name));
	} else if ((r = right_named(t, name)) != NULL) {
		memcpy(account, r->account, WIRE_KEY);
		memcpy(seen_name, r->name, sizeof(r->name));
	}
	(void)pthread_mutex_unlock(&t->lock);
	return s != NULL || r != NULL;
}

void seen_pin(
    struct standing *t, const uint8_t account[WIRE_KEY], bool pin)
{
	struct seen *s;

	if (t->seen_buckets == 0)
		return;
	LIST_FOREACH(s, account_bucket(t, account), by_account)
	{
		if (memcmp(s->account, account, WIRE_KEY) != 0 ||
		    s->pinned == pin)
			continue;
		TAILQ_REMOVE(ages(t, s), s, age);
		s->pinned = pin;
		TAILQ_INSERT_TAIL(ages(t, s), s, age);
	}
}

void seen_free(struct standing *t)
{
	while (!TAILQ_EMPTY(&t->plain))
		seen_drop(t, TAILQ_FIRST(&t->plain));
	while (!TAILQ_EMPTY(&t->pinned))
		seen_drop(t, TAILQ_FIRST(&t->pinned));
	free(t->seen_by_name);
	free(t->seen_by_account);
}

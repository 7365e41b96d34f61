/* standing.c - the roles, bans, mutes and invitations of the server and of its
 * rooms. */
#include "server/room/standing_int.h"

#include <stdlib.h>
#include <string.h>

#include "shared/wire/text.h"

enum { RIGHTS_FIRST = 64, SWEEP_MS = 60 * 1000 };

/* FNV-1a from a random seed. */
static size_t hash_bytes(const struct standing *t, const uint8_t *p, size_t n)
{
	uint32_t h = t->seed;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619;
	return h ^ h >> 15;
}

size_t standing_hash(
    const struct standing *t, const uint8_t account[WIRE_KEY])
{
	return hash_bytes(t, account, WIRE_KEY);
}

size_t standing_hash_name(const struct standing *t, const char *name)
{
	uint8_t lower[WIRE_NAME_MAX];
	size_t n = 0;

	for (; n < sizeof(lower) && name[n] != '\0'; n++)
		lower[n] = (uint8_t)text_lower(name[n]);
	return hash_bytes(t, lower, n);
}

struct standing *standing_new(const struct rng *rng, enum role newcomer)
{
	struct standing *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	if (rng->fill(rng->arg, &t->seed, sizeof(t->seed)) != 0 ||
	    pthread_mutex_init(&t->lock, NULL) != 0) {
		free(t);
		return NULL;
	}
	t->newcomer = newcomer;
	TAILQ_INIT(&t->plain);
	TAILQ_INIT(&t->pinned);
	return t;
}

static void room_drop(struct standing *t, struct right_room *in);

void standing_free(struct standing *t)
{
	struct right_room *in;
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < RIGHT_ROOMS; i++)
		while ((in = LIST_FIRST(&t->rooms[i])) != NULL)
			room_drop(t, in);
	seen_free(t);
	free(t->by_account);
	free(t->by_name);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

/* --- the table ----------------------------------------------------------- */

static struct right_list *account_bucket(
    struct standing *t, const uint8_t *account)
{
	return &t->by_account[standing_hash(t, account) &
			       (t->right_buckets - 1)];
}

static struct right_list *name_bucket(struct standing *t, const char *name)
{
	return &t->by_name[standing_hash_name(t, name) &
			   (t->right_buckets - 1)];
}

struct right *right_find(
    struct standing *t, uint32_t room, const uint8_t *account)
{
	struct right *r;

	if (t->right_buckets == 0)
		return NULL;
	LIST_FOREACH(r, account_bucket(t, account), by_account)
	if (r->room == room && memcmp(r->account, account, WIRE_KEY) == 0)
		return r;
	return NULL;
}

/* Moves all to twice as many buckets when there is one in each. */
static int rights_reserve(struct standing *t)
{
	size_t n = t->right_buckets, want = n == 0 ? RIGHTS_FIRST : 2 * n, i;
	struct right_list *a, *b, *old = t->by_account;
	struct right *r;

	if (t->n_rights < n)
		return 0;
	a = calloc(want, sizeof(*a));
	b = calloc(want, sizeof(*b));
	if (a == NULL || b == NULL) {
		free(a);
		free(b);
		return ERR_NOMEM;
	}
	free(t->by_name);
	t->by_account = a;
	t->by_name = b;
	t->right_buckets = want;
	for (i = 0; i < n; i++)
		while ((r = LIST_FIRST(&old[i])) != NULL) {
			LIST_REMOVE(r, by_account);
			LIST_INSERT_HEAD(
			    account_bucket(t, r->account), r, by_account);
			LIST_INSERT_HEAD(name_bucket(t, r->name), r, by_name);
		}
	free(old);
	return 0;
}

static bool lasts(bool is, uint64_t until, uint64_t wall_ms)
{
	return is && (until == 0 || until > wall_ms);
}

static struct right_room *room_find(const struct standing *t, uint32_t room)
{
	struct right_room *in;

	LIST_FOREACH(in, &t->rooms[room % RIGHT_ROOMS], by_number)
	if (in->room == room)
		return in;
	return NULL;
}

/* The last one of a room takes the room along. */
static void right_drop(struct standing *t, struct right *r)
{
	struct right_room *in = r->in;
	const struct right *other;
	bool more = false;

	LIST_REMOVE(r, by_account);
	LIST_REMOVE(r, by_name);
	LIST_REMOVE(r, of_room);
	t->n_rights--;
	LIST_FOREACH(other, account_bucket(t, r->account), by_account)
	if (memcmp(other->account, r->account, WIRE_KEY) == 0)
		more = true;
	if (!more)
		seen_pin(t, r->account, false);
	free(r);
	if (--in->n > 0)
		return;
	LIST_REMOVE(in, by_number);
	free(in);
}

void right_drop_if_empty(struct standing *t, struct right *r)
{
	if (!r->has_role && !r->invited && !r->banned && !r->muted &&
	    !r->member)
		right_drop(t, r);
}

static void room_drop(struct standing *t, struct right_room *in)
{
	size_t n;

	for (n = in->n; n > 0; n--)
		right_drop(t, LIST_FIRST(&in->rights));
}

/* Drops what has ended in a room. */
static void room_sweep(
    struct standing *t, struct right_room *in, uint64_t wall_ms)
{
	struct right *r, *next, ended;
	size_t n = in->n; /* it may be gone after the last one */

	for (r = LIST_FIRST(&in->rights); n > 0; r = next, n--) {
		next = LIST_NEXT(r, of_room);
		ended = *r;
		ended.banned = lasts(r->banned, r->ban_until, wall_ms);
		ended.muted = lasts(r->muted, r->mute_until, wall_ms);
		/* Without memory the store hears of it next time. */
		if ((ended.banned != r->banned || ended.muted != r->muted) &&
		    right_put(t, &ended) != 0)
			continue;
		r->banned = ended.banned;
		r->muted = ended.muted;
		right_drop_if_empty(t, r);
	}
}

/* At most once in SWEEP_MS: it looks at everything. */
static void sweep(struct standing *t, uint64_t wall_ms)
{
	struct right_room *in, *next;
	size_t i;

	if (wall_ms - t->swept_ms < SWEEP_MS)
		return;
	t->swept_ms = wall_ms;
	for (i = 0; i < RIGHT_ROOMS; i++)
		for (in = LIST_FIRST(&t->rooms[i]); in != NULL; in = next) {
			next = LIST_NEXT(in, by_number);
			room_sweep(t, in, wall_ms);
		}
}

static bool has_place(const struct standing *t, uint32_t room)
{
	const struct right_room *in = room_find(t, room);
	size_t n = in == NULL ? 0 : in->n;

	if (room == 0)
		return t->n_rights < STANDING_RIGHTS;
	if (n < STANDING_SURE)
		return t->n_rights < STANDING_RIGHTS;
	return n < STANDING_IN_ROOM && t->n_rights < STANDING_RIGHTS / 2;
}

/* Makes one place at least, if it can. */
static bool make_place(struct standing *t, uint32_t room, uint64_t wall_ms)
{
	struct right_room *in;

	sweep(t, wall_ms);
	if (!has_place(t, room) && (in = room_find(t, room)) != NULL)
		room_sweep(t, in, wall_ms);
	return has_place(t, room);
}

size_t rights_in(const struct standing *t, uint32_t room)
{
	const struct right_room *in = room_find(t, room);

	return in == NULL ? 0 : in->n;
}

static struct right_room *room_get(struct standing *t, uint32_t room)
{
	struct right_room *in = room_find(t, room);

	if (in != NULL || (in = calloc(1, sizeof(*in))) == NULL)
		return in;
	in->room = room;
	LIST_INSERT_HEAD(&t->rooms[room % RIGHT_ROOMS], in, by_number);
	return in;
}

int right_make(struct standing *t, uint32_t room,
    const struct standing_who *who, uint64_t wall_ms, struct right **out)
{
	struct right *r;
	int err;

	if (!make_place(t, room, wall_ms))
		return ERR_LIMIT;
	if ((err = rights_reserve(t)) != 0)
		return err;
	if ((r = calloc(1, sizeof(*r))) == NULL ||
	    (r->in = room_get(t, room)) == NULL) {
		free(r);
		return ERR_NOMEM;
	}
	r->room = room;
	memcpy(r->name, who->name, strnlen(who->name, WIRE_NAME_MAX));
	memcpy(r->account, who->account, WIRE_KEY);
	LIST_INSERT_HEAD(account_bucket(t, r->account), r, by_account);
	LIST_INSERT_HEAD(name_bucket(t, r->name), r, by_name);
	LIST_INSERT_HEAD(&r->in->rights, r, of_room);
	r->in->n++;
	t->n_rights++;
	seen_pin(t, r->account, true);
	*out = r;
	return 0;
}

const struct right *right_named(struct standing *t, const char *name)
{
	const struct right *r;

	if (t->right_buckets == 0)
		return NULL;
	LIST_FOREACH(r, name_bucket(t, name), by_name)
	if (text_same_name(r->name, name))
		return r;
	return NULL;
}

/* --- asking -------------------------------------------------------------- */

static void add_mute(
    struct standing_rights *out, const struct right *r, uint64_t wall_ms)
{
	if (r == NULL || !lasts(r->muted, r->mute_until, wall_ms))
		return;
	/* The one that lasts longer counts. */
	if (!out->muted || r->mute_until == 0 ||
	    (out->mute_until != 0 && r->mute_until > out->mute_until))
		out->mute_until = r->mute_until;
	out->muted = true;
}

static void add_ban(
    struct standing_rights *out, const struct right *r, uint64_t wall_ms)
{
	if (!lasts(r->banned, r->ban_until, wall_ms))
		return;
	if (!out->banned || r->ban_until == 0 ||
	    (out->ban_until != 0 && r->ban_until > out->ban_until))
		out->ban_until = r->ban_until;
	out->banned = true;
}

static void add_bans(struct standing *t, uint32_t room,
    const struct standing_who *who, uint64_t wall_ms,
    struct standing_rights *out)
{
	const struct right *r;

	if (t->right_buckets == 0)
		return;
	if ((r = right_find(t, room, who->account)) != NULL)
		add_ban(out, r, wall_ms);
	LIST_FOREACH(r, name_bucket(t, who->name), by_name)
	if (r->room == room && text_same_name(r->name, who->name))
		add_ban(out, r, wall_ms);
}

void standing_rights(struct standing *t, uint32_t room,
    const struct standing_who *who, uint64_t wall_ms,
    struct standing_rights *out)
{
	const struct right *server, *here = NULL;

	*out = (struct standing_rights){0};
	(void)pthread_mutex_lock(&t->lock);
	server = right_find(t, 0, who->account);
	out->role =
	    server != NULL && server->has_role ? server->role : t->newcomer;
	if (room != 0)
		here = right_find(t, room, who->account);
	/* A role of the room counts; from operator on, also the server's. */
	if (here != NULL && here->has_role &&
	    (out->role < ROLE_OPERATOR || here->role > out->role))
		out->role = here->role;
	out->known = here != NULL && (here->has_role || here->invited);
	add_mute(out, server, wall_ms);
	add_mute(out, here, wall_ms);
	add_bans(t, room, who, wall_ms, out);
	(void)pthread_mutex_unlock(&t->lock);
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

int standing_rooms(struct standing *t, const uint8_t account[WIRE_KEY],
    uint32_t **rooms, size_t *n)
{
	const struct right *r;
	size_t max = 0;

	*rooms = NULL;
	*n = 0;
	(void)pthread_mutex_lock(&t->lock);
	if (t->right_buckets != 0) {
		LIST_FOREACH(r, account_bucket(t, account), by_account)
		max++;
		*rooms = calloc(max + 1, sizeof(**rooms));
	}
	if (*rooms != NULL) {
		LIST_FOREACH(r, account_bucket(t, account), by_account)
		if (r->room != 0 && (r->has_role || r->invited) &&
		    memcmp(r->account, account, WIRE_KEY) == 0)
			(*rooms)[(*n)++] = r->room;
	}
	(void)pthread_mutex_unlock(&t->lock);
	if (*rooms == NULL)
		return max == 0 ? 0 : ERR_NOMEM;
	qsort(*rooms, *n, sizeof(**rooms), by_number);
	return 0;
}

/* --- changing ------------------------------------------------------------ */

static void right_set(struct right *r, const struct standing_change *c)
{
	switch (c->act) {
	case ACT_BAN:
		r->banned = true;
		r->ban_until = c->until_ms;
		r->member = false;
		break;
	case ACT_MUTE:
		r->muted = true;
		r->mute_until = c->until_ms;
		break;
	case ACT_UNMUTE:
		r->muted = false;
		break;
	case ACT_ROLE:
		r->has_role = true;
		r->role = c->role;
		break;
	case ACT_INVITE:
		r->invited = true;
		break;
	case ACT_UNINVITE:
		r->invited = false;
		break;
	case ACT_NONE:
	case ACT_KICK:
	case ACT_UNBAN:
		break;
	}
}

static int right_unban(struct standing *t, struct right *r)
{
	struct right after = *r;
	int err;

	after.banned = false;
	if (r->banned && (err = right_put(t, &after)) != 0)
		return err;
	r->banned = false;
	right_drop_if_empty(t, r);
	return 0;
}

/* A ban is for the account and the name, and is lifted by either. */
static int unban(
    struct standing *t, uint32_t room, const struct standing_who *who)
{
	struct right *r, *next;
	int err;

	if (t->right_buckets == 0)
		return 0;
	if ((r = right_find(t, room, who->account)) != NULL &&
	    (err = right_unban(t, r)) != 0)
		return err;
	for (r = LIST_FIRST(name_bucket(t, who->name)); r != NULL; r = next) {
		next = LIST_NEXT(r, by_name);
		if (r->room == room && text_same_name(r->name, who->name) &&
		    (err = right_unban(t, r)) != 0)
			return err;
	}
	return 0;
}

/* A ban is also for the name that they have now. */
static void right_rename(struct standing *t, struct right *r, const char *name)
{
	LIST_REMOVE(r, by_name);
	memcpy(r->name, name, strnlen(name, WIRE_NAME_MAX) + 1);
	LIST_INSERT_HEAD(name_bucket(t, r->name), r, by_name);
}

static int change(struct standing *t, uint32_t room,
    const struct standing_who *who, const struct standing_change *c)
{
	struct right *r = right_find(t, room, who->account);
	bool takes = c->act == ACT_UNMUTE || c->act == ACT_UNINVITE;
	struct right after;
	int err;

	if (c->act == ACT_UNBAN)
		return unban(t, room, who);
	if (takes && (r == NULL || !(c->act == ACT_UNMUTE ? r->muted
							  : r->invited)))
		return 0;
	if (r == NULL && (err = right_make(t, room, who, c->wall_ms, &r)) != 0)
		return err;
	after = *r;
	right_set(&after, c);
	if (c->act == ACT_BAN)
		memcpy(after.name, who->name,
		    strnlen(who->name, WIRE_NAME_MAX) + 1);
	if ((err = right_put(t, &after)) == 0) {
		if (c->act == ACT_BAN)
			right_rename(t, r, who->name);
		right_set(r, c);
	}
	right_drop_if_empty(t, r);
	return err;
}

int standing_change(struct standing *t, uint32_t room,
    const struct standing_who *who, const struct standing_change *c)
{
	int err;

	(void)pthread_mutex_lock(&t->lock);
	err = change(t, room, who, c);
	(void)pthread_mutex_unlock(&t->lock);
	return err;
}

void standing_drop(struct standing *t, const uint8_t account[WIRE_KEY])
{
	struct right *r, *next;

	(void)pthread_mutex_lock(&t->lock);
	if (t->right_buckets != 0)
		for (r = LIST_FIRST(account_bucket(t, account)); r != NULL;
		     r = next) {
			next = LIST_NEXT(r, by_account);
			if (memcmp(r->account, account, WIRE_KEY) == 0)
				right_drop(t, r);
		}
	(void)pthread_mutex_unlock(&t->lock);
}

void standing_forget(struct standing *t, uint32_t room)
{
	struct right_room *in;

	(void)pthread_mutex_lock(&t->lock);
	if ((in = room_find(t, room)) != NULL)
		room_drop(t, in);
	(void)pthread_mutex_unlock(&t->lock);
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/room_int.h"
#include "server/room/rekey.h"
#include "shared/crypto/secret.h"

/* The second half of a turn: everything that can fail, made before anything is
 * posted. Under the room's lock. */
struct rekey {
	struct shard *shard;
	struct room *room;
	uint64_t wall_ms;
	bool fresh; /* a random secret, and a fence */
	uint32_t epoch;
	const struct room_keys *keys; /* room->next */
	struct epoch_update *news;
	uint64_t seq, offset; /* the room's, after the notices */
	struct member **new;  /* room->waiting, those who have their keys */
	size_t n_new;
};

static size_t rekey_remaining(const struct room *r)
{
	return r->in.n - r->n_left;
}

uint32_t rekey_epoch(struct room *r)
{
	uint32_t epoch;

	room_lock(r);
	epoch = r->epoch;
	room_unlock(r);
	return epoch;
}

static uint64_t deadline(const struct room *r)
{
	uint64_t due = UINT64_MAX, not_before;

	if (r->next != NULL)
		return r->unwrapped == 0 ? 0 : UINT64_MAX;
	if (r->n_left > 0 || r->waiting.n > 0)
		due = 0;
	else if (rekey_remaining(r) > 0)
		due = r->frames >= WIRE_REKEY_FRAMES
			  ? 0
			  : r->fresh_ms + r->o.rekey_ms;
	not_before = r->rekeyed ? r->last_rekey_ms + WIRE_EPOCH_MS : 0;
	return due > not_before ? due : not_before;
}

uint64_t rekey_deadline(struct room *r)
{
	uint64_t at;

	room_lock(r);
	at = deadline(r);
	room_unlock(r);
	return at;
}

/* --- the news ------------------------------------------------------------ */

static struct epoch_update *epoch_update_new(size_t n_new, size_t n_notices)
{
	struct epoch_update *t =
	    calloc(1, sizeof(*t) + n_new * sizeof(t->newcomer[0]));

	if (t == NULL)
		return NULL;
	atomic_init(&t->refs, 1);
	t->notice = calloc(n_notices + 1, sizeof(struct frame *));
	if (t->notice == NULL) {
		epoch_update_unref(t);
		return NULL;
	}
	return t;
}

struct epoch_update *epoch_update_ref(struct epoch_update *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void epoch_update_unref(struct epoch_update *t)
{
	size_t i;

	if (t == NULL ||
	    atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) > 1)
		return;
	frame_unref(t->rekey);
	frame_unref(t->page);
	for (i = 0; i < t->n_notices; i++)
		frame_unref(t->notice[i]);
	for (i = 0; i < t->n_new; i++) {
		member_unref(t->newcomer[i].member);
		frame_unref(t->newcomer[i].hello);
	}
	free(t->notice);
	free(t);
}

/* --- the first half ------------------------------------------------------ */

static int rekey_keys(struct shard *l, struct room_keys *k, bool fresh)
{
	struct room *r = l->o.room;
	int err;

	if (r->epoch == UINT32_MAX)
		return ERR_LIMIT;
	if (fresh)
		err = r->o.rng.fill(r->o.rng.arg, k->secret, WIRE_KEY);
	else
		err = group_join_step(l->o.crypto, k->secret, r->keys->secret);
	if (err != 0)
		return err;
	return group_epoch_make(
	    l->o.crypto, &k->epoch, r->o.id, r->epoch + 1, k->secret, NULL);
}

/* The first who wait are to be part of it; their shards wrap the key. */
static int rekey_want(struct room *r)
{
	struct room_event wrap = {.what = ROOM_EVENT_WRAP};
	struct member *m;
	size_t i, n = r->waiting.n;

	if (n > REKEY_NEWCOMERS_MAX)
		n = REKEY_NEWCOMERS_MAX;
	if (room_post_reserve(r, n) != 0)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		m = r->waiting.p[i];
		if (m->user.member == 0) {
			if (r->last_member == UINT32_MAX)
				break;
			m->user.member = ++r->last_member;
		}
		m->arrival->wanted = true;
		r->unwrapped++;
		wrap.u.member = member_ref(m);
		room_post(r, &wrap, m->shard);
	}
	return 0;
}

/* Nobody: no epoch, and no key that could be lost. */
static void rekey_nobody(struct room *r)
{
	room_keys_free(r->keys);
	r->keys = NULL;
}

static int rekey_begin(struct shard *l, uint64_t now_ms)
{
	struct room *r = l->o.room;
	struct room_keys *k;
	int err;

	r->next_fresh = r->keys == NULL || rekey_remaining(r) == 0 ||
			r->n_left > 0 || r->frames >= WIRE_REKEY_FRAMES ||
			now_ms - r->fresh_ms >= r->o.rekey_ms;
	if ((k = secret_alloc(sizeof(*k))) == NULL)
		return ERR_NOMEM;
	if ((err = rekey_keys(l, k, r->next_fresh)) != 0 ||
	    (err = rekey_want(r)) != 0) {
		room_keys_free(k);
		return err;
	}
	r->next = k;
	return 0;
}

/* Who waits goes on waiting. */
static void rekey_give_up(struct room *r)
{
	struct arrival *a;
	size_t i;

	room_keys_free(r->next);
	r->next = NULL;
	r->unwrapped = 0;
	r->rekeys++; /* a key that is being wrapped is of no use */
	for (i = 0; i < r->waiting.n; i++) {
		a = r->waiting.p[i]->arrival;
		a->wanted = false;
		frame_unref(a->hello);
		a->hello = NULL;
	}
}

/* The same bytes for all who remain: sealed by each link, wrapped by none. */
static int rekey_secret(struct rekey *t)
{
	struct key_exchange k = {.room = t->room->o.id, .epoch = t->epoch};
	struct buf json;
	int err;

	buf_init_secret(&json, WIRE_JSON_MAX);
	memcpy(k.commit, t->keys->epoch.commit, sizeof(k.commit));
	memcpy(k.secret, t->keys->secret, sizeof(k.secret));
	snprintf(k.reason, sizeof(k.reason), "%s",
	    t->room->n_left > 0 ? "leave" : "timer");
	err = control_key_exchange(&json, &k);
	if (err == 0) {
		t->news->rekey = frame_key_exchange(json.p, json.len, true);
		if (t->news->rekey == NULL)
			err = ERR_NOMEM;
	}
	secret_wipe(&k, sizeof(k));
	buf_free(&json);
	return err;
}

/* --- the second half: notices ------------------------------------------------------------- */

/* One notice, sealed once for all who are in the room. */
static int rekey_notice(struct rekey *t, enum notice_event event,
    const struct group_epoch *keys, const struct user *users, size_t n)
{
	static const uint8_t no_card[WIRE_HASH] = {0};
	struct room *r = t->room;
	struct crypto *c = t->shard->o.crypto;
	struct buf *json = &t->shard->json;
	struct group_sender server = {.name = "",
	    .card = no_card,
	    .identity = identity_public(r->o.identity)};
	struct frame *p;
	struct buf body;
	int err;

	buf_init(
	    &body, WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_JSON_MAX + WIRE_TAG);
	buf_clear(json);
	err = content_notice(
	    json, event, t->epoch, t->keys->epoch.commit, users, n, t->wall_ms);
	if (err == 0)
		err = group_seal(c, &body,
		    &(struct group_context){.epoch = keys,
			.session = r->o.session,
			.from = &server,
			.signer = r->o.identity},
		    t->seq + 1, json->p, json->len);
	if (err != 0)
		goto out;
	if ((p = frame_group(body.p, body.len)) == NULL) {
		err = ERR_NOMEM;
		goto out;
	}
	t->news->notice[t->news->n_notices++] = p;
	if ((err = frame_number(p, c, t->offset + 1)) == 0) {
		t->seq++;
		t->offset++;
	}
out:
	buf_free(&body);
	return err;
}

static int rekey_notice_leaves(struct rekey *t)
{
	struct room *r = t->room;
	struct user users[WIRE_PAGE];
	size_t i, n = 0;
	int err = 0;

	for (i = 0; i < r->in.n && err == 0; i++) {
		if (!r->in.p[i]->left)
			continue;
		users[n++] = r->in.p[i]->user;
		if (n == WIRE_PAGE) {
			err = rekey_notice(
			    t, NOTICE_LEAVE, &t->keys->epoch, users, n);
			n = 0;
		}
	}
	if (n > 0 && err == 0)
		err = rekey_notice(t, NOTICE_LEAVE, &t->keys->epoch, users, n);
	return err;
}

/* A step is announced in the old epoch, once; the rest of it in the new. */
static int rekey_notice_joins(struct rekey *t)
{
	const struct group_epoch *keys =
	    t->fresh ? &t->keys->epoch : &t->room->keys->epoch;
	struct user users[WIRE_PAGE];
	size_t i = 0, n;
	int err = 0;

	while (i < t->n_new && err == 0) {
		for (n = 0; n < WIRE_PAGE && i < t->n_new; i++)
			users[n++] = t->new[i]->user;
		err = rekey_notice(t, NOTICE_JOIN, keys, users, n);
		keys = &t->keys->epoch;
	}
	return err;
}

static size_t rekey_pages(size_t n)
{
	return (n + WIRE_PAGE - 1) / WIRE_PAGE;
}

static int rekey_notices(struct rekey *t)
{
	int err;

	if (t->room->n_left > 0 && (err = rekey_notice_leaves(t)) != 0)
		return err;
	return rekey_notice_joins(t);
}

/* --- from here on nothing fails ------------------------------------------ */

/* Those whose leaving is in the notices. */
static void rekey_drop_left(struct room *r)
{
	size_t i, n = 0;

	if (r->n_left == 0)
		return;
	for (i = 0; i < r->in.n; i++) {
		if (r->in.p[i]->left)
			member_unref(r->in.p[i]);
		else
			r->in.p[n++] = r->in.p[i];
	}
	r->in.n = n;
	r->n_left = 0;
}

/* They go from one list to the other, with their hellos into the news. */
static void rekey_admit(struct rekey *t)
{
	struct room *r = t->room;
	struct epoch_update *news = t->news;
	struct member *m;
	size_t i, n = 0;

	for (i = 0; i < t->n_new; i++) {
		m = t->new[i];
		m->first_epoch = t->epoch;
		news->newcomer[i].hello = m->arrival->hello;
		news->newcomer[i].member = member_ref(m);
		free(m->arrival);
		m->arrival = NULL;
		r->in.p[r->in.n++] = m; /* room_enter has reserved */
	}
	news->n_new = t->n_new;
	for (i = 0; i < r->waiting.n; i++)
		if (r->waiting.p[i]->arrival != NULL)
			r->waiting.p[n++] = r->waiting.p[i];
	r->waiting.n = n;
}

static void rekey_commit(struct rekey *t, uint64_t now_ms)
{
	struct room *r = t->room;
	struct room_event event = {.what = ROOM_EVENT_EPOCH, .u.news = t->news};

	room_keys_free(r->keys);
	r->keys = r->next;
	r->next = NULL;
	r->epoch = t->epoch;
	r->seq = t->seq;
	r->offset = t->offset;
	if (t->fresh) {
		r->fence = t->epoch;
		r->fresh_ms = now_ms;
		r->frames = 0;
	}
	rekey_drop_left(r);
	rekey_admit(t);
	room_pages_drop(r);
	t->news = NULL; /* the reference passes */
	room_post(r, &event, NULL);
}

/* The list as it will be, without those whom it no longer names. */
static int rekey_page(struct rekey *t)
{
	const struct room *r = t->room;
	struct user_list l = {.room = r->o.id,
	    .total = rekey_remaining(r) + t->n_new,
	    .seq = t->seq};
	size_t i;

	for (i = 0; i < r->in.n && l.n_users < WIRE_PAGE; i++)
		if (!r->in.p[i]->left)
			l.users[l.n_users++] = r->in.p[i]->user;
	for (i = 0; i < t->n_new && l.n_users < WIRE_PAGE; i++)
		l.users[l.n_users++] = t->new[i]->user;
	return room_page_make(&l, t->shard, &t->news->page);
}

static int rekey_make(struct rekey *t, uint64_t now_ms)
{
	struct room *r = t->room;
	size_t remaining = rekey_remaining(r);
	int err;

	t->news =
	    epoch_update_new(t->n_new, rekey_pages(r->n_left) + rekey_pages(t->n_new));
	if (t->news == NULL || room_post_reserve(r, 1) != 0)
		return ERR_NOMEM;
	t->news->epoch = t->epoch;
	if (remaining > 0 && t->fresh && (err = rekey_secret(t)) != 0)
		return err;
	if (remaining > 0 && (err = rekey_notices(t)) != 0)
		return err;
	if (t->n_new > 0 && (err = rekey_page(t)) != 0)
		return err;
	rekey_commit(t, now_ms);
	return 0;
}

/* Those who have their keys, in the order of their coming. */
static int rekey_newcomers(struct rekey *t)
{
	struct room *r = t->room;
	size_t i;

	if ((t->new = calloc(r->waiting.n + 1, sizeof(*t->new))) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < r->waiting.n; i++)
		if (r->waiting.p[i]->arrival->hello != NULL)
			t->new[t->n_new++] = r->waiting.p[i];
	return 0;
}

static int rekey_end(struct shard *l, uint64_t now_ms, uint64_t wall_ms)
{
	struct room *r = l->o.room;
	struct rekey t = {.shard = l,
	    .room = r,
	    .wall_ms = wall_ms,
	    .fresh = r->next_fresh,
	    .epoch = r->epoch + 1,
	    .keys = r->next,
	    .seq = r->seq,
	    .offset = r->offset};
	int err = rekey_newcomers(&t);

	/* When none of those who waited could come in, and nobody left, there
	 * is nothing to tell. */
	if (err == 0 && (t.n_new > 0 || (t.fresh && rekey_remaining(r) > 0)))
		err = rekey_make(&t, now_ms);
	if (r->next != NULL)
		rekey_give_up(r);
	epoch_update_unref(t.news);
	free(t.new);
	return err;
}

/* Locked. */
static int rekey_halves(struct shard *l, uint64_t now_ms, uint64_t wall_ms)
{
	struct room *r = l->o.room;
	int err;

	/* Who left since the first half knows the step. */
	if (r->next != NULL && !r->next_fresh && r->n_left > 0)
		rekey_give_up(r);
	if (rekey_remaining(r) == 0 && r->waiting.n == 0) {
		if (r->next != NULL)
			rekey_give_up(r);
		rekey_drop_left(r);
		rekey_nobody(r);
		return 0;
	}
	if (r->next == NULL && (err = rekey_begin(l, now_ms)) != 0)
		return err;
	return r->unwrapped > 0 ? 0 : rekey_end(l, now_ms, wall_ms);
}

int rekey_run(struct shard *l, uint64_t now_ms, uint64_t wall_ms)
{
	struct room *r = l->o.room;
	int err;

	room_lock(r);
	err = rekey_halves(l, now_ms, wall_ms);
	if (r->next == NULL) { /* over, or given up */
		r->last_rekey_ms = now_ms;
		r->rekeyed = true;
	}
	room_unlock(r);
	return err;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room_state.h"
#include "server/turn.h"
#include "shared/secret.h"

/* The second half of a turn: everything that can fail, made before anything is
 * posted. Under the room's lock. */
struct turn {
	struct lane *lane;
	struct room *room;
	uint64_t wall_ms;
	bool fresh; /* a random secret, and a fence */
	uint32_t epoch;
	const struct room_keys *keys; /* room->next */
	struct turn_news *news;
	uint64_t seq, offset; /* the room's, after the notices */
	struct member **new;  /* room->waiting, those who have their keys */
	size_t n_new;
};

static size_t turn_remaining(const struct room *r)
{
	return r->in.n - r->n_left;
}

uint32_t turn_epoch(struct room *r)
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
	else if (turn_remaining(r) > 0)
		due = r->frames >= WIRE_REKEY_FRAMES
			  ? 0
			  : r->fresh_ms + r->o.rekey_ms;
	not_before = r->turned ? r->turn_ms + WIRE_EPOCH_MS : 0;
	return due > not_before ? due : not_before;
}

uint64_t turn_deadline(struct room *r)
{
	uint64_t at;

	room_lock(r);
	at = deadline(r);
	room_unlock(r);
	return at;
}

/* --- the news ------------------------------------------------------------ */

static struct turn_news *news_new(size_t n_new, size_t n_notices)
{
	struct turn_news *t =
	    calloc(1, sizeof(*t) + n_new * sizeof(t->newcomer[0]));

	if (t == NULL)
		return NULL;
	atomic_init(&t->refs, 1);
	t->notice = calloc(n_notices + 1, sizeof(struct packet *));
	if (t->notice == NULL) {
		turn_news_unref(t);
		return NULL;
	}
	return t;
}

struct turn_news *turn_news_ref(struct turn_news *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void turn_news_unref(struct turn_news *t)
{
	size_t i;

	if (t == NULL ||
	    atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) > 1)
		return;
	packet_unref(t->rekey);
	packet_unref(t->page);
	for (i = 0; i < t->n_notices; i++)
		packet_unref(t->notice[i]);
	for (i = 0; i < t->n_new; i++) {
		member_unref(t->newcomer[i].member);
		packet_unref(t->newcomer[i].hello);
	}
	free(t->notice);
	free(t);
}

/* --- the first half ------------------------------------------------------ */

static int turn_keys(struct lane *l, struct room_keys *k, bool fresh)
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

/* The first who wait are to be part of it; their lanes wrap the key. */
static int turn_want(struct room *r)
{
	struct mail wrap = {.what = MAIL_WRAP};
	struct member *m;
	size_t i, n = r->waiting.n;

	if (n > TURN_NEWCOMERS_MAX)
		n = TURN_NEWCOMERS_MAX;
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
		room_post(r, &wrap, m->lane);
	}
	return 0;
}

/* Nobody: no epoch, and no key that could be lost. */
static void turn_nobody(struct room *r)
{
	room_keys_free(r->keys);
	r->keys = NULL;
}

static int turn_begin(struct lane *l, uint64_t now_ms)
{
	struct room *r = l->o.room;
	struct room_keys *k;
	int err;

	r->next_fresh = r->keys == NULL || turn_remaining(r) == 0 ||
			r->n_left > 0 || r->frames >= WIRE_REKEY_FRAMES ||
			now_ms - r->fresh_ms >= r->o.rekey_ms;
	if ((k = secret_alloc(sizeof(*k))) == NULL)
		return ERR_NOMEM;
	if ((err = turn_keys(l, k, r->next_fresh)) != 0 ||
	    (err = turn_want(r)) != 0) {
		room_keys_free(k);
		return err;
	}
	r->next = k;
	return 0;
}

/* Who waits goes on waiting. */
static void turn_give_up(struct room *r)
{
	struct arrival *a;
	size_t i;

	room_keys_free(r->next);
	r->next = NULL;
	r->unwrapped = 0;
	r->turns++; /* a key that is being wrapped is of no use */
	for (i = 0; i < r->waiting.n; i++) {
		a = r->waiting.p[i]->arrival;
		a->wanted = false;
		packet_unref(a->hello);
		a->hello = NULL;
	}
}

/* The same bytes for all who remain: sealed by each link, wrapped by none. */
static int turn_rekey(struct turn *t)
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
		t->news->rekey = packet_key_exchange(json.p, json.len, true);
		if (t->news->rekey == NULL)
			err = ERR_NOMEM;
	}
	secret_wipe(&k, sizeof(k));
	buf_free(&json);
	return err;
}

/* --- the second half: notices ------------------------------------------------------------- */

/* One notice, sealed once for all who are in the room. */
static int turn_notice(struct turn *t, enum notice_event event,
    const struct group_epoch *keys, const struct user *users, size_t n)
{
	static const uint8_t no_card[WIRE_HASH] = {0};
	struct room *r = t->room;
	struct crypto *c = t->lane->o.crypto;
	struct buf *json = &t->lane->json;
	struct group_sender server = {.name = "",
	    .card = no_card,
	    .identity = identity_public(r->o.identity)};
	struct packet *p;
	struct buf body;
	int err;

	buf_init(
	    &body, WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_JSON_MAX + WIRE_TAG);
	buf_clear(json);
	err = content_notice(
	    json, event, t->epoch, t->keys->epoch.commit, users, n, t->wall_ms);
	if (err == 0)
		err = group_seal(c, &body, keys, r->o.session, &server,
		    r->o.identity, t->seq + 1, json->p, json->len);
	if (err != 0)
		goto out;
	if ((p = packet_group(body.p, body.len)) == NULL) {
		err = ERR_NOMEM;
		goto out;
	}
	t->news->notice[t->news->n_notices++] = p;
	if ((err = packet_number(p, c, t->offset + 1)) == 0) {
		t->seq++;
		t->offset++;
	}
out:
	buf_free(&body);
	return err;
}

static int turn_notice_leaves(struct turn *t)
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
			err = turn_notice(
			    t, NOTICE_LEAVE, &t->keys->epoch, users, n);
			n = 0;
		}
	}
	if (n > 0 && err == 0)
		err = turn_notice(t, NOTICE_LEAVE, &t->keys->epoch, users, n);
	return err;
}

/* A step is announced in the old epoch, once; the rest of it in the new. */
static int turn_notice_joins(struct turn *t)
{
	const struct group_epoch *keys =
	    t->fresh ? &t->keys->epoch : &t->room->keys->epoch;
	struct user users[WIRE_PAGE];
	size_t i = 0, n;
	int err = 0;

	while (i < t->n_new && err == 0) {
		for (n = 0; n < WIRE_PAGE && i < t->n_new; i++)
			users[n++] = t->new[i]->user;
		err = turn_notice(t, NOTICE_JOIN, keys, users, n);
		keys = &t->keys->epoch;
	}
	return err;
}

static size_t turn_pages(size_t n)
{
	return (n + WIRE_PAGE - 1) / WIRE_PAGE;
}

static int turn_notices(struct turn *t)
{
	int err;

	if (t->room->n_left > 0 && (err = turn_notice_leaves(t)) != 0)
		return err;
	return turn_notice_joins(t);
}

/* --- from here on nothing fails ------------------------------------------ */

/* Those whose leaving is in the notices. */
static void turn_drop_left(struct room *r)
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
static void turn_admit(struct turn *t)
{
	struct room *r = t->room;
	struct turn_news *news = t->news;
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

static void turn_commit(struct turn *t, uint64_t now_ms)
{
	struct room *r = t->room;
	struct mail mail = {.what = MAIL_TURN, .u.news = t->news};

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
	turn_drop_left(r);
	turn_admit(t);
	room_pages_drop(r);
	t->news = NULL; /* the reference passes */
	room_post(r, &mail, NULL);
}

/* The list as it will be, without those whom it no longer names. */
static int turn_page(struct turn *t)
{
	const struct room *r = t->room;
	struct user_list l = {.room = r->o.id,
	    .total = turn_remaining(r) + t->n_new,
	    .seq = t->seq};
	size_t i;

	for (i = 0; i < r->in.n && l.n_users < WIRE_PAGE; i++)
		if (!r->in.p[i]->left)
			l.users[l.n_users++] = r->in.p[i]->user;
	for (i = 0; i < t->n_new && l.n_users < WIRE_PAGE; i++)
		l.users[l.n_users++] = t->new[i]->user;
	return room_page_make(&l, t->lane, &t->news->page);
}

static int turn_make(struct turn *t, uint64_t now_ms)
{
	struct room *r = t->room;
	size_t remaining = turn_remaining(r);
	int err;

	t->news =
	    news_new(t->n_new, turn_pages(r->n_left) + turn_pages(t->n_new));
	if (t->news == NULL || room_post_reserve(r, 1) != 0)
		return ERR_NOMEM;
	t->news->epoch = t->epoch;
	if (remaining > 0 && t->fresh && (err = turn_rekey(t)) != 0)
		return err;
	if (remaining > 0 && (err = turn_notices(t)) != 0)
		return err;
	if (t->n_new > 0 && (err = turn_page(t)) != 0)
		return err;
	turn_commit(t, now_ms);
	return 0;
}

/* Those who have their keys, in the order of their coming. */
static int turn_newcomers(struct turn *t)
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

static int turn_end(struct lane *l, uint64_t now_ms, uint64_t wall_ms)
{
	struct room *r = l->o.room;
	struct turn t = {.lane = l,
	    .room = r,
	    .wall_ms = wall_ms,
	    .fresh = r->next_fresh,
	    .epoch = r->epoch + 1,
	    .keys = r->next,
	    .seq = r->seq,
	    .offset = r->offset};
	int err = turn_newcomers(&t);

	/* When none of those who waited could come in, and nobody left, there
	 * is nothing to tell. */
	if (err == 0 && (t.n_new > 0 || (t.fresh && turn_remaining(r) > 0)))
		err = turn_make(&t, now_ms);
	if (r->next != NULL)
		turn_give_up(r);
	turn_news_unref(t.news);
	free(t.new);
	return err;
}

/* Locked. */
static int turn_halves(struct lane *l, uint64_t now_ms, uint64_t wall_ms)
{
	struct room *r = l->o.room;
	int err;

	/* Who left since the first half knows the step. */
	if (r->next != NULL && !r->next_fresh && r->n_left > 0)
		turn_give_up(r);
	if (turn_remaining(r) == 0 && r->waiting.n == 0) {
		if (r->next != NULL)
			turn_give_up(r);
		turn_drop_left(r);
		turn_nobody(r);
		return 0;
	}
	if (r->next == NULL && (err = turn_begin(l, now_ms)) != 0)
		return err;
	return r->unwrapped > 0 ? 0 : turn_end(l, now_ms, wall_ms);
}

int turn_run(struct lane *l, uint64_t now_ms, uint64_t wall_ms)
{
	struct room *r = l->o.room;
	int err;

	room_lock(r);
	err = turn_halves(l, now_ms, wall_ms);
	if (r->next == NULL) { /* over, or given up */
		r->turn_ms = now_ms;
		r->turned = true;
	}
	room_unlock(r);
	return err;
}

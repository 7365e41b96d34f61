#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room_state.h"
#include "server/turn.h"
#include "shared/secret.h"

/* Everything of a turn that can fail, made before anything is sent. */
struct turn {
	struct room *room;
	uint64_t wall_ms;
	bool fresh;	    /* a random secret, and a fence */
	const char *reason; /* of a fresh one */
	uint32_t epoch;
	struct room_keys *keys;
	struct packet *rekey; /* the fresh secret, for who remains */
	struct packet **notice;
	size_t n_notices;
	uint64_t seq, offset; /* the room's, after the notices */
	size_t n_new;	      /* the first of room->waiting */
	struct packet *hello[TURN_NEWCOMERS_MAX]; /* their wrapped secrets */
};

static size_t turn_remaining(const struct room *r)
{
	return r->in.n - r->n_left;
}

uint32_t turn_epoch(const struct room *r)
{
	return r->epoch;
}

uint64_t turn_deadline(const struct room *r)
{
	uint64_t due = UINT64_MAX, not_before;

	if (r->n_left > 0 || r->waiting.n > 0)
		due = 0;
	else if (turn_remaining(r) > 0)
		due = r->frames >= WIRE_REKEY_FRAMES
			  ? 0
			  : r->fresh_ms + r->o.rekey_ms;
	not_before = r->turned ? r->turn_ms + WIRE_EPOCH_MS : 0;
	return due > not_before ? due : not_before;
}

/* --- keys ---------------------------------------------------------------- */

static int turn_keys(struct turn *t)
{
	struct room *r = t->room;
	int err;

	if (r->epoch == UINT32_MAX)
		return ERR_LIMIT;
	t->epoch = r->epoch + 1;
	if ((t->keys = secret_alloc(sizeof(*t->keys))) == NULL)
		return ERR_NOMEM;
	if (t->fresh)
		err = r->o.rng.fill(r->o.rng.arg, t->keys->secret, WIRE_KEY);
	else
		err = group_join_step(
		    r->o.crypto, t->keys->secret, r->keys->secret);
	if (err != 0)
		return err;
	return group_epoch_make(r->o.crypto, &t->keys->epoch, r->o.id, t->epoch,
	    t->keys->secret, NULL);
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
	snprintf(k.reason, sizeof(k.reason), "%s", t->reason);
	err = control_key_exchange(&json, &k);
	if (err == 0 &&
	    (t->rekey = packet_key_exchange(json.p, json.len, true)) == NULL)
		err = ERR_NOMEM;
	secret_wipe(&k, sizeof(k));
	buf_free(&json);
	return err;
}

static int turn_wrap(
    const struct turn *t, const struct member *m, struct buf *out)
{
	uint8_t label[sizeof(LABEL_GROUP_KEY) + WIRE_HASH + 12], *p = label;
	struct wrap_pub *pub = NULL;
	int err;

	memcpy(p, LABEL_GROUP_KEY, sizeof(LABEL_GROUP_KEY));
	p += sizeof(LABEL_GROUP_KEY);
	memcpy(p, m->arrival->th5, WIRE_HASH);
	p += WIRE_HASH;
	put_u32(p, t->room->o.id);
	put_u32(p + 4, t->epoch);
	put_u32(p + 8, m->user.member);
	err = wrap_pub_from_spki(&pub, m->arrival->wrap, m->arrival->wrap_len);
	if (err == 0)
		err =
		    wrap_seal(pub, out, label, sizeof(label), t->keys->secret);
	wrap_pub_free(pub);
	return err;
}

static int turn_hello(
    const struct turn *t, const struct member *m, struct packet **out)
{
	struct room *r = t->room;
	struct key_exchange k = {.room = r->o.id, .epoch = t->epoch};
	struct buf wrapped;
	int err;

	buf_init(&wrapped, sizeof(k.wrapped));
	k.is_wrapped = true;
	k.member = m->user.member;
	memcpy(k.commit, t->keys->epoch.commit, sizeof(k.commit));
	snprintf(k.name, sizeof(k.name), "%s", r->name);
	if ((err = turn_wrap(t, m, &wrapped)) != 0)
		goto out;
	memcpy(k.wrapped, wrapped.p, wrapped.len);
	k.wrapped_len = wrapped.len;
	buf_clear(&r->json);
	if ((err = control_key_exchange(&r->json, &k)) != 0)
		goto out;
	*out = packet_key_exchange(r->json.p, r->json.len, false);
	if (*out == NULL)
		err = ERR_NOMEM;
out:
	buf_free(&wrapped);
	return err;
}

/* Ids and wrapped keys for those who come in now. One whose key does not work
 * costs itself only. */
static void turn_newcomers(struct turn *t)
{
	struct room *r = t->room;
	struct outq *out;
	struct member *m;
	int err;

	while (t->n_new < r->waiting.n && t->n_new < TURN_NEWCOMERS_MAX) {
		m = r->waiting.p[t->n_new];
		if (r->last_member == UINT32_MAX) {
			err = ERR_LIMIT;
		} else {
			m->user.member = ++r->last_member;
			err = turn_hello(t, m, &t->hello[t->n_new]);
		}
		if (err == 0) {
			t->n_new++;
			continue;
		}
		out = m->out;
		room_leave(r, m);
		outq_fail(out, err);
	}
}

/* --- notices ------------------------------------------------------------- */

/* One notice, sealed once for all who are in the room. */
static int turn_notice(struct turn *t, enum notice_event event,
    const struct group_epoch *keys, const struct user *users, size_t n)
{
	static const uint8_t no_card[WIRE_HASH];
	struct room *r = t->room;
	struct group_sender server = {.name = "",
	    .card = no_card,
	    .identity = identity_public(r->o.identity)};
	struct buf body;
	int err;

	buf_init(
	    &body, WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_JSON_MAX + WIRE_TAG);
	buf_clear(&r->json);
	err = content_notice(&r->json, event, t->epoch, t->keys->epoch.commit,
	    users, n, t->wall_ms);
	if (err == 0)
		err = group_seal(r->o.crypto, &body, keys, r->o.session,
		    &server, r->o.identity, t->seq + 1, r->json.p, r->json.len);
	if (err != 0)
		goto out;
	t->notice[t->n_notices] =
	    packet_group(r->o.crypto, body.p, body.len, t->offset + 1);
	if (t->notice[t->n_notices] == NULL) {
		err = ERR_NOMEM;
		goto out;
	}
	t->n_notices++;
	t->seq++;
	t->offset++;
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
	struct room *r = t->room;
	const struct group_epoch *keys =
	    t->fresh ? &t->keys->epoch : &r->keys->epoch;
	struct user users[WIRE_PAGE];
	size_t i = 0, n;
	int err = 0;

	while (i < t->n_new && err == 0) {
		for (n = 0; n < WIRE_PAGE && i < t->n_new; i++)
			users[n++] = r->waiting.p[i]->user;
		err = turn_notice(t, NOTICE_JOIN, keys, users, n);
		keys = &t->keys->epoch;
	}
	return err;
}

static int turn_notices(struct turn *t)
{
	struct room *r = t->room;
	size_t most = (r->n_left + WIRE_PAGE - 1) / WIRE_PAGE +
		      (t->n_new + WIRE_PAGE - 1) / WIRE_PAGE;
	int err;

	if (most == 0)
		return 0;
	if ((t->notice = calloc(most, sizeof(*t->notice))) == NULL)
		return ERR_NOMEM;
	if (r->n_left > 0 && (err = turn_notice_leaves(t)) != 0)
		return err;
	return turn_notice_joins(t);
}

/* --- from here on nothing fails but a member's own queue ----------------- */

/* False: the queue has failed and its member has left. */
static bool turn_put(struct room *r, struct member *m, struct packet *p)
{
	if (outq_put(m->out, p) == 0)
		return true;
	room_leave(r, m);
	return false;
}

/* Those whose leaving is in the notices. */
static void turn_drop_left(struct room *r)
{
	size_t i, n = 0;

	if (r->n_left == 0)
		return;
	for (i = 0; i < r->in.n; i++) {
		if (r->in.p[i]->left)
			member_free(r->in.p[i]);
		else
			r->in.p[n++] = r->in.p[i];
	}
	r->in.n = n;
	r->n_left = 0;
}

static void turn_tell(struct turn *t)
{
	struct room *r = t->room;
	struct member *m;
	size_t i, k;
	bool ok;

	for (i = 0; i < r->in.n; i++) {
		m = r->in.p[i];
		ok = t->rekey == NULL || turn_put(r, m, t->rekey);
		for (k = 0; k < t->n_notices && ok; k++)
			ok = turn_put(r, m, t->notice[k]);
	}
}

static void turn_admit(struct turn *t)
{
	struct room *r = t->room;
	size_t old = r->in.n, i;
	struct packet *page = NULL;
	struct member *m;

	for (i = 0; i < t->n_new; i++) {
		m = r->waiting.p[i];
		m->first_epoch = t->epoch;
		free(m->arrival);
		m->arrival = NULL;
		r->in.p[r->in.n++] = m; /* room_enter has reserved */
	}
	r->waiting.n -= t->n_new;
	memmove(r->waiting.p, r->waiting.p + t->n_new,
	    r->waiting.n * sizeof(r->waiting.p[0]));
	if (t->n_new > 0 && room_page(r, 0, &page) != 0)
		page = NULL;
	for (i = 0; i < t->n_new; i++) {
		m = r->in.p[old + i];
		if (page == NULL) {
			outq_fail(m->out, ERR_NOMEM);
			room_leave(r, m);
		} else if (turn_put(r, m, t->hello[i])) {
			(void)turn_put(r, m, page);
		}
	}
	packet_unref(page);
}

static void turn_commit(struct turn *t, uint64_t now_ms)
{
	struct room *r = t->room;

	room_keys_free(r->keys);
	r->keys = t->keys;
	t->keys = NULL;
	r->epoch = t->epoch;
	r->seq = t->seq;
	r->offset = t->offset;
	if (t->fresh) {
		r->fence = t->epoch;
		r->fresh_ms = now_ms;
		r->frames = 0;
	}
	turn_drop_left(r);
	turn_tell(t);
	turn_admit(t);
}

static void turn_free(struct turn *t)
{
	size_t i;

	room_keys_free(t->keys);
	packet_unref(t->rekey);
	for (i = 0; i < t->n_notices; i++)
		packet_unref(t->notice[i]);
	free(t->notice);
	for (i = 0; i < t->n_new; i++)
		packet_unref(t->hello[i]);
}

int turn_run(struct room *r, uint64_t now_ms, uint64_t wall_ms)
{
	struct turn t = {
	    .room = r, .wall_ms = wall_ms, .seq = r->seq, .offset = r->offset};
	size_t remaining;
	int err = 0;

	/* They go before a fence. And the list is empty afterwards, so that
	 * leavers can be freed. */
	room_acks(r);
	t.reason = r->n_left > 0 ? "leave" : "timer";
	remaining = turn_remaining(r);
	if (remaining == 0 && r->waiting.n == 0) {
		/* Nobody: no epoch, and no key that could be lost. */
		turn_drop_left(r);
		room_keys_free(r->keys);
		r->keys = NULL;
		return 0;
	}
	t.fresh = r->keys == NULL || remaining == 0 || r->n_left > 0 ||
		  r->frames >= WIRE_REKEY_FRAMES ||
		  now_ms - r->fresh_ms >= r->o.rekey_ms;
	if ((err = turn_keys(&t)) != 0)
		goto out;
	turn_newcomers(&t);
	if (t.n_new == 0 && (!t.fresh || remaining == 0))
		goto out; /* none of those who waited could come in */
	if (remaining > 0 && t.fresh && (err = turn_rekey(&t)) != 0)
		goto out;
	if (remaining > 0 && (err = turn_notices(&t)) != 0)
		goto out;
	turn_commit(&t, now_ms);
out:
	turn_free(&t);
	r->turn_ms = now_ms;
	r->turned = true;
	return err;
}

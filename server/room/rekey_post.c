/* rekey_post.c - the second step of a rekey: builds every frame for the room
 * before it posts any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/rekey.h"
#include "shared/base/secret.h"
#include "shared/proto/roster_hash.h"

struct rekey_post {
	const struct rekey_run *run;
	struct rekey *rekey;
	bool fresh; /* a random secret, and a fence */
	uint32_t epoch;
	const struct room_keys *keys; /* rekey->next */
	struct epoch_update *update;
	uint64_t seq, offset; /* the room's, after the notices */
	struct member **new;  /* newcomers whose keys are wrapped, by number */
	size_t n_new;
	uint8_t roster[WIRE_HASH]; /* of the epoch */
};

/* --- the list ------------------------------------------------------------ */

/* A position in the list that the epoch will have. */
struct rekey_at {
	size_t in, new;
};

/* The next member of that list, ascending by number; NULL at its end. */
static const struct user *rekey_next(
    const struct rekey_post *t, struct rekey_at *at)
{
	const struct member_list *in = &t->rekey->o.members->in;

	while (at->in < in->n && in->p[at->in]->left)
		at->in++;
	if (at->new < t->n_new &&
	    (at->in == in->n ||
		t->new[at->new]->user.member < in->p[at->in]->user.member))
		return &t->new[at->new ++]->user;
	return at->in < in->n ? &in->p[at->in++]->user : NULL;
}

static int rekey_roster(struct rekey_post *t)
{
	struct roster_hash *h = roster_hash_new(t->run->crypto);
	struct rekey_at at = {0};
	const struct user *u;
	int err = 0;

	if (h == NULL)
		return ERR_NOMEM;
	while (err == 0 && (u = rekey_next(t, &at)) != NULL)
		err = roster_hash_add(h, u);
	if (err == 0)
		err = roster_hash_get(h, t->roster);
	roster_hash_free(h);
	return err;
}

/* --- the key ------------------------------------------------------------- */

static enum rekey_reason rekey_reason(const struct rekey_post *t)
{
	if (t->rekey->o.members->n_left > 0)
		return REKEY_LEAVE;
	return t->n_new > 0 ? REKEY_JOIN : REKEY_TIMER;
}

static const char *rekey_reason_word(enum rekey_reason reason)
{
	static const char *const word[] = {
	    [REKEY_TIMER] = "timer",
	    [REKEY_LEAVE] = "leave",
	    [REKEY_JOIN] = "join",
	};

	return word[reason];
}

/* The same bytes for all staying members: each link seals them, and none is
 * wrapped. */
static int rekey_secret(struct rekey_post *t)
{
	struct key_exchange k = {.room = t->rekey->o.id, .epoch = t->epoch};
	struct buf json;
	int err;

	buf_init_secret(&json, WIRE_JSON_MAX);
	memcpy(k.commit, t->keys->epoch.commit, sizeof(k.commit));
	memcpy(k.secret, t->keys->secret, sizeof(k.secret));
	memcpy(k.roster, t->roster, sizeof(k.roster));
	snprintf(k.reason, sizeof(k.reason), "%s",
	    rekey_reason_word(rekey_reason(t)));
	err = control_key_exchange(&json, &k);
	if (err == 0) {
		t->update->rekey = frame_key_exchange(json.p, json.len, true);
		if (t->update->rekey == NULL)
			err = ERR_NOMEM;
	}
	secret_wipe(&k, sizeof(k));
	buf_free(&json);
	return err;
}

/* --- notices ------------------------------------------------------------- */

/* Builds one notice, sealed once for all members of the room: in the new
 * epoch, or in the one before. */
static int rekey_notice(struct rekey_post *t, enum notice_event event,
    bool in_new, const struct user *users, size_t n)
{
	static const uint8_t no_card[WIRE_HASH] = {0};
	const struct rekey_opts *o = &t->rekey->o;
	struct crypto *c = t->run->crypto;
	struct buf *json = t->run->json;
	const struct notice_of notice = {.event = event,
	    .epoch = t->epoch,
	    .commit = t->keys->epoch.commit,
	    .roster = t->roster,
	    .users = users,
	    .n_users = n,
	    .ts = t->run->wall_ms};
	struct group_sender server = {.name = "",
	    .card = no_card,
	    .identity = identity_public(o->identity)};
	const struct group_context where = {.place = &o->place,
	    .epoch = in_new ? &t->keys->epoch : &t->rekey->keys->epoch,
	    .roster = in_new ? t->roster : t->rekey->roster,
	    .from = &server,
	    .signer = o->identity};
	struct frame *p;
	struct buf body;
	int err;

	buf_init(
	    &body, WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_JSON_MAX + WIRE_TAG);
	buf_clear(json);
	err = notice_encode(json, &notice);
	if (err == 0)
		err = group_seal(
		    c, &body, &where, t->seq + 1, json->p, json->len);
	if (err != 0)
		goto out;
	if ((p = frame_group(c, body.p, body.len)) == NULL) {
		err = ERR_NOMEM;
		goto out;
	}
	t->update->notice[t->update->n_notices++] = p;
	t->seq++;
	frame_number(p, ++t->offset);
out:
	buf_free(&body);
	return err;
}

static int rekey_notice_leaves(struct rekey_post *t)
{
	const struct member_list *in = &t->rekey->o.members->in;
	struct user users[WIRE_PAGE];
	size_t i, n = 0;
	int err = 0;

	for (i = 0; i < in->n && err == 0; i++) {
		if (!in->p[i]->left)
			continue;
		users[n++] = in->p[i]->user;
		if (n == WIRE_PAGE) {
			err = rekey_notice(t, NOTICE_LEAVE, true, users, n);
			n = 0;
		}
	}
	if (n > 0 && err == 0)
		err = rekey_notice(t, NOTICE_LEAVE, true, users, n);
	return err;
}

/* A join step is announced in the old epoch, once; the rest in the new one. */
static int rekey_notice_joins(struct rekey_post *t)
{
	bool in_new = t->fresh;
	struct user users[WIRE_PAGE];
	size_t i = 0, n;
	int err = 0;

	while (i < t->n_new && err == 0) {
		for (n = 0; n < WIRE_PAGE && i < t->n_new; i++)
			users[n++] = t->new[i]->user;
		err = rekey_notice(t, NOTICE_JOIN, in_new, users, n);
		in_new = true;
	}
	return err;
}

static int rekey_notices(struct rekey_post *t)
{
	int err;

	if (t->rekey->o.members->n_left > 0 &&
	    (err = rekey_notice_leaves(t)) != 0)
		return err;
	return rekey_notice_joins(t);
}

static size_t rekey_pages(size_t n)
{
	return (n + WIRE_PAGE - 1) / WIRE_PAGE;
}

/* Builds the first page of the new list. */
static int rekey_page(struct rekey_post *t)
{
	const struct rekey_opts *o = &t->rekey->o;
	struct user_list l = {.room = o->id,
	    .total = members_staying(o->members) + t->n_new,
	    .seq = t->seq};
	struct rekey_at at = {0};
	const struct user *u;

	memcpy(l.roster, t->roster, sizeof(l.roster));
	while (l.n_users < WIRE_PAGE && (u = rekey_next(t, &at)) != NULL)
		l.users[l.n_users++] = *u;
	return pages_make(&t->update->page, t->run->json, &l);
}

/* --- nothing below can fail ---------------------------------------------- */

static void rekey_admit(struct rekey_post *t)
{
	struct epoch_update *u = t->update;
	struct member *m;
	size_t i;

	for (i = 0; i < t->n_new; i++) {
		m = t->new[i];
		m->first_epoch = t->epoch;
		u->newcomer[i].welcome = m->arrival->welcome;
		m->arrival->welcome = NULL; /* moves the reference */
		u->newcomer[i].member = member_ref(m);
	}
	u->n_new = t->n_new;
	members_admit(t->rekey->o.members, t->new, t->n_new);
}

static void rekey_commit(struct rekey_post *t)
{
	struct room_event event = {
	    .what = ROOM_EVENT_EPOCH, .u.update = t->update};
	struct rekey *k = t->rekey;

	room_keys_free(k->keys);
	k->keys = k->next;
	k->next = NULL;
	k->epoch = t->epoch;
	k->seq = t->seq;
	memcpy(k->roster, t->roster, sizeof(k->roster));
	*k->o.offset = t->offset;
	if (t->fresh) {
		k->fence = t->epoch;
		k->fresh_ms = t->run->now_ms;
		k->frames = 0;
	}
	members_forget(k->o.members);
	rekey_admit(t);
	pages_drop(k->o.pages);
	t->update = NULL; /* moves the reference */
	room_mail_post(k->o.mail, &event, NULL);
}

static int rekey_make(struct rekey_post *t)
{
	const struct rekey_opts *o = &t->rekey->o;
	size_t staying = members_staying(o->members);
	int err;

	t->update = epoch_update_new(
	    t->n_new, rekey_pages(o->members->n_left) + rekey_pages(t->n_new));
	if (t->update == NULL || room_mail_reserve(o->mail, 1) != 0)
		return ERR_NOMEM;
	t->update->epoch = t->epoch;
	if ((err = rekey_roster(t)) != 0)
		return err;
	if (staying > 0 && t->fresh && (err = rekey_secret(t)) != 0)
		return err;
	if (staying > 0 && (err = rekey_notices(t)) != 0)
		return err;
	if (t->n_new > 0 && (err = rekey_page(t)) != 0)
		return err;
	rekey_commit(t);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a;
	const struct member *y = *(struct member *const *)b;

	return x->user.member < y->user.member ? -1 : 1;
}

static int rekey_newcomers(struct rekey_post *t)
{
	const struct member_list *waiting = &t->rekey->o.members->waiting;
	size_t i;

	if ((t->new = calloc(waiting->n + 1, sizeof(*t->new))) == NULL)
		return ERR_NOMEM;
	for (i = 0; i < waiting->n; i++)
		if (waiting->p[i]->arrival->welcome != NULL)
			t->new[t->n_new++] = waiting->p[i];
	/* A client that is in another room already has an older number. */
	qsort(t->new, t->n_new, sizeof(*t->new), by_number);
	return 0;
}

int rekey_post(struct rekey *k, const struct rekey_run *run)
{
	struct rekey_post t = {.run = run,
	    .rekey = k,
	    .fresh = k->next_fresh,
	    .epoch = k->epoch + 1,
	    .keys = k->next,
	    .seq = k->seq,
	    .offset = *k->o.offset};
	int err = rekey_newcomers(&t);

	/* If no newcomer is left and no member stays, there is nothing to
	 * send. */
	if (err == 0 &&
	    (t.n_new > 0 || (t.fresh && members_staying(k->o.members) > 0)))
		err = rekey_make(&t);
	epoch_update_unref(t.update);
	free(t.new);
	return err;
}

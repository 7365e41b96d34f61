/* rekey_post.c - the second step of a rekey: builds every frame for the room
 * before it posts any. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/checkpoint.h"
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
	uint64_t seq;	      /* the server's, after the notices */
	struct log_head head; /* the log's, likewise */
	struct log_head *at;  /* after each notice; NULL: nothing is kept */
	struct member **new;  /* newcomers whose keys are wrapped, by number */
	size_t n_new;
	size_t n_said;		   /* how many of rekey->say */
	uint64_t signed_at;	   /* the offset of a checkpoint; 0: none */
	uint8_t roster[WIRE_HASH]; /* of the epoch */
};

/* --- the list ------------------------------------------------------------ */

/* A position in the list that the epoch will have. */
struct rekey_at {
	size_t in, new;
};

/* The next member of that list, ascending by number; false at its end. */
static bool rekey_next(
    const struct rekey_post *t, struct rekey_at *at, struct user *out)
{
	const struct member_list *in = &t->rekey->o.members->in;

	while (at->in < in->n && in->p[at->in]->left)
		at->in++;
	if (at->new < t->n_new &&
	    (at->in == in->n ||
		t->new[at->new]->number < in->p[at->in]->number))
		member_user(t->new[at->new ++], out);
	else if (at->in < in->n)
		member_user(in->p[at->in++], out);
	else
		return false;
	return true;
}

static int rekey_roster(struct rekey_post *t)
{
	struct roster_hash *h = roster_hash_new(t->run->crypto);
	struct rekey_at at = {0};
	struct user u;
	int err = 0;

	if (h == NULL)
		return ERR_NOMEM;
	while (err == 0 && rekey_next(t, &at, &u))
		err = roster_hash_add(h, &u);
	if (err == 0)
		err = roster_hash_get(h, t->roster);
	roster_hash_free(h);
	return err;
}

/* --- the key ------------------------------------------------------------- */

static enum rekey_reason rekey_reason(const struct rekey_post *t)
{
	if (t->rekey->kicked)
		return REKEY_KICK;
	if (t->rekey->o.members->n_left > 0)
		return REKEY_LEAVE;
	if (t->rekey->voice)
		return REKEY_VOICE;
	return t->n_new > 0 ? REKEY_JOIN : REKEY_TIMER;
}

static const char *rekey_reason_word(enum rekey_reason reason)
{
	static const char *const word[] = {
	    [REKEY_TIMER] = "timer",
	    [REKEY_LEAVE] = "leave",
	    [REKEY_JOIN] = "join",
	    [REKEY_KICK] = "kick",
	    [REKEY_VOICE] = "voice",
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
		else
			t->update->rekey->room = k.room;
	}
	secret_wipe(&k, sizeof(k));
	buf_free(&json);
	return err;
}

/* --- notices ------------------------------------------------------------- */

/* What one notice says. */
struct rekey_words {
	enum notice_event event;
	bool in_new; /* sealed in the new epoch, or in the one before */
	const struct user *users;
	size_t n_users;
	const struct notice_more *more; /* or NULL */
};

/* Seals a notice, once for all members of the room. */
static int rekey_seal(
    struct rekey_post *t, const struct rekey_words *w, struct buf *body)
{
	static const uint8_t no_card[WIRE_HASH] = {0};
	const struct rekey_opts *o = &t->rekey->o;
	struct buf *json = t->run->json;
	const struct notice_of notice = {.event = w->event,
	    .epoch = t->epoch,
	    .commit = t->keys->epoch.commit,
	    .roster = t->roster,
	    .users = w->users,
	    .n_users = w->n_users,
	    .more = w->more,
	    .ts = t->run->wall_ms};
	struct group_sender server = {.name = "",
	    .card = no_card,
	    .identity = identity_public(o->identity)};
	const struct group_context where = {.place = &o->place,
	    .epoch = w->in_new ? &t->keys->epoch : &t->rekey->keys->epoch,
	    .roster = w->in_new ? t->roster : t->rekey->roster,
	    .from = &server,
	    .signer = o->identity};
	int err;

	buf_clear(json);
	if ((err = notice_encode(json, &notice)) != 0)
		return err;
	return group_seal(
	    t->run->crypto, body, &where, t->seq + 1, json->p, json->len);
}

static int rekey_notice(struct rekey_post *t, const struct rekey_words *w)
{
	struct frame *p;
	struct buf body;
	int err;

	buf_init(
	    &body, WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_JSON_MAX + WIRE_TAG);
	if ((err = rekey_seal(t, w, &body)) != 0)
		goto out;
	if ((p = frame_group(t->run->crypto, body.p, body.len, NULL)) == NULL) {
		err = ERR_NOMEM;
		goto out;
	}
	t->update->notice[t->update->n_notices++] = p;
	if ((err = log_head_add(t->run->crypto, &t->head, frame_digest(p))) !=
	    0)
		goto out;
	frame_number(p, t->head.offset);
	if (t->at != NULL)
		t->at[t->update->n_notices - 1] = t->head;
	t->seq++;
out:
	buf_free(&body);
	return err;
}

/* Those who left for this reason. */
static int rekey_notice_left(struct rekey_post *t, enum leave_cause cause)
{
	const struct member_list *in = &t->rekey->o.members->in;
	const struct notice_more more = {.quit = cause == LEAVE_QUIT};
	struct user users[WIRE_PAGE];
	struct rekey_words w = {
	    cause == LEAVE_KICK ? NOTICE_KICK : NOTICE_LEAVE, true, users, 0,
	    &more};
	size_t i;
	int err = 0;

	for (i = 0; i < in->n && err == 0; i++) {
		if (!in->p[i]->left || in->p[i]->cause != cause)
			continue;
		member_user(in->p[i], &users[w.n_users++]);
		if (w.n_users == WIRE_PAGE) {
			err = rekey_notice(t, &w);
			w.n_users = 0;
		}
	}
	if (w.n_users > 0 && err == 0)
		err = rekey_notice(t, &w);
	return err;
}

/* A join step is announced in the old epoch, once; the rest in the new one. */
static int rekey_notice_joins(struct rekey_post *t)
{
	struct user users[WIRE_PAGE];
	struct rekey_words w = {NOTICE_JOIN, t->fresh, users, 0, NULL};
	size_t i = 0;
	int err = 0;

	while (i < t->n_new && err == 0) {
		for (w.n_users = 0; w.n_users < WIRE_PAGE && i < t->n_new; i++)
			member_user(t->new[i], &users[w.n_users++]);
		err = rekey_notice(t, &w);
		w.in_new = true;
	}
	return err;
}

/* The server signs the log as it is up to here. */
static int rekey_checkpoint(struct rekey_post *t)
{
	struct notice_more more = {.offset = t->head.offset};
	const struct rekey_words w = {
	    .event = NOTICE_CHECKPOINT, .in_new = true, .more = &more};
	int err;

	memcpy(more.chain, t->head.chain, WIRE_HASH);
	if ((err = rekey_notice(t, &w)) == 0)
		t->signed_at = t->head.offset;
	return err;
}

static bool rekey_signs(const struct rekey_post *t)
{
	const struct rekey *k = t->rekey;

	return t->fresh && t->head.offset > k->signed_at &&
	       t->run->now_ms - k->signed_ms >= k->o.rekey_ms;
}

/* What else is to be said: all of it in a fresh epoch, or what waits for
 * none. */
static int rekey_notice_said(struct rekey_post *t, bool fresh)
{
	struct rekey_words w = {.in_new = true};
	struct log_head head;
	struct rekey_say *s;
	int err;

	STAILQ_FOREACH(s, &t->rekey->say, next)
	{
		if (s->after_fresh && !fresh)
			break;
		w.event = s->event;
		w.more = &s->more;
		head = t->head;
		err = s->event == NOTICE_CHECKPOINT ? rekey_checkpoint(t)
						    : rekey_notice(t, &w);
		if (err == 0 && s->answer != NULL &&
		    s->event == NOTICE_CHECKPOINT)
			err = checkpoint_receipt(&t->rekey->o, s, &head,
			    t->run->wall_ms);
		if (err != 0)
			return err;
		t->n_said++;
	}
	return 0;
}

static int rekey_notices(struct rekey_post *t)
{
	int cause, err;

	for (cause = 0; cause < LEAVE_CAUSES; cause++)
		if (t->rekey->o.members->n_left > 0 &&
		    (err = rekey_notice_left(t, (enum leave_cause)cause)) != 0)
			return err;
	if ((err = rekey_notice_joins(t)) != 0)
		return err;
	/* A join step says nothing more: the next rekey_post_said does. */
	if (t->fresh && (err = rekey_notice_said(t, true)) != 0)
		return err;
	return rekey_signs(t) ? rekey_checkpoint(t) : 0;
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
	    .seq = t->seq,
	    .has_entry = true};
	struct rekey_at at = {0};

	memcpy(l.roster, t->roster, sizeof(l.roster));
	o->entry(o->room, &l.entry);
	l.entry.head = t->head;
	while (l.n_users < WIRE_PAGE && rekey_next(t, &at, &l.users[l.n_users]))
		l.n_users++;
	return pages_make(&t->update->page, t->run->json, &l);
}

/* --- what is kept -------------------------------------------------------- */

/* A new epoch and its newcomers, before the first entry that needs them. */
static int rekey_keep_epoch(struct rekey_post *t)
{
	const struct rekey_archive *a = t->rekey->o.archive;
	struct room *r = t->rekey->o.room;
	size_t i;
	int err;

	if (t->epoch == t->rekey->epoch) /* only something to say */
		return 0;
	for (i = 0; i < t->n_new; i++)
		if ((err = a->person(r, t->new[i])) != 0)
			return err;
	return a->epoch(r, &t->keys->epoch, t->roster);
}

/* The epoch and some of the notices are kept, and there is no way back: their
 * numbers must not be used again, and those who would miss them come back. */
static void rekey_half(struct rekey_post *t, size_t n)
{
	struct rekey *k = t->rekey;

	k->seq += n;
	if (n > 0)
		*k->o.head = t->at[n - 1];
	k->epoch = k->fence = t->epoch;
	k->o.archive->broken(k->o.room);
}

/* The last thing that can fail. */
static int rekey_keep(struct rekey_post *t)
{
	struct rekey *k = t->rekey;
	const struct log_head *before = k->o.head;
	size_t i;
	int err;

	if (t->at == NULL)
		return 0;
	if ((err = rekey_keep_epoch(t)) != 0)
		return err;
	for (i = 0; i < t->update->n_notices; i++) {
		err = k->o.archive->entry(k->o.room, before, &t->at[i],
		    t->update->notice[i]);
		if (err != 0) {
			if (i > 0 || t->epoch != k->epoch)
				rekey_half(t, i);
			return err;
		}
		before = &t->at[i];
	}
	return 0;
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
		t->rekey->o.archive->member(t->rekey->o.room, m, &t->head);
		u->newcomer[i].welcome = m->arrival->welcome;
		m->arrival->welcome = NULL; /* moves the reference */
		u->newcomer[i].member = member_ref(m);
	}
	u->n_new = t->n_new;
	members_admit(t->rekey->o.members, t->new, t->n_new);
}

/* Answers those who asked for what was said, behind it. */
static void rekey_answer(struct rekey_post *t)
{
	struct room_event e = {.what = ROOM_EVENT_ANSWER};
	struct rekey *k = t->rekey;
	struct rekey_say *s;

	for (; t->n_said > 0; t->n_said--) {
		s = STAILQ_FIRST(&k->say);
		STAILQ_REMOVE_HEAD(&k->say, next);
		if (s->asker != NULL && !s->asker->left) {
			e.u.frame = s->answer;
			e.sender = s->asker;
			e.number = s->number;
			room_mail_post_one(k->o.mail, s->asker->mailbox, &e);
			s->answer = NULL; /* moves both references */
			s->asker = NULL;
		}
		rekey_say_free(s);
	}
}

/* Tells newcomers that may not speak, behind their first page, which says so
 * as well. */
static void rekey_silence(const struct rekey_post *t)
{
	struct room_event e = {.what = ROOM_EVENT_GIVE};
	struct rekey *k = t->rekey;
	size_t i;

	for (i = 0; i < t->n_new; i++) {
		if (!t->new[i]->silent)
			continue;
		e.u.frame = k->o.voice(k->o.room, t->new[i], "");
		if (e.u.frame == NULL)
			continue;
		e.sender = member_ref(t->new[i]);
		room_mail_post_one(k->o.mail, t->new[i]->mailbox, &e);
	}
}

static void rekey_send(struct rekey_post *t)
{
	struct room_event event = {
	    .what = ROOM_EVENT_EPOCH, .u.update = t->update};
	struct rekey *k = t->rekey;

	k->seq = t->seq;
	*k->o.head = t->head;
	if (t->signed_at != 0) {
		k->signed_at = t->signed_at;
		k->signed_ms = t->run->now_ms;
		k->said = false;
	}
	t->update = NULL; /* moves the reference */
	room_mail_post(k->o.mail, &event, NULL);
	rekey_silence(t);
	rekey_answer(t);
}

static void rekey_commit(struct rekey_post *t)
{
	struct rekey *k = t->rekey;

	if (k->keys == NULL) /* the first people: an hour begins */
		k->signed_ms = t->run->now_ms;
	room_keys_free(k->keys);
	k->keys = k->next;
	k->next = NULL;
	k->epoch = t->epoch;
	memcpy(k->roster, t->roster, sizeof(k->roster));
	if (t->fresh) {
		k->kicked = k->voice = false;
		k->fence = t->epoch;
		k->fresh_ms = t->run->now_ms;
		k->frames = 0;
	}
	members_forget(k->o.members);
	rekey_admit(t);
	pages_drop(k->o.pages);
	rekey_send(t);
}

/* Space for all that it may post, and how much there is to say. */
static int rekey_reserve(struct rekey_post *t)
{
	const struct rekey_opts *o = &t->rekey->o;
	const struct rekey_say *s;
	size_t n = 0, notices;

	STAILQ_FOREACH(s, &t->rekey->say, next)
	n++;
	/* And a checkpoint. */
	notices = rekey_pages(o->members->n_left) + LEAVE_CAUSES +
		  rekey_pages(t->n_new) + n + 1;
	t->update = epoch_update_new(t->n_new, notices);
	if (t->update == NULL ||
	    room_mail_reserve(o->mail, 1 + n + t->n_new) != 0)
		return ERR_NOMEM;
	t->update->epoch = t->epoch;
	if (!o->archive->on(o->room))
		return 0;
	t->at = calloc(notices, sizeof(*t->at));
	return t->at != NULL ? 0 : ERR_NOMEM;
}

static int rekey_make(struct rekey_post *t)
{
	const struct rekey_opts *o = &t->rekey->o;
	size_t staying = members_staying(o->members);
	int err;

	if ((err = rekey_reserve(t)) != 0 || (err = rekey_roster(t)) != 0)
		return err;
	if (staying > 0 && t->fresh && (err = rekey_secret(t)) != 0)
		return err;
	if (staying > 0 && (err = rekey_notices(t)) != 0)
		return err;
	if ((t->n_new > 0 && (err = rekey_page(t)) != 0) ||
	    (err = rekey_keep(t)) != 0)
		return err;
	rekey_commit(t);
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct member *x = *(struct member *const *)a;
	const struct member *y = *(struct member *const *)b;

	return x->number < y->number ? -1 : 1;
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
	    .head = *k->o.head};
	int err = rekey_newcomers(&t);

	/* If no newcomer is left and no member stays, there is nothing to
	 * send. */
	if (err == 0 &&
	    (t.n_new > 0 || (t.fresh && members_staying(k->o.members) > 0)))
		err = rekey_make(&t);
	epoch_update_unref(t.update);
	free(t.at);
	free(t.new);
	return err;
}

int rekey_post_said(struct rekey *k, const struct rekey_run *run)
{
	struct rekey_post t = {.run = run,
	    .rekey = k,
	    .epoch = k->epoch,
	    .keys = k->keys,
	    .seq = k->seq,
	    .head = *k->o.head};
	int err;

	memcpy(t.roster, k->roster, sizeof(t.roster));
	if ((err = rekey_reserve(&t)) == 0 &&
	    (err = rekey_notice_said(&t, false)) == 0 &&
	    (err = rekey_keep(&t)) == 0)
		rekey_send(&t);
	free(t.at);
	epoch_update_unref(t.update);
	return err;
}

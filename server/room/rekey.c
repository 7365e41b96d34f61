/* rekey.c - decides when a room gets a new epoch, and runs the first step. */
#include "server/room/rekey.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

void room_keys_free(struct room_keys *k)
{
	secret_free(k, sizeof(*k));
}

void rekey_init(struct rekey *k, const struct rekey_opts *o)
{
	memset(k, 0, sizeof(*k));
	k->o = *o;
	k->voice_ms = UINT64_MAX;
	STAILQ_INIT(&k->say);
}

void rekey_say_free(struct rekey_say *s)
{
	if (s == NULL)
		return;
	member_unref(s->asker);
	frame_unref(s->answer);
	free(s);
}

static void say_drop(struct rekey *k)
{
	struct rekey_say *s;

	while ((s = STAILQ_FIRST(&k->say)) != NULL) {
		STAILQ_REMOVE_HEAD(&k->say, next);
		rekey_say_free(s);
	}
}

void rekey_free(struct rekey *k)
{
	say_drop(k);
	room_keys_free(k->keys);
	room_keys_free(k->next);
}

static void lock(const struct rekey *k)
{
	(void)pthread_mutex_lock(k->o.lock);
}

static void unlock(const struct rekey *k)
{
	(void)pthread_mutex_unlock(k->o.lock);
}

/* When those who stay need a fresh secret because somebody has left, who knows
 * theirs, or may no longer speak. Newcomers and the wrapping of their keys
 * never delay it. */
static uint64_t leave_deadline(const struct rekey *k)
{
	const struct members *ms = k->o.members;

	if ((ms->n_left == 0 && !k->voice) || members_staying(ms) == 0)
		return UINT64_MAX;
	return k->kicked ? 0 : k->fresh_ms + WIRE_EPOCH_MS;
}

/* Whether something can be said in the current epoch. */
static bool say_due(const struct rekey *k)
{
	const struct rekey_say *s = STAILQ_FIRST(&k->say);

	return s != NULL && !s->after_fresh;
}

/* Members who left since the first step can compute a join step; and rekeys_renew
 * wants a secret that is made after it. */
static bool rekey_stale(const struct rekey *k)
{
	return k->state == REKEY_WRAPPING &&
	       (k->renew ||
		   (!k->next_fresh && (k->o.members->n_left > 0 || k->voice)));
}

static bool rekey_empty(const struct rekey *k)
{
	const struct members *ms = k->o.members;

	return members_staying(ms) == 0 && ms->waiting.n == 0;
}

/* Of a rekey for another reason than a leave. */
static uint64_t other_deadline(const struct rekey *k)
{
	uint64_t age_ms;

	if (k->state == REKEY_WRAPPING)
		return k->unwrapped == 0 || rekey_stale(k) ? 0 : UINT64_MAX;
	if (rekey_empty(k))
		return k->o.members->n_left > 0 ? 0 : UINT64_MAX;
	if (k->o.members->waiting.n > 0 || k->frames >= WIRE_REKEY_FRAMES ||
	    k->renew)
		return k->next_ms;
	age_ms = k->fresh_ms + k->o.rekey_ms;
	return age_ms > k->next_ms ? age_ms : k->next_ms;
}

static uint64_t deadline(const struct rekey *k)
{
	uint64_t leave = leave_deadline(k), other = other_deadline(k);
	uint64_t due = leave < other ? leave : other;

	if (say_due(k))
		due = 0;
	if (k->voice_ms < due)
		due = k->voice_ms;
	return due > k->retry_ms ? due : k->retry_ms;
}

uint32_t rekey_epoch(struct rekey *k)
{
	uint32_t epoch;

	lock(k);
	epoch = k->epoch;
	unlock(k);
	return epoch;
}

uint64_t rekey_deadline(struct rekey *k)
{
	uint64_t at;

	lock(k);
	at = deadline(k);
	unlock(k);
	return at;
}

/* --- the first step ------------------------------------------------------ */

static int rekey_keys(
    struct rekey *k, struct crypto *c, struct room_keys *next, bool fresh)
{
	int err;

	if (k->epoch == UINT32_MAX)
		return ERR_LIMIT;
	if (fresh)
		err = k->o.rng.fill(k->o.rng.arg, next->secret, WIRE_KEY);
	else
		err = group_join_step(c, next->secret, k->keys->secret);
	if (err != 0)
		return err;
	return group_epoch_make(
	    c, &next->epoch, k->o.id, k->epoch + 1, next->secret);
}

/* Selects the newcomers that have waited longest; their threads wrap the
 * key. */
static int rekey_want(struct rekey *k)
{
	struct room_event wrap = {.what = ROOM_EVENT_WRAP};
	const struct member_list *waiting = &k->o.members->waiting;
	struct member *m;
	size_t i, n = waiting->n;

	if (n > REKEY_NEWCOMERS_MAX)
		n = REKEY_NEWCOMERS_MAX;
	if (room_mail_reserve(k->o.mail, n) != 0)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		m = waiting->p[i];
		if (m->number == 0)
			m->number = directory_number(k->o.directory, &m->place);
		if (m->number == 0)
			break;
		m->arrival->wanted = true;
		k->unwrapped++;
		wrap.u.member = member_ref(m);
		room_mail_post_one(k->o.mail, m->mailbox, &wrap);
	}
	k->interrupted = false;
	return 0;
}

static int rekey_begin(
    struct rekey *k, const struct rekey_run *run, bool with_newcomers)
{
	const struct members *ms = k->o.members;
	struct room_keys *next = secret_alloc(sizeof(*next));
	int err;

	if (next == NULL)
		return ERR_NOMEM;
	k->next_fresh = k->keys == NULL || members_staying(ms) == 0 ||
			ms->n_left > 0 || k->voice || k->interrupted ||
			k->frames >= WIRE_REKEY_FRAMES || k->renew ||
			run->now_ms - k->fresh_ms >= k->o.rekey_ms;
	if ((err = rekey_keys(k, run->crypto, next, k->next_fresh)) != 0 ||
	    (with_newcomers && (err = rekey_want(k)) != 0)) {
		room_keys_free(next);
		return err;
	}
	k->next = next;
	k->renew = false;
	return 0;
}

/* --- the driver ---------------------------------------------------------- */

/* Returns to REKEY_IDLE. Newcomers who are not members yet keep waiting, and
 * keys wrapped for them are discarded. */
static void rekey_cancel(struct rekey *k)
{
	const struct member_list *waiting = &k->o.members->waiting;
	struct arrival *a;
	size_t i;

	room_keys_free(k->next);
	k->next = NULL;
	k->unwrapped = 0;
	k->attempt++;
	for (i = 0; i < waiting->n; i++) {
		a = waiting->p[i]->arrival;
		if (a->wanted)
			k->interrupted = true;
		a->wanted = false;
		frame_unref(a->welcome);
		a->welcome = NULL;
	}
	k->state = REKEY_IDLE;
}

/* The room is empty: no epoch, and no key that could leak. */
static void rekey_nobody(struct rekey *k)
{
	members_forget(k->o.members);
	room_keys_free(k->keys);
	k->keys = NULL;
	k->kicked = k->voice = false;
}

/* Whether a rekey is due, and not only something to say. */
static bool rekey_is_due(const struct rekey *k, uint64_t now_ms)
{
	return leave_deadline(k) <= now_ms || other_deadline(k) <= now_ms;
}

static int rekey_drive(struct rekey *k, const struct rekey_run *run)
{
	bool leave, woken = k->voice_ms <= run->now_ms || say_due(k);
	int err;

	if (k->voice_ms <= run->now_ms) {
		k->voice_ms = UINT64_MAX;
		k->o.voices(k->o.room, run->now_ms);
	}
	leave = leave_deadline(k) <= run->now_ms;
	if (say_due(k) && (err = rekey_post_said(k, run)) != 0)
		return err;
	if (woken && !rekey_is_due(k, run->now_ms))
		return 0;
	if (rekey_stale(k))
		rekey_cancel(k);
	if (rekey_empty(k)) {
		rekey_cancel(k);
		rekey_nobody(k);
		return 0;
	}
	if (k->state == REKEY_IDLE) {
		if ((err = rekey_begin(k, run, !leave)) != 0)
			return err;
		k->state = REKEY_WRAPPING;
	}
	if (k->unwrapped > 0 && !leave)
		return 0;
	err = rekey_post(k, run);
	k->renew = err != 0 && k->next_fresh;
	rekey_cancel(k);
	if (!leave)
		k->next_ms = run->now_ms + WIRE_EPOCH_MS;
	return err;
}

int rekey_run(struct rekey *k, const struct rekey_run *run)
{
	int err;

	lock(k);
	if ((err = rekey_drive(k, run)) != 0)
		k->retry_ms = run->now_ms + WIRE_EPOCH_MS;
	unlock(k);
	return err;
}

/* --- joining and leaving ------------------------------------------------- */

static bool rekey_wants(const struct member *m)
{
	return !m->left && m->arrival != NULL && m->arrival->wanted &&
	       m->arrival->welcome == NULL;
}

void rekey_leave(struct rekey *k, struct member *m)
{
	if (rekey_wants(m))
		k->unwrapped--;
	if (m->arrival == NULL && !m->left && m->cause == LEAVE_KICK)
		k->kicked = true;
	members_leave(k->o.members, k->o.directory, m);
	/* Newcomers who wait are not told what happened before them. */
	if (members_staying(k->o.members) == 0)
		say_drop(k);
	rekey_look(k);
}

void rekey_voice(struct rekey *k)
{
	k->voice = true;
	rekey_look(k);
}

void rekey_voice_at(struct rekey *k, uint64_t at_ms)
{
	if (at_ms >= k->voice_ms)
		return;
	k->voice_ms = at_ms;
	rekey_look(k);
}

bool rekey_may_sign(struct rekey *k, uint64_t now_ms)
{
	if (k->sign_asked_ms != 0 && now_ms - k->sign_asked_ms < REKEY_SIGN_MS)
		return false;
	k->sign_asked_ms = now_ms;
	return true;
}

void rekey_say(struct rekey *k, struct rekey_say *s)
{
	if (members_staying(k->o.members) == 0) {
		rekey_say_free(s); /* there is nobody to say it to */
		return;
	}
	STAILQ_INSERT_TAIL(&k->say, s, next);
	rekey_look(k);
}

bool rekey_wrap_begin(struct rekey *k, const struct member *m,
    struct rekey_wrap *w, struct room_keys *keys)
{
	bool wanted;

	lock(k);
	if ((wanted = rekey_wants(m))) {
		w->person = entrant_ref(m->person);
		w->member = m->number;
		w->attempt = k->attempt;
		w->has_since = k->o.archive->since(k->o.room, m, &w->since);
		*keys = *k->next;
	}
	unlock(k);
	return wanted;
}

void rekey_wrap_end(struct rekey *k, struct member *m,
    const struct rekey_wrap *w, struct frame *welcome)
{

	lock(k);
	if (rekey_wants(m) && k->attempt == w->attempt) {
		m->arrival->welcome = welcome;
		welcome = NULL;
		if (--k->unwrapped == 0)
			rekey_look(k);
	}
	unlock(k);
	frame_unref(welcome);
}

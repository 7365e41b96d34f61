/* rekey.c - decides when a room gets a new epoch, and runs the first step. */
#include "server/room/rekey.h"

#include "server/room/room_int.h"
#include "shared/base/secret.h"

void room_keys_free(struct room_keys *k)
{
	secret_free(k, sizeof(*k));
}

void rekey_free(struct rekey *k)
{
	room_keys_free(k->keys);
	room_keys_free(k->next);
}

static uint64_t deadline(const struct room *r)
{
	const struct members *ms = &r->members;
	const struct rekey *k = &r->rekey;
	uint64_t due = UINT64_MAX, not_before;

	if (k->state == REKEY_WRAPPING)
		return k->unwrapped == 0 ? 0 : UINT64_MAX;
	if (ms->n_left > 0 || ms->waiting.n > 0)
		due = 0;
	else if (members_staying(ms) > 0)
		due = k->frames >= WIRE_REKEY_FRAMES
			  ? 0
			  : k->fresh_ms + r->o.rekey_ms;
	not_before = k->ran ? k->last_ms + WIRE_EPOCH_MS : 0;
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

/* --- the first step ------------------------------------------------------ */

static int rekey_keys(
    struct room *r, struct crypto *c, struct room_keys *next, bool fresh)
{
	const struct rekey *k = &r->rekey;
	int err;

	if (k->epoch == UINT32_MAX)
		return ERR_LIMIT;
	if (fresh)
		err = r->o.rng.fill(r->o.rng.arg, next->secret, WIRE_KEY);
	else
		err = group_join_step(c, next->secret, k->keys->secret);
	if (err != 0)
		return err;
	return group_epoch_make(
	    c, &next->epoch, r->o.id, k->epoch + 1, next->secret, NULL);
}

/* Selects the newcomers that have waited longest; their threads wrap the
 * key. */
static int rekey_want(struct room *r)
{
	struct room_event wrap = {.what = ROOM_EVENT_WRAP};
	const struct member_list *waiting = &r->members.waiting;
	struct member *m;
	size_t i, n = waiting->n;

	if (n > REKEY_NEWCOMERS_MAX)
		n = REKEY_NEWCOMERS_MAX;
	if (room_mail_reserve(&r->mail, n) != 0)
		return ERR_NOMEM;
	for (i = 0; i < n; i++) {
		m = waiting->p[i];
		if (m->user.member == 0)
			m->user.member =
			    directory_number(r->o.directory, &m->place);
		if (m->user.member == 0)
			break;
		m->arrival->wanted = true;
		r->rekey.unwrapped++;
		wrap.u.member = member_ref(m);
		room_mail_post_one(&r->mail, m->mailbox, &wrap);
	}
	return 0;
}

static int rekey_begin(struct room *r, const struct rekey_run *run)
{
	const struct members *ms = &r->members;
	struct rekey *k = &r->rekey;
	struct room_keys *next = secret_alloc(sizeof(*next));
	int err;

	if (next == NULL)
		return ERR_NOMEM;
	k->next_fresh = k->keys == NULL || members_staying(ms) == 0 ||
			ms->n_left > 0 || k->frames >= WIRE_REKEY_FRAMES ||
			run->now_ms - k->fresh_ms >= r->o.rekey_ms;
	if ((err = rekey_keys(r, run->crypto, next, k->next_fresh)) != 0 ||
	    (err = rekey_want(r)) != 0) {
		room_keys_free(next);
		return err;
	}
	k->next = next;
	return 0;
}

/* --- the driver ---------------------------------------------------------- */

/* Returns to REKEY_IDLE. Newcomers keep waiting, and keys still being
 * wrapped are discarded. A no-op after rekey_post. */
static void rekey_cancel(struct room *r)
{
	const struct member_list *waiting = &r->members.waiting;
	struct rekey *k = &r->rekey;
	struct arrival *a;
	size_t i;

	room_keys_free(k->next);
	k->next = NULL;
	k->unwrapped = 0;
	k->attempt++;
	for (i = 0; i < waiting->n; i++) {
		a = waiting->p[i]->arrival;
		a->wanted = false;
		frame_unref(a->welcome);
		a->welcome = NULL;
	}
	k->state = REKEY_IDLE;
}

/* The room is empty: no epoch, and no key that could leak. */
static void rekey_nobody(struct room *r)
{
	members_forget(&r->members);
	room_keys_free(r->rekey.keys);
	r->rekey.keys = NULL;
}

static int rekey_drive(struct room *r, const struct rekey_run *run)
{
	const struct members *ms = &r->members;
	struct rekey *k = &r->rekey;
	int err;

	/* Members who left since the first step can compute a join step. */
	if (k->state == REKEY_WRAPPING && !k->next_fresh && ms->n_left > 0)
		rekey_cancel(r);
	if (members_staying(ms) == 0 && ms->waiting.n == 0) {
		rekey_cancel(r);
		rekey_nobody(r);
		return 0;
	}
	if (k->state == REKEY_IDLE) {
		if ((err = rekey_begin(r, run)) != 0)
			return err;
		k->state = REKEY_WRAPPING;
	}
	if (k->unwrapped > 0)
		return 0;
	err = rekey_post(r, run);
	rekey_cancel(r);
	return err;
}

int rekey_run(struct room *r, const struct rekey_run *run)
{
	int err;

	room_lock(r);
	err = rekey_drive(r, run);
	if (r->rekey.state == REKEY_IDLE) { /* posted or cancelled */
		r->rekey.last_ms = run->now_ms;
		r->rekey.ran = true;
	}
	room_unlock(r);
	return err;
}

/* --- joining and leaving ------------------------------------------------- */

static bool rekey_wants(const struct member *m)
{
	return !m->left && m->arrival != NULL && m->arrival->wanted &&
	       m->arrival->welcome == NULL;
}

void rekey_leave(struct room *r, struct member *m)
{
	if (rekey_wants(m))
		r->rekey.unwrapped--;
	members_leave(&r->members, r->o.directory, m);
	rekey_look(r);
}

bool rekey_wrap_begin(
    struct member *m, struct rekey_wrap *w, struct room_keys *keys)
{
	struct room *r = m->room;
	bool wanted;

	room_lock(r);
	if ((wanted = rekey_wants(m))) {
		w->arrival = *m->arrival;
		w->member = m->user.member;
		w->attempt = r->rekey.attempt;
		*keys = *r->rekey.next;
	}
	room_unlock(r);
	return wanted;
}

void rekey_wrap_end(
    struct member *m, const struct rekey_wrap *w, struct frame *welcome)
{
	struct room *r = m->room;

	room_lock(r);
	if (rekey_wants(m) && r->rekey.attempt == w->attempt) {
		m->arrival->welcome = welcome;
		welcome = NULL;
		if (--r->rekey.unwrapped == 0)
			rekey_look(r);
	}
	room_unlock(r);
	frame_unref(welcome);
}

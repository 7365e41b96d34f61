#include "server/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room_state.h"
#include "shared/secret.h"

/* --- mail ---------------------------------------------------------------- */

enum { MAILS_KEEP = 1024 }; /* a box up to this is kept when empty */

static int mails_reserve(struct mails *b, size_t n)
{
	struct mail *p;
	size_t cap = b->cap == 0 ? 16 : b->cap;

	if (n <= b->cap - b->n)
		return 0;
	while (cap - b->n < n)
		cap *= 2;
	if ((p = realloc(b->p, cap * sizeof(*p))) == NULL)
		return ERR_NOMEM;
	b->p = p;
	b->cap = cap;
	return 0;
}

int room_post_reserve(struct room *r, size_t n)
{
	size_t i;

	for (i = 0; i < r->n_lanes; i++)
		if (mails_reserve(&r->lane[i]->box, n) != 0)
			return ERR_NOMEM;
	return 0;
}

static void lane_crowd(struct lane *l)
{
	if (l->crowded || l->box.bytes < LANE_CROWD)
		return;
	l->crowded = true;
	atomic_fetch_add_explicit(&l->o.room->crowded, 1, memory_order_relaxed);
}

static void lane_post(struct lane *l, const struct mail *m)
{
	/* One that has mail has been woken. */
	if (l->box.n == 0)
		l->o.wake(l->o.arg);
	l->box.p[l->box.n] = *m;
	/* Nobody else may look at a seat. */
	if (m->seat != NULL && m->seat->lane != l)
		l->box.p[l->box.n].seat = NULL;
	l->box.n++;
	if (m->what != MAIL_GROUP)
		return;
	l->box.bytes += m->u.packet->len;
	lane_crowd(l);
}

void room_post(struct room *r, const struct mail *m, struct lane *only)
{
	size_t i;

	if (only != NULL) {
		lane_post(only, m);
		return;
	}
	for (i = 0; i < r->n_lanes; i++) {
		if (i > 0 && m->what == MAIL_GROUP)
			(void)packet_ref(m->u.packet);
		else if (i > 0 && m->what == MAIL_TURN)
			(void)turn_news_ref(m->u.news);
		lane_post(r->lane[i], m);
	}
}

void mail_drop(struct mail *m)
{
	switch (m->what) {
	case MAIL_GROUP:
		packet_unref(m->u.packet);
		break;
	case MAIL_TURN:
		turn_news_unref(m->u.news);
		break;
	case MAIL_WRAP:
	case MAIL_END:
		member_unref(m->u.member);
		break;
	}
}

/* What is in the box becomes what was taken. False: nothing is. */
static bool lane_take(struct lane *l)
{
	struct room *r = l->o.room;
	struct mails empty = l->taken;
	size_t i;

	room_lock(r);
	l->taken = l->box;
	l->box = empty;
	if (l->crowded) {
		l->crowded = false;
		if (atomic_fetch_sub_explicit(
			&r->crowded, 1, memory_order_relaxed) == 1)
			for (i = 0; i < r->n_lanes; i++)
				r->lane[i]->o.wake(r->lane[i]->o.arg);
	}
	room_unlock(r);
	return l->taken.n > 0;
}

static void mails_empty(struct mails *b)
{
	b->n = b->bytes = 0;
	if (b->cap <= MAILS_KEEP)
		return;
	free(b->p);
	*b = (struct mails){0};
}

static void mails_free(struct mails *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		mail_drop(&b->p[i]);
	free(b->p);
}

/* --- coming and going ---------------------------------------------------- */

struct lane *lane_new(const struct lane_opts *o)
{
	struct lane *l = calloc(1, sizeof(*l));
	struct room *r = o->room;
	bool ok;

	if (l == NULL)
		return NULL;
	l->o = *o;
	l->wraps_end = &l->wraps;
	buf_init(&l->json, WIRE_JSON_MAX);
	l->wrap_keys = secret_alloc(sizeof(*l->wrap_keys));
	room_lock(r);
	ok = l->wrap_keys != NULL && r->n_lanes < LANES_MAX;
	if (ok)
		r->lane[r->n_lanes++] = l;
	room_unlock(r);
	if (ok)
		return l;
	room_keys_free(l->wrap_keys);
	free(l);
	return NULL;
}

void lane_free(struct lane *l)
{
	struct member *m;

	if (l == NULL)
		return;
	while ((m = l->wraps) != NULL) {
		l->wraps = m->wrap_next;
		member_unref(m);
	}
	mails_free(&l->box);
	mails_free(&l->taken);
	room_keys_free(l->wrap_keys);
	buf_free(&l->json);
	free(l->seat);
	free(l);
}

int lane_sit(struct lane *l, struct seat *s)
{
	struct seat **p;
	size_t cap = l->cap == 0 ? 16 : 2 * l->cap;

	if (l->n == l->cap) {
		if ((p = realloc(l->seat, cap * sizeof(*p))) == NULL)
			return ERR_NOMEM;
		l->seat = p;
		l->cap = cap;
	}
	memset(s, 0, sizeof(*s));
	s->lane = l;
	s->place = l->n;
	l->seat[l->n++] = s;
	return 0;
}

/* Those who go through the seats may be under way. */
void lane_unseat(struct seat *s)
{
	struct lane *l = s->lane;

	s->member->seat = NULL;
	s->member = NULL;
	s->out = NULL;
	l->seat[s->place] = NULL;
	l->holes++;
}

static void lane_close_up(struct lane *l)
{
	size_t i, n = 0;

	if (l->holes == 0)
		return;
	for (i = 0; i < l->n; i++)
		if (l->seat[i] != NULL) {
			l->seat[n] = l->seat[i];
			l->seat[n]->place = n;
			n++;
		}
	l->n = n;
	l->holes = 0;
}

/* --- giving -------------------------------------------------------------- */

/* False: the queue has failed, and its member leaves with that. */
static bool seat_put(struct seat *s, struct packet *p)
{
	if (outq_put(s->out, p) == 0)
		return true;
	room_leave(s);
	return false;
}

static void seat_fail(struct seat *s, int why)
{
	outq_fail(s->out, why);
	room_leave(s);
}

static void train_each(struct train *t, struct seat *s)
{
	size_t i;

	for (i = 0; i < t->n && seat_taken(s); i++)
		if (t->from[i] != s->id && s->first_epoch <= t->epoch[i])
			(void)seat_put(s, t->p[i]);
}

static void train_end(struct lane *l)
{
	struct train *t = &l->train;
	struct packet *all = NULL;
	struct seat *s;
	size_t i;

	if (t->n == 0)
		return;
	/* Without memory for it everybody gets each frame by itself. */
	if (t->n > 1)
		all = packet_train(t->p, t->n);
	for (i = 0; i < l->n; i++) {
		if ((s = l->seat[i]) == NULL || s->id == 0)
			continue;
		if (all == NULL || s->spoke || s->first_epoch > t->epoch_min)
			train_each(t, s);
		else
			(void)seat_put(s, all);
		s->spoke = false;
	}
	packet_unref(all);
	for (i = 0; i < t->n; i++)
		packet_unref(t->p[i]);
	t->n = t->bytes = 0;
}

static void lane_group(struct lane *l, const struct mail *m)
{
	struct train *t = &l->train;
	struct seat *s = m->seat;

	if (s != NULL) { /* one of ours said it */
		s->spoke = true;
		s->seq = m->seq;
		s->offset = m->offset;
		if (!s->ack_due) {
			s->ack_due = true;
			s->ack_next = l->acks;
			l->acks = s;
		}
	}
	if (t->n == 0 || m->epoch < t->epoch_min)
		t->epoch_min = m->epoch;
	t->p[t->n] = m->u.packet; /* the reference passes */
	t->from[t->n] = m->from;
	t->epoch[t->n++] = m->epoch;
	t->bytes += m->u.packet->len;
	if (t->n == TRAIN_FRAMES || t->bytes >= TRAIN_BYTES)
		train_end(l);
}

static void lane_ack(struct lane *l, struct seat *s)
{
	struct packet *p = NULL;

	buf_clear(&l->json);
	if (control_ack(&l->json, l->o.room->o.id, s->seq, s->offset) == 0)
		p = packet_control(l->json.p, l->json.len);
	/* Without it the rule before a fence is broken. */
	if (p == NULL)
		seat_fail(s, ERR_NOMEM);
	else
		(void)seat_put(s, p);
	packet_unref(p);
}

static void lane_acks(struct lane *l)
{
	struct seat *s;

	while ((s = l->acks) != NULL) {
		l->acks = s->ack_next;
		s->ack_due = false;
		if (seat_taken(s))
			lane_ack(l, s);
	}
}

static void turn_admit(const struct turn_news *t, size_t i)
{
	const struct member *m = t->newcomer[i].member;
	struct seat *s = m->seat;

	if (s == NULL)
		return; /* it has left meanwhile */
	s->id = m->user.member;
	s->first_epoch = t->epoch;
	if (seat_put(s, t->newcomer[i].hello))
		(void)seat_put(s, t->page);
}

static void lane_turn(struct lane *l, const struct turn_news *t)
{
	struct seat *s;
	size_t i, k;
	bool ok;

	for (i = 0; i < l->n; i++) {
		if ((s = l->seat[i]) == NULL || s->id == 0)
			continue;
		ok = t->rekey == NULL || seat_put(s, t->rekey);
		for (k = 0; k < t->n_notices && ok; k++)
			ok = seat_put(s, t->notice[k]);
	}
	for (i = 0; i < t->n_new; i++)
		if (t->newcomer[i].member->lane == l)
			turn_admit(t, i);
}

/* The room has put it out already. */
static void lane_end(struct lane *l, const struct member *m, enum wire_code why)
{
	struct seat *s = m->seat;
	struct member *own;

	if (s == NULL)
		return;
	own = s->member;
	lane_unseat(s);
	l->o.ended(l->o.arg, s, why);
	member_unref(own);
}

static void lane_wrap_want(struct lane *l, struct member *m)
{
	m->wrap_next = NULL;
	*l->wraps_end = m; /* the reference passes */
	l->wraps_end = &m->wrap_next;
}

static void lane_mail(struct lane *l, struct mail *m)
{
	if (m->what == MAIL_GROUP) {
		lane_group(l, m);
		return;
	}
	if (m->what == MAIL_WRAP) {
		lane_wrap_want(l, m->u.member);
		return;
	}
	train_end(l);
	if (m->what == MAIL_TURN) {
		lane_acks(l); /* they go before a fence */
		lane_turn(l, m->u.news);
	} else {
		lane_end(l, m->u.member, m->code);
	}
	mail_drop(m);
}

void lane_deliver(struct lane *l)
{
	size_t i;

	if (l->delivering)
		return; /* who fails in it leaves */
	l->delivering = true;
	if (lane_take(l)) {
		for (i = 0; i < l->taken.n; i++)
			lane_mail(l, &l->taken.p[i]);
		mails_empty(&l->taken);
		train_end(l);
		lane_acks(l);
	}
	lane_close_up(l);
	l->delivering = false;
}

/* --- newcomers' keys ----------------------------------------------------- */

/* What is wrapped for whom: copied, since the member may be put out and the
 * turn be given up meanwhile. */
struct wrap_job {
	struct arrival arrival;
	uint32_t member;
	uint64_t turns;
};

/* False: it has left. */
static bool wrap_begin(
    struct lane *l, const struct member *m, struct wrap_job *job)
{
	struct room *r = l->o.room;
	bool wanted;

	room_lock(r);
	wanted = !m->left && m->arrival != NULL && m->arrival->wanted;
	if (wanted) {
		job->arrival = *m->arrival;
		job->member = m->user.member;
		job->turns = r->turns;
		*l->wrap_keys = *r->next;
	}
	room_unlock(r);
	return wanted;
}

static int wrap_secret(
    struct lane *l, const struct wrap_job *job, struct key_exchange *k)
{
	uint8_t label[sizeof(LABEL_GROUP_KEY) + WIRE_HASH + 12], *p = label;
	const struct arrival *a = &job->arrival;
	struct wrap_pub *pub = NULL;
	struct buf wrapped;
	int err;

	buf_init(&wrapped, sizeof(k->wrapped));
	memcpy(p, LABEL_GROUP_KEY, sizeof(LABEL_GROUP_KEY));
	p += sizeof(LABEL_GROUP_KEY);
	memcpy(p, a->th5, WIRE_HASH);
	p += WIRE_HASH;
	put_u32(p, k->room);
	put_u32(p + 4, k->epoch);
	put_u32(p + 8, k->member);
	if ((err = wrap_pub_from_spki(&pub, a->wrap, a->wrap_len)) == 0 &&
	    (err = wrap_seal(pub, &wrapped, label, sizeof(label),
		 l->wrap_keys->secret)) == 0) {
		memcpy(k->wrapped, wrapped.p, wrapped.len);
		k->wrapped_len = wrapped.len;
	}
	wrap_pub_free(pub);
	buf_free(&wrapped);
	return err;
}

static int wrap_hello(
    struct lane *l, const struct wrap_job *job, struct packet **out)
{
	const struct group_epoch *e = &l->wrap_keys->epoch;
	struct key_exchange k = {.room = e->room,
	    .epoch = e->epoch,
	    .is_wrapped = true,
	    .member = job->member};
	int err;

	memcpy(k.commit, e->commit, sizeof(k.commit));
	snprintf(k.name, sizeof(k.name), "%s", l->o.room->name);
	buf_clear(&l->json);
	if ((err = wrap_secret(l, job, &k)) != 0 ||
	    (err = control_key_exchange(&l->json, &k)) != 0)
		return err;
	*out = packet_key_exchange(l->json.p, l->json.len, false);
	return *out == NULL ? ERR_NOMEM : 0;
}

static void wrap_end(struct lane *l, struct member *m,
    const struct wrap_job *job, struct packet *hello)
{
	struct room *r = l->o.room;

	room_lock(r);
	if (!m->left && m->arrival != NULL && m->arrival->wanted &&
	    m->arrival->hello == NULL && r->turns == job->turns) {
		m->arrival->hello = hello;
		hello = NULL;
		if (--r->unwrapped == 0)
			r->lane[0]->o.wake(r->lane[0]->o.arg);
	}
	room_unlock(r);
	packet_unref(hello);
}

/* One whose key does not work costs itself only. */
static void lane_wrap(struct lane *l, struct member *m)
{
	struct packet *hello = NULL;
	struct wrap_job job;
	int err;

	if (m->seat == NULL || !wrap_begin(l, m, &job))
		return;
	err = wrap_hello(l, &job, &hello);
	secret_wipe(l->wrap_keys, sizeof(*l->wrap_keys));
	if (err != 0)
		seat_fail(m->seat, err);
	else
		wrap_end(l, m, &job, hello);
}

bool lane_work(struct lane *l)
{
	struct member *m;
	int n;

	for (n = 0; n < LANE_WRAPS && (m = l->wraps) != NULL; n++) {
		if ((l->wraps = m->wrap_next) == NULL)
			l->wraps_end = &l->wraps;
		lane_wrap(l, m);
		member_unref(m);
	}
	return l->wraps != NULL;
}

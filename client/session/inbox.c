/* Members' frames and the server's notices of one room. */
#include <stdlib.h>
#include <string.h>

#include "client/session/dedup.h"
#include "client/session/inbox.h"
#include "client/session/offers.h"
#include "client/session/pending.h"
#include "shared/base/secret.h"

/* Digests that frames before the list may cost: 2 epochs a second at most. */
enum { PENDING_EPOCHS = 128 };

struct inbox {
	struct inbox_opts o;
	struct dedup *dedup;
	struct pending *pending;
	uint32_t member;     /* our own number */
	uint64_t notice_seq; /* of the last notice */
	uint64_t notice_at;  /* its offset */
	bool listed;	     /* the list of people is complete */
	/* The roster did not agree at this version of the list. */
	bool disagreed;
	uint32_t tried_epoch;
	uint64_t tried_version;
};

struct inbox *inbox_new(const struct inbox_opts *o)
{
	struct inbox *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->o = *o;
	i->dedup = dedup_new();
	i->pending = pending_new();
	if (i->dedup == NULL || i->pending == NULL) {
		inbox_free(i);
		return NULL;
	}
	return i;
}

void inbox_free(struct inbox *i)
{
	if (i == NULL)
		return;
	dedup_free(i->dedup);
	pending_free(i->pending);
	free(i);
}

void inbox_begin(struct inbox *i, uint32_t member, uint64_t seq)
{
	i->member = member;
	i->notice_seq = seq;
	i->listed = false;
}

void inbox_clear(struct inbox *i)
{
	i->listed = false;
	pending_clear(i->pending);
}

static uint32_t newest(const struct inbox *i)
{
	return epochs_newest(i->o.epochs)->epoch;
}

static int dropped(struct inbox *i, const struct person *p,
    const struct group_head *h, const char *reason)
{
	return events_push_room(
	    &i->o.events, &(struct event){.type = EVENT_DROPPED,
			      .person = p,
			      .seq = h->seq,
			      .epoch = h->epoch,
			      .offset = h->offset,
			      .reason = reason});
}

/* --- rosters ------------------------------------------------------------- */

/* Compares the list with the roster that the server announced for the epoch:
 * its members' signatures cover the announced one. */
static int agree(struct inbox *i, uint32_t epoch)
{
	const uint8_t *announced = epochs_roster(i->o.epochs, epoch);
	uint8_t own[WIRE_HASH];
	int r;

	if (epochs_agreed(i->o.epochs, epoch))
		return 0;
	if (announced == NULL)
		return ERR_ROSTER;
	r = roster_digest(i->o.roster, i->o.parties->crypto, epoch, own);
	if (r != 0)
		return r;
	if (memcmp(own, announced, WIRE_HASH) != 0)
		return ERR_ROSTER;
	epochs_agree(i->o.epochs, epoch, true);
	return 0;
}

int inbox_complete(struct inbox *i)
{
	return agree(i, newest(i));
}

int inbox_epoch_ends(struct inbox *i)
{
	return i->listed ? agree(i, newest(i)) : 0;
}

bool inbox_agrees(struct inbox *i)
{
	uint64_t version = roster_version(i->o.roster);
	uint32_t epoch;
	int r;

	if (!i->listed || epochs_newest(i->o.epochs) == NULL)
		return false;
	epoch = newest(i);
	if (i->disagreed && i->tried_epoch == epoch &&
	    i->tried_version == version)
		return false;
	r = agree(i, epoch);
	i->disagreed = r == ERR_ROSTER;
	i->tried_epoch = epoch;
	i->tried_version = version;
	return r == 0;
}

/* --- frames of members ---------------------------------------------------- */

/* Queues EVENT_CHANGED if the identity differs from the pinned one. */
static int warn(const struct room_events *q, const struct person *who)
{
	if (who->trust != TRUST_CHANGED)
		return 0;
	return events_push_room(
	    q, &(struct event){.type = EVENT_CHANGED, .person = who});
}

/* The first message of somebody pins their identity. It is shown with what was
 * known before it. */
static int first_message(struct inbox *i, struct person *p)
{
	enum trust was = p->trust, now;
	int r = 0;

	p->trust = parties_spoke(i->o.parties, p, &now);
	/* Another client of the user has pinned another identity since. */
	if (was != TRUST_CHANGED)
		r = warn(&i->o.events, p);
	roster_spoke(i->o.roster, p->member, now);
	return r;
}

/* Shows what a member said, unless it was shown before. */
static int show(struct inbox *i, const struct group_head *h,
    const struct person *p, const struct content *c)
{
	struct content_said offer;
	enum content_type type;
	const struct content_said *said = offers_said(c, &offer, &type);
	struct person who = *p;
	struct event e = {.person = &who,
	    .seq = h->seq,
	    .offset = h->offset,
	    .epoch = h->epoch,
	    .ts_ms = c->ts};
	enum posts_verdict verdict;
	bool again;
	int r;

	posts_there(i->o.posts, p->fingerprint, said->id, h->offset);
	r = dedup_check(i->dedup, p->identity, said->id, &again);
	if (r != 0 || again)
		return r;
	verdict = posts_judge(i->o.posts, &e, p->fingerprint, type, said);
	if (verdict == POSTS_DELETED)
		return 0;
	offers_event(&e, c->type == CONTENT_FILE ? &c->u.file : NULL);
	if (!who.spoke && (r = first_message(i, &who)) != 0)
		return r;
	if (verdict == POSTS_DONE)
		r = posts_add(i->o.posts, &e, p->fingerprint, type, said);
	else if (verdict == POSTS_UNKNOWN)
		r = posts_keep(i->o.posts, &e, type, said);
	return r != 0 ? r : events_push_room(&i->o.events, &e);
}

/* The frame is authentic. Its content is the sender's responsibility: errors in
 * it are not the server's fault. */
static int take_content(struct inbox *i, const struct group_head *h,
    const struct person *p, uint32_t number, const struct buf *plain)
{
	struct topics_entry topic = {.who = p,
	    .offset = h->offset,
	    .number = number};
	struct content c;
	int r;

	r = content_decode(&c, false, plain->p, plain->len);
	if (err_is_peer(r))
		return dropped(i, p, h, "not a message");
	if (r != 0)
		return r;
	if ((r = asides_take(i->o.asides, p, &c)) != 0)
		r = err_is_peer(r) ? dropped(i, p, h, "not a message") : r;
	else if (offers_is_said(&c))
		r = show(i, h, p, &c);
	topic.ts_ms = c.ts;
	if (r == 0 && c.type == CONTENT_TOPIC)
		r = topics_take(i->o.topics, &i->o.events, &topic, &c.u.topic);
	content_free(&c);
	return r;
}

static int take_frame(struct inbox *i, const struct group_head *h,
    const struct group_epoch *epoch, const struct person *p,
    struct inorder *order, const uint8_t *body, size_t n)
{
	const struct group_sender from = {
	    p->member, p->name, p->identity, p->card};
	struct group_context g = {.place = i->o.place,
	    .epoch = epoch,
	    .roster = epochs_roster(i->o.epochs, epoch->epoch),
	    .from = &from};
	struct seals_used used;
	struct seals_keys keys;
	uint64_t missing;
	struct buf plain;
	int r;

	buf_init_secret(&plain, GROUP_OPEN_MAX);
	seals_keys(i->o.seals, &keys);
	r = seals_open(
	    &keys, i->o.parties->crypto, &plain, &g, &used, body, n);
	secret_wipe(&keys, sizeof(keys));
	if (err_is_peer(r) && !seals_may_speak(i->o.seals)) {
		inorder_closed(order, h->seq);
		r = dropped(i, p, h, "sealed with a secret that you lack");
		goto out;
	}
	if (err_is_peer(r)) {
		r = dropped(i, p, h,
		    r == ERR_SIGNATURE ? "signature" : "does not open");
		goto out;
	}
	if (r != 0)
		goto out;
	holders_spoke(i->o.holders, p->name, p->fingerprint, used.number);
	holders_operator(
	    i->o.holders, p->fingerprint, p->role >= ROLE_OPERATOR);
	if (inorder_take(order, h->seq, &missing) != 0) {
		r = dropped(i, p, h, "replayed");
		goto out;
	}
	if (missing > 0)
		r = events_push_room(
		    &i->o.events, &(struct event){.type = EVENT_MISSING,
				      .person = p,
				      .seq = h->seq,
				      .count = missing});
	if (r == 0)
		r = record_opened(i->o.record, h->offset, &g, body, n);
	if (r == 0)
		r = take_content(i, h, p, used.number, &plain);
out:
	group_epoch_wipe(&used.epoch);
	buf_free(&plain);
	return r;
}

/* The list of people is incomplete: keep the frame, and hold its epoch. */
static int keep(
    struct inbox *i, const struct group_head *h, const uint8_t *body, size_t n)
{
	int r;

	if (epochs_find(i->o.epochs, h->epoch) == NULL)
		return dropped(i, NULL, h, "unknown epoch");
	r = pending_put(i->pending, h->sender, body, n);
	if (r == ERR_LIMIT)
		return dropped(i, NULL, h, "too many before the list");
	return r != 0 ? r : epochs_hold(i->o.epochs, h->epoch);
}

static int from_member(
    struct inbox *i, const struct group_head *h, const uint8_t *body, size_t n)
{
	const struct person *p = roster_find(i->o.roster, h->sender);
	const struct group_epoch *epoch = epochs_find(i->o.epochs, h->epoch);
	int r;

	if (h->sender == i->member)
		return dropped(i, NULL, h, "our own");
	if (!i->listed)
		return keep(i, h, body, n);
	if (p == NULL)
		return dropped(i, NULL, h, "unknown sender");
	if (epoch == NULL)
		return dropped(i, p, h, "unknown epoch");
	if ((r = agree(i, h->epoch)) != 0)
		return r;
	return take_frame(
	    i, h, epoch, p, roster_inorder(i->o.roster, h->sender), body, n);
}

/* Opens a frame that was pending. */
static int take_old(struct inbox *i, const struct group_head *h,
    size_t *digests, const uint8_t *body, size_t n)
{
	const struct group_epoch *epoch =
	    epochs_find_held(i->o.epochs, h->epoch);
	const struct person *p = roster_find(i->o.roster, h->sender);
	struct inorder *order = roster_inorder(i->o.roster, h->sender);
	int r;

	/* They may have left since, and perhaps come again. */
	if (p == NULL || h->epoch < p->since)
		p = pending_speaker(i->pending, h->sender, &order);
	if (p == NULL || epoch == NULL)
		return dropped(
		    i, p, h, p == NULL ? "unknown sender" : "unknown epoch");
	if (!epochs_agreed(i->o.epochs, h->epoch)) {
		if (*digests == PENDING_EPOCHS)
			return dropped(
			    i, p, h, "too many epochs before the list");
		++*digests;
	}
	if ((r = agree(i, h->epoch)) != 0)
		return r;
	return take_frame(i, h, epoch, p, order, body, n);
}

/* Processes the pending frames in order of arrival. */
static int take_pending(struct inbox *i)
{
	struct group_head h;
	const uint8_t *body;
	size_t n, digests = 0;
	int r = 0;

	while (r == 0 && (body = pending_first(i->pending, &n)) != NULL) {
		if ((r = group_head_decode(&h, body, n)) != 0)
			break;
		r = take_old(i, &h, &digests, body, n);
		epochs_release(i->o.epochs, h.epoch);
		pending_drop(i->pending);
	}
	return r;
}

int inbox_listed(struct inbox *i)
{
	const struct person *p;
	size_t n, k;
	int r = 0;

	i->listed = true;
	p = roster_people(i->o.roster, &n);
	for (k = 0; r == 0 && k < n; k++)
		r = warn(&i->o.events, &p[k]);
	/* These have left already, but their messages are still to be shown. */
	for (k = 0; r == 0; k++) {
		if ((p = pending_speaker_at(i->pending, k)) == NULL)
			break;
		r = warn(&i->o.events, p);
	}
	if (r == 0)
		r = take_pending(i);
	pending_clear(i->pending);
	roster_settle(i->o.roster);
	return r;
}

/* --- notices: the server to everybody -------------------------------- */

static int on_join(struct inbox *i, const struct user *u)
{
	struct person p;
	int r;

	/* The server does not announce our own join to us. */
	if (u->member == i->member)
		return ERR_MEMBER;
	if ((r = parties_person(&p, i->o.parties, u, i->member)) != 0)
		return r;
	parties_here(i->o.parties, &p, u);
	p.since = newest(i);
	holders_gone(i->o.holders, p.fingerprint, false);
	if ((r = roster_add(i->o.roster, &p, true)) != 0)
		return r;
	if (!i->listed)
		return 0;
	asides_joined(i->o.asides);
	if ((r = warn(&i->o.events, &p)) != 0)
		return r;
	return events_push_room(&i->o.events,
	    &(struct event){.type = EVENT_JOIN,
		.person = &p,
		.offset = i->notice_at,
		.epoch = newest(i),
		.people = roster_namesakes(i->o.roster, p.name, p.member)});
}

static int on_leave(struct inbox *i, const struct user *u, const char *reason,
    enum roster_leave how)
{
	const struct person *known = roster_find(i->o.roster, u->member);
	struct inorder order = {0};
	struct person p;
	int r = 0;

	if (u->member == 0 || u->member == i->member)
		return ERR_MEMBER;
	if (known != NULL) {
		p = *known;
		order = *roster_inorder(i->o.roster, u->member);
	} else if (!i->listed) {
		/* They were on a page that has not arrived and no longer lists
		 * them. */
		r = parties_person(&p, i->o.parties, u, i->member);
	}
	if (r == 0 && how == ROSTER_QUIT)
		holders_left(i->o.holders, p.name, p.fingerprint, reason,
		    seals_known(i->o.seals));
	if (r == 0 && !i->listed)
		r = pending_gone(i->pending, &p, order);
	if (r == 0)
		r = i->listed ? roster_leave(i->o.roster, u->member, how)
			      : roster_depart(i->o.roster, &p, newest(i), how);
	if (r != 0 || !i->listed || known == NULL)
		return r;
	return events_push_room(&i->o.events,
	    &(struct event){.type = EVENT_LEAVE,
		.person = &p,
		.offset = i->notice_at,
		.epoch = newest(i),
		.reason = reason,
		.people = roster_namesakes(i->o.roster, p.name, p.member)});
}

int inbox_purged(struct posts *posts, const struct room_events *to,
    const struct notice *n, struct event *e)
{
	int r = changes_purged(
	    posts_changes(posts), n->more.offset, n->more.by);

	if (r != 0)
		return r;
	e->type = EVENT_PURGE;
	e->by = n->more.by;
	e->offset = n->more.offset;
	posts_at(posts, n->more.offset, e);
	return events_push_room(to, e);
}

/* A notice of joins may step to the next epoch; no other notice may. */
static int notice_epoch(struct inbox *i, const struct content *c, bool *step)
{
	const struct group_epoch *now = epochs_newest(i->o.epochs);
	uint32_t epoch = c->u.notice.epoch;
	int r;

	*step = false;
	if (epoch == now->epoch)
		return memcmp(now->commit, c->u.notice.commit, WIRE_HASH) == 0
			   ? epochs_announce(i->o.epochs, c->u.notice.roster)
			   : ERR_COMMIT;
	if (c->u.notice.event != NOTICE_JOIN)
		return ERR_EPOCH;
	if ((r = inbox_epoch_ends(i)) != 0 ||
	    (r = epochs_step(i->o.epochs, epoch, c->u.notice.commit)) != 0)
		return r;
	*step = true;
	return epochs_announce(i->o.epochs, c->u.notice.roster);
}

static int on_notice(struct inbox *i, const struct content *c)
{
	const struct user *u = c->u.notice.users;
	enum notice_event event = c->u.notice.event;
	size_t k;
	bool step;
	int r;

	if ((r = notice_epoch(i, c, &step)) == 0)
		r = i->o.told(i->o.arg, c);
	/* The list is about to change: it may agree, or no longer agree. */
	if (r == 0 && c->u.notice.n_users > 0)
		epochs_agree(i->o.epochs, newest(i), false);
	for (k = 0; r == 0 && k < c->u.notice.n_users; k++)
		if (event == NOTICE_JOIN)
			r = on_join(i, &u[k]);
		else if (event == NOTICE_KICK)
			r = on_leave(i, &u[k], "kick", ROSTER_QUIT);
		else if (event == NOTICE_LEAVE)
			r = c->u.notice.more.quit
				? on_leave(i, &u[k], "quit", ROSTER_QUIT)
				: on_leave(i, &u[k], "leave", ROSTER_LOST);
	if (r == 0 && event == NOTICE_PURGE)
		r = inbox_purged(i->o.posts, &i->o.events, &c->u.notice,
		    &(struct event){0});
	if (r == 0 && event == NOTICE_CHECKPOINT)
		r = asides_signed(
		    i->o.asides, i->o.parties->server_key, c);
	if (r != 0 || !step || !i->listed)
		return r;
	return events_push_room(&i->o.events,
	    &(struct event){
		.type = EVENT_EPOCH, .epoch = newest(i), .reason = "join"});
}

/* Any fault in a notice is a protocol error: we might miss an epoch step. */
static int from_server(
    struct inbox *i, const struct group_head *h, const uint8_t *body, size_t n)
{
	static const uint8_t no_card[WIRE_HASH] = {0};
	const struct group_epoch *now = epochs_newest(i->o.epochs);
	const struct group_sender from = {
	    0, "", i->o.parties->server_key, no_card};
	struct group_context g = {
	    .place = i->o.place, .epoch = now, .from = &from};
	struct content c;
	struct buf plain;
	int r;

	/* Notices are in the room's order: epochs never go back. */
	if (h->epoch != now->epoch)
		return ERR_EPOCH;
	if ((g.roster = epochs_roster(i->o.epochs, now->epoch)) == NULL)
		return ERR_STATE;
	buf_init_secret(&plain, GROUP_OPEN_MAX);
	r = group_open(i->o.parties->crypto, &plain, &g, body, n);
	if (r != 0)
		goto out;
	if (h->seq <= i->notice_seq || h->seq - i->notice_seq != 1) {
		r = h->seq <= i->notice_seq ? ERR_REPLAYED : ERR_GAP;
		goto out;
	}
	i->notice_seq++;
	i->notice_at = h->offset;
	if ((r = record_opened(i->o.record, h->offset, &g, body, n)) != 0 ||
	    (r = content_decode(&c, true, plain.p, plain.len)) != 0)
		goto out;
	if (c.type == CONTENT_NOTICE)
		r = on_notice(i, &c);
	content_free(&c);
out:
	buf_free(&plain);
	return r;
}

int inbox_frame(
    struct inbox *i, const struct group_head *h, const uint8_t *body, size_t n)
{
	return h->sender == 0 ? from_server(i, h, body, n)
			      : from_member(i, h, body, n);
}

/* --- what was shown -------------------------------------------------------- */

int inbox_again(struct inbox *i, const uint8_t identity[WIRE_ED25519],
    const uint8_t id[WIRE_ID], bool *again)
{
	return dedup_check(i->dedup, identity, id, again);
}

int inbox_said(struct inbox *i, const uint8_t id[WIRE_ID])
{
	return dedup_check(
	    i->dedup, i->o.parties->self.identity, id, &(bool){false});
}

void inbox_unshow(struct inbox *i, const struct event *e)
{
	dedup_forget(i->dedup, e->person->identity, e->id);
}

#include <string.h>

#include "client/session/session_int.h"
#include "shared/wire/text.h"

enum trust session_group_trust(struct session *s, const struct person *p)
{
	const struct people_ops *ops = &s->o.people;
	bool own_key = memcmp(p->identity, s->self.identity, WIRE_ED25519) == 0;

	if (p->self)
		return TRUST_VERIFIED;
	/* Our own name is known to be ours, without any file. */
	if (text_same_name(p->name, s->self.name))
		return own_key ? TRUST_VERIFIED : TRUST_CHANGED;
	return ops->meet(ops->arg, s->server, p->name, p->fingerprint);
}

int session_group_person(
    struct session *s, struct person *out, const struct user *u)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->member = u->member;
	memcpy(out->name, u->name, sizeof(out->name));
	memcpy(out->identity, u->identity, WIRE_ED25519);
	memcpy(out->card, u->card, WIRE_HASH);
	r = ed25519_fingerprint(s->o.crypto, out->fingerprint, u->identity);
	if (r != 0)
		return r;
	out->self = u->member == s->self.member;
	out->trust = session_group_trust(s, out);
	if (!out->self)
		return 0;
	return memcmp(u->identity, s->self.identity, WIRE_ED25519) == 0 &&
		       strcmp(u->name, s->self.name) == 0 &&
		       memcmp(u->card, s->self.card, WIRE_HASH) == 0
		   ? 0
		   : ERR_MEMBER;
}

int session_group_warn(struct session *s, const struct person *p)
{
	if (p->trust != TRUST_CHANGED)
		return 0;
	return events_push(s->events, &(struct event){.type = EVENT_CHANGED,
					  .room = &s->first,
					  .room_name = s->room_name,
					  .person = p});
}

static int dropped(struct session *s, const struct person *p,
    const struct group_head *h, const char *reason)
{
	return events_push(s->events, &(struct event){.type = EVENT_DROPPED,
					  .room = &s->first,
					  .room_name = s->room_name,
					  .person = p,
					  .seq = h->seq,
					  .epoch = h->epoch,
					  .offset = h->offset,
					  .reason = reason});
}

/* --- what members say ---------------------------------------------------- */

static int show(struct session *s, const struct group_head *h,
    const struct person *p, const struct content *c)
{
	bool again;
	int r;

	r = dedup_check(s->seen, p->identity, c->u.message.id, &again);
	if (r != 0 || again)
		return r;
	return events_push(
	    s->events, &(struct event){.type = EVENT_MESSAGE,
			   .room = &s->first,
			   .room_name = s->room_name,
			   .person = p,
			   .seq = h->seq,
			   .offset = h->offset,
			   .epoch = h->epoch,
			   .ts_ms = c->ts,
			   .text = c->u.message.text,
			   .text_len = c->u.message.text_len,
			   .action = c->u.message.action,
			   .verified = p->trust != TRUST_CHANGED});
}

/* It opened and is the sender's; what it says is the sender's own doing. */
static int take_content(struct session *s, const struct group_head *h,
    const struct person *p, const struct buf *plain)
{
	struct content c;
	int r;

	r = content_decode(&c, false, plain->p, plain->len);
	if (err_is_peer(r))
		return dropped(s, p, h, "not a message");
	if (r != 0)
		return r;
	if (c.type == CONTENT_MESSAGE)
		r = show(s, h, p, &c);
	content_free(&c);
	return r;
}

static int take_frame(struct session *s, const struct group_head *h,
    const struct group_epoch *epoch, const struct person *p,
    struct inorder *order, const uint8_t *body, size_t n)
{
	const struct group_sender from = {
	    p->member, p->name, p->identity, p->card};
	uint64_t missing;
	struct buf plain;
	int r;

	buf_init_secret(&plain, GROUP_OPEN_MAX);
	r = group_open(s->o.crypto, &plain,
	    &(struct group_context){
		.epoch = epoch, .session = s->server_session, .from = &from},
	    body, n);
	if (err_is_peer(r)) {
		r = dropped(s, p, h,
		    r == ERR_SIGNATURE ? "signature" : "does not open");
		goto out;
	}
	if (r != 0)
		goto out;
	if (inorder_take(order, h->seq, &missing) != 0) {
		r = dropped(s, p, h, "replayed");
		goto out;
	}
	if (missing > 0)
		r = events_push(
		    s->events, &(struct event){.type = EVENT_MISSING,
				   .room = &s->first,
				   .room_name = s->room_name,
				   .person = p,
				   .seq = h->seq,
				   .count = missing});
	if (r == 0)
		r = take_content(s, h, p, &plain);
out:
	buf_free(&plain);
	return r;
}

/* Not all people are known yet: it waits, as does what opens it. */
static int hold(struct session *s, const struct group_head *h,
    const uint8_t *body, size_t n)
{
	int r;

	if (epochs_find(s->epochs, h->epoch) == NULL)
		return dropped(s, NULL, h, "unknown epoch");
	r = pending_put(s->held, h->sender, body, n);
	if (r == ERR_LIMIT)
		return dropped(s, NULL, h, "too many before the list");
	return r != 0 ? r : epochs_hold(s->epochs, h->epoch);
}

static int from_member(struct session *s, const struct group_head *h,
    const uint8_t *body, size_t n)
{
	const struct person *p = roster_find(s->roster, h->sender);
	const struct group_epoch *epoch = epochs_find(s->epochs, h->epoch);

	if (h->room != s->room)
		return dropped(s, NULL, h, "another room");
	if (h->sender == s->self.member)
		return dropped(s, NULL, h, "our own");
	if (s->phase == PHASE_LISTING)
		return hold(s, h, body, n);
	if (p == NULL)
		return dropped(s, NULL, h, "unknown sender");
	if (epoch == NULL)
		return dropped(s, p, h, "unknown epoch");
	return take_frame(
	    s, h, epoch, p, roster_inorder(s->roster, h->sender), body, n);
}

int session_group_held(struct session *s)
{
	const struct group_epoch *epoch;
	const struct person *p;
	struct inorder *order;
	struct group_head h;
	const uint8_t *body;
	size_t n, i;
	int r = 0;

	/* Who is in the room was looked at; these are not, but will speak. */
	for (i = 0; r == 0 && (p = pending_speaker_at(s->held, i)) != NULL; i++)
		r = session_group_warn(s, p);
	while (r == 0 && (body = pending_first(s->held, &n)) != NULL) {
		if ((r = group_head_decode(&h, body, n)) != 0)
			break;
		epoch = epochs_find_held(s->epochs, h.epoch);
		order = roster_inorder(s->roster, h.sender);
		p = roster_find(s->roster, h.sender);
		if (p == NULL)
			p = pending_speaker(s->held, h.sender, &order);
		if (p == NULL || epoch == NULL)
			r = dropped(s, p, &h,
			    p == NULL ? "unknown sender" : "unknown epoch");
		else
			r = take_frame(s, &h, epoch, p, order, body, n);
		epochs_release(s->epochs, h.epoch);
		pending_drop(s->held);
	}
	pending_clear(s->held);
	return r;
}

/* --- notices: what the server says to all -------------------------------- */

static int on_join(struct session *s, const struct user *u)
{
	struct person p;
	int r;

	/* Nobody is told of his own join. */
	if (u->member == s->self.member)
		return ERR_MEMBER;
	if ((r = session_group_person(s, &p, u)) != 0 ||
	    (r = roster_add(s->roster, &p, true)) != 0)
		return r;
	if (s->phase != PHASE_JOINED)
		return 0;
	if ((r = session_group_warn(s, &p)) != 0)
		return r;
	r = events_push(s->events, &(struct event){.type = EVENT_JOIN,
				       .room = &s->first,
				       .room_name = s->room_name,
				       .person = &p,
				       .epoch = s->last_epoch});
	return r != 0 ? r : session_wait_joined(s, &p);
}

static int on_leave(struct session *s, const struct user *u, const char *reason)
{
	const struct person *known = roster_find(s->roster, u->member);
	struct inorder order = {0};
	struct person p;
	int r = 0;

	if (u->member == 0 || u->member == s->self.member)
		return ERR_MEMBER;
	if (known != NULL) {
		p = *known;
		order = *roster_inorder(s->roster, u->member);
	} else if (s->phase == PHASE_LISTING) {
		/* On a page that we have not seen, and now never shall. */
		r = session_group_person(s, &p, u);
	}
	if (r == 0 && s->phase == PHASE_LISTING)
		r = pending_gone(s->held, &p, order);
	if (r == 0)
		r = roster_leave(s->roster, u->member);
	if (r != 0 || s->phase != PHASE_JOINED || known == NULL)
		return r;
	return events_push(s->events, &(struct event){.type = EVENT_LEAVE,
					  .room = &s->first,
					  .room_name = s->room_name,
					  .person = &p,
					  .epoch = s->last_epoch,
					  .reason = reason});
}

/* Joins may step to the next epoch; nothing else changes it. */
static int notice_epoch(struct session *s, const struct content *c, bool *step)
{
	const struct group_epoch *now = epochs_newest(s->epochs);
	uint32_t epoch = c->u.notice.epoch;
	int r;

	*step = false;
	if (epoch == now->epoch)
		return memcmp(now->commit, c->u.notice.commit, WIRE_HASH) == 0
			   ? 0
			   : ERR_COMMIT;
	if (c->u.notice.event != NOTICE_JOIN)
		return ERR_EPOCH;
	if ((r = epochs_step(s->epochs, epoch, c->u.notice.commit)) != 0)
		return r;
	s->last_epoch = epoch;
	*step = true;
	return 0;
}

static int on_notice(struct session *s, const struct content *c)
{
	const struct user *u = c->u.notice.users;
	enum notice_event event = c->u.notice.event;
	size_t i;
	bool step;
	int r;

	r = notice_epoch(s, c, &step);
	for (i = 0; r == 0 && i < c->u.notice.n_users; i++)
		if (event == NOTICE_JOIN)
			r = on_join(s, &u[i]);
		else if (event == NOTICE_LEAVE || event == NOTICE_KICK)
			r = on_leave(
			    s, &u[i], event == NOTICE_KICK ? "kick" : "leave");
	if (r != 0 || !step || s->phase != PHASE_JOINED)
		return r;
	return events_push(s->events, &(struct event){.type = EVENT_EPOCH,
					  .room = &s->first,
					  .room_name = s->room_name,
					  .epoch = s->last_epoch,
					  .reason = "join"});
}

/* Whatever is wrong with one of these is a breach: a step may be lost. */
static int from_server(struct session *s, const struct group_head *h,
    const uint8_t *body, size_t n)
{
	static const uint8_t no_card[WIRE_HASH] = {0};
	const struct group_epoch *now = epochs_newest(s->epochs);
	const struct group_sender from = {0, "", s->server_key, no_card};
	struct content c;
	struct buf plain;
	int r;

	if (h->room != s->room)
		return ERR_ROOM;
	/* It stands in the room's order, so it is never of an older one. */
	if (h->epoch != now->epoch)
		return ERR_EPOCH;
	buf_init_secret(&plain, GROUP_OPEN_MAX);
	r = group_open(s->o.crypto, &plain,
	    &(struct group_context){
		.epoch = now, .session = s->server_session, .from = &from},
	    body, n);
	if (r != 0)
		goto out;
	if (h->seq <= s->notice_seq || h->seq - s->notice_seq != 1) {
		r = h->seq <= s->notice_seq ? ERR_REPLAYED : ERR_GAP;
		goto out;
	}
	s->notice_seq++;
	if ((r = content_decode(&c, true, plain.p, plain.len)) != 0)
		goto out;
	if (c.type == CONTENT_NOTICE)
		r = on_notice(s, &c);
	content_free(&c);
out:
	buf_free(&plain);
	return r;
}

int session_group(struct session *s, const uint8_t *body, size_t n)
{
	struct group_head h;
	int r;

	/* A key and the first page come before anything that happens. */
	if (s->phase != PHASE_LISTING && s->phase != PHASE_JOINED)
		return ERR_STATE;
	if ((r = group_head_decode(&h, body, n)) != 0)
		return r;
	return h.sender == 0 ? from_server(s, &h, body, n)
			     : from_member(s, &h, body, n);
}

/* replay.c - turns entries of the history into events. */
#include "client/session/offers.h"
#include "client/session/replay.h"

#include <string.h>

#include "client/session/rights.h"
#include "shared/proto/content_view.h"

/* Ids that one message may go by: its own and those of its edits. */
enum { NAMES_MAX = 64 };

/* What is replayed. */
struct replayed {
	const struct replay *r;
	const struct room_events *to;
	const struct past_entry *e;
	struct event out; /* what all its events have in common */
};

static int push(const struct replayed *p, const struct event *e)
{
	return events_push_room(p->to, e);
}

/* --- what was done later to a message that is read now --------------------- */

static int show_change(const struct replayed *p, const struct change *c)
{
	struct event out = {.person = &c->person,
	    .past = true,
	    .req = p->out.req,
	    .own = c->person.self,
	    .seq = c->seq,
	    .offset = c->offset,
	    .epoch = c->epoch,
	    .ts_ms = c->ts_ms};
	struct content_said said = {.has_about = true,
	    .text = c->text != NULL ? c->text : "",
	    .text_len = c->text_len};
	int r;

	memcpy(said.id, c->id, WIRE_ID);
	memcpy(said.about, c->about, WIRE_ID);
	if (posts_judge(p->r->posts, &out, c->person.fingerprint, c->type,
		&said) != POSTS_DONE)
		return 0;
	if ((r = push(p, &out)) != 0)
		return r;
	return posts_add(
	    p->r->posts, &out, c->person.fingerprint, c->type, &said);
}

/* What is about the message, or about one of its edits. */
static int show_changes(const struct replayed *p, const uint8_t id[WIRE_ID])
{
	const struct changes *all = posts_changes(p->r->posts);
	uint8_t names[NAMES_MAX][WIRE_ID];
	const struct change *c;
	size_t n = 1, i, k;
	int r = 0;

	memcpy(names[0], id, WIRE_ID);
	for (i = 0; r == 0 && (c = changes_at(all, i)) != NULL; i++) {
		for (k = 0; k < n; k++)
			if (memcmp(c->about, names[k], WIRE_ID) == 0)
				break;
		if (k == n)
			continue;
		if (c->type == CONTENT_EDIT && n < NAMES_MAX)
			memcpy(names[n++], c->id, WIRE_ID);
		r = show_change(p, c);
	}
	return r;
}

/* --- what people said ------------------------------------------------------ */

/* A change of before what is shown is told with its message. */
static bool later(const struct replayed *p, enum content_type type,
    enum posts_verdict verdict)
{
	return p->out.req != 0 && type != CONTENT_MESSAGE &&
	       verdict == POSTS_UNKNOWN;
}

static int meet(const struct replayed *p, struct person *who)
{
	enum trust now;

	if (who->self)
		return 0;
	who->trust = parties_spoke(p->r->parties, who, &now);
	if (who->trust != TRUST_CHANGED || p->out.req != 0)
		return 0;
	return push(p, &(struct event){.type = EVENT_CHANGED, .person = who});
}

/* Whether it was shown, or told with its message. */
static int is_known(const struct replayed *p, const struct person *who,
    enum content_type type, const uint8_t id[WIRE_ID], bool *known)
{
	if (p->out.req == 0)
		return inbox_again(p->r->inbox, who->identity, id, known);
	*known = type != CONTENT_MESSAGE &&
		 changes_has(posts_changes(p->r->posts), who->fingerprint, id);
	return 0;
}

static int said(struct replayed *p, bool *shown)
{
	const struct content *c = p->e->content;
	struct content_said offer;
	enum content_type type;
	const struct content_said *what = offers_said(c, &offer, &type);
	struct posts *posts = p->r->posts;
	struct person who = *p->e->person;
	enum posts_verdict verdict;
	bool known;
	int r = is_known(p, &who, type, what->id, &known);

	if (r != 0)
		return r;
	posts_there(posts, who.fingerprint, what->id, p->out.offset);
	if (known) {
		posts_place(posts, who.fingerprint, what->id, p->out.offset);
		return 0;
	}
	p->out.person = &who;
	p->out.own = who.self;
	p->out.ts_ms = c->ts;
	verdict = posts_judge(posts, &p->out, who.fingerprint, type, what);
	if (verdict == POSTS_UNKNOWN &&
	    (r = posts_keep(posts, &p->out, type, what)) != 0)
		return r;
	if (verdict == POSTS_DELETED || later(p, type, verdict))
		return 0;
	offers_event(&p->out, c->type == CONTENT_FILE ? &c->u.file : NULL);
	if ((r = meet(p, &who)) != 0)
		return r;
	if (verdict == POSTS_DONE)
		r = posts_add(posts, &p->out, who.fingerprint, type, what);
	*shown = verdict == POSTS_DONE && type == CONTENT_MESSAGE;
	if (r == 0)
		r = push(p, &p->out);
	return r == 0 && *shown ? show_changes(p, what->id) : r;
}

/* --- what the server said -------------------------------------------------- */

/* Nobody is told live that they have come themselves. */
static int came_or_went(struct replayed *p, const struct notice *n)
{
	const struct parties *parties = p->r->parties;
	struct person who;
	size_t i;
	int r = 0;

	p->out.type = n->event == NOTICE_JOIN ? EVENT_JOIN : EVENT_LEAVE;
	p->out.reason = n->event == NOTICE_KICK ? "kick"
			: n->more.quit		? "quit"
						: "leave";
	if (n->event == NOTICE_JOIN)
		p->out.reason = NULL;
	p->out.person = &who;
	for (i = 0; r == 0 && i < n->n_users; i++) {
		if ((r = parties_person(&who, parties, &n->users[i], 0)) != 0 ||
		    memcmp(who.identity, parties->self.identity,
			WIRE_ED25519) == 0)
			continue;
		if (p->out.req == 0 && n->event != NOTICE_JOIN)
			holders_left(p->r->holders, who.name,
			    who.fingerprint, p->out.reason,
			    seals_known(p->r->seals));
		r = push(p, &p->out);
	}
	return r;
}

static int notice(struct replayed *p)
{
	const struct notice *n = &p->e->content->u.notice;

	/* What the server said since we entered came live. */
	if (p->out.req == 0 && p->out.offset > roomlog_entered(p->r->roomlog))
		return 0;
	p->out.ts_ms = n->ts;
	switch (n->event) {
	case NOTICE_JOIN:
	case NOTICE_LEAVE:
	case NOTICE_KICK:
		return came_or_went(p, n);
	case NOTICE_ACT:
		if (p->out.req == 0 && rights_removes(n))
			holders_removed(p->r->holders, n->more.who,
			    seals_known(p->r->seals));
		/* fall through */
	case NOTICE_ROOM:
		rights_event(&p->out, n);
		return push(p, &p->out);
	case NOTICE_PURGE:
		return inbox_purged(p->r->posts, p->to, n, &p->out);
	default:
		return 0;
	}
}

/* --- what they say of the log ----------------------------------------------- */

/* The server's word is about what it has given here, and so is a member's, from
 * then: one that lies to who was away shows them this. */
static int compare_person(const struct replayed *p)
{
	struct log_view view;
	bool has;

	/* One that is malformed was dropped then, and says nothing. */
	if (p->e->person->self ||
	    content_view_get(p->e->content, &has, &view) != 0 || !has)
		return 0;
	return views_past(p->r->views, p->e->person, &view,
	    trail_chain(p->e->trail, view.head.offset));
}

static int compare_server(const struct replayed *p)
{
	const struct notice_more *m = &p->e->content->u.notice.more;
	struct person server = {.name = "server"}; /* nobody may have this name */
	struct log_head head = {.offset = m->offset};
	struct log_view view;
	int r;

	memcpy(server.identity, p->r->parties->server_key, WIRE_ED25519);
	memcpy(head.chain, m->chain, WIRE_HASH);
	if ((r = views_of_log(p->r->views, &head, &view)) != 0)
		return r;
	return views_past(p->r->views, &server, &view,
	    trail_chain(p->e->trail, m->offset));
}

static int compare(const struct replayed *p)
{
	const struct content *c = p->e->content;

	if (c == NULL)
		return 0;
	if (p->e->person != NULL)
		return compare_person(p);
	return c->type == CONTENT_NOTICE &&
		       c->u.notice.event == NOTICE_CHECKPOINT
		   ? compare_server(p)
		   : 0;
}

/* --- an entry -------------------------------------------------------------- */

static int gone(struct replayed *p)
{
	const char *by =
	    changes_purged_by(posts_changes(p->r->posts), p->e->head.offset);

	p->out.type = EVENT_GONE;
	p->out.by = by != NULL ? by : "";
	return push(p, &p->out);
}

int replay_entry(const struct replay *r, const struct room_events *to,
    const struct past_entry *e, uint32_t req, bool *shown)
{
	struct replayed p = {.r = r, .to = to, .e = e};
	int err = 0;

	p.out = (struct event){.past = true,
	    .req = req,
	    .person = e->person,
	    .seq = e->head.seq,
	    .offset = e->head.offset,
	    .epoch = e->head.epoch};
	*shown = false;
	if (e->person == NULL && e->content == NULL)
		return gone(&p);
	if ((err = compare(&p)) != 0)
		return err;
	if (e->person != NULL && !e->person->self && e->proof != NULL)
		holders_spoke(r->holders, e->person->name,
		    e->person->fingerprint, e->seal);
	if (e->person == NULL)
		return e->content->type == CONTENT_NOTICE ? notice(&p) : 0;
	p.out.count = e->missing;
	p.out.type = EVENT_MISSING;
	if (e->missing != 0 && (err = push(&p, &p.out)) != 0)
		return err;
	p.out.count = 0;
	p.out.type = EVENT_DROPPED;
	p.out.reason = e->reason;
	if (e->reason != NULL)
		return push(&p, &p.out);
	if (e->content->type == CONTENT_TOPIC)
		return topics_take(r->topics, req == 0 ? to : NULL,
		    &(struct topics_entry){.who = e->person,
			.offset = e->head.offset,
			.ts_ms = e->content->ts,
			.number = e->seal,
			.past = true},
		    &e->content->u.topic);
	return offers_is_said(e->content) ? said(&p, shown) : 0;
}

/* held.c - judges messages by who was in the room when they were said. */
#include <stdlib.h>
#include <string.h>

#include "client/session/held.h"

enum { NAMES_BYTES = 64 * (WIRE_NAME_MAX + 1) };

/* The people because of whom messages are held, as last reported. */
struct because {
	char names[NAMES_BYTES]; /* one a line, as many as fit */
	size_t len, people;
};

struct held {
	struct room_events events;
	struct outbox *outbox;	     /* borrowed */
	const struct roster *roster; /* borrowed */
	const struct rights *rights; /* borrowed */
	struct posts *posts;	     /* borrowed */
	struct audience *audience;
	enum held_policy policy;

	bool looked; /* at this version of the roster, in such a room */
	uint64_t version;
	bool history;
	bool judged;		/* the next message, at that version: */
	struct outbox_for next; /* whom it is for */

	bool active;
	size_t count;
	struct because because;
};

struct held *held_new(const struct room_events *events, struct outbox *outbox,
    const struct roster *roster, const struct rights *rights,
    struct posts *posts, enum held_policy policy)
{
	struct held *h = calloc(1, sizeof(*h));

	if (h == NULL || (h->audience = audience_new()) == NULL) {
		free(h);
		return NULL;
	}
	h->events = *events;
	h->outbox = outbox;
	h->roster = roster;
	h->rights = rights;
	h->posts = posts;
	h->policy = policy;
	return h;
}

void held_free(struct held *h)
{
	if (h == NULL)
		return;
	audience_free(h->audience);
	free(h);
}

/* What is said in the room is read later by members who are away. */
static bool history(const struct held *h)
{
	return rights_settings(h->rights)->history != HISTORY_NONE;
}

static bool looked(const struct held *h)
{
	return h->looked && h->version == roster_version(h->roster) &&
	       h->history == history(h);
}

int held_look(struct held *h)
{
	const bool keeps = history(h);
	const struct person *p;
	size_t n;
	int r;

	if (looked(h))
		return 0;
	p = roster_people(h->roster, &n);
	r = audience_set(h->audience, p, n, keeps, outbox_earliest(h->outbox));
	if (r != 0)
		return r;
	h->looked = true;
	h->version = roster_version(h->roster);
	h->history = keeps;
	h->judged = false;
	return 0;
}

void held_leaving(struct held *h, const struct notice *n)
{
	size_t i;

	for (i = 0; i < n->n_users; i++)
		if (n->event == NOTICE_KICK || n->more.quit)
			audience_parted(h->audience, n->users[i].identity);
}

uint64_t held_moment(const struct held *h)
{
	return audience_now(h->audience);
}

/* --- judging ------------------------------------------------------------- */

static bool allowed(const struct held *h, const struct outbox_for *f)
{
	struct audience_person p;
	size_t pos = 0;

	if (audience_same(h->audience, f->said) ||
	    audience_same(h->audience, f->agreed))
		return true;
	if (f->agreed == f->said)
		return false;
	while (audience_at(h->audience, &pos, &p))
		if (!audience_knew(h->audience, &p, f->said) &&
		    !audience_knew(h->audience, &p, f->agreed))
			return false;
	return true;
}

/* The same for the i-th message. Its verdict is that of the message before it
 * if both are for the same people. */
static bool allowed_at(const struct held *h, size_t i, bool before)
{
	const struct outbox_for *f = outbox_for(h->outbox, i), *g;

	if (i > outbox_in_flight(h->outbox)) {
		g = outbox_for(h->outbox, i - 1);
		if (g->said == f->said && g->agreed == f->agreed)
			return before;
	}
	return allowed(h, f);
}

static size_t count(const struct held *h)
{
	size_t i, n = 0, end = outbox_count(h->outbox);
	bool ok = true;

	for (i = outbox_in_flight(h->outbox); i < end; i++) {
		ok = allowed_at(h, i, ok);
		n += !ok;
	}
	return n;
}

/* Whether a message that is not sealed was said without this person. */
static bool is_new(const struct held *h, const struct audience_person *p)
{
	const struct outbox_for *f, *before = NULL;
	size_t i, end = outbox_count(h->outbox);

	for (i = outbox_in_flight(h->outbox); i < end; i++, before = f) {
		f = outbox_for(h->outbox, i);
		if (before != NULL && before->said == f->said &&
		    before->agreed == f->agreed)
			continue;
		if (!audience_knew(h->audience, p, f->said) &&
		    !audience_knew(h->audience, p, f->agreed))
			return true;
	}
	return false;
}

static void because(const struct held *h, struct because *out)
{
	struct audience_person p;
	size_t pos = 0, n;

	memset(out, 0, sizeof(*out));
	while (audience_at(h->audience, &pos, &p)) {
		if (!is_new(h, &p))
			continue;
		out->people++;
		n = strlen(p.name);
		if (n + 1 > sizeof(out->names) - out->len)
			continue;
		if (out->len > 0)
			out->names[out->len++] = '\n';
		memcpy(out->names + out->len, p.name, n);
		out->len += n;
	}
}

static int report(struct held *h, const char *reason, size_t n)
{
	return events_push_room(&h->events, &(struct event){.type = EVENT_HELD,
						.reason = reason,
						.count = n,
						.people = h->because.people,
						.text = h->because.names,
						.text_len = h->because.len});
}

static void release(struct held *h)
{
	h->active = false;
	h->count = 0;
	memset(&h->because, 0, sizeof(h->because));
}

/* Everything that has to be asked was asked: nothing changes if this fails. */
static int ask(struct held *h)
{
	struct because now;
	size_t n = count(h);
	bool same;
	int r;

	because(h, &now);
	same = h->active && n == h->count && now.people == h->because.people &&
	       now.len == h->because.len &&
	       memcmp(now.names, h->because.names, now.len) == 0;
	h->active = true;
	h->count = n;
	h->because = now;
	if (same)
		return 0;
	if ((r = report(h, "ask", n)) != 0)
		h->count = 0; /* ask again */
	return r;
}

static void agree(struct held *h)
{
	size_t i, end = outbox_count(h->outbox);
	uint64_t now = audience_now(h->audience);

	for (i = outbox_in_flight(h->outbox); i < end; i++)
		if (!allowed(h, outbox_for(h->outbox, i)))
			outbox_agree(h->outbox, i, now);
}

static int report_dropped(const struct held *h, size_t i)
{
	struct event e = {
	    .type = EVENT_UNSAID, .count = outbox_count(h->outbox) - i - 1};

	memcpy(e.id, outbox_id(h->outbox, i), WIRE_ID);
	return events_push_room(&h->events, &e);
}

/* Drops what is held, and reports each message, then their number. If that
 * fails, what is left stays held. */
static int drop(struct held *h)
{
	size_t i = outbox_in_flight(h->outbox), n = 0;
	int r = 0;

	while (r == 0 && i < outbox_count(h->outbox)) {
		if (allowed(h, outbox_for(h->outbox, i))) {
			i++;
			continue;
		}
		if ((r = report_dropped(h, i)) != 0)
			break;
		posts_forget(h->posts, outbox_id(h->outbox, i));
		outbox_drop(h->outbox, i);
		n++;
	}
	return r != 0 ? r : report(h, "drop", n);
}

/* The next message is for other people than those who are here. */
static int refuse(struct held *h)
{
	int r;

	switch (h->policy) {
	case HELD_SEND:
		agree(h);
		return 0;
	case HELD_DROP:
		because(h, &h->because);
		r = drop(h);
		release(h);
		return r;
	case HELD_ASK:
		break;
	}
	return ask(h);
}

/* Whom the next message to be sealed is for, or NULL. */
static const struct outbox_for *next(const struct held *h)
{
	size_t i = outbox_in_flight(h->outbox);

	return i < outbox_count(h->outbox) ? outbox_for(h->outbox, i) : NULL;
}

bool held_stale(const struct held *h)
{
	const struct outbox_for *f = next(h);

	return !looked(h) || !h->judged ||
	       (f != NULL &&
		   (f->said != h->next.said || f->agreed != h->next.agreed));
}

int held_judge(struct held *h)
{
	const struct outbox_for *f;
	int r = held_look(h);

	while (r == 0 && (f = next(h)) != NULL && !allowed(h, f)) {
		r = refuse(h);
		if (h->active)
			break;
	}
	if (r != 0)
		return r;
	h->judged = true;
	f = next(h);
	h->next = f != NULL ? *f : (struct outbox_for){0};
	if (!h->active || (f != NULL && !allowed(h, f)))
		return 0;
	r = report(h, "gone", h->count);
	release(h);
	return r;
}

bool held_active(const struct held *h)
{
	return h->active;
}

/* --- the user's answer --------------------------------------------------- */

int held_send(struct held *h)
{
	int r;

	if (!h->active)
		return ERR_STATE;
	if ((r = report(h, "send", h->count)) != 0)
		return r;
	agree(h);
	release(h);
	h->judged = false;
	return 0;
}

int held_drop(struct held *h)
{
	int r;

	if (!h->active)
		return ERR_STATE;
	r = drop(h);
	release(h);
	h->judged = false;
	return r;
}

void held_clear(struct held *h)
{
	release(h);
	h->judged = false;
}

size_t held_count(const struct held *h)
{
	return h->count;
}

bool held_is(const struct held *h, size_t i)
{
	return h->active && i >= outbox_in_flight(h->outbox) &&
	       !allowed(h, outbox_for(h->outbox, i));
}

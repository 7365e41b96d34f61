/* Views and transcripts of others, and when to tell of our own. */
#include "client/session/asides.h"

#include <stdlib.h>
#include <string.h>

#include "shared/os/vec.h"
#include "shared/proto/content_view.h"

struct keeper {
	uint8_t p[WIRE_ED25519];
};

struct asides {
	struct room_events events;
	struct views *views;
	struct keeper *keeper; /* owned */
	size_t n_keepers, cap_keepers;
	bool on; /* our user keeps one */
	/* What is to be said, and not before which time. */
	bool due[ASIDES];
	uint64_t from_ms[ASIDES];
	/* The answers to come are to our user. */
	bool asked_server, asked_all;
};

struct asides *asides_new(const struct room_events *events, struct views *v)
{
	struct asides *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->events = *events;
	a->views = v;
	return a;
}

void asides_free(struct asides *a)
{
	if (a == NULL)
		return;
	free(a->keeper);
	free(a);
}

/* --- others --------------------------------------------------------------- */

/* Whether that is news. */
static int note(struct asides *a, const struct person *p, bool on, bool *news)
{
	size_t i;
	int r;

	*news = false;
	for (i = 0; i < a->n_keepers; i++)
		if (memcmp(a->keeper[i].p, p->identity, WIRE_ED25519) == 0)
			break;
	if (on == (i < a->n_keepers))
		return 0;
	if (!on) {
		a->keeper[i] = a->keeper[--a->n_keepers];
		*news = true;
		return 0;
	}
	if (a->n_keepers == ASIDES_KEEPERS)
		return 0;
	r = vec_reserve(
	    &a->keeper, &a->cap_keepers, a->n_keepers + 1, sizeof(*a->keeper));
	if (r != 0)
		return r;
	memcpy(a->keeper[a->n_keepers++].p, p->identity, WIRE_ED25519);
	*news = true;
	return 0;
}

/* What the person, or the server, has signed. */
static int report(struct asides *a, const struct person *p, bool asked,
    const struct event *e)
{
	struct event out = *e;

	out.type = EVENT_RECEIPT;
	out.person = p;
	out.may = asked;
	return events_push_room(&a->events, &out);
}

static int receipt(struct asides *a, const struct person *p, bool ask,
    const struct log_view *view)
{
	int r = views_take(a->views, p, view);

	if (ask) {
		a->due[ASIDE_RECEIPT] = true;
		a->asked_all = false; /* the answers are to them */
	}
	if (r != 0 || !views_agrees(a->views, view))
		return r;
	return report(a, p, a->asked_all,
	    &(struct event){.offset = view->head.offset});
}

int asides_signed(struct asides *a, const uint8_t server[WIRE_ED25519],
    const struct content *c)
{
	const struct notice_more *m = &c->u.notice.more;
	struct person p = {.name = "server"}; /* nobody may have this name */
	struct log_head head = {.offset = m->offset};
	const bool asked = a->asked_server;
	int r;

	memcpy(p.identity, server, WIRE_ED25519);
	memcpy(head.chain, m->chain, WIRE_HASH);
	a->asked_server = false;
	if ((r = views_signed(a->views, &p, &head)) != 0)
		return r;
	return report(a, &p, asked,
	    &(struct event){.offset = m->offset, .ts_ms = c->ts});
}

int asides_receipt(struct asides *a, const uint8_t server[WIRE_ED25519],
    const struct receipt *t)
{
	struct person p = {.name = "server"};

	memcpy(p.identity, server, WIRE_ED25519);
	return views_is(a->views, t->log) ? views_signed(a->views, &p, &t->head)
					  : ERR_LOG;
}

int asides_take(
    struct asides *a, const struct person *p, const struct content *c)
{
	struct log_view view;
	bool has, news;
	int r;

	if ((r = content_view_get(c, &has, &view)) != 0)
		return r;
	if (c->type == CONTENT_RECEIPT)
		return has ? receipt(a, p, c->u.ask, &view) : ERR_JSON;
	if (!content_view_only(c) && c->type != CONTENT_KEEPS)
		views_heard(a->views);
	if (has && (r = views_take(a->views, p, &view)) != 0)
		return r;
	if (c->type != CONTENT_KEEPS)
		return 0;
	if ((r = note(a, p, c->u.keeps, &news)) != 0 || !news)
		return r;
	return events_push_room(&a->events,
	    &(struct event){
		.type = EVENT_KEEPS, .person = p, .may = c->u.keeps});
}

/* --- our own -------------------------------------------------------------- */

void asides_keep(struct asides *a, bool on)
{
	if (on != a->on)
		asides_lost(a);
	a->on = on;
}

bool asides_keeps(const struct asides *a)
{
	return a->on;
}

void asides_entered(struct asides *a)
{
	asides_lost(a);
	a->due[ASIDE_KEEPS] = a->on;
	a->due[ASIDE_ASK] = a->due[ASIDE_RECEIPT] = false;
}

void asides_joined(struct asides *a)
{
	a->due[ASIDE_KEEPS] = a->due[ASIDE_KEEPS] || a->on;
}

void asides_lost(struct asides *a)
{
	a->due[ASIDE_KEEPS] = true;
	a->from_ms[ASIDE_KEEPS] = 0;
}

void asides_ask(struct asides *a, bool all)
{
	a->asked_server = true;
	if (!all)
		return;
	a->asked_all = true;
	a->due[ASIDE_ASK] = true;
}

enum aside asides_due(const struct asides *a, uint64_t now_ms)
{
	enum aside what;

	for (what = ASIDE_KEEPS; what < ASIDES; what++)
		if (a->due[what] && now_ms >= a->from_ms[what])
			return what;
	return ASIDE_NONE;
}

void asides_said(struct asides *a, enum aside what, uint64_t now_ms)
{
	static const uint64_t pause_ms[ASIDES] = {
	    [ASIDE_KEEPS] = ASIDES_MS,
	    [ASIDE_ASK] = ASIDES_ASK_MS,
	    [ASIDE_RECEIPT] = ASIDES_RECEIPT_MS,
	};

	a->due[what] = false;
	a->from_ms[what] = now_ms + pause_ms[what];
}

uint64_t asides_deadline(const struct asides *a)
{
	uint64_t at = UINT64_MAX;
	enum aside what;

	for (what = ASIDE_KEEPS; what < ASIDES; what++)
		if (a->due[what] && a->from_ms[what] < at)
			at = a->from_ms[what];
	return at;
}

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
	bool on;       /* our user keeps one */
	bool due;      /* and that is to be said, at once */
	bool newcomer; /* or from this time on */
	uint64_t again_ms;
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

int asides_take(
    struct asides *a, const struct person *p, const struct content *c)
{
	struct log_view view;
	bool has, news;
	int r;

	if ((r = content_view_get(c, &has, &view)) != 0)
		return r;
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
	a->due = a->due || on != a->on;
	a->on = on;
}

bool asides_keeps(const struct asides *a)
{
	return a->on;
}

void asides_entered(struct asides *a)
{
	a->due = a->on;
	a->newcomer = false;
}

void asides_joined(struct asides *a)
{
	a->newcomer = a->on;
}

void asides_lost(struct asides *a)
{
	a->due = true;
}

bool asides_due(const struct asides *a, uint64_t now_ms)
{
	return a->due || (a->newcomer && now_ms >= a->again_ms);
}

void asides_said(struct asides *a, uint64_t now_ms)
{
	a->due = a->newcomer = false;
	a->again_ms = now_ms + ASIDES_MS;
}

uint64_t asides_deadline(const struct asides *a)
{
	if (a->due)
		return 0;
	return a->newcomer ? a->again_ms : UINT64_MAX;
}

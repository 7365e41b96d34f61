/* Other members' views of a room's log, and when ours is due. */
#include "client/session/views.h"

#include <string.h>

#include "shared/os/vec.h"

/* A view of entries that we do not have yet. */
struct ahead {
	struct person who;
	struct log_view view;
};

struct identity_key {
	uint8_t p[WIRE_ED25519];
};

struct views {
	struct room_events events;
	const struct roomlog *log; /* borrowed */
	struct ahead *ahead;
	size_t n_ahead, cap_ahead;
	uint64_t nearest; /* the lowest offset among them */
	struct identity_key *named;
	size_t n_named, cap_named;
	bool forked;
	bool owed;
	uint64_t due_ms; /* UINT64_MAX: no wait has begun */
};

struct views *views_new(
    const struct room_events *events, const struct roomlog *log)
{
	struct views *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->events = *events;
	v->log = log;
	v->due_ms = v->nearest = UINT64_MAX;
	return v;
}

void views_free(struct views *v)
{
	if (v == NULL)
		return;
	free(v->ahead);
	free(v->named);
	free(v);
}

void views_leave(struct views *v)
{
	free(v->ahead);
	v->ahead = NULL;
	v->n_ahead = v->cap_ahead = 0;
	v->nearest = v->due_ms = UINT64_MAX;
	v->owed = false;
}

/* --- comparing ------------------------------------------------------------ */

static bool is_named(const struct views *v, const struct person *p)
{
	size_t i;

	for (i = 0; i < v->n_named; i++)
		if (memcmp(v->named[i].p, p->identity, WIRE_ED25519) == 0)
			return true;
	return false;
}

static int differs(
    struct views *v, const struct person *p, const struct log_view *view)
{
	int r;

	if (is_named(v, p) || v->n_named == VIEWS_NAMED)
		return 0;
	r = vec_reserve(
	    &v->named, &v->cap_named, v->n_named + 1, sizeof(*v->named));
	if (r == 0)
		r = events_push_room(
		    &v->events, &(struct event){.type = EVENT_FORK,
				    .person = p,
				    .offset = view->head.offset});
	if (r != 0)
		return r;
	memcpy(v->named[v->n_named++].p, p->identity, WIRE_ED25519);
	v->forked = true;
	return 0;
}

static int compare(
    struct views *v, const struct person *p, const struct log_view *view)
{
	const uint8_t *own = roomlog_chain(v->log, view->head.offset);

	if (own == NULL || memcmp(own, view->head.chain, WIRE_HASH) == 0)
		return 0;
	return differs(v, p, view);
}

int views_take(
    struct views *v, const struct person *p, const struct log_view *view)
{
	int r;

	if (!roomlog_same(v->log, view))
		return 0;
	if (view->head.offset <= roomlog_offset(v->log))
		return compare(v, p, view);
	if (v->n_ahead == WIRE_VIEWS_AHEAD)
		return 0;
	r = vec_reserve(
	    &v->ahead, &v->cap_ahead, v->n_ahead + 1, sizeof(*v->ahead));
	if (r != 0)
		return r;
	v->ahead[v->n_ahead++] = (struct ahead){*p, *view};
	if (view->head.offset < v->nearest)
		v->nearest = view->head.offset;
	return 0;
}

int views_compare(struct views *v)
{
	uint64_t now = roomlog_offset(v->log);
	size_t i, left = 0;
	int r = 0;

	if (now < v->nearest)
		return 0;
	v->nearest = UINT64_MAX;
	for (i = 0; i < v->n_ahead; i++) {
		const struct ahead *a = &v->ahead[i];

		if (r == 0 && a->view.head.offset <= now) {
			r = compare(v, &a->who, &a->view);
			continue;
		}
		if (a->view.head.offset < v->nearest)
			v->nearest = a->view.head.offset;
		v->ahead[left++] = *a;
	}
	v->n_ahead = left;
	return r;
}

int views_of_log(const struct views *v, const struct log_head *head,
    struct log_view *out)
{
	uint8_t own[WIRE_VIEW];
	int r;

	roomlog_view(v->log, own);
	if ((r = log_view_decode(out, own)) == 0)
		out->head = *head;
	return r;
}

int views_signed(
    struct views *v, const struct person *p, const struct log_head *head)
{
	struct log_view view;
	int r = views_of_log(v, head, &view);

	return r != 0 ? r : views_take(v, p, &view);
}

int views_past(struct views *v, const struct person *p,
    const struct log_view *view, const uint8_t own[WIRE_HASH])
{
	if (own == NULL || !roomlog_same(v->log, view) ||
	    memcmp(own, view->head.chain, WIRE_HASH) == 0)
		return 0;
	return differs(v, p, view);
}

bool views_is(const struct views *v, const uint8_t log[WIRE_LOG])
{
	return roomlog_known(v->log, log);
}

bool views_agrees(const struct views *v, const struct log_view *view)
{
	const uint8_t *own = roomlog_chain(v->log, view->head.offset);

	return roomlog_same(v->log, view) && own != NULL &&
	       memcmp(own, view->head.chain, WIRE_HASH) == 0;
}

bool views_forked(const struct views *v)
{
	return v->forked;
}

/* --- our own -------------------------------------------------------------- */

void views_heard(struct views *v)
{
	v->owed = true;
}

void views_said(struct views *v)
{
	v->owed = false;
	v->due_ms = UINT64_MAX;
}

bool views_owed(const struct views *v)
{
	return v->owed;
}

bool views_drawn(const struct rng *rng, size_t people, unsigned most)
{
	uint8_t b[8] = {0};
	uint64_t lot = 0;
	size_t i;

	if (people <= most)
		return true;
	if (rng->fill(rng->arg, b, sizeof(b)) != 0)
		return true;
	for (i = 0; i < sizeof(b); i++)
		lot = lot << 8 | b[i];
	return lot % people < most;
}

uint64_t views_deadline(const struct views *v)
{
	if (!v->owed)
		return UINT64_MAX;
	return v->due_ms == UINT64_MAX ? 0 : v->due_ms;
}

bool views_tick(struct views *v, uint64_t now_ms)
{
	if (!v->owed)
		return false;
	if (v->due_ms == UINT64_MAX) {
		v->due_ms = now_ms + VIEWS_MS;
		return false;
	}
	if (now_ms < v->due_ms)
		return false;
	v->due_ms = now_ms + VIEWS_MS;
	return true;
}

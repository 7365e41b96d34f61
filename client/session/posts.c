/* posts.c - a ring of who wrote what. */
#include <stdlib.h>
#include <string.h>

#include "client/session/posts.h"

struct post {
	uint8_t id[WIRE_ID];
	uint8_t message[WIRE_ID]; /* the same, or for an edit: of which */
	uint8_t who[WIRE_HASH];	  /* a fingerprint */
	bool deleted, forgotten;
	uint8_t deleted_by[WIRE_ID]; /* the id of the deletion */
};

struct posts {
	uint8_t self[WIRE_HASH];
	struct post *ring; /* the oldest at `oldest` once it has POSTS_MAX */
	size_t n, cap, oldest;
};

struct posts *posts_new(const uint8_t self[WIRE_HASH])
{
	struct posts *p = calloc(1, sizeof(*p));

	if (p != NULL)
		memcpy(p->self, self, WIRE_HASH);
	return p;
}

void posts_free(struct posts *p)
{
	if (p == NULL)
		return;
	free(p->ring);
	free(p);
}

/* The i-th oldest. */
static struct post *at(const struct posts *p, size_t i)
{
	return &p->ring[(p->oldest + i) % POSTS_MAX];
}

/* The oldest post with that id, of that person unless `who` is NULL. A few
 * thousand comparisons cost less than a tenth of the signature check. */
static struct post *find(
    const struct posts *p, const uint8_t *who, const uint8_t id[WIRE_ID])
{
	struct post *o;
	size_t i;

	for (i = 0; i < p->n; i++) {
		o = at(p, i);
		if (memcmp(o->id, id, WIRE_ID) == 0 && !o->forgotten &&
		    (who == NULL || memcmp(o->who, who, WIRE_HASH) == 0))
			return o;
	}
	return NULL;
}

/* The message that an id names, its own or that of one of its edits. */
static struct post *message_of(
    const struct posts *p, const uint8_t *who, const uint8_t id[WIRE_ID])
{
	struct post *o = find(p, who, id);

	if (o == NULL || memcmp(o->id, o->message, WIRE_ID) == 0)
		return o;
	return find(p, o->who, o->message);
}

/* Writing is for the author only, reading for everybody. */
static bool writes(enum content_type type)
{
	return type == CONTENT_EDIT || type == CONTENT_DELETE;
}

enum content_type posts_type(enum event_type what)
{
	switch (what) {
	case EVENT_MESSAGE:
		return CONTENT_MESSAGE;
	case EVENT_EDIT:
		return CONTENT_EDIT;
	case EVENT_DELETE:
		return CONTENT_DELETE;
	case EVENT_REACT:
		return CONTENT_REACT;
	default:
		return CONTENT_UNKNOWN;
	}
}

static enum event_type event_of(enum content_type type)
{
	switch (type) {
	case CONTENT_EDIT:
		return EVENT_EDIT;
	case CONTENT_DELETE:
		return EVENT_DELETE;
	case CONTENT_REACT:
		return EVENT_REACT;
	default:
		return EVENT_MESSAGE;
	}
}

static enum posts_verdict refuse(
    struct event *e, enum posts_verdict verdict, enum content_type type)
{
	e->type = EVENT_REFUSED;
	e->tried = event_of(type);
	e->reason = verdict == POSTS_NOT_THEIRS ? "not_theirs" : "unknown";
	return verdict;
}

enum posts_verdict posts_judge(const struct posts *p, struct event *e,
    const uint8_t who[WIRE_HASH], enum content_type type,
    const struct content_said *said)
{
	const struct post *o = NULL, *other;

	e->type = event_of(type);
	memcpy(e->id, said->id, WIRE_ID);
	e->has_about = said->has_about;
	memcpy(e->about, said->about, WIRE_ID);
	if (said->has_about)
		o = message_of(p, writes(type) ? who : NULL, said->about);
	if (o == NULL && type != CONTENT_MESSAGE) {
		other = find(p, NULL, said->about);
		return refuse(e,
		    other != NULL && memcmp(other->who, who, WIRE_HASH) != 0
			? POSTS_NOT_THEIRS
			: POSTS_UNKNOWN,
		    type);
	}
	if (o != NULL && o->deleted && type != CONTENT_MESSAGE)
		return POSTS_DELETED;
	if (o != NULL) {
		memcpy(e->about, o->id, WIRE_ID);
		memcpy(e->author, o->who, WIRE_HASH);
	}
	e->text = said->text;
	e->text_len = said->text_len;
	e->action = said->action;
	return POSTS_DONE;
}

static int grow(struct posts *p)
{
	size_t cap = p->cap == 0 ? 64 : 2 * p->cap;
	void *ring = realloc(p->ring, cap * sizeof(*p->ring));

	if (ring == NULL)
		return ERR_NOMEM;
	p->ring = ring;
	p->cap = cap;
	return 0;
}

static int put(struct posts *p, const uint8_t *who, const uint8_t *id,
    const uint8_t *message)
{
	struct post *o;
	int r;

	if (p->n == p->cap && p->cap < POSTS_MAX && (r = grow(p)) != 0)
		return r;
	if (p->n == POSTS_MAX)
		p->oldest = (p->oldest + 1) % POSTS_MAX;
	else
		p->n++;
	o = at(p, p->n - 1);
	memset(o, 0, sizeof(*o));
	memcpy(o->id, id, WIRE_ID);
	memcpy(o->message, message, WIRE_ID);
	memcpy(o->who, who, WIRE_HASH);
	return 0;
}

static int put_edit(
    struct posts *p, const struct post *of, const uint8_t id[WIRE_ID])
{
	const struct post message = *of; /* the ring may move */

	return put(p, message.who, id, message.id);
}

int posts_add(struct posts *p, const uint8_t who[WIRE_HASH],
    enum content_type type, const struct content_said *said)
{
	struct post *o;

	if (type == CONTENT_MESSAGE)
		return put(p, who, said->id, said->id);
	if (!writes(type) || (o = message_of(p, who, said->about)) == NULL)
		return 0;
	if (type == CONTENT_EDIT)
		return put_edit(p, o, said->id);
	o->deleted = true;
	memcpy(o->deleted_by, said->id, WIRE_ID);
	return 0;
}

void posts_forget(struct posts *p, const uint8_t id[WIRE_ID])
{
	struct post *o = find(p, p->self, id);
	size_t i;

	if (o != NULL)
		o->forgotten = true;
	for (i = 0; i < p->n; i++) {
		o = at(p, i);
		if (o->deleted && memcmp(o->deleted_by, id, WIRE_ID) == 0 &&
		    memcmp(o->who, p->self, WIRE_HASH) == 0)
			o->deleted = false;
	}
}

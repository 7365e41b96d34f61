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
	uint64_t offset;	     /* in the log; 0: not known (yet) */
	uint64_t seq; /* our own: on this connection; 0: not sealed */
};

struct ring {
	struct post *p; /* owned; the first at `first` once there are max */
	size_t n, cap, first, max;
};

struct posts {
	uint8_t self[WIRE_HASH];
	struct ring older; /* read because the user asked */
	struct ring ring;  /* in the order of the log */
	struct purges *purges; /* borrowed; or NULL */
	struct changes *changes;
};

struct posts *posts_new(const uint8_t self[WIRE_HASH], struct purges *purges)
{
	struct posts *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	memcpy(p->self, self, WIRE_HASH);
	p->purges = purges;
	p->ring.max = POSTS_MAX;
	p->older.max = POSTS_OLDER;
	if ((p->changes = changes_new()) == NULL) {
		posts_free(p);
		return NULL;
	}
	return p;
}

void posts_free(struct posts *p)
{
	if (p == NULL)
		return;
	changes_free(p->changes);
	free(p->ring.p);
	free(p->older.p);
	free(p);
}

struct changes *posts_changes(const struct posts *p)
{
	return p->changes;
}

/* The i-th of all: first what was read later, of before. */
static struct post *at(const struct posts *p, size_t i)
{
	const struct ring *r = i < p->older.n ? &p->older : &p->ring;

	if (r == &p->ring)
		i -= p->older.n;
	return &r->p[(r->first + i) % r->max];
}

static size_t count(const struct posts *p)
{
	return p->older.n + p->ring.n;
}

/* The oldest post with that id, of that person unless `who` is NULL. Some
 * thousand comparisons cost less than the signature check. */
static struct post *find(
    const struct posts *p, const uint8_t *who, const uint8_t id[WIRE_ID])
{
	struct post *o;
	size_t i;

	for (i = 0; i < count(p); i++) {
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

static int grow(struct ring *r)
{
	size_t cap = r->cap == 0 ? 64 : 2 * r->cap;
	void *p = realloc(r->p, cap * sizeof(*r->p));

	if (p == NULL)
		return ERR_NOMEM;
	r->p = p;
	r->cap = cap;
	return 0;
}

static int put(struct posts *p, const struct event *e, const uint8_t *who,
    const uint8_t *id, const uint8_t *message)
{
	struct ring *r = e->req != 0 ? &p->older : &p->ring;
	struct post *o;
	int err;

	if (r->n == r->cap && r->cap < r->max && (err = grow(r)) != 0)
		return err;
	if (r->n == r->max)
		r->first = (r->first + 1) % r->max;
	else
		r->n++;
	o = &r->p[(r->first + r->n - 1) % r->max];
	memset(o, 0, sizeof(*o));
	memcpy(o->id, id, WIRE_ID);
	memcpy(o->message, message, WIRE_ID);
	memcpy(o->who, who, WIRE_HASH);
	o->offset = e->offset;
	return 0;
}

static int put_edit(struct posts *p, const struct event *e,
    const struct post *of, const uint8_t id[WIRE_ID])
{
	const struct post message = *of; /* the ring may move */

	return put(p, e, message.who, id, message.id);
}

int posts_keep(struct posts *p, const struct event *e, enum content_type type,
    const struct content_said *said)
{
	return e->person == NULL ? 0 : changes_add(p->changes, e, type, said);
}

int posts_add(struct posts *p, const struct event *e,
    const uint8_t who[WIRE_HASH], enum content_type type,
    const struct content_said *said)
{
	struct post *o;
	int r;

	if (e->req != 0 && (o = find(p, who, said->id)) != NULL) {
		/* It is read again, and what was done to it follows. */
		o->offset = e->offset;
		o->deleted = o->deleted && type != CONTENT_MESSAGE;
		return 0;
	}
	if (type == CONTENT_MESSAGE)
		return put(p, e, who, said->id, said->id);
	if ((r = posts_keep(p, e, type, said)) != 0 || !writes(type) ||
	    (o = message_of(p, who, said->about)) == NULL)
		return r;
	if (type == CONTENT_EDIT)
		return put_edit(p, e, o, said->id);
	o->deleted = true;
	memcpy(o->deleted_by, said->id, WIRE_ID);
	return 0;
}

void posts_forget(struct posts *p, const uint8_t id[WIRE_ID])
{
	struct post *o = find(p, p->self, id);
	size_t i;

	changes_forget(p->changes, p->self, id);
	if (p->purges != NULL)
		purges_forget(p->purges, id);
	if (o != NULL)
		o->forgotten = true;
	for (i = 0; i < count(p); i++) {
		o = at(p, i);
		if (o->deleted && memcmp(o->deleted_by, id, WIRE_ID) == 0 &&
		    memcmp(o->who, p->self, WIRE_HASH) == 0)
			o->deleted = false;
	}
}

/* --- where they are in the log -------------------------------------------- */

void posts_sealed(struct posts *p, const uint8_t id[WIRE_ID], uint64_t seq)
{
	struct post *o = find(p, p->self, id);

	if (o != NULL)
		o->seq = seq;
}

void posts_there(const struct posts *p, const uint8_t who[WIRE_HASH],
    const uint8_t id[WIRE_ID], uint64_t offset)
{
	if (p->purges != NULL && memcmp(who, p->self, WIRE_HASH) == 0)
		purges_placed(p->purges, id, offset);
}

void posts_marked(struct posts *p, uint64_t seq, uint64_t offset)
{
	struct post *o;
	size_t i;

	for (i = count(p); i > p->older.n; i--) {
		o = at(p, i - 1);
		if (o->seq != seq)
			continue;
		o->offset = offset;
		o->seq = 0;
		posts_there(p, o->who, o->id, offset);
		return;
	}
}

void posts_restart(struct posts *p)
{
	size_t i;

	for (i = p->older.n; i < count(p); i++)
		at(p, i)->seq = 0;
}

void posts_place(struct posts *p, const uint8_t who[WIRE_HASH],
    const uint8_t id[WIRE_ID], uint64_t offset)
{
	struct post *o = find(p, who, id);

	if (o != NULL)
		o->offset = offset;
	posts_there(p, who, id, offset);
}

size_t posts_entries(const struct posts *p, const uint8_t id[WIRE_ID],
    uint64_t *offset, size_t max, bool *own)
{
	const struct post *m = message_of(p, NULL, id), *o;
	size_t i, n = 0;

	if (m == NULL || m->offset == 0)
		return 0;
	*own = memcmp(m->who, p->self, WIRE_HASH) == 0;
	for (i = 0; i < count(p) && n < max; i++) {
		o = at(p, i);
		if (o->offset != 0 && !o->forgotten &&
		    memcmp(o->message, m->id, WIRE_ID) == 0 &&
		    memcmp(o->who, m->who, WIRE_HASH) == 0)
			offset[n++] = o->offset;
	}
	return n;
}

int posts_purge(const struct posts *p, const uint8_t id[WIRE_ID])
{
	const struct post *m = message_of(p, NULL, id), *o;
	struct purge_wish w = {.offset = 0};
	size_t i;
	int r = 0;

	for (i = 0; m != NULL && r == 0 && i < count(p); i++) {
		o = at(p, i);
		if (memcmp(o->message, m->id, WIRE_ID) != 0 ||
		    memcmp(o->who, m->who, WIRE_HASH) != 0 ||
		    o->offset != 0 || o->forgotten)
			continue;
		memcpy(w.id, o->id, WIRE_ID);
		r = purges_add(p->purges, &w);
	}
	return r;
}

void posts_at(const struct posts *p, uint64_t offset, struct event *e)
{
	const struct post *o;
	size_t i;

	for (i = 0; i < count(p); i++) {
		o = at(p, i);
		if (o->offset != offset || o->forgotten)
			continue;
		e->has_about = true;
		memcpy(e->about, o->message, WIRE_ID);
		memcpy(e->author, o->who, WIRE_HASH);
		return;
	}
}

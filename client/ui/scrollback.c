/* scrollback.c - a bounded ring of logical lines. */
#include "client/ui/scrollback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

#define LINE_TEXT_MAX ((size_t)64 << 10)

enum { CAP_MIN = 64 }; /* slots of the ring */

struct scrollback {
	struct line *
	    *ring; /* cap slots, a power of two; line id is at id % cap */
	size_t cap;
	size_t max, bytes_max; /* limits */
	uint64_t first, end;
	uint64_t pending_from; /* no pending line is older than this */
	size_t n_pending;
	size_t bytes;
	uint64_t mark;
	bool ascii;
	uint64_t *tags; /* of the messages' ids, to find a line without touching
			   all others; slots as in the ring */
};

struct scrollback *scrollback_new(void)
{
	struct scrollback *ls = calloc(1, sizeof(*ls));

	if (ls == NULL)
		return NULL;
	ls->first = ls->end = SCROLLBACK_START;
	ls->max = SCROLLBACK_MAX;
	ls->bytes_max = SCROLLBACK_BYTES_MAX;
	ls->mark = SCROLLBACK_NO_MARK;
	return ls;
}

/* Makes room for one more line. */
static int grow(struct scrollback *ls)
{
	size_t cap = ls->cap == 0 ? CAP_MIN : 2 * ls->cap;
	struct line **ring;
	uint64_t *tags, id;

	if (ls->end - ls->first < ls->cap)
		return 0;
	ring = calloc(cap, sizeof(*ring));
	tags = calloc(cap, sizeof(*tags));
	if (ring == NULL || tags == NULL) {
		free(ring);
		free(tags);
		return ERR_NOMEM;
	}
	for (id = ls->first; id != ls->end; id++) {
		ring[id % cap] = ls->ring[id % ls->cap];
		tags[id % cap] = ls->tags[id % ls->cap];
	}
	free(ls->ring);
	free(ls->tags);
	ls->ring = ring;
	ls->tags = tags;
	ls->cap = cap;
	return 0;
}

void scrollback_ascii(struct scrollback *ls, bool ascii)
{
	ls->ascii = ascii;
}

static size_t line_alloc(const struct line *l)
{
	return sizeof(*l) + l->len + 1;
}

static size_t line_size(const struct line *l)
{
	return line_alloc(l) +
	       (l->message != NULL ? message_size(l->message) : 0);
}

/* Its message is somebody else's. */
static void line_free(struct line *l)
{
	secret_wipe(l, line_alloc(l));
	free(l);
}

static void drop_first(struct scrollback *ls)
{
	struct line **at = &ls->ring[ls->first % ls->cap];

	ls->bytes -= line_size(*at);
	if ((*at)->pending)
		ls->n_pending--;
	message_free((*at)->message);
	line_free(*at);
	*at = NULL;
	ls->first++;
}

void scrollback_free(struct scrollback *ls)
{
	if (ls == NULL)
		return;
	while (ls->first != ls->end)
		drop_first(ls);
	free(ls->ring);
	free(ls->tags);
	free(ls);
}

/* A line that shows a text; the message, if any, is not its yet. */
static struct line *line_new(const char *text, size_t len)
{
	struct line *l;

	if (len > LINE_TEXT_MAX) {
		len = LINE_TEXT_MAX;
		while (len > 0 && (text[len] & 0xc0) == 0x80)
			len--;
	}
	if ((l = calloc(1, sizeof(*l) + len + 1)) == NULL)
		return NULL;
	if (len > 0)
		memcpy(l->text, text, len);
	l->len = l->body = len;
	return l;
}

/* A line that shows a message. */
static struct line *line_of(const struct scrollback *ls, struct message *m)
{
	size_t quote, body;
	struct line *l = NULL;
	struct buf shown;

	buf_init_secret(&shown, 2 * LINE_TEXT_MAX);
	if (message_show(m, &shown, ls->ascii, &quote, &body) == 0)
		l = line_new((const char *)shown.p, shown.len);
	buf_free(&shown);
	if (l == NULL)
		return NULL;
	l->quote = quote < l->len ? quote : l->len;
	l->body = body < l->len ? body : l->len;
	l->message = m;
	return l;
}

static struct line *make(const struct scrollback *ls, const struct line_new *n)
{
	struct message *m;
	struct line *l;

	if (n->id == NULL)
		return line_new(n->text, n->len);
	m = message_new(&(struct message_new){
	    n->id, n->author, n->text, n->len, n->about, n->about_id});
	if (m == NULL)
		return NULL;
	if ((l = line_of(ls, m)) == NULL)
		message_free(m);
	return l;
}

/* The first bytes of an id, which is random. */
static uint64_t tag_of(const uint8_t id[WIRE_ID])
{
	return get_u64(id);
}

/* Drops the oldest lines until another of that size fits. */
static void make_room(struct scrollback *ls, size_t size)
{
	while (ls->first != ls->end && (ls->end - ls->first >= ls->max ||
					   size > ls->bytes_max - ls->bytes))
		drop_first(ls);
}

int scrollback_add(struct scrollback *ls, const struct line_new *n)
{
	struct line *l = make(ls, n);

	if (l == NULL)
		return ERR_NOMEM;
	l->kind = n->kind;
	l->at_ms = n->at_ms;
	l->own = n->own;
	l->pending = n->pending;
	l->trust = n->trust;
	l->mention = n->mention;
	l->offset = n->offset;
	snprintf(l->time, sizeof(l->time), "%s", n->time);
	snprintf(
	    l->name, sizeof(l->name), "%.24s", n->name != NULL ? n->name : "");
	l->id = ls->end;

	make_room(ls, line_size(l));
	if (grow(ls) != 0) {
		message_free(l->message);
		line_free(l);
		return ERR_NOMEM;
	}
	if (l->pending && ls->n_pending++ == 0)
		ls->pending_from = l->id;
	ls->bytes += line_size(l);
	ls->ring[ls->end % ls->cap] = l;
	ls->tags[ls->end % ls->cap] = l->message != NULL ? tag_of(n->id) : 0;
	ls->end++;
	return 0;
}

/* --- messages ------------------------------------------------------------ */

/* The newest line with a message of that id, of that author unless it is NULL;
 * NULL: there is none. */
static struct line *find(
    const struct scrollback *ls, const uint8_t *id, const uint8_t *author)
{
	uint64_t at = ls->end, tag = tag_of(id);
	struct line *l;

	while (at-- > ls->first) {
		if (ls->tags[at % ls->cap] != tag)
			continue;
		l = ls->ring[at % ls->cap];
		if (l->message != NULL &&
		    (author == NULL ? l->own && memcmp(message_id(l->message),
						    id, WIRE_ID) == 0
				    : message_is(l->message, id, author)))
			return l;
	}
	return NULL;
}

uint64_t scrollback_find(const struct scrollback *ls, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH])
{
	const struct line *l = find(ls, id, author);

	return l != NULL ? l->id : SCROLLBACK_NO_MARK;
}

struct message *scrollback_change(struct scrollback *ls, uint64_t line)
{
	const struct line *l = scrollback_at(ls, line);

	if (l == NULL || l->message == NULL)
		return NULL;
	ls->bytes -= line_size(l);
	return l->message;
}

/* Puts a line that shows something else in the place of another. */
static void replace(struct line **at, struct line *l)
{
	struct line *old = *at;

	l->id = old->id;
	l->at_ms = old->at_ms;
	l->offset = old->offset;
	l->kind = old->kind;
	l->own = old->own;
	l->pending = old->pending;
	l->held = old->held;
	l->unsaid = old->unsaid;
	l->trust = old->trust;
	l->mention = old->mention;
	memcpy(l->time, old->time, sizeof(l->time));
	memcpy(l->name, old->name, sizeof(l->name));
	line_free(old);
	*at = l;
}

static void shrink(struct scrollback *ls)
{
	while (ls->bytes > ls->bytes_max && ls->first + 1 < ls->end)
		drop_first(ls);
}

void scrollback_changed(struct scrollback *ls, uint64_t line)
{
	struct line **at = &ls->ring[line % ls->cap];
	struct line *l = line_of(ls, (*at)->message);

	if (l != NULL)
		replace(at, l);
	ls->bytes += line_size(*at);
	shrink(ls);
}

void scrollback_retext(struct scrollback *ls, uint64_t line, const char *text,
    size_t n, const char *time, uint64_t at_ms)
{
	struct line **at, *l;

	if (scrollback_at(ls, line) == NULL || (l = line_new(text, n)) == NULL)
		return;
	at = &ls->ring[line % ls->cap];
	ls->bytes -= line_size(*at);
	replace(at, l);
	snprintf(l->time, sizeof(l->time), "%s", time);
	l->at_ms = at_ms;
	ls->bytes += line_size(l);
	shrink(ls);
}

void scrollback_reword(struct scrollback *ls, uint64_t line, const char *text)
{
	const struct line *l = scrollback_at(ls, line);
	char time[SCROLLBACK_TIME + 1];

	if (l == NULL || l->message != NULL)
		return;
	memcpy(time, l->time, sizeof(time));
	scrollback_retext(ls, line, text, strlen(text), time, l->at_ms);
}

uint64_t scrollback_first(const struct scrollback *ls)
{
	return ls->first;
}
uint64_t scrollback_end(const struct scrollback *ls)
{
	return ls->end;
}

const struct line *scrollback_at(const struct scrollback *ls, uint64_t id)
{
	if (id < ls->first || id >= ls->end)
		return NULL;
	return ls->ring[id % ls->cap];
}

void scrollback_set_mark(struct scrollback *ls, uint64_t id)
{
	ls->mark = id;
}

uint64_t scrollback_mark(const struct scrollback *ls)
{
	return ls->mark;
}

bool scrollback_sent(struct scrollback *ls, const uint8_t id[WIRE_ID])
{
	struct line *l = find(ls, id, NULL);

	if (l == NULL || !l->pending)
		return false;
	l->pending = l->held = false;
	ls->n_pending--;
	return true;
}

/* Returns the newest pending line before *at, and moves *at there; NULL when
 * there is none. */
static struct line *pending_before(const struct scrollback *ls, uint64_t *at)
{
	uint64_t first =
	    ls->pending_from > ls->first ? ls->pending_from : ls->first;
	struct line *l;

	while (ls->n_pending > 0 && *at > first) {
		l = ls->ring[--*at % ls->cap];
		if (l->pending)
			return l;
	}
	return NULL;
}

bool scrollback_hold(struct scrollback *ls,
    const uint8_t *(*unsent)(void *arg, size_t newer, bool *held), void *arg)
{
	uint64_t at = ls->end;
	struct line *l = pending_before(ls, &at);
	bool changed = false, held = false;
	const uint8_t *id;
	size_t newer;

	/* Both are in the order in which they were said. */
	for (newer = 0; l != NULL; newer++) {
		if ((id = unsent(arg, newer, &held)) == NULL)
			break;
		if (l->message == NULL ||
		    memcmp(message_id(l->message), id, WIRE_ID) != 0)
			continue;
		changed = changed || held != l->held;
		l->held = held;
		l = pending_before(ls, &at);
	}
	return changed;
}

void scrollback_unsay(struct scrollback *ls, const uint8_t id[WIRE_ID])
{
	struct line *l = find(ls, id, NULL);
	uint64_t at = ls->end;

	if (l != NULL && l->pending) {
		l->pending = l->held = false;
		l->unsaid = true;
		ls->n_pending--;
		return;
	}
	while (at-- > ls->first) {
		struct message *m = scrollback_change(ls, at);
		bool was = m != NULL && message_unsay(m, id);

		if (m != NULL)
			scrollback_changed(ls, at);
		if (was)
			return;
	}
}

/* --- older lines ---------------------------------------------------------- */

bool scrollback_empty(const struct scrollback *ls)
{
	return ls->first == ls->end;
}

void scrollback_drop(struct scrollback *ls)
{
	if (ls->first != ls->end)
		drop_first(ls);
}

/* Takes the newest line out. */
static struct line *take_last(struct scrollback *ls)
{
	struct line **at = &ls->ring[--ls->end % ls->cap], *l = *at;

	ls->bytes -= line_size(l);
	*at = NULL;
	return l;
}

/* Whether one more of that size fits above the first. */
static bool fits(struct scrollback *ls, size_t size)
{
	return ls->end - ls->first < ls->max &&
	       size <= ls->bytes_max - ls->bytes && grow(ls) == 0;
}

bool scrollback_prepend(struct scrollback *ls, struct scrollback *page)
{
	bool all = true;
	struct line *l;
	size_t slot;

	ls->max = SCROLLBACK_MAX + SCROLLBACK_OLDER;
	ls->bytes_max = SCROLLBACK_BYTES_MAX + SCROLLBACK_OLDER_BYTES;
	while (all && page->end != page->first) {
		l = take_last(page);
		if (!(all = fits(ls, line_size(l)))) {
			message_free(l->message);
			line_free(l);
			break;
		}
		l->id = --ls->first;
		slot = l->id % ls->cap;
		ls->ring[slot] = l;
		ls->tags[slot] =
		    l->message != NULL ? tag_of(message_id(l->message)) : 0;
		ls->bytes += line_size(l);
	}
	while (page->first != page->end)
		drop_first(page);
	return all;
}

uint64_t scrollback_find_offset(const struct scrollback *ls, uint64_t offset)
{
	uint64_t id;

	for (id = ls->first; offset != 0 && id != ls->end; id++)
		if (ls->ring[id % ls->cap]->offset == offset)
			return id;
	return SCROLLBACK_NO_MARK;
}

uint64_t scrollback_first_offset(const struct scrollback *ls)
{
	uint64_t least = 0, id, offset;

	for (id = ls->first; id != ls->end; id++) {
		offset = ls->ring[id % ls->cap]->offset;
		if (offset != 0 && (least == 0 || offset < least))
			least = offset;
	}
	return least;
}

bool scrollback_purge(struct scrollback *ls, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH], const char *by)
{
	uint64_t at = scrollback_find(ls, id, author), other;
	struct message *m;

	for (other = ls->first; other != ls->end; other++) {
		m = ls->ring[other % ls->cap]->message;
		if (m == NULL || !message_answers(m, id))
			continue;
		(void)scrollback_change(ls, other);
		message_requote(m, "purged");
		scrollback_changed(ls, other);
	}
	if ((m = scrollback_change(ls, at)) == NULL)
		return false;
	message_purge(m, by);
	scrollback_changed(ls, at);
	return true;
}

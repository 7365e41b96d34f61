/* scrollback.c - a bounded ring of logical lines, and greedy line wrapping. */
#include "client/ui/scrollback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ui/cells.h"
#include "shared/base/secret.h"

#define LINE_TEXT_MAX ((size_t)64 << 10)

struct scrollback {
	struct line *
	    *ring; /* SCROLLBACK_MAX slots; line id is at id % SCROLLBACK_MAX */
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
	ls->ring = calloc(SCROLLBACK_MAX, sizeof(*ls->ring));
	ls->tags = calloc(SCROLLBACK_MAX, sizeof(*ls->tags));
	if (ls->ring == NULL || ls->tags == NULL) {
		free(ls->ring);
		free(ls->tags);
		free(ls);
		return NULL;
	}
	ls->mark = SCROLLBACK_NO_MARK;
	return ls;
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
	struct line **at = &ls->ring[ls->first % SCROLLBACK_MAX];

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
	m = message_new(
	    &(struct message_new){n->id, n->author, n->text, n->len, n->about});
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
	while (ls->first != ls->end &&
	       (ls->end - ls->first >= SCROLLBACK_MAX ||
		   size > SCROLLBACK_BYTES_MAX - ls->bytes))
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
	snprintf(l->time, sizeof(l->time), "%s", n->time);
	snprintf(
	    l->name, sizeof(l->name), "%.24s", n->name != NULL ? n->name : "");
	l->id = ls->end;

	make_room(ls, line_size(l));
	if (l->pending && ls->n_pending++ == 0)
		ls->pending_from = l->id;
	ls->bytes += line_size(l);
	ls->ring[ls->end % SCROLLBACK_MAX] = l;
	ls->tags[ls->end % SCROLLBACK_MAX] =
	    l->message != NULL ? tag_of(n->id) : 0;
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
		if (ls->tags[at % SCROLLBACK_MAX] != tag)
			continue;
		l = ls->ring[at % SCROLLBACK_MAX];
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

void scrollback_changed(struct scrollback *ls, uint64_t line)
{
	struct line **at = &ls->ring[line % SCROLLBACK_MAX], *old = *at;
	struct line *l = line_of(ls, old->message);

	if (l != NULL) {
		l->id = old->id;
		l->at_ms = old->at_ms;
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
	ls->bytes += line_size(*at);
	while (ls->bytes > SCROLLBACK_BYTES_MAX && ls->first + 1 < ls->end)
		drop_first(ls);
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
	return ls->ring[id % SCROLLBACK_MAX];
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
		l = ls->ring[--*at % SCROLLBACK_MAX];
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

size_t scrollback_head(
    const struct line *l, int width, char out[SCROLLBACK_HEAD_MAX])
{
	const char *lead = l->kind == LINE_ACTION ? "* " : "";
	const char *mark = l->trust == TRUST_CHANGED ? "!" : "";
	int room = width - width / 3 - SCROLLBACK_TIME - 2 -
		   (int)(strlen(lead) + strlen(mark));
	int len = (int)strlen(l->name), n;

	if (l->kind == LINE_NOTICE || l->kind == LINE_ALERT)
		n = snprintf(out, SCROLLBACK_HEAD_MAX, "%s ",
		    l->kind == LINE_ALERT ? "!!" : "--");
	else if (len <= room || room < 2)
		n = snprintf(out, SCROLLBACK_HEAD_MAX, "%s%s%.*s ", lead, mark,
		    room < 2 ? 1 : len, l->name);
	else
		n = snprintf(out, SCROLLBACK_HEAD_MAX, "%s%s%.*s~ ", lead, mark,
		    room - 1, l->name);
	return n > 0 ? (size_t)n : 0;
}

/* Computes where the text begins in a line's first row and in the rows below.
 * The rows below align with the first if that leaves half of the column, else
 * they align with the name. Text never begins at column 0, which is for times:
 * no row inside a message can pass for another message. */
static void indents(const struct line *l, int width, int *first, int *other)
{
	char head[SCROLLBACK_HEAD_MAX];

	*first = SCROLLBACK_TIME + 1 + (int)scrollback_head(l, width, head);
	if (*first > width - 2)
		*first = width > 2 ? width - 2 : 0;
	*other = *first;
	if (*other > width / 2)
		*other = SCROLLBACK_TIME + 1;
	if (*other > width / 2)
		*other = width / 4;
}

/* The row of what a message answers: as much as fits. */
static void take_quote(const struct line *l, int cells, struct row *r)
{
	size_t end = l->quote - 1, pos = 0, k; /* without its line end */
	int w, sum = 0;

	r->next = l->quote;
	r->cut = cells_width(l->text, end) > cells;
	if (r->cut)
		cells--;
	for (; pos < end; pos += k) {
		k = cells_cluster(l->text + pos, end - pos, &w);
		if (w > cells - sum)
			break;
		sum += w;
	}
	r->len = pos;
}

/* Finds the end of a row: greedily, at the last blank or between wide
 * characters (CJK has no blanks), else at the last cluster that fits. */
static void take_row(const struct line *l, int cells, struct row *r)
{
	const char *s = l->text;
	size_t pos = r->start, k, brk = 0, brk_next = 0;
	int w, last_w = 0, sum = 0;

	while (pos < l->len && s[pos] != '\n') {
		k = cells_cluster(s + pos, l->len - pos, &w);
		if (s[pos] == ' ' && k == 1) {
			/* Trailing blanks overflow instead of wrapping. */
			if (pos == r->start || s[pos - 1] != ' ')
				brk = pos;
			brk_next = pos + k;
			w = sum < cells ? 1 : 0;
		} else if (pos > r->start && (w >= 2 || last_w >= 2) && w > 0 &&
			   s[pos - 1] != ' ' && sum <= cells) {
			brk = brk_next = pos;
		}
		if (w > cells - sum)
			break;
		sum += w;
		last_w = w;
		pos += k;
	}
	if (pos >= l->len || s[pos] == '\n') {
		r->len = pos - r->start;
		r->next = pos < l->len ? pos + 1 : SCROLLBACK_NO_ROW;
		return;
	}
	if (brk_next > r->start && brk > r->start) {
		r->len = brk - r->start;
		r->next = brk_next;
		return;
	}
	if (pos == r->start) /* a cluster wider than the row gets it alone */
		pos = cells_next(s, l->len, pos);
	r->len = pos - r->start;
	r->next = pos < l->len ? pos : SCROLLBACK_NO_ROW;
}

void scrollback_row(
    const struct line *l, int width, size_t start, struct row *out)
{
	int first, other;

	indents(l, width, &first, &other);
	out->start = start;
	out->indent = start == 0 ? first : other;
	out->cut = false;
	if (start == 0 && l->quote > 0)
		take_quote(l, width - out->indent, out);
	else
		take_row(l, width - out->indent, out);
}

size_t scrollback_row_of(const struct line *l, int width, size_t at)
{
	size_t start = 0;
	struct row r;

	for (;;) {
		scrollback_row(l, width, start, &r);
		if (r.next == SCROLLBACK_NO_ROW || r.next > at)
			return start;
		start = r.next;
	}
}

size_t scrollback_rows(const struct line *l, int width, size_t at)
{
	size_t start, n = 0;
	struct row r;

	for (start = 0; start < at; start = r.next) {
		scrollback_row(l, width, start, &r);
		n++;
	}
	return n;
}

size_t scrollback_nth_row(const struct line *l, int width, size_t n)
{
	size_t start = 0;
	struct row r;

	while (n-- > 0) {
		scrollback_row(l, width, start, &r);
		start = r.next;
	}
	return start;
}

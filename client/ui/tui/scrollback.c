/* scrollback.c - a bounded ring of logical lines, and greedy line wrapping. */
#include "client/ui/tui/scrollback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ui/tui/cells.h"
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
};

struct scrollback *scrollback_new(void)
{
	struct scrollback *ls = calloc(1, sizeof(*ls));

	if (ls == NULL)
		return NULL;
	ls->ring = calloc(SCROLLBACK_MAX, sizeof(*ls->ring));
	if (ls->ring == NULL) {
		free(ls);
		return NULL;
	}
	ls->mark = SCROLLBACK_NO_MARK;
	return ls;
}

static size_t line_size(const struct line *l)
{
	return sizeof(*l) + l->len + 1;
}

static void drop_first(struct scrollback *ls)
{
	struct line **at = &ls->ring[ls->first % SCROLLBACK_MAX];

	ls->bytes -= line_size(*at);
	if ((*at)->pending)
		ls->n_pending--;
	secret_wipe(*at, line_size(*at));
	free(*at);
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
	free(ls);
}

int scrollback_add(struct scrollback *ls, const struct line_new *n)
{
	size_t len = n->len;
	struct line *l;

	if (len > LINE_TEXT_MAX) {
		len = LINE_TEXT_MAX;
		while (len > 0 && (n->text[len] & 0xc0) == 0x80)
			len--;
	}
	l = calloc(1, sizeof(*l) + len + 1);
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
	if (len > 0)
		memcpy(l->text, n->text, len);
	l->len = len;
	l->id = ls->end;

	while (ls->first != ls->end &&
	       (ls->end - ls->first >= SCROLLBACK_MAX ||
		   line_size(l) > SCROLLBACK_BYTES_MAX - ls->bytes))
		drop_first(ls);
	if (l->pending && ls->n_pending++ == 0)
		ls->pending_from = l->id;
	ls->bytes += line_size(l);
	ls->ring[ls->end % SCROLLBACK_MAX] = l;
	ls->end++;
	return 0;
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

bool scrollback_sent(struct scrollback *ls, size_t unacked)
{
	bool changed = false;
	struct line *l;

	if (ls->pending_from < ls->first)
		ls->pending_from = ls->first;
	while (ls->n_pending > unacked && ls->pending_from < ls->end) {
		l = ls->ring[ls->pending_from++ % SCROLLBACK_MAX];
		if (l->pending) {
			l->pending = l->held = false;
			ls->n_pending--;
			changed = true;
		}
	}
	return changed;
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

bool scrollback_hold(
    struct scrollback *ls, bool (*is_held)(void *arg, size_t newer), void *arg)
{
	uint64_t at = ls->end;
	bool changed = false, held;
	struct line *l;
	size_t newer;

	for (newer = 0; (l = pending_before(ls, &at)) != NULL; newer++) {
		held = is_held(arg, newer);
		changed = changed || held != l->held;
		l->held = held;
	}
	return changed;
}

void scrollback_unsay(struct scrollback *ls, size_t newer)
{
	uint64_t at = ls->end;
	struct line *l;

	while ((l = pending_before(ls, &at)) != NULL && newer-- > 0)
		;
	if (l == NULL)
		return; /* dropped from the scrollback */
	l->pending = l->held = false;
	l->unsaid = true;
	ls->n_pending--;
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

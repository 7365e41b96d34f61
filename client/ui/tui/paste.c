/* paste.c - collects a bracketed paste. */
#include "client/ui/tui/paste.h"

#include <string.h>

#include "shared/wire/text.h"

void paste_init(struct paste *p)
{
	*p = (struct paste){0};
	buf_init_secret(&p->text, PASTE_MAX);
}

void paste_free(struct paste *p)
{
	buf_free(&p->text);
}

void paste_begin(struct paste *p, uint8_t before)
{
	buf_clear(&p->text);
	p->left_out = 0;
	p->before = before;
	p->matched = 0;
}

/* The first byte of a marker does not occur in it again, so that after a
 * mismatch the search starts over. */
static const char *end_marker(const struct paste *p)
{
	return p->before == 0x1b   ? "\033[201~"
	       : p->before == 0xc2 ? "\xc2\x9b"
				     "201~"
				   : "\x9b"
				     "201~";
}

static void keep(struct paste *p, uint8_t b)
{
	if (p->text.len == PASTE_MAX || buf_put(&p->text, &b, 1) != 0)
		p->left_out++;
}

bool paste_byte(struct paste *p, uint8_t b)
{
	const char *end = end_marker(p);
	size_t i;

	if (b != (uint8_t)end[p->matched]) {
		for (i = 0; i < p->matched; i++)
			keep(p, (uint8_t)end[i]);
		p->matched = 0;
	}
	if (b != (uint8_t)end[p->matched]) {
		keep(p, b);
		return false;
	}
	return end[++p->matched] == '\0';
}

bool paste_ends(const struct paste *p, uint8_t b)
{
	return p->matched > 1 && b == (uint8_t)end_marker(p)[p->matched];
}

bool paste_begins(struct paste *p)
{
	const char *end = end_marker(p);
	const size_t n = strlen(end);
	const uint8_t *last;

	if (p->text.len < n)
		return false;
	/* The markers differ in the last digit, 201 and 200. */
	last = p->text.p + p->text.len - n;
	if (memcmp(last, end, n - 2) != 0 || last[n - 2] != '0' ||
	    last[n - 1] != '~')
		return false;
	buf_truncate(&p->text, p->text.len - n);
	return true;
}

/* How many bytes at the end are an unfinished character. */
static size_t unfinished(const struct buf *text)
{
	uint8_t b;
	size_t k;

	for (k = 1; k <= 3 && k <= text->len; k++) {
		b = text->p[text->len - k];
		if (!text_trail(b))
			return text_lead(b) > k ? k : 0;
	}
	return 0;
}

int paste_text(struct paste *p, bool whole, struct buf *out)
{
	const size_t n = p->text.len - (whole ? 0 : unfinished(&p->text));
	uint8_t *s = p->text.p;
	size_t i, k = 0;
	int r;

	for (i = 0; i < n; i++) {
		if (s[i] == '\n' && i > 0 && s[i - 1] == '\r')
			continue;
		s[k] = s[i];
		k++;
	}
	/* This needs a second pass: the first one has to see every \r. */
	for (i = 0; i < k; i++)
		if (s[i] == '\r')
			s[i] = '\n';
	r = text_filter(out, s, k, TEXT_LINES | TEXT_KEEP);
	buf_consume(&p->text, n);
	return r;
}

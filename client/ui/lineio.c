/* lineio.c - see lineio.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "client/ui/lineio.h"
#include "shared/wire/text.h"

enum {
	READ_BYTES = 16 << 10,
	/* N_TTY_BUF_SIZE - 1: a terminal that edits lines itself passes on so
	 * much of one, and drops the rest without a word. */
	TERMINAL_LINE_MAX = 4095,
};

struct linein {
	int fd;
	size_t max;
	struct buf b;
	size_t start;	/* what is before it has been given out */
	size_t last;	/* where the line given last begins */
	size_t scanned; /* no line's end between start and this */
	bool skip;	/* inside a line that is too long */
	bool begun;	/* a line was given out */
	bool terminal;
	bool edited; /* by the terminal, line by line */
	bool ended;
	int err; /* errno of the read that failed */
};

struct linein *linein_new(int fd, size_t line_max)
{
	struct linein *l = calloc(1, sizeof(*l));
	struct termios t;

	if (l == NULL)
		return NULL;
	l->fd = fd;
	l->terminal = tcgetattr(fd, &t) == 0;
	l->edited = l->terminal && (t.c_lflag & ICANON) != 0;
	l->max = line_max;
	buf_init_secret(&l->b, line_max + 2 * READ_BYTES);
	return l;
}

void linein_free(struct linein *l)
{
	if (l == NULL)
		return;
	buf_free(&l->b);
	free(l);
}

bool linein_ended(const struct linein *l)
{
	return l->ended;
}

int linein_error(const struct linein *l)
{
	return l->err;
}

void linein_stop(struct linein *l)
{
	size_t n = l->b.len;

	if (l->ended)
		return;
	l->ended = true;
	while (n > l->start && l->b.p[n - 1] != '\n')
		n--;
	buf_truncate(&l->b, n);
	if (l->scanned > n)
		l->scanned = n;
	l->skip = l->skip && n > l->start;
}

bool linein_full(const struct linein *l)
{
	return l->b.len - l->start > l->max + READ_BYTES;
}

void linein_again(struct linein *l)
{
	l->start = l->scanned = l->last;
}

/* Wipes the lines that were given out. */
static void discard(struct linein *l)
{
	buf_consume(&l->b, l->start);
	l->scanned -= l->start;
	l->start = l->last = 0;
}

void linein_read(struct linein *l)
{
	ssize_t n;

	if (l->ended || linein_full(l))
		return;
	discard(l);
	if (buf_reserve(&l->b, READ_BYTES) != 0) {
		l->ended = true;
		l->err = ENOMEM;
		return;
	}
	n = read(l->fd, l->b.p + l->b.len, READ_BYTES);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0) {
		l->b.len += (size_t)n;
		return;
	}
	l->ended = true;
	/* A terminal that was hung up answers with EIO; EBADF means that there
	 * never was an input. */
	if (n < 0 && errno != EBADF && !(l->terminal && errno == EIO))
		l->err = errno;
}

enum linein_got linein_next(struct linein *l, const char **line, size_t *n)
{
	uint8_t *nl = NULL;
	bool too_long, cut;
	size_t len;

	if (l->b.len > l->scanned)
		nl = memchr(l->b.p + l->scanned, '\n', l->b.len - l->scanned);
	if (nl == NULL && !l->ended) {
		l->scanned = l->b.len;
		if (l->skip || l->b.len - l->start > l->max) {
			/* Its end is still to come: keep nothing of it. */
			l->skip = true;
			l->start = l->b.len;
		}
		discard(l);
		return LINEIN_NONE;
	}
	len =
	    nl != NULL ? (size_t)(nl - l->b.p) - l->start : l->b.len - l->start;
	too_long = l->skip || len > l->max;
	cut = l->edited && len >= TERMINAL_LINE_MAX;
	if (nl == NULL && len == 0 && !l->skip) {
		discard(l);
		return LINEIN_NONE;
	}
	l->skip = false;
	l->last = l->start;
	l->start += len + (nl != NULL);
	l->scanned = l->start;
	/* A byte order mark before the whole input is no part of it. */
	if (!l->begun && !too_long && text_bom(l->b.p + l->last, len) > 0) {
		l->last += text_bom(l->b.p + l->last, len);
		len = l->start - l->last - (nl != NULL);
	}
	l->begun = true;
	*line = (const char *)l->b.p + l->last;
	*n = len;
	if (too_long)
		return LINEIN_LONG;
	return cut ? LINEIN_CUT : LINEIN_LINE;
}

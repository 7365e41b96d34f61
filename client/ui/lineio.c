/* lineio.c - see lineio.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/ui/lineio.h"
#include "shared/wire/text.h"

enum {
	READ_BYTES = 16 << 10,
	OUT_MAX = 64 << 20, /* faces stop far below: UI_PENDING_MAX */
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
	bool ended;
};

struct linein *linein_new(int fd, size_t line_max)
{
	struct linein *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->fd = fd;
	l->max = line_max;
	buf_init(&l->b, line_max + 2 * READ_BYTES);
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

void linein_read(struct linein *l)
{
	ssize_t n;

	if (l->ended || linein_full(l))
		return;
	buf_consume(&l->b, l->start);
	l->scanned -= l->start;
	l->start = l->last = 0;
	if (buf_reserve(&l->b, READ_BYTES) != 0) {
		l->ended = true;
		return;
	}
	n = read(l->fd, l->b.p + l->b.len, READ_BYTES);
	if (n > 0)
		l->b.len += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		l->ended = true;
}

enum linein_got linein_next(struct linein *l, const char **line, size_t *n)
{
	uint8_t *nl = NULL;
	bool too_long;
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
		return LINEIN_NONE;
	}
	len =
	    nl != NULL ? (size_t)(nl - l->b.p) - l->start : l->b.len - l->start;
	too_long = l->skip || len > l->max;
	if (nl == NULL && len == 0 && !l->skip)
		return LINEIN_NONE;
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
	return too_long ? LINEIN_LONG : LINEIN_LINE;
}

struct lineout {
	int fd;
	bool owned; /* a description of our own, non-blocking */
	struct buf b;
};

struct lineout *lineout_new(int fd)
{
	struct lineout *l = calloc(1, sizeof(*l));
	char name[256];

	if (l == NULL)
		return NULL;
	l->fd = fd;
	buf_init(&l->b, OUT_MAX);
	/* A terminal that was stopped with ^S would block us even after poll:
	 * one byte of room is all that it promises. Opened anew it can be
	 * non-blocking for us alone. */
	if (isatty(fd) && ttyname_r(fd, name, sizeof(name)) == 0) {
		l->fd =
		    open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		l->owned = l->fd >= 0;
		if (!l->owned)
			l->fd = fd;
	}
	return l;
}

void lineout_free(struct lineout *l)
{
	if (l == NULL)
		return;
	if (l->owned)
		close(l->fd);
	buf_free(&l->b);
	free(l);
}

struct buf *lineout_buf(struct lineout *l)
{
	return &l->b;
}
size_t lineout_pending(const struct lineout *l)
{
	return l->b.len;
}
int lineout_fd(const struct lineout *l)
{
	return l->fd;
}

int lineout_write(struct lineout *l)
{
	struct pollfd p = {l->fd, POLLOUT, 0};
	size_t done = 0, n;
	ssize_t w;
	int r = 0;

	while (done < l->b.len && r == 0) {
		if (poll(&p, 1, 0) < 1 || (p.revents & POLLOUT) == 0) {
			/* POLLERR alone: the reader of a pipe is gone. */
			if ((p.revents & (POLLERR | POLLNVAL)) != 0)
				r = ERR_LOST;
			break;
		}
		/* A pipe that is writable takes this much without blocking. */
		n = l->b.len - done < PIPE_BUF ? l->b.len - done : PIPE_BUF;
		w = write(l->fd, l->b.p + done, n);
		if (w > 0)
			done += (size_t)w;
		else if (w < 0 && errno == EAGAIN)
			break;
		else if (w < 0 && errno != EINTR)
			r = errno == EPIPE || errno == EIO ? ERR_LOST : ERR_IO;
	}
	buf_consume(&l->b, r == 0 ? done : l->b.len);
	return r;
}

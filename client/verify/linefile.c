/* Reads a file in large pieces, and finds its lines. */
#include "client/verify/linefile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/proto/transcript.h"

enum { PIECE = 1 << 20 };

struct linefile {
	int fd;
	bool end;  /* of the file */
	char *buf; /* PIECE + TRANSCRIPT_LINE_MAX bytes */
	size_t at, len;
	uint64_t read;
	struct line line[LINEFILE_BATCH];
};

struct linefile *linefile_new(int fd)
{
	struct linefile *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->fd = fd;
	if ((l->buf = malloc(PIECE + TRANSCRIPT_LINE_MAX)) == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

void linefile_free(struct linefile *l)
{
	if (l == NULL)
		return;
	free(l->buf);
	free(l);
}

uint64_t linefile_read(const struct linefile *l)
{
	return l->read;
}

static int fill(struct linefile *l)
{
	const size_t cap = PIECE + TRANSCRIPT_LINE_MAX;
	ssize_t n;

	memmove(l->buf, l->buf + l->at, l->len - l->at);
	l->len -= l->at;
	l->at = 0;
	while (!l->end && l->len < cap) {
		n = read(l->fd, l->buf + l->len, cap - l->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		l->end = n == 0;
		l->len += (size_t)n;
		l->read += (uint64_t)n;
	}
	return 0;
}

int linefile_next(
    struct linefile *l, const struct line **out, size_t *n, bool *cut)
{
	const char *p, *lf;
	int r;

	*n = 0;
	*cut = false;
	*out = l->line;
	if ((r = fill(l)) != 0)
		return r;
	while (*n < LINEFILE_BATCH && l->at < l->len) {
		p = l->buf + l->at;
		lf = memchr(p, '\n', l->len - l->at);
		if (lf == NULL)
			break;
		if (lf - p >= TRANSCRIPT_LINE_MAX)
			return ERR_LIMIT;
		l->line[(*n)++] = (struct line){p, (size_t)(lf - p)};
		l->at += (size_t)(lf - p) + 1;
	}
	if (*n > 0 || l->at == l->len)
		return 0;
	if (!l->end)
		return ERR_LIMIT;
	*cut = true;
	return 0;
}

/* canvas.c - a file in memory that ncurses draws on, and the queue behind it. */
#include "client/ui/tui/canvas.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/os/output.h"

enum {
	CANVAS_MAX = 16 << 20, /* a frame of the largest window, many times */
	FULL = 64 << 10,
	FINISH_MS = 1000, /* for a terminal that is slow */
	CHUNK = 64 << 10,
};

struct canvas {
	FILE *file;  /* owned: the descriptor of ncurses */
	int memory;  /* owned; -1: ncurses draws on the terminal */
	int showing; /* owned: the terminal */
	struct output *out;
};

/* ncurses drops without a word what it cannot write. */
static bool files_may_grow(void)
{
	struct rlimit l;

	return getrlimit(RLIMIT_FSIZE, &l) == 0 &&
	       (l.rlim_cur == RLIM_INFINITY || l.rlim_cur >= CANVAS_MAX);
}

struct canvas *canvas_new(void)
{
	struct canvas *c = calloc(1, sizeof(*c));
	int fd;

	if (c == NULL)
		return NULL;
	c->memory = c->showing = -1;
	if (files_may_grow())
		c->memory = memfd_create("canvas", MFD_CLOEXEC);
	c->showing = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && (c->file = fdopen(fd, "w")) == NULL)
		close(fd);
	c->out = output_new_secret(STDOUT_FILENO, CANVAS_MAX);
	if (c->file != NULL && c->showing >= 0 && c->out != NULL)
		return c;
	canvas_free(c);
	return NULL;
}

void canvas_free(struct canvas *c)
{
	if (c == NULL)
		return;
	if (c->out != NULL)
		(void)!output_finish(c->out, FINISH_MS);
	output_free(c->out);
	if (c->file != NULL)
		fclose(c->file);
	if (c->memory >= 0)
		close(c->memory);
	if (c->showing >= 0)
		close(c->showing);
	free(c);
}

FILE *canvas_file(const struct canvas *c)
{
	return c->file;
}

/* True if the descriptor of ncurses is now `fd`. */
static bool become(struct canvas *c, int fd)
{
	return fd >= 0 && dup3(fd, fileno(c->file), O_CLOEXEC) >= 0;
}

void canvas_begin(struct canvas *c)
{
	if (!become(c, c->memory))
		canvas_finish(c); /* what is pending comes first */
}

bool canvas_end(struct canvas *c)
{
	struct buf *b = output_buf(c->out);
	ssize_t n = 0;
	off_t at = 0;
	int r = 0;

	if (c->memory < 0 || !become(c, c->showing))
		return true;
	while ((r = buf_reserve(b, CHUNK)) == 0 &&
	       (n = pread(c->memory, b->p + b->len, CHUNK, at)) > 0) {
		b->len += (size_t)n;
		at += n;
	}
	if (lseek(c->memory, 0, SEEK_SET) != 0 || ftruncate(c->memory, 0) != 0)
		r = ERR_IO;
	if (r != 0 || n < 0) {
		buf_clear(b);
		return false;
	}
	canvas_write(c);
	return true;
}

void canvas_put(struct canvas *c, const char *bytes, size_t n)
{
	if (buf_put(output_buf(c->out), bytes, n) == 0)
		canvas_write(c);
}

void canvas_write(struct canvas *c)
{
	if (output_write(c->out) != 0)
		return; /* a terminal that is gone is noticed by reading */
}

bool canvas_busy(const struct canvas *c)
{
	return output_pending(c->out) > 0;
}

bool canvas_full(const struct canvas *c)
{
	return output_pending(c->out) > FULL;
}

int canvas_fd(const struct canvas *c)
{
	return output_fd(c->out);
}

void canvas_finish(struct canvas *c)
{
	if (output_drain(c->out, FINISH_MS) != 0 || canvas_busy(c))
		buf_clear(output_buf(c->out));
}

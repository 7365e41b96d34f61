/* lineio.h - lines in and lines out on descriptors that belong to somebody
 * else: they are never set non-blocking (the shell shares them), so that each
 * is touched only when poll(2) says so, and by no more than cannot block. */
#ifndef CONCLAVE_UI_LINEIO_H
#define CONCLAVE_UI_LINEIO_H

#include "shared/wire/bytes.h"

/* --- in ---------------------------------------------------------------- */

struct linein;
struct linein *linein_new(int fd, size_t line_max);
void linein_free(struct linein *l);

/* After poll says that fd is readable: one read(2). */
void linein_read(struct linein *l);
/* Nothing more will come: end of file or an error. Lines may be left. */
bool linein_ended(const struct linein *l);
/* No more is read; the whole lines that are here still come. */
void linein_stop(struct linein *l);
/* There is no room for more before linein_next is called: do not poll. */
bool linein_full(const struct linein *l);

enum linein_got {
	LINEIN_NONE, /* no whole line yet */
	LINEIN_LINE, /* *line, *n: without its end; valid until the next call */
	LINEIN_LONG, /* one longer than line_max was skipped */
};
/* A last line without its end counts once input has ended. */
enum linein_got linein_next(struct linein *l, const char **line, size_t *n);
/* The line just given was not taken: it comes again. */
void linein_again(struct linein *l);

/* --- out --------------------------------------------------------------- */

struct lineout;
struct lineout *lineout_new(int fd);
void lineout_free(struct lineout *l);
/* What is put here is written by lineout_write; b->max is far away, so that
 * a failure is memory's. */
struct buf *lineout_buf(struct lineout *l);
size_t lineout_pending(const struct lineout *l);
/* Writes what can be written now. 0, ERR_LOST: the reader is gone (EPIPE),
 * ERR_IO: errno says. After a failure what is pending is dropped. */
int lineout_write(struct lineout *l) MUST_CHECK;
/* What to poll for POLLOUT while something is pending. */
int lineout_fd(const struct lineout *l);

#endif

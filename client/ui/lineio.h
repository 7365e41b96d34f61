/* lineio.h - lines in and out on descriptors that we share with the shell. They
 * are never set non-blocking; instead each is used only when poll(2) says so,
 * and only for as many bytes as cannot block. */
#ifndef CONCLAVE_UI_LINEIO_H
#define CONCLAVE_UI_LINEIO_H

#include "shared/wire/bytes.h"

/* --- in ---------------------------------------------------------------- */

struct linein;
struct linein *linein_new(int fd, size_t line_max);
void linein_free(struct linein *l);

/* After poll says that fd is readable: one read(2). */
void linein_read(struct linein *l);
/* End of file or an error: no more input. Whole lines may still be here. */
bool linein_ended(const struct linein *l);
/* Stops reading; linein_next still returns the whole lines that are here. */
void linein_stop(struct linein *l);
/* The buffer is full: do not poll before linein_next has made room. */
bool linein_full(const struct linein *l);

enum linein_got {
	LINEIN_NONE, /* no whole line yet */
	LINEIN_LINE, /* *line, *n: without its end; valid until the next call */
	LINEIN_LONG, /* one longer than line_max was skipped */
};
/* A last line without its end counts once input has ended. */
enum linein_got linein_next(struct linein *l, const char **line, size_t *n);
/* Makes linein_next return the same line again. */
void linein_again(struct linein *l);

/* --- out --------------------------------------------------------------- */

struct lineout;
struct lineout *lineout_new(int fd);
void lineout_free(struct lineout *l);
/* Output for lineout_write. Its limit is so high that a failed append means
 * that memory ran out. */
struct buf *lineout_buf(struct lineout *l);
size_t lineout_pending(const struct lineout *l);
/* Writes what can be written now. ERR_LOST: the reader is gone (EPIPE); ERR_IO:
 * see errno. A failure drops all pending output. */
int lineout_write(struct lineout *l) MUST_CHECK;
/* The descriptor to poll for POLLOUT while output is pending. */
int lineout_fd(const struct lineout *l);

#endif

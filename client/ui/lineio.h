/* lineio.h - lines from a descriptor that we share with the shell. It is not set
 * non-blocking; instead it is read only when poll(2) says so. */
#ifndef CONCLAVE_UI_LINEIO_H
#define CONCLAVE_UI_LINEIO_H

#include "shared/wire/bytes.h"

struct linein;
struct linein *linein_new(int fd, size_t line_max);
void linein_free(struct linein *l);

/* After poll says that fd is readable: one read(2). */
void linein_read(struct linein *l);
/* End of file or an error: no more input. Whole lines may still be here. */
bool linein_ended(const struct linein *l);
/* errno of what ended it, 0 for the end of the file. */
int linein_error(const struct linein *l);
/* Stops reading; linein_next still returns the whole lines that are here. */
void linein_stop(struct linein *l);
/* The buffer is full: do not poll before linein_next has made room. */
bool linein_full(const struct linein *l);

enum linein_got {
	LINEIN_NONE, /* no whole line yet: linein_again has no effect */
	LINEIN_LINE, /* *line, *n: without its end; valid until the next call */
	LINEIN_LONG, /* one longer than line_max was skipped */
	LINEIN_CUT,  /* *line is as long as the terminal passes on: it may have
		      * dropped the rest */
};
/* A last line without its end counts once input has ended. */
enum linein_got linein_next(struct linein *l, const char **line, size_t *n);
/* Makes linein_next return the same line again. */
void linein_again(struct linein *l);

#endif

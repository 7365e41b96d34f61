/* lineface.h - what the plain and the JSON face have in common: lines from
 * standard input, text to standard output, and how each of them ends. */
#ifndef CONCLAVE_LINEFACE_H
#define CONCLAVE_LINEFACE_H

#include "client/face.h"
#include "client/lineio.h"

struct lineface {
	const struct face_env *env; /* borrowed */
	struct linein *in;	    /* owned */
	struct lineout *out;	    /* owned */
	bool ended;		    /* no more lines are taken */
	bool gone;		    /* nobody reads what we write */
	bool wake;		    /* ... as lineface_take has yet to see */
};

int lineface_open(
    struct lineface *l, const struct face_env *env, size_t line_max) MUST_CHECK;
void lineface_close(struct lineface *l);

/* Where output goes. Memory that is short is told to lineface_check. */
struct buf *lineface_buf(struct lineface *l);
void lineface_check(struct lineface *l, int err);

/* No more lines; the program ends. flush: face.h. */
void lineface_end(struct lineface *l, bool flush);

/* Gives out the lines that are there while the session can take more: it is
 * not asked to hold what the input can hold as well. fn's `line` is NULL for
 * one that was too long; it returns false when the line has to come again. At
 * the end of input the program's end begins; so it does when nobody reads the
 * output any more, with the lines that are here then. */
void lineface_take(struct lineface *l,
    bool (*fn)(void *arg, const char *line, size_t n), void *arg);

/* The face's fds, ready, deadline and the write of its turn. */
int lineface_fds(struct lineface *l, struct pollfd *out);
void lineface_ready(struct lineface *l, const struct pollfd *fds, int n);
uint64_t lineface_deadline(const struct lineface *l);
void lineface_write(struct lineface *l);

#endif

/* ui_line.h - what the plain and the JSON face have in common: lines from
 * standard input, text to standard output, and how each of them ends. */
#ifndef CONCLAVE_UI_LINE_H
#define CONCLAVE_UI_LINE_H

#include "client/ui/ui.h"
#include "client/ui/lineio.h"

struct ui_line {
	const struct ui_env *env; /* borrowed */
	struct linein *in;	    /* owned */
	struct lineout *out;	    /* owned */
	bool ended;		    /* no more lines are taken */
	bool gone;		    /* nobody reads what we write */
	bool wake;		    /* ... as ui_line_take has yet to see */
};

int ui_line_open(
    struct ui_line *l, const struct ui_env *env, size_t line_max) MUST_CHECK;
void ui_line_close(struct ui_line *l);

/* Where output goes. Memory that is short is told to ui_line_check. */
struct buf *ui_line_buf(struct ui_line *l);
void ui_line_check(struct ui_line *l, int err);

/* No more lines; the program ends. flush: face.h. */
void ui_line_end(struct ui_line *l, bool flush);

/* Gives out the lines that are there while the session can take more: it is
 * not asked to hold what the input can hold as well. fn's `line` is NULL for
 * one that was too long; it returns false when the line has to come again. At
 * the end of input the program's end begins; so it does when nobody reads the
 * output any more, with the lines that are here then. */
void ui_line_take(struct ui_line *l,
    bool (*fn)(void *arg, const char *line, size_t n), void *arg);

/* The face's fds, ready, deadline and the write of its turn. */
int ui_line_fds(struct ui_line *l, struct pollfd *out);
void ui_line_ready(struct ui_line *l, const struct pollfd *fds, int n);
uint64_t ui_line_deadline(const struct ui_line *l);
void ui_line_write(struct ui_line *l);

#endif

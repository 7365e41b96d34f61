/* line.h - what the plain and the JSON front end share: lines from standard
 * input, text to standard output, and how both end. */
#ifndef CONCLAVE_UI_LINE_H
#define CONCLAVE_UI_LINE_H

#include "client/ui/ui.h"
#include "client/ui/lineio.h"

struct ui_line {
	const struct ui_env *env;    /* borrowed */
	const struct chatroom *room; /* the room in which lines are said */
	struct linein *in;	     /* owned */
	struct lineout *out;	     /* owned */
	bool ended;		     /* no more lines are taken */
	bool gone;		     /* nobody reads our output any more */
	bool wake;		     /* ui_line_take must see that it is gone */
};

int ui_line_open(
    struct ui_line *l, const struct ui_env *env, size_t line_max) MUST_CHECK;
void ui_line_close(struct ui_line *l);

/* Where output goes. Report a failed append to ui_line_check. */
struct buf *ui_line_buf(struct ui_line *l);
void ui_line_check(struct ui_line *l, int err);

/* Messages said and not acknowledged by the server yet, in all rooms. */
size_t ui_line_unacked(const struct ui_line *l);

/* Takes no more lines and ends the program; for `flush` see ui.h. */
void ui_line_end(struct ui_line *l, bool flush);

/* Hands the waiting lines to fn while the session can take more: the session
 * need not hold what the input buffer can hold as well. `line` is NULL for one
 * that was too long. fn returns false when the line has to come again. The end
 * of input begins the end of the program; so does the loss of the reader of our
 * output, after the lines that have arrived by then. */
void ui_line_take(struct ui_line *l,
    bool (*fn)(void *arg, const char *line, size_t n), void *arg);

/* The front end's fds, ready and deadline, and the writing of its step. */
int ui_line_fds(struct ui_line *l, struct pollfd *out);
void ui_line_ready(struct ui_line *l, const struct pollfd *fds, int n);
uint64_t ui_line_deadline(const struct ui_line *l);
void ui_line_write(struct ui_line *l);

#endif

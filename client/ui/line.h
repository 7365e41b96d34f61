/* line.h - what the plain and the JSON front end share: lines from standard
 * input, text to standard output, and how both end. */
#ifndef CONCLAVE_UI_LINE_H
#define CONCLAVE_UI_LINE_H

#include "client/ui/ui.h"
#include "client/ui/lineio.h"
#include "shared/os/output.h"

/* Above UI_LINE_PENDING_MAX bytes that nobody reads, the program holds the
 * server back, so that a slow reader gets every line. After UI_LINE_STALL_MS in
 * which the reader took nothing, it goes on and loses lines: otherwise the
 * server would wait in vain for an answer to its pings, and end the
 * connection. */
enum { UI_LINE_PENDING_MAX = 256 << 10, UI_LINE_STALL_MS = 5000 };

struct ui_line {
	const struct ui_env *env;    /* borrowed */
	const struct chatroom *room; /* the room in which lines are said */
	struct linein *in;	     /* owned */
	struct output *out;	     /* owned */
	size_t line_start;	     /* of the line being appended to out */
	size_t line_number;	     /* of the line taken last, from 1 */
	uint64_t taken_ms;	     /* when out was not full, or taken from */
	bool losing;		     /* nobody reads: new lines are lost */
	size_t lost;		     /* lines, since ui_line_lost */
	bool ended;		     /* no more lines are taken */
	bool gone;		     /* nobody reads our output any more */
	bool wake;		     /* ui_line_take must see that it is gone */
	bool hidden;		     /* the terminal shows nothing typed */
};

int ui_line_open(
    struct ui_line *l, const struct ui_env *env, size_t line_max) MUST_CHECK;
void ui_line_close(struct ui_line *l);

/* While on, the terminal, if there is one, does not show what is typed. The last
 * state of it is restored by ui_line_close. */
void ui_line_hide(struct ui_line *l, bool on);

/* Where output goes. Report a failed append to ui_line_check, and call
 * ui_line_done after each whole line. */
struct buf *ui_line_buf(struct ui_line *l);
void ui_line_check(struct ui_line *l, int err);
void ui_line_done(struct ui_line *l);
/* How many lines were lost since the last call, once there is room to say
 * so. */
size_t ui_line_lost(struct ui_line *l);

/* Reports the line taken last as refused; `why` is a sentence. */
void ui_line_refused(struct ui_line *l, const char *why);

/* Messages said and not acknowledged by the server yet, in all rooms. */
size_t ui_line_unacked(const struct ui_line *l);
/* Those of them that are held in this room. */
size_t ui_line_held(const struct ui_line *l);

/* Takes no more lines and ends the program; for `flush` see ui.h. */
void ui_line_end(struct ui_line *l, bool flush);

/* Hands the waiting lines to fn while the session can take more, or messages are
 * held, since a line may release them: the session
 * need not hold what the input buffer can hold as well. `got` says whether the
 * line is whole; one that is too long is NULL. fn returns false when the line has to come again. The end
 * of input begins the end of the program; so does the loss of the reader of our
 * output, after the lines that have arrived by then. */
void ui_line_take(struct ui_line *l,
    bool (*fn)(void *arg, enum linein_got got, const char *line, size_t n),
    void *arg);

/* The front end's fds, ready and deadline, and the writing of its step. */
int ui_line_fds(struct ui_line *l, struct pollfd *out);
void ui_line_ready(struct ui_line *l, const struct pollfd *fds, int n);
uint64_t ui_line_deadline(const struct ui_line *l);
bool ui_line_full(const struct ui_line *l);
void ui_line_write(struct ui_line *l);

/* "12:34 " in local time, with the date before it unless that is today's. */
enum { UI_LINE_TIME_MAX = 64 };
void ui_line_time(
    char out[UI_LINE_TIME_MAX], uint64_t ts_ms, uint64_t now_ms);
/* Appends names with commas; with `marks`, who is verified too. */
int ui_line_names(const struct ui_line *l, struct buf *out,
    const struct person *p, size_t n, bool marks) MUST_CHECK;

#endif

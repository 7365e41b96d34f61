/* display.h - the terminal as a grid of cells, on ncursesw. Only this file and
 * restore.h touch the terminal. Drawing goes to a buffer in memory;
 * display_flush sends the cells that differ from what the terminal shows. */
#ifndef CONCLAVE_UI_TUI_DISPLAY_H
#define CONCLAVE_UI_TUI_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "client/ui/tui/theme.h"
#include "shared/os/errmsg.h"

struct display;

/* Takes over the terminal on standard input and output: raw mode, alternate
 * screen, bracketed paste. Returns ERR_USAGE and fills *why when that is
 * impossible; the terminal is then unchanged. Only one display can be open. */
int display_open(struct display **out, bool color, bool ascii, bool title,
    struct errmsg *why) MUST_CHECK;
/* Restores the terminal. NULL is a no-op. */
void display_close(struct display *s);

int display_rows(const struct display *s);
int display_cols(const struct display *s);
int display_colors(const struct display *s);	/* 0: none */

/* Draws at most `cells` cells of text in a row, whole clusters only, and
 * returns how many it used. A character whose width differs between cells.h and
 * the C library is drawn as one U+FFFD, and a blank if it is wide, so that the
 * row never shifts. */
int display_put(struct display *s, int row, int col, int cells,
    const char *text, size_t n, struct look look);
/* The same for a NUL-terminated string. */
int display_str(struct display *s, int row, int col, int cells,
    const char *text, struct look look);
/* Fill cells with blanks, or with the horizontal rule. */
void display_blank(struct display *s, int row, int col, int cells,
    struct look look);
void display_rule(struct display *s, int row, int col, int cells,
    struct look look);
/* Draws the vertical rule between two columns. */
void display_bar(struct display *s, int row, int col, struct look look);
/* Draws a blank (`what` is ' ') or the vertical rule (0) as a barrier for
 * bidirectional text: a terminal that reorders text moves nothing across it.
 * The barrier is U+200E, which has zero width on every terminal; the isolates
 * do not. */
void display_wall(struct display *s, int row, int col, char what,
    struct look look);
void display_cursor(struct display *s, int row, int col);
void display_flush(struct display *s);
/* Whether something waits for the terminal: draw the next frame when it is
 * written. When much waits, bells, titles and display_send are dropped. */
bool display_busy(const struct display *s);
/* To poll for POLLOUT while it is busy; then call display_write. */
int display_fd(const struct display *s);
void display_write(struct display *s);

/* Adopts the window's size, as the terminal says it. Returns true when
 * everything must be redrawn, which it must even if the size is the same; false
 * when there is no memory for the size. */
bool display_resize(struct display *s);
/* True when a resize failed for lack of memory: call display_resize again. */
bool display_unsized(const struct display *s);
/* True when ncurses itself ran out of memory during a resize: nothing can be
 * drawn any more. */
bool display_broken(const struct display *s);
/* Discards the record of what the terminal shows: the next flush sends every
 * cell. */
void display_redraw(struct display *s);
/* Clears the terminal and writes text to it verbatim. The text must be filtered
 * and its lines must end with \r\n. display_redraw ends this mode. */
void display_plain(struct display *s, const char *text, size_t n);
void display_bell(struct display *s);
/* Sends bytes that do not move the cursor: a bell, a desktop notification. */
void display_send(struct display *s, const char *bytes, size_t n);
/* Sets the terminal's title, if it has one and display_open asked for it. The
 * old title returns when the terminal is restored. The text must be
 * filtered. */
void display_title(struct display *s, const char *text);

/* Ctrl-Z: restores the terminal, stops the process, and takes the terminal over
 * again when it continues. Only rings the bell if whoever started us has no job
 * control. */
void display_stop(struct display *s);
/* Takes the terminal over again after a SIGSTOP and SIGCONT from outside. */
void display_resume(struct display *s);
/* Gives the terminal to another program of our process group, as it was before
 * display_open, with a text after the last line there, which display_back
 * removes. Until then, nothing is drawn; display_bell rings, and a stop and a
 * resize leave the terminal alone. False: it cannot be drawn any more. */
bool display_lend(struct display *s, const char *text);
void display_back(struct display *s);
bool display_lent(const struct display *s);

/* A descriptor that becomes readable when SIGTSTP or SIGCONT arrives;
 * display_signal then handles the signal. */
int display_signal_fd(const struct display *s);
void display_signal(struct display *s);

#endif

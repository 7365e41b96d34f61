/* display.h - the terminal as cells, through ncursesw. Nothing but this file
 * and restore.h touches it. Drawing goes to a picture in memory;
 * display_flush sends what differs from the terminal's. */
#ifndef CONCLAVE_UI_TUI_DISPLAY_H
#define CONCLAVE_UI_TUI_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "client/ui/tui/theme.h"
#include "shared/os/errmsg.h"

struct display;

/* Takes the terminal on standard input and output: raw, the second screen,
 * bracketed paste. ERR_USAGE with a sentence when it cannot be done there,
 * and then nothing has changed. One at a time. */
int display_open(struct display **out, bool color, bool ascii, bool title,
    struct errmsg *why) MUST_CHECK;
/* Gives it back. NULL is a no-op. */
void display_close(struct display *s);

int display_rows(const struct display *s);
int display_cols(const struct display *s);
int display_colors(const struct display *s);	/* 0: none */

/* Puts at most `cells` cells of text into a row, whole clusters only, and
 * returns how many it took. What the C library would measure otherwise than
 * cells.h is drawn as U+FFFD, so that no row ever shifts. */
int display_put(struct display *s, int row, int col, int cells,
    const char *text, size_t n, struct look look);
/* The same for a terminated text. */
int display_str(struct display *s, int row, int col, int cells,
    const char *text, struct look look);
/* Fills cells with blanks, or with the horizontal rule. */
void display_blank(struct display *s, int row, int col, int cells,
    struct look look);
void display_rule(struct display *s, int row, int col, int cells,
    struct look look);
/* The line between two columns. */
void display_bar(struct display *s, int row, int col, struct look look);
/* A blank (`what` is ' ') or that line (0) that holds bidirectional text
 * back: a terminal that reorders text sees it between two of these, and moves
 * nothing across them. With U+200E, which is without width everywhere;
 * isolates are not. */
void display_wall(struct display *s, int row, int col, char what,
    struct look look);
void display_cursor(struct display *s, int row, int col);
void display_flush(struct display *s);

/* The window has another size; true if so. Everything must be drawn again. */
bool display_resize(struct display *s);
/* There was no memory to follow it yet: ask display_resize again. */
bool display_unsized(const struct display *s);
/* ncurses itself ran out of memory on the way: nothing is drawn any more. */
bool display_broken(const struct display *s);
/* Forgets what the terminal shows: the next flush sends all of it. */
void display_redraw(struct display *s);
/* Clears the terminal and writes text to it as it is, which has been filtered
 * and ends its lines with \r\n; display_redraw ends that. */
void display_plain(struct display *s, const char *text, size_t n);
void display_bell(struct display *s);
/* Bytes that move nothing: a bell, a message of the desktop. */
void display_send(struct display *s, const char *bytes, size_t n);
/* The terminal's title, where it has one and opening asked for it; what it was
 * before comes back with the terminal. Text that has been filtered. */
void display_title(struct display *s, const char *text);

/* Ctrl-Z: gives the terminal back, stops, takes it again. */
void display_stop(struct display *s);
/* Takes the terminal again, after SIGSTOP and SIGCONT from outside. */
void display_resume(struct display *s);
/* Descriptor that becomes readable when one of those signals came; what they
 * ask for is done by display_signal. */
int display_signal_fd(const struct display *s);
void display_signal(struct display *s);

#endif

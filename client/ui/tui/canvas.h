/* canvas.h - the descriptor that ncurses writes to. ncurses writes until all is
 * written, so on a terminal that nobody reads it would block the program, or
 * spin. Between canvas_begin and canvas_end the descriptor is a file in memory;
 * what was drawn then goes through a queue to standard output, which does not
 * block. At any other time it is the terminal, whose size and modes ncurses
 * asks for.
 *
 * A frame is a difference to the frame before: draw the next one only when
 * canvas_busy says that the last is written. That bounds the queue, too.
 *
 * Where files may not grow (ulimit -f), ncurses draws on the terminal itself
 * and waits for it. */
#ifndef CONCLAVE_UI_TUI_CANVAS_H
#define CONCLAVE_UI_TUI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "shared/base/err.h"

struct canvas;
/* Call output_own for standard output before. NULL: no memory or no
 * descriptor. */
struct canvas *canvas_new(void);
/* Waits a moment until all is written, then drops the rest. NULL is a no-op. */
void canvas_free(struct canvas *c);
/* For newterm. It stays valid until canvas_free. */
FILE *canvas_file(const struct canvas *c);

/* Call ncurses functions that write between these two. */
void canvas_begin(struct canvas *c);
/* False: there was no memory for what was drawn. All that was pending is lost,
 * so that the whole screen has to be drawn again. */
bool canvas_end(struct canvas *c) MUST_CHECK;

/* Appends bytes and writes what can be written now. They are dropped when there
 * is no memory for them. */
void canvas_put(struct canvas *c, const char *bytes, size_t n);
/* Writes what can be written now. */
void canvas_write(struct canvas *c);
/* Whether bytes wait for the terminal. */
bool canvas_busy(const struct canvas *c);
/* Whether so many wait that others than a frame's should be dropped. */
bool canvas_full(const struct canvas *c);
/* To poll for POLLOUT while it is busy. */
int canvas_fd(const struct canvas *c);
/* Waits a moment until all is written; drops the rest. */
void canvas_finish(struct canvas *c);

#endif

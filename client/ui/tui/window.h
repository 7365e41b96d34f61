/* window.h - how large the terminal's window is. */
#ifndef CONCLAVE_UI_TUI_WINDOW_H
#define CONCLAVE_UI_TUI_WINDOW_H

#include <stdbool.h>
#include <sys/ioctl.h>

/* False: the terminal does not know it, as on a serial line. */
bool window_size(struct winsize *ws);
/* ncurses prefers $LINES and $COLUMNS to what the terminal says, and a shell may
 * have exported them in another window. They count only where the terminal says
 * nothing: else they are forgotten. */
void window_forget(void);

#endif

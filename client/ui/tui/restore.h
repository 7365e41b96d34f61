/* restore.h - restores the terminal however the process ends.
 *
 * While armed, three events write a fixed escape sequence and reset the
 * terminal modes, using only async-signal-safe calls, and then take their
 * normal course: a crash (SEGV, BUS, ILL, FPE, ABRT), a signal that would
 * terminate the process, and exit(3). Signals for which another handler is
 * installed are left alone. */
#ifndef CONCLAVE_UI_TUI_RESTORE_H
#define CONCLAVE_UI_TUI_RESTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

#include "shared/base/err.h"

enum { RESTORE_MAX = 512 };

/* Records the current handlers of SIGTERM and the like. Call this before
 * ncurses starts, because ncurses installs its own handlers where there are
 * none. */
void restore_look(void);
/* Arms for terminal `fd`. SIGTSTP and SIGCONT write a byte to `wake` (a
 * non-blocking descriptor). Returns ERR_LIMIT when the sequence is longer than
 * RESTORE_MAX. */
int restore_arm(int fd, const struct termios *saved, const char *sequence,
    size_t n, int wake) MUST_CHECK;
/* Puts the previous handlers back. */
void restore_disarm(void);
/* Restores the terminal immediately, and disarms. */
void restore_now(void);

/* Another program of our process group has the terminal, and SIGINT and SIGQUIT
 * of its keyboard are for that one: SIGQUIT is ignored, until it is taken back.
 * SIGINT is app.c's. */
void restore_lend(void);
void restore_take(void);

/* False if SIGTSTP was ignored when restore_look was called: whoever started us
 * has no job control, and nobody could make us continue. */
bool restore_can_stop(void);
/* Stops this process as Ctrl-Z would; returns when it continues. */
void restore_stop(void);

#endif

/* restore.h - the terminal is given back as it was, whatever ends us.
 *
 * While armed: a crash (SEGV, BUS, ILL, FPE, ABRT), a signal that would end
 * us, and exit(3) write a fixed sequence and set the saved modes, with
 * async-signal-safe calls only, and then happen as they would have. Signals
 * that somebody else handles are left to them. */
#ifndef CONCLAVE_UI_TUI_RESTORE_H
#define CONCLAVE_UI_TUI_RESTORE_H

#include <stddef.h>
#include <termios.h>

#include "shared/base/err.h"

enum { RESTORE_MAX = 512 };

/* What SIGTERM and the like do now. Call before ncurses starts, which puts
 * handlers of its own where it finds none. */
void restore_look(void);
/* Arms for terminal `fd`. SIGTSTP and SIGCONT put a byte into `wake` (a
 * non-blocking descriptor). ERR_LIMIT when sequence is longer than
 * RESTORE_MAX. */
int restore_arm(int fd, const struct termios *saved, const char *sequence,
    size_t n, int wake) MUST_CHECK;
/* The handlers are as they were before. */
void restore_disarm(void);
/* Gives it back in this moment, and disarms. */
void restore_now(void);

/* Stops this process as Ctrl-Z would have; returns when it goes on. */
void restore_stop(void);

#endif

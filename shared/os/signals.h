/* signals.h - how both programs begin with signals. What the parent chose
 * stays: a signal that was ignored when we started (nohup, `trap '' TERM`, a
 * background job of a shell without job control) stays ignored. */
#ifndef SHARED_OS_SIGNALS_H
#define SHARED_OS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/err.h"

/* Call once, before any thread starts.
 *   - Unblocks all signals. A parent that starts us while it blocks signals
 *     does so by mistake: no user asks for that, and we could not be stopped.
 *   - Ignores SIGPIPE and SIGXFSZ: a write reports EPIPE and EFBIG instead.
 *   - Makes SIGCHLD's action the default: ignored, it would take the exit
 *     status of our child processes away.
 * ERR_IO with errno; every other step is still taken. */
int signals_begin(void) MUST_CHECK;

/* Whether this signal is ignored now. */
bool signals_ignored(int sig);

/* Adds those of n signals to *set that are not ignored. Only these may be
 * blocked for a signalfd: Linux delivers a blocked signal to a signalfd even if
 * it is ignored. */
void signals_take(sigset_t *set, const int *sigs, size_t n);

#endif

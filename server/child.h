/* child.h - what every process that the server forks does first and last. */
#ifndef CONCLAVED_CHILD_H
#define CONCLAVED_CHILD_H

#include "shared/base/err.h"

/* Closes every descriptor but the standard ones and this: the lock of the state
 * directory must be free when the relay has ended. */
void child_close_others(int but);
/* Standard input and output become /dev/null. ERR_IO. */
int child_to_null(void) MUST_CHECK;
/* ^C in the terminal and systemd's stop reach the whole group. These processes
 * end when the relay has ended, which first has something to write. */
void child_ignore_stops(void);
/* What ps shows. argv: main's memory is written over; NULL: it stays. */
void child_title(char **argv, const char *title, const char *name);
/* Ends the process. */
void child_leave(int status) __attribute__((noreturn));

#endif

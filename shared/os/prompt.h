/* prompt.h - asks the user on /dev/tty, so that standard input and output may
 * belong to other programs. A signal that kills or stops the program first
 * restores the terminal. Other threads must block these signals. */
#ifndef SHARED_OS_PROMPT_H
#define SHARED_OS_PROMPT_H

#include "shared/wire/bytes.h"
#include "shared/os/errmsg.h"

/* Whether there is a terminal to ask on. */
bool prompt_possible(void);
/* Whether a whole line is there already, as after a paste of several. */
bool prompt_waits(void);

/* Reads one line without echo, and appends it without its newline to a secret
 * buffer. ERR_USAGE: there is no terminal. ERR_LOST: the terminal closed, or ^D
 * on an empty line. ERR_LIMIT: longer than out->max. */
int prompt_secret(
    struct buf *out, const char *prompt, struct errmsg *why) MUST_CHECK;
/* The same, with echo. */
int prompt_line(
    struct buf *out, const char *prompt, struct errmsg *why) MUST_CHECK;
/* Prints a sentence on that terminal; does nothing if there is none. */
void prompt_say(const char *sentence);

#endif

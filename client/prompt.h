/* prompt.h - asks the person at the terminal, on /dev/tty, so that input and
 * output may be a program's. A signal that ends or stops the program gives
 * the terminal back as it was first. Not for use beside other threads that
 * take these signals: block them there. */
#ifndef CONCLAVE_PROMPT_H
#define CONCLAVE_PROMPT_H

#include "shared/wire/bytes.h"
#include "shared/os/errmsg.h"

/* There is a terminal to ask on. */
bool prompt_possible(void);

/* One line, without its end, appended to a secret buffer; not shown while it
 * is typed. ERR_USAGE: there is no terminal. ERR_LOST: the terminal closed or
 * ^D on an empty line. ERR_LIMIT: more than out->max. */
int prompt_secret(
    struct buf *out, const char *prompt, struct errmsg *why) MUST_CHECK;
/* The same, shown. */
int prompt_line(
    struct buf *out, const char *prompt, struct errmsg *why) MUST_CHECK;
/* A sentence to the same terminal; nothing when there is none. */
void prompt_say(const char *sentence);

#endif

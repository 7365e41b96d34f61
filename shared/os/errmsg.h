/* errmsg.h - one sentence for a person: what failed and what to do about it.
 * A function that fails at an edge fills one in and returns a code; whoever
 * can reach the user shows it, through the text filter, as it may quote a path
 * or an argument. */
#ifndef SHARED_OS_ERRMSG_H
#define SHARED_OS_ERRMSG_H

#include "shared/base/err.h"

struct errmsg {
	char text[2048];
};

/* Sets the sentence and returns err. The arguments must not point into w. */
int errmsg_set(struct errmsg *w, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes "PROGRAM: " and the sentence to standard error, filtered, without
 * allocating. A sentence may have several lines; program may be NULL. */
void errmsg_print(const char *program, const char *sentence);

#endif

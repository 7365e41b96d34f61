/* errmsg.h - one sentence for the user: what failed and what to do about it.
 * The function that detects the failure fills in the sentence and returns a
 * code. The user interface shows it through the text filter, because it may
 * quote a path or an argument. */
#ifndef SHARED_OS_ERRMSG_H
#define SHARED_OS_ERRMSG_H

#include "shared/base/err.h"

struct errmsg {
	char text[2048];
};

/* Sets the sentence and returns err. The arguments must not point into w. */
int errmsg_set(struct errmsg *w, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a system call that failed with `error`, an errno: appends
 * ": REASON", and where that is known "; WHAT TO DO". */
int errmsg_errno(struct errmsg *w, int err, int error, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Writes "PROGRAM: " and the filtered sentence to standard error, without
 * allocating. A sentence may have several lines; program may be NULL. If nobody
 * reads them, they are dropped after a second. */
void errmsg_print(const char *program, const char *sentence);

#endif

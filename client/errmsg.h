/* why.h - one sentence for a person: what failed, and what to do about it.
 * What fails at an edge fills one and returns a code; whoever owns a way to
 * the user shows it (through the text filter, as it may quote a path). */
#ifndef CONCLAVE_ERRMSG_H
#define CONCLAVE_ERRMSG_H

#include "shared/wire/err.h"

struct errmsg {
	char text[2048];
};

/* Sets the sentence and returns err. */
int errmsg_set(struct errmsg *w, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Writes "conclave: " and the sentence to standard error, filtered. */
void errmsg_print(const char *sentence);

#endif

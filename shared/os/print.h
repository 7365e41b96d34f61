/* print.h - what was asked for on the command line, to standard output: --help,
 * --version and the like. It waits for a slow reader as long as it takes, and
 * fails unless all of it is written: ERR_OUTPUT with *why. */
#ifndef SHARED_OS_PRINT_H
#define SHARED_OS_PRINT_H

#include <stddef.h>

#include "shared/os/errmsg.h"

int print_text(const void *p, size_t n, struct errmsg *why) MUST_CHECK;
int print_line(struct errmsg *why, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))) MUST_CHECK;

#endif

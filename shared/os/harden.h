/* harden.h - the first steps of both programs: close the process to others
 * before a secret is in memory. What they drop later is in sandbox.h. */
#ifndef SHARED_OS_HARDEN_H
#define SHARED_OS_HARDEN_H

#include <stdbool.h>

#include "shared/base/err.h"

/* Opens /dev/null for each standard descriptor that is closed; where there is
 * none, the place is only held. Otherwise a socket could get descriptor 2, and
 * the log would be sent to a peer. Standard output is opened for reading only,
 * so that what was to be written there fails as on the closed one. ERR_IO with
 * errno. */
int harden_descriptors(void) MUST_CHECK;

/* Disables core dumps and debuggers of the same user, sets umask 077 (files for
 * the owner only), and begins with signals (signals.h). ERR_IO with errno; every other step is still
 * taken. */
int harden_process(void) MUST_CHECK;

/* Whether this is a sanitizer build: it needs a few more system calls and
 * files, and its leak check has to trace the process. */
bool harden_sanitized(void);
/* Whether this is a coverage build: it writes files at exit, so it runs without
 * the sandbox. */
bool harden_measured(void);

#endif

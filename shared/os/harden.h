/* harden.h - what both programs do first: close the process to others before
 * a secret is in memory. What they give up later is in sandbox.h. */
#ifndef SHARED_OS_HARDEN_H
#define SHARED_OS_HARDEN_H

#include <stdbool.h>

#include "shared/base/err.h"

/* Opens /dev/null for each of the three standard descriptors that is closed.
 * Otherwise a socket could get the number 2, and the log would go to a peer.
 * ERR_IO with errno. */
int harden_descriptors(void) MUST_CHECK;

/* No core dump, no debugger of the same user, files for the owner only (umask
 * 077), no death by SIGPIPE. ERR_IO with errno; what can be done is done in
 * any case. */
int harden_process(void) MUST_CHECK;

/* Built with a sanitizer, which needs some system calls and files more, and
 * whose leak check has to trace the process. */
bool harden_sanitized(void);
/* Built to measure coverage, which is written to files at exit: no sandbox
 * then. */
bool harden_measured(void);

#endif

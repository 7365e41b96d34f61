/* warden_link.h - what a warden (warden.h) says: here is a new process. */
#ifndef CONCLAVED_STORE_WARDEN_LINK_H
#define CONCLAVED_STORE_WARDEN_LINK_H

#include "shared/base/err.h"

/* The socket to the next process, owned by the caller. ERR_AGAIN: there is none
 * yet. ERR_LOST: the warden has ended. */
int warden_link(int warden, int *link) MUST_CHECK;

#endif

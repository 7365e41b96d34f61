/* keeper.h - the process that has the database of the state directory, and no
 * network. It reads what the relay has for it from one socket: all that is
 * readable at once, up to KEEPER_BATCH messages or KEEPER_BYTES, is one
 * transaction, and answered with COMMITTED when it is on the disk. In a burst it
 * waits a millisecond for the rest of it.
 *
 * It believes the relay nothing but what only the relay can know: every length,
 * number, offset and chain value is checked, and a message that can not come
 * from an honest relay ends it. If the disk fails, it says STUCK, keeps the
 * batch, and tries again after 0.2 s, up to every 5 s. */
#ifndef CONCLAVED_STORE_KEEPER_H
#define CONCLAVED_STORE_KEEPER_H

#include "server/logger.h"
#include "shared/base/err.h"

enum {
	KEEPER_BATCH = 1024,
	KEEPER_BYTES = 4 << 20,
	KEEPER_SWEEP_MS = 60000,
	KEEPER_RETRY_MIN_MS = 200,
	KEEPER_RETRY_MAX_MS = 5000,
};

struct keeper_opts {
	const char *dir;	  /* the state directory */
	bool sync_full;		  /* --sync */
	const struct logger *log; /* borrowed */
};

/* Serves the relay at the other end of fd until that is closed. Returns 0 then,
 * and ERR_ otherwise, logged or told to the relay. `confine` (or NULL) is called
 * with its argument when everything but the database is open. */
int keeper_run(int fd, const struct keeper_opts *o, int (*confine)(void *arg),
    void *arg) MUST_CHECK;

#endif

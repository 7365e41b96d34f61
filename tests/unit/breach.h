/* breach.h - everything that a server must not do to a session: a row of a table
 * each. The connection ends with bye `protocol` and exit status 6, and the
 * session does not reconnect by itself. */
#ifndef CONCLAVE_BREACH_H
#define CONCLAVE_BREACH_H

#include "tests/unit/fake_server.h"

struct breach_row {
	const char *name;
	void (*fn)(struct fake *f);
	int err;
	bool in_room; /* with bob (1) and carol (2), not only connected */
	bool said;    /* and "one" was sent there and acknowledged */
};
#define BREACH(fn, err, in_room)                                               \
	{                                                                      \
#fn, fn, err, in_room, false                                   \
	}

/* The test of a row, for check_add. */
void breach(void **state);
/* The session has ended so. Earlier valid frames may have queued events; only
 * the end is checked. */
void breach_closed(struct world *w, int err);

#endif

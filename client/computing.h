/* computing.h - brings the slow computations (jobs.h) and the session together:
 * starts the one that the session needs, and hands over results. */
#ifndef CONCLAVE_COMPUTING_H
#define CONCLAVE_COMPUTING_H

#include "client/jobs.h"
#include "client/session/session.h"

struct computing {
	struct jobs *jobs; /* these three are borrowed */
	struct session *session;
	const struct buf *password;
	bool stretching;	 /* a KDF job is out ... */
	uint64_t stretching_for; /* ... of this connection */
	struct hs_kdf_job job;	 /* ... with this cost */
};

/* The session needs the stretched password: starts the computation, once for
 * each connection. A failure ends the session with a sentence. */
void computing_stretch(struct computing *c, uint64_t connection);
/* Results may be ready: hands them to the session. One of an earlier connection
 * is dropped. */
void computing_take(struct computing *c, uint64_t connection, uint64_t now_ms);

#endif

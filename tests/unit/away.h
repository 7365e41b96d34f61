/* away.h - a client that comes back to a room which keeps what is said. */
#ifndef CONCLAVE_AWAY_H
#define CONCLAVE_AWAY_H

#include "tests/unit/fake_server.h"

/* Bob is in the room, which keeps what is said from now on. */
struct world *away_joined(void);
/* Bob stays; the client comes back as another member. */
void away_enter(struct world *w);
/* What bob says while the client is away. */
void away_missed(struct world *w, const char *text);
/* Loses the connection, and misses two messages; back, it asks for them. */
void away(struct world *w);

#endif

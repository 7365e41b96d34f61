/* seal_topics.h - the topics of a server's sealed rooms (client/session/topics.h), in
 * secure memory. They are kept in the file of holders (seal_holders.h), as lines
 *   ROOM LOG = OFFSET NUMBER NAME TEXT
 * with LOG in base64url; TEXT is the topic in base64, or - for an empty one. */
#ifndef CONCLAVE_TRUST_SEAL_TOPICS_H
#define CONCLAVE_TRUST_SEAL_TOPICS_H

#include "client/session/topics_ops.h"
#include "shared/wire/bytes.h"

/* Past it the oldest goes. */
enum { SEAL_TOPICS_MAX = 512 };

struct seal_topics;
struct seal_topics *seal_topics_new(void);	/* NULL: out of memory */
void seal_topics_free(struct seal_topics *s); /* wipes; NULL is a no-op */

/* For session_opts; s NULL: nothing is kept. A topic for which there is no memory
 * is not kept. */
struct topics_ops seal_topics_ops(struct seal_topics *s);
/* Whether one was put since the last call. */
bool seal_topics_changed(struct seal_topics *s);

/* Takes what follows the "=" of a line about that room, whose name is good.
 * ERR_USAGE: it is not understood; ERR_NOMEM. */
int seal_topics_read(struct seal_topics *s, const char *room,
    const uint8_t log[WIRE_LOG], const char *line, size_t n) MUST_CHECK;
/* Adds the lines of all. */
int seal_topics_write(
    const struct seal_topics *s, struct buf *out) MUST_CHECK;

#endif

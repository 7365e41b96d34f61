/* trail.h - the newest values of a log's chain, as one reads along it: what a view
 * or a receipt that comes somewhat later is compared with. */
#ifndef CONCLAVE_SESSION_TRAIL_H
#define CONCLAVE_SESSION_TRAIL_H

#include "shared/proto/logchain.h"

enum { TRAIL_KEPT = 1024 };

struct trail;
struct trail *trail_new(void); /* NULL: no memory */
void trail_free(struct trail *t); /* NULL is a no-op */

/* The chain at this offset is that. It takes the place of one TRAIL_KEPT away. */
void trail_add(struct trail *t, const struct log_head *h);
/* The chain there, or NULL: it was not added, or is gone. */
const uint8_t *trail_chain(const struct trail *t, uint64_t offset);

#endif

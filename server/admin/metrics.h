/* metrics.h - the server's numbers as Prometheus reads them (text format 0.0.4):
 * for each a HELP and a TYPE line, names that begin with "conclave_", units in
 * the name, counters that end in "_total". */
#ifndef CONCLAVED_ADMIN_METRICS_H
#define CONCLAVED_ADMIN_METRICS_H

#include "server/admin/facts.h"

enum { METRICS_MAX = 32 << 10 };

/* Appends the whole text. ERR_NOMEM, ERR_LIMIT. */
int metrics_text(
    struct buf *out, const struct gauges *g, const struct totals *t) MUST_CHECK;

#endif

/* failure.h - why no connection was made, in sentences. Each says what was
 * tried, what happened and what to do. None ends with a mark, because another
 * sentence can go on behind it ("...; trying again in 4 s"). */
#ifndef CONCLAVE_NET_FAILURE_H
#define CONCLAVE_NET_FAILURE_H

#include "client/net/race.h"
#include "shared/os/errmsg.h"
#include "shared/wire/uri.h"

/* What was tried to reach; borrowed. */
struct failure_target {
	const struct uri *uri;
	const char *name; /* HOST:PORT, or the path */
	bool sandboxed;
};

/* Why a lookup says nothing about the name. */
enum failure_lookup {
	FAILURE_HELPER_GONE, /* the helper process ended, or does not read */
	FAILURE_LOOKUP_DIED, /* the lookup ended without an answer */
	FAILURE_LOOKUP_SLOW, /* it took longer than wait_ms */
};

/* All set *why and return ERR_LOST, except the first: ERR_NOMEM. */
int failure_memory(struct errmsg *why);
int failure_no_lookup(const struct failure_target *to, enum failure_lookup how,
    uint64_t wait_ms, struct errmsg *why);
/* eai: an EAI_ code. error: errno with EAI_SYSTEM. */
int failure_name(
    const struct failure_target *to, int eai, int error, struct errmsg *why);
/* found: how many addresses the name has. */
int failure_race(const struct failure_target *to, const struct race_tally *t,
    size_t found, struct errmsg *why);

#endif

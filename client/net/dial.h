/* dial.h - from a server's address to a socket on which it has answered,
 * without blocking.
 *
 * The name is looked up anew for each connection, by a helper process
 * (client/name_helper.h). All its addresses take part in a race (race.h), IPv6
 * and IPv4 in turns. A Unix socket is the only one in its race. If the helper
 * is gone or hangs, the addresses of the last lookup serve again. */
#ifndef CONCLAVE_NET_DIAL_H
#define CONCLAVE_NET_DIAL_H

#include "client/net/race.h"
#include "shared/os/errmsg.h"
#include "shared/wire/uri.h"

enum {
	DIAL_LOOKUP_MS = 15000,
	DIAL_FDS_MAX = RACE_FDS_MAX,
};

struct helper;
struct dial_opts {
	const struct uri *uri; /* all borrowed */
	const char *name;      /* HOST:PORT for sentences */
	struct helper *names;  /* see name_helper.h */
	bool sandboxed;	       /* for sentences */
	const struct tls_config *tls; /* NULL: the uri is without TLS */
};

struct dial;
struct dial *dial_new(const struct dial_opts *o); /* NULL: no memory */
void dial_free(struct dial *d); /* gives up; NULL is a no-op */

/* Begins a connection, whose first message is copied. After ERR_NOMEM or
 * ERR_LOST, with a sentence, nothing has begun. */
int dial_begin(struct dial *d, const uint8_t *hello, size_t hello_len,
    uint64_t now_ms, struct errmsg *why) MUST_CHECK;
bool dial_busy(const struct dial *d); /* between dial_begin and dial_end */
void dial_end(struct dial *d);	      /* closes what is open */

/* What to poll (at most DIAL_FDS_MAX), and when to call dial_step anyway. */
int dial_fds(const struct dial *d, struct pollfd *out);
uint64_t dial_deadline(const struct dial *d);
/* Goes on. ERR_AGAIN: not yet. 0: see race_won, whose bytes are valid until
 * dial_end; its TLS ends before dial_free. ERR_LOST or ERR_NOMEM, with
 * a sentence: no address has answered. */
int dial_step(struct dial *d, uint64_t now_ms, struct race_won *won,
    struct errmsg *why) MUST_CHECK;
/* Whether that was because of TLS, which is not tried again like a bad line. */
enum tls_fault dial_fault(const struct dial *d);

#endif

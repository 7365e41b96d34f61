/* tls_setup.h - makes of the options what conclaves:// connections and members'
 * certificates need: whom we trust, our own certificate. Reads its files before the sandbox. */
#ifndef CONCLAVE_TLS_SETUP_H
#define CONCLAVE_TLS_SETUP_H

#include "client/options.h"
#include "shared/crypto/keys.h"
#include "shared/tls/certifier.h"
#include "shared/tls/config.h"

struct tls_setup {
	struct tls_config *config; /* NULL: the server is without TLS */
	struct certifier *members; /* --ca FILE; NULL: none certifies them */
	struct buf certificate;	   /* our own, for the card; or empty */
};
/* Fills *out, which is zeroed; tls_setup_free frees it in any case. pinned: the
 * server's fingerprint is known, without which --ca none would check nothing. A
 * certificate for another name or identity than the user's is refused with a
 * sentence, unless it is one for TLS alone, with a --key of its own. */
int tls_setup(struct tls_setup *out, const struct client_options *o,
    const struct identity *id, bool pinned, struct errmsg *why) MUST_CHECK;
void tls_setup_free(struct tls_setup *t);

#endif

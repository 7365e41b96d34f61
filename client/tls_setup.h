/* tls_setup.h - makes what conclaves:// connections need of the options: whom we
 * trust, our own certificate. Reads its files before the sandbox. */
#ifndef CONCLAVE_TLS_SETUP_H
#define CONCLAVE_TLS_SETUP_H

#include "client/options.h"
#include "shared/crypto/keys.h"
#include "shared/tls/config.h"

/* *out NULL: the server is without TLS. pinned: the server's fingerprint is
 * known, without which --ca none would check nothing. */
int tls_setup(struct tls_config **out, const struct client_options *o,
    const struct identity *id, bool pinned, struct errmsg *why) MUST_CHECK;

#endif

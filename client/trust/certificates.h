/* certificates.h - whom the user trusts to certify members (--ca FILE), and the
 * user's own certificate. */
#ifndef CONCLAVE_TRUST_CERTIFICATES_H
#define CONCLAVE_TRUST_CERTIFICATES_H

#include "client/session/session.h"
#include "shared/tls/certifier.h"

/* The callback for session.h, with the clock; c is borrowed. NULL: nobody is
 * trusted. */
struct certifier_ops certificates_ops(struct certifier *c);

#endif

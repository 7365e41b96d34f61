/* trusted.h - whom we trust: certificates of CAs and lists of revoked ones, of PEM
 * texts. Inner header of shared/tls; include ossl.h first. */
#ifndef SHARED_TLS_TRUSTED_H
#define SHARED_TLS_TRUSTED_H

#include <openssl/x509.h>
#include <time.h>

#include "shared/os/errmsg.h"
#include "shared/tls/tls_pem.h"

/* Adds the certificates of `ca`, at least one, and the lists of `crl`; crl NULL:
 * those that stand in ca, if any; its name NULL: none. With a list, certificates
 * of an issuer without one are refused. ERR_USAGE, ERR_NOMEM; with a sentence. */
int trusted_load(X509_STORE *store, const struct tls_pem *ca,
    const struct tls_pem *crl, time_t now, struct errmsg *why) MUST_CHECK;

/* For config.c. */
BIO *trusted_text(const struct tls_pem *f);
/* Reads the next certificate. ERR_AGAIN: there is none. */
int trusted_next(
    X509 **out, BIO *b, const struct tls_pem *f, struct errmsg *why) MUST_CHECK;
void trusted_date(char out[64], const ASN1_TIME *t);
int trusted_no_memory(struct errmsg *why);
/* libcrypto does not take what is in this file. */
int trusted_refused(
    const struct tls_pem *f, const char *what, struct errmsg *why);

#endif

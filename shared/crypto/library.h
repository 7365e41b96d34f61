/* library.h - sets libcrypto and libsodium up for the whole process. */
#ifndef SHARED_CRYPTO_LIBRARY_H
#define SHARED_CRYPTO_LIBRARY_H

#include "shared/base/err.h"

/* Keeps libcrypto from reading a configuration file: neither $OPENSSL_CONF nor
 * the machine's openssl.cnf may take the default provider away, set default
 * properties or load a module of its choice. Call it once in main, after
 * oom_setup and before everything else that uses libcrypto. ERR_CRYPTO: the
 * default provider, which has every algorithm that we use, is missing; show
 * library_no_provider. ERR_NOMEM. */
int library_setup(void) MUST_CHECK;

/* Sentences for a libcrypto that lacks the provider, an algorithm that is always
 * needed, or ML-KEM-768 where --require-pq needs it. */
extern const char library_no_provider[], library_no_algorithm[],
    library_no_mlkem[];

#endif

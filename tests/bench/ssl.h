/* ssl.h - libssl's headers, which define a type ERR_STATE (see
 * shared/crypto/ossl.h). Include this before load.h. */
#ifndef BENCH_SSL_H
#define BENCH_SSL_H

#define ERR_STATE ossl_err_state
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#endif

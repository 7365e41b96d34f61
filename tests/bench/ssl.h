/* ssl.h - libssl's headers. They have a type ERR_STATE, as shared/crypto/ossl.h says:
 * include this before load.h. */
#ifndef BENCH_SSL_H
#define BENCH_SSL_H

#define ERR_STATE ossl_err_state
#include <openssl/err.h>
#include <openssl/ssl.h>
#undef ERR_STATE

#endif

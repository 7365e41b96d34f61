/* pem.h - says what is wrong with a key file that holds no identity. */
#ifndef SHARED_CRYPTO_PEM_H
#define SHARED_CRYPTO_PEM_H

#include <stddef.h>

/* For text that identity_from_pem refused with ERR_KEY: a clause such as "it is
 * empty" or "it holds an RSA key". A constant. */
const char *pem_wrong(const void *pem, size_t n);

#endif

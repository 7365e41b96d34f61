/* pem_int.h - what keys.c needs to know about encrypted keys. Include ossl.h
 * first. */
#ifndef SHARED_CRYPTO_PEM_INT_H
#define SHARED_CRYPTO_PEM_INT_H

#include <stdbool.h>

/* Whether libcrypto has the cipher of an encrypted key: without it, no
 * passphrase opens the key. */
bool pem_has_cipher(const X509_SIG *locked);

#endif

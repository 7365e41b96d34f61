/* kem_mlkem_int.h - functions of kem_mlkem.c for tests of published vectors
 * only. */
#ifndef SHARED_CRYPTO_KEM_MLKEM_INT_H
#define SHARED_CRYPTO_KEM_MLKEM_INT_H

#include "shared/crypto/kem_mlkem.h"

/* A key pair from its expanded private key of n bytes. NULL: it is not valid
 * (FIPS 203, section 7.3), or there is no memory. */
struct kem_mlkem *kem_mlkem_from_private(
    struct crypto *c, const void *dk, size_t n);

#endif

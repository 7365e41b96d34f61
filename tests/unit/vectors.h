/* vectors.h - what the tests of the primitives share: a crypto that is checked
 * when it goes, and the files of vectors as lists of tests. */
#ifndef CONCLAVE_VECTORS_H
#define CONCLAVE_VECTORS_H

#include "tests/unit/check.h"

#include "shared/crypto/crypto.h"
#include "shared/crypto/keys.h"

struct crypto *vectors_crypto(void);
/* Frees it. Whatever a test did, libcrypto's queue of errors is empty. */
void vectors_done(struct crypto *c);
void vectors_queue_is_empty(void);

/* An RSA pair of 2048 bits, the same each time: making one takes longer than most
 * tests. The caller owns it. */
struct kem_rsa *vectors_kem_rsa(void);

/* Fields of a vector; a missing one fails the test. */
json_int_t vectors_int(const json_t *o, const char *key);
const char *vectors_text(const json_t *o, const char *key);
bool vectors_valid(const json_t *o); /* "result" is "valid" */

/* One test for each vector of a Wycheproof file, whose group's sizes it is
 * given, or of one of ours that has a list `vectors`. The file outlives g. */
void vectors_add_wycheproof(struct check_group *g, json_t *file,
    const char *label, void (*fn)(void **state));
void vectors_add(struct check_group *g, json_t *file, const char *label,
    void (*fn)(void **state));

#endif

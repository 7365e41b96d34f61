/* pake_int.h - functions of pake.c for tests of published vectors only. */
#ifndef SHARED_CRYPTO_PAKE_INT_H
#define SHARED_CRYPTO_PAKE_INT_H

#include "shared/crypto/pake.h"

/* pake_stretch with a salt of any length. */
int pake_stretch_with(uint8_t out[PAKE_STRETCHED], const void *pw,
    size_t pw_len, const char *id_prover, const char *id_verifier,
    const void *salt, size_t salt_len, const struct kdf *k) MUST_CHECK;

/* pake_finish that also stores every intermediate value. The caller frees
 * tt, even after a failure, and wipes the rest. */
struct pake_trace {
	uint8_t z[WIRE_SHARE], v[WIRE_SHARE];
	uint8_t k_main[WIRE_HASH];
	uint8_t k_confirm_p[WIRE_HASH], k_confirm_v[WIRE_HASH];
	struct buf tt;
};
int pake_finish_traced(struct pake *p, struct pake_keys *out,
    const void *context, size_t context_len, const char *id_prover,
    const char *id_verifier, const uint8_t peer_share[WIRE_SHARE],
    struct pake_trace *trace) MUST_CHECK;

#endif

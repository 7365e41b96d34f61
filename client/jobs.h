/* worker.h - the two slow computations, off the loop: the RSA pair (started at
 * once) and scrypt. Each has a thread of its own, so that with two cores both
 * take the time of the longer one. */
#ifndef CONCLAVE_JOBS_H
#define CONCLAVE_JOBS_H

#include "shared/proto/handshake.h"
#include "shared/os/errmsg.h"

struct jobs;
/* Starts making the RSA pair. */
struct jobs *jobs_new(unsigned rsa_bits, struct errmsg *why);
/* Waits for what is running (a few seconds at most: neither can be cancelled),
 * and wipes. NULL is a no-op. */
void jobs_free(struct jobs *w);

/* Readable when a result may be there. */
int jobs_fd(const struct jobs *w);
void jobs_clear(struct jobs *w);

/* Once: 0 and the pair, which is the caller's. ERR_AGAIN: not yet, or taken.
 * ERR_CRYPTO. */
int jobs_take_kem(struct jobs *w, struct kem_rsa **out) MUST_CHECK;

/* scrypt of the password, which is borrowed until jobs_free. A second job
 * replaces the first. */
int jobs_stretch(struct jobs *w, const struct buf *password,
    const char *account, const struct hs_kdf_job *job) MUST_CHECK;
/* Once: 0 and the bytes, which are then nowhere else. ERR_AGAIN: not yet, or
 * taken. Otherwise why it failed. */
int jobs_take_stretched(
    struct jobs *w, uint8_t out[PAKE_STRETCHED]) MUST_CHECK;

#endif

/* worker.h - the two slow computations, off the loop: the RSA pair (started at
 * once) and scrypt. Each has a thread of its own, so that with two cores both
 * take the time of the longer one. */
#ifndef CONCLAVE_WORKER_H
#define CONCLAVE_WORKER_H

#include "shared/handshake.h"
#include "client/why.h"

struct worker;
/* Starts making the RSA pair. */
struct worker *worker_new(unsigned rsa_bits, struct why *why);
/* Waits for what is running (a few seconds at most: neither can be cancelled),
 * and wipes. NULL is a no-op. */
void worker_free(struct worker *w);

/* Readable when a result may be there. */
int worker_fd(const struct worker *w);
void worker_clear(struct worker *w);

/* Once: 0 and the pair, which is the caller's. ERR_AGAIN: not yet, or taken.
 * ERR_CRYPTO. */
int worker_take_wrap(struct worker *w, struct wrap **out) MUST_CHECK;

/* scrypt of the password, which is borrowed until worker_free. A second job
 * replaces the first. */
int worker_stretch(struct worker *w, const struct buf *password,
    const char *account, const struct hs_kdf_job *job) MUST_CHECK;
/* Once: 0 and the bytes, which are then nowhere else. ERR_AGAIN: not yet, or
 * taken. Otherwise why it failed. */
int worker_take_stretched(
    struct worker *w, uint8_t out[PAKE_STRETCHED]) MUST_CHECK;

#endif

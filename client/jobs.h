/* jobs.h - the slow computations, off the event loop: generating the RSA key pair
 * (started at once), scrypt for a proof of the password, and scrypt for a new
 * password of one's own. Each has its own thread, so that on two cores the total
 * time is that of the longer one. */
#ifndef CONCLAVE_JOBS_H
#define CONCLAVE_JOBS_H

#include "shared/proto/handshake.h"
#include "shared/os/errmsg.h"

struct jobs;
/* Starts generating the RSA key pair. */
struct jobs *jobs_new(unsigned rsa_bits, struct errmsg *why);
/* Waits for running jobs (a few seconds at most: neither can be cancelled),
 * then wipes secrets. NULL is a no-op. */
void jobs_free(struct jobs *w);

/* A descriptor that becomes readable when a result may be ready. */
int jobs_fd(const struct jobs *w);
void jobs_clear(struct jobs *w);

/* Returns 0 and the key pair once; the caller owns it. ERR_AGAIN: not ready, or
 * already taken. ERR_CRYPTO: it failed. */
int jobs_take_kem(struct jobs *w, struct kem_rsa **out) MUST_CHECK;

/* Starts scrypt on a copy of the password. A second job replaces the first.
 * ERR_NOMEM. */
int jobs_stretch(struct jobs *w, const struct buf *password,
    const char *account, const struct hs_kdf_job *job) MUST_CHECK;
/* Returns 0 and the bytes once, and wipes our copy. ERR_AGAIN: not ready, or
 * already taken. Any other error is why it failed. */
int jobs_take_stretched(
    struct jobs *w, uint8_t out[PAKE_STRETCHED]) MUST_CHECK;

/* What a server keeps of a password. */
struct jobs_record {
	uint8_t w0[PAKE_SCALAR], l[WIRE_SHARE]; /* secret */
};
/* Starts making it from a copy of the password. ERR_STATE: another one is being
 * made. ERR_NOMEM. */
int jobs_record(struct jobs *w, const struct buf *password, const char *account,
    const struct hs_kdf_job *job) MUST_CHECK;
/* Returns 0 and the record once, and wipes our copy, or why it failed; as
 * jobs_take_stretched. */
int jobs_take_record(struct jobs *w, struct jobs_record *out) MUST_CHECK;

#endif

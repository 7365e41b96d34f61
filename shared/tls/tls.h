/* tls.h - TLS 1.3 over a connected, non-blocking socket, on libssl. No older
 * version, no tickets, no early data, no renegotiation, no compression.
 *
 * What libssl wants to send is kept here until the socket takes it, so that no
 * call has to be repeated with the same bytes: poll for output while tls_unsent,
 * and call tls_flush. Reads at least TLS_RECORD bytes at a time leave nothing in
 * libssl that a poll of the socket would not see. */
#ifndef SHARED_TLS_TLS_H
#define SHARED_TLS_TLS_H

#include <sys/types.h>
#include <sys/uio.h>

#include "shared/tls/config.h"
#include "shared/tls/fault.h"
#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

enum {
	TLS_RECORD = 16384,	/* plain bytes of a full record */
	/* Measured with libssl 3.0: 6.5 KiB, and up to 75 KiB before the handshake
	 * is over. */
	TLS_COST = 8 << 10,
	TLS_COST_HANDSHAKE = 64 << 10,
	TLS_UNSENT_MAX = 128 << 10, /* a peer that lets more pile up is broken */
};

/* Scratch memory, shared by the connections of one thread. */
struct tls_work {
	struct bio_method_st *method; /* libssl's way to the socket */
	uint8_t *plain; /* TLS_RECORD bytes; NULL: not used yet */
	struct buf out; /* what libssl has written in this call */
};
void tls_work_init(struct tls_work *w);
void tls_work_free(struct tls_work *w); /* wipes */

struct tls;
/* One end of a connection on fd, which stays the caller's. host: of a client,
 * the name or address that the certificate must be for. NULL: no memory. */
struct tls *tls_new(const struct tls_config *c, struct tls_work *w, int fd,
    const char *host);
void tls_free(struct tls *t); /* sends nothing; NULL is a no-op */
/* Bytes that were read from fd before: they are the peer's first. ERR_NOMEM. */
int tls_give(struct tls *t, const void *p, size_t n) MUST_CHECK;
/* There is something to read of which the socket knows nothing. */
bool tls_waiting(const struct tls *t);

/* Like recv: n >= TLS_RECORD. The first calls run the handshake, and so do
 * writes of a client. -1 with errno EPROTO: see tls_fault. */
ssize_t tls_read(struct tls *t, void *p, size_t n);
/* Like writev: takes bytes only when nothing is unsent, in records that are as
 * full as the bytes allow. A server whose handshake is not over can say nothing:
 * an alert takes the place of the bytes, and what still arrives is not looked
 * at. */
ssize_t tls_writev(struct tls *t, const struct iovec *iov, int n);
bool tls_unsent(const struct tls *t);
/* Bytes of memory: about what libssl needs for a quiet connection, and what is
 * unsent. */
size_t tls_held(const struct tls *t);
/* Sends what is unsent. -1 with errno, EAGAIN too. */
int tls_flush(struct tls *t) MUST_CHECK;
/* Says that nothing more follows (close_notify), as far as the socket takes
 * it. */
void tls_end(struct tls *t);

bool tls_ready(const struct tls *t); /* the handshake is over */
/* The channel binding "tls-exporter" (RFC 9266). ERR_STATE: not ready. */
int tls_exporter(struct tls *t, uint8_t out[WIRE_CHANNEL]) MUST_CHECK;
enum tls_fault tls_fault(const struct tls *t);
/* A word or two of libssl's about the fault, or "". */
const char *tls_detail(const struct tls *t);

#endif

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
#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

enum {
	TLS_RECORD = 16384,	/* plain bytes of a full record */
	TLS_COST = 8 << 10, /* measured with libssl 3.0: 6.5 KiB */
	TLS_UNSENT_MAX = 128 << 10, /* a peer that lets more pile up is broken */
};

/* Why a connection failed. The word is for programs, the sentence for people. */
#define TLS_FAULTS(X)                                                         \
	X(NONE, "", "")                                                       \
	X(UNTRUSTED, "untrusted",                                             \
	    "its certificate was issued by nobody whom this side trusts")     \
	X(SELF_SIGNED, "self_signed",                                         \
	    "its certificate was issued by itself, and this side does not "   \
	    "know it")                                                        \
	X(EXPIRED, "expired", "its certificate, or an issuer's, has expired") \
	X(EARLY, "not_yet_valid",                                             \
	    "its certificate, or an issuer's, is not valid yet: check the "   \
	    "clocks")                                                         \
	X(HOST, "wrong_host", "its certificate is for another host")          \
	X(PURPOSE, "wrong_purpose",                                           \
	    "its certificate is not for this purpose")                        \
	X(REVOKED, "revoked", "its certificate was revoked by its issuer")    \
	X(CRL, "revocation_list",                                             \
	    "there is no current list of revoked certificates of its issuer") \
	X(WEAK, "weak_certificate",                                           \
	    "its certificate, or an issuer's, has a key or a signature that " \
	    "is too weak")                                                    \
	X(CHAIN, "bad_chain",                                                 \
	    "its certificate was issued by one that may not issue any, or "   \
	    "its chain is too long or broken")                                \
	X(VERSION, "tls_version", "it speaks no TLS 1.3")                     \
	X(PLAIN, "no_tls", "it does not speak TLS")                     \
	X(WANTED, "certificate_wanted",                                       \
	    "it lets nobody in without a certificate")                        \
	X(REFUSED, "certificate_refused", "it refuses the certificate")       \
	X(BUSY, "try_later", "it has no place at the moment")                 \
	X(BROKEN, "tls", "it breaks the TLS protocol")

enum tls_fault {
#define X(name, word, text) TLS_FAULT_##name,
	TLS_FAULTS(X)
#undef X
};
const char *tls_fault_word(enum tls_fault f);
const char *tls_fault_str(enum tls_fault f);

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

/* transport.h - the byte stream under a connection. Non-blocking; the functions
 * return and set errno like their namesakes in POSIX. */
#ifndef CONCLAVED_NET_TRANSPORT_H
#define CONCLAVED_NET_TRANSPORT_H

#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "shared/tls/tls.h"

struct transport;
struct transport_ops {
	/* Bytes read, 0 at the end of the stream, or -1. */
	ssize_t (*read)(struct transport *t, void *p, size_t n);
	/* Bytes taken, maybe fewer than given, or -1. Never raises SIGPIPE. */
	ssize_t (*writev)(struct transport *t, const struct iovec *iov, int n);
	/* Ends our side of the stream; reading goes on. */
	int (*shutdown)(struct transport *t);
	/* Releases everything. The transport is not used again. */
	void (*close)(struct transport *t);
	/* Sends what writev took and the socket did not: 0, or -1 with errno.
	 * NULL: there never is any. */
	int (*flush)(struct transport *t);
};

/* Embedded in the connection. */
struct transport {
	const struct transport_ops *ops;
	int fd; /* for epoll; owned */
	struct tls *tls; /* owned; NULL: bytes as they are */
};

/* A TCP or Unix stream socket. Takes over fd. */
void transport_socket(struct transport *t, int fd);
/* The user at the other end of a Unix socket; UINT32_MAX if unknown. */
unsigned transport_socket_uid(const struct transport *t);

/* --- TLS ------------------------------------------------------------------- */

/* What new TLS connections use, exchanged while others go on. For several
 * threads. */
struct tls_door {
	pthread_mutex_t lock;
	struct tls_config *config; /* owned; NULL: no TLS here */
};
int tls_door_init(struct tls_door *d) MUST_CHECK; /* ERR_NOMEM */
void tls_door_free(struct tls_door *d);
/* Takes over c. */
void tls_door_set(struct tls_door *d, struct tls_config *c);

/* The transport of a socket becomes one of TLS, whose handshake runs as bytes
 * are read; the first of them, `rest`, were read before. Reads must have space
 * for TLS_RECORD bytes. ERR_NOMEM: it is unchanged. */
int transport_tls(struct transport *t, struct tls_door *d, struct tls_work *w,
    const void *rest, size_t n) MUST_CHECK;
/* The channel binding of TLS (RFC 9266). ERR_ABSENT: there is no TLS. */
int transport_channel(
    struct transport *t, uint8_t out[WIRE_CHANNEL]) MUST_CHECK;
/* There is something to read of which epoll knows nothing. */
bool transport_waiting(const struct transport *t);
/* Bytes that writev took and the socket did not; bytes of memory for TLS. */
bool transport_unsent(const struct transport *t);
size_t transport_held(const struct transport *t);
/* Why a read or a write has failed with this errno. */
const char *transport_why(const struct transport *t, int error);

enum { TRANSPORT_PEER = 64 };
/* The peer's address in readable form: "192.0.2.1:5000", "[::1]:5000" or
 * "unix socket". */
void transport_peer(char out[TRANSPORT_PEER], const struct sockaddr *sa);

#endif

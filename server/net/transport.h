/* transport.h - the byte stream under a connection. Non-blocking; the functions
 * return and set errno like their namesakes in POSIX. */
#ifndef CONCLAVED_NET_TRANSPORT_H
#define CONCLAVED_NET_TRANSPORT_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

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
};

/* Embedded in the connection. */
struct transport {
	const struct transport_ops *ops;
	int fd; /* for epoll; owned */
};

/* A TCP or Unix stream socket. Takes over fd. */
void transport_socket(struct transport *t, int fd);
/* The user at the other end of a Unix socket; UINT32_MAX if unknown. */
unsigned transport_socket_uid(const struct transport *t);

enum { TRANSPORT_PEER = 64 };
/* The peer's address in readable form: "192.0.2.1:5000", "[::1]:5000" or
 * "unix socket". */
void transport_peer(char out[TRANSPORT_PEER], const struct sockaddr *sa);

#endif

/* listener.h - opens the sockets of --listen and builds the invite. */
#ifndef CONCLAVED_NET_LISTENER_H
#define CONCLAVED_NET_LISTENER_H

#include "server/logger.h"
#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

enum { LISTENERS_MAX = 64 };
struct listener {
	int fd;			/* bound, listening, non-blocking, cloexec */
	char name[300];		/* "127.0.0.1:2528", "[::1]:2528", "unix:/path" */
	bool tls;
	char *unlink_path;	/* Unix socket: removed by listener_close */
};

/* Opens all sockets that ADDR names: HOST:PORT, HOST, [V6]:PORT, :PORT (all
 * addresses, both families), unix:/PATH or /PATH (see uri_parse_listen). A
 * family that this machine lacks is skipped when another works.
 * Port 0 takes a free port, the same one for all of ADDR's addresses. A Unix
 * socket has mode 0660, and replaces only a socket of ours that nobody answers
 * on. tls: WIRE_TLS_PORT is the default, and there are no Unix sockets. Appends to ls (of *n, at most LISTENERS_MAX); after a failure, which is
 * logged, nothing has been added. ERR_USAGE, ERR_IO, ERR_LIMIT,
 * ERR_NOMEM. */
int listener_open(struct listener *ls, size_t *n, const char *addr, bool tls,
    const struct logger *log) MUST_CHECK;
void listener_close(struct listener *l);
/* The same for one Unix socket at a path of any length, relative or not, which
 * the caller closes and removes. Call it before there are threads. */
int listener_unix(int *fd, const char *path, const struct logger *log) MUST_CHECK;

/* Appends "conclave://HOST:PORT/ROOM#FINGERPRINT" (with TLS "conclaves://...",
 * where tls_host is the certificate's host, or ""): public_name if given (its
 * port, or the listener's), else the address listened on, or for a wildcard
 * this machine's own address (a first non-loopback one if there is any).
 * A Unix socket gives "conclave+unix:///path/to.sock?room=ROOM#FINGERPRINT". */
int listener_invite(struct buf *out, const struct listener *l,
    const char *public_name, const char *tls_host, const char *room,
    const uint8_t fp[WIRE_HASH]) MUST_CHECK;

#endif

/* race.h - several addresses of one server at once, until a server answers at
 * one of them: Happy Eyeballs (RFC 8305), which here goes on until the answer to
 * the handshake's first message. A connection alone proves little: a proxy, a
 * port forwarding or an overloaded machine accepts and stays silent.
 *
 * The first message is sent on every socket that connects. The next attempt
 * begins RACE_STAGGER_MS after the one before, or as soon as one fails. The
 * first answer wins, and all other sockets are closed at once, before anything
 * that a server would count as a guess.
 *
 * No clock and no address family in here: the opener makes the sockets. */
#ifndef CONCLAVE_NET_RACE_H
#define CONCLAVE_NET_RACE_H

#include <poll.h>
#include <sys/socket.h>

#include "shared/tls/tls.h"
#include "shared/wire/bytes.h"

enum {
	RACE_STAGGER_MS = 250,
	RACE_CONNECT_MS = 15000, /* for one attempt to connect, and then ... */
	RACE_ANSWER_MS = 15000,	 /* ... for the answer */
	RACE_ADDRESSES_MAX = 128,
	RACE_FDS_MAX = RACE_ADDRESSES_MAX,
};

struct race_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* Opens a socket, non-blocking: connected, or about to be. Returns it, or a
 * negative errno. */
typedef int race_open_fn(const struct race_address *a);

/* How an attempt ends, the least telling first. */
enum race_end {
	RACE_UNREACHABLE, /* no route, or no such address family */
	RACE_OTHER,	  /* another errno */
	RACE_TIMEOUT,	  /* did not connect in time */
	RACE_REFUSED,	  /* nobody listens there */
	RACE_MISSING,	  /* there is no such Unix socket */
	RACE_CLOSED,	  /* connected, then closed or reset */
	RACE_SILENT,	  /* connected, and no answer came in time */
	RACE_FORBIDDEN,	  /* the system or a sandbox does not allow it */
	RACE_STRANGER,	  /* answered, but is no server of ours */
	RACE_SPEAKS_TLS,  /* answered with TLS, and we have none */
	RACE_TLS,	  /* its TLS is wrong: see fault */
	RACE_ENDS
};
struct race_tally {
	size_t tried;
	size_t ends[RACE_ENDS];
	int error; /* errno of the last RACE_OTHER */
	enum tls_fault fault; /* of the last RACE_TLS, with libssl's words */
	const char *detail;
};

/* The connections are inside TLS. All borrowed. */
struct race_tls {
	const struct tls_config *config;
	struct tls_work *work;
	const char *host;
};

struct race_won {
	int fd;		      /* the caller's */
	struct tls *tls;      /* the caller's; NULL: none */
	const uint8_t *bytes; /* read so far; valid until race_free */
	size_t n;
};

struct race;
/* Copies the addresses (at least one, at most RACE_ADDRESSES_MAX) and the first
 * message. tls: NULL for none. NULL: no memory. */
struct race *race_new(const struct race_address *list, size_t n,
    const uint8_t *hello, size_t hello_len, race_open_fn *open,
    const struct race_tls *tls, uint64_t now_ms);
void race_free(struct race *r); /* closes all; NULL is a no-op */

/* What to poll (at most RACE_FDS_MAX), and when to call race_step anyway. */
int race_fds(const struct race *r, struct pollfd *out);
uint64_t race_deadline(const struct race *r);
/* Goes on. 0: *won is the only socket left. ERR_AGAIN: not yet. ERR_LOST: every
 * address has been tried, see race_tally.
 * If there is only one address, a stranger's bytes win too, so that the session
 * says what is wrong with them. */
int race_step(struct race *r, uint64_t now_ms, struct race_won *won) MUST_CHECK;
const struct race_tally *race_tally(const struct race *r);

#endif

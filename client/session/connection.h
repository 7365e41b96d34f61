/* connection.h - the link of a session across connections: when to dial, its
 * phase, pings and silence, why it ends, and when to retry. It knows nothing
 * about rooms: it passes what it receives for them to the callbacks given at
 * its creation.
 *
 * The phases are in order; only connection.c assigns them. */
#ifndef CONCLAVE_SESSION_CONNECTION_H
#define CONCLAVE_SESSION_CONNECTION_H

#include "client/session/ending.h"
#include "client/session/events.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "shared/proto/control.h"
#include "shared/proto/handshake.h"

enum connection_phase {
	CONNECTION_PAUSE,     /* until it dials again */
	CONNECTION_DIAL,      /* the driver opens a socket */
	CONNECTION_HANDSHAKE, /* entry.h */
	CONNECTION_FIRST,     /* our last handshake message is sent: is the
				 reply a record or an error? */
	CONNECTION_LINKED,    /* records both ways */
	CONNECTION_ENDING,    /* the driver flushes and closes the socket */
	CONNECTION_CLOSED,
};

struct connection_ops {
	/* The room to name in the card, "" for none. */
	const char *(*room)(void *arg);
	/* The handshake is done. new_run: the server has restarted. */
	void (*linked)(void *arg, bool new_run, uint64_t now_ms);
	/* A control frame other than ping, pong or bye; a group frame; a mark;
	 * a frame of a batch of history; a direct frame. */
	int (*control)(void *arg, const struct control *c, uint64_t now_ms);
	int (*group)(void *arg, const uint8_t *body, size_t n);
	int (*mark)(void *arg, const uint8_t *body, size_t n);
	int (*past)(void *arg, const uint8_t *body, size_t n);
	int (*direct)(void *arg, const uint8_t *body, size_t n);
	int (*blob)(void *arg, const uint8_t *body, size_t n); /* a piece */
	/* Called by connection_tick while a link is up: the rooms' timers. */
	int (*tick)(void *arg, uint64_t now_ms);
	void *arg;
};

struct connection;
/* Dials at once. Everything is borrowed; `ops` is copied. */
struct connection *connection_new(struct parties *p, struct events *events,
    struct outgoing *out, bool reconnect, const struct connection_ops *ops);
void connection_free(struct connection *c); /* NULL is a no-op */

enum connection_phase connection_phase(const struct connection *c);
/* The end is decided: it receives and seals nothing more. */
bool connection_over(const struct connection *c);
uint32_t connection_rtt_ms(const struct connection *c); /* UINT32_MAX: none */

/* See session_needs and the functions of the same names in session.h. */
bool connection_needs_kdf(const struct connection *c);
int connection_kdf_job(
    const struct connection *c, struct hs_kdf_job *out) MUST_CHECK;
int connection_hello(struct connection *c, uint64_t now_ms) MUST_CHECK;
int connection_opened(struct connection *c, uint64_t now_ms,
    const uint8_t *channel) MUST_CHECK;
int connection_stretched(struct connection *c,
    const uint8_t stretched[PAKE_STRETCHED], uint64_t now_ms) MUST_CHECK;
int connection_input(struct connection *c, uint64_t now_ms, const uint8_t *in,
    size_t n) MUST_CHECK;
uint64_t connection_deadline(const struct connection *c);
int connection_tick(struct connection *c, uint64_t now_ms) MUST_CHECK;

/* The user is in a room: restarts the count of attempts, and measures a round
 * trip soon. */
void connection_joined(struct connection *c, uint64_t now_ms);

/* Decides to end the connection, and why; only the first call counts. Sends
 * `bye` to the server if the link is up and bye is not CODE_NONE. */
void connection_end(
    struct connection *c, const struct ending *why, enum wire_code bye);
void connection_fail(struct connection *c, int err);
/* The socket is closed; `why` is a sentence or NULL. Decides the ending if that
 * has not happened, and reads the rest of the input. False: there was no
 * socket. */
bool connection_lost(struct connection *c, const char *why);
/* Why it ends, once that is decided. Valid until connection_finish. */
const struct ending *connection_why(const struct connection *c);
/* After connection_lost, or in a pause: drops the link, then either pauses
 * before another attempt or becomes CLOSED. */
enum connection_next {
	CONNECTION_AGAIN,     /* try again if it may help */
	CONNECTION_ELSEWHERE, /* the room was refused: try another one */
	CONNECTION_STOP,      /* there is no room to come back to */
	CONNECTION_DONE,      /* the user has quit */
};
void connection_finish(
    struct connection *c, enum connection_next next, uint64_t now_ms);

#endif

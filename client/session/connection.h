/* connection.h - the link of a session through all its connections: when to
 * dial, how far it is, pings and silence, why it ends, and when the next one
 * is tried. It knows nothing of rooms: what it receives for them goes to the
 * functions given at its creation.
 *
 * Phases in order; only connection.c assigns them. */
#ifndef CONCLAVE_SESSION_CONNECTION_H
#define CONCLAVE_SESSION_CONNECTION_H

#include "client/session/ending.h"
#include "client/session/events.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "shared/proto/control.h"

enum connection_phase {
	CONNECTION_PAUSE,     /* until it dials again */
	CONNECTION_DIAL,      /* the driver opens a socket */
	CONNECTION_HANDSHAKE, /* entry.h */
	CONNECTION_FIRST,     /* our last handshake message is out: is a record
				 the answer, or an error? */
	CONNECTION_LINKED,    /* records both ways */
	CONNECTION_ENDING,    /* the driver flushes and closes the socket */
	CONNECTION_CLOSED,
};

struct connection_ops {
	/* The room to name in the card, "" for none. */
	const char *(*room)(void *arg);
	/* The handshake is over. new_run: of another run of the server. */
	void (*linked)(void *arg, bool new_run, uint64_t now_ms);
	/* A control frame that is not ping, pong or bye; a group frame. */
	int (*control)(void *arg, const struct control *c, uint64_t now_ms);
	int (*group)(void *arg, const uint8_t *body, size_t n);
	/* connection_tick, with a link: the timers of the rooms. */
	int (*tick)(void *arg, uint64_t now_ms);
	void *arg;
};

struct connection;
/* Dials at once. Everything is borrowed; `ops` is copied. */
struct connection *connection_new(struct parties *p, struct events *events,
    struct outgoing *out, bool reconnect, const struct connection_ops *ops);
void connection_free(struct connection *c); /* NULL is a no-op */

enum connection_phase connection_phase(const struct connection *c);
/* The end is decided: nothing more is received or sealed. */
bool connection_over(const struct connection *c);
uint32_t connection_rtt_ms(const struct connection *c); /* UINT32_MAX: none */

/* What session.h says of session_needs and of the calls of the same name. */
bool connection_needs_kdf(const struct connection *c);
int connection_kdf_job(
    const struct connection *c, struct hs_kdf_job *out) MUST_CHECK;
int connection_opened(struct connection *c, uint64_t now_ms) MUST_CHECK;
int connection_stretched(struct connection *c,
    const uint8_t stretched[PAKE_STRETCHED], uint64_t now_ms) MUST_CHECK;
int connection_input(struct connection *c, uint64_t now_ms, const uint8_t *in,
    size_t n) MUST_CHECK;
uint64_t connection_deadline(const struct connection *c);
int connection_tick(struct connection *c, uint64_t now_ms) MUST_CHECK;

/* The user is in a room: attempts are counted anew, and a round trip is
 * measured soon. */
void connection_joined(struct connection *c, uint64_t now_ms);
/* For holdback.h: the next pause, and what coming in took until now. */
uint64_t connection_pause_ms(const struct connection *c);
uint64_t connection_entry_ms(const struct connection *c, uint64_t now_ms);

/* Decides that and why the connection ends: the first decision stands. The
 * server is told `bye` if the link is up and bye is not CODE_NONE. */
void connection_end(
    struct connection *c, const struct ending *why, enum wire_code bye);
void connection_fail(struct connection *c, int err);
/* The socket is gone; `why` is a sentence or NULL. Decides the ending if
 * nobody has, and reads the server's last words. False: there was none. */
bool connection_lost(struct connection *c, const char *why);
/* Up to when all that the server acknowledged has been passed on, for sure:
 * the last time it was heard, or UINT64_MAX after a regular shutdown. */
uint64_t connection_delivered_ms(const struct connection *c);
/* After connection_lost, or in a pause: drops the link, then either pauses
 * before another attempt or is CLOSED. done: the user has left. */
void connection_finish(struct connection *c, bool done, uint64_t now_ms);

#endif

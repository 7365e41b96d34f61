/* login.h - a new connection until its password is proved: the handshake and
 * the throttle's answers. */
#ifndef CONCLAVED_AUTH_LOGIN_H
#define CONCLAVED_AUTH_LOGIN_H

#include <stdatomic.h>

#include "server/auth/gate.h"
#include "server/auth/detect.h"
#include "server/auth/throttle.h"
#include "server/auth/ticket.h"
#include "server/logger.h"
#include "server/net/conn.h"
#include "server/net/ratelimit.h"

/* The throttle's view of a login attempt. Only login_set assigns it.
 *
 *   READING -> GUESSED            the throttle allows the guess
 *   READING -> WAITING -> GUESSED the same after a delay
 *   any but OVER -> CLEARED       no failure: the password is proved, or
 *                                 the share was bad and no confirm was sent
 *   any -> OVER                   an attempt in GUESSED counts as a failure */
enum login_state {
	LOGIN_OVER, /* out of the throttle; also before it begins */
	LOGIN_READING,
	LOGIN_WAITING, /* its share has no answer yet */
	LOGIN_GUESSED, /* our confirm was sent: an open guess */
	LOGIN_CLEARED, /* out of the throttle, but not done */
};

struct loginer;
struct login {
	struct loginer *all; /* borrowed, like the next two */
	struct conn *conn;
	const char *peer; /* its address, for the log */
	uint64_t began_ms;
	enum login_state state;
	struct handshake *handshake; /* owned; NULL once the login is done */
	/* loginer_opts.throttle, or .door once it has shown a ticket. */
	struct throttle *throttle; /* borrowed */
	struct gate_view gate; /* holds the handshake's record */
	struct throttle_attempt attempt;
	struct throttle_key address;
	bool has_ticket; /* to give back if no confirm is sent */
	/* Owned until the login is over, so that a connection does not keep it;
	 * NULL: none was shown. */
	struct login_ticket *ticket;
	uint8_t first[DETECT_BYTES]; /* the first bytes received */
	size_t n_first;
};

/* Shared by the logins of one worker. All pointers are borrowed. */
struct loginer_opts {
	struct throttle *throttle;
	/* The door for people with a ticket, and the tickets. NULL: none. */
	struct throttle *door;
	struct tickets *tickets;
	const struct logger *log;
	struct gate *gate;
	struct accounts *accounts;
	enum hs_pq pq;
	const struct identity *identity;
	struct rng rng;
	uint8_t session[WIRE_NONCE];
	struct crypto *crypto; /* the thread's own */
	struct conn_loop *loop;
	unsigned index; /* of the worker */
	/* The password is proved, and both sides have the link's keys. The
	 * result is valid during the call. */
	void (*done)(struct login *l, const struct hs_result *res);
};
struct loginer {
	struct loginer_opts o;
	/* throttle_ready may have something for this worker. From any
	 * thread. */
	atomic_bool moved;
	size_t n_waiting;
	struct timer look;	/* throttle pauses end by time alone */
	struct ratelimit lines; /* limits log lines caused by strangers */
	uint64_t n_unlogged;	/* lines dropped since the last one written */
};
void loginer_init(struct loginer *g, const struct loginer_opts *o);
/* Refuses evicted attempts and answers waiting ones, within the step's
 * LIMIT_LOGIN_STEPS. Called in each step. */
void loginer_run(struct loginer *g);

/* Starts the login of a connection, and its timer; g, c and peer are borrowed. ERR_NOMEM or
 * ERR_CRYPTO. */
int login_start(struct login *l, struct loginer *g, struct conn *c,
    const char *peer, const struct sockaddr *sa) MUST_CHECK;
/* A proxy has named the address that the client comes from. */
int login_named(struct login *l, const struct sockaddr *sa) MUST_CHECK;
/* Consumes handshake bytes and returns their number. Stops where the
 * throttle must answer, and after the handshake (loginer_opts.done). */
size_t login_input(struct login *l, const uint8_t *in, size_t n);
/* Writes the handshake's output, like outq_flush. */
int login_output(struct login *l, const struct outq_io *io) MUST_CHECK;
/* Ends the connection with an error message, if the handshake is not done. */
void login_refuse(struct login *l, enum wire_code code, const char *text);
/* The connection's timer has run out before the login was done. */
void login_expired(struct login *l);
/* Ends the attempt, whatever its result. */
void login_leave(struct login *l);
void login_free(struct login *l); /* frees what it owns */
/* Logs an event that anybody can cause by connecting, at most
 * LIMIT_LOG_LINES times a second: a stranger must not fill the disk. The
 * next line written says how many were left out. */
void login_log(struct loginer *g, enum logger_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

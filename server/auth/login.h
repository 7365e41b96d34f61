/* login.h - from a new connection to a member: the handshake, the throttle's
 * answers, and the decision to let the client in. */
#ifndef CONCLAVED_AUTH_LOGIN_H
#define CONCLAVED_AUTH_LOGIN_H

#include <stdatomic.h>

#include "server/auth/accounts.h"
#include "server/auth/detect.h"
#include "server/auth/throttle.h"
#include "server/logger.h"
#include "server/net/outq.h"
#include "server/net/ratelimit.h"
#include "server/net/timer.h"

struct client;
struct clients;

/* What the throttle counts of an attempt to log in. Only login_set assigns it.
 *
 *	READING -> GUESSED            the throttle lets the guess through
 *	READING -> WAITING -> GUESSED the same after a while
 *	any but OVER -> CLEARED       no failure: the password is proved, or the
 *	                              share was bad and no confirm left
 *	any -> OVER                   an attempt in GUESSED counts as a failure */
enum login_state {
	LOGIN_OVER, /* out of the throttle; also before it begins */
	LOGIN_READING,
	LOGIN_WAITING, /* its share is not answered yet */
	LOGIN_GUESSED, /* our confirm has left: an open guess */
	LOGIN_CLEARED, /* out of the throttle, but not done */
};

struct login {
	enum login_state state;
	struct handshake *handshake; /* owned; NULL once the login is done */
	struct throttle_attempt attempt;
	uint8_t first[DETECT_BYTES]; /* the first bytes that came */
	size_t n_first;
};

/* What the logins of one worker share. All pointers are borrowed. */
struct loginer_opts {
	struct throttle *throttle;
	const struct logger *log;
	const struct accounts *accounts;
	const struct identity *identity;
	struct rng rng;
	uint8_t session[WIRE_NONCE];
	struct crypto *crypto; /* the thread's own */
	struct conn_loop *loop;
	unsigned index; /* of the worker */
};
struct loginer {
	struct loginer_opts o;
	struct accounts_view accounts;
	/* throttle_ready may have something for this worker. From any thread. */
	atomic_bool moved;
	size_t n_waiting;
	struct timer look;	/* pauses of the throttle end with time alone */
	struct ratelimit lines; /* of the log, caused by strangers */
	uint64_t n_unlogged;	/* since the last line that was written */
};
void loginer_init(struct loginer *g, const struct loginer_opts *o);
/* Refuses evicted attempts, and answers those that have waited, within the
 * step's LIMIT_LOGIN_STEPS. In each step. */
void loginer_run(struct clients *k);

/* Begins. ERR_NOMEM or ERR_CRYPTO. */
int login_start(struct client *cl, const struct sockaddr *sa) MUST_CHECK;
/* Takes bytes of the handshake and returns how many. Stops where the throttle
 * has to answer, and after the handshake, when the connection is OPEN. */
size_t login_input(struct client *cl, const uint8_t *in, size_t n);
/* Writes what the handshake has to say: as outq_flush. */
int login_output(struct login *l, const struct outq_io *io) MUST_CHECK;
/* The attempt is over, whatever became of it. */
void login_leave(struct client *cl);
/* Logs something that anybody can cause by connecting, at most LIMIT_LOG_LINES
 * times a second: a stranger must not fill the disk. The next line that is
 * written says how many were left out. */
void login_log(struct loginer *g, enum logger_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif

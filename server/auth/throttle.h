/* gate.h - who may come in: section 2's rules for guesses, and the limits on
 * connections that have not proved the password. No socket and no clock: the
 * time is an argument.
 *
 * A guess is a `confirm` that left. Per address (an IPv4 address, an IPv6 /64,
 * or a user of the Unix socket) fewer than 5 are open at once; others wait.
 * After 5 failures within 10 minutes a share is told try_later until a pause
 * (1 s, doubling with each further failure up to 60 s) has passed since the
 * last failure, and then one at a time. try_later does not count; a success
 * clears nothing. When `exchanges_max` is reached the oldest exchange of the
 * address with the most makes room. */
#ifndef CONCLAVED_AUTH_THROTTLE_H
#define CONCLAVED_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shared/wire/err.h"

/* So many addresses are remembered (some 14 MiB, in an attack only). Who has
 * more can have his failures forgotten, but then has five free guesses at each
 * of them anyway. */
enum { THROTTLE_ADDRESSES = 1 << 16, THROTTLE_WORKERS = 64 };

struct throttle;
struct throttle_limits {
	uint32_t exchanges_max;	/* connections not yet members, in all */
	/* Remembered, with and without exchanges. When it is reached, the one
	 * that has had none for the longest is forgotten. At least one more
	 * than exchanges_max: throttle_new sees to it. */
	uint32_t addresses_max;
	/* There is something for throttle_ready of a home other than the caller's.
	 * From any thread, with the gate locked: it must not call back. */
	void (*wake)(void *arg, unsigned home);
	void *arg;
};
/* All operations are O(1) and for any thread; a attempt is its home's. A time
 * before one that another thread has named counts as that one. NULL: no memory
 * or no randomness. */
struct throttle *throttle_new(const struct throttle_limits *l);
void throttle_free(struct throttle *g);

/* A connection that has not proved the password yet: embedded in it. */
struct throttle_attempt {
	void *owner;			/* the connection */
	unsigned home;			/* whose thread it is: 0..THROTTLE_WORKERS - 1 */
	/* the gate's own: */
	struct throttle_address *address;
	struct throttle_attempt *next, *prev;	/* of the address, oldest first */
	struct throttle_attempt *wait_next, *wait_prev; /* who waits, first first */
	struct throttle_attempt *mail_next, *mail_prev; /* of its home */
	bool mailed;
	int answer; /* while it is mailed */
	enum { ATTEMPT_OUT, ATTEMPT_IN, ATTEMPT_WAITING, ATTEMPT_OPEN } state;
	uint64_t since_ms;
};

/* A new connection from sa (uid: the peer's user, for AF_UNIX). 0 and the
 * attempt is in. An exchange that had to make room is out already (if it was
 * open, that was a failure); its home has it from throttle_ready. ERR_NOMEM, and
 * the attempt is out. */
int throttle_enter(struct throttle *g, struct throttle_attempt *t,
    const struct sockaddr *sa, unsigned uid, uint64_t now_ms) MUST_CHECK;

enum throttle_answer {
	THROTTLE_GO,	/* the confirm may leave; it is counted as open */
	THROTTLE_WAIT,	/* throttle_ready will give the attempt later */
	THROTTLE_LATER,	/* answer try_later */
	THROTTLE_EVICTED,	/* it made room for another: try_later as well */
};
/* A share has come. */
enum throttle_answer throttle_share(struct throttle *g, struct throttle_attempt *t,
    uint64_t now_ms);
/* A attempt of this home that waited, and what its answer is now (THROTTLE_GO or
 * THROTTLE_LATER), or one that was evicted; NULL when there is none. Call until
 * NULL after throttle_enter, throttle_leave and throttle_clear, and when woken; time alone
 * makes nobody ready. Addresses take rekeys. */
struct throttle_attempt *throttle_ready(struct throttle *g, unsigned home, uint64_t now_ms,
    enum throttle_answer *answer);
/* The password was proved: not a failure. The attempt is out; who is let in is
 * no longer the gate's matter. */
void throttle_clear(struct throttle *g, struct throttle_attempt *t);
/* The exchange is over; one that was open counts as failed. Idempotent, also
 * on a zeroed attempt that never entered. */
void throttle_leave(struct throttle *g, struct throttle_attempt *t, uint64_t now_ms);

/* For the log and tests. Failures: of the attempt's address (0 when the attempt
 * is out) within 10 minutes, counted up to 11. */
size_t throttle_exchanges(struct throttle *g);
size_t throttle_addresses(struct throttle *g);
unsigned throttle_failures(struct throttle *g, const struct throttle_attempt *t,
    uint64_t now_ms);

#endif

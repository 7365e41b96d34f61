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
#ifndef CONCLAVED_GATE_H
#define CONCLAVED_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shared/err.h"

/* So many addresses are remembered (some 14 MiB, in an attack only). Who has
 * more can have his failures forgotten, but then has five free guesses at each
 * of them anyway. */
enum { GATE_ADDRESSES = 1 << 16, GATE_HOMES = 64 };

struct gate;
struct gate_limits {
	uint32_t exchanges_max;	/* connections not yet members, in all */
	/* Remembered, with and without exchanges. When it is reached, the one
	 * that has had none for the longest is forgotten. At least one more
	 * than exchanges_max: gate_new sees to it. */
	uint32_t addresses_max;
	/* There is something for gate_ready of a home other than the caller's.
	 * From any thread, with the gate locked: it must not call back. */
	void (*wake)(void *arg, unsigned home);
	void *arg;
};
/* All operations are O(1) and for any thread; a ticket is its home's. A time
 * before one that another thread has named counts as that one. NULL: no memory
 * or no randomness. */
struct gate *gate_new(const struct gate_limits *l);
void gate_free(struct gate *g);

/* A connection that has not proved the password yet: embedded in it. */
struct gate_ticket {
	void *owner;			/* the connection */
	unsigned home;			/* whose thread it is: 0..GATE_HOMES - 1 */
	/* the gate's own: */
	struct gate_address *address;
	struct gate_ticket *next, *prev;	/* of the address, oldest first */
	struct gate_ticket *wait_next, *wait_prev; /* who waits, first first */
	struct gate_ticket *mail_next, *mail_prev; /* of its home */
	bool mailed;
	int answer; /* while it is mailed */
	enum { TICKET_OUT, TICKET_IN, TICKET_WAITING, TICKET_OPEN } state;
	uint64_t since_ms;
};

/* A new connection from sa (uid: the peer's user, for AF_UNIX). 0 and the
 * ticket is in. An exchange that had to make room is out already (if it was
 * open, that was a failure); its home has it from gate_ready. ERR_NOMEM, and
 * the ticket is out. */
int gate_enter(struct gate *g, struct gate_ticket *t,
    const struct sockaddr *sa, unsigned uid, uint64_t now_ms) MUST_CHECK;

enum gate_answer {
	GATE_GO,	/* the confirm may leave; it is counted as open */
	GATE_WAIT,	/* gate_ready will give the ticket later */
	GATE_LATER,	/* answer try_later */
	GATE_EVICTED,	/* it made room for another: try_later as well */
};
/* A share has come. */
enum gate_answer gate_share(struct gate *g, struct gate_ticket *t,
    uint64_t now_ms);
/* A ticket of this home that waited, and what its answer is now (GATE_GO or
 * GATE_LATER), or one that was evicted; NULL when there is none. Call until
 * NULL after gate_enter, gate_leave and gate_proved, and when woken; time alone
 * makes nobody ready. Addresses take turns. */
struct gate_ticket *gate_ready(struct gate *g, unsigned home, uint64_t now_ms,
    enum gate_answer *answer);
/* The password was proved: not a failure. The ticket is out; who is let in is
 * no longer the gate's matter. */
void gate_proved(struct gate *g, struct gate_ticket *t);
/* The exchange is over; one that was open counts as failed. Idempotent, also
 * on a zeroed ticket that never entered. */
void gate_leave(struct gate *g, struct gate_ticket *t, uint64_t now_ms);

/* For the log and tests. Failures: of the ticket's address (0 when the ticket
 * is out) within 10 minutes, counted up to 11. */
size_t gate_exchanges(struct gate *g);
size_t gate_addresses(struct gate *g);
unsigned gate_failures(struct gate *g, const struct gate_ticket *t,
    uint64_t now_ms);

#endif

/* throttle.h - decides who may log in, and when: PROTOCOL.md section 2's
 * rules for guesses, and the places of connections that have not proved the
 * password. No socket and no clock: the time is an argument.
 *
 * A guess is a `confirm` that has been sent; an attempt is early until then.
 * An address is an IPv4 address, an IPv6 /64, a user of the Unix socket, or,
 * behind the door for tickets, an identity. Fewer than 5 guesses of an address
 * are open at once; others wait. After 5 failures within 10 minutes a share is
 * answered try_later until a pause has passed since the last failure (1 s,
 * doubling with each further failure up to pause_max_ms), and then one guess at
 * a time. try_later does not count as a failure, and a success clears none.
 * Networks of addresses, names of accounts, and all together, have budgets
 * (budget.h): a share is answered try_later when its network's or its name's is
 * used up, and waits in turn while that of all is.
 *
 * When there are exchanges_max attempts, a new one evicts an early attempt of
 * a random address among those that have most of them: its oldest or its
 * newest, which may be the new one itself. Once its confirm is out an attempt
 * is never evicted, so an eviction is never a failure. */
#ifndef CONCLAVED_AUTH_THROTTLE_H
#define CONCLAVED_AUTH_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "server/auth/budget.h"
#include "shared/base/err.h"

/* Addresses that are remembered: some 14 MiB, under attack only. An attacker
 * with more addresses can have failures forgotten, but then has five free
 * guesses at each address anyway. */
enum { THROTTLE_ADDRESSES = 1 << 16, THROTTLE_WORKERS = 64 };

struct throttle;
struct throttle_limits {
	uint32_t exchanges_max; /* attempts at once, over all addresses */
	/* Addresses remembered, with and without attempts. At the limit the one
	 * that has been without attempts for longest is forgotten. throttle_new
	 * raises it to exchanges_max + 1 if it is lower. */
	uint32_t addresses_max;
	uint32_t pause_max_ms;	      /* after wrong guesses; 0: no pauses */
	struct budget_limits guesses; /* zeros: no budgets */
	/* Called if throttle_ready has an attempt for a home other than the
	 * caller's. From any thread, with the throttle locked: it must not
	 * call back. */
	void (*wake)(void *arg, unsigned home);
	void *arg;
};
/* Any thread may call any function, each of which is O(1). An attempt belongs
 * to its home's thread. A time earlier than one that another thread has given
 * counts as that one. NULL: no memory or no randomness. */
struct throttle *throttle_new(const struct throttle_limits *l);
void throttle_free(struct throttle *g);
/* Other limits for guesses, from now on. */
void throttle_guesses(struct throttle *g, uint32_t pause_max_ms,
    const struct budget_limits *guesses);
/* For an administrator. */
struct throttle_counts {
	size_t attempts;  /* places in use */
	size_t addresses; /* remembered */
	size_t nets;	  /* the same, networks with wrong guesses */
	bool is_short;	  /* some wait for the budget of all networks */
};
void throttle_count(struct throttle *g, struct throttle_counts *out);

/* A connection that has not proved the password yet. Embedded in its owner. */
struct throttle_attempt {
	void *owner;
	unsigned home; /* the owner's thread: below THROTTLE_WORKERS */
	/* At which name it guesses, set before its share; zeros: none. */
	struct throttle_key name;
	/* throttle.c's own: */
	struct throttle_address *address;
	TAILQ_ENTRY(throttle_attempt) early, waiting, posted;
	bool is_posted;
	int answer; /* while it is posted */
	enum { ATTEMPT_OUT, ATTEMPT_IN, ATTEMPT_WAITING, ATTEMPT_OPEN } state;
};

/* A new connection. Returns 0 if the attempt is in. If that evicted an attempt,
 * this one or another, then it is out, and throttle_ready gives it to its
 * home. ERR_NOMEM: the attempt is out. */
int throttle_enter(struct throttle *g, struct throttle_attempt *t,
    const struct throttle_key *k, uint64_t now_ms) MUST_CHECK;

enum throttle_answer {
	THROTTLE_GO,	  /* the confirm may be sent: an open guess */
	THROTTLE_WAIT,	  /* throttle_ready will give the attempt later */
	THROTTLE_LATER,	  /* answer try_later: failures of its address */
	THROTTLE_NET,	  /* the same: of its network */
	THROTTLE_NAME,	  /* the same: at its name, from anywhere */
	THROTTLE_EVICTED, /* the same: its place was needed */
};
/* The client's share has arrived. */
enum throttle_answer throttle_share(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms);
/* An attempt of this home that has waited and may go on (THROTTLE_GO) or not,
 * or that was evicted. NULL: there is none. Call it until NULL after
 * throttle_enter, throttle_leave and throttle_clear, when woken, and while
 * attempts wait now and then, because budgets fill with time. Addresses take
 * turns. */
struct throttle_attempt *throttle_ready(struct throttle *g, unsigned home,
    uint64_t now_ms, enum throttle_answer *answer);
/* Ends an attempt without a failure: the password was proved, or no confirm
 * was sent. */
void throttle_clear(struct throttle *g, struct throttle_attempt *t);
/* Ends an attempt; an open guess counts as a failure. A no-op on an attempt
 * that has ended, or a zeroed one. */
void throttle_leave(
    struct throttle *g, struct throttle_attempt *t, uint64_t now_ms);

#endif

/* budget.h - how many wrong guesses a network may make, how many may be made at
 * one account's name, and how many all networks together may make. A network is charged for a guess that was wrong: honest people may come
 * from it in any number, and guesses that were open together can leave it in
 * debt, which has to leak away before the next. So is a name, whether there is such an
 * account or not. All together pay for a guess
 * when its confirm is sent, and get it back when it was right. Networks are
 * IPv6 /56 and /48 and IPv4 /24; one address or /64 has limits of its own
 * (throttle.h). No clock and no lock: the throttle has both. */
#ifndef CONCLAVED_AUTH_BUDGET_H
#define CONCLAVED_AUTH_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include "server/auth/throttle_key.h"
#include "shared/base/err.h"

enum {
	/* Networks and names that are remembered, 1.3 MB at most. The one that paid
	 * longest ago is forgotten first. Somebody who has more networks than
	 * that is limited by the budget of all. */
	BUDGET_NETS = 1 << 14,
	/* Minutes' worth of guesses that may come at once. */
	BUDGET_BURST_NET = 5,
	BUDGET_BURST_ALL = 1,
};

/* Wrong guesses a minute; 0: no limit. */
struct budget_limits {
	uint32_t site; /* of an IPv6 /56 */
	uint32_t net;  /* of an IPv6 /48 or IPv4 /24 */
	uint32_t all;
	uint32_t name; /* at one account's name */
};
/* Who guesses, and at which name (throttle_key_of_word). */
struct budget_guess {
	struct throttle_key from, name;
};
struct budget;
/* NULL: no memory. */
struct budget *budget_new(
    const struct budget_limits *l, const uint64_t seed[2]);
void budget_free(struct budget *b); /* NULL is a no-op */
void budget_limit(struct budget *b, const struct budget_limits *l);

enum budget_answer {
	BUDGET_PAID,
	BUDGET_NAME, /* too many at this name */
	BUDGET_NET, /* one of the address's networks has used up its guesses */
	BUDGET_ALL, /* all networks together have */
};
/* Pays from the budget of all. */
enum budget_answer budget_pay(
    struct budget *b, const struct budget_guess *g, uint64_t now_ms);
/* How a guess that was paid for has ended. */
void budget_right(struct budget *b);
void budget_wrong(
    struct budget *b, const struct budget_guess *g, uint64_t now_ms);
/* How many networks and names it remembers. */
size_t budget_nets(const struct budget *b);

#endif

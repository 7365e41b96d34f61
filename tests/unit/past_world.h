/* past_world.h - a batch of a room's history for the tests of client/session/past:
 * two runs of a server, two members and notices, as an honest server sends them. */
#ifndef CONCLAVE_PAST_WORLD_H
#define CONCLAVE_PAST_WORLD_H

#include "client/session/past.h"
#include "tests/unit/check.h"
#include "tests/unit/group_world.h"

enum { RUNS = 2, FIRST = 41, N = 8, BODY = 4096, BEN = 5, ANNA = 2 };

struct entry {
	uint8_t bytes[BODY];
	size_t n;
};
struct seen {
	uint64_t offset, seq, missing;
	char who[WIRE_NAME_MAX + 1], text[64], reason[32];
	bool self;
};
struct batch_world {
	struct group_world *g;
	struct parties parties;
	struct user user[2];
	uint8_t secret[RUNS][WIRE_KEY], session[RUNS][WIRE_NONCE];
	struct group_epoch epoch[RUNS];
	struct log_head head;  /* before the first */
	struct log_head at[N]; /* after each */
	struct entry e[N];
	struct past *past;
	/* what the client knows: */
	struct log_head known;
	/* what it was told: */
	struct seen seen[2 * N];
	size_t n_seen;
	int answer;	      /* of the callback */
	struct crypto *other; /* past_world_together */
	struct {
		void (*fn)(struct crypto *c, void *item);
		char *items; /* borrowed; NULL: nothing has begun */
		size_t size, n;
	} later;
	size_t opened[4];     /* how many at once, each time */
	size_t n_opened;
};

/* For cmocka: *state is the struct batch_world. Its entries: 0 notice, 1 anna 1,
 * 2 ben 1, 3 anna 2 | second run: 4 notice, 5 ben 1, 6 mark, 7 ben 3 */
int past_world_new(void **state);
/* The same, where the client opens entries together: from the last to the first,
 * with a crypto of their own. */
int past_world_together(void **state);
int past_world_free(void **state);

/* Seals an entry of a run with its offset; who: index into user, or SERVER.
 * past_world_say: a message. */
void past_world_seal(struct batch_world *w, size_t at, size_t run, size_t who,
    uint64_t seq, const char *json);
void past_world_say(struct batch_world *w, size_t at, size_t run, size_t who,
    uint64_t seq, const char *text);
extern const char past_world_notice[]; /* the JSON of a notice */
/* Makes the chain over the entries as they are now. */
void past_world_number(struct batch_world *w);

/* The head of an honest batch. */
void past_world_head(struct batch_world *w, struct log_batch *h);
/* Asks for all of the entries. */
void past_world_ask(struct batch_world *w);
/* Gives the client a head, which it frees; or the head and all entries. Returns
 * the first error. past_world_read: asks, and gives an honest head. */
int past_world_give_head(struct batch_world *w, struct log_batch *h);
int past_world_give(struct batch_world *w, struct log_batch *h);
int past_world_read(struct batch_world *w);

#endif

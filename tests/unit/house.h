/* house.h - two rooms on two threads, without sockets, for tests; over
 * room_world.h, whose room is the lobby. */
#ifndef CONCLAVE_TEST_HOUSE_H
#define CONCLAVE_TEST_HOUSE_H

#include "tests/unit/room_world.h"

enum { LOBBY, DEN, ROOMS, DEN_ID = 2 };

/* A peer of room_world.h that may be in each room. */
struct house_client {
	struct peer *p;
	struct member *in[ROOMS]; /* of p->rooms */
	uint32_t id[ROOMS], epoch[ROOMS];
	uint64_t seq[ROOMS];
	uint8_t secret[ROOMS][WIRE_KEY];
	uint64_t offset[ROOMS]; /* of its log */
};

struct house {
	struct world *w;
	struct room *room[ROOMS];
	struct house_client alice, bob, carol;
};

/* For cmocka: *state is the struct house. Alice is in both rooms, on thread 0.
 * Bob is in the lobby and carol in the den, both on thread 1. All are in epoch 1
 * and have read everything. */
int house_up(void **state);
int house_down(void **state);

/* Delivers on both threads. Returns what the client received, with room numbers;
 * valid until the next call. */
const char *house_reads(struct house_client *c);
#define GETS(c, words) assert_string_equal(house_reads(c), words)

/* Enters a room on a thread. Returns the reason of a refusal, or CODE_NONE. */
enum wire_code house_enters(
    struct house *h, struct house_client *c, size_t room, size_t thread);
/* The body of a message with n bytes of content; the caller frees it. */
uint8_t *house_written(const struct house_client *c, size_t room, uint64_t seq,
    size_t n, size_t *len);
/* The room takes the client's next message. Returns as room_group. */
int house_sends(struct house_client *c, size_t room, size_t n);
/* One second later both threads run their timers and do all their work. */
void house_second(struct house *h);

#endif

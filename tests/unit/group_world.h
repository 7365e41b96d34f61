/* group_world.h - two members and the server in one epoch, for the tests of
 * what opens and of what does not. */
#ifndef CONCLAVE_GROUP_WORLD_H
#define CONCLAVE_GROUP_WORLD_H

#include "shared/proto/group.h"

#define TEXT "{\"type\":\"message\",\"text\":\"hello\"}"
enum { TEXT_LEN = sizeof(TEXT) - 1, ROOM = 7, EPOCH = 9, SEQ = 3 };
enum { MIN = 28 + 64 + 16, MAX = 28 + 64 + 65536 + 16 };

struct group_world {
	struct crypto *c;
	struct identity *id[3]; /* alice, bob, the server */
	uint8_t server[WIRE_HASH], session[WIRE_NONCE], log[WIRE_LOG];
	uint8_t roster[WIRE_HASH], secret[WIRE_KEY], card[3][WIRE_HASH];
	struct group_place place;
	struct group_sender from[3];
	struct group_epoch e;
	struct buf body, out;
};
enum { ALICE, BOB, SERVER };

/* cmocka's setup and teardown of a struct group_world in *state. */
int group_world_new(void **state);
int group_world_free(void **state);

/* Seals into w->body, which it clears. */
int group_world_seal(
    struct group_world *w, size_t who, uint64_t seq, const void *p, size_t n);

/* Opens n bytes from memory of exactly that size into w->out, and checks that
 * what was in it stays ("kept") and that nothing else is there after a
 * failure. group_world_open_as: w->body; group_world_open: as alice's. */
int group_world_open_n(struct group_world *w, const struct group_epoch *e,
    const struct group_place *place,
    const struct group_sender *from,
    const uint8_t *body, size_t n);
int group_world_open_as(struct group_world *w, const struct group_epoch *e,
    const struct group_place *place,
    const struct group_sender *from);
int group_world_open(struct group_world *w);

#endif

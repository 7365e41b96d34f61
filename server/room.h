/* room.h - one room: who is in it, its epochs, and the relaying of frames.
 * PROTOCOL.md sections 4 and 5. No socket and no clock: members are reached
 * through their queues, the time is an argument.
 *
 * A newcomer waits (room_enter) until the next turn (turn.h) makes an epoch
 * that it is part of. Who leaves is sent nothing from that moment, but stays
 * in lists and totals until the next turn's notice. */
#ifndef CONCLAVED_ROOM_H
#define CONCLAVED_ROOM_H

#include "server/outq.h"
#include "shared/handshake.h"

struct room;
struct room_opts {
	struct crypto *crypto; /* borrowed, like all pointers here */
	struct rng rng;
	const struct identity *identity; /* the server's */
	uint8_t session[WIRE_NONCE];
	uint32_t id;
	const char *name;
	uint32_t rekey_ms;
};
struct room *room_new(const struct room_opts *o);
void room_free(struct room *r); /* after all members have left it */
const char *room_name(const struct room *r);

/* A person in the room or waiting. Owned by the room, which outlives the
 * connection with it: *slot, the connection's pointer, is cleared in the moment
 * in which the member leaves, whoever caused it. */
struct member;

/* Who has a name, in the room or waiting; NULL: nobody. Who left has none. */
struct member *room_find_name(const struct room *r, const char *name);
const uint8_t *member_identity(const struct member *m);
void *member_owner(const struct member *m);
/* False while it waits for its first epoch. */
bool member_is_in(const struct member *m);

/* Members and those who wait. */
size_t room_people(const struct room *r);

/* A newcomer whose handshake is done and whose name is free. out and slot
 * live until it has left. ERR_NOMEM; ERR_LIMIT: no member id is left. */
struct room_newcomer {
	const struct hs_result *result; /* copied */
	struct outq *out;
	struct member **slot;
	void *owner;
};
int room_enter(struct room *r, const struct room_newcomer *n) MUST_CHECK;
/* From here on nothing is queued for it. */
void room_leave(struct room *r, struct member *m);

/* What a member sent. Peer errors are breaches; ERR_NOMEM and ERR_CRYPTO mean
 * that its connection cannot go on. A queue that cannot take the answer has
 * failed and its member has left. */
int room_group(
    struct room *r, struct member *m, const uint8_t *body, size_t n) MUST_CHECK;
int room_user_list(
    struct room *r, struct member *m, uint32_t room, uint32_t after) MUST_CHECK;
int room_identity(
    struct room *r, struct member *m, uint32_t member /* not 0 */) MUST_CHECK;

/* Gives the turn's accepted frames to their readers: at the end of a turn, and
 * before anything else is queued that has a place in the room's order. */
void room_train_end(struct room *r);

/* room_train_end, then one ack to each member of whom something new was
 * accepted: at the end of each loop turn. */
void room_acks(struct room *r);

#endif

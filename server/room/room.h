/* room.h - one room: who is in it, its epochs, and the order of its frames.
 * PROTOCOL.md sections 4 and 5. No socket and no clock: members are reached
 * through their queues, the time is an argument.
 *
 * A room is shared by threads; each has a shard (shard.h) and the memberships of its
 * own connections. What happens in a room happens under its one lock, and is
 * posted there to every shard: one reference a shard, however many sit in it, and
 * the same order for all. A function here may be called from a membership's own
 * thread only, unless it says otherwise.
 *
 * A newcomer waits (room_enter) until the next turn (turn.h) makes an epoch
 * that it is part of. Who leaves is sent nothing from that moment, but stays
 * in lists and totals until the next turn's notice. */
#ifndef CONCLAVED_ROOM_H
#define CONCLAVED_ROOM_H

#include "server/net/outq.h"
#include "shared/proto/handshake.h"

struct room;
struct room_opts {
	struct rng rng; /* for several threads, like crypto_rng */
	const struct identity *identity; /* the server's; borrowed */
	uint8_t session[WIRE_NONCE];
	uint32_t id;
	const char *name; /* copied */
	uint32_t rekey_ms;
	uint32_t users_max; /* members and those who wait */
};
struct room *room_new(const struct room_opts *o);
void room_free(struct room *r); /* after its shards */
const char *room_name(const struct room *r);

/* Members and those who wait. From any thread. */
size_t room_people(struct room *r);

/* A person in the room or waiting: shared, and the room's. */
struct member;
struct shard;

/* The place of a person in its shard: embedded in the connection, and touched
 * by its thread alone. All zeros: not taken. */
struct membership {
	struct shard *shard;
	struct member *member;	 /* NULL: not taken, or left */
	struct outq *out;	 /* borrowed */
	uint32_t id;		 /* as a member; 0: it waits */
	uint32_t first_epoch;	 /* the first that it has the key of */
	bool spoke;		 /* in the batch that is being gathered */
	bool ack_due;		 /* on the shard's list of these */
	uint64_t seq, offset;	 /* the last that was accepted of it */
	size_t place;		 /* in shard->membership */
	struct membership *ack_next;
};

/* In the room, or waiting to be. */
static inline bool membership_taken(const struct membership *s)
{
	return s->member != NULL;
}
static inline bool membership_is_in(const struct membership *s)
{
	return s->member != NULL && s->id != 0;
}

/* A newcomer whose handshake is done. Who has its name already and shows the
 * same identity is put out at once (shard_opts.ended). *refused: CODE_NAME_TAKEN
 * (the identity is another), CODE_FULL, or CODE_NONE and it waits. The result
 * is copied; membership and out live until it has left. ERR_NOMEM; ERR_LIMIT: no
 * member id is left. */
struct room_newcomer {
	const struct hs_result *result;
	struct outq *out;
	struct membership *membership;
};
int room_enter(struct shard *l, const struct room_newcomer *n,
    enum wire_code *refused) MUST_CHECK;
/* From here on nothing is queued for it. A no-op on a membership not taken. */
void room_leave(struct membership *s);

/* What a member sent. Peer errors are breaches; ERR_NOMEM and ERR_CRYPTO mean
 * that its connection cannot go on. A queue that cannot take the answer has
 * failed and its member has left. */
int room_group(struct membership *s, const uint8_t *body, size_t n) MUST_CHECK;
int room_user_list(struct membership *s, uint32_t room, uint32_t after) MUST_CHECK;
int room_identity(struct membership *s, uint32_t member /* not 0 */) MUST_CHECK;

/* A shard has more waiting for it than it should: who has something to say is
 * not read until it has caught up (its thread then wakes all). From any
 * thread, without the lock. */
bool room_backlogged(const struct room *r);
/* The room of a membership that is taken. */
uint32_t membership_room_id(const struct membership *s);
bool membership_backlogged(const struct membership *s);

#endif

/* membership.h - a connection's part of a room that it is in. room.h takes it
 * and leaves it. */
#ifndef CONCLAVED_ROOM_MEMBERSHIP_H
#define CONCLAVED_ROOM_MEMBERSHIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct member;
struct outq;
struct room;
struct shard;

/* A member handle. Part of the connection; only its thread uses it. All zeros:
 * not taken. */
struct membership {
	struct room *room;     /* a reference; the last room it was taken for */
	struct shard *shard;   /* borrowed */
	struct member *member; /* a reference; NULL: not taken, or left */
	struct outq *out;      /* borrowed */
	uint32_t id;	       /* the member number; 0: waiting */
	uint32_t first_epoch;  /* the first epoch that it has the key of */
	bool spoke;	       /* sent a frame of the current batch */
	bool quit;	       /* its client leaves on purpose */
	bool full;	       /* counted in room->full */
	bool ack_due;	       /* on shard->acks */
	bool logged;	       /* its owner's: the join, but not the leave */
	uint64_t seq, offset;  /* of the last frame that was accepted from it */
	size_t place;	       /* in shard->membership */
	LIST_ENTRY(membership) acks;
};
/* Gives the reference to a room back that it has left. */
void membership_forget(struct membership *s);
/* True for a member or a waiting newcomer. */
static inline bool membership_taken(const struct membership *s)
{
	return s->member != NULL;
}
static inline bool membership_is_in(const struct membership *s)
{
	return s->member != NULL && s->id != 0;
}

#endif

/* room_state.h - what a room consists of, and its lock. Inner header of
 * server/room: room.c changes it for its members, a shard reads what was
 * posted, rekey.h keeps its keys. */
#ifndef CONCLAVED_ROOM_ROOM_STATE_H
#define CONCLAVED_ROOM_ROOM_STATE_H

#include <stdatomic.h>

#include "server/room/mailbox.h"
#include "server/room/members.h"
#include "server/room/pages.h"
#include "server/room/rekey.h"
#include "server/room/room_opts.h"

struct room {
	atomic_uint refs; /* room_ref.h */
	pthread_mutex_t lock;
	struct room_opts o; /* what it only borrowed goes with room_free; only
			     * room_tune changes the rest */
	char name[WIRE_ROOM_MAX + 1];
	bool closed;
	atomic_bool entered; /* somebody was in it once */
	atomic_bool keeps;   /* archive_on */
	char *topic;	     /* owned; NULL: none */
	struct room_settings settings;
	bool made;		  /* by `maker`, not by the server */
	uint8_t maker[WIRE_ED25519];
	uint64_t ticket; /* the room's newest (remember.h) */
	uint8_t log_id[WIRE_LOG]; /* made with the room */
	struct directory_entry entry;
	struct log_stream *log; /* owned */
	struct log_head head;	/* the newest entry, notices included */
	struct members members;
	struct room_mail mail;
	struct rekey rekey;
	struct pages pages;
	atomic_uint full; /* members whose queue is full (outq.h) */
};

static inline void room_lock(struct room *r)
{
	(void)pthread_mutex_lock(&r->lock);
}

static inline void room_unlock(struct room *r)
{
	(void)pthread_mutex_unlock(&r->lock);
}

#endif

/* room_opts.h - what a room is made with. */
#ifndef CONCLAVED_ROOM_ROOM_OPTS_H
#define CONCLAVED_ROOM_ROOM_OPTS_H

#include "server/log/log.h"
#include "server/room/directory.h"
#include "server/room/standing.h"
#include "server/store/store.h"
#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"

struct room_opts {
	struct directory *directory; /* borrowed, like all pointers here */
	struct log *log;
	struct rng rng; /* for several threads, like random_system */
	const struct identity *identity; /* the server's */
	uint8_t server[WIRE_HASH];	 /* H(SPKI of that identity) */
	uint8_t session[WIRE_NONCE];
	struct standing *standing; /* NULL: everybody is a member */
	struct store *store;	   /* NULL: nothing outlasts the server */
	uint32_t id;		   /* 0: the next free one */
	const char *name;	   /* copied */
	const char *topic;	   /* copied; NULL: none */
	const uint8_t *maker;	   /* an identity; NULL: the server's own */
	const struct room_settings *settings; /* NULL: room_settings_default */
	/* Of a room that was stored. Its log: WIRE_LOG bytes, copied; NULL: a new
	 * one, which is empty. */
	const uint8_t *log_id;
	const struct log_head *head;
	bool entered; /* somebody was in it once */
	uint32_t rekey_ms;
	uint32_t users_max; /* of this room, including those who wait */
};

#endif

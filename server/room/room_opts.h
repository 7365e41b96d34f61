/* room_opts.h - what a room is made with. */
#ifndef CONCLAVED_ROOM_ROOM_OPTS_H
#define CONCLAVED_ROOM_ROOM_OPTS_H

#include "server/log/log.h"
#include "server/room/directory.h"
#include "server/room/standing.h"
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
	uint32_t id;		   /* 0: the next free one */
	const char *name;	   /* copied */
	const char *topic;	   /* copied; NULL: none */
	const uint8_t *maker;	   /* an identity; NULL: the server's own */
	const struct room_settings *settings; /* NULL: room_settings_default */
	uint32_t rekey_ms;
	uint32_t users_max; /* of this room, including those who wait */
};

#endif

/* registry_by.h - who asks something of the rooms, and what comes of it. */
#ifndef CONCLAVED_ROOM_REGISTRY_BY_H
#define CONCLAVED_ROOM_REGISTRY_BY_H

#include <stddef.h>
#include <stdint.h>

#include "shared/wire/wire.h"

struct member;
struct memberships;

/* Who asks: a client, or the server's owner. */
struct registry_by {
	const char *name;
	/* The account's key; NULL: the server's owner, above everybody. */
	const uint8_t *identity;
	/* The client's rooms, and the number of its request; NULL: none. */
	struct memberships *rooms;
	uint32_t number;
};

/* The end of a request. */
struct registry_answer {
	enum wire_code code;		    /* CODE_NONE: done */
	char text[WIRE_SHORT_TEXT_MAX + 1]; /* "": the code's own */
	uint32_t room;
	uint64_t ticket; /* of the store: it is not answered before */
	/* It is answered behind what it causes in the last of these rooms
	 * (room_thread_opts.answered), or when the client is out of them. */
	struct member *later[WIRE_ROOMS];
	size_t n_later;
};

#endif

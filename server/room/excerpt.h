/* excerpt.h - what one reader is given of a room's log: the head of a batch and
 * its entries (PROTOCOL.md section 5b), made of what the store has read. Pure,
 * from any thread. Inner header of server/room. */
#ifndef CONCLAVED_ROOM_EXCERPT_H
#define CONCLAVED_ROOM_EXCERPT_H

#include "server/room/standing.h"
#include "server/store/store.h"

struct excerpt_of {
	uint32_t number, room; /* of the request */
	bool before;	       /* the newest count, not the oldest */
	/* What the reader may read: all zeros for everything. */
	struct standing_since since;
};

/* The entries are the bodies of frames of kind 6, each behind a u32 length. */
struct excerpt {
	struct buf head; /* the JSON, with keys */
	uint8_t *bytes;	 /* owned */
	size_t len;
};
/* As many of the entries as a batch may have. *out is to be given to
 * excerpt_free, also after an error. ERR_NOMEM, ERR_CRYPTO; others: what the
 * store has read is damaged. */
int excerpt_make(struct excerpt *out, const struct excerpt_of *o,
    const struct store_range *range) MUST_CHECK;
/* Whose key a stored person has. Errors as of users_decode. */
int excerpt_identity(const struct store_kept_person *p,
    uint8_t identity[WIRE_ED25519]) MUST_CHECK;
void excerpt_free(struct excerpt *e); /* harmless if zeroed */
/* The next body, borrowed; false: none is left. */
bool excerpt_next(
    const struct excerpt *e, size_t *at, const uint8_t **body, size_t *n);

#endif

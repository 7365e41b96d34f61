/* link_int.h - the fields of a link, for link.c and for tests that read the
 * sequence numbers. Nothing else includes it. */
#ifndef SHARED_PROTO_LINK_INT_H
#define SHARED_PROTO_LINK_INT_H

#include "shared/proto/link.h"

/* One direction: its two keys and its counters. */
struct half {
	uint8_t seal[WIRE_KEY], iv[WIRE_IV];
	uint64_t sealed; /* control and direct frames so far; never reset */
	uint64_t seq;	   /* of the next record */
	struct mac *mac;   /* owned */
	bool dead;	   /* an error ended this direction */
};

struct link {
	struct crypto *crypto; /* borrowed */
	struct half tx, rx;
	size_t n_frames; /* in the record being made */
	bool making;
};

#endif

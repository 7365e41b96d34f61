/* dispatch.h - opens the records of a connection whose link is up, and takes
 * each frame to its room. No socket and no clock. */
#ifndef CONCLAVED_ROOM_DISPATCH_H
#define CONCLAVED_ROOM_DISPATCH_H

#include "server/net/counters.h"
#include "server/net/ratelimit.h"
#include "server/room/memberships.h"
#include "server/room/presence.h"
#include "shared/proto/link.h"

/* Embedded in the connection's owner, zeroed; the pointers are borrowed. */
struct dispatch {
	struct link *link;
	struct counters *counters; /* NULL: none */
	struct buf *json; /* scratch for what is opened, up to WIRE_DIRECT_MAX; secret */
	/* Scratch for one call of dispatch_input; NULL: bodies are hashed
	 * twice. */
	struct link_digests *digests;
	struct presence presence;
	struct ratelimit rate, bytes; /* of its frames */
	/* dispatch.c only: the open record. */
	size_t record_len; /* 0: no record is open */
	size_t frame_at, frames_left;
	bool fresh;	 /* this call has opened it */
	size_t n_frames; /* of a fresh one, so far */
	/* Of its group frames since second_ms, within a second. */
	size_t second_bytes;
	uint64_t second_ms;
	bool limited; /* it must not send before again_ms */
	uint64_t again_ms;
	bool opened; /* the last call opened a record: the peer is alive */
	bool said_bye;
	enum wire_code bye; /* its code */
};

/* Consumes whole records; sets *used to their bytes in every case. Returns 0
 * when more bytes are needed, when the peer has said bye (said_bye), when its
 * queue has failed, and when it has sent enough (limited; call again with the
 * unused bytes at again_ms): it has reached a rate, or has sent more than
 * LIMIT_FAIR within a second while a reader's queue is full. An error ends the
 * connection. */
int dispatch_input(struct dispatch *d, const uint8_t *in, size_t n,
    uint64_t now_ms, size_t *used) MUST_CHECK;

/* Queues its role on the server. */
/* Tells it that its account has another device, since when (unix). */
void dispatch_device(struct dispatch *d,
    const uint8_t identity[WIRE_ED25519], uint64_t first_s);
void dispatch_welcome(struct dispatch *d);
/* Queues a ping. */
void dispatch_ping(struct dispatch *d, uint64_t now_ms);

#endif

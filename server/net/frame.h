/* packet.h - a frame on its way out: bytes that never change or move, shared
 * by all who are to read them. One allocation, whatever their number.
 *
 * A group packet holds the frame as it is on the wire, its head included, and
 * the digest of its body: a reader adds the digest to the MAC of a record and
 * the bytes to a writev. A control packet holds JSON that is sealed for each
 * reader only when it goes into a record, since one that is discarded before
 * must not have moved the link's counter or its key. */
#ifndef CONCLAVED_NET_FRAME_H
#define CONCLAVED_NET_FRAME_H

#include <stdatomic.h>

#include "shared/crypto/crypto.h"
#include "shared/proto/link.h"

struct frame {
	atomic_uint refs; /* from any thread */
	uint32_t len; /* of bytes */
	uint8_t kind; /* enum wire_kind */
	bool step;    /* control: carries a key_exchange */
	bool secret;  /* control: holds a key; wiped when it goes */
	uint32_t n_frames; /* group: 1, or more in a batch */
	/* group: what the MAC of a record is made of, n_frames times u8 kind
	 * || H(body): `entry`, or in a batch behind the bytes. */
	const uint8_t *entries;
	uint8_t entry[LINK_ENTRY];
	uint8_t bytes[];
};

/* Each returns one reference, or NULL. A group packet has no offset yet. */
struct frame *frame_group(const uint8_t *body, size_t n);
/* Gives it its place in the room, and with that its digest: before anybody
 * else sees it. */
int frame_number(struct frame *p, struct crypto *c, uint64_t offset)
    MUST_CHECK;
/* Group packets as one, for readers who are sent all of them. */
struct frame *frame_batch(struct frame *const *p, size_t n);
struct frame *frame_control(const void *json, size_t n);
/* JSON with a key_exchange; `secret` when the key in it is not wrapped. */
struct frame *frame_key_exchange(const void *json, size_t n, bool secret);

struct frame *frame_ref(struct frame *p);
void frame_unref(struct frame *p); /* NULL is a no-op */

/* Bytes that it takes in a record, head included. */
size_t frame_wire_len(const struct frame *p);

#endif

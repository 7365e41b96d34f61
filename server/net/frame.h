/* frame.h - a frame on its way out: bytes that never change or move, shared
 * by all its readers. One allocation, however many there are.
 *
 * A group frame holds the frame as it is on the wire, with its head, and its
 * offset and digest: each reader adds these to the MAC of a record and the
 * bytes to a writev. A control frame holds JSON, a direct frame its body, which is
 * sealed for each reader only when it goes into a record: one that is dropped before
 * must not have moved the link's counter or its key. */
#ifndef CONCLAVED_NET_FRAME_H
#define CONCLAVED_NET_FRAME_H

#include <stdatomic.h>

#include "shared/crypto/crypto.h"
#include "shared/proto/link.h"

/* What a frame is in somebody's entry into a room, as bits. */
enum frame_part {
	FRAME_OTHER = 0,
	FRAME_KEY = 1,	   /* the newcomer's key: the first of a stay */
	FRAME_ENTERED = 2, /* the answer to its room_join */
};

struct frame {
	atomic_uint refs;  /* from any thread */
	uint32_t len;	   /* of bytes */
	uint8_t kind;	   /* enum wire_kind */
	bool step;	   /* control: carries a key_exchange */
	bool secret;	   /* control: holds a key; wiped when freed */
	uint8_t part;	   /* enum frame_part */
	uint32_t room;	   /* whose it is; 0: no room's */
	uint32_t n_frames; /* group: 1, or more in a batch */
	uint32_t request;  /* FRAME_ENTERED: its number */
	/* All but control: its part of a record's MAC (link_record_frames). Points to
	 * `entry`, or in a batch behind the bytes. */
	const uint8_t *entries;
	uint8_t entry[LINK_ENTRY];
	uint8_t bytes[];
};

/* Each returns one reference, or NULL.
 *
 * A group frame: copies a body of at least WIRE_OFFSET bytes and computes its
 * digest, which needs no lock and no offset yet; or copies that as well, where
 * the link has it already (digest, or NULL). NULL: no memory, or the digest
 * failed. */
struct frame *frame_group(
    struct crypto *c, const uint8_t *body, size_t n, const uint8_t *digest);
/* Sets its offset in the room. Call it before sharing the frame. */
void frame_number(struct frame *p, uint64_t offset);
/* A mark in place of this numbered group frame, for a reader that is not sent
 * it: seq is the reader's own number of the frame, or 0. */
struct frame *frame_mark(struct crypto *c, const struct frame *p, uint64_t seq);
/* A frame of kind 6: copies its body. And of kind 3, which is sealed for its
 * reader as control frames are. */
struct frame *frame_history(struct crypto *c, const uint8_t *body, size_t n);
struct frame *frame_direct(const uint8_t *body, size_t n);
/* A frame of kind 4: a piece of a file, as it is stored. */
struct frame *frame_blob(struct crypto *c, const uint8_t blob[WIRE_BLOB],
    uint32_t index, const uint8_t *sealed, size_t n);
/* The digest of a group frame. */
const uint8_t *frame_digest(const struct frame *p);
/* Joins several group frames, for readers that get all of them. */
struct frame *frame_batch(struct frame *const *p, size_t n);
struct frame *frame_control(const void *json, size_t n);
/* JSON with a key_exchange. secret: the key in it is not wrapped. */
struct frame *frame_key_exchange(const void *json, size_t n, bool secret);

struct frame *frame_ref(struct frame *p);
void frame_unref(struct frame *p); /* NULL is a no-op */

/* Whether it is sealed when it goes into a record. */
static inline bool frame_is_sealed(const struct frame *p)
{
	return p->kind == KIND_CONTROL || p->kind == KIND_DIRECT;
}

/* Its size in a record, including the head. */
size_t frame_wire_len(const struct frame *p);

#endif

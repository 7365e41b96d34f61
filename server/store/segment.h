/* segment.h - how the database keeps the entries of a room's log: those that were
 * committed together are one row, a segment, of the room's entries from one
 * offset on, all of one run. Pure.
 *
 *   heads   for each entry: u64 ts (unix ms) | u32 length, with SEGMENT_GONE if
 *           it was destroyed
 *   bodies  for each entry: its bytes, or (destroyed) its digest(32)
 *   chain   of the log at its last entry
 *
 * A segment is cut at SEGMENT_ENTRIES and at SEGMENT_BYTES, so that destroying one
 * of its entries rewrites no more than that. */
#ifndef CONCLAVED_STORE_SEGMENT_H
#define CONCLAVED_STORE_SEGMENT_H

#include "shared/proto/group.h"
#include "shared/proto/logchain.h"
#include "shared/wire/bytes.h"

enum {
	SEGMENT_ENTRIES = 128,
	SEGMENT_BYTES = 64 << 10, /* a longer entry is alone in one */
	SEGMENT_HEAD = 12,
};
#define SEGMENT_GONE UINT32_C(0x80000000)

/* Everything is borrowed. */
struct segment {
	uint64_t id;
	uint32_t room, run, n;
	uint64_t first; /* the offset of its first entry */
	const uint8_t *chain;
	struct rd heads, bodies;
};
static inline uint64_t segment_last(const struct segment *s)
{
	return s->first + s->n - 1;
}

struct segment_entry {
	uint64_t offset, ts_ms;
	const uint8_t *bytes; /* NULL: destroyed */
	size_t len;	      /* 0 then */
	const uint8_t *gone;  /* its digest then */
	struct group_head head;
};

/* Whether its parts fit together: 0, or ERR_RANGE. The entries' own heads are
 * looked at by segment_next. */
int segment_check(const struct segment *s) MUST_CHECK;
/* The next entry of one that was checked; `at` is a copy of it and moves on.
 * ERR_AGAIN: there is none. ERR_RANGE: it is no group frame. */
int segment_next(struct segment *at, struct segment_entry *out) MUST_CHECK;
/* A copy of it that begins with this entry, which it has. */
int segment_find(
    const struct segment *s, uint64_t offset, struct segment *at) MUST_CHECK;
int segment_digest(struct crypto *c, const struct segment_entry *e,
    uint8_t out[WIRE_HASH]) MUST_CHECK;
/* Moves h, the head of the log before it, over its entries up to this offset. */
int segment_fold(struct crypto *c, const struct segment *s, uint64_t upto,
    struct log_head *h) MUST_CHECK;

/* Appends an entry to the parts of one. */
int segment_put(struct buf *heads, struct buf *bodies,
    const struct segment_entry *e) MUST_CHECK;

#endif

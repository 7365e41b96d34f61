/* bytes.h - one bounded reader, one growable writer, and parts of a text.
 * Integers are big-endian. Nothing here fails in any other way than said. */
#ifndef CONCLAVE_BYTES_H
#define CONCLAVE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

/* A piece of what is hashed, signed or written as a whole. Borrowed. */
struct part {
	const void *p;
	size_t n;
};

/* Cursor over borrowed bytes. Each rd_ call returns 0 and moves on, or
 * ERR_TRUNC and leaves the cursor and *out as they were. */
struct rd {
	const uint8_t *p;
	size_t left;
};

int rd_u8(struct rd *r, uint8_t *out) MUST_CHECK;
int rd_u32(struct rd *r, uint32_t *out) MUST_CHECK;
int rd_u64(struct rd *r, uint64_t *out) MUST_CHECK;
/* *out points into the reader's own bytes and lives as long as they do. */
int rd_bytes(struct rd *r, const uint8_t **out, size_t n) MUST_CHECK;

uint32_t get_u32(const uint8_t p[4]);
uint64_t get_u64(const uint8_t p[8]);
void put_u32(uint8_t p[4], uint32_t v);
void put_u64(uint8_t p[8], uint64_t v);

/* Growable bytes with a hard maximum. len <= cap <= max always. A secret
 * buffer is wiped when it grows, shrinks, moves or goes. */
struct buf {
	uint8_t *p;	/* owned; NULL while cap is 0 */
	size_t len, cap, max;
	bool secret;
};

void buf_init(struct buf *b, size_t max);
void buf_init_secret(struct buf *b, size_t max);
/* Releases the bytes and leaves an empty buffer with the same maximum. */
void buf_free(struct buf *b);
/* Room for n more bytes at p + len; len does not change. ERR_LIMIT past max,
 * ERR_NOMEM. The other writers fail the same way and then change nothing. */
int buf_reserve(struct buf *b, size_t n) MUST_CHECK;
int buf_put(struct buf *b, const void *p, size_t n) MUST_CHECK;
int buf_u8(struct buf *b, uint8_t v) MUST_CHECK;
int buf_u32(struct buf *b, uint32_t v) MUST_CHECK;
int buf_u64(struct buf *b, uint64_t v) MUST_CHECK;
int buf_str(struct buf *b, const char *s) MUST_CHECK; /* without its zero */
/* Drops n bytes (n <= len) from the front, all of them, or all past n. */
void buf_consume(struct buf *b, size_t n);
void buf_clear(struct buf *b);
void buf_truncate(struct buf *b, size_t n);

#endif

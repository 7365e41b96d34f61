/* bytes.h - a bounded reader, a growable writer, and byte ranges. Integers
 * are big-endian. Functions fail only in the ways documented here. Comments
 * that begin with an @ are contracts, which `make prove` proves. */
#ifndef SHARED_WIRE_BYTES_H
#define SHARED_WIRE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

/* One of several byte ranges that are hashed, signed or written as one.
 * Borrowed. */
struct part {
	const void *p;
	size_t n;
};
/*@ predicate parts_ok(struct part *a, integer n) =
      \valid_read(a + (0 .. n - 1)) && \forall integer i; 0 <= i < n ==>
        \valid_read((uint8_t *)a[i].p + (0 .. a[i].n - 1)); */

/* A cursor over borrowed bytes. Each rd_ call returns 0 and advances, or
 * returns ERR_TRUNC and changes neither the cursor nor *out. */
struct rd {
	const uint8_t *p;
	size_t left;
};

/*@ predicate rd_ok(struct rd *r) =
      \valid(r) && \valid_read(r->p + (0 .. r->left - 1));
    predicate rd_moved{L1, L2}(struct rd *r, integer n) =
      \at(r->p, L2) == \at(r->p, L1) + n &&
      \at(r->left, L2) == \at(r->left, L1) - n;
    predicate rd_at_most(integer e, integer left, integer n) =
      (n <= left ==> e == 0) && (n > left ==> e == ERR_TRUNC); */

/*@ requires rd_ok(r) && \valid(out) && \separated(r, out);
    assigns *r, *out;
    ensures rd_ok(r) && rd_at_most(\result, \old(r->left), 1);
    ensures \result == 0 ==> rd_moved{Pre, Post}(r, 1);
    ensures \result != 0 ==> rd_moved{Pre, Post}(r, 0) && *out == \old(*out);
*/
int rd_u8(struct rd *r, uint8_t *out) MUST_CHECK;
/*@ requires rd_ok(r) && \valid(out) && \separated(r, out);
    assigns *r, *out;
    ensures rd_ok(r) && rd_at_most(\result, \old(r->left), 4);
    ensures \result == 0 ==> rd_moved{Pre, Post}(r, 4);
    ensures \result != 0 ==> rd_moved{Pre, Post}(r, 0) && *out == \old(*out);
*/
int rd_u32(struct rd *r, uint32_t *out) MUST_CHECK;
/*@ requires rd_ok(r) && \valid(out) && \separated(r, out);
    assigns *r, *out;
    ensures rd_ok(r) && rd_at_most(\result, \old(r->left), 8);
    ensures \result == 0 ==> rd_moved{Pre, Post}(r, 8);
    ensures \result != 0 ==> rd_moved{Pre, Post}(r, 0) && *out == \old(*out);
*/
int rd_u64(struct rd *r, uint64_t *out) MUST_CHECK;
/* *out points into the bytes being read and lives as long as they do. */
/*@ requires rd_ok(r) && \valid(out) && \separated(r, out);
    assigns *r, *out;
    ensures rd_ok(r) && rd_at_most(\result, \old(r->left), n);
    ensures \result == 0 ==> rd_moved{Pre, Post}(r, n) &&
      *out == \old(r->p) && \valid_read(*out + (0 .. n - 1));
    ensures \result != 0 ==> rd_moved{Pre, Post}(r, 0) && *out == \old(*out);
*/
int rd_bytes(struct rd *r, const uint8_t **out, size_t n) MUST_CHECK;

/*@ requires \valid_read(p + (0 .. 3));
    assigns \nothing; */
uint32_t get_u32(const uint8_t p[4]);
/*@ requires \valid_read(p + (0 .. 7));
    assigns \nothing; */
uint64_t get_u64(const uint8_t p[8]);
/*@ requires \valid(p + (0 .. 3));
    assigns p[0 .. 3]; */
void put_u32(uint8_t p[4], uint32_t v);
/*@ requires \valid(p + (0 .. 7));
    assigns p[0 .. 7]; */
void put_u64(uint8_t p[8], uint64_t v);

/* A growable byte buffer with a hard maximum. Always len <= cap <= max. A
 * secret buffer is wiped when it grows, shrinks, moves or is freed. */
struct buf {
	uint8_t *p;	/* owned; NULL while cap is 0 */
	size_t len, cap, max;
	bool secret;
};

/*@ predicate buf_ok(struct buf *b) =
      \valid(b) && b->len <= b->cap <= b->max &&
      \valid(b->p + (0 .. b->cap - 1)) &&
      \separated(b, b->p + (0 .. b->cap - 1)); */

/*@ requires \valid(b);
    assigns *b;
    ensures b->len == b->cap == 0 && b->max == max; */
void buf_init(struct buf *b, size_t max);
/*@ requires \valid(b);
    assigns *b;
    ensures b->len == b->cap == 0 && b->max == max; */
void buf_init_secret(struct buf *b, size_t max);
/* Frees the bytes and leaves an empty buffer with the same maximum. */
/*@ requires buf_ok(b);
    assigns b->p, b->len, b->cap, b->p[0 .. b->cap - 1];
    ensures b->len == b->cap == 0; */
void buf_free(struct buf *b);
/* Reserves n more bytes at p + len; len does not change. Returns ERR_LIMIT
 * past max, or ERR_NOMEM. The other writers fail the same way, and then
 * change nothing. */
/*@ requires buf_ok(b);
    assigns b->p, b->cap, b->p[0 .. b->cap - 1];
    assigns \at(b->p, Post)[0 .. \at(b->cap, Post) - 1];
    ensures buf_ok(b) && \result <= 0;
    ensures \result == 0 ==> n <= b->cap - b->len;
    ensures \result != 0 ==> b->p == \old(b->p) && b->cap == \old(b->cap); */
int buf_reserve(struct buf *b, size_t n) MUST_CHECK;
/*@ requires buf_ok(b) && \valid_read((uint8_t *)p + (0 .. n - 1));
    requires \separated(b->p + (0 .. b->cap - 1), (uint8_t *)p + (0 .. n - 1));
    assigns b->p, b->len, b->cap, b->p[0 .. b->cap - 1];
    assigns \at(b->p, Post)[0 .. \at(b->cap, Post) - 1];
    ensures buf_ok(b) && \result <= 0;
    ensures b->len == \old(b->len) + (\result == 0 ? n : 0);
    ensures \result != 0 ==> b->p == \old(b->p) && b->cap == \old(b->cap);
    ensures \result == 0 ==>
      \separated(b->p + (0 .. b->cap - 1), (uint8_t *)p + (0 .. n - 1)); */
int buf_put(struct buf *b, const void *p, size_t n) MUST_CHECK;
/*@ requires buf_ok(b);
    assigns b->p, b->len, b->cap, b->p[0 .. b->cap - 1];
    assigns \at(b->p, Post)[0 .. \at(b->cap, Post) - 1];
    ensures buf_ok(b) && \result <= 0;
    ensures b->len == \old(b->len) + (\result == 0 ? 1 : 0); */
int buf_u8(struct buf *b, uint8_t v) MUST_CHECK;
/*@ requires buf_ok(b);
    assigns b->p, b->len, b->cap, b->p[0 .. b->cap - 1];
    assigns \at(b->p, Post)[0 .. \at(b->cap, Post) - 1];
    ensures buf_ok(b) && \result <= 0;
    ensures b->len == \old(b->len) + (\result == 0 ? 4 : 0); */
int buf_u32(struct buf *b, uint32_t v) MUST_CHECK;
/*@ requires buf_ok(b);
    assigns b->p, b->len, b->cap, b->p[0 .. b->cap - 1];
    assigns \at(b->p, Post)[0 .. \at(b->cap, Post) - 1];
    ensures buf_ok(b) && \result <= 0;
    ensures b->len == \old(b->len) + (\result == 0 ? 8 : 0); */
int buf_u64(struct buf *b, uint64_t v) MUST_CHECK;
int buf_str(struct buf *b, const char *s) MUST_CHECK; /* without the zero */
/* Drops n bytes (n <= len) from the front, all bytes, or all past n. */
/*@ requires buf_ok(b);
    assigns b->len, b->p[0 .. b->cap - 1];
    ensures buf_ok(b) && b->len == \max(0, \old(b->len) - n); */
void buf_consume(struct buf *b, size_t n);
/*@ requires buf_ok(b);
    assigns b->len, b->p[0 .. b->cap - 1];
    ensures buf_ok(b) && b->len == 0; */
void buf_clear(struct buf *b);
/*@ requires buf_ok(b);
    assigns b->len, b->p[0 .. b->cap - 1];
    ensures buf_ok(b) && b->len == \min(\old(b->len), n); */
void buf_truncate(struct buf *b, size_t n);

#endif

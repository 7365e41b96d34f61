/* segment.c - the entries of a row of the database. */
#include "server/store/segment.h"

#include <string.h>

static size_t stored(uint32_t length)
{
	return length & ~SEGMENT_GONE;
}

int segment_check(const struct segment *s)
{
	size_t left = s->bodies.left, n;
	uint32_t i, length;

	if (s->n < 1 || s->n > SEGMENT_ENTRIES || s->room == 0 ||
	    s->first < 1 || s->first > (uint64_t)INT64_MAX - s->n ||
	    s->heads.left != (size_t)s->n * SEGMENT_HEAD)
		return ERR_RANGE;
	for (i = 0; i < s->n; i++) {
		length = get_u32(s->heads.p + (size_t)i * SEGMENT_HEAD + 8);
		n = stored(length);
		if (n > left ||
		    ((length & SEGMENT_GONE) != 0 && n != WIRE_HASH))
			return ERR_RANGE;
		left -= n;
	}
	return left == 0 ? 0 : ERR_RANGE;
}

int segment_next(struct segment *at, struct segment_entry *out)
{
	uint32_t length;
	const uint8_t *p;
	int r;

	memset(out, 0, sizeof(*out));
	if (at->n == 0)
		return ERR_AGAIN;
	if ((r = rd_u64(&at->heads, &out->ts_ms)) != 0 ||
	    (r = rd_u32(&at->heads, &length)) != 0 ||
	    (r = rd_bytes(&at->bodies, &p, stored(length))) != 0)
		return ERR_RANGE;
	out->offset = at->first++;
	at->n--;
	if ((length & SEGMENT_GONE) != 0) {
		out->gone = p;
		return 0;
	}
	out->bytes = p;
	out->len = length;
	return group_head_decode(&out->head, out->bytes, out->len);
}

int segment_find(const struct segment *s, uint64_t offset, struct segment *at)
{
	struct segment_entry e;
	int r = 0;

	*at = *s;
	while (r == 0 && at->first < offset)
		r = segment_next(at, &e);
	return r == ERR_AGAIN ? ERR_RANGE : r;
}

int segment_digest(
    struct crypto *c, const struct segment_entry *e, uint8_t out[WIRE_HASH])
{
	if (e->bytes != NULL)
		return crypto_hash1(
		    c, out, e->bytes + WIRE_OFFSET, e->len - WIRE_OFFSET);
	memcpy(out, e->gone, WIRE_HASH);
	return 0;
}

int segment_fold(struct crypto *c, const struct segment *s, uint64_t upto,
    struct log_head *h)
{
	struct segment at = *s;
	struct segment_entry e;
	uint8_t d[WIRE_HASH];
	int r = 0;

	while (r == 0 && at.n > 0 && at.first <= upto)
		if ((r = segment_next(&at, &e)) == 0 &&
		    (r = segment_digest(c, &e, d)) == 0)
			r = log_head_add(c, h, d);
	return r;
}

int segment_put(
    struct buf *heads, struct buf *bodies, const struct segment_entry *e)
{
	const bool gone = e->bytes == NULL;
	int r;

	if (e->len >= SEGMENT_GONE)
		return ERR_LIMIT;
	if ((r = buf_u64(heads, e->ts_ms)) != 0 ||
	    (r = buf_u32(heads,
		 gone ? SEGMENT_GONE | WIRE_HASH : (uint32_t)e->len)) != 0)
		return r;
	return gone ? buf_put(bodies, e->gone, WIRE_HASH)
		    : buf_put(bodies, e->bytes, e->len);
}

/* bytes.c - the bounded reader and the growable buffer. */
#include "shared/wire/bytes.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

enum { BUF_CAP_MIN = 64 };

int rd_bytes(struct rd *r, const uint8_t **out, size_t n)
{
	if (n > r->left)
		return ERR_TRUNC;
	*out = r->p;
	if (n != 0)
		r->p += n; /* a NULL cursor over no bytes stays NULL */
	r->left -= n;
	return 0;
}

int rd_u8(struct rd *r, uint8_t *out)
{
	const uint8_t *p;
	int e = rd_bytes(r, &p, 1);

	if (e == 0)
		*out = p[0];
	return e;
}

int rd_u32(struct rd *r, uint32_t *out)
{
	const uint8_t *p;
	int e = rd_bytes(r, &p, 4);

	if (e == 0)
		*out = get_u32(p);
	return e;
}

int rd_u64(struct rd *r, uint64_t *out)
{
	const uint8_t *p;
	int e = rd_bytes(r, &p, 8);

	if (e == 0)
		*out = get_u64(p);
	return e;
}

uint32_t get_u32(const uint8_t p[4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

uint64_t get_u64(const uint8_t p[8])
{
	return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}

void put_u32(uint8_t p[4], uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

void put_u64(uint8_t p[8], uint64_t v)
{
	put_u32(p, (uint32_t)(v >> 32));
	put_u32(p + 4, (uint32_t)v);
}

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_init_secret(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max, .secret = true};
}

/* Releases the bytes of b->p. The caller then sets new fields. */
/*@ requires buf_ok(b);
    assigns b->p[0 .. b->cap - 1];
    exits \false; */
static void buf_release(struct buf *b)
{
	if (b->secret)
		secret_wipe(b->p, b->cap);
	free(b->p);
}

void buf_free(struct buf *b)
{
	buf_release(b);
	b->p = NULL;
	b->len = b->cap = 0;
}

/* The new capacity for `need` bytes: doubled, but at most max. */
/*@ requires cap < need <= max;
    assigns \nothing;
    exits \false;
    ensures need <= \result <= max; */
static size_t grown(size_t cap, size_t need, size_t max)
{
	cap = cap > max / 2 ? max : 2 * cap;
	if (cap < BUF_CAP_MIN)
		cap = max < BUF_CAP_MIN ? max : BUF_CAP_MIN;
	return cap < need ? need : cap;
}

int buf_reserve(struct buf *b, size_t n)
{
	size_t cap;
	uint8_t *p;

	if (n > b->max - b->len)
		return ERR_LIMIT;
	if (n <= b->cap - b->len)
		return 0;
	cap = grown(b->cap, b->len + n, b->max);
	/* Never realloc: it may leave a copy of a secret behind. */
	p = malloc(cap);
	if (p == NULL)
		return ERR_NOMEM;
	//@ admit fresh: \separated(p + (0 .. cap - 1), b, b->p + (0 .. b->cap - 1));
	if (b->len != 0)
		memcpy(p, b->p, b->len);
	buf_release(b);
	b->p = p;
	b->cap = cap;
	return 0;
}

int buf_put(struct buf *b, const void *p, size_t n)
{
	int e = buf_reserve(b, n);

	if (e != 0 || n == 0)
		return e;
	//@ admit fresh: \separated(b->p + (0 .. b->cap - 1), (uint8_t *)p + (0 .. n - 1));
	memcpy(b->p + b->len, p, n);
	b->len += n;
	return 0;
}

int buf_u8(struct buf *b, uint8_t v)
{
	return buf_put(b, &v, 1);
}

int buf_u32(struct buf *b, uint32_t v)
{
	uint8_t p[4];

	put_u32(p, v);
	return buf_put(b, p, sizeof(p));
}

int buf_u64(struct buf *b, uint64_t v)
{
	uint8_t p[8];

	put_u64(p, v);
	return buf_put(b, p, sizeof(p));
}

/*@ requires buf_ok(b) && valid_read_string(s);
    requires \separated(b->p + (0 .. b->cap - 1), s + (0 .. strlen(s)));
    assigns b->p, b->len, b->cap, b->p[0 .. b->cap - 1];
    assigns \at(b->p, Post)[0 .. \at(b->cap, Post) - 1];
    ensures buf_ok(b) && \result <= 0; */
int buf_str(struct buf *b, const char *s)
{
	return buf_put(b, s, strlen(s));
}

void buf_consume(struct buf *b, size_t n)
{
	if (n == 0 || b->len == 0)
		return;
	if (n > b->len)
		n = b->len;
	memmove(b->p, b->p + n, b->len - n);
	buf_truncate(b, b->len - n);
}

void buf_clear(struct buf *b)
{
	buf_truncate(b, 0);
}

void buf_truncate(struct buf *b, size_t n)
{
	if (n >= b->len)
		return;
	if (b->secret)
		secret_wipe(b->p + n, b->len - n);
	b->len = n;
}

/* logchain.c - the chain over a room's log, marks and views. */
#include "shared/proto/logchain.h"

#include <string.h>

int log_head_start(
    struct crypto *c, struct log_head *h, const uint8_t log[WIRE_LOG])
{
	const struct part parts[] = {
	    {LABEL_LOG, sizeof(LABEL_LOG)}, {log, WIRE_LOG}};
	struct log_head next = {.offset = 0};
	int r =
	    crypto_hash_parts(c, next.chain, parts, sizeof(parts) / sizeof(parts[0]));

	if (r == 0)
		*h = next;
	return r;
}

int log_head_add(
    struct crypto *c, struct log_head *h, const uint8_t d[WIRE_HASH])
{
	/* One contiguous input: this runs once for each message. */
	uint8_t in[sizeof(LABEL_LOG) + WIRE_HASH + WIRE_OFFSET + WIRE_HASH];
	uint8_t *p = in;
	struct log_head next = {.offset = h->offset + 1};
	int r;

	if (h->offset >= INT64_MAX)
		return ERR_LIMIT;
	memcpy(p, LABEL_LOG, sizeof(LABEL_LOG));
	p += sizeof(LABEL_LOG);
	memcpy(p, h->chain, WIRE_HASH);
	p += WIRE_HASH;
	put_u64(p, next.offset);
	p += WIRE_OFFSET;
	memcpy(p, d, WIRE_HASH);
	if ((r = crypto_hash1(c, next.chain, in, sizeof(in))) == 0)
		*h = next;
	return r;
}

/* --- marks and views ------------------------------------------------------ */

void log_mark_encode(uint8_t out[WIRE_MARK], const struct log_mark *m)
{
	put_u64(out, m->offset);
	put_u32(out + 8, m->room);
	put_u64(out + 12, m->seq);
	memcpy(out + 20, m->digest, WIRE_HASH);
}

int log_mark_decode(struct log_mark *out, const uint8_t *body, size_t n)
{
	struct log_mark m;

	if (n != WIRE_MARK)
		return ERR_RANGE;
	m.offset = get_u64(body);
	m.room = get_u32(body + 8);
	m.seq = get_u64(body + 12);
	memcpy(m.digest, body + 20, WIRE_HASH);
	if (m.offset == 0 || m.offset > INT64_MAX || m.seq > INT64_MAX)
		return ERR_RANGE;
	*out = m;
	return 0;
}

void log_view_encode(uint8_t out[WIRE_VIEW], const struct log_head *h,
    const uint8_t log[WIRE_LOG])
{
	put_u64(out, h->offset);
	memcpy(out + WIRE_OFFSET, h->chain, WIRE_HASH);
	memcpy(out + WIRE_OFFSET + WIRE_HASH, log, WIRE_VIEW_LOG);
}

int log_view_decode(struct log_view *out, const uint8_t in[WIRE_VIEW])
{
	const uint64_t offset = get_u64(in);

	if (offset > INT64_MAX)
		return ERR_RANGE;
	out->head.offset = offset;
	memcpy(out->head.chain, in + WIRE_OFFSET, WIRE_HASH);
	memcpy(out->log, in + WIRE_OFFSET + WIRE_HASH, WIRE_VIEW_LOG);
	return 0;
}

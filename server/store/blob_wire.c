/* blob_wire.c - messages about files between two processes. */
#include "server/store/blob_wire.h"

#include <string.h>

void blob_message_head(
    uint8_t out[BLOB_WIRE_HEAD], const struct blob_message *m)
{
	put_u32(out, (uint32_t)(BLOB_WIRE_HEAD - 4 + m->len));
	out[4] = m->kind;
	put_u64(out + 5, m->id);
	out[13] = m->code;
	out[14] = m->flags;
	memcpy(out + 15, m->blob, WIRE_BLOB);
	memcpy(out + 31, m->owner, BLOB_OWNER);
	put_u64(out + 63, m->size);
	put_u32(out + 71, m->number);
	put_u64(out + 75, m->time);
	put_u32(out + 83, m->files);
	put_u64(out + 87, m->held);
}

int blob_message_next(
    struct blob_message *out, size_t *used, const uint8_t *p, size_t n)
{
	uint32_t length;

	if (n < 5)
		return ERR_AGAIN;
	length = get_u32(p);
	if (length < BLOB_WIRE_HEAD - 4 || length > BLOB_WIRE_MAX - 4 ||
	    p[4] < BLOB_ASK_LIMITS || p[4] > BLOB_ANSWER)
		return ERR_RANGE;
	if (n - 4 < length)
		return ERR_AGAIN;
	if (p[13] >= BLOB_CODES)
		return ERR_RANGE;
	out->kind = p[4];
	out->id = get_u64(p + 5);
	out->code = p[13];
	out->flags = p[14];
	memcpy(out->blob, p + 15, WIRE_BLOB);
	memcpy(out->owner, p + 31, BLOB_OWNER);
	out->size = get_u64(p + 63);
	out->number = get_u32(p + 71);
	out->time = get_u64(p + 75);
	out->files = get_u32(p + 83);
	out->held = get_u64(p + 87);
	out->bytes = p + BLOB_WIRE_HEAD;
	out->len = length - (BLOB_WIRE_HEAD - 4);
	*used = (size_t)length + 4;
	return 0;
}

void blob_limits_put(
    uint8_t out[BLOB_LIMITS_BYTES], const struct blob_limits *l)
{
	put_u64(out, l->file);
	put_u64(out + 8, l->person);
	put_u64(out + 16, l->all);
	put_u64(out + 24, l->keep_ms);
}

int blob_limits_get(struct blob_limits *out, const uint8_t *p, size_t n)
{
	if (n != BLOB_LIMITS_BYTES)
		return ERR_RANGE;
	*out = (struct blob_limits){
	    get_u64(p), get_u64(p + 8), get_u64(p + 16), get_u64(p + 24)};
	return 0;
}

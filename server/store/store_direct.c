/* store_direct.c - what direct messages need, in messages between relay and
 * keeper. */
#include <string.h>

#include "server/store/store_wire.h"
#include "shared/proto/direct.h"

static const uint8_t nothing[WIRE_KEY];

static int put32(struct buf *b, const uint8_t *p)
{
	return buf_put(b, p != NULL ? p : nothing, WIRE_KEY);
}

/* u32 length, then the bytes. */
static int put_piece(struct buf *b, const uint8_t *p, size_t n)
{
	int e = buf_u32(b, (uint32_t)n);

	return e != 0 || n == 0 ? e : buf_put(b, p, n);
}

static int get_piece(struct rd *r, const uint8_t **p, size_t *n, size_t max)
{
	uint32_t len;
	int e = rd_u32(r, &len);

	if (e != 0)
		return e;
	if (len > max)
		return ERR_RANGE;
	*n = len;
	return rd_bytes(r, p, len);
}

/* --- prekeys -------------------------------------------------------------- */

static int put_keys(struct buf *b, const struct store_direct *d)
{
	int e;

	if ((e = buf_u8(b, d->replace)) != 0 ||
	    (e = buf_put(b, d->lasting, STORE_PREKEY)) != 0 ||
	    (e = put_piece(b, d->once, d->n_once * STORE_PREKEY)) != 0)
		return e;
	return put_piece(b, d->certificate, d->certificate_len);
}

static int get_keys(struct rd *r, struct store_direct *d)
{
	uint8_t replace;
	size_t n = 0;
	int e;

	if ((e = rd_u8(r, &replace)) != 0 ||
	    (e = rd_bytes(r, &d->lasting, STORE_PREKEY)) != 0 ||
	    (e = get_piece(r, &d->once, &n,
		 WIRE_PREKEYS_KEPT * STORE_PREKEY)) != 0 ||
	    (e = get_piece(r, &d->certificate, &d->certificate_len,
		 WIRE_CERTIFICATE_MAX)) != 0)
		return e;
	if (replace > 1 || n % STORE_PREKEY != 0)
		return ERR_RANGE;
	d->replace = replace == 1;
	d->n_once = n / STORE_PREKEY;
	if (d->certificate_len == 0)
		d->certificate = NULL;
	return 0;
}

/* --- frames --------------------------------------------------------------- */

static int put_frame(struct buf *b, const struct store_direct *d)
{
	int e;

	if ((e = buf_u64(b, d->ts_s)) != 0 ||
	    (e = put32(b, d->sender)) != 0 ||
	    (e = store_string_put(b, d->name)) != 0 ||
	    (e = buf_u32(b, (uint32_t)d->len)) != 0)
		return e;
	return d->bytes != NULL ? buf_put(b, d->bytes, d->len) : 0;
}

static int get_frame(struct rd *r, struct store_direct *d)
{
	struct direct_head head;
	uint32_t len;
	int e;

	if ((e = rd_u64(r, &d->ts_s)) != 0 ||
	    (e = rd_bytes(r, &d->sender, WIRE_ED25519)) != 0 ||
	    (e = store_string_get(r, &d->name, WIRE_NAME_MAX)) != 0 ||
	    (e = rd_u32(r, &len)) != 0)
		return e;
	if (d->ts_s > INT64_MAX || d->number == 0 || d->name[0] == '\0')
		return ERR_RANGE;
	d->len = len;
	if (r->left == 0)
		return 0;
	if ((e = rd_bytes(r, &d->bytes, len)) != 0)
		return e;
	return direct_head_decode(&head, d->bytes, len) == 0 ? 0 : ERR_RANGE;
}

/* -------------------------------------------------------------------------- */

int store_direct_put(struct buf *b, const struct store_direct *d)
{
	int e;

	if ((e = buf_u8(b, (uint8_t)d->what)) != 0 ||
	    (e = put32(b, d->identity)) != 0 ||
	    (e = put32(b, d->account)) != 0 ||
	    (e = buf_u64(b, d->number)) != 0)
		return e;
	switch (d->what) {
	case STORE_DIRECT_KEYS:
		return put_keys(b, d);
	case STORE_DIRECT_GIVEN:
		return put32(b, d->key);
	case STORE_DIRECT_FRAME:
		return put_frame(b, d);
	case STORE_DIRECT_BLOCK:
	case STORE_DIRECT_UNBLOCK:
		return put32(b, d->other);
	default:
		return 0;
	}
}

int store_direct_get(struct rd *r, struct store_direct *out)
{
	uint8_t what;
	int e;

	memset(out, 0, sizeof(*out));
	if ((e = rd_u8(r, &what)) != 0 ||
	    (e = rd_bytes(r, &out->identity, WIRE_ED25519)) != 0 ||
	    (e = rd_bytes(r, &out->account, WIRE_KEY)) != 0 ||
	    (e = rd_u64(r, &out->number)) != 0)
		return e;
	if (what < STORE_DIRECT_KEYS || what > STORE_DIRECT_UNBLOCK_ALL ||
	    out->number > INT64_MAX)
		return ERR_RANGE;
	out->what = (enum store_direct_what)what;
	if (out->what == STORE_DIRECT_KEYS)
		e = get_keys(r, out);
	else if (out->what == STORE_DIRECT_GIVEN)
		e = rd_bytes(r, &out->key, WIRE_X25519);
	else if (out->what == STORE_DIRECT_FRAME)
		e = get_frame(r, out);
	else if (out->what == STORE_DIRECT_BLOCK ||
		 out->what == STORE_DIRECT_UNBLOCK)
		e = rd_bytes(r, &out->other, WIRE_KEY);
	return e != 0 ? e : r->left == 0 ? 0 : ERR_RANGE;
}

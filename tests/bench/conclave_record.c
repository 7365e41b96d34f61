/* conclave_record.c - checks the records that members receive. The body of a
 * group frame is compared with the copy that other receivers got, and hashed
 * once. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/conclave.h"

static int body_digest(
    struct world *w, const struct link_frame *f, const uint8_t **out)
{
	uint64_t offset = get_u64(f->body);
	/* Rooms have offsets of their own. */
	struct body *b =
	    &w->body[(offset + 31 * get_u32(f->body + 8)) % BODIES];
	int r;

	*out = b->digest;
	if (b->offset == offset && b->len == f->len &&
	    memcmp(b->p, f->body, f->len) == 0)
		return 0;
	if (f->len > b->cap) {
		free(b->p);
		b->cap = f->len;
		if ((b->p = malloc(b->cap)) == NULL)
			return ERR_NOMEM;
	}
	if ((r = crypto_hash1(w->crypto, b->digest, f->body + WIRE_OFFSET,
		 f->len - WIRE_OFFSET)) != 0)
		return r;
	memcpy(b->p, f->body, f->len);
	b->len = f->len;
	b->offset = offset;
	return 0;
}

int record_check(struct conn *c, const uint8_t *p, size_t n, struct rd *frames)
{
	struct world *w = c->load->p;
	struct member *m = c->p;
	uint8_t digest[WIRE_HASH], mac[WIRE_HASH];
	const uint8_t *d;
	struct rd walk;
	struct link_frame f;
	int r;

	frames->p = p + WIRE_RECORD_HEAD;
	frames->left = n - WIRE_RECORD_HEAD - WIRE_RECORD_MAC;
	buf_clear(&w->mac);
	if ((r = buf_put(&w->mac, p + WIRE_LENGTH, 8)) != 0)
		return r;
	for (walk = *frames; (r = link_next(&walk, &f)) == 0;) {
		d = digest;
		if ((r = buf_u8(&w->mac, f.kind)) != 0)
			return r;
		if (f.kind == KIND_GROUP && f.len > WIRE_GROUP_HEAD) {
			r = buf_put(&w->mac, f.body, WIRE_OFFSET);
			if (r == 0)
				r = body_digest(w, &f, &d);
		} else {
			r = crypto_hash1(w->crypto, digest, f.body, f.len);
		}
		if (r != 0 || (r = buf_put(&w->mac, d, WIRE_HASH)) != 0)
			return r;
	}
	if (r != ERR_AGAIN || (r = mac_begin(m->mac)) != 0 ||
	    (r = mac_add(m->mac, w->mac.p, w->mac.len)) != 0 ||
	    (r = mac_end(m->mac, mac)) != 0)
		return r;
	if (memcmp(mac, frames->p + frames->left, WIRE_RECORD_MAC) != 0)
		return load_fail(c, "a MAC that does not match");
	if (get_u64(p + WIRE_LENGTH) != m->seq++)
		return load_fail(c, "a record out of order");
	return 0;
}

/* frame.c - outgoing frames, shared by all their readers. */
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "server/net/frame.h"
#include "shared/proto/group.h"
#include "shared/proto/blob.h"
#include "shared/proto/logchain.h"
#include "shared/base/secret.h"

static struct frame *frame_new(uint8_t kind, size_t len, bool secret)
{
	size_t n = sizeof(struct frame) + len;
	struct frame *p = secret ? secret_alloc(n) : malloc(n);

	if (p == NULL)
		return NULL;
	memset(p, 0, sizeof(*p));
	atomic_init(&p->refs, 1);
	p->len = (uint32_t)len;
	p->kind = kind;
	p->secret = secret;
	quota_add(n);
	return p;
}

static size_t frame_size(const struct frame *p)
{
	return sizeof(*p) + p->len +
	       (p->n_frames > 1 ? p->n_frames * LINK_ENTRY : 0);
}

struct frame *frame_group(
    struct crypto *c, const uint8_t *body, size_t n, const uint8_t *digest)
{
	struct frame *p = frame_new(KIND_GROUP, WIRE_FRAME_HEAD + n, false);

	if (p == NULL)
		return NULL;
	link_frame_head(p->bytes, KIND_GROUP, n);
	memcpy(p->bytes + WIRE_FRAME_HEAD, body, n);
	p->n_frames = 1;
	p->entry[0] = KIND_GROUP;
	p->entries = p->entry;
	p->room = get_u32(body + WIRE_OFFSET);
	if (digest != NULL) {
		memcpy(p->entry + 1 + WIRE_OFFSET, digest, WIRE_HASH);
	} else if (crypto_hash1(c, p->entry + 1 + WIRE_OFFSET,
		       body + WIRE_OFFSET, n - WIRE_OFFSET) != 0) {
		frame_unref(p);
		return NULL;
	}
	return p;
}

void frame_number(struct frame *p, uint64_t offset)
{
	group_set_offset(p->bytes + WIRE_FRAME_HEAD, offset);
	put_u64(p->entry + 1, offset);
}

const uint8_t *frame_digest(const struct frame *p)
{
	return p->entry + 1 + WIRE_OFFSET;
}

/* A frame of another kind, whose body is there: without an offset. */
static struct frame *finish(struct crypto *c, struct frame *p, uint8_t kind)
{
	const size_t n = p->len - WIRE_FRAME_HEAD;

	link_frame_head(p->bytes, kind, n);
	p->n_frames = 1;
	p->entries = p->entry + WIRE_OFFSET;
	p->entry[WIRE_OFFSET] = kind;
	if (crypto_hash1(c, p->entry + WIRE_OFFSET + 1,
		p->bytes + WIRE_FRAME_HEAD, n) != 0) {
		frame_unref(p);
		return NULL;
	}
	return p;
}

struct frame *frame_mark(struct crypto *c, const struct frame *p, uint64_t seq)
{
	struct frame *m =
	    frame_new(KIND_MARK, WIRE_FRAME_HEAD + WIRE_MARK, false);
	struct log_mark mark = {
	    .offset = get_u64(p->entry + 1), .room = p->room, .seq = seq};

	if (m == NULL)
		return NULL;
	memcpy(mark.digest, frame_digest(p), WIRE_HASH);
	log_mark_encode(m->bytes + WIRE_FRAME_HEAD, &mark);
	m->room = p->room;
	return finish(c, m, KIND_MARK);
}

struct frame *frame_history(struct crypto *c, const uint8_t *body, size_t n)
{
	struct frame *p = frame_new(KIND_HISTORY, WIRE_FRAME_HEAD + n, false);

	if (p == NULL)
		return NULL;
	memcpy(p->bytes + WIRE_FRAME_HEAD, body, n);
	return finish(c, p, KIND_HISTORY);
}

struct frame *frame_blob(struct crypto *c, const uint8_t blob[WIRE_BLOB],
    uint32_t index, const uint8_t *sealed, size_t n)
{
	struct frame *p = frame_new(
	    KIND_BLOB, WIRE_FRAME_HEAD + WIRE_BLOB_HEAD + n, false);

	if (p == NULL)
		return NULL;
	blob_frame_head(p->bytes + WIRE_FRAME_HEAD, blob, index);
	memcpy(p->bytes + WIRE_FRAME_HEAD + WIRE_BLOB_HEAD, sealed, n);
	return finish(c, p, KIND_BLOB);
}

struct frame *frame_batch(struct frame *const *p, size_t n)
{
	struct frame *t;
	uint8_t *at;
	size_t len = 0, i;

	for (i = 0; i < n; i++)
		len += p[i]->len;
	t = frame_new(KIND_GROUP, len + n * LINK_ENTRY, false);
	if (t == NULL)
		return NULL;
	t->len = (uint32_t)len;
	t->n_frames = (uint32_t)n;
	t->room = p[0]->room;
	at = t->bytes;
	for (i = 0; i < n; i++) {
		memcpy(at, p[i]->bytes, p[i]->len);
		at += p[i]->len;
	}
	t->entries = at;
	for (i = 0; i < n; i++) {
		memcpy(at, p[i]->entry, LINK_ENTRY);
		at += LINK_ENTRY;
	}
	return t;
}

struct frame *frame_control(const void *json, size_t n)
{
	struct frame *p = frame_new(KIND_CONTROL, n, false);

	if (p != NULL)
		memcpy(p->bytes, json, n);
	return p;
}

struct frame *frame_direct(const uint8_t *body, size_t n)
{
	struct frame *p = frame_new(KIND_DIRECT, n, false);

	if (p != NULL)
		memcpy(p->bytes, body, n);
	return p;
}

struct frame *frame_key_exchange(const void *json, size_t n, bool secret)
{
	struct frame *p = frame_new(KIND_CONTROL, n, secret);

	if (p != NULL) {
		memcpy(p->bytes, json, n);
		p->step = true;
	}
	return p;
}

struct frame *frame_ref(struct frame *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void frame_unref(struct frame *p)
{
	if (p == NULL ||
	    atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	quota_sub(frame_size(p));
	if (p->secret)
		secret_free(p, sizeof(*p) + p->len);
	else
		free(p);
}

size_t frame_wire_len(const struct frame *p)
{
	return frame_is_sealed(p)      ? WIRE_FRAME_HEAD + p->len + WIRE_TAG
				       : p->len;
}

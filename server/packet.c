#include <stdlib.h>
#include <string.h>

#include "server/memory.h"
#include "server/packet.h"
#include "shared/group.h"
#include "shared/secret.h"

static struct packet *packet_new(uint8_t kind, size_t len, bool secret)
{
	size_t n = sizeof(struct packet) + len;
	struct packet *p = secret ? secret_alloc(n) : malloc(n);

	if (p == NULL)
		return NULL;
	memset(p, 0, sizeof(*p));
	atomic_init(&p->refs, 1);
	p->len = (uint32_t)len;
	p->kind = kind;
	p->secret = secret;
	memory_more(n);
	return p;
}

static size_t packet_size(const struct packet *p)
{
	return sizeof(*p) + p->len +
	       (p->n_frames > 1 ? p->n_frames * LINK_ENTRY : 0);
}

struct packet *packet_group(const uint8_t *body, size_t n)
{
	struct packet *p = packet_new(KIND_GROUP, WIRE_FRAME_HEAD + n, false);

	if (p == NULL)
		return NULL;
	link_frame_head(p->bytes, KIND_GROUP, n);
	memcpy(p->bytes + WIRE_FRAME_HEAD, body, n);
	p->n_frames = 1;
	p->entry[0] = KIND_GROUP;
	p->entries = p->entry;
	return p;
}

int packet_number(struct packet *p, struct crypto *c, uint64_t offset)
{
	uint8_t *body = p->bytes + WIRE_FRAME_HEAD;

	group_set_offset(body, offset);
	return crypto_hash1(c, p->entry + 1, body, p->len - WIRE_FRAME_HEAD);
}

struct packet *packet_train(struct packet *const *p, size_t n)
{
	struct packet *t;
	uint8_t *at;
	size_t len = 0, i;

	for (i = 0; i < n; i++)
		len += p[i]->len;
	t = packet_new(KIND_GROUP, len + n * LINK_ENTRY, false);
	if (t == NULL)
		return NULL;
	t->len = (uint32_t)len;
	t->n_frames = (uint32_t)n;
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

struct packet *packet_control(const void *json, size_t n)
{
	struct packet *p = packet_new(KIND_CONTROL, n, false);

	if (p != NULL)
		memcpy(p->bytes, json, n);
	return p;
}

struct packet *packet_key_exchange(const void *json, size_t n, bool secret)
{
	struct packet *p = packet_new(KIND_CONTROL, n, secret);

	if (p != NULL) {
		memcpy(p->bytes, json, n);
		p->step = true;
	}
	return p;
}

struct packet *packet_ref(struct packet *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void packet_unref(struct packet *p)
{
	if (p == NULL ||
	    atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	memory_less(packet_size(p));
	if (p->secret)
		secret_free(p, sizeof(*p) + p->len);
	else
		free(p);
}

size_t packet_wire_len(const struct packet *p)
{
	return p->kind == KIND_GROUP ? p->len
				     : WIRE_FRAME_HEAD + p->len + WIRE_TAG;
}

/* roster_hash.c - the digest of the members that an epoch has. */
#include <stdlib.h>
#include <string.h>

#include "shared/proto/roster_hash.h"

struct roster_hash {
	struct hash *hash; /* owned */
	uint32_t last;	   /* the member added last */
};

struct roster_hash *roster_hash_new(struct crypto *c)
{
	struct roster_hash *h = calloc(1, sizeof(*h));

	if (h != NULL && (h->hash = hash_new(c)) == NULL) {
		free(h);
		h = NULL;
	}
	return h;
}

void roster_hash_free(struct roster_hash *h)
{
	if (h == NULL)
		return;
	hash_free(h->hash);
	free(h);
}

int roster_hash_add(struct roster_hash *h, const struct user *u)
{
	uint8_t b[4 + 1 + WIRE_NAME_MAX + WIRE_ED25519 + WIRE_HASH];
	const size_t name_len = strlen(u->name);
	uint8_t *p = b;
	int r;

	if (u->member <= h->last || name_len > WIRE_NAME_MAX)
		return ERR_USAGE;
	put_u32(p, u->member);
	p[4] = (uint8_t)name_len;
	p += 5;
	memcpy(p, u->name, name_len);
	p += name_len;
	memcpy(p, u->identity, WIRE_ED25519);
	p += WIRE_ED25519;
	memcpy(p, u->card, WIRE_HASH);
	p += WIRE_HASH;
	if ((r = hash_add(h->hash, b, (size_t)(p - b))) == 0)
		h->last = u->member;
	return r;
}

int roster_hash_get(const struct roster_hash *h, uint8_t out[WIRE_HASH])
{
	return hash_peek(h->hash, out);
}

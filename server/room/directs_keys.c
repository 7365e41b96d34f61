/* directs_keys.c - the prekeys in the boxes: published, and given out. */
#include "server/room/directs_int.h"

#include <stdlib.h>
#include <string.h>

void direct_pack(uint8_t out[STORE_PREKEY], const struct prekey *k)
{
	memcpy(out, k->key, WIRE_X25519);
	put_u64(out + WIRE_X25519, k->made_s);
	memcpy(out + WIRE_X25519 + 8, k->signature, WIRE_SIGNATURE);
}

void direct_unpack(struct prekey *out, const uint8_t in[STORE_PREKEY])
{
	memcpy(out->key, in, WIRE_X25519);
	out->made_s = get_u64(in + WIRE_X25519);
	memcpy(out->signature, in + WIRE_X25519 + 8, WIRE_SIGNATURE);
}

int direct_set_keys(struct direct_box *b, const struct store_direct *d)
{
	const size_t was = d->replace ? 0 : b->n_once;
	uint8_t(*once)[STORE_PREKEY] =
	    malloc((was + d->n_once + 1) * sizeof(*once));
	uint8_t *certificate = NULL;

	if (d->certificate_len > 0)
		certificate = malloc(d->certificate_len);
	if (once == NULL || (d->certificate_len > 0 && certificate == NULL)) {
		free(once);
		free(certificate);
		return ERR_NOMEM;
	}
	if (was > 0)
		memcpy(once, b->once, was * STORE_PREKEY);
	if (d->n_once > 0)
		memcpy(once[was], d->once, d->n_once * STORE_PREKEY);
	if (certificate != NULL)
		memcpy(certificate, d->certificate, d->certificate_len);
	free(b->once);
	free(b->certificate);
	b->once = once;
	b->n_once = was + d->n_once;
	b->certificate = certificate;
	b->certificate_len = d->certificate_len;
	memcpy(b->lasting, d->lasting, STORE_PREKEY);
	memcpy(b->account, d->account, WIRE_KEY);
	return 0;
}

/* A key that it has, or that comes twice. */
static bool has_key(const struct direct_box *b, const struct prekeys_set *s)
{
	size_t i, k;

	for (i = 0; i < s->n_once; i++) {
		for (k = 0; k < i; k++)
			if (memcmp(s->once[i].key, s->once[k].key,
				WIRE_X25519) == 0)
				return true;
		for (k = 0; b != NULL && k < b->n_once; k++)
			if (memcmp(s->once[i].key, b->once[k], WIRE_X25519) ==
			    0)
				return true;
	}
	return false;
}

static int publish(struct directs *t, const struct directs_device *d,
    const struct prekeys_set *s, uint64_t *ticket)
{
	uint8_t lasting[STORE_PREKEY], once[WIRE_PREKEYS][STORE_PREKEY];
	struct direct_box *b = direct_box_of(t, d->identity);
	const bool fresh = b == NULL;
	struct store_direct put = {.what = STORE_DIRECT_KEYS,
	    .identity = d->identity,
	    .account = d->account,
	    .replace = s->replace,
	    .lasting = lasting,
	    .once = once[0],
	    .n_once = s->n_once,
	    .certificate = s->certificate,
	    .certificate_len = s->certificate_len};
	size_t i;
	int err;

	direct_pack(lasting, &s->lasting);
	for (i = 0; i < s->n_once; i++)
		direct_pack(once[i], &s->once[i]);
	if (fresh && (b = direct_box_new(t, d->identity, d->account)) == NULL)
		return ERR_NOMEM;
	/* A put that fails leaves keys here that a restart forgets: the client
	 * sees that they are missing, and publishes others. */
	if ((err = direct_set_keys(b, &put)) == 0)
		err = direct_store(t, &put, ticket);
	if (err != 0 && fresh)
		direct_box_free(t, b);
	return err;
}

int directs_publish(struct directs *t, const struct directs_device *d,
    const struct prekeys_set *s, enum wire_code *refused, uint64_t *ticket)
{
	const struct direct_box *b;
	int err = 0;

	direct_lock(t);
	b = direct_box_of(t, d->identity);
	*refused = CODE_NONE;
	*ticket = 0;
	if (has_key(b, s))
		*refused = CODE_BAD_VALUE;
	else if (b != NULL && !s->replace &&
		 s->n_once > WIRE_PREKEYS_KEPT - b->n_once)
		*refused = CODE_QUOTA;
	else
		err = publish(t, d, s, ticket);
	direct_unlock(t);
	return err;
}

bool directs_may_publish(struct directs *t,
    const uint8_t identity[WIRE_ED25519], size_t n, uint64_t now_s)
{
	const uint64_t most = (uint64_t)DIRECTS_PUBLISH * DIRECTS_PUBLISH_S;
	struct direct_box *b;
	bool may = true;

	direct_lock(t);
	if ((b = direct_box_of(t, identity)) != NULL) {
		if (b->publish_s < now_s)
			b->publish_s = now_s;
		may = b->publish_s - now_s + n * DIRECTS_PUBLISH_S <= most;
		if (may)
			b->publish_s += n * DIRECTS_PUBLISH_S;
	}
	direct_unlock(t);
	return may;
}

void directs_mine(struct directs *t, const uint8_t identity[WIRE_ED25519],
    struct prekeys_mine *out)
{
	const struct direct_box *b;
	size_t i;

	memset(out, 0, sizeof(*out));
	direct_lock(t);
	if ((b = direct_box_of(t, identity)) != NULL) {
		out->has_lasting = true;
		memcpy(out->lasting, b->lasting, WIRE_X25519);
		out->n_once = b->n_once;
		for (i = 0; i < b->n_once; i++)
			memcpy(out->once[i], b->once[i], WIRE_X25519);
	}
	direct_unlock(t);
}

/* Whether this asker may be given another `once` key of this device; it then
 * counts as given. */
static bool may_give(struct directs *t, const struct direct_box *b,
    const uint8_t asker[WIRE_KEY], uint64_t now_s)
{
	uint64_t *over =
	    &t->given_s[direct_hash(t, b->print, asker) % DIRECT_GIVEN];

	if (*over < now_s)
		*over = now_s;
	if (*over - now_s > (uint64_t)(DIRECTS_GIVE - 1) * DIRECTS_GIVE_S)
		return false;
	*over += DIRECTS_GIVE_S;
	return true;
}

/* The oldest: it is gone from here, and from the store before anybody has it. */
static int give_once(struct directs *t, struct direct_box *b,
    struct prekeys_device *out, uint64_t *ticket)
{
	const struct store_direct put = {.what = STORE_DIRECT_GIVEN,
	    .identity = b->identity,
	    .key = b->once[0]};
	int err = direct_store(t, &put, ticket);

	if (err != 0)
		return err;
	direct_unpack(&out->key, b->once[0]);
	out->once = true;
	b->n_once--;
	memmove(b->once[0], b->once[1], b->n_once * STORE_PREKEY);
	if (b->n_once < WIRE_PREKEYS_LOW && b->reader != NULL) {
		b->reader->low = true;
		b->reader->left = (uint32_t)b->n_once;
		b->reader->news(b->reader);
	}
	return 0;
}

int directs_give(struct directs *t, const uint8_t identity[WIRE_ED25519],
    const uint8_t asker[WIRE_KEY], uint64_t now_s, struct prekeys_device *out,
    uint64_t *ticket)
{
	struct direct_box *b;
	int err = 0;

	memset(out, 0, sizeof(*out));
	memcpy(out->identity, identity, WIRE_ED25519);
	*ticket = 0;
	direct_lock(t);
	if ((b = direct_box_of(t, identity)) != NULL) {
		out->has_key = true;
		if (b->certificate != NULL)
			memcpy(out->certificate, b->certificate,
			    b->certificate_len);
		out->certificate_len = b->certificate_len;
		if (b->n_once > 0 && may_give(t, b, asker, now_s))
			err = give_once(t, b, out, ticket);
		else
			direct_unpack(&out->key, b->lasting);
	}
	direct_unlock(t);
	return err;
}

size_t directs_certificate(struct directs *t,
    const uint8_t identity[WIRE_ED25519], uint8_t out[WIRE_CERTIFICATE_MAX])
{
	const struct direct_box *b;
	size_t n = 0;

	direct_lock(t);
	if ((b = direct_box_of(t, identity)) != NULL && b->certificate != NULL) {
		n = b->certificate_len;
		memcpy(out, b->certificate, n);
	}
	direct_unlock(t);
	return n;
}

/* card.c - reads the card of a member. */
#include "shared/proto/card.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/crypto/keys.h"
#include "shared/proto/label.h"

void card_signed(struct part parts[2], const void *bytes, size_t n)
{
	parts[0] = (struct part){LABEL_CARD, sizeof(LABEL_CARD)};
	parts[1] = (struct part){bytes, n};
}

static int get_certificate(
    const json_t *card, uint8_t der[WIRE_CERTIFICATE_MAX], size_t *n)
{
	int r;

	*n = 0;
	if (json_object_get(card, "certificate") == NULL)
		return 0;
	r = json_b64_max(card, "certificate", der, WIRE_CERTIFICATE_MAX, n);
	return r == 0 && *n == 0 ? ERR_RANGE : r;
}

int card_has_certificate(bool *out, const json_t *card)
{
	uint8_t der[WIRE_CERTIFICATE_MAX];
	size_t n;
	int r = get_certificate(card, der, &n);

	*out = r == 0 && n > 0;
	return r;
}

int card_certificate(struct buf *out, const void *bytes, size_t n)
{
	uint8_t der[WIRE_CERTIFICATE_MAX];
	size_t len = 0;
	json_t *o = NULL;
	int r;

	if ((r = json_parse(&o, bytes, n)) == 0)
		r = get_certificate(o, der, &len);
	json_decref(o);
	return r == 0 && len > 0 ? buf_put(out, der, len) : r;
}

/* The card's name and identity are those of the list. */
static int check_owner(const struct card_shown *card)
{
	uint8_t spki[WIRE_ED25519_SPKI], key[WIRE_ED25519];
	json_t *o = NULL;
	const char *name;
	size_t len;
	int r;

	if ((r = json_parse(&o, card->bytes, card->n)) == 0 &&
	    (r = json_str(o, "name", &name, &len)) == 0 &&
	    (r = json_b64(o, "identity", spki, sizeof(spki))) == 0 &&
	    (r = ed25519_from_spki(key, spki, sizeof(spki))) == 0 &&
	    (strcmp(name, card->name) != 0 ||
		memcmp(key, card->identity, sizeof(key)) != 0))
		r = ERR_CARD;
	json_decref(o);
	return r;
}

int card_check(struct buf *certificate, struct crypto *c,
    const struct card_shown *card)
{
	uint8_t hash[WIRE_HASH];
	struct part parts[2];
	int r;

	if ((r = crypto_hash1(c, hash, card->bytes, card->n)) != 0)
		return r;
	if (!secret_equal(hash, card->hash, sizeof(hash)))
		return ERR_CARD;
	card_signed(parts, card->bytes, card->n);
	if ((r = ed25519_verify(
		 c, card->identity, card->signature, parts, 2)) != 0 ||
	    (r = check_owner(card)) != 0)
		return r;
	return card_certificate(certificate, card->bytes, card->n);
}

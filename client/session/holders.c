/* Who holds the secret of a sealed room. */
#include "client/session/holders.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/wire/text.h"

static bool get(const struct holders *h, size_t i, struct holder *out)
{
	return h->ops->get != NULL && h->ops->get(h->ops->arg, h->room, i, out);
}

static void put(const struct holders *h, const struct holder *one)
{
	if (h->ops->put != NULL)
		h->ops->put(h->ops->arg, h->room, one);
}

bool holders_find(const struct holders *h, const uint8_t fingerprint[WIRE_HASH],
    struct holder *out)
{
	if (h->ops->find != NULL &&
	    h->ops->find(h->ops->arg, h->room, fingerprint, out) &&
	    memcmp(out->log, h->log, WIRE_LOG) == 0)
		return true;
	secret_wipe(out, sizeof(*out));
	return false;
}

void holders_spoke(const struct holders *h, const char *name,
    const uint8_t fingerprint[WIRE_HASH], uint32_t number)
{
	struct holder one;
	bool known;

	if (number == 0)
		return;
	known = holders_find(h, fingerprint, &one);
	if (known && number <= one.number && strcmp(one.name, name) == 0) {
		secret_wipe(&one, sizeof(one));
		return;
	}
	if (!known) {
		memcpy(one.fingerprint, fingerprint, WIRE_HASH);
		memcpy(one.log, h->log, WIRE_LOG);
	}
	memset(one.name, 0, sizeof(one.name));
	memcpy(one.name, name, strlen(name));
	if (number > one.number)
		one.number = number;
	if (number > one.removed)
		one.removed = 0;
	put(h, &one);
	secret_wipe(&one, sizeof(one));
}

void holders_has(const struct holders *h,
    const uint8_t fingerprint[WIRE_HASH], uint32_t number)
{
	struct holder one;

	if (holders_find(h, fingerprint, &one) && number > one.number) {
		one.number = number;
		put(h, &one);
	}
	secret_wipe(&one, sizeof(one));
}

void holders_gone(
    const struct holders *h, const uint8_t fingerprint[WIRE_HASH], bool gone)
{
	struct holder one;

	if (holders_find(h, fingerprint, &one) && one.gone != gone) {
		one.gone = gone;
		put(h, &one);
	}
	secret_wipe(&one, sizeof(one));
}

void holders_operator(const struct holders *h,
    const uint8_t fingerprint[WIRE_HASH], bool operator)
{
	struct holder one;

	if (holders_find(h, fingerprint, &one) && one.operator != operator) {
		one.operator = operator;
		put(h, &one);
	}
	secret_wipe(&one, sizeof(one));
}

void holders_removed(const struct holders *h, const char *name, uint32_t number)
{
	struct holder one;
	size_t i;

	for (i = 0; number > 0 && get(h, i, &one); i++) {
		if (!text_same_name(one.name, name) || one.removed >= number ||
		    memcmp(one.log, h->log, WIRE_LOG) != 0)
			continue;
		one.removed = number;
		/* What they have handed over is nothing to go by any more. */
		one.handed = 0;
		memset(one.secret, 0, WIRE_KEY);
		put(h, &one);
	}
	secret_wipe(&one, sizeof(one));
}

void holders_left(const struct holders *h, const char *name,
    const uint8_t fingerprint[WIRE_HASH], const char *reason, uint32_t number)
{
	if (strcmp(reason, "kick") == 0)
		holders_removed(h, name, number);
	else if (strcmp(reason, "quit") == 0)
		holders_gone(h, fingerprint, true);
}

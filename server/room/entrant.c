/* entrant.c - keeps what a handshake has proved about a client. */
#include "server/room/entrant.h"

#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"

static size_t entrant_size(const struct entrant *p)
{
	return sizeof(*p) + p->wrap_len + p->card_len;
}

struct entrant *entrant_new(const struct hs_result *res)
{
	const struct hs_card *card = &res->card;
	struct entrant *p =
	    calloc(1, sizeof(*p) + card->wrap_spki_len + card->bytes.len);

	if (p == NULL)
		return NULL;
	atomic_init(&p->refs, 1);
	memcpy(p->name, card->name, strnlen(card->name, WIRE_NAME_MAX));
	memcpy(p->identity, card->identity, sizeof(p->identity));
	memcpy(p->account, card->identity, sizeof(p->account));
	memcpy(p->instance, card->instance, sizeof(p->instance));
	memcpy(p->card, card->hash, sizeof(p->card));
	memcpy(p->signature, card->signature, sizeof(p->signature));
	memcpy(p->th5, res->th5, sizeof(p->th5));
	p->certificate = card->has_certificate;
	p->wrap_len = (uint32_t)card->wrap_spki_len;
	p->card_len = (uint32_t)card->bytes.len;
	memcpy(p->bytes, card->wrap_spki, p->wrap_len);
	memcpy(p->bytes + p->wrap_len, card->bytes.p, p->card_len);
	/* The client chooses how long its card is, up to 12 KiB. */
	quota_add(entrant_size(p));
	return p;
}

struct entrant *entrant_ref(struct entrant *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void entrant_unref(struct entrant *p)
{
	if (p == NULL ||
	    atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) > 1)
		return;
	quota_sub(entrant_size(p));
	free(p);
}

const uint8_t *entrant_card(const struct entrant *p)
{
	return p->bytes + p->wrap_len;
}

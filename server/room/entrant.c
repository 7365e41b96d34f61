/* entrant.c - keeps what a handshake has proved about a client. */
#include "server/room/entrant.h"

#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "shared/wire/b64.h"

/* Bytes before the card. */
static size_t wrap_kept(const struct entrant *p)
{
	return p->wrap_at == 0 ? p->wrap_len : 0;
}

static size_t entrant_size(const struct entrant *p)
{
	return sizeof(*p) + wrap_kept(p) + p->card_len;
}

static uint32_t find_wrap(const struct hs_card *card)
{
	char b64[B64_LEN(WIRE_RSA_SPKI_MAX) + 1];
	const uint8_t *at;

	b64_encode(b64, card->wrap_spki, card->wrap_spki_len);
	at = memmem(card->bytes.p, card->bytes.len, b64,
	    B64_LEN(card->wrap_spki_len));
	return at != NULL ? (uint32_t)(at - card->bytes.p) : 0;
}

struct entrant *entrant_new(const struct hs_result *res)
{
	const struct hs_card *card = &res->card;
	const uint32_t wrap_at = find_wrap(card);
	struct entrant *p = calloc(1,
	    sizeof(*p) + (wrap_at == 0 ? card->wrap_spki_len : 0) +
		card->bytes.len);

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
	p->wrap_at = wrap_at;
	memcpy(p->bytes, card->wrap_spki, wrap_kept(p));
	memcpy(p->bytes + wrap_kept(p), card->bytes.p, p->card_len);
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
	return p->bytes + wrap_kept(p);
}

int entrant_wrap(const struct entrant *p, uint8_t out[WIRE_RSA_SPKI_MAX])
{
	if (p->wrap_at > 0)
		return b64_decode(out, p->wrap_len,
		    (const char *)p->bytes + p->wrap_at, B64_LEN(p->wrap_len));
	memcpy(out, p->bytes, p->wrap_len);
	return 0;
}

/* receipt.c - the server's signature under the head of a log. */
#include "shared/proto/receipt.h"

#include <string.h>

#include "shared/wire/bytes.h"

enum { TEXT = WIRE_LOG + 8 + WIRE_HASH + 8 };

static void text_of(uint8_t out[TEXT], const struct receipt *r)
{
	memcpy(out, r->log, WIRE_LOG);
	put_u64(out + WIRE_LOG, r->head.offset);
	memcpy(out + WIRE_LOG + 8, r->head.chain, WIRE_HASH);
	put_u64(out + WIRE_LOG + 8 + WIRE_HASH, r->ts_ms);
}

int receipt_sign(struct receipt *r, const struct identity *server)
{
	uint8_t text[TEXT];
	const struct part parts[] = {
	    {LABEL_RECEIPT, sizeof(LABEL_RECEIPT)}, {text, sizeof(text)}};

	text_of(text, r);
	return identity_sign(server, r->signature, parts, 2);
}

int receipt_verify(struct crypto *c, const struct receipt *r,
    const uint8_t server[WIRE_ED25519])
{
	uint8_t text[TEXT];
	const struct part parts[] = {
	    {LABEL_RECEIPT, sizeof(LABEL_RECEIPT)}, {text, sizeof(text)}};

	text_of(text, r);
	return ed25519_verify(c, server, r->signature, parts, 2);
}

void receipt_put(struct json_w *w, const struct receipt *r)
{
	json_put_b64(w, "log", r->log, sizeof(r->log));
	json_put_u63(w, "offset", r->head.offset);
	json_put_b64(w, "chain", r->head.chain, sizeof(r->head.chain));
	json_put_u63(w, "ts", r->ts_ms);
	json_put_b64(w, "signature", r->signature, sizeof(r->signature));
}

int receipt_get(struct receipt *out, const json_t *o)
{
	int r;

	if ((r = json_b64(o, "log", out->log, sizeof(out->log))) != 0 ||
	    (r = json_u63(o, "offset", &out->head.offset)) != 0 ||
	    (r = json_b64(o, "chain", out->head.chain,
		 sizeof(out->head.chain))) != 0 ||
	    (r = json_u63(o, "ts", &out->ts_ms)) != 0)
		return r;
	return json_b64(o, "signature", out->signature, sizeof(out->signature));
}

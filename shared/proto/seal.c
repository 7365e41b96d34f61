/* seal.c - the keys of sealed rooms. */
#include "shared/proto/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/wire/b64.h"

int seal_make(struct crypto *c, struct seal *out,
    const uint8_t secret[WIRE_KEY], const uint8_t log[WIRE_LOG])
{
	const struct part key[] = {{LABEL_SEAL, sizeof(LABEL_SEAL)}};
	const struct part check[] = {
	    {LABEL_SEAL_CHECK, sizeof(LABEL_SEAL_CHECK)}};
	uint8_t prk[WIRE_HASH];
	int r;

	if ((r = crypto_extract(c, prk, log, WIRE_LOG, secret, WIRE_KEY)) !=
		0 ||
	    (r = crypto_expand(c, out->key, WIRE_KEY, prk, key, 1)) != 0 ||
	    (r = crypto_expand(c, out->check, SEAL_CHECK, prk, check, 1)) != 0)
		seal_wipe(out);
	secret_wipe(prk, sizeof(prk));
	return r;
}

void seal_wipe(struct seal *s)
{
	secret_wipe(s, sizeof(*s));
}

int seal_epoch(struct crypto *c, struct group_epoch *out,
    const struct group_epoch *plain, const uint8_t key[WIRE_KEY])
{
	uint8_t base[WIRE_KEY];
	int r = crypto_extract(c, base, key, WIRE_KEY, plain->base, WIRE_KEY);

	if (r == 0)
		r = group_epoch_of_base(
		    c, out, plain->room, plain->epoch, base);
	else
		group_epoch_wipe(out);
	secret_wipe(base, sizeof(base));
	return r;
}

void seal_mark_encode(char out[SEAL_MARK], const struct seal_mark *m)
{
	char check[B64URL_32 + 1];
	uint8_t whole[WIRE_HASH] = {0};

	/* 22 characters hold 132 bits: the last four are those of the zeros. */
	memcpy(whole, m->check, SEAL_CHECK);
	b64url_encode32(check, whole);
	snprintf(out, SEAL_MARK, "seal %" PRIu32 " %.22s", m->generation, check);
}

bool seal_mark_decode(struct seal_mark *out, const char *text)
{
	char whole[B64URL_32 + 1], again[SEAL_MARK];
	uint8_t check[WIRE_HASH];
	struct seal_mark m;
	uint64_t n = 0;
	const char *p;

	if (strncmp(text, "seal ", 5) != 0)
		return false;
	for (p = text + 5; *p >= '0' && *p <= '9' && p - text < 15; p++)
		n = 10 * n + (uint64_t)(*p - '0');
	if (n == 0 || n > SEAL_GENERATION_MAX || *p != ' ' ||
	    strlen(p + 1) != 22)
		return false;
	snprintf(whole, sizeof(whole), "%sAAAAAAAAAAAAAAAAAAAAA", p + 1);
	if (b64url_decode32(check, whole, B64URL_32) != 0)
		return false;
	m.generation = (uint32_t)n;
	memcpy(m.check, check, SEAL_CHECK);
	/* Neither a leading zero nor bits behind the last byte. */
	seal_mark_encode(again, &m);
	if (strcmp(again, text) != 0)
		return false;
	*out = m;
	return true;
}

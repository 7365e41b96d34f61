/* The hashes of chained lines. */
#include "shared/proto/hashline.h"

#include <string.h>

#include "shared/wire/b64.h"

#define HASH_KEY ",\"hash\":\""
enum { HASH_KEY_LEN = sizeof(HASH_KEY) - 1, HASH_B64 = 44 };

static int next_hash(struct crypto *c, uint8_t out[WIRE_HASH],
    const uint8_t before[WIRE_HASH], const void *p, size_t n)
{
	const struct part parts[] = {{before, WIRE_HASH}, {p, n}};

	return crypto_hash_parts(c, out, parts, 2);
}

int hashline_end(
    struct crypto *c, struct buf *out, size_t start, uint8_t hash[WIRE_HASH])
{
	uint8_t next[WIRE_HASH];
	char tail[HASHLINE_TAIL + 2];
	int r;

	out->len--; /* its last brace */
	r = next_hash(c, next, hash, out->p + start, out->len - start);
	if (r == 0) {
		memcpy(tail, HASH_KEY, HASH_KEY_LEN);
		b64_encode(tail + HASH_KEY_LEN, next, WIRE_HASH);
		memcpy(tail + HASH_KEY_LEN + HASH_B64, "\"}\n", 3);
		r = buf_put(out, tail, HASHLINE_TAIL + 1);
	}
	if (r != 0)
		buf_truncate(out, start);
	else
		memcpy(hash, next, WIRE_HASH);
	return r;
}

int hashline_hash(uint8_t out[WIRE_HASH], const char *line, size_t n)
{
	const char *tail;

	if (n <= HASHLINE_TAIL)
		return ERR_TRUNC;
	tail = line + n - HASHLINE_TAIL;
	if (memcmp(tail, HASH_KEY, HASH_KEY_LEN) != 0 ||
	    memcmp(line + n - 2, "\"}", 2) != 0)
		return ERR_TRUNC;
	return b64_decode(out, WIRE_HASH, tail + HASH_KEY_LEN, HASH_B64);
}

int hashline_check(
    struct crypto *c, uint8_t hash[WIRE_HASH], const char *line, size_t n)
{
	uint8_t said[WIRE_HASH], made[WIRE_HASH];
	int r;

	if ((r = hashline_hash(said, line, n)) != 0 ||
	    (r = next_hash(c, made, hash, line, n - HASHLINE_TAIL)) != 0)
		return r;
	if (memcmp(said, made, WIRE_HASH) != 0)
		return ERR_MAC;
	memcpy(hash, made, WIRE_HASH);
	return 0;
}

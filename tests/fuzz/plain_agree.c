/* plain_agree.c - fake X25519 for the fuzz targets, like plain_crypto.c: a pair is its
 * public key, that of everybody, or after fuzz_plain_pairs one of its own. Two agree
 * on both, XORed, which is the same from both sides. */
#include "shared/crypto/keys.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/people_of.h"

static bool own_pairs;

void fuzz_plain_pairs(void)
{
	own_pairs = true;
}

static struct dh *plain_dh(const uint8_t key[WIRE_X25519])
{
	return (void *)fuzz_copy(key, WIRE_X25519);
}

struct dh *__real_dh_new(const struct rng *rng);
struct dh *__wrap_dh_new(const struct rng *rng);
struct dh *__wrap_dh_new(const struct rng *rng)
{
	uint8_t key[WIRE_X25519];

	if (!fuzz_is_plain())
		return __real_dh_new(rng);
	memcpy(key, people_agree, sizeof(key));
	if (own_pairs) {
		FUZZ_CHECK(rng->fill(rng->arg, key, sizeof(key)) == 0);
		key[WIRE_X25519 - 1] &= 0x3f;
	}
	return plain_dh(key);
}

struct dh *__real_dh_from_private(const uint8_t key[WIRE_X25519]);
struct dh *__wrap_dh_from_private(const uint8_t key[WIRE_X25519]);
struct dh *__wrap_dh_from_private(const uint8_t key[WIRE_X25519])
{
	return fuzz_is_plain() ? plain_dh(key) : __real_dh_from_private(key);
}

void __real_dh_free(struct dh *a);
void __wrap_dh_free(struct dh *a);
void __wrap_dh_free(struct dh *a)
{
	if (fuzz_is_plain())
		free(a);
	else
		__real_dh_free(a);
}

const uint8_t *__real_dh_public(const struct dh *a);
const uint8_t *__wrap_dh_public(const struct dh *a);
const uint8_t *__wrap_dh_public(const struct dh *a)
{
	return fuzz_is_plain() ? (const void *)a : __real_dh_public(a);
}

int __real_dh_private(const struct dh *a, uint8_t *out);
int __wrap_dh_private(const struct dh *a, uint8_t *out);
int __wrap_dh_private(const struct dh *a, uint8_t *out)
{
	if (!fuzz_is_plain())
		return __real_dh_private(a, out);
	memcpy(out, a, WIRE_X25519);
	return 0;
}

int __real_dh_agree(struct crypto *c, uint8_t *out, const struct dh *own,
    const uint8_t *peer);
int __wrap_dh_agree(struct crypto *c, uint8_t *out, const struct dh *own,
    const uint8_t *peer);
int __wrap_dh_agree(struct crypto *c, uint8_t *out, const struct dh *own,
    const uint8_t *peer)
{
	size_t i;

	if (!fuzz_is_plain())
		return __real_dh_agree(c, out, own, peer);
	for (i = 0; i < WIRE_X25519; i++)
		out[i] = ((const uint8_t *)own)[i] ^ peer[i];
	return 0;
}

/* One ciphertext that opens under two keys, because AES-GCM does not commit to
 * its key (Dodis, Grubbs, Ristenpart, Woodage 2018: invisible salamanders).
 * With it, a member and the relay together could send one text to bob and
 * another to carol. The signature inside covers the epoch's commit, so it
 * cannot fit both keys. The test builds the frame from the field arithmetic of
 * SP 800-38D. */
#include "shared/crypto/ossl.h"

#include "tests/unit/check.h"
#include "tests/unit/group_world.h"

/* --- GF(2^128), SP 800-38D section 6.3: bit 0 is the first byte's top bit --- */

struct block {
	uint8_t b[16];
};

static struct block add(struct block x, struct block y)
{
	int i;

	for (i = 0; i < 16; i++)
		x.b[i] ^= y.b[i];
	return x;
}

static struct block times(struct block x, struct block y)
{
	struct block z = {{0}};
	int i, k, low;

	for (i = 0; i < 128; i++) {
		if (x.b[i / 8] >> (7 - i % 8) & 1)
			z = add(z, y);
		low = y.b[15] & 1;
		for (k = 15; k > 0; k--)
			y.b[k] = (uint8_t)(y.b[k] >> 1 | y.b[k - 1] << 7);
		y.b[0] >>= 1;
		if (low)
			y.b[0] ^= 0xe1;
	}
	return z;
}

static const struct block one = {{0x80}};

static struct block power(struct block x, int n)
{
	struct block r = one;

	while (n-- > 0)
		r = times(r, x);
	return r;
}

/* x^(2^128 - 2): the product of x^2, x^4, ... x^(2^127). */
static struct block inverse(struct block x)
{
	struct block r = one;
	int i;

	for (i = 1; i < 128; i++) {
		x = times(x, x);
		r = times(r, x);
	}
	return r;
}

/* --- GCM under one key ----------------------------------------------------- */

enum { AAD_BLOCKS = 2, TEXT_BLOCKS = 8, ALL = AAD_BLOCKS + TEXT_BLOCKS + 1 };
enum { FREE = AAD_BLOCKS + 5 }; /* the block chosen to make the tags agree */

struct gcm {
	uint8_t key[WIRE_KEY_IV], nonce[WIRE_IV];
	struct block h, mask; /* E(0) and E(nonce || 1) */
};

static struct block aes(const uint8_t key[WIRE_KEY], struct block in)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	struct block out;
	int n;

	assert_int_equal(
	    EVP_EncryptInit_ex(c, EVP_aes_256_ecb(), NULL, key, NULL), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(c, 0), 1);
	assert_int_equal(EVP_EncryptUpdate(c, out.b, &n, in.b, 16), 1);
	EVP_CIPHER_CTX_free(c);
	return out;
}

static void gcm_init(
    struct gcm *g, struct group_world *w, const struct group_epoch *e)
{
	struct block zero = {{0}}, first = {{0}};

	assert_int_equal(group_sender_key(w->c, g->key, e, w->from[ALICE].id,
			     w->card[ALICE]),
	    0);
	crypto_nonce(g->nonce, g->key + WIRE_KEY, SEQ);
	memcpy(first.b, g->nonce, WIRE_IV);
	first.b[15] = 1;
	g->h = aes(g->key, zero);
	g->mask = aes(g->key, first);
}

static struct block tag(const struct gcm *g, const struct block all[ALL])
{
	struct block x = {{0}};
	int i;

	for (i = 0; i < ALL; i++)
		x = times(add(x, all[i]), g->h);
	return add(x, g->mask);
}

/* --- the frame --------------------------------------------------------------- */

/* Fills w->body: 20 bytes of aad, an arbitrary ciphertext except for one chosen
 * block, and a tag that is valid under both keys. */
static void salamander(
    struct group_world *w, const struct gcm *one_key, const struct gcm *other)
{
	struct block all[ALL], a, b;
	uint8_t *p;
	int i;

	memset(all, 0, sizeof(all));
	for (i = AAD_BLOCKS; i < ALL - 1; i++)
		memset(all[i].b, 0x30 + i, 16);
	memset(&all[FREE], 0, sizeof(all[FREE]));
	buf_clear(&w->body);
	assert_int_equal(buf_u64(&w->body, 0), 0);
	assert_int_equal(buf_u32(&w->body, ROOM), 0);
	assert_int_equal(buf_u32(&w->body, EPOCH), 0);
	assert_int_equal(buf_u32(&w->body, w->from[ALICE].id), 0);
	assert_int_equal(buf_u64(&w->body, SEQ), 0);
	memcpy(all, w->body.p + 8, 20);
	put_u64(all[ALL - 1].b, 8 * 20);
	put_u64(all[ALL - 1].b + 8, 8 * 16 * TEXT_BLOCKS);
	a = add(tag(one_key, all), tag(other, all));
	b = add(power(one_key->h, ALL - FREE), power(other->h, ALL - FREE));
	all[FREE] = times(a, inverse(b));
	a = tag(one_key, all);
	b = tag(other, all);
	assert_memory_equal(a.b, b.b, 16);
	for (i = AAD_BLOCKS; i < ALL - 1; i++)
		assert_int_equal(buf_put(&w->body, all[i].b, 16), 0);
	p = a.b;
	assert_int_equal(buf_put(&w->body, p, 16), 0);
}

static void opens_under_both_and_is_nobodys(void **state)
{
	struct group_world *w = *state;
	uint8_t other_secret[WIRE_KEY] = {0x77};
	uint8_t text[2][16 * TEXT_BLOCKS];
	struct group_epoch e[2] = {w->e};
	struct gcm g[2];
	int i;

	assert_int_equal(
	    group_epoch_make(w->c, &e[1], ROOM, EPOCH, other_secret), 0);
	for (i = 0; i < 2; i++)
		gcm_init(&g[i], w, &e[i]);
	salamander(w, &g[0], &g[1]);
	/* It is a salamander: AES-GCM opens it under both keys, to two
	 * texts. */
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    crypto_open(w->c, text[i], g[i].key, g[i].nonce,
			w->body.p + 8, 20, w->body.p + 28, w->body.len - 28),
		    0);
	assert_memory_not_equal(text[0], text[1], sizeof(text[0]));
	/* Neither member accepts it as a frame. */
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    group_world_open_as(w, &e[i], &w->place, &w->from[ALICE]),
		    ERR_SIGNATURE);
}

static void the_arithmetic_is_right(void **state)
{
	struct block x = {{0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, [15] = 0x5c}}, y;

	(void)state;
	y = times(x, inverse(x));
	assert_memory_equal(y.b, one.b, 16);
	y = times(x, one);
	assert_memory_equal(y.b, x.b, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_arithmetic_is_right),
	    cmocka_unit_test_setup_teardown(opens_under_both_and_is_nobodys,
		group_world_new, group_world_free),
	};

	return cmocka_run_group_tests_name("salamander", tests, NULL, NULL);
}

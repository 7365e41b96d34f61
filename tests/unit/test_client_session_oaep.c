/* Checks that RSA-OAEP fails in only one way (Bleichenbacher 1998, Manger
 * 2001): a server that sends wrapped keys with every possible fault sees the
 * same bytes in reply, after about the same time. The test makes the
 * ciphertexts by RFC 8017 section 7.1.1, each with one fault. */
#include "shared/crypto/ossl.h"

#include "tests/unit/fake_server.h"
#include "tests/unit/vectors.h"

#include <time.h>

enum { K = 256, H_LEN = 32, DB = K - H_LEN - 1 }; /* RSA-2048, SHA-256 */

/* --- ciphertexts -------------------------------------------------------- */

enum fault {
	NONE,
	FIRST_BYTE, /* what Manger's attack asks for */
	FIRST_BYTE_FF,
	LABEL_FIRST, /* the label's hash: its first or last byte */
	LABEL_LAST,
	LABEL_OTHER,  /* the correct hash of another label */
	PADDING,      /* a byte among the zeros before 01 */
	PADDING_LAST, /* the byte before 01 */
	NO_SEPARATOR, /* only zeros */
	SEPARATOR_02,
	SHORT, /* a correct encoding of 31, 33, 0 or 190 bytes */
	LONG,
	EMPTY,
	LONGEST,
	SEED,	 /* changes every byte of DB */
	NO_OAEP, /* PKCS #1 v1.5 */
	ZERO,	 /* the ciphertexts 0, 1, n - 1, n, all ones */
	ONE,
	N_MINUS_1,
	N,
	ALL_ONES,
	FAULTS
};
static const char *const names[FAULTS] = {"none", "first byte 01",
    "first byte ff", "label hash, first byte", "label hash, last byte",
    "another label", "a byte in the padding", "the byte before 01", "no 01",
    "02 for 01", "31 bytes", "33 bytes", "no bytes", "190 bytes",
    "another seed", "PKCS #1 v1.5", "ciphertext 0", "ciphertext 1",
    "ciphertext n - 1", "ciphertext n", "ciphertext of ones"};

static void sha256(uint8_t out[H_LEN], const void *p, size_t n)
{
	assert_int_equal(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL), 1);
}

static void mgf1_xor(uint8_t *out, size_t n, const uint8_t *seed, size_t len)
{
	uint8_t in[DB + 4], block[H_LEN];
	size_t i;

	memcpy(in, seed, len);
	for (i = 0; i < n; i++) {
		if (i % H_LEN == 0) {
			put_u32(in + len, (uint32_t)(i / H_LEN));
			sha256(block, in, len + 4);
		}
		out[i] ^= block[i % H_LEN];
	}
}

static size_t text_len(enum fault f)
{
	return f == SHORT     ? 31
	       : f == LONG    ? 33
	       : f == EMPTY   ? 0
	       : f == LONGEST ? DB - H_LEN - 1
			      : WIRE_KEY;
}

/* Encodes EM of section 7.1.1 with that fault. */
static void encode(uint8_t em[K], enum fault f, const void *label,
    size_t label_len, const uint8_t secret[WIRE_KEY])
{
	uint8_t *seed = em + 1, *db = em + 1 + H_LEN;
	const size_t n = text_len(f), ps = DB - H_LEN - 1 - n;

	memset(em, 0, K);
	memset(seed, 0xa7, H_LEN);
	sha256(db, label, f == LABEL_OTHER ? label_len - 1 : label_len);
	db[H_LEN + ps] = 1;
	memset(db + H_LEN + ps + 1, 0x33, n);
	memcpy(db + H_LEN + ps + 1, secret, n < WIRE_KEY ? n : WIRE_KEY);
	if (f == LABEL_FIRST)
		db[0] ^= 1;
	if (f == LABEL_LAST)
		db[H_LEN - 1] ^= 0x80;
	if (f == PADDING)
		db[H_LEN + 3] = 0x40;
	if (f == PADDING_LAST)
		db[H_LEN + ps - 1] = 0x02;
	if (f == NO_SEPARATOR)
		memset(db + H_LEN, 0, DB - H_LEN);
	if (f == SEPARATOR_02)
		db[H_LEN + ps] = 2;
	mgf1_xor(db, DB, seed, H_LEN);
	mgf1_xor(seed, H_LEN, db, DB);
	if (f == FIRST_BYTE)
		em[0] = 1;
	if (f == FIRST_BYTE_FF)
		em[0] = 0x7f; /* always below n */
	if (f == SEED)
		seed[0] ^= 1;
	if (f == NO_OAEP) {
		memset(em, 0x5a, K);
		em[0] = 0;
		em[1] = 2;
		em[K - WIRE_KEY - 1] = 0;
		memcpy(em + K - WIRE_KEY, secret, WIRE_KEY);
	}
}

/* em^65537 mod n */
static void encrypt(uint8_t out[K], const uint8_t em[K], const uint8_t n[K])
{
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *m = BN_bin2bn(em, K, NULL), *mod = BN_bin2bn(n, K, NULL);
	BIGNUM *e = BN_new(), *c = BN_new();

	assert_true(ctx && m && mod && e && c);
	assert_int_equal(BN_set_word(e, 65537), 1);
	assert_int_equal(BN_mod_exp(c, m, e, mod, ctx), 1);
	assert_int_equal(BN_bn2binpad(c, out, K), K);
	BN_free(m);
	BN_free(mod);
	BN_free(e);
	BN_free(c);
	BN_CTX_free(ctx);
}

static void faulty(uint8_t out[K], enum fault f, const uint8_t n[K],
    const void *label, size_t label_len, const uint8_t secret[WIRE_KEY])
{
	uint8_t em[K];

	memset(out, f == ALL_ONES ? 0xff : 0, K);
	if (f == ONE)
		out[K - 1] = 1;
	if (f == N || f == N_MINUS_1)
		memcpy(out, n, K);
	if (f == N_MINUS_1)
		out[K - 1] &= 0xfe; /* n is odd */
	if (f >= ZERO)
		return;
	encode(em, f, label, label_len, secret);
	encrypt(out, em, n);
}

/* --- the reply ---------------------------------------------------------- */

static const uint8_t *modulus(const struct buf *spki)
{
	assert_int_equal(spki->len, 294);
	return spki->p + 33;
}

/* Everything that the client sends after the key, and what it shows. */
struct wrapped_answer {
	struct buf sent;
	char event[256];
};

static void answer_to(enum fault f, struct wrapped_answer *out)
{
	uint8_t label[sizeof(LABEL_GROUP_KEY) + WIRE_HASH + 12];
	struct world *w = world_new();
	const struct event *e;
	struct key_exchange k;
	const uint8_t *p;
	size_t n;

	world_connect(w);
	fake_fill_key(&w->fake, &k);
	memcpy(label, LABEL_GROUP_KEY, sizeof(LABEL_GROUP_KEY));
	memcpy(label + sizeof(LABEL_GROUP_KEY), w->fake.th5, WIRE_HASH);
	put_u32(label + sizeof(label) - 12, k.room);
	put_u32(label + sizeof(label) - 8, k.epoch);
	put_u32(label + sizeof(label) - 4, k.member);
	faulty(k.wrapped, f, modulus(&w->fake.wrap_spki), label, sizeof(label),
	    w->fake.secret);
	fake_put_key(&w->fake, &k);
	fake_flush(&w->fake);
	session_input(w->s, w->now, w->fake.out.p, w->fake.out.len);
	buf_clear(&w->fake.out);
	p = session_output(w->s, &n);
	buf_init(&out->sent, 1 << 16);
	assert_int_equal(buf_put(&out->sent, p, n), 0);
	world_lose(w, "closed");
	out->event[0] = '\0';
	while ((e = session_event(w->s)) != NULL)
		;
	if (w->events.n > 0)
		snprintf(out->event, sizeof(out->event), "%.255s",
		    w->events.text[w->events.n - 1]);
	world_free(w);
}

static void the_same_bytes_come_back(void **state)
{
	struct wrapped_answer first, other;
	int f;

	(void)state;
	answer_to(NONE, &other);
	assert_int_equal(other.sent.len, 0); /* it waits for the list */
	assert_true(strstr(other.event, "protocol") == NULL);
	buf_free(&other.sent);
	answer_to(FIRST_BYTE, &first);
	assert_true(first.sent.len > 0); /* it sent a bye */
	assert_string_equal(first.event,
	    "closed 6 protocol: the server broke the protocol: a ciphertext "
	    "does not open");
	for (f = FIRST_BYTE + 1; f < FAULTS; f++) {
		answer_to((enum fault)f, &other);
		if (other.sent.len != first.sent.len ||
		    memcmp(other.sent.p, first.sent.p, first.sent.len) != 0 ||
		    strcmp(other.event, first.event) != 0)
			fail_msg(
			    "%s: another answer: %s", names[f], other.event);
		buf_free(&other.sent);
	}
	buf_free(&first.sent);
}

/* --- the timing --------------------------------------------------------- */

enum { SAMPLES = 61 };

static uint64_t now_ns(void)
{
	struct timespec t;

	/* CPU time of this thread only, whatever else the machine does. */
	assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t), 0);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Compares medians of many interleaved samples. Skipping the private operation,
 * or doing a second one, changes the time by a factor; this test cannot see
 * microseconds. */
static void about_the_same_time_passes(void **state)
{
	static uint64_t t[FAULTS][SAMPLES];
	struct kem_rsa *w = vectors_kem_rsa();
	uint8_t ct[FAULTS][K], secret[WIRE_KEY] = {9}, out[WIRE_KEY];
	struct buf spki;
	uint64_t start, all;
	int f, i;

	(void)state;
	buf_init(&spki, WIRE_RSA_SPKI_MAX);
	assert_int_equal(kem_rsa_spki(w, &spki), 0);
	for (f = 0; f < FAULTS; f++)
		faulty(
		    ct[f], (enum fault)f, modulus(&spki), "label", 5, secret);
	for (i = 0; i < SAMPLES; i++)
		for (f = 0; f < FAULTS; f++) {
			start = now_ns();
			assert_int_equal(
			    kem_rsa_open(w, out, "label", 5, ct[f], K),
			    f == NONE ? 0 : ERR_OPEN);
			t[f][i] = now_ns() - start;
		}
	for (f = 0; f < FAULTS; f++)
		qsort(t[f], SAMPLES, sizeof(t[f][0]), by_size);
	all = t[FIRST_BYTE][SAMPLES / 2];
	for (f = 0; f < FAULTS; f++) {
		const uint64_t m = t[f][SAMPLES / 2];

		/* A ciphertext not below n is rejected early, which anybody who
		 * has n can predict; 0 and 1 are fast to exponentiate. */
		if (f < ZERO && (m < all * 2 / 3 || m > all * 3 / 2))
			fail_msg("%s: %lu ns, and %lu ns", names[f],
			    (unsigned long)m, (unsigned long)all);
	}
	buf_free(&spki);
	kem_rsa_free(w);
}

int main(void)
{
	struct check_group g = {0};

#define ADD(f) check_add(&g, f, NULL, "%s", #f)
	ADD(the_same_bytes_come_back);
	ADD(about_the_same_time_passes);
	return check_run("client session OAEP", &g);
}

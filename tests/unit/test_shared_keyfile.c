/* The identity's file format in keys.h, PKCS#8 PEM. */
#include "shared/crypto/ossl.h"

#include "tests/unit/vectors.h"

#include "shared/crypto/keys.h"

static int seeded(void *arg, void *out, size_t n)
{
	uint64_t *seed = arg;
	uint8_t *p = out;

	while (n-- > 0)
		*p++ = (uint8_t)check_random(seed);
	return 0;
}

static struct identity *identity_of_test(uint64_t seed)
{
	const struct rng rng = {seeded, &seed};
	struct identity *id = identity_new(&rng);

	assert_non_null(id);
	return id;
}

/* --- the key file -------------------------------------------------------- */

static struct buf pem_of(const struct identity *id, const char *passphrase)
{
	struct buf b;

	buf_init_secret(&b, 4096);
	assert_int_equal(identity_to_pem(id, &b, passphrase), 0);
	return b;
}

static void pem_round_trip(void **state)
{
	const char *passphrase = *state;
	struct identity *id = identity_of_test(8), *again = NULL;
	struct buf b = pem_of(id, passphrase);
	const char *begin = passphrase == NULL
				? "-----BEGIN PRIVATE KEY-----\n"
				: "-----BEGIN ENCRYPTED PRIVATE KEY-----\n";

	assert_memory_equal(b.p, begin, strlen(begin));
	assert_int_equal(identity_from_pem(&again, b.p, b.len, passphrase), 0);
	assert_memory_equal(identity_public(id), identity_public(again), 32);
	identity_free(again);
	again = NULL;
	if (passphrase != NULL) {
		assert_int_equal(identity_from_pem(&again, b.p, b.len, NULL),
		    ERR_PASSPHRASE);
		assert_int_equal(identity_from_pem(&again, b.p, b.len, "no"),
		    ERR_PASSPHRASE);
	} else { /* an unneeded passphrase is ignored */
		assert_int_equal(
		    identity_from_pem(&again, b.p, b.len, "no"), 0);
		identity_free(again);
		again = NULL;
	}
	assert_null(again);
	identity_free(id);
	buf_free(&b);
	vectors_queue_is_empty();
}

/* RFC 8410, section 10.3. */
static void pem_rfc8410(void **state)
{
	static const char pem[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	    "-----END PRIVATE KEY-----\n";
	struct identity *id = NULL;
	struct buf b;
	size_t n;
	uint8_t *pub = check_hex("19bf44096984cdfe8541bac167dc3b96"
				 "c85086aa30b6b6cb0c5c38ad703166e1",
	    &n);

	(void)state;
	assert_int_equal(identity_from_pem(&id, pem, strlen(pem), NULL), 0);
	assert_memory_equal(identity_public(id), pub, 32);
	b = pem_of(id, NULL);
	assert_int_equal(b.len, strlen(pem));
	assert_memory_equal(b.p, pem, b.len);
	buf_free(&b);
	identity_free(id);
	free(pub);
}

/* A truncated file is refused; only the last newline may be missing. */
static void pem_every_truncation(void **state)
{
	struct identity *id = identity_of_test(9), *again = NULL;
	struct buf b = pem_of(id, NULL);
	size_t n;

	(void)state;
	for (n = 0; n + 1 < b.len; n++) {
		assert_int_equal(
		    identity_from_pem(&again, b.p, n, NULL), ERR_KEY);
		assert_null(again);
		vectors_queue_is_empty();
	}
	identity_free(id);
	buf_free(&b);
}

/* A flipped bit gives a valid key or a refusal, and nothing else. */
static void pem_every_bit(void **state)
{
	struct identity *id = identity_of_test(10), *again;
	struct buf b = pem_of(id, NULL);
	size_t i, keys = 0;
	int e;

	(void)state;
	for (i = 0; i < 8 * b.len; i++) {
		again = NULL;
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		e = identity_from_pem(&again, b.p, b.len, NULL);
		assert_true(
		    e == 0 ? again != NULL : e == ERR_KEY && again == NULL);
		keys += e == 0;
		identity_free(again);
		vectors_queue_is_empty();
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_true(keys < 8 * b.len / 2);
	identity_free(id);
	buf_free(&b);
}

static void pem_too_little_room(void **state)
{
	struct identity *id = identity_of_test(11);
	struct buf b;

	(void)state;
	buf_init_secret(&b, 100);
	assert_int_equal(buf_str(&b, "before"), 0);
	assert_int_equal(identity_to_pem(id, &b, NULL), ERR_LIMIT);
	assert_int_equal(b.len, 6);
	assert_memory_equal(b.p, "before", 6);
	buf_free(&b);
	identity_free(id);
}

static void assert_no_identity(BIO *bio)
{
	struct identity *id = NULL;
	char *text;
	long n = BIO_get_mem_data(bio, &text);

	assert_true(n > 0);
	assert_int_equal(
	    identity_from_pem(&id, text, (size_t)n, "pw"), ERR_KEY);
	assert_int_equal(
	    identity_from_pem(&id, text, (size_t)n, NULL), ERR_KEY);
	assert_null(id);
	vectors_queue_is_empty();
	BIO_free(bio);
}

/* Other kinds of keys, in any encoding. */
static void pem_of_other_keys(void **state)
{
	const char *kind = *state;
	EVP_PKEY *key = strcmp(kind, "EC") == 0 ? EVP_EC_gen("P-256")
			: strcmp(kind, "RSA") == 0
			    ? EVP_RSA_gen(2048)
			    : EVP_PKEY_Q_keygen(NULL, NULL, kind);
	struct identity *id = NULL;
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	assert_non_null(key);
	assert_int_equal(
	    PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL),
	    1);
	assert_no_identity(bio);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
	assert_no_identity(bio);
	bio = BIO_new(BIO_s_mem());
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
			     bio, key, EVP_aes_256_cbc(), "pw", 2, NULL, NULL),
	    1);
	n = BIO_get_mem_data(bio, &text);
	assert_int_equal(
	    identity_from_pem(&id, text, (size_t)n, NULL), ERR_PASSPHRASE);
	assert_int_equal(
	    identity_from_pem(&id, text, (size_t)n, "pw"), ERR_KEY);
	vectors_queue_is_empty();
	BIO_free(bio);
	if (strcmp(kind, "X25519") != 0) { /* the formats before PKCS#8 */
		bio = BIO_new(BIO_s_mem());
		assert_int_equal(PEM_write_bio_PrivateKey_traditional(
				     bio, key, NULL, NULL, 0, NULL, NULL),
		    1);
		assert_no_identity(bio);
		bio = BIO_new(BIO_s_mem());
		assert_int_equal(
		    PEM_write_bio_PrivateKey_traditional(bio, key,
			EVP_aes_256_cbc(), (const unsigned char *)"pw", 2, NULL,
			NULL),
		    1);
		assert_no_identity(bio);
	}
	EVP_PKEY_free(key);
}

/* A file that another tool encrypted the usual way, with PBKDF2. */
static void pem_of_pbkdf2(void **state)
{
	static const uint8_t seed[32] = {1, 2, 3};
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	struct identity *id = NULL, *want = identity_from_seed(seed);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	(void)state;
	assert_true(key != NULL && want != NULL);
	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
			     bio, key, EVP_aes_256_cbc(), "pw", 2, NULL, NULL),
	    1);
	n = BIO_get_mem_data(bio, &text);
	assert_int_equal(
	    identity_from_pem(&id, text, (size_t)n, "pW"), ERR_PASSPHRASE);
	assert_int_equal(identity_from_pem(&id, text, (size_t)n, "pw"), 0);
	assert_memory_equal(identity_public(id), identity_public(want), 32);
	identity_free(id);
	identity_free(want);
	EVP_PKEY_free(key);
	BIO_free(bio);
	vectors_queue_is_empty();
}

static void pem_is_none(void **state)
{
	const char *text = *state;
	struct identity *id = NULL;

	assert_int_equal(
	    identity_from_pem(&id, text, strlen(text), "pw"), ERR_KEY);
	assert_null(id);
	vectors_queue_is_empty();
}

static void pem_huge(void **state)
{
	struct identity *id = NULL;
	size_t n = (64 << 10) + 1;
	char *text = calloc(1, n);

	(void)state;
	assert_non_null(text);
	memset(text, 'A', n);
	assert_int_equal(identity_from_pem(&id, text, n, NULL), ERR_KEY);
	assert_int_equal(identity_from_pem(&id, text, n - 1, NULL), ERR_KEY);
	assert_int_equal(identity_from_pem(&id, NULL, 0, NULL), ERR_KEY);
	free(text);
}

int main(void)
{
	static char empty[] = "", word[] = "correct horse \xc3\xa4";
	static char ec[] = "EC", rsa[] = "RSA", x25519[] = "X25519";
	static const char *const none[] = {"x", "\n", "-----BEGIN",
	    "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
	    "-----END ENCRYPTED PRIVATE KEY-----\n",
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	    "-----END PUBLIC KEY-----\n",
	    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
	    "-----END OPENSSH PRIVATE KEY-----\n",
	    "-----BEGIN PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n"
	    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	    "-----END PRIVATE KEY-----\n"};
	struct check_group g = {0};
	size_t i;

	check_add(&g, pem_round_trip, NULL, "key file");
	check_add(&g, pem_round_trip, word, "key file with a passphrase");
	check_add(&g, pem_round_trip, empty, "key file, empty passphrase");
	check_add(&g, pem_rfc8410, NULL, "RFC 8410");
	check_add(&g, pem_every_truncation, NULL, "key file: truncations");
	check_add(&g, pem_every_bit, NULL, "key file: every bit");
	check_add(&g, pem_too_little_room, NULL, "key file: room");
	check_add(&g, pem_of_other_keys, ec, "key file of EC");
	check_add(&g, pem_of_other_keys, rsa, "key file of RSA");
	check_add(&g, pem_of_other_keys, x25519, "key file of X25519");
	check_add(&g, pem_of_pbkdf2, NULL, "key file with PBKDF2");
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		check_add(&g, pem_is_none, (void *)(uintptr_t)none[i],
		    "no key file %zu", i + 1);
	check_add(&g, pem_huge, NULL, "no key file: huge");
	return check_run("keyfile", &g);
}

/* keys.c - the Ed25519 identity and the X25519 key pair. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/keys.h"
#include "shared/crypto/pem_int.h"

#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/wire/text.h"

enum { SEED = 32, SIGNED_MAX = WIRE_RECORD_MAX, PEM_MAX = 64 << 10 };

/* scrypt cost of a key file: about 0.2 s. It uses 16 MiB, the most that
 * libcrypto accepts by default when it opens the file. */
enum { FILE_SCRYPT_N = 1 << 14, FILE_SCRYPT_R = 8, FILE_SCRYPT_P = 5 };

/* Makes a key pair from a raw private key, and its public key. */
static EVP_PKEY *raw_pair(
    const char *type, const uint8_t seed[SEED], uint8_t pub[32])
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key_ex(NULL, type, NULL, seed, SEED);
	size_t n = 32;

	if (key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1 &&
	    n == 32)
		return key;
	ERR_clear_error();
	EVP_PKEY_free(key);
	return NULL;
}

/* --- identity --- */

struct identity {
	EVP_PKEY *key; /* libcrypto wipes the seed when it is freed */
	uint8_t pub[WIRE_ED25519];
};

struct identity *identity_from_seed(const uint8_t seed[SEED])
{
	struct identity *id = calloc(1, sizeof(*id));

	if (id == NULL)
		return NULL;
	id->key = raw_pair("ED25519", seed, id->pub);
	if (id->key == NULL) {
		free(id);
		return NULL;
	}
	return id;
}

struct identity *identity_new(const struct rng *rng)
{
	struct identity *id = NULL;
	uint8_t seed[SEED] = {0};

	if (rng->fill(rng->arg, seed, sizeof(seed)) == 0)
		id = identity_from_seed(seed);
	secret_wipe(seed, sizeof(seed));
	return id;
}

void identity_free(struct identity *id)
{
	if (id == NULL)
		return;
	EVP_PKEY_free(id->key);
	free(id);
}

const uint8_t *identity_public(const struct identity *id)
{
	return id->pub;
}

/* Ed25519 reads its input twice, so libcrypto needs it in one piece. */
static int join(struct buf *out, const struct part *parts, size_t n)
{
	size_t i, len = 0;
	int e;

	for (i = 0; i < n; i++)
		len += parts[i].n;
	if ((e = buf_reserve(out, len)) != 0)
		return e;
	for (i = 0; i < n; i++)
		if ((e = buf_put(out, parts[i].p, parts[i].n)) != 0)
			return e;
	return 0;
}

int identity_sign(const struct identity *id, uint8_t out[WIRE_SIGNATURE],
    const struct part *parts, size_t n_parts)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = WIRE_SIGNATURE;
	struct buf text;
	int e;

	buf_init_secret(&text, SIGNED_MAX);
	if (ctx == NULL) {
		e = ERR_NOMEM;
		goto out;
	}
	if ((e = join(&text, parts, n_parts)) != 0)
		goto out;
	if (EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, id->key, NULL) !=
		1 ||
	    EVP_DigestSign(ctx, out, &n, text.p, text.len) != 1 ||
	    n != WIRE_SIGNATURE)
		e = ossl_failed();
out:
	EVP_MD_CTX_free(ctx);
	buf_free(&text);
	return e;
}

/* --- the key file: PKCS#8 PEM --- */

/* Encrypts p8. NULL on failure. */
static X509_SIG *pkcs8_lock(PKCS8_PRIV_KEY_INFO *p8, const char *passphrase)
{
	X509_ALGOR *how;
	X509_SIG *locked;

	how = PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 16, NULL,
	    FILE_SCRYPT_N, FILE_SCRYPT_R, FILE_SCRYPT_P);
	if (how == NULL)
		return NULL;
	locked = PKCS8_set0_pbe(passphrase, (int)strlen(passphrase), p8, how);
	if (locked == NULL)
		X509_ALGOR_free(how); /* otherwise `locked` owns it */
	return locked;
}

int identity_to_pem(
    const struct identity *id, struct buf *out, const char *passphrase)
{
	BIO *bio = BIO_new(BIO_s_secmem()); /* wipes its contents */
	PKCS8_PRIV_KEY_INFO *p8 = NULL;
	X509_SIG *locked = NULL;
	char *text;
	long n;
	int e = ERR_CRYPTO;

	if (passphrase != NULL && strlen(passphrase) > INT_MAX) {
		e = ERR_LIMIT;
		goto out;
	}
	if (bio == NULL || (p8 = EVP_PKEY2PKCS8(id->key)) == NULL)
		goto out;
	if (passphrase == NULL) {
		if (PEM_write_bio_PKCS8_PRIV_KEY_INFO(bio, p8) != 1)
			goto out;
	} else {
		locked = pkcs8_lock(p8, passphrase);
		if (locked == NULL || PEM_write_bio_PKCS8(bio, locked) != 1)
			goto out;
	}
	n = BIO_get_mem_data(bio, &text);
	if (n > 0)
		e = buf_put(out, text, (size_t)n);
out:
	ERR_clear_error();
	X509_SIG_free(locked);
	PKCS8_PRIV_KEY_INFO_free(p8); /* wipes its key */
	BIO_free(bio);
	return e;
}

/* Reads the one PEM block that may hold our key. It never prompts at a
 * terminal: the caller must supply the passphrase. */
static int pkcs8_read(PKCS8_PRIV_KEY_INFO **out, const char *name,
    const uint8_t *der, long n, const char *passphrase)
{
	X509_SIG *locked;

	if (strcmp(name, PEM_STRING_PKCS8INF) == 0) {
		*out = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, n);
		return *out != NULL ? 0 : ossl_refused(ERR_KEY);
	}
	if (strcmp(name, PEM_STRING_PKCS8) != 0)
		return ERR_KEY;
	locked = d2i_X509_SIG(NULL, &der, n);
	if (locked == NULL)
		return ossl_refused(ERR_KEY);
	if (!pem_has_cipher(locked)) {
		X509_SIG_free(locked);
		return ossl_refused(ERR_KEY);
	}
	if (passphrase != NULL && strlen(passphrase) <= INT_MAX)
		*out =
		    PKCS8_decrypt(locked, passphrase, (int)strlen(passphrase));
	X509_SIG_free(locked);
	if (*out == NULL && passphrase != NULL &&
	    ERR_GET_REASON(ERR_peek_error()) == EVP_R_MEMORY_LIMIT_EXCEEDED)
		return ossl_refused(ERR_LIMIT);
	return *out != NULL ? 0 : ossl_refused(ERR_PASSPHRASE);
}

/* The seed of an Ed25519 key; refuses every other key type. */
static int pkcs8_identity(struct identity **out, PKCS8_PRIV_KEY_INFO *p8)
{
	EVP_PKEY *key = EVP_PKCS82PKEY(p8);
	uint8_t seed[SEED];
	size_t n = sizeof(seed);
	int e;

	if (key == NULL || !EVP_PKEY_is_a(key, "ED25519") ||
	    EVP_PKEY_get_raw_private_key(key, seed, &n) != 1 ||
	    n != sizeof(seed)) {
		e = ossl_refused(ERR_KEY);
		goto out;
	}
	*out = identity_from_seed(seed);
	e = *out != NULL ? 0 : ERR_NOMEM;
out:
	secret_wipe(seed, sizeof(seed));
	EVP_PKEY_free(key);
	return e;
}

int identity_from_pem(
    struct identity **out, const void *pem, size_t n, const char *passphrase)
{
	PKCS8_PRIV_KEY_INFO *p8 = NULL;
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long der_len = 0;
	size_t bom = text_bom(pem, n);
	BIO *bio;
	int e = ERR_KEY;

	if (n == bom || n > PEM_MAX)
		return ERR_KEY;
	bio = BIO_new_mem_buf((const char *)pem + bom, (int)(n - bom));
	if (bio == NULL)
		return ossl_failed();
	oom_forget();
	if (PEM_read_bio_ex(
		bio, &name, &header, &der, &der_len, PEM_FLAG_SECURE) != 1) {
		e = ossl_refused(ERR_KEY);
		goto out;
	}
	if (header[0] != '\0') /* the older encryption, of RFC 1421 */
		goto out;
	if ((e = pkcs8_read(&p8, name, der, der_len, passphrase)) == 0)
		e = pkcs8_identity(out, p8);
out:
	ERR_clear_error();
	PKCS8_PRIV_KEY_INFO_free(p8);
	OPENSSL_secure_free(name);
	OPENSSL_secure_free(header);
	OPENSSL_secure_clear_free(der, (size_t)der_len);
	BIO_free(bio);
	return e;
}

/* --- a peer's Ed25519 key --- */

/* libcrypto's answer decides: it is what every other implementation of the
 * protocol is measured by. */
static int verify_slowly(struct crypto *c, const uint8_t pub[WIRE_ED25519],
    const uint8_t sig[WIRE_SIGNATURE], const struct buf *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *key = crypto_ed25519(c, pub);
	int e = 0;

	if (ctx == NULL || key == NULL ||
	    EVP_DigestVerifyInit_ex(
		ctx, NULL, NULL, crypto_lib(c), NULL, key, NULL) != 1) {
		e = ossl_failed();
		goto out;
	}
	oom_forget();
	if (EVP_DigestVerify(ctx, sig, WIRE_SIGNATURE, text->p, text->len) != 1)
		e = ossl_refused(ERR_SIGNATURE);
out:
	EVP_PKEY_free(key);
	EVP_MD_CTX_free(ctx);
	return e;
}

/* libsodium verifies in half the time of libcrypto 3.0, and a client that comes
 * back verifies ten thousand messages. It refuses all that libcrypto refuses, and
 * besides points R of small order, so only its yes is taken at once. */
int ed25519_verify(struct crypto *c, const uint8_t pub[WIRE_ED25519],
    const uint8_t sig[WIRE_SIGNATURE], const struct part *parts, size_t n_parts)
{
	struct buf text;
	int e;

	buf_init_secret(&text, SIGNED_MAX);
	if ((e = join(&text, parts, n_parts)) == 0 &&
	    crypto_sign_verify_detached(sig, text.p, text.len, pub) != 0)
		e = verify_slowly(c, pub, sig, &text);
	buf_free(&text);
	return e;
}

int ed25519_fingerprint(
    struct crypto *c, uint8_t out[WIRE_HASH], const uint8_t pub[WIRE_ED25519])
{
	uint8_t spki[WIRE_ED25519_SPKI];

	ed25519_spki(spki, pub);
	return crypto_hash1(c, out, spki, sizeof(spki));
}

/* --- agree --- */

struct dh {
	EVP_PKEY *key;
	uint8_t pub[WIRE_X25519];
};

struct dh *dh_from_private(const uint8_t key[WIRE_X25519])
{
	struct dh *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->key = raw_pair("X25519", key, a->pub);
	if (a->key == NULL) {
		free(a);
		return NULL;
	}
	return a;
}

struct dh *dh_new(const struct rng *rng)
{
	uint8_t seed[SEED] = {0};
	struct dh *a = NULL;

	if (rng->fill(rng->arg, seed, sizeof(seed)) == 0)
		a = dh_from_private(seed);
	secret_wipe(seed, sizeof(seed));
	return a;
}

void dh_free(struct dh *a)
{
	if (a == NULL)
		return;
	EVP_PKEY_free(a->key);
	free(a);
}

const uint8_t *dh_public(const struct dh *a)
{
	return a->pub;
}

int dh_private(const struct dh *a, uint8_t out[WIRE_X25519])
{
	size_t n = WIRE_X25519;

	oom_forget();
	if (EVP_PKEY_get_raw_private_key(a->key, out, &n) == 1 &&
	    n == WIRE_X25519)
		return 0;
	return ossl_failed();
}

/* libcrypto refuses a result of zeros by itself; we do not lean on that. */
int dh_agree(struct crypto *c, uint8_t out[WIRE_X25519], const struct dh *own,
    const uint8_t peer[WIRE_X25519])
{
	static const uint8_t zeros[WIRE_X25519];
	EVP_PKEY *theirs;
	EVP_PKEY_CTX *ctx = NULL;
	size_t n = WIRE_X25519;
	int e = 0;

	oom_forget();
	theirs = EVP_PKEY_new_raw_public_key_ex(
	    crypto_lib(c), "X25519", NULL, peer, WIRE_X25519);
	if (theirs == NULL ||
	    (ctx = EVP_PKEY_CTX_new_from_pkey(
		 crypto_lib(c), own->key, NULL)) == NULL ||
	    EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer(ctx, theirs) != 1)
		e = ossl_failed();
	else if (EVP_PKEY_derive(ctx, out, &n) != 1)
		e = ossl_refused(ERR_KEY);
	else if (n != WIRE_X25519 || secret_equal(out, zeros, sizeof(zeros)))
		e = ERR_KEY;
	if (e != 0)
		secret_wipe(out, WIRE_X25519);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	return e;
}

/* crypto.c - digest, MAC, HKDF, AES-GCM and scrypt on libcrypto. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/crypto.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

enum { BLOCK = 64, HKDF_MAX = 255 * WIRE_HASH, AEAD_MAX = INT_MAX - WIRE_TAG };

/* Contexts are scratch memory: a call wipes its context before it returns,
 * by starting a new digest or by resetting it. Starting a digest costs as
 * much as hashing a block, so between calls `md` is already started.
 *
 * The library context is our own. With the process-wide one, all threads
 * would contend for the reference counts and locks of the same algorithms. */
struct crypto {
	OSSL_LIB_CTX *lib;
	EVP_MD *sha256;
	EVP_CIPHER *gcm;
	EVP_MD_CTX *md;	 /* crypto_hash_parts, crypto_hmac, HKDF, hash_peek */
	bool md_begun;	 /* started, nothing added; false after a failure */
	EVP_MD_CTX *run; /* of the running mac */
	const struct mac *running;
	EVP_CIPHER_CTX *cipher;
	EVP_PKEY_CTX *ed25519; /* makes public keys */
	struct secret_pool secrets;
};

struct hash {
	struct crypto *c; /* borrowed */
	EVP_MD_CTX *ctx;
};

/* A ready mac keeps two states that have already hashed the key's blocks,
 * and copies them. That halves the SHA-256 blocks for a record of one frame:
 * 0.15 us instead of 0.27, or 0.19 instead of 0.41 with a cold cache. A
 * small mac keeps only the key and hashes it each time. */
struct mac {
	struct crypto *c; /* borrowed */
	bool begun, ready;
	EVP_MD_CTX *inner, *outer; /* ready: owned; small: NULL */
	uint8_t key[];		   /* small: WIRE_KEY bytes */
};

static int md_begin(const struct crypto *c, EVP_MD_CTX *ctx)
{
	return EVP_DigestInit_ex2(ctx, c->sha256, NULL) == 1 ? 0
							     : ossl_failed();
}

static int md_add(EVP_MD_CTX *ctx, const void *p, size_t n)
{
	return n == 0 || EVP_DigestUpdate(ctx, p, n) == 1 ? 0 : ossl_failed();
}

static int md_add_parts(EVP_MD_CTX *ctx, const struct part *parts, size_t n)
{
	size_t i;
	int e;

	for (i = 0; i < n; i++)
		if ((e = md_add(ctx, parts[i].p, parts[i].n)) != 0)
			return e;
	return 0;
}

static int md_end(EVP_MD_CTX *ctx, uint8_t out[WIRE_HASH])
{
	return EVP_DigestFinal_ex(ctx, out, NULL) == 1 ? 0 : ossl_failed();
}

/* Restarts c->md, which wipes its contents: text, or a digest that may be a
 * key. */
static int md_again(struct crypto *c)
{
	int e = md_begin(c, c->md);

	c->md_begun = e == 0;
	if (e != 0)
		(void)EVP_MD_CTX_reset(c->md);
	return e;
}

/* Usually has nothing to do. */
static int md_ready(struct crypto *c)
{
	return c->md_begun ? 0 : md_again(c);
}

/* Takes the digest from c->md and starts the next one. */
static int md_take(struct crypto *c, uint8_t out[WIRE_HASH])
{
	int e = md_end(c->md, out);

	return e != 0 ? e : md_again(c);
}

/* Call this on every return path: after a failure c->md still holds part of
 * a text. */
static int md_left(struct crypto *c, int e)
{
	if (e != 0)
		(void)md_again(c);
	return e;
}

struct crypto *crypto_new(void)
{
	struct crypto *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	if ((c->lib = OSSL_LIB_CTX_new()) == NULL)
		goto fail;
	c->sha256 = EVP_MD_fetch(c->lib, "SHA256", NULL);
	c->gcm = EVP_CIPHER_fetch(c->lib, "AES-256-GCM", NULL);
	c->md = EVP_MD_CTX_new();
	c->run = EVP_MD_CTX_new();
	c->cipher = EVP_CIPHER_CTX_new();
	if (c->sha256 != NULL && c->gcm != NULL && c->md != NULL &&
	    c->run != NULL && c->cipher != NULL && md_ready(c) == 0 &&
	    (c->ed25519 = EVP_PKEY_CTX_new_from_name(
		 c->lib, "ED25519", NULL)) != NULL &&
	    EVP_PKEY_fromdata_init(c->ed25519) == 1)
		return c;
fail:
	ERR_clear_error();
	crypto_free(c);
	return NULL;
}

void crypto_free(struct crypto *c)
{
	if (c == NULL)
		return;
	EVP_PKEY_CTX_free(c->ed25519);
	EVP_CIPHER_CTX_free(c->cipher);
	EVP_MD_CTX_free(c->run);
	EVP_MD_CTX_free(c->md);
	EVP_CIPHER_free(c->gcm);
	EVP_MD_free(c->sha256);
	OSSL_LIB_CTX_free(c->lib);
	secret_pool_free(&c->secrets);
	free(c);
}

void *crypto_secret_get(struct crypto *c, size_t n)
{
	return secret_pool_get(&c->secrets, n);
}

void crypto_secret_put(struct crypto *c, void *p, size_t n)
{
	secret_pool_put(&c->secrets, p, n);
}

OSSL_LIB_CTX *crypto_lib(const struct crypto *c)
{
	return c->lib;
}

EVP_PKEY *crypto_ed25519(struct crypto *c, const uint8_t pub[32])
{
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_octet_string(
		OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)pub, 32),
	    OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *key = NULL;

	if (EVP_PKEY_fromdata(c->ed25519, &key, EVP_PKEY_PUBLIC_KEY, params) ==
	    1)
		return key;
	return NULL;
}

/* --- SHA-256 --- */

int crypto_hash_parts(struct crypto *c, uint8_t out[WIRE_HASH],
    const struct part *parts, size_t n_parts)
{
	int e;

	if ((e = md_ready(c)) == 0 &&
	    (e = md_add_parts(c->md, parts, n_parts)) == 0)
		e = md_take(c, out);
	return md_left(c, e);
}

int crypto_hash1(
    struct crypto *c, uint8_t out[WIRE_HASH], const void *p, size_t n)
{
	const struct part part = {p, n};

	return crypto_hash_parts(c, out, &part, 1);
}

struct hash *hash_new(struct crypto *c)
{
	struct hash *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->c = c;
	h->ctx = EVP_MD_CTX_new();
	if (h->ctx == NULL || md_begin(c, h->ctx) != 0) {
		ERR_clear_error();
		hash_free(h);
		return NULL;
	}
	return h;
}

void hash_free(struct hash *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int hash_add(struct hash *h, const void *p, size_t n)
{
	return md_add(h->ctx, p, n);
}

int hash_peek(const struct hash *h, uint8_t out[WIRE_HASH])
{
	struct crypto *c = h->c;
	int e;

	if (EVP_MD_CTX_copy_ex(c->md, h->ctx) == 1)
		e = md_take(c, out);
	else
		e = ossl_failed();
	return md_left(c, e);
}

/* --- HMAC-SHA256 (RFC 2104), our own, for MACs and HKDF --- */

enum { IPAD = 0x36, OPAD = 0x5c };

/* Builds the HMAC block of a key of at most BLOCK bytes. */
static int hmac_key(
    EVP_MD_CTX *ctx, const uint8_t *key, size_t key_len, uint8_t pad)
{
	uint8_t block[BLOCK] = {0};
	size_t i;
	int e;

	if (key_len == WIRE_KEY) /* nearly always */
		memcpy(block, key, WIRE_KEY);
	else if (key_len != 0)
		memcpy(block, key, key_len);
	for (i = 0; i < BLOCK; i++)
		block[i] ^= pad;
	e = md_add(ctx, block, BLOCK);
	secret_wipe(block, sizeof(block));
	return e;
}

/* Adds the key to c->md. Then call md_add, and hmac_end with the same key. */
static int hmac_begin(struct crypto *c, const uint8_t *key, size_t key_len)
{
	int e = md_ready(c);

	return e != 0 ? e : hmac_key(c->md, key, key_len, IPAD);
}

static int hmac_end(struct crypto *c, uint8_t out[WIRE_HASH],
    const uint8_t *key, size_t key_len)
{
	uint8_t d[WIRE_HASH];
	int e;

	if ((e = md_take(c, d)) == 0 &&
	    (e = hmac_key(c->md, key, key_len, OPAD)) == 0 &&
	    (e = md_add(c->md, d, sizeof(d))) == 0)
		e = md_take(c, out);
	secret_wipe(d, sizeof(d));
	return e;
}

int crypto_hmac(struct crypto *c, uint8_t out[WIRE_HASH], const void *key,
    size_t key_len, const struct part *parts, size_t n_parts)
{
	uint8_t hashed[WIRE_HASH];
	int e;

	if (key_len > BLOCK) {
		if ((e = crypto_hash1(c, hashed, key, key_len)) != 0)
			return e;
		key = hashed;
		key_len = sizeof(hashed);
	}
	if ((e = hmac_begin(c, key, key_len)) == 0 &&
	    (e = md_add_parts(c->md, parts, n_parts)) == 0)
		e = hmac_end(c, out, key, key_len);
	if (key == hashed)
		secret_wipe(hashed, sizeof(hashed));
	return md_left(c, e);
}

struct mac *mac_new(struct crypto *c, const uint8_t key[WIRE_KEY])
{
	struct mac *m = calloc(1, sizeof(*m) + WIRE_KEY);

	if (m == NULL)
		return NULL;
	m->c = c;
	memcpy(m->key, key, WIRE_KEY);
	return m;
}

/* Returns a state that has hashed the key's block. */
static EVP_MD_CTX *mac_state(
    const struct crypto *c, const uint8_t key[WIRE_KEY], uint8_t pad)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx != NULL && md_begin(c, ctx) == 0 &&
	    hmac_key(ctx, key, WIRE_KEY, pad) == 0)
		return ctx;
	ERR_clear_error();
	EVP_MD_CTX_free(ctx);
	return NULL;
}

struct mac *mac_new_ready(struct crypto *c, const uint8_t key[WIRE_KEY])
{
	struct mac *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->c = c;
	m->ready = true;
	if ((m->inner = mac_state(c, key, IPAD)) != NULL &&
	    (m->outer = mac_state(c, key, OPAD)) != NULL)
		return m;
	mac_free(m);
	return NULL;
}

void mac_free(struct mac *m)
{
	if (m == NULL)
		return;
	if (!m->ready)
		secret_wipe(m->key, WIRE_KEY);
	EVP_MD_CTX_free(m->inner); /* libcrypto wipes their contents */
	EVP_MD_CTX_free(m->outer);
	free(m);
}

/* Restarts c->run with the key's block already hashed. */
static int mac_key(const struct mac *m, const EVP_MD_CTX *ready, uint8_t pad)
{
	int e;

	if (ready != NULL)
		return EVP_MD_CTX_copy_ex(m->c->run, ready) == 1
			   ? 0
			   : ossl_failed();
	e = md_begin(m->c, m->c->run);
	return e != 0 ? e : hmac_key(m->c->run, m->key, WIRE_KEY, pad);
}

int mac_begin(struct mac *m)
{
	int e = mac_key(m, m->inner, IPAD);

	m->begun = e == 0;
	m->c->running = m;
	return e;
}

static bool mac_runs(const struct mac *m)
{
	return m->begun && m->c->running == m;
}

int mac_add(struct mac *m, const void *p, size_t n)
{
	return mac_runs(m) ? md_add(m->c->run, p, n) : ERR_CRYPTO;
}

/* The MAC is the digest left in the context. */
int mac_end(struct mac *m, uint8_t out[WIRE_HASH])
{
	uint8_t d[WIRE_HASH];
	int e;

	if (!mac_runs(m))
		return ERR_CRYPTO;
	m->begun = false;
	if ((e = md_end(m->c->run, d)) == 0 &&
	    (e = mac_key(m, m->outer, OPAD)) == 0 &&
	    (e = md_add(m->c->run, d, sizeof(d))) == 0)
		e = md_end(m->c->run, out);
	secret_wipe(d, sizeof(d));
	return e;
}

/* --- HKDF-SHA256 (RFC 5869) --- */

int crypto_extract(struct crypto *c, uint8_t prk[WIRE_HASH], const void *salt,
    size_t salt_len, const void *ikm, size_t ikm_len)
{
	const struct part part = {ikm, ikm_len};

	/* RFC 5869: no salt means an empty key, which HMAC pads with zeros. */
	return crypto_hmac(c, prk, salt, salt_len, &part, 1);
}

int crypto_expand(struct crypto *c, void *out, size_t out_len,
    const uint8_t prk[WIRE_HASH], const struct part *info, size_t n_info)
{
	uint8_t t[WIRE_HASH], i = 0, *p = out;
	size_t left = out_len, n, t_len = 0;
	int e = 0;

	if (out_len > HKDF_MAX)
		return ERR_LIMIT;
	while (left != 0) {
		i++;
		if ((e = hmac_begin(c, prk, WIRE_HASH)) != 0 ||
		    (e = md_add(c->md, t, t_len)) != 0 ||
		    (e = md_add_parts(c->md, info, n_info)) != 0 ||
		    (e = md_add(c->md, &i, 1)) != 0 ||
		    (e = hmac_end(c, t, prk, WIRE_HASH)) != 0)
			break;
		t_len = sizeof(t);
		n = left < t_len ? left : t_len;
		memcpy(p, t, n);
		p += n;
		left -= n;
	}
	secret_wipe(t, sizeof(t));
	if (e != 0)
		secret_wipe(out, out_len);
	return md_left(c, e);
}

/* --- AES-256-GCM --- */

/* Sets the key, nonce and aad for one message. libcrypto would invent a
 * nonce if it got none; here there always is one. */
static int aead_begin(struct crypto *c, int seal, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len)
{
	int n;

	if (aad_len > AEAD_MAX)
		return ERR_LIMIT;
	if (EVP_CipherInit_ex2(c->cipher, c->gcm, key, nonce, seal, NULL) != 1)
		return ossl_failed();
	if (aad_len != 0 &&
	    EVP_CipherUpdate(c->cipher, NULL, &n, aad, (int)aad_len) != 1)
		return ossl_failed();
	return 0;
}

/* Do not call it with no bytes: a NULL output would make them aad. */
static int aead_text(struct crypto *c, uint8_t *out, const void *in, size_t n)
{
	int done;

	if (n == 0)
		return 0;
	if (EVP_CipherUpdate(c->cipher, out, &done, in, (int)n) != 1 ||
	    (size_t)done != n)
		return ossl_failed();
	return 0;
}

int crypto_seal(struct crypto *c, uint8_t *out, const uint8_t key[WIRE_KEY],
    const uint8_t nonce[WIRE_IV], const void *aad, size_t aad_len,
    const void *in, size_t in_len)
{
	int e, n;

	if (in_len > AEAD_MAX)
		return ERR_LIMIT;
	if ((e = aead_begin(c, 1, key, nonce, aad, aad_len)) != 0 ||
	    (e = aead_text(c, out, in, in_len)) != 0)
		goto out;
	if (EVP_CipherFinal_ex(c->cipher, out + in_len, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		c->cipher, EVP_CTRL_AEAD_GET_TAG, WIRE_TAG, out + in_len) != 1)
		e = ossl_failed();
out:
	(void)EVP_CIPHER_CTX_reset(c->cipher); /* wipes the key schedule */
	if (e != 0)
		secret_wipe(out, in_len + WIRE_TAG);
	return e;
}

int crypto_open(struct crypto *c, uint8_t *out, const uint8_t key[WIRE_KEY],
    const uint8_t nonce[WIRE_IV], const void *aad, size_t aad_len,
    const void *in, size_t in_len)
{
	uint8_t tag[WIRE_TAG], none[1], *end;
	size_t text_len;
	int e, n;

	if (in_len < WIRE_TAG)
		return ERR_OPEN;
	text_len = in_len - WIRE_TAG;
	if (text_len > AEAD_MAX)
		return ERR_LIMIT;
	memcpy(tag, (const uint8_t *)in + text_len, WIRE_TAG);
	if ((e = aead_begin(c, 0, key, nonce, aad, aad_len)) != 0 ||
	    (e = aead_text(c, out, in, text_len)) != 0)
		goto out;
	if (EVP_CIPHER_CTX_ctrl(
		c->cipher, EVP_CTRL_AEAD_SET_TAG, WIRE_TAG, tag) != 1) {
		e = ossl_failed();
		goto out;
	}
	/* The last call writes nothing, but needs a valid pointer. */
	end = text_len != 0 ? out + text_len : none;
	if (EVP_CipherFinal_ex(c->cipher, end, &n) != 1) {
		ERR_clear_error();
		e = ERR_OPEN;
	}
out:
	(void)EVP_CIPHER_CTX_reset(c->cipher);
	if (e != 0)
		secret_wipe(out, text_len);
	return e;
}

void crypto_nonce(uint8_t out[WIRE_IV], const uint8_t iv[WIRE_IV], uint64_t n)
{
	uint8_t pad[WIRE_IV] = {0};
	size_t i;

	put_u64(pad + WIRE_IV - 8, n);
	for (i = 0; i < WIRE_IV; i++)
		out[i] = iv[i] ^ pad[i];
}

/* --- scrypt --- */

int crypto_kdf_check(const struct kdf *k)
{
	if (k->n < WIRE_SCRYPT_N_MIN || k->n > WIRE_SCRYPT_N_MAX ||
	    (k->n & (k->n - 1)) != 0 || k->r < 1 || k->r > WIRE_SCRYPT_R_MAX ||
	    k->p < 1 || k->p > WIRE_SCRYPT_P_MAX)
		return ERR_KDF;
	/* Nothing below can overflow, since the factors are bounded now. RFC
	 * 7914 requires n < 2^(16 r), which only r = 1 can violate. */
	if (128 * k->n * k->r > WIRE_SCRYPT_MEM ||
	    k->n * k->r * k->p > WIRE_SCRYPT_WORK ||
	    (k->r == 1 && k->n >= UINT64_C(1) << 16))
		return ERR_KDF;
	return 0;
}

int crypto_scrypt(void *out, size_t out_len, const void *pw, size_t pw_len,
    const void *salt, size_t salt_len, const struct kdf *k)
{
	uint64_t mem;
	int e = crypto_kdf_check(k);

	if (e != 0)
		return e;
	/* The memory needed plus a margin; libcrypto's own limit is 32 MiB. */
	mem = 128 * (uint64_t)k->r * (k->n + k->p + 2) + 4096;
	oom_forget();
	if (EVP_PBE_scrypt(pw, pw_len, salt, salt_len, k->n, k->r, k->p, mem,
		out, out_len) == 1)
		return 0;
	e = ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE
		? ERR_NOMEM
		: ossl_failed();
	ERR_clear_error();
	secret_wipe(out, out_len);
	return e;
}

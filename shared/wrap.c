/* The RSA part of keys.h. */
#include "shared/ossl.h"

#include "shared/keys.h"

#include <stdlib.h>
#include <string.h>

#include "shared/secret.h"

struct wrap {
	EVP_PKEY *key;
	size_t n; /* bytes of the modulus */
};

struct wrap_pub {
	BIGNUM *modulus;
	size_t n; /* bytes of it */
};

/* --- the pair --- */

/* Takes the key; n and e have to be of our shapes. */
static struct wrap *wrap_of(EVP_PKEY *key)
{
	struct wrap *w = NULL;
	BIGNUM *e = NULL;

	if (key == NULL || !EVP_PKEY_is_a(key, "RSA") ||
	    !spki_rsa_size((size_t)EVP_PKEY_get_bits(key) / 8) ||
	    EVP_PKEY_get_bits(key) % 8 != 0 ||
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) != 1 ||
	    !BN_is_word(e, RSA_F4))
		goto out;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		goto out;
	w->n = (size_t)EVP_PKEY_get_bits(key) / 8;
	w->key = key;
	key = NULL;
out:
	ERR_clear_error();
	BN_free(e);
	EVP_PKEY_free(key);
	return w;
}

struct wrap *wrap_new(unsigned bits)
{
	if (bits % 8 != 0 || !spki_rsa_size(bits / 8))
		return NULL;
	return wrap_of(EVP_RSA_gen(bits));
}

struct wrap *wrap_from_pkcs8(const void *der, size_t n)
{
	const unsigned char *p = der;

	if (n > WIRE_HANDSHAKE_MAX)
		return NULL;
	return wrap_of(d2i_AutoPrivateKey(NULL, &p, (long)n));
}

void wrap_free(struct wrap *w)
{
	if (w == NULL)
		return;
	EVP_PKEY_free(w->key); /* libcrypto wipes d, p, q and the rest */
	free(w);
}

int wrap_spki(const struct wrap *w, struct buf *out)
{
	BIGNUM *n = NULL;
	uint8_t *p;
	int e;

	if ((e = buf_reserve(out, SPKI_RSA_AROUND + w->n)) != 0)
		return e;
	p = out->p + out->len;
	if (EVP_PKEY_get_bn_param(w->key, OSSL_PKEY_PARAM_RSA_N, &n) != 1 ||
	    BN_bn2binpad(n, p + SPKI_RSA_HEAD, (int)w->n) != (int)w->n) {
		e = ossl_failed();
		goto out;
	}
	spki_rsa_head(p, w->n);
	spki_rsa_tail(p + SPKI_RSA_HEAD + w->n);
	out->len += SPKI_RSA_AROUND + w->n;
out:
	BN_free(n);
	return e;
}

/* A context for opening with OAEP. Everything is said: libcrypto's defaults
 * are SHA-1. The label goes in as a parameter, which is copied; one of no
 * bytes is the default. */
static EVP_PKEY_CTX *oaep_new(
    EVP_PKEY *key, const void *label, size_t label_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	char mode[] = OSSL_PKEY_RSA_PAD_MODE_OAEP, md[] = "SHA256";
	OSSL_PARAM params[5], *p = params;

	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_ASYM_CIPHER_PARAM_PAD_MODE, mode, 0);
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, md, 0);
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, md, 0);
	if (label_len != 0)
		*p++ = OSSL_PARAM_construct_octet_string(
		    OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, (void *)(uintptr_t)label,
		    label_len);
	*p = OSSL_PARAM_construct_end();
	if (ctx == NULL)
		return NULL;
	if (EVP_PKEY_decrypt_init_ex(ctx, params) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

int wrap_open_any(const struct wrap *w, uint8_t out[WIRE_RSA_MAX],
    size_t *out_len, const void *label, size_t label_len, const void *in,
    size_t in_len)
{
	EVP_PKEY_CTX *ctx;
	bool shortage;
	int ok = 0;

	*out_len = WIRE_RSA_MAX;
	shortage_forget();
	ctx = oaep_new(w->key, label, label_len);
	if (ctx != NULL && in_len == w->n)
		ok = EVP_PKEY_decrypt(ctx, out, out_len, in, in_len);
	ERR_clear_error();
	/* What memory is asked for does not depend on what is inside. */
	shortage = shortage_seen();
	EVP_PKEY_CTX_free(ctx);
	return ok == 1 ? 0 : shortage ? ERR_NOMEM : ERR_OPEN;
}

int wrap_open(const struct wrap *w, uint8_t out[WIRE_KEY], const void *label,
    size_t label_len, const void *in, size_t in_len)
{
	uint8_t text[WIRE_RSA_MAX] = {0};
	size_t n;
	int e = wrap_open_any(w, text, &n, label, label_len, in, in_len);

	/* Manger: a padding that is wrong and one that is right around a text
	 * of another length have to look and last the same. */
	if ((e != 0) | (n != WIRE_KEY)) {
		secret_wipe(text, sizeof(text));
		if (e != ERR_NOMEM)
			e = ERR_OPEN;
	}
	memcpy(out, text, WIRE_KEY);
	secret_wipe(text, sizeof(text));
	return e;
}

/* --- somebody's public half ---
 *
 * A newcomer's key is used once, and libcrypto's way to that (a key made from
 * parameters, its algorithms looked up, a context, its padding) costs two thirds
 * of the exponentiation itself. The public half of RSA has no secret but the
 * text, so it is done here, with the same arithmetic below. */

int wrap_pub_from_spki(struct wrap_pub **out, const void *spki, size_t n)
{
	struct wrap_pub *w;
	int e = wrap_spki_check(spki, n);

	if (e != 0)
		return e;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ERR_NOMEM;
	w->n = n - SPKI_RSA_AROUND;
	w->modulus = BN_bin2bn((const uint8_t *)spki + SPKI_RSA_HEAD, (int)w->n, NULL);
	if (w->modulus == NULL) {
		free(w);
		return ossl_failed();
	}
	*out = w;
	return 0;
}

void wrap_pub_free(struct wrap_pub *w)
{
	if (w == NULL)
		return;
	BN_free(w->modulus);
	free(w);
}

/* MGF1 with SHA-256 (RFC 8017, B.2.1), added to the n bytes at `to`. */
static int mgf1_add(struct crypto *c, uint8_t *to, size_t n,
    const uint8_t *seed, size_t seed_len)
{
	uint8_t mask[WIRE_HASH], count[4];
	const struct part parts[] = {{seed, seed_len}, {count, sizeof(count)}};
	uint32_t at = 0;
	size_t i;
	int e = 0;

	for (; n > 0; n -= i, to += i) {
		put_u32(count, at++);
		if ((e = crypto_hash(c, mask, parts, 2)) != 0)
			break;
		for (i = 0; i < n && i < WIRE_HASH; i++)
			to[i] ^= mask[i];
	}
	secret_wipe(mask, sizeof(mask));
	return e;
}

/* EME-OAEP (RFC 8017, 7.1.1 step 2) of a secret into the k bytes at em:
 *   00 || seed(32), masked || H(label) || 00... || 01 || secret(32), masked */
static int oaep_encode(struct crypto *c, uint8_t *em, size_t k,
    const void *label, size_t label_len, const uint8_t secret[WIRE_KEY])
{
	const struct rng rng = crypto_rng();
	uint8_t *seed = em + 1, *db = seed + WIRE_HASH;
	size_t db_len = k - 1 - WIRE_HASH;
	int e;

	memset(em, 0, k);
	db[db_len - WIRE_KEY - 1] = 1;
	memcpy(db + db_len - WIRE_KEY, secret, WIRE_KEY);
	if ((e = rng.fill(rng.arg, seed, WIRE_HASH)) != 0 ||
	    (e = crypto_hash1(c, db, label, label_len)) != 0 ||
	    (e = mgf1_add(c, db, db_len, seed, WIRE_HASH)) != 0)
		return e;
	return mgf1_add(c, seed, WIRE_HASH, db, db_len);
}

/* text^65537 modulo n: sixteen squares of text*R, which is Montgomery's form,
 * and a product with text itself, which leads back out of it. */
static int rsa_public(const struct wrap_pub *w, uint8_t *out, const uint8_t *em)
{
	BN_MONT_CTX *mont = BN_MONT_CTX_new();
	BIGNUM *text = BN_bin2bn(em, (int)w->n, NULL), *x = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	int ok, i;

	ok = mont != NULL && text != NULL && x != NULL && ctx != NULL &&
	     BN_MONT_CTX_set(mont, w->modulus, ctx) == 1 &&
	     BN_to_montgomery(x, text, mont, ctx) == 1;
	for (i = 0; ok && i < 16; i++)
		ok = BN_mod_mul_montgomery(x, x, x, mont, ctx) == 1;
	ok = ok && BN_mod_mul_montgomery(x, x, text, mont, ctx) == 1 &&
	     BN_bn2binpad(x, out, (int)w->n) == (int)w->n;
	BN_clear_free(x);
	BN_clear_free(text);
	BN_CTX_free(ctx); /* clears what it held */
	BN_MONT_CTX_free(mont);
	return ok ? 0 : ossl_failed();
}

int wrap_seal(struct crypto *c, const struct wrap_pub *w, struct buf *out,
    const void *label, size_t label_len, const uint8_t secret[WIRE_KEY])
{
	uint8_t em[WIRE_RSA_MAX];
	int e;

	if ((e = buf_reserve(out, w->n)) != 0)
		return e;
	if ((e = oaep_encode(c, em, w->n, label, label_len, secret)) == 0 &&
	    (e = rsa_public(w, out->p + out->len, em)) == 0)
		out->len += w->n;
	secret_wipe(em, sizeof(em));
	return e;
}

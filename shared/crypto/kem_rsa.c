/* kem_rsa.c - the RSA key that wraps group keys (RSA-OAEP). */
#include "shared/crypto/ossl.h"

#include "shared/crypto/kem_rsa_int.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

struct kem_rsa {
	EVP_PKEY *key;
	size_t n; /* modulus size in bytes */
};

struct kem_rsa_pub {
	EVP_PKEY *key;
	size_t n;
};

/* --- the key pair --- */

/* Takes ownership of the key. n and e must have a permitted size and value. */
static struct kem_rsa *kem_rsa_of(EVP_PKEY *key)
{
	struct kem_rsa *w = NULL;
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

struct kem_rsa *kem_rsa_new(unsigned bits)
{
	if (bits % 8 != 0 || !spki_rsa_size(bits / 8))
		return NULL;
	return kem_rsa_of(EVP_RSA_gen(bits));
}

struct kem_rsa *kem_rsa_from_pkcs8(const void *der, size_t n)
{
	const unsigned char *p = der;

	if (n > WIRE_HANDSHAKE_MAX)
		return NULL;
	return kem_rsa_of(d2i_AutoPrivateKey(NULL, &p, (long)n));
}

void kem_rsa_free(struct kem_rsa *w)
{
	if (w == NULL)
		return;
	EVP_PKEY_free(w->key); /* libcrypto wipes d, p, q and the rest */
	free(w);
}

int kem_rsa_spki(const struct kem_rsa *w, struct buf *out)
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

/* A context for one OAEP operation. Every parameter is explicit, because
 * libcrypto's defaults are SHA-1. The label is passed as a parameter, which
 * is copied; an empty label is the default. */
static EVP_PKEY_CTX *oaep_new(
    EVP_PKEY *key, bool seal, const void *label, size_t label_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	char mode[] = OSSL_PKEY_RSA_PAD_MODE_OAEP, md[] = "SHA256";
	OSSL_PARAM params[5], *p = params;
	int ok;

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
	ok = seal ? EVP_PKEY_encrypt_init_ex(ctx, params)
		  : EVP_PKEY_decrypt_init_ex(ctx, params);
	if (ok == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

int kem_rsa_open_any(const struct kem_rsa *w, uint8_t out[WIRE_RSA_MAX],
    size_t *out_len, const void *label, size_t label_len, const void *in,
    size_t in_len)
{
	EVP_PKEY_CTX *ctx;
	bool shortage;
	int ok = 0;

	*out_len = WIRE_RSA_MAX;
	oom_forget();
	ctx = oaep_new(w->key, false, label, label_len);
	if (ctx != NULL && in_len == w->n)
		ok = EVP_PKEY_decrypt(ctx, out, out_len, in, in_len);
	ERR_clear_error();
	/* The memory requested does not depend on the plaintext. */
	shortage = oom_seen();
	EVP_PKEY_CTX_free(ctx);
	return ok == 1 ? 0 : shortage ? ERR_NOMEM : ERR_OPEN;
}

int kem_rsa_open(const struct kem_rsa *w, uint8_t out[WIRE_KEY], const void *label,
    size_t label_len, const void *in, size_t in_len)
{
	uint8_t text[WIRE_RSA_MAX] = {0};
	size_t n;
	int e = kem_rsa_open_any(w, text, &n, label, label_len, in, in_len);

	/* Manger's attack: bad padding and valid padding around a plaintext
	 * of the wrong length must give the same error in the same time. */
	if ((e != 0) | (n != WIRE_KEY)) {
		secret_wipe(text, sizeof(text));
		if (e != ERR_NOMEM)
			e = ERR_OPEN;
	}
	memcpy(out, text, WIRE_KEY);
	secret_wipe(text, sizeof(text));
	return e;
}

/* --- a peer's public key --- */

/* Imports an RSA key from n alone, without a parser. */
static EVP_PKEY *rsa_import(const uint8_t *modulus, size_t k)
{
	BIGNUM *n = BN_bin2bn(modulus, (int)k, NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (n == NULL || bld == NULL || ctx == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_uint(bld, OSSL_PKEY_PARAM_RSA_E, RSA_F4) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(bld)) == NULL ||
	    EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	ERR_clear_error();
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	return key;
}

int kem_rsa_pub_from_spki(struct kem_rsa_pub **out, const void *spki, size_t n)
{
	struct kem_rsa_pub *w;
	int e = kem_rsa_spki_check(spki, n);

	if (e != 0)
		return e;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return ERR_NOMEM;
	w->n = n - SPKI_RSA_AROUND;
	w->key = rsa_import((const uint8_t *)spki + SPKI_RSA_HEAD, w->n);
	if (w->key == NULL) {
		free(w);
		return ERR_CRYPTO;
	}
	*out = w;
	return 0;
}

void kem_rsa_pub_free(struct kem_rsa_pub *w)
{
	if (w == NULL)
		return;
	EVP_PKEY_free(w->key);
	free(w);
}

int kem_rsa_seal(const struct kem_rsa_pub *w, struct buf *out, const void *label,
    size_t label_len, const uint8_t secret[WIRE_KEY])
{
	EVP_PKEY_CTX *ctx;
	size_t n = w->n;
	int e;

	if ((e = buf_reserve(out, n)) != 0 || (e = random_stir()) != 0)
		return e;
	ctx = oaep_new(w->key, true, label, label_len);
	if (ctx == NULL ||
	    EVP_PKEY_encrypt(ctx, out->p + out->len, &n, secret, WIRE_KEY) !=
		1 ||
	    n != w->n)
		e = ossl_failed();
	else
		out->len += n;
	EVP_PKEY_CTX_free(ctx);
	return e;
}

/* pake.c - SPAKE2+ on libcrypto's curve arithmetic. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/pake_int.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

enum { HALF = PAKE_STRETCHED / 2, RANDOM = 48, TT_ITEMS = 10 };

/* M and N of RFC 9383, section 4, for P-256, uncompressed. */
static const uint8_t pake_m[WIRE_SHARE] = {0x04, 0x88, 0x6e, 0x2f, 0x97, 0xac,
    0xe4, 0x6e, 0x55, 0xba, 0x9d, 0xd7, 0x24, 0x25, 0x79, 0xf2, 0x99, 0x3b,
    0x64, 0xe1, 0x6e, 0xf3, 0xdc, 0xab, 0x95, 0xaf, 0xd4, 0x97, 0x33, 0x3d,
    0x8f, 0xa1, 0x2f, 0x5f, 0xf3, 0x55, 0x16, 0x3e, 0x43, 0xce, 0x22, 0x4e,
    0x0b, 0x0e, 0x65, 0xff, 0x02, 0xac, 0x8e, 0x5c, 0x7b, 0xe0, 0x94, 0x19,
    0xc7, 0x85, 0xe0, 0xca, 0x54, 0x7d, 0x55, 0xa1, 0x2e, 0x2d, 0x20};
static const uint8_t pake_n[WIRE_SHARE] = {0x04, 0xd8, 0xbb, 0xd6, 0xc6, 0x39,
    0xc6, 0x29, 0x37, 0xb0, 0x4d, 0x99, 0x7f, 0x38, 0xc3, 0x77, 0x07, 0x19,
    0xc6, 0x29, 0xd7, 0x01, 0x4d, 0x49, 0xa2, 0x4b, 0x4f, 0x98, 0xba, 0xa1,
    0x29, 0x2b, 0x49, 0x07, 0xd6, 0x0a, 0xa6, 0xbf, 0xad, 0xe4, 0x50, 0x08,
    0xa6, 0x36, 0x33, 0x7f, 0x51, 0x68, 0xc6, 0x4d, 0x9b, 0xd3, 0x60, 0x34,
    0x80, 0x8c, 0xd5, 0x64, 0x49, 0x0b, 0x1e, 0x65, 0x6e, 0xdb, 0xe7};

/* A prover makes one for itself, without L. */
struct pake_record {
	EC_GROUP *group; /* read-only once made; exchanges share it */
	uint8_t w0[PAKE_SCALAR];
	uint8_t l[WIRE_SHARE];
	EC_POINT *l_point;
	/* Masks that are added to our own share and to the peer's. */
	EC_POINT *w0m, *w0n, *minus_w0m, *minus_w0n;
};

/* Both roles do the same with different points: our share is secret*G +
 * mask, and the peer's share is used without its mask. */
struct pake {
	struct crypto *c; /* borrowed */
	BN_CTX *ctx;	  /* scratch, so that calls need not make one */
	bool prover, finished;
	const struct pake_record *record; /* verifier: borrowed */
	struct pake_record *own;	  /* prover */
	BIGNUM *secret;			  /* x or y */
	BIGNUM *w1;			  /* prover */
	uint8_t share[WIRE_SHARE];
};

/* --- scalars and points --- */

static BIGNUM *bn_of(const uint8_t *p, size_t n)
{
	BIGNUM *b = BN_secure_new();

	if (b == NULL)
		return NULL;
	BN_set_flags(b, BN_FLG_CONSTTIME);
	if (BN_bin2bn(p, (int)n, b) != NULL)
		return b;
	BN_clear_free(b);
	return NULL;
}

/* Reads a scalar from 32 bytes; it must be neither 0 nor >= the order. */
static BIGNUM *scalar_of(const EC_GROUP *g, const uint8_t s[PAKE_SCALAR])
{
	BIGNUM *b = bn_of(s, PAKE_SCALAR);

	if (b != NULL && !BN_is_zero(b) &&
	    BN_ucmp(b, EC_GROUP_get0_order(g)) < 0)
		return b;
	BN_clear_free(b);
	return NULL;
}

/* x or y from 48 random bytes, or exactly as a test vector gives it. */
static BIGNUM *scalar_random(const EC_GROUP *g, const uint8_t *random, size_t n)
{
	BIGNUM *b, *m = NULL, *r = NULL;
	BN_CTX *ctx = NULL;

	if (n == PAKE_SCALAR)
		return scalar_of(g, random);
	if (n != RANDOM || (b = bn_of(random, n)) == NULL)
		return NULL;
	if ((m = BN_dup(EC_GROUP_get0_order(g))) == NULL ||
	    (r = BN_secure_new()) == NULL ||
	    (ctx = BN_CTX_secure_new()) == NULL || BN_sub_word(m, 1) != 1 ||
	    BN_nnmod(r, b, m, ctx) != 1 || BN_add_word(r, 1) != 1) {
		BN_clear_free(r);
		r = NULL;
	} else {
		BN_set_flags(r, BN_FLG_CONSTTIME);
	}
	BN_CTX_free(ctx); /* clears its contents */
	BN_free(m);
	BN_clear_free(b);
	return r;
}

/* Reads a valid point: 65 bytes, 04, both coordinates below p, on the curve.
 * The group has prime order, so every such point except the identity
 * generates it. libcrypto would also accept the identity, and compressed and
 * hybrid forms. */
static EC_POINT *point_of(
    const EC_GROUP *g, const uint8_t in[WIRE_SHARE], BN_CTX *ctx)
{
	EC_POINT *p;

	if (in[0] != POINT_CONVERSION_UNCOMPRESSED)
		return NULL;
	p = EC_POINT_new(g);
	if (p != NULL && EC_POINT_oct2point(g, p, in, WIRE_SHARE, ctx) == 1 &&
	    !EC_POINT_is_at_infinity(g, p))
		return p;
	ERR_clear_error();
	EC_POINT_clear_free(p);
	return NULL;
}

static int point_put(
    const EC_GROUP *g, uint8_t out[WIRE_SHARE], const EC_POINT *p, BN_CTX *ctx)
{
	return EC_POINT_point2oct(g, p, POINT_CONVERSION_UNCOMPRESSED, out,
		   WIRE_SHARE, ctx) == WIRE_SHARE
		   ? 0
		   : ossl_failed();
}

/* s times the point, or times the generator if p is NULL. */
static EC_POINT *point_mul(
    const EC_GROUP *g, const EC_POINT *p, const BIGNUM *s, BN_CTX *ctx)
{
	EC_POINT *r = EC_POINT_new(g);
	int ok = 0;

	if (r != NULL)
		ok = p == NULL ? EC_POINT_mul(g, r, s, NULL, NULL, ctx)
			       : EC_POINT_mul(g, r, NULL, p, s, ctx);
	if (ok == 1)
		return r;
	ERR_clear_error();
	EC_POINT_clear_free(r);
	return NULL;
}

/* --- passwords --- */

static void put_len(uint8_t out[8], size_t n)
{
	size_t i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)n >> (8 * i)); /* as in the RFC */
}

static int put_item(struct buf *b, const void *p, size_t n)
{
	uint8_t len[8];
	int e;

	put_len(len, n);
	if ((e = buf_put(b, len, sizeof(len))) != 0)
		return e;
	return buf_put(b, p, n);
}

int pake_stretch_with(uint8_t out[PAKE_STRETCHED], const void *pw,
    size_t pw_len, const char *id_prover, const char *id_verifier,
    const void *salt, size_t salt_len, const struct kdf *k)
{
	struct buf in;
	int e;

	buf_init_secret(&in, WIRE_HANDSHAKE_MAX);
	if ((e = put_item(&in, pw, pw_len)) == 0 &&
	    (e = put_item(&in, id_prover, strlen(id_prover))) == 0 &&
	    (e = put_item(&in, id_verifier, strlen(id_verifier))) == 0)
		e = crypto_scrypt(
		    out, PAKE_STRETCHED, in.p, in.len, salt, salt_len, k);
	buf_free(&in);
	return e;
}

int pake_stretch(uint8_t out[PAKE_STRETCHED], const void *pw, size_t pw_len,
    const char *id_prover, const char *id_verifier,
    const uint8_t salt[WIRE_NONCE], const struct kdf *k)
{
	return pake_stretch_with(
	    out, pw, pw_len, id_prover, id_verifier, salt, WIRE_NONCE, k);
}

/* half mod order, as 32 bytes. */
static int reduce(
    uint8_t out[PAKE_SCALAR], const uint8_t half[HALF], const BIGNUM *order)
{
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *b = bn_of(half, HALF), *r = BN_secure_new();
	int e = 0;

	if (ctx == NULL || b == NULL || r == NULL ||
	    BN_nnmod(r, b, order, ctx) != 1 ||
	    BN_bn2binpad(r, out, PAKE_SCALAR) != PAKE_SCALAR)
		e = ossl_failed();
	BN_clear_free(r);
	BN_clear_free(b);
	BN_CTX_free(ctx);
	return e;
}

int pake_scalars(uint8_t w0[PAKE_SCALAR], uint8_t w1[PAKE_SCALAR],
    const uint8_t stretched[PAKE_STRETCHED])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	int e;

	if (g == NULL)
		return ossl_failed();
	if ((e = reduce(w0, stretched, EC_GROUP_get0_order(g))) == 0)
		e = reduce(w1, stretched + HALF, EC_GROUP_get0_order(g));
	EC_GROUP_free(g);
	return e;
}

/* --- the verifier's record --- */

/* s times M or N. Encoded and decoded once, so that the point is affine,
 * which makes adding it cheaper. */
static EC_POINT *mask_of(
    const EC_GROUP *g, const uint8_t base[WIRE_SHARE], const BIGNUM *s)
{
	EC_POINT *b = point_of(g, base, NULL), *r = NULL, *mask = NULL;
	uint8_t bytes[WIRE_SHARE];

	if (b != NULL && (r = point_mul(g, b, s, NULL)) != NULL &&
	    point_put(g, bytes, r, NULL) == 0)
		mask = point_of(g, bytes, NULL);
	secret_wipe(bytes, sizeof(bytes));
	EC_POINT_clear_free(r);
	EC_POINT_free(b);
	return mask;
}

static EC_POINT *inverse_of(const EC_GROUP *g, const EC_POINT *p)
{
	EC_POINT *r = EC_POINT_dup(p, g);

	if (r != NULL && EC_POINT_invert(g, r, NULL) == 1)
		return r;
	EC_POINT_clear_free(r);
	return NULL;
}

/* The group and the masks, without L. */
static struct pake_record *record_masks(const uint8_t w0[PAKE_SCALAR])
{
	struct pake_record *r = secret_alloc(sizeof(*r));
	BIGNUM *s = NULL;
	EC_GROUP *g;

	if (r == NULL)
		return NULL;
	memcpy(r->w0, w0, PAKE_SCALAR);
	g = r->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (g == NULL || (s = scalar_of(g, w0)) == NULL ||
	    (r->w0m = mask_of(g, pake_m, s)) == NULL ||
	    (r->w0n = mask_of(g, pake_n, s)) == NULL ||
	    (r->minus_w0m = inverse_of(g, r->w0m)) == NULL ||
	    (r->minus_w0n = inverse_of(g, r->w0n)) == NULL) {
		ERR_clear_error();
		pake_record_free(r);
		r = NULL;
	}
	BN_clear_free(s);
	return r;
}

struct pake_record *pake_record_new(
    const uint8_t w0[PAKE_SCALAR], const uint8_t w1[PAKE_SCALAR])
{
	struct pake_record *r = record_masks(w0);
	BIGNUM *s;

	if (r == NULL)
		return NULL;
	s = scalar_of(r->group, w1);
	if (s == NULL ||
	    (r->l_point = point_mul(r->group, NULL, s, NULL)) == NULL ||
	    point_put(r->group, r->l, r->l_point, NULL) != 0) {
		pake_record_free(r);
		r = NULL;
	}
	BN_clear_free(s);
	return r;
}

struct pake_record *pake_record_from_l(
    const uint8_t w0[PAKE_SCALAR], const uint8_t l[WIRE_SHARE])
{
	struct pake_record *r = record_masks(w0);

	if (r == NULL)
		return NULL;
	memcpy(r->l, l, WIRE_SHARE);
	r->l_point = point_of(r->group, l, NULL);
	if (r->l_point != NULL)
		return r;
	pake_record_free(r);
	return NULL;
}

const uint8_t *pake_record_l(const struct pake_record *r)
{
	return r->l;
}

void pake_record_free(struct pake_record *r)
{
	if (r == NULL)
		return;
	EC_POINT_clear_free(r->l_point);
	EC_POINT_clear_free(r->w0m);
	EC_POINT_clear_free(r->w0n);
	EC_POINT_clear_free(r->minus_w0m);
	EC_POINT_clear_free(r->minus_w0n);
	EC_GROUP_free(r->group);
	secret_free(r, sizeof(*r));
}

void pake_keys_wipe(struct pake_keys *k)
{
	secret_wipe(k, sizeof(*k));
}

/* --- one exchange --- */

/* Makes the secret and the share. Takes ownership of p, even on failure. */
static struct pake *exchange_start(
    struct pake *p, const uint8_t *random, size_t random_len)
{
	const struct pake_record *r = p->record;
	EC_POINT *share = NULL;
	int ok;

	p->ctx = BN_CTX_secure_new();
	p->secret = scalar_random(r->group, random, random_len);
	ok = p->ctx != NULL && p->secret != NULL &&
	     (share = point_mul(r->group, NULL, p->secret, p->ctx)) != NULL &&
	     EC_POINT_add(r->group, share, share, p->prover ? r->w0m : r->w0n,
		 p->ctx) == 1 &&
	     point_put(r->group, p->share, share, p->ctx) == 0;
	ERR_clear_error();
	EC_POINT_clear_free(share);
	if (ok)
		return p;
	pake_free(p);
	return NULL;
}

struct pake *pake_prover(struct crypto *c, const uint8_t w0[PAKE_SCALAR],
    const uint8_t w1[PAKE_SCALAR], const uint8_t *random, size_t random_len)
{
	struct pake *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->c = c;
	p->prover = true;
	p->own = record_masks(w0);
	p->record = p->own;
	if (p->own == NULL || (p->w1 = scalar_of(p->own->group, w1)) == NULL) {
		pake_free(p);
		return NULL;
	}
	return exchange_start(p, random, random_len);
}

struct pake *pake_verifier(struct crypto *c, const struct pake_record *record,
    const uint8_t *random, size_t random_len)
{
	struct pake *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->c = c;
	p->record = record;
	return exchange_start(p, random, random_len);
}

void pake_free(struct pake *p)
{
	if (p == NULL)
		return;
	BN_CTX_free(p->ctx); /* clears its contents */
	BN_clear_free(p->secret);
	BN_clear_free(p->w1);
	pake_record_free(p->own);
	secret_wipe(p, sizeof(*p));
	free(p);
}

const uint8_t *pake_share(const struct pake *p)
{
	return p->share;
}

/* share - mask. NULL with ERR_SHARE in *e if the share is not a point or
 * equals the mask: Z and V would then be the identity, whatever our secret. */
static EC_POINT *unmask(
    const struct pake *p, const uint8_t share[WIRE_SHARE], int *e)
{
	const struct pake_record *r = p->record;
	EC_POINT *rest;

	oom_forget();
	rest = point_of(r->group, share, p->ctx);
	*e = rest != NULL ? 0 : ossl_refused(ERR_SHARE);
	if (*e == 0 &&
	    EC_POINT_add(r->group, rest, rest,
		p->prover ? r->minus_w0n : r->minus_w0m, p->ctx) != 1)
		*e = ossl_failed();
	else if (*e == 0 && EC_POINT_is_at_infinity(r->group, rest))
		*e = ERR_SHARE;
	if (*e == 0)
		return rest;
	EC_POINT_clear_free(rest);
	return NULL;
}

/* Computes Z and V from the peer's share. */
static int agree_points(const struct pake *p, uint8_t z[WIRE_SHARE],
    uint8_t v[WIRE_SHARE], const uint8_t peer_share[WIRE_SHARE])
{
	const struct pake_record *r = p->record;
	EC_POINT *zp = NULL, *vp = NULL, *rest;
	int e;

	rest = unmask(p, peer_share, &e);
	if (rest == NULL)
		return e;
	zp = point_mul(r->group, rest, p->secret, p->ctx);
	vp = p->prover ? point_mul(r->group, rest, p->w1, p->ctx)
		       : point_mul(r->group, r->l_point, p->secret, p->ctx);
	if (zp == NULL || vp == NULL)
		e = ossl_failed();
	else if ((e = point_put(r->group, z, zp, p->ctx)) == 0)
		e = point_put(r->group, v, vp, p->ctx);
	EC_POINT_clear_free(zp);
	EC_POINT_clear_free(vp);
	EC_POINT_clear_free(rest);
	return e;
}

/* TT as parts, each preceded by its length. Borrows everything. */
struct transcript {
	uint8_t len[TT_ITEMS][8];
	struct part parts[2 * TT_ITEMS];
	size_t n; /* items */
};

static void tt_add(struct transcript *t, const void *p, size_t n)
{
	put_len(t->len[t->n], n);
	t->parts[2 * t->n] = (struct part){t->len[t->n], 8};
	t->parts[2 * t->n + 1] = (struct part){p, n};
	t->n++;
}

/* RFC 9383, section 3.4. */
static int key_schedule(const struct pake *p, struct pake_keys *out,
    struct pake_trace *trace, const uint8_t *share_p, const uint8_t *share_v)
{
	static const char confirmation[] = "ConfirmationKeys",
			  shared[] = "SharedKey";
	const struct part confirmation_info = {
	    confirmation, sizeof(confirmation) - 1};
	const struct part shared_info = {shared, sizeof(shared) - 1};
	const struct part parts_p = {share_v, WIRE_SHARE};
	const struct part parts_v = {share_p, WIRE_SHARE};
	uint8_t prk[WIRE_HASH], keys[2 * WIRE_HASH];
	int e;

	if ((e = crypto_extract(
		 p->c, prk, NULL, 0, trace->k_main, WIRE_HASH)) != 0 ||
	    (e = crypto_expand(
		 p->c, keys, sizeof(keys), prk, &confirmation_info, 1)) != 0 ||
	    (e = crypto_expand(p->c, out->shared, sizeof(out->shared), prk,
		 &shared_info, 1)) != 0)
		goto out;
	memcpy(trace->k_confirm_p, keys, WIRE_HASH);
	memcpy(trace->k_confirm_v, keys + WIRE_HASH, WIRE_HASH);
	if ((e = crypto_hmac(p->c, out->confirm_p, trace->k_confirm_p,
		 WIRE_HASH, &parts_p, 1)) == 0)
		e = crypto_hmac(p->c, out->confirm_v, trace->k_confirm_v,
		    WIRE_HASH, &parts_v, 1);
out:
	secret_wipe(prk, sizeof(prk));
	secret_wipe(keys, sizeof(keys));
	return e;
}

/* K_main = H(TT). With `keep` also stores TT itself. */
static int transcript_hash(const struct pake *p, struct pake_trace *trace,
    bool keep, const struct transcript *t)
{
	size_t i;
	int e;

	for (i = 0; keep && i < 2 * t->n; i++)
		if ((e = buf_put(&trace->tt, t->parts[i].p, t->parts[i].n)) !=
		    0)
			return e;
	return crypto_hash_parts(p->c, trace->k_main, t->parts, 2 * t->n);
}

static int finish(struct pake *p, struct pake_keys *out, const void *context,
    size_t context_len, const char *id_prover, const char *id_verifier,
    const uint8_t peer_share[WIRE_SHARE], struct pake_trace *trace, bool keep)
{
	const uint8_t *share_p = p->prover ? p->share : peer_share;
	const uint8_t *share_v = p->prover ? peer_share : p->share;
	struct transcript t = {.n = 0};
	int e;

	/* One secret answers one share; a second would allow a second guess. */
	if (p->finished)
		return ERR_CRYPTO;
	p->finished = true;
	if ((e = agree_points(p, trace->z, trace->v, peer_share)) != 0)
		return e;
	tt_add(&t, context, context_len);
	tt_add(&t, id_prover, strlen(id_prover));
	tt_add(&t, id_verifier, strlen(id_verifier));
	tt_add(&t, pake_m, WIRE_SHARE);
	tt_add(&t, pake_n, WIRE_SHARE);
	tt_add(&t, share_p, WIRE_SHARE);
	tt_add(&t, share_v, WIRE_SHARE);
	tt_add(&t, trace->z, WIRE_SHARE);
	tt_add(&t, trace->v, WIRE_SHARE);
	tt_add(&t, p->record->w0, PAKE_SCALAR);
	if ((e = transcript_hash(p, trace, keep, &t)) == 0 &&
	    (e = key_schedule(p, out, trace, share_p, share_v)) != 0)
		pake_keys_wipe(out);
	return e;
}

int pake_finish(struct pake *p, struct pake_keys *out, const void *context,
    size_t context_len, const char *id_prover, const char *id_verifier,
    const uint8_t peer_share[WIRE_SHARE])
{
	struct pake_trace trace;
	int e;

	e = finish(p, out, context, context_len, id_prover, id_verifier,
	    peer_share, &trace, false);
	secret_wipe(&trace, sizeof(trace));
	return e;
}

int pake_finish_traced(struct pake *p, struct pake_keys *out,
    const void *context, size_t context_len, const char *id_prover,
    const char *id_verifier, const uint8_t peer_share[WIRE_SHARE],
    struct pake_trace *trace)
{
	buf_init_secret(&trace->tt, WIRE_HANDSHAKE_MAX);
	return finish(p, out, context, context_len, id_prover, id_verifier,
	    peer_share, trace, true);
}

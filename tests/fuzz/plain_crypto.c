/* plain_crypto.c - fake cryptography for the fuzz targets. The linker (--wrap;
 * the Makefile takes the names from this file) replaces the functions that
 * seal, open, sign, verify, wrap and authenticate. The real ones are used
 * until fuzz_plain_crypto() is called.
 *
 * A fuzzer cannot forge a MAC or a signature, so here almost all are valid:
 *   record MAC        16 zero bytes; others do not match
 *   AES-GCM           the plaintext, then 16 bytes; opening fails if the first
 *                     of these is ff
 *   Ed25519           any 64 bytes except those starting with ff
 *   RSA-OAEP          the secret, then zeros; opening fails if ff is in front
 *   SPAKE2+           shares starting with 04 ff are not points; the
 *                     confirmations are 32 times 50 (P's) and 56 (V's),
 *                     K_shared is 32 times 4b
 *   ML-KEM            the secret is the first 32 bytes of the ciphertext; a
 *                     public key starting with ff is out of range
 *   X25519            plain_agree.c
 *   hashes, HKDF      a fast mix of the inputs, without any strength
 *
 * One rule of real cryptography is still checked: within an input, no nonce is
 * used twice with one key for different plaintexts. */
#include "shared/crypto/kem_mlkem.h"
#include "shared/crypto/keys.h"
#include "shared/crypto/pake.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mix.h"
#include "tests/fuzz/people_of.h"

static bool plain;

void fuzz_plain_crypto(void)
{
	plain = true;
}

bool fuzz_is_plain(void)
{
	return plain;
}

/* Those that an input frees serve the next one: fetching the algorithms would
 * take most of the time of an input that makes threads. */
enum { SPARE = 8 };
static struct crypto *spare[SPARE];
static size_t n_spare;

struct crypto *__real_crypto_new(void);
struct crypto *__wrap_crypto_new(void);
struct crypto *__wrap_crypto_new(void)
{
	return plain && n_spare > 0 ? spare[--n_spare] : __real_crypto_new();
}

void __real_crypto_free(struct crypto *c);
void __wrap_crypto_free(struct crypto *c);
void __wrap_crypto_free(struct crypto *c)
{
	if (plain && c != NULL && n_spare < SPARE)
		spare[n_spare++] = c;
	else
		__real_crypto_free(c);
}

enum { LARGE = 4096 };

/* --- nonces -------------------------------------------------------------- */

enum { SEALS = 1 << 12 };
static struct {
	uint64_t input, key, text;
} seals[SEALS];
static uint64_t input_no;

void fuzz_plain_begin(void)
{
	input_no++;
}

/* The place of a key and nonce: theirs, or a free one that has not their `key` yet.
 * SEALS: there is none. */
static size_t place_of(
    uint64_t *mixed, const uint8_t *key, const uint8_t *nonce)
{
	struct mix k = {1, 2};
	size_t i, n;

	mix_add(&k, key, WIRE_KEY);
	mix_add(&k, nonce, WIRE_IV);
	*mixed = k.a ^ k.b;
	for (n = 0, i = *mixed % SEALS; n < SEALS; n++, i = (i + 1) % SEALS)
		if (seals[i].input != input_no || seals[i].key == *mixed)
			return i;
	return SEALS;
}

/* Two different plaintexts under one key and nonce reveal their XOR. The same
 * plaintext gives the same record and reveals nothing. */
static void seal_once(const uint8_t *key, const uint8_t *nonce, const void *aad,
    size_t aad_len, const void *in, size_t in_len)
{
	struct mix t = {3, 4};
	uint64_t mixed;
	size_t i = place_of(&mixed, key, nonce);

	if (i == SEALS)
		return;
	mix_add(&t, aad, aad_len);
	mix_add(&t, in, in_len);
	t.a ^= t.b;
	if (seals[i].input == input_no)
		FUZZ_CHECK(seals[i].text == t.a);
	seals[i].input = input_no;
	seals[i].key = mixed;
	seals[i].text = t.a;
}

bool fuzz_plain_sealed(
    const uint8_t key[WIRE_KEY], const uint8_t nonce[WIRE_IV])
{
	uint64_t mixed;
	size_t i = place_of(&mixed, key, nonce);

	return i < SEALS && seals[i].input == input_no;
}

/* --- crypto.h ------------------------------------------------------------ */

int __real_crypto_hash(struct crypto *c, uint8_t out[WIRE_HASH],
    const struct part *parts, size_t n_parts);
int __wrap_crypto_hash(struct crypto *c, uint8_t out[WIRE_HASH],
    const struct part *parts, size_t n_parts);
int __wrap_crypto_hash(struct crypto *c, uint8_t out[WIRE_HASH],
    const struct part *parts, size_t n_parts)
{
	struct mix m = {5, 6};

	if (!plain)
		return __real_crypto_hash(c, out, parts, n_parts);
	mix_parts(&m, parts, n_parts);
	mix_out(&m, out, WIRE_HASH);
	return 0;
}

int __real_crypto_hash1(
    struct crypto *c, uint8_t out[WIRE_HASH], const void *p, size_t n);
int __wrap_crypto_hash1(
    struct crypto *c, uint8_t out[WIRE_HASH], const void *p, size_t n);
int __wrap_crypto_hash1(
    struct crypto *c, uint8_t out[WIRE_HASH], const void *p, size_t n)
{
	struct mix m = {5, 6};

	if (!plain)
		return __real_crypto_hash1(c, out, p, n);
	/* A large frame is only used for a MAC, which is zeros here, so mixing
	 * its two ends is enough. */
	if (n > LARGE) {
		mix_add(&m, (const uint8_t *)p + n - LARGE / 2, LARGE / 2);
		mix_add(&m, &n, sizeof(n));
		n = LARGE / 2;
	}
	mix_add(&m, p, n);
	mix_out(&m, out, WIRE_HASH);
	return 0;
}

int __real_crypto_extract(struct crypto *c, uint8_t prk[WIRE_HASH],
    const void *salt, size_t salt_len, const void *ikm, size_t ikm_len);
int __wrap_crypto_extract(struct crypto *c, uint8_t prk[WIRE_HASH],
    const void *salt, size_t salt_len, const void *ikm, size_t ikm_len);
int __wrap_crypto_extract(struct crypto *c, uint8_t prk[WIRE_HASH],
    const void *salt, size_t salt_len, const void *ikm, size_t ikm_len)
{
	struct mix m = {7, 8};

	if (!plain)
		return __real_crypto_extract(
		    c, prk, salt, salt_len, ikm, ikm_len);
	mix_add(&m, salt, salt_len);
	mix_add(&m, ikm, ikm_len);
	mix_out(&m, prk, WIRE_HASH);
	return 0;
}

int __real_crypto_expand(struct crypto *c, void *out, size_t out_len,
    const uint8_t prk[WIRE_HASH], const struct part *info, size_t n_info);
int __wrap_crypto_expand(struct crypto *c, void *out, size_t out_len,
    const uint8_t prk[WIRE_HASH], const struct part *info, size_t n_info);
int __wrap_crypto_expand(struct crypto *c, void *out, size_t out_len,
    const uint8_t prk[WIRE_HASH], const struct part *info, size_t n_info)
{
	struct mix m = {9, 10};

	if (!plain)
		return __real_crypto_expand(c, out, out_len, prk, info, n_info);
	mix_add(&m, prk, WIRE_HASH);
	mix_parts(&m, info, n_info);
	mix_out(&m, out, out_len);
	return 0;
}

int __real_mac_begin(struct mac *m);
int __wrap_mac_begin(struct mac *m);
int __wrap_mac_begin(struct mac *m)
{
	return plain ? 0 : __real_mac_begin(m);
}

int __real_mac_add(struct mac *m, const void *p, size_t n);
int __wrap_mac_add(struct mac *m, const void *p, size_t n);
int __wrap_mac_add(struct mac *m, const void *p, size_t n)
{
	return plain ? 0 : __real_mac_add(m, p, n);
}

int __real_mac_end(struct mac *m, uint8_t out[WIRE_HASH]);
int __wrap_mac_end(struct mac *m, uint8_t out[WIRE_HASH]);
int __wrap_mac_end(struct mac *m, uint8_t out[WIRE_HASH])
{
	if (!plain)
		return __real_mac_end(m, out);
	memset(out, 0, WIRE_HASH);
	return 0;
}

int __real_crypto_seal(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t in_len);
int __wrap_crypto_seal(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t in_len);
int __wrap_crypto_seal(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t in_len)
{
	if (!plain)
		return __real_crypto_seal(
		    c, out, key, nonce, aad, aad_len, in, in_len);
	seal_once(key, nonce, aad, aad_len, in, in_len);
	if (in_len > 0)
		memmove(out, in, in_len);
	memset(out + in_len, 0, WIRE_TAG);
	return 0;
}

int __real_crypto_open(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t in_len);
int __wrap_crypto_open(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t in_len);
int __wrap_crypto_open(struct crypto *c, uint8_t *out, const uint8_t *key,
    const uint8_t *nonce, const void *aad, size_t aad_len, const void *in,
    size_t in_len)
{
	const uint8_t *tag;

	if (!plain)
		return __real_crypto_open(
		    c, out, key, nonce, aad, aad_len, in, in_len);
	if (in_len < WIRE_TAG)
		return ERR_OPEN;
	tag = (const uint8_t *)in + in_len - WIRE_TAG;
	if (tag[0] == 0xff) {
		memset(out, 0, in_len - WIRE_TAG);
		return ERR_OPEN;
	}
	memmove(out, in, in_len - WIRE_TAG);
	return 0;
}

/* --- keys.h -------------------------------------------------------------- */

int __real_identity_sign(const struct identity *id, uint8_t *out,
    const struct part *parts, size_t n_parts);
int __wrap_identity_sign(const struct identity *id, uint8_t *out,
    const struct part *parts, size_t n_parts);
int __wrap_identity_sign(const struct identity *id, uint8_t *out,
    const struct part *parts, size_t n_parts)
{
	if (!plain)
		return __real_identity_sign(id, out, parts, n_parts);
	memset(out, 0, WIRE_SIGNATURE);
	return 0;
}

int __real_ed25519_verify(struct crypto *c, const uint8_t *pub,
    const uint8_t *sig, const struct part *parts, size_t n_parts);
int __wrap_ed25519_verify(struct crypto *c, const uint8_t *pub,
    const uint8_t *sig, const struct part *parts, size_t n_parts);
int __wrap_ed25519_verify(struct crypto *c, const uint8_t *pub,
    const uint8_t *sig, const struct part *parts, size_t n_parts)
{
	if (!plain)
		return __real_ed25519_verify(c, pub, sig, parts, n_parts);
	return sig[0] == 0xff ? ERR_SIGNATURE : 0;
}

/* An RSA pair for the functions here only. */
struct kem_rsa *fuzz_plain_pair(void)
{
	FUZZ_CHECK(plain);
	return malloc(1);
}

void __real_kem_rsa_free(struct kem_rsa *w);
void __wrap_kem_rsa_free(struct kem_rsa *w);
void __wrap_kem_rsa_free(struct kem_rsa *w)
{
	if (plain)
		free(w);
	else
		__real_kem_rsa_free(w);
}

int __real_kem_rsa_spki(const struct kem_rsa *w, struct buf *out);
int __wrap_kem_rsa_spki(const struct kem_rsa *w, struct buf *out);
int __wrap_kem_rsa_spki(const struct kem_rsa *w, struct buf *out)
{
	return plain ? buf_put(out, people_wrap, sizeof(people_wrap))
		     : __real_kem_rsa_spki(w, out);
}

enum { MODULUS = 256 };

int __real_kem_rsa_open(const struct kem_rsa *w, uint8_t *out, const void *label,
    size_t label_len, const void *in, size_t in_len);
int __wrap_kem_rsa_open(const struct kem_rsa *w, uint8_t *out, const void *label,
    size_t label_len, const void *in, size_t in_len);
int __wrap_kem_rsa_open(const struct kem_rsa *w, uint8_t *out, const void *label,
    size_t label_len, const void *in, size_t in_len)
{
	if (!plain)
		return __real_kem_rsa_open(w, out, label, label_len, in, in_len);
	if (in_len != MODULUS || *(const uint8_t *)in == 0xff)
		return ERR_OPEN;
	memcpy(out, in, WIRE_KEY);
	return 0;
}

int __real_kem_rsa_pub_from_spki(
    struct kem_rsa_pub **out, const void *spki, size_t n);
int __wrap_kem_rsa_pub_from_spki(
    struct kem_rsa_pub **out, const void *spki, size_t n);
int __wrap_kem_rsa_pub_from_spki(struct kem_rsa_pub **out, const void *spki, size_t n)
{
	int r;

	if (!plain)
		return __real_kem_rsa_pub_from_spki(out, spki, n);
	if ((r = kem_rsa_spki_check(spki, n)) == 0)
		*out = malloc(1);
	return r != 0 || *out != NULL ? r : ERR_NOMEM;
}

void __real_kem_rsa_pub_free(struct kem_rsa_pub *w);
void __wrap_kem_rsa_pub_free(struct kem_rsa_pub *w);
void __wrap_kem_rsa_pub_free(struct kem_rsa_pub *w)
{
	if (plain)
		free(w);
	else
		__real_kem_rsa_pub_free(w);
}

int __real_kem_rsa_seal(const struct kem_rsa_pub *w, struct buf *out,
    const void *label, size_t label_len, const uint8_t *secret);
int __wrap_kem_rsa_seal(const struct kem_rsa_pub *w, struct buf *out,
    const void *label, size_t label_len, const uint8_t *secret);
int __wrap_kem_rsa_seal(const struct kem_rsa_pub *w, struct buf *out,
    const void *label, size_t label_len, const uint8_t *secret)
{
	int r;

	if (!plain)
		return __real_kem_rsa_seal(w, out, label, label_len, secret);
	if ((r = buf_reserve(out, MODULUS)) != 0)
		return r;
	memset(out->p + out->len, 0, MODULUS);
	memcpy(out->p + out->len, secret, WIRE_KEY);
	if (out->p[out->len] == 0xff)
		out->p[out->len] = 0;
	out->len += MODULUS;
	return 0;
}

/* --- ML-KEM: no lattice -------------------------------------------------- */

struct kem_mlkem *__real_kem_mlkem_new(struct crypto *c, const uint8_t *seed);
struct kem_mlkem *__wrap_kem_mlkem_new(struct crypto *c, const uint8_t *seed);
struct kem_mlkem *__wrap_kem_mlkem_new(struct crypto *c, const uint8_t *seed)
{
	return plain ? malloc(1) : __real_kem_mlkem_new(c, seed);
}

void __real_kem_mlkem_free(struct kem_mlkem *k);
void __wrap_kem_mlkem_free(struct kem_mlkem *k);
void __wrap_kem_mlkem_free(struct kem_mlkem *k)
{
	if (plain)
		free(k);
	else
		__real_kem_mlkem_free(k);
}

int __real_kem_mlkem_public(const struct kem_mlkem *k, uint8_t *out);
int __wrap_kem_mlkem_public(const struct kem_mlkem *k, uint8_t *out);
int __wrap_kem_mlkem_public(const struct kem_mlkem *k, uint8_t *out)
{
	if (!plain)
		return __real_kem_mlkem_public(k, out);
	memset(out, 0x6b, WIRE_MLKEM_PUBLIC);
	return 0;
}

int __real_kem_mlkem_open(
    const struct kem_mlkem *k, uint8_t *secret, const uint8_t *sealed);
int __wrap_kem_mlkem_open(
    const struct kem_mlkem *k, uint8_t *secret, const uint8_t *sealed);
int __wrap_kem_mlkem_open(
    const struct kem_mlkem *k, uint8_t *secret, const uint8_t *sealed)
{
	if (!plain)
		return __real_kem_mlkem_open(k, secret, sealed);
	memcpy(secret, sealed, WIRE_MLKEM_SECRET);
	return 0;
}

int __real_kem_mlkem_seal(struct crypto *c, uint8_t *sealed, uint8_t *secret,
    const uint8_t *public_key, const uint8_t *m);
int __wrap_kem_mlkem_seal(struct crypto *c, uint8_t *sealed, uint8_t *secret,
    const uint8_t *public_key, const uint8_t *m);
int __wrap_kem_mlkem_seal(struct crypto *c, uint8_t *sealed, uint8_t *secret,
    const uint8_t *public_key, const uint8_t *m)
{
	if (!plain)
		return __real_kem_mlkem_seal(c, sealed, secret, public_key, m);
	memset(sealed, 0, WIRE_MLKEM_SEALED);
	memset(secret, 0, WIRE_MLKEM_SECRET);
	if (public_key[0] == 0xff)
		return ERR_KEY;
	memcpy(sealed, m, WIRE_MLKEM_M);
	memcpy(secret, m, WIRE_MLKEM_SECRET);
	return 0;
}

/* --- secret.h: the ordinary heap, where ASan sees every byte ------------- */

void *__real_secret_alloc(size_t n);
void *__wrap_secret_alloc(size_t n);
void *__wrap_secret_alloc(size_t n)
{
	return plain ? calloc(1, n) : __real_secret_alloc(n);
}

void __real_secret_free(void *p, size_t n);
void __wrap_secret_free(void *p, size_t n);
void __wrap_secret_free(void *p, size_t n)
{
	if (plain)
		free(p);
	else
		__real_secret_free(p, n);
}

/* --- pake.h -------------------------------------------------------------- */

static struct pake *pake_plain(uint8_t fill)
{
	uint8_t *share = malloc(WIRE_SHARE);

	if (share != NULL) {
		memset(share, fill, WIRE_SHARE);
		share[0] = 4;
	}
	return (struct pake *)(void *)share;
}

struct pake *__real_pake_prover(struct crypto *c, const uint8_t *w0,
    const uint8_t *w1, const uint8_t *random, size_t random_len);
struct pake *__wrap_pake_prover(struct crypto *c, const uint8_t *w0,
    const uint8_t *w1, const uint8_t *random, size_t random_len);
struct pake *__wrap_pake_prover(struct crypto *c, const uint8_t *w0,
    const uint8_t *w1, const uint8_t *random, size_t random_len)
{
	return plain ? pake_plain(0x70)
		     : __real_pake_prover(c, w0, w1, random, random_len);
}

struct pake *__real_pake_verifier(struct crypto *c,
    const struct pake_record *record, const uint8_t *random, size_t random_len);
struct pake *__wrap_pake_verifier(struct crypto *c,
    const struct pake_record *record, const uint8_t *random, size_t random_len);
struct pake *__wrap_pake_verifier(struct crypto *c,
    const struct pake_record *record, const uint8_t *random, size_t random_len)
{
	return plain ? pake_plain(0x76)
		     : __real_pake_verifier(c, record, random, random_len);
}

void __real_pake_free(struct pake *p);
void __wrap_pake_free(struct pake *p);
void __wrap_pake_free(struct pake *p)
{
	if (plain)
		free(p);
	else
		__real_pake_free(p);
}

const uint8_t *__real_pake_share(const struct pake *p);
const uint8_t *__wrap_pake_share(const struct pake *p);
const uint8_t *__wrap_pake_share(const struct pake *p)
{
	return plain ? (const uint8_t *)p : __real_pake_share(p);
}

int __real_pake_scalars(uint8_t *w0, uint8_t *w1, const uint8_t *stretched);
int __wrap_pake_scalars(uint8_t *w0, uint8_t *w1, const uint8_t *stretched);
int __wrap_pake_scalars(uint8_t *w0, uint8_t *w1, const uint8_t *stretched)
{
	if (!plain)
		return __real_pake_scalars(w0, w1, stretched);
	memcpy(w0, stretched, PAKE_SCALAR);
	memcpy(w1, stretched + PAKE_SCALAR, PAKE_SCALAR);
	return 0;
}

int __real_pake_finish(struct pake *p, struct pake_keys *out,
    const void *context, size_t context_len, const char *id_prover,
    const char *id_verifier, const uint8_t *peer_share);
int __wrap_pake_finish(struct pake *p, struct pake_keys *out,
    const void *context, size_t context_len, const char *id_prover,
    const char *id_verifier, const uint8_t *peer_share);
int __wrap_pake_finish(struct pake *p, struct pake_keys *out,
    const void *context, size_t context_len, const char *id_prover,
    const char *id_verifier, const uint8_t *peer_share)
{
	if (!plain)
		return __real_pake_finish(p, out, context, context_len,
		    id_prover, id_verifier, peer_share);
	if (peer_share[0] != 4 || peer_share[1] == 0xff)
		return ERR_SHARE;
	memset(out->confirm_p, 0x50, WIRE_CONFIRM);
	memset(out->confirm_v, 0x56, WIRE_CONFIRM);
	memset(out->shared, 0x4b, WIRE_KEY);
	return 0;
}

/* pake.h: RFC 9383's vector field by field in both roles, shares that must be
 * refused, P-256 itself, and a password end to end. */
#include "shared/crypto/pake_int.h"
#include "shared/crypto/ossl.h"

#include "tests/unit/vectors.h"

#include "shared/wire/b64.h"
#include "shared/crypto/pake.h"
#include "shared/base/secret.h"

enum role { PROVER, VERIFIER };

/* A field of exactly n bytes. */
static void bytes_at(const json_t *o, const char *key, uint8_t *out, size_t n)
{
	size_t got;
	uint8_t *p = check_hex_at(o, key, &got);

	assert_int_equal(got, n);
	memcpy(out, p, n);
	free(p);
}

static void assert_field(
    const json_t *o, const char *key, const void *got, size_t n)
{
	size_t want_len;
	uint8_t *want = check_hex_at(o, key, &want_len);

	assert_int_equal(n, want_len);
	assert_memory_equal(got, want, n);
	free(want);
}

/* Starts one role of a vector with the vector's own x or y. */
static struct pake *start(struct crypto *c, const json_t *v, enum role role,
    struct pake_record **record)
{
	uint8_t w0[32], w1[32], random[32];
	struct pake *p;

	bytes_at(v, "w0", w0, 32);
	bytes_at(v, "w1", w1, 32);
	bytes_at(v, role == PROVER ? "x" : "y", random, 32);
	*record = pake_record_new(w0, w1);
	assert_non_null(*record);
	p = role == PROVER ? pake_prover(c, w0, w1, random, 32)
			   : pake_verifier(c, *record, random, 32);
	assert_non_null(p);
	return p;
}

struct field {
	const json_t *v;
	enum role role;
	const char *name;
};

/* Runs one role of a vector to the end and compares one field. */
static void vector_field(void **state)
{
	const struct field *f = *state;
	struct crypto *c = vectors_crypto();
	struct pake_record *record;
	struct pake *p = start(c, f->v, f->role, &record);
	const char *context = vectors_text(f->v, "Context");
	struct pake_keys keys;
	struct pake_trace t;
	uint8_t peer[WIRE_SHARE];
	const struct {
		const char *name;
		const void *p;
		size_t n;
	} got[] = {{"L", pake_record_l(record), 65},
	    {f->role == PROVER ? "shareP" : "shareV", pake_share(p), 65},
	    {"Z", t.z, 65}, {"V", t.v, 65}, {"K_main", t.k_main, 32},
	    {"K_confirmP", t.k_confirm_p, 32},
	    {"K_confirmV", t.k_confirm_v, 32}, {"confirmP", keys.confirm_p, 32},
	    {"confirmV", keys.confirm_v, 32}, {"K_shared", keys.shared, 32}};
	size_t i, found = 0;

	bytes_at(f->v, f->role == PROVER ? "shareV" : "shareP", peer, 65);
	assert_int_equal(pake_finish_traced(p, &keys, context, strlen(context),
			     vectors_text(f->v, "idProver"),
			     vectors_text(f->v, "idVerifier"), peer, &t),
	    0);
	for (i = 0; i < sizeof(got) / sizeof(got[0]); i++)
		if (strcmp(got[i].name, f->name) == 0) {
			assert_field(f->v, f->name, got[i].p, got[i].n);
			found++;
		}
	if (strcmp(f->name, "TT") == 0) {
		assert_field(f->v, "TT", t.tt.p, t.tt.len);
		found++;
	}
	assert_int_equal(found, 1);
	buf_free(&t.tt);
	secret_wipe(&t, sizeof(t));
	pake_keys_wipe(&keys);
	pake_free(p);
	pake_record_free(record);
	vectors_done(c);
}

/* M and N are compressed in the RFC and uncompressed in TT. */
static void constants(void **state)
{
	const json_t *file = *state;
	const json_t *v = json_array_get(json_object_get(file, "vectors"), 0);
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	static const char *const names[] = {"M", "N"};
	struct crypto *c = vectors_crypto();
	struct pake_record *record;
	struct pake *p = start(c, v, PROVER, &record);
	struct pake_trace t;
	struct pake_keys keys;
	uint8_t peer[WIRE_SHARE], compressed[33], out[65];
	size_t i, at;

	bytes_at(v, "shareV", peer, 65);
	assert_int_equal(
	    pake_finish_traced(p, &keys, NULL, 0, "", "", peer, &t), 0);
	/* lengths of context and identities, then M and N, each after its
	 * length */
	for (i = 0, at = 3 * 8 + 8; i < 2; i++, at += 65 + 8) {
		EC_POINT *q = EC_POINT_new(g);

		bytes_at(file, names[i], compressed, 33);
		assert_int_equal(
		    EC_POINT_oct2point(g, q, compressed, 33, NULL), 1);
		assert_int_equal(
		    EC_POINT_point2oct(
			g, q, POINT_CONVERSION_UNCOMPRESSED, out, 65, NULL),
		    65);
		assert_true(at + 65 <= t.tt.len);
		assert_memory_equal(t.tt.p + at, out, 65);
		EC_POINT_free(q);
	}
	EC_GROUP_free(g);
	buf_free(&t.tt);
	pake_free(p);
	pake_record_free(record);
	vectors_done(c);
}

/* --- shares that must be refused ------------------------------------- */

struct share_case {
	const json_t *v;    /* the RFC's vector, for w0 and the secrets */
	const json_t *test; /* share, expected */
	enum role role;
};

/* As on the wire: base64 of exactly 65 bytes, then the point. */
static void share_case(void **state)
{
	const struct share_case *s = *state;
	struct crypto *c = vectors_crypto();
	struct pake_record *record;
	struct pake *p = start(c, s->v, s->role, &record);
	int accept = strcmp(vectors_text(s->test, "expected"), "accept") == 0;
	struct pake_keys keys;
	uint8_t share[WIRE_SHARE] = {0}, *raw;
	char text[200];
	size_t n;

	raw = check_hex_at(s->test, "share", &n);
	assert_true(B64_LEN(n) < sizeof(text));
	b64_encode(text, raw, n);
	if (n != WIRE_SHARE) {
		assert_false(accept);
		assert_int_equal(
		    b64_decode(share, WIRE_SHARE, text, strlen(text)),
		    ERR_BASE64);
		/* if it got here padded or cut, it would still be refused */
		memcpy(share, raw, n < WIRE_SHARE ? n : WIRE_SHARE);
		if (n > 0 && n < WIRE_SHARE)
			assert_int_equal(
			    pake_finish(p, &keys, "", 0, "", "", share),
			    ERR_SHARE);
	} else {
		assert_int_equal(
		    b64_decode(share, WIRE_SHARE, text, strlen(text)), 0);
		assert_int_equal(pake_finish(p, &keys, "", 0, "", "", share),
		    accept ? 0 : ERR_SHARE);
	}
	free(raw);
	pake_free(p);
	pake_record_free(record);
	vectors_done(c);
}

/* Flips every bit of a share: the result is a point off the curve, or no
 * encoding of a point. */
static void every_bit_of_a_share(void **state)
{
	const struct field *f = *state;
	struct crypto *c = vectors_crypto();
	struct pake_record *record;
	struct pake_keys keys;
	uint8_t peer[WIRE_SHARE];
	struct pake *p;
	size_t i;

	for (i = 0; i < 8 * WIRE_SHARE; i++) {
		p = start(c, f->v, f->role, &record);
		bytes_at(
		    f->v, f->role == PROVER ? "shareV" : "shareP", peer, 65);
		peer[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
		    pake_finish(p, &keys, "", 0, "", "", peer), ERR_SHARE);
		pake_free(p);
		pake_record_free(record);
	}
	vectors_done(c);
}

/* --- P-256 through pake's own checks --------------------------------- */

/* public as L and private as y: V = y * L, whose x is the shared secret. */
static void p256_point(void **state)
{
	static const uint8_t w0[32] = {1};
	const json_t *t = *state;
	int valid = strcmp(vectors_text(t, "result"), "valid") == 0;
	struct crypto *c = vectors_crypto();
	size_t pub_len, y_len, shared_len, i;
	uint8_t *pub = check_hex_at(t, "public", &pub_len);
	uint8_t *y = check_hex_at(t, "private", &y_len);
	uint8_t *shared = check_hex_at(t, "shared", &shared_len);
	uint8_t secret[32] = {0}, l[WIRE_SHARE], one[32] = {0};
	struct pake_record *record = NULL;
	struct pake *p = NULL, *peer = NULL;
	struct pake_trace trace;
	struct pake_keys keys;
	char text[200];

	b64_encode(text, pub, pub_len);
	if (b64_decode(l, WIRE_SHARE, text, strlen(text)) != 0) {
		/* compressed or empty: already too short for the wire */
		assert_false(valid);
		assert_int_not_equal(pub_len, WIRE_SHARE);
		goto out;
	}
	record = pake_record_from_l(w0, l);
	if (!valid) {
		assert_null(record);
		goto out;
	}
	assert_non_null(record);
	for (i = 0; i + 32 < y_len; i++) /* a zero byte for the sign */
		assert_int_equal(y[i], 0);
	memcpy(secret + (y_len < 32 ? 32 - y_len : 0), y + i, y_len - i);
	p = pake_verifier(c, record, secret, 32);
	assert_non_null(p);
	one[31] = 1;
	peer = pake_prover(c, w0, one, one, 32);
	assert_non_null(peer);
	assert_int_equal(pake_finish_traced(
			     p, &keys, "", 0, "", "", pake_share(peer), &trace),
	    0);
	assert_int_equal(shared_len, 32);
	assert_memory_equal(trace.v + 1, shared, 32);
	buf_free(&trace.tt);
out:
	pake_free(p);
	pake_free(peer);
	pake_record_free(record);
	free(pub);
	free(y);
	free(shared);
	vectors_done(c);
}

/* --- a password end to end ----------------------------------------------- */

static void scrypt_to_scalars(void **state)
{
	const json_t *v = *state;
	const struct kdf k = {
	    (uint64_t)json_integer_value(json_object_get(v, "N")),
	    (uint32_t)json_integer_value(json_object_get(v, "r")),
	    (uint32_t)json_integer_value(json_object_get(v, "p"))};
	const char *pw = vectors_text(v, "pw");
	uint8_t out[PAKE_STRETCHED], w0[32], w1[32];
	size_t n;
	uint8_t *salt = check_hex_at(v, "salt", &n);

	assert_int_equal(
	    pake_stretch_with(out, pw, strlen(pw), vectors_text(v, "idProver"),
		vectors_text(v, "idVerifier"), salt, n, &k),
	    0);
	assert_field(v, "pbkdf_output", out, sizeof(out));
	assert_int_equal(pake_scalars(w0, w1, out), 0);
	assert_field(v, "w0", w0, 32);
	assert_field(v, "w1", w1, 32);
	free(salt);
	vectors_queue_is_empty();
}

/* --- the list -------------------------------------------------------- */

static void *keep(const void *p, size_t n)
{
	void *q = malloc(n);

	if (q == NULL)
		abort();
	return memcpy(q, p, n);
}

static void add_fields(
    struct check_group *g, const json_t *v, const char *label)
{
	static const char *const names[] = {"L", "Z", "V", "TT", "K_main",
	    "K_confirmP", "K_confirmV", "confirmP", "confirmV", "K_shared"};
	struct field f = {v, PROVER, NULL};
	size_t i;

	for (f.role = PROVER; f.role <= VERIFIER; f.role++) {
		const char *who = f.role == PROVER ? "prover" : "verifier";

		f.name = f.role == PROVER ? "shareP" : "shareV";
		check_add(g, vector_field, keep(&f, sizeof(f)), "%s, %s: %s",
		    label, who, f.name);
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			f.name = names[i];
			check_add(g, vector_field, keep(&f, sizeof(f)),
			    "%s, %s: %s", label, who, f.name);
		}
	}
}

static void add_shares(
    struct check_group *g, const json_t *file, const json_t *v)
{
	static const char *const lists[] = {
	    "shareV_at_prover", "shareP_at_verifier"};
	struct share_case s = {v, NULL, PROVER};
	struct field f = {v, PROVER, NULL};
	json_t *t;
	size_t i;

	for (s.role = PROVER; s.role <= VERIFIER; s.role++) {
		json_array_foreach(json_object_get(file, lists[s.role]), i, t)
		{
			s.test = t;
			check_add(g, share_case, keep(&s, sizeof(s)), "%s: %s",
			    lists[s.role], vectors_text(t, "case"));
		}
		f.role = s.role;
		check_add(g, every_bit_of_a_share, keep(&f, sizeof(f)),
		    "%s: every bit", lists[s.role]);
	}
}

static void add_points(struct check_group *g, const json_t *file)
{
	json_t *group, *t;
	size_t i, k;

	json_array_foreach(json_object_get(file, "testGroups"), i, group)
	{
		json_array_foreach(json_object_get(group, "tests"), k, t)
		{
			check_add(g, p256_point, t, "Wycheproof P-256 %d",
			    (int)json_integer_value(
				json_object_get(t, "tcId")));
		}
	}
}

int main(void)
{
	json_t *rfc = check_vectors("spake2plus_rfc9383.json");
	json_t *shares = check_vectors("spake2plus_p256_invalid_shares.json");
	json_t *ends = check_vectors("spake2plus_p256_scrypt_end_to_end.json");
	json_t *points =
	    check_vectors("wycheproof/ecdh_secp256r1_ecpoint_test.json");
	const json_t *v = json_array_get(json_object_get(rfc, "vectors"), 0);
	struct check_group g = {0};
	void **kept;
	size_t i, n;
	int r;

	add_fields(&g, v, "RFC 9383");
	check_add(&g, constants, rfc, "RFC 9383: M and N");
	add_fields(&g, ends, "scrypt end to end");
	add_shares(&g, shares, v);
	n = g.n;
	kept = calloc(n, sizeof(*kept));
	for (i = 0; kept != NULL && i < n; i++)
		if (g.tests[i].initial_state != rfc)
			kept[i] = g.tests[i].initial_state;
	check_add(&g, scrypt_to_scalars, ends, "scrypt end to end: w0, w1");
	add_points(&g, points);
	r = check_run("pake", &g);
	for (i = 0; kept != NULL && i < n; i++)
		free(kept[i]);
	free(kept);
	json_decref(rfc);
	json_decref(shares);
	json_decref(ends);
	json_decref(points);
	return r;
}

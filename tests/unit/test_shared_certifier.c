/* Members' certificates, and the cards that hold them: what is good, and that
 * nothing else is. */
#include "shared/crypto/ossl.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

#include "shared/crypto/keys.h"
#include "shared/crypto/random.h"
#include "shared/proto/card.h"
#include "shared/tls/certifier.h"
#include "shared/tls/issue.h"

enum { NOW = 1800000000, DAY = 24 * 3600 };

static const struct issue_time valid = {NOW - DAY, NOW + DAY};

/* A CA, and one member of it. */
struct world {
	struct buf ca, key;
	struct issuer *issuer;
	struct certifier *trusts;
	uint8_t identity[WIRE_ED25519];
	struct buf der;
};

static struct tls_pem pem(const char *name, const struct buf *b)
{
	return (struct tls_pem){name, b->p, b->len};
}

static void to_der(struct buf *out, const struct buf *text)
{
	BIO *b = BIO_new_mem_buf(text->p, (int)text->len);
	unsigned char *der = NULL;
	X509 *x;
	int n;

	assert_non_null(b);
	x = PEM_read_bio_X509(b, NULL, NULL, NULL);
	assert_non_null(x);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	buf_clear(out);
	assert_int_equal(buf_put(out, der, (size_t)n), 0);
	OPENSSL_free(der);
	X509_free(x);
	BIO_free(b);
}

static void member(struct world *w, struct buf *der, char *serial,
    const char *name, struct issue_time when)
{
	char unused[ISSUE_SERIAL_TEXT];
	const struct issue_leaf l = {
	    .name = name, .ed25519 = w->identity, .valid = when};
	struct buf text;

	buf_init(&text, 1 << 16);
	assert_int_equal(issue_leaf(&text, serial != NULL ? serial : unused,
			     w->issuer, &l),
	    0);
	to_der(der, &text);
	buf_free(&text);
}

static void world_init(struct world *w, enum issue_key kind)
{
	struct tls_pem ca;
	struct errmsg why;

	memset(w, 0, sizeof(*w));
	memset(w->identity, 7, sizeof(w->identity));
	buf_init(&w->ca, 1 << 16);
	buf_init_secret(&w->key, 1 << 16);
	buf_init(&w->der, WIRE_CERTIFICATE_MAX);
	assert_int_equal(issue_key(&w->key, kind), 0);
	assert_int_equal(issue_root(&w->ca, &w->key, "CA", &valid), 0);
	assert_int_equal(issuer_open(&w->issuer, &w->ca, &w->key), 0);
	ca = pem("ca", &w->ca);
	assert_int_equal(certifier_new(&w->trusts, &ca, NULL, NOW, &why), 0);
	member(w, &w->der, NULL, "alice", valid);
}

static void world_free(struct world *w)
{
	issuer_free(w->issuer);
	certifier_free(w->trusts);
	buf_free(&w->ca);
	buf_free(&w->key);
	buf_free(&w->der);
}

static enum certifier_fault look(const struct world *w,
    const struct certifier *c, const uint8_t *der, size_t n, const char *name,
    time_t now)
{
	return certifier_check(
	    c, &(struct certifier_of){der, n, name, w->identity, now});
}

static enum certifier_fault check(const struct world *w, const char *name)
{
	return look(w, w->trusts, w->der.p, w->der.len, name, NOW);
}

static void good_and_not(void **state)
{
	struct world w, other;

	(void)state;
	world_init(&w, ISSUE_P256);
	world_init(&other, ISSUE_P256);
	assert_int_equal(check(&w, "alice"), CERTIFIER_NONE);
	assert_int_equal(check(&w, "ALICE"), CERTIFIER_NONE);
	assert_int_equal(check(&w, "alic"), CERTIFIER_NAME);
	assert_int_equal(check(&w, "alicea"), CERTIFIER_NAME);
	assert_int_equal(check(&w, ""), CERTIFIER_NAME);
	assert_int_equal(
	    look(&w, w.trusts, NULL, 0, "alice", NOW), CERTIFIER_MISSING);
	assert_int_equal(look(&w, w.trusts, w.der.p, w.der.len, "alice",
			     NOW + DAY + 1),
	    CERTIFIER_EXPIRED);
	assert_int_equal(look(&w, w.trusts, w.der.p, w.der.len, "alice",
			     NOW - DAY - 1),
	    CERTIFIER_EARLY);
	assert_int_equal(
	    look(&w, other.trusts, w.der.p, w.der.len, "alice", NOW),
	    CERTIFIER_UNTRUSTED); /* of the same name, with another key */
	w.identity[0] ^= 1;
	assert_int_equal(check(&w, "alice"), CERTIFIER_KEY);
	world_free(&w);
	world_free(&other);
}

/* Every truncation, every flipped bit, and every byte more. */
static void nothing_else(void **state)
{
	static const enum issue_key kinds[] = {ISSUE_P256, ISSUE_ED25519};
	struct world w;
	uint8_t *copy;
	size_t i, k, n;

	(void)state;
	for (k = 0; k < 2; k++) {
		world_init(&w, kinds[k]);
		n = w.der.len;
		assert_int_equal(check(&w, "alice"), CERTIFIER_NONE);
		for (i = 1; i < n; i++)
			assert_int_equal(look(&w, w.trusts, w.der.p, i, "alice",
					     NOW),
			    CERTIFIER_UNREADABLE);
		for (i = 0; i < 8 * n; i++) {
			w.der.p[i / 8] ^= (uint8_t)(1 << i % 8);
			assert_int_not_equal(
			    check(&w, "alice"), CERTIFIER_NONE);
			w.der.p[i / 8] ^= (uint8_t)(1 << i % 8);
		}
		copy = calloc(1, WIRE_CERTIFICATE_MAX + 1);
		assert_non_null(copy);
		memcpy(copy, w.der.p, n);
		for (i = n + 1; i <= WIRE_CERTIFICATE_MAX + 1; i += 97)
			assert_int_equal(
			    look(&w, w.trusts, copy, i, "alice", NOW),
			    CERTIFIER_UNREADABLE);
		free(copy);
		world_free(&w);
	}
}

static void revoked(void **state)
{
	struct issue_revoked gone = {.at = NOW - 60};
	struct certifier *c = NULL;
	struct buf list, both, der;
	struct tls_pem ca, crl;
	struct errmsg why;
	struct world w;

	(void)state;
	world_init(&w, ISSUE_ED25519);
	buf_init(&list, 1 << 16);
	buf_init(&both, 1 << 16);
	buf_init(&der, WIRE_CERTIFICATE_MAX);
	member(&w, &der, gone.serial, "bob", valid);
	assert_int_equal(issue_list(&list, w.issuer, &gone, 1, &valid, 1), 0);
	assert_int_equal(buf_put(&both, w.ca.p, w.ca.len), 0);
	assert_int_equal(buf_put(&both, list.p, list.len), 0);
	ca = pem("both", &both);
	assert_int_equal(certifier_new(&c, &ca, NULL, NOW, &why), 0);
	assert_int_equal(
	    look(&w, c, der.p, der.len, "bob", NOW), CERTIFIER_REVOKED);
	assert_int_equal(
	    look(&w, c, w.der.p, w.der.len, "alice", NOW), CERTIFIER_NONE);
	certifier_free(c);
	ca = pem("ca", &w.ca);
	crl = pem("list", &list);
	assert_int_equal(certifier_new(&c, &ca, &crl, NOW, &why), 0);
	assert_int_equal(
	    look(&w, c, der.p, der.len, "bob", NOW), CERTIFIER_REVOKED);
	certifier_free(c);
	/* A list that is too old shows nothing, and is said at once. */
	assert_int_equal(
	    certifier_new(&c, &ca, &crl, NOW + 2 * DAY, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "good until"));
	assert_null(c);
	assert_int_equal(certifier_new(&c, &crl, NULL, NOW, &why), ERR_USAGE);
	assert_int_equal(certifier_new(&c, &ca, &ca, NOW, &why), ERR_USAGE);
	buf_free(&list);
	buf_free(&both);
	buf_free(&der);
	world_free(&w);
}

/* A server's certificate, with the same key and a name of that form in CN, is
 * for no member. */
static void other_purposes(void **state)
{
	char host[] = "alice", serial[ISSUE_SERIAL_TEXT];
	char *hosts[] = {host};
	struct issue_leaf l = {.name = "alice", .valid = valid};
	struct buf text;
	struct world w;

	(void)state;
	world_init(&w, ISSUE_P256);
	buf_init(&text, 1 << 16);
	l.ed25519 = w.identity;
	l.hosts = hosts;
	l.n_hosts = 1;
	assert_int_equal(issue_leaf(&text, serial, w.issuer, &l), 0);
	to_der(&w.der, &text);
	assert_int_equal(check(&w, "alice"), CERTIFIER_PURPOSE);
	to_der(&w.der, &w.ca); /* nor is the CA's own */
	assert_int_not_equal(check(&w, "CA"), CERTIFIER_NONE);
	buf_free(&text);
	world_free(&w);
}

/* Connections use it while it is exchanged. */
static void references(void **state)
{
	struct certifier *c;
	struct world w;

	(void)state;
	world_init(&w, ISSUE_P256);
	c = certifier_ref(w.trusts);
	certifier_free(c);
	assert_int_equal(check(&w, "alice"), CERTIFIER_NONE);
	assert_null(certifier_ref(NULL));
	world_free(&w);
}

static void our_own(void **state)
{
	struct buf text, der;
	struct tls_pem f;
	struct errmsg why;
	struct world w;
	bool own;

	(void)state;
	world_init(&w, ISSUE_P256);
	buf_init(&text, 1 << 16);
	buf_init(&der, WIRE_CERTIFICATE_MAX);
	f = pem("own", &w.ca);
	assert_int_equal(
	    certifier_read(&der, &own, &f, w.identity, &why), 0);
	assert_false(own); /* a certificate, but of another key */
	assert_int_equal(der.len, 0);
	f = pem("own", &w.key);
	assert_int_equal(
	    certifier_read(&der, &own, &f, w.identity, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "own holds no certificate"));
	assert_true(certifier_names(&w.der, "Alice"));
	assert_false(certifier_names(&w.der, "bob"));
	assert_false(certifier_names(&der, "alice"));
	buf_free(&text);
	buf_free(&der);
	world_free(&w);
}

/* --- cards ------------------------------------------------------------------ */

struct carded {
	struct crypto *crypto;
	struct identity *identity;
	struct buf bytes, der;
	uint8_t signature[WIRE_SIGNATURE], hash[WIRE_HASH];
};

static void sign(struct carded *c)
{
	struct part parts[2];

	card_signed(parts, c->bytes.p, c->bytes.len);
	assert_int_equal(identity_sign(c->identity, c->signature, parts, 2), 0);
	assert_int_equal(
	    crypto_hash1(c->crypto, c->hash, c->bytes.p, c->bytes.len), 0);
}

static void write_card(struct carded *c, const char *certificate)
{
	uint8_t spki[WIRE_ED25519_SPKI];
	struct json_w w;

	ed25519_spki(spki, identity_public(c->identity));
	buf_clear(&c->bytes);
	json_begin(&w, &c->bytes);
	json_put_str(&w, "name", "alice");
	json_put_b64(&w, "identity", spki, sizeof(spki));
	if (certificate != NULL)
		json_put_str(&w, "certificate", certificate);
	assert_int_equal(json_end(&w), 0);
	sign(c);
}

static int read_card(struct carded *c, const char *name)
{
	const struct card_shown shown = {c->bytes.p, c->bytes.len,
	    c->signature, name, identity_public(c->identity), c->hash};

	buf_clear(&c->der);
	return card_check(&c->der, c->crypto, &shown);
}

static void carded_init(struct carded *c)
{
	const struct rng rng = random_system();

	memset(c, 0, sizeof(*c));
	c->crypto = crypto_new();
	assert_non_null(c->crypto);
	c->identity = identity_new(&rng);
	assert_non_null(c->identity);
	buf_init(&c->bytes, WIRE_HANDSHAKE_MAX);
	buf_init(&c->der, WIRE_CERTIFICATE_MAX);
}

static void carded_free(struct carded *c)
{
	identity_free(c->identity);
	crypto_free(c->crypto);
	buf_free(&c->bytes);
	buf_free(&c->der);
}

static void cards(void **state)
{
	struct carded c;
	size_t i, n;

	(void)state;
	carded_init(&c);
	write_card(&c, "MAMCAQE=");
	assert_int_equal(read_card(&c, "alice"), 0);
	assert_int_equal(c.der.len, 5);
	assert_int_equal(read_card(&c, "Alice"), ERR_CARD);
	n = c.bytes.len;
	for (i = 0; i < n; i++) {
		c.bytes.len = i;
		assert_int_not_equal(read_card(&c, "alice"), 0);
		assert_int_equal(c.der.len, 0);
	}
	c.bytes.len = n;
	for (i = 0; i < 8 * n; i++) {
		c.bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(read_card(&c, "alice"), ERR_CARD);
		c.bytes.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < 8 * WIRE_SIGNATURE; i += 7) {
		c.signature[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_not_equal(read_card(&c, "alice"), 0);
		c.signature[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	carded_free(&c);
}

/* Signed by its identity, and of no shape that a certificate has. */
static void shapes(void **state)
{
	static char longest[4 * ((WIRE_CERTIFICATE_MAX + 3) / 3) + 1];
	struct carded c;
	bool has;
	json_t *o;

	(void)state;
	carded_init(&c);
	write_card(&c, NULL);
	assert_int_equal(read_card(&c, "alice"), 0);
	assert_int_equal(c.der.len, 0);
	write_card(&c, "");
	assert_int_equal(read_card(&c, "alice"), ERR_RANGE);
	write_card(&c, "MAMCAQE");
	assert_int_equal(read_card(&c, "alice"), ERR_BASE64);
	memset(longest, 'A', sizeof(longest) - 1); /* 4098 bytes */
	write_card(&c, longest);
	assert_int_not_equal(read_card(&c, "alice"), 0);
	memcpy(longest + sizeof(longest) - 3, "==", 2); /* 4096 */
	write_card(&c, longest);
	assert_int_equal(read_card(&c, "alice"), 0);
	assert_int_equal(c.der.len, WIRE_CERTIFICATE_MAX);
	o = json_pack("{s:i}", "certificate", 1);
	assert_int_equal(card_has_certificate(&has, o), ERR_JSON);
	json_decref(o);
	o = json_pack("{}");
	assert_int_equal(card_has_certificate(&has, o), 0);
	assert_false(has);
	json_decref(o);
	carded_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(good_and_not),
	    cmocka_unit_test(nothing_else),
	    cmocka_unit_test(revoked),
	    cmocka_unit_test(other_purposes),
	    cmocka_unit_test(references),
	    cmocka_unit_test(our_own),
	    cmocka_unit_test(cards),
	    cmocka_unit_test(shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

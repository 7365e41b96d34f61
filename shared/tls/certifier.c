/* certifier.c - checks members' certificates with libcrypto's X.509. */
#include "shared/crypto/ossl.h"

#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/tls/certifier.h"
#include "shared/tls/fault.h"
#include "shared/tls/trusted.h"

enum {
	DEPTH = 2,	    /* issuers between a member and whom we trust */
	SECURITY_LEVEL = 2, /* 112 bits: no SHA-1, no RSA below 2048 */
};

struct certifier {
	atomic_uint refs;
	X509_STORE *store;
};

static const char *const words[] = {
#define X(name, word, text) [CERTIFIER_##name] = word,
    CERTIFIER_FAULTS(X)
#undef X
};
static const char *const sentences[] = {
#define X(name, word, text) [CERTIFIER_##name] = text,
    CERTIFIER_FAULTS(X)
#undef X
};

const char *certifier_word(enum certifier_fault f)
{
	return words[f];
}

const char *certifier_str(enum certifier_fault f)
{
	return sentences[f];
}

int certifier_new(struct certifier **out, const struct tls_pem *ca,
    const struct tls_pem *crl, time_t now, struct errmsg *why)
{
	struct certifier *c = calloc(1, sizeof(*c));
	int r;

	*out = NULL;
	oom_forget();
	if (c == NULL || (c->store = X509_STORE_new()) == NULL) {
		free(c);
		return trusted_no_memory(why);
	}
	atomic_init(&c->refs, 1);
	if ((r = trusted_load(c->store, ca, crl, now, why)) != 0) {
		certifier_free(c);
		return r;
	}
	*out = c;
	return 0;
}

struct certifier *certifier_ref(struct certifier *c)
{
	if (c != NULL)
		atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void certifier_free(struct certifier *c)
{
	if (c == NULL ||
	    atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) > 1)
		return;
	X509_STORE_free(c->store);
	free(c);
}

/* --- what it says --------------------------------------------------------- */

/* Exactly one certificate in DER: what libcrypto reads more leniently, it writes
 * in another way. */
static X509 *parse(const uint8_t *der, size_t n)
{
	const unsigned char *p = der;
	unsigned char *again = NULL;
	X509 *x;
	int len;

	if (n > WIRE_CERTIFICATE_MAX ||
	    (x = d2i_X509(NULL, &p, (long)n)) == NULL)
		return NULL;
	len = i2d_X509(x, &again);
	if (len < 0 || (size_t)len != n || memcmp(again, der, n) != 0) {
		X509_free(x);
		x = NULL;
	}
	OPENSSL_free(again);
	return x;
}

static bool has_key(X509 *x, const uint8_t identity[WIRE_ED25519])
{
	EVP_PKEY *key = X509_get0_pubkey(x);
	uint8_t raw[WIRE_ED25519];
	size_t n = sizeof(raw);

	return key != NULL && EVP_PKEY_is_a(key, "ED25519") &&
	       EVP_PKEY_get_raw_public_key(key, raw, &n) == 1 &&
	       n == sizeof(raw) && memcmp(raw, identity, n) == 0;
}

/* A name with a zero byte in it has another length than it seems to have. */
static bool is_name(const GENERAL_NAME *g, const char *name)
{
	static const char scheme[] = "conclave:";
	const size_t at = sizeof(scheme) - 1;
	const ASN1_IA5STRING *s;
	const char *p;

	if (g->type != GEN_URI)
		return false;
	s = g->d.uniformResourceIdentifier;
	p = (const char *)ASN1_STRING_get0_data(s);
	return (size_t)ASN1_STRING_length(s) == at + strlen(name) &&
	       memcmp(p, scheme, at) == 0 &&
	       strncasecmp(p + at, name, strlen(name)) == 0;
}

static bool has_name(X509 *x, const char *name)
{
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	bool found = false;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(all) && !found; i++)
		found = is_name(sk_GENERAL_NAME_value(all, i), name);
	GENERAL_NAMES_free(all);
	return found;
}

/* Without a purpose it would be for everything: a member's says that it is for
 * clients. */
static bool has_purpose(X509 *x)
{
	uint32_t flags = X509_get_extension_flags(x);

	return (flags & EXFLAG_INVALID) == 0 && (flags & EXFLAG_XKUSAGE) != 0 &&
	       (X509_get_extended_key_usage(x) & XKU_SSL_CLIENT) != 0 &&
	       (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) != 0 &&
	       X509_check_ca(x) == 0;
}

/* --- who says it ---------------------------------------------------------- */

static enum certifier_fault fault_of(long result)
{
	switch (tls_fault_of_chain(result)) {
	case TLS_FAULT_EXPIRED:
		return CERTIFIER_EXPIRED;
	case TLS_FAULT_EARLY:
		return CERTIFIER_EARLY;
	case TLS_FAULT_PURPOSE:
		return CERTIFIER_PURPOSE;
	case TLS_FAULT_REVOKED:
		return CERTIFIER_REVOKED;
	case TLS_FAULT_CRL:
		return CERTIFIER_CRL;
	case TLS_FAULT_UNTRUSTED:
	case TLS_FAULT_SELF_SIGNED:
		return CERTIFIER_UNTRUSTED;
	case TLS_FAULT_WEAK:
		return CERTIFIER_WEAK;
	default:
		return CERTIFIER_CHAIN;
	}
}

static enum certifier_fault verify(
    const struct certifier *c, X509 *x, time_t now)
{
	X509_STORE_CTX *v = X509_STORE_CTX_new();
	enum certifier_fault fault = CERTIFIER_MEMORY;
	X509_VERIFY_PARAM *rules;

	if (v == NULL || X509_STORE_CTX_init(v, c->store, x, NULL) != 1)
		goto out;
	rules = X509_STORE_CTX_get0_param(v);
	X509_VERIFY_PARAM_set_depth(rules, DEPTH);
	X509_VERIFY_PARAM_set_auth_level(rules, SECURITY_LEVEL);
	X509_VERIFY_PARAM_set_time(rules, now);
	if (X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN) !=
		1 ||
	    X509_STORE_CTX_set_purpose(v, X509_PURPOSE_SSL_CLIENT) != 1)
		goto out;
	if (X509_verify_cert(v) == 1)
		fault = CERTIFIER_NONE;
	else if (!oom_seen())
		fault = fault_of(X509_STORE_CTX_get_error(v));
out:
	X509_STORE_CTX_free(v);
	return fault;
}

enum certifier_fault certifier_check(
    const struct certifier *c, const struct certifier_of *of)
{
	enum certifier_fault fault;
	X509 *x;

	if (of->n == 0)
		return CERTIFIER_MISSING;
	oom_forget();
	if ((x = parse(of->der, of->n)) == NULL)
		fault = oom_seen() ? CERTIFIER_MEMORY : CERTIFIER_UNREADABLE;
	/* What is wrong with a certificate of an unknown issuer is not said. */
	else if ((fault = verify(c, x, of->now)) != CERTIFIER_NONE)
		;
	else if (!has_purpose(x))
		fault = CERTIFIER_PURPOSE;
	else if (!has_key(x, of->identity))
		fault = CERTIFIER_KEY;
	else if (!has_name(x, of->name))
		fault = CERTIFIER_NAME;
	X509_free(x);
	ERR_clear_error();
	return fault;
}

/* --- our own -------------------------------------------------------------- */

int certifier_read(struct buf *out, bool *own, const struct tls_pem *f,
    const uint8_t identity[WIRE_ED25519], struct errmsg *why)
{
	BIO *b = trusted_text(f);
	unsigned char *der = NULL;
	X509 *x = NULL;
	int n = 0, r;

	oom_forget();
	if (b == NULL)
		return trusted_no_memory(why);
	r = trusted_next(&x, b, f, why);
	BIO_free(b);
	if (r == ERR_AGAIN)
		return errmsg_set(why, ERR_USAGE,
		    "%s holds no certificate (-----BEGIN CERTIFICATE-----)",
		    f->name);
	if (r != 0)
		return r;
	*own = identity == NULL || has_key(x, identity);
	if (*own && (n = i2d_X509(x, &der)) < 0)
		r = trusted_no_memory(why);
	else if (n > WIRE_CERTIFICATE_MAX)
		r = errmsg_set(why, ERR_USAGE,
		    "the certificate in %s is larger than %d bytes", f->name,
		    WIRE_CERTIFICATE_MAX);
	else if (*own && buf_put(out, der, (size_t)n) != 0)
		r = trusted_no_memory(why);
	OPENSSL_free(der);
	X509_free(x);
	ERR_clear_error();
	return r;
}

bool certifier_names(const struct buf *der, const char *name)
{
	X509 *x = parse(der->p, der->len);
	bool ok = x != NULL && has_name(x, name);

	X509_free(x);
	ERR_clear_error();
	return ok;
}

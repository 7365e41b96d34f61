/* issue.c - certificates with libcrypto's X.509. */
#include "shared/crypto/ossl.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "shared/tls/issue.h"

struct issuer {
	X509 *cert;
	EVP_PKEY *key;
};

/* --- keys ------------------------------------------------------------------ */

static int put_bio(struct buf *out, BIO *b)
{
	char *p = NULL;
	long n = BIO_get_mem_data(b, &p);

	return n > 0 ? buf_put(out, p, (size_t)n) : ERR_CRYPTO;
}

int issue_key(struct buf *out, enum issue_key kind)
{
	EVP_PKEY *key = NULL;
	BIO *b = BIO_new(BIO_s_secmem());
	int r = ERR_CRYPTO;

	oom_forget();
	key = kind == ISSUE_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
				    : EVP_EC_gen("P-256");
	if (b != NULL && key != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(
		b, key, NULL, NULL, 0, NULL, NULL) == 1)
		r = put_bio(out, b);
	EVP_PKEY_free(key);
	BIO_free(b); /* which wipes it */
	return r == ERR_CRYPTO ? ossl_failed() : r;
}

static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *text_of(const struct buf *pem)
{
	return BIO_new_mem_buf(
	    pem->len > 0 ? (const void *)pem->p : "", (int)pem->len);
}

static EVP_PKEY *private_key(const struct buf *pem)
{
	BIO *b = text_of(pem);
	EVP_PKEY *key = b == NULL ? NULL
				  : PEM_read_bio_PrivateKey(
					b, NULL, no_passphrase, NULL);

	BIO_free(b);
	return key;
}

/* Of a certificate, a public or a private key. */
static EVP_PKEY *public_key(const struct buf *pem)
{
	BIO *b = text_of(pem);
	EVP_PKEY *key = NULL;
	X509 *x;

	if (b == NULL)
		return NULL;
	if ((x = PEM_read_bio_X509(b, NULL, no_passphrase, NULL)) != NULL)
		key = X509_get_pubkey(x);
	X509_free(x);
	if (key == NULL && BIO_reset(b) == 1)
		key = PEM_read_bio_PUBKEY(b, NULL, no_passphrase, NULL);
	BIO_free(b);
	return key != NULL ? key : private_key(pem);
}

/* --- parts of a certificate ------------------------------------------------ */

static bool set_times(X509 *x, const struct issue_time *t)
{
	return ASN1_TIME_set(X509_getm_notBefore(x), t->from) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(x), t->until) != NULL;
}

/* Positive, and never 0. */
static bool set_serial(X509 *x, char text[ISSUE_SERIAL_TEXT])
{
	unsigned char bytes[ISSUE_SERIAL];
	BIGNUM *n;
	bool ok;
	int i;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40);
	n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	ok = n != NULL &&
	     BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	for (i = 0; i < ISSUE_SERIAL && text != NULL; i++)
		snprintf(text + (ptrdiff_t)2 * i, 3, "%02x", bytes[i]);
	return ok;
}

static bool set_name(X509_NAME *n, const char *cn)
{
	return X509_NAME_add_entry_by_NID(n, NID_commonName, MBSTRING_UTF8,
		   (const unsigned char *)cn, -1, -1, 0) == 1;
}

static bool add(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&ctx);
	if ((e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) == NULL)
		return false;
	ok = X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static const EVP_MD *digest_of(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

static int put_cert(struct buf *out, X509 *x)
{
	BIO *b = BIO_new(BIO_s_mem());
	int r = ERR_CRYPTO;

	if (b != NULL && PEM_write_bio_X509(b, x) == 1)
		r = put_bio(out, b);
	BIO_free(b);
	return r;
}

/* --- the CA ---------------------------------------------------------------- */

int issue_root(struct buf *out, const struct buf *key_pem, const char *name,
    const struct issue_time *valid)
{
	EVP_PKEY *key = NULL;
	X509 *x = X509_new();
	int r = ERR_CRYPTO;

	oom_forget();
	if (x == NULL)
		return ossl_failed();
	if ((key = private_key(key_pem)) == NULL)
		r = ERR_KEY;
	else if (X509_set_version(x, X509_VERSION_3) == 1 &&
		 set_serial(x, NULL) && set_times(x, valid) &&
		 set_name(X509_get_subject_name(x), name) &&
		 X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
		 X509_set_pubkey(x, key) == 1 &&
		 add(x, x, NID_basic_constraints,
		     "critical,CA:TRUE,pathlen:0") &&
		 add(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") &&
		 add(x, x, NID_subject_key_identifier, "hash") &&
		 X509_sign(x, key, digest_of(key)) > 0)
		r = put_cert(out, x);
	EVP_PKEY_free(key);
	X509_free(x);
	return r == ERR_CRYPTO || r == ERR_KEY ? ossl_refused(r) : r;
}

int issuer_open(struct issuer **out, const struct buf *cert_pem,
    const struct buf *key_pem)
{
	struct issuer *ca = calloc(1, sizeof(*ca));
	BIO *b = text_of(cert_pem);

	*out = NULL;
	oom_forget();
	if (ca != NULL && b != NULL) {
		ca->cert = PEM_read_bio_X509(b, NULL, no_passphrase, NULL);
		ca->key = private_key(key_pem);
	}
	BIO_free(b);
	if (ca != NULL && ca->cert != NULL && ca->key != NULL &&
	    X509_check_ca(ca->cert) == 1 &&
	    X509_check_private_key(ca->cert, ca->key) == 1) {
		*out = ca;
		return 0;
	}
	issuer_free(ca);
	return ossl_refused(ERR_KEY);
}

void issuer_free(struct issuer *ca)
{
	if (ca == NULL)
		return;
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	free(ca);
}

time_t issuer_until(const struct issuer *ca)
{
	struct tm tm;

	return ASN1_TIME_to_tm(X509_get0_notAfter(ca->cert), &tm) == 1
		   ? timegm(&tm)
		   : 0;
}

/* --- leaves ---------------------------------------------------------------- */

/* A name of letters, digits, '-' and '.', perhaps "*." first. */
static bool is_host(const char *s)
{
	size_t n = strlen(s), i;

	if (strncmp(s, "*.", 2) == 0) {
		s += 2;
		n -= 2;
	}
	if (n < 1 || n > 253 || s[0] == '-' || s[0] == '.')
		return false;
	for (i = 0; i < n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			   "XYZ0123456789-.",
			s[i]) == NULL)
			return false;
	return true;
}

static GENERAL_NAME *general(int type, const void *p, int n)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *s = ASN1_STRING_type_new(
	    type == GEN_IPADD ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

	if (g == NULL || s == NULL || ASN1_STRING_set(s, p, n) != 1) {
		GENERAL_NAME_free(g);
		ASN1_STRING_free(s);
		return NULL;
	}
	GENERAL_NAME_set0_value(g, type, s);
	return g;
}

static int host_name(GENERAL_NAME **out, const char *host)
{
	unsigned char a[sizeof(struct in6_addr)];

	if (inet_pton(AF_INET, host, a) == 1)
		*out = general(GEN_IPADD, a, sizeof(struct in_addr));
	else if (inet_pton(AF_INET6, host, a) == 1)
		*out = general(GEN_IPADD, a, sizeof(struct in6_addr));
	else if (is_host(host))
		*out = general(GEN_DNS, host, (int)strlen(host));
	else
		return ERR_NAME;
	return *out != NULL ? 0 : ERR_CRYPTO;
}

static int add_name(GENERAL_NAMES *all, GENERAL_NAME *g)
{
	if (sk_GENERAL_NAME_push(all, g) > 0)
		return 0;
	GENERAL_NAME_free(g);
	return ERR_CRYPTO;
}

static int add_names(X509 *x, const struct issue_leaf *l)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *g = NULL;
	char uri[WIRE_NAME_MAX + 16];
	int r = all != NULL ? 0 : ERR_CRYPTO;
	size_t i;

	for (i = 0; l->hosts != NULL && i < l->n_hosts && r == 0; i++)
		if ((r = host_name(&g, l->hosts[i])) == 0)
			r = add_name(all, g);
	if (r == 0 && l->hosts == NULL) {
		snprintf(uri, sizeof(uri), "conclave:%s", l->name);
		g = general(GEN_URI, uri, (int)strlen(uri));
		r = g != NULL ? add_name(all, g) : ERR_CRYPTO;
	}
	if (r == 0 && X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0) != 1)
		r = ERR_CRYPTO;
	GENERAL_NAMES_free(all);
	return r;
}

static int leaf_key(EVP_PKEY **out, const struct issue_leaf *l)
{
	*out = l->key_pem != NULL
		   ? public_key(l->key_pem)
		   : EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
			 l->ed25519, WIRE_ED25519);
	if (*out == NULL)
		return ERR_KEY;
	return l->hosts != NULL || EVP_PKEY_is_a(*out, "ED25519") ? 0 : ERR_KEY;
}

static bool fill(X509 *x, const struct issuer *ca, const struct issue_leaf *l,
    EVP_PKEY *key, char serial[ISSUE_SERIAL_TEXT])
{
	struct issue_time t = l->valid;

	if (t.until > issuer_until(ca))
		t.until = issuer_until(ca);
	return X509_set_version(x, X509_VERSION_3) == 1 &&
	       set_serial(x, serial) && set_times(x, &t) &&
	       set_name(X509_get_subject_name(x), l->name) &&
	       X509_set_issuer_name(
		   x, X509_get_subject_name(ca->cert)) == 1 &&
	       X509_set_pubkey(x, key) == 1 &&
	       add(x, ca->cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add(x, ca->cert, NID_key_usage, "critical,digitalSignature") &&
	       add(x, ca->cert, NID_ext_key_usage,
		   l->hosts != NULL ? "serverAuth" : "clientAuth") &&
	       add(x, ca->cert, NID_subject_key_identifier, "hash") &&
	       add(x, ca->cert, NID_authority_key_identifier, "keyid:always");
}

int issue_leaf(struct buf *out, char serial[ISSUE_SERIAL_TEXT],
    const struct issuer *ca, const struct issue_leaf *l)
{
	EVP_PKEY *key = NULL;
	X509 *x = X509_new();
	int r = ERR_CRYPTO;

	oom_forget();
	if (x != NULL && (r = leaf_key(&key, l)) == 0)
		r = fill(x, ca, l, key, serial) ? add_names(x, l) : ERR_CRYPTO;
	if (r == 0)
		r = X509_sign(x, ca->key, digest_of(ca->key)) > 0
			? put_cert(out, x)
			: ERR_CRYPTO;
	EVP_PKEY_free(key);
	X509_free(x);
	if (r == ERR_CRYPTO || r == ERR_KEY)
		return ossl_refused(r);
	ERR_clear_error();
	return r;
}

/* --- revoked --------------------------------------------------------------- */

static bool add_revoked(X509_CRL *crl, const struct issue_revoked *one)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, one->at);
	ASN1_INTEGER *serial = NULL;
	BIGNUM *n = NULL;
	bool ok;

	ok = r != NULL && at != NULL && BN_hex2bn(&n, one->serial) > 0 &&
	     (serial = BN_to_ASN1_INTEGER(n, NULL)) != NULL &&
	     X509_REVOKED_set_serialNumber(r, serial) == 1 &&
	     X509_REVOKED_set_revocationDate(r, at) == 1 &&
	     X509_CRL_add0_revoked(crl, r) == 1;
	if (!ok)
		X509_REVOKED_free(r);
	BN_free(n);
	ASN1_INTEGER_free(serial);
	ASN1_TIME_free(at);
	return ok;
}

static bool fill_list(X509_CRL *crl, const struct issuer *ca,
    const struct issue_time *valid, uint64_t number)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, valid->from);
	ASN1_TIME *until = ASN1_TIME_set(NULL, valid->until);
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	X509_EXTENSION *e = NULL;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx(&ctx, ca->cert, NULL, NULL, crl, 0);
	X509V3_set_ctx_nodb(&ctx);
	ok = from != NULL && until != NULL && n != NULL &&
	     X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	     X509_CRL_set_issuer_name(
		 crl, X509_get_subject_name(ca->cert)) == 1 &&
	     X509_CRL_set1_lastUpdate(crl, from) == 1 &&
	     X509_CRL_set1_nextUpdate(crl, until) == 1 &&
	     ASN1_INTEGER_set_uint64(n, number) == 1 &&
	     X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, 0) == 1 &&
	     (e = X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier,
		  "keyid:always")) != NULL &&
	     X509_CRL_add_ext(crl, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return ok;
}

int issue_list(struct buf *out, const struct issuer *ca,
    const struct issue_revoked *list, size_t n, const struct issue_time *valid,
    uint64_t number)
{
	X509_CRL *crl = X509_CRL_new();
	BIO *b = BIO_new(BIO_s_mem());
	int r = ERR_CRYPTO;
	bool ok;
	size_t i;

	oom_forget();
	ok = crl != NULL && b != NULL && fill_list(crl, ca, valid, number);
	for (i = 0; i < n && ok; i++)
		ok = add_revoked(crl, &list[i]);
	if (ok && X509_CRL_sort(crl) == 1 &&
	    X509_CRL_sign(crl, ca->key, digest_of(ca->key)) > 0 &&
	    PEM_write_bio_X509_CRL(b, crl) == 1)
		r = put_bio(out, b);
	X509_CRL_free(crl);
	BIO_free(b);
	return r == ERR_CRYPTO ? ossl_failed() : r;
}

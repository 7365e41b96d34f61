/* trusted.c - reads certificates of CAs, and lists of revoked ones. */
#include "shared/crypto/ossl.h"

#include <openssl/pem.h>

#include "shared/tls/trusted.h"

int trusted_no_memory(struct errmsg *why)
{
	ERR_clear_error();
	return errmsg_set(why, ERR_NOMEM, "out of memory");
}

BIO *trusted_text(const struct tls_pem *f)
{
	return BIO_new_mem_buf(f->n > 0 ? (const void *)f->p : "", (int)f->n);
}

void trusted_date(char out[64], const ASN1_TIME *t)
{
	BIO *b = BIO_new(BIO_s_mem());
	int n = 0;

	if (b != NULL && ASN1_TIME_print(b, t) == 1)
		n = BIO_read(b, out, 63);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(b);
}

int trusted_refused(
    const struct tls_pem *f, const char *what, struct errmsg *why)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());
	int r = ERR_USAGE;

	if (oom_seen())
		return trusted_no_memory(why);
	errmsg_set(why, r, "cannot use the %s in %s: %s", what, f->name,
	    text != NULL ? text : "OpenSSL refuses it");
	ERR_clear_error();
	return r;
}

int trusted_next(
    X509 **out, BIO *b, const struct tls_pem *f, struct errmsg *why)
{
	*out = PEM_read_bio_X509(b, NULL, NULL, NULL);
	if (*out != NULL)
		return 0;
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return ERR_AGAIN;
	}
	return trusted_refused(f, "certificate", why);
}

static int add_crls(X509_STORE *store, const struct tls_pem *f, time_t now,
    size_t *n, struct errmsg *why)
{
	BIO *b = trusted_text(f);
	X509_CRL *crl;
	char date[64];
	int r = 0;

	if (b == NULL)
		return trusted_no_memory(why);
	while (r == 0 &&
	       (crl = PEM_read_bio_X509_CRL(b, NULL, NULL, NULL)) != NULL) {
		(*n)++;
		if (X509_CRL_get0_nextUpdate(crl) != NULL &&
		    X509_cmp_time(X509_CRL_get0_nextUpdate(crl), &now) < 0) {
			trusted_date(date, X509_CRL_get0_nextUpdate(crl));
			r = errmsg_set(why, ERR_USAGE,
			    "the list of revoked certificates in %s was good "
			    "until %s: get a new one (`conclavectl ca crl`)",
			    f->name, date);
		} else if (X509_STORE_add_crl(store, crl) != 1) {
			r = trusted_refused(
			    f, "list of revoked certificates", why);
		}
		X509_CRL_free(crl);
	}
	BIO_free(b);
	if (r == 0 &&
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		r = trusted_refused(f, "list of revoked certificates", why);
	ERR_clear_error();
	if (r == 0 && *n > 0)
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return r;
}

static int add_trusted(
    X509_STORE *store, const struct tls_pem *f, size_t *n, struct errmsg *why)
{
	BIO *b = trusted_text(f);
	X509 *x;
	int r;

	if (b == NULL)
		return trusted_no_memory(why);
	while ((r = trusted_next(&x, b, f, why)) == 0) {
		(*n)++;
		if (X509_STORE_add_cert(store, x) != 1)
			r = trusted_refused(f, "certificate", why);
		X509_free(x);
		if (r != 0)
			break;
	}
	BIO_free(b);
	return r == ERR_AGAIN ? 0 : r;
}

int trusted_load(X509_STORE *store, const struct tls_pem *ca,
    const struct tls_pem *crl, time_t now, struct errmsg *why)
{
	size_t n = 0, lists = 0;
	int r = add_trusted(store, ca, &n, why);

	if (r == 0 && n == 0)
		r = errmsg_set(why, ERR_USAGE,
		    "%s holds no certificate of a CA "
		    "(-----BEGIN CERTIFICATE-----)",
		    ca->name);
	if (r != 0)
		return r;
	if (crl == NULL) /* they may stand in the same file */
		return add_crls(store, ca, now, &lists, why);
	if (crl->name == NULL)
		return 0;
	if ((r = add_crls(store, crl, now, &lists, why)) == 0 && lists == 0)
		r = errmsg_set(why, ERR_USAGE,
		    "%s holds no list of revoked certificates "
		    "(-----BEGIN X509 CRL-----)",
		    crl->name);
	return r;
}

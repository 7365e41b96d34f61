/* issue.h - makes keys, certificates and lists of revoked ones: a small CA for the
 * people of one server. Everything is PEM text; no file. RFC 5280. */
#ifndef SHARED_TLS_ISSUE_H
#define SHARED_TLS_ISSUE_H

#include <time.h>

#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

enum issue_key { ISSUE_P256, ISSUE_ED25519 };
/* Appends a new private key in PKCS#8 PEM to a secret buffer. ERR_CRYPTO,
 * ERR_NOMEM. */
int issue_key(struct buf *out, enum issue_key kind) MUST_CHECK;

struct issue_time {
	time_t from, until;
};
/* Appends the certificate of a CA, which it signs itself: CA:TRUE with path
 * length 0, only for signing certificates and lists of revoked ones. ERR_KEY: the
 * key is unreadable. */
int issue_root(struct buf *out, const struct buf *key_pem, const char *name,
    const struct issue_time *valid) MUST_CHECK;

/* A CA in use. */
struct issuer;
/* ERR_KEY: one of them is unreadable, is no CA's, or the key is another's. */
int issuer_open(struct issuer **out, const struct buf *cert_pem,
    const struct buf *key_pem) MUST_CHECK;
void issuer_free(struct issuer *ca); /* wipes; NULL is a no-op */
/* When its own certificate ends, in unix seconds. */
time_t issuer_until(const struct issuer *ca);

enum { ISSUE_SERIAL = 16, ISSUE_SERIAL_TEXT = 2 * ISSUE_SERIAL + 1 };
struct issue_leaf {
	const char *name; /* CN: the first host, or the member's name */
	/* A server: names and addresses. NULL: a member, whose SAN is
	 * URI:conclave:NAME. */
	char *const *hosts;
	size_t n_hosts;
	/* Its public key: of a PEM text (a private or public key, or a
	 * certificate), or Ed25519 as it is. */
	const struct buf *key_pem;	      /* or NULL: */
	const uint8_t *ed25519;		      /* WIRE_ED25519 bytes */
	struct issue_time valid; /* cut to the CA's */
};
/* Appends the certificate, whose serial number is random. ERR_KEY: the public key
 * is unreadable, or a member's is not Ed25519. ERR_NAME: a host is no name or
 * address. */
int issue_leaf(struct buf *out, char serial[ISSUE_SERIAL_TEXT],
    const struct issuer *ca, const struct issue_leaf *leaf) MUST_CHECK;

struct issue_revoked {
	char serial[ISSUE_SERIAL_TEXT]; /* hexadecimal */
	time_t at;
};
/* Appends the list of them. number: higher than that of the list before. */
int issue_list(struct buf *out, const struct issuer *ca,
    const struct issue_revoked *list, size_t n, const struct issue_time *valid,
    uint64_t number) MUST_CHECK;

#endif

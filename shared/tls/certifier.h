/* certifier.h - members' certificates: X.509 that says that a name belongs to an
 * Ed25519 identity (PROTOCOL.md section 5d). Server and members check them alike,
 * each for itself. No file, no clock. */
#ifndef SHARED_TLS_CERTIFIER_H
#define SHARED_TLS_CERTIFIER_H

#include <time.h>

#include "shared/os/errmsg.h"
#include "shared/tls/tls_pem.h"
#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

/* The word is for programs, the sentence for people. */
#define CERTIFIER_FAULTS(X)                                                   \
	X(NONE, "", "")                                                       \
	X(MISSING, "missing", "there is no certificate")                      \
	X(UNREADABLE, "unreadable", "the certificate is unreadable")          \
	X(NAME, "wrong_name", "the certificate is for another name")          \
	X(KEY, "wrong_key", "the certificate is for another identity")        \
	X(PURPOSE, "wrong_purpose",                                           \
	    "the certificate is not for members: its purpose is another")     \
	X(EXPIRED, "expired",                                                 \
	    "the certificate, or its issuer's, has expired")                  \
	X(EARLY, "not_yet_valid",                                             \
	    "the certificate, or its issuer's, is not valid yet")             \
	X(REVOKED, "revoked", "the certificate was revoked by its issuer")    \
	X(CRL, "revocation_list",                                             \
	    "there is no current list of revoked certificates of its issuer") \
	X(UNTRUSTED, "untrusted",                                             \
	    "the certificate was issued by nobody who is trusted here")       \
	X(WEAK, "weak_certificate",                                           \
	    "the certificate, or its issuer's, has a key or a signature "     \
	    "that is too weak")                                               \
	X(CHAIN, "bad_chain",                                                 \
	    "the certificate was issued by one that may not issue any")       \
	X(MEMORY, "memory", "there was no memory to check the certificate")

enum certifier_fault {
#define X(name, word, text) CERTIFIER_##name,
	CERTIFIER_FAULTS(X)
#undef X
};
const char *certifier_word(enum certifier_fault f);
const char *certifier_str(enum certifier_fault f);

/* CAs, and lists of revoked certificates. For several threads. */
struct certifier;
/* crl NULL: lists may stand in ca; its name NULL: there are none. ERR_USAGE,
 * ERR_NOMEM; with a sentence. */
int certifier_new(struct certifier **out, const struct tls_pem *ca,
    const struct tls_pem *crl, time_t now, struct errmsg *why) MUST_CHECK;
struct certifier *certifier_ref(struct certifier *c);
void certifier_free(struct certifier *c); /* one reference; NULL is a no-op */

/* Whether a CA says at this time that the name belongs to the identity. Names are
 * compared without regard to case. */
struct certifier_of {
	const uint8_t *der;
	size_t n; /* 0: there is none */
	const char *name;
	const uint8_t *identity; /* WIRE_ED25519 bytes */
	time_t now;
};
enum certifier_fault certifier_check(
    const struct certifier *c, const struct certifier_of *of);

/* The first certificate of a PEM text, as DER of at most WIRE_CERTIFICATE_MAX
 * bytes, if its key is this identity's (*own), or identity is NULL. ERR_USAGE with
 * a sentence, ERR_NOMEM. */
int certifier_read(struct buf *out, bool *own, const struct tls_pem *f,
    const uint8_t identity[WIRE_ED25519], struct errmsg *why) MUST_CHECK;
/* Whether a certificate of certifier_read says this name. */
bool certifier_names(const struct buf *der, const char *name);

#endif

/* fault.h - why a TLS connection failed. */
#ifndef SHARED_TLS_FAULT_H
#define SHARED_TLS_FAULT_H

/* The word is for programs, the sentence for people. */
#define TLS_FAULTS(X)                                                         \
	X(NONE, "", "")                                                       \
	X(UNTRUSTED, "untrusted",                                             \
	    "its certificate was issued by nobody whom this side trusts")     \
	X(SELF_SIGNED, "self_signed",                                         \
	    "its certificate was issued by itself, and this side does not "   \
	    "know it")                                                        \
	X(EXPIRED, "expired", "its certificate, or an issuer's, has expired") \
	X(EARLY, "not_yet_valid",                                             \
	    "its certificate, or an issuer's, is not valid yet: check the "   \
	    "clocks")                                                         \
	X(HOST, "wrong_host", "its certificate is for another host")          \
	X(PURPOSE, "wrong_purpose",                                           \
	    "its certificate is not for this purpose")                        \
	X(REVOKED, "revoked", "its certificate was revoked by its issuer")    \
	X(CRL, "revocation_list",                                             \
	    "there is no current list of revoked certificates of its issuer") \
	X(WEAK, "weak_certificate",                                           \
	    "its certificate, or an issuer's, has a key or a signature that " \
	    "is too weak")                                                    \
	X(CHAIN, "bad_chain",                                                 \
	    "its certificate was issued by one that may not issue any, or "   \
	    "its chain is too long or broken")                                \
	X(VERSION, "tls_version", "it speaks no TLS 1.3")                     \
	X(PLAIN, "no_tls", "it does not speak TLS")                     \
	X(WANTED, "certificate_wanted",                                       \
	    "it lets nobody in without a certificate")                        \
	X(REFUSED, "certificate_refused", "it refuses the certificate")       \
	X(BUSY, "try_later", "it has no place at the moment")                 \
	X(BROKEN, "tls", "it breaks the TLS protocol")

enum tls_fault {
#define X(name, word, text) TLS_FAULT_##name,
	TLS_FAULTS(X)
#undef X
};
const char *tls_fault_word(enum tls_fault f);
const char *tls_fault_str(enum tls_fault f);

/* What libcrypto says of a chain (X509_V_ERR_...), and libssl of a connection
 * (SSL_R_..., where an alert is what the peer says of us). */
enum tls_fault tls_fault_of_chain(long result);
enum tls_fault tls_fault_of_reason(int reason);

#endif

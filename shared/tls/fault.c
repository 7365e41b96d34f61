/* fault.c - what libssl and libcrypto say, as one of our faults. */
#include "shared/crypto/ossl.h"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "shared/tls/fault.h"

static const char *const words[] = {
#define X(name, word, text) [TLS_FAULT_##name] = word,
    TLS_FAULTS(X)
#undef X
};
static const char *const sentences[] = {
#define X(name, word, text) [TLS_FAULT_##name] = text,
    TLS_FAULTS(X)
#undef X
};

const char *tls_fault_word(enum tls_fault f)
{
	return words[f];
}

const char *tls_fault_str(enum tls_fault f)
{
	return sentences[f];
}

enum tls_fault tls_fault_of_chain(long result)
{
	switch (result) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return TLS_FAULT_SELF_SIGNED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return TLS_FAULT_UNTRUSTED;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return TLS_FAULT_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TLS_FAULT_EARLY;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_FAULT_HOST;
	case X509_V_ERR_INVALID_PURPOSE:
		return TLS_FAULT_PURPOSE;
	case X509_V_ERR_CERT_REVOKED:
		return TLS_FAULT_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
		return TLS_FAULT_CRL;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return TLS_FAULT_WEAK;
	default:
		return TLS_FAULT_CHAIN;
	}
}

enum tls_fault tls_fault_of_reason(int reason)
{
	switch (reason) {
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
	case SSL_R_HTTPS_PROXY_REQUEST:
	case SSL_R_UNEXPECTED_MESSAGE:
	case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
		return TLS_FAULT_PLAIN;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
		return TLS_FAULT_VERSION;
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		return TLS_FAULT_WANTED;
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return TLS_FAULT_REFUSED;
	case SSL_R_EE_KEY_TOO_SMALL:
	case SSL_R_CA_KEY_TOO_SMALL:
	case SSL_R_CA_MD_TOO_WEAK:
		return TLS_FAULT_WEAK;
	case SSL_R_TLSV1_ALERT_INTERNAL_ERROR:
		return TLS_FAULT_BUSY;
	case SSL_R_EXCESSIVE_MESSAGE_SIZE:
		return TLS_FAULT_CHAIN;
	default:
		return TLS_FAULT_BROKEN;
	}
}

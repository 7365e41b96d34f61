/* pem.c - says what is wrong with a key file that holds no identity. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/pem.h"
#include "shared/crypto/pem_int.h"

#include <limits.h>
#include <string.h>

#include "shared/wire/text.h"

/* The cipher that a password-based scheme uses; NID_undef if unknown. */
static int cipher_of(const X509_ALGOR *how)
{
	int nid = OBJ_obj2nid(how->algorithm), cipher = NID_undef;
	PBE2PARAM *two;

	if (nid != NID_pbes2) {
		if (EVP_PBE_find(
			EVP_PBE_TYPE_OUTER, nid, &cipher, NULL, NULL) != 1)
			cipher = NID_undef;
		return cipher;
	}
	two = ASN1_TYPE_unpack_sequence(
	    ASN1_ITEM_rptr(PBE2PARAM), how->parameter);
	if (two != NULL)
		cipher = OBJ_obj2nid(two->encryption->algorithm);
	PBE2PARAM_free(two);
	return cipher;
}

bool pem_has_cipher(const X509_SIG *locked)
{
	const X509_ALGOR *how;
	EVP_CIPHER *cipher;
	int nid;

	X509_SIG_get0(locked, &how, NULL);
	if ((nid = cipher_of(how)) == NID_undef)
		return false;
	cipher = EVP_CIPHER_fetch(NULL, OBJ_nid2sn(nid), NULL);
	EVP_CIPHER_free(cipher);
	return cipher != NULL;
}

/* --- sentences ------------------------------------------------------------ */

static bool has(const void *pem, size_t n, const char *word)
{
	return memmem(pem, n, word, strlen(word)) != NULL;
}

/* Of a block that is not called PRIVATE KEY. */
static const char *other_block(const void *pem, size_t n)
{
	static const struct {
		const char *name, *sentence;
	} blocks[] = {
	    {"BEGIN OPENSSH PRIVATE KEY", "it holds a key of ssh-keygen"},
	    {"BEGIN RSA PRIVATE KEY", "it holds an RSA key"},
	    {"BEGIN EC PRIVATE KEY", "it holds an EC key"},
	    {"BEGIN DSA PRIVATE KEY", "it holds a DSA key"},
	    {"BEGIN PUBLIC KEY", "it holds a public key"},
	    {"BEGIN CERTIFICATE", "it holds a certificate"},
	    {"BEGIN PGP ", "it holds a key of PGP"},
	    {"-----BEGIN ", "it holds something else in PEM"},
	};
	size_t i;

	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (has(pem, n, blocks[i].name))
			return blocks[i].sentence;
	if (n > 2 && memcmp(pem, "\x30\x82", 2) == 0)
		return "it is in DER, not in PEM";
	if (n > 2 && ((const uint8_t *)pem)[0] == 0x30 &&
	    ((const uint8_t *)pem)[1] == n - 2)
		return "it is in DER, not in PEM";
	return "it holds something else";
}

/* Of a whole block called PRIVATE KEY or ENCRYPTED PRIVATE KEY. */
static const char *other_key(const char *name, const uint8_t *der, long n)
{
	const char *sentence = "the text between its first and last line is "
			       "damaged";
	PKCS8_PRIV_KEY_INFO *p8 = NULL;
	const ASN1_OBJECT *type;
	X509_SIG *locked = NULL;

	if (strcmp(name, PEM_STRING_PKCS8INF) == 0) {
		p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &der, n);
		if (p8 != NULL &&
		    PKCS8_pkey_get0(&type, NULL, NULL, NULL, p8) == 1 &&
		    OBJ_obj2nid(type) != NID_ED25519)
			sentence = OBJ_obj2nid(type) == NID_rsaEncryption
				       ? "it holds an RSA key"
				       : "it holds a key of another kind";
	} else if (strcmp(name, PEM_STRING_PKCS8) == 0) {
		locked = d2i_X509_SIG(NULL, &der, n);
		if (locked != NULL)
			sentence = pem_has_cipher(locked)
				       ? "behind its passphrase is a key of "
					 "another kind"
				       : "it is encrypted with a cipher that "
					 "is not supported (encrypt it again, "
					 "with AES)";
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	X509_SIG_free(locked);
	return sentence;
}

static const char *block_wrong(const void *pem, size_t n)
{
	const char *sentence = "the text between its first and last line is "
			       "damaged";
	char *name = NULL, *header = NULL;
	unsigned char *der = NULL;
	long der_len = 0;
	BIO *bio = BIO_new_mem_buf(pem, (int)n);

	if (bio != NULL && PEM_read_bio_ex(bio, &name, &header, &der, &der_len,
			       PEM_FLAG_SECURE) == 1)
		sentence = header[0] != '\0'
			       ? "it is encrypted in the old way of RFC 1421"
			       : other_key(name, der, der_len);
	OPENSSL_secure_free(name);
	OPENSSL_secure_free(header);
	OPENSSL_secure_clear_free(der, (size_t)der_len);
	BIO_free(bio);
	return sentence;
}

const char *pem_wrong(const void *pem, size_t n)
{
	const char *sentence;

	if (n == 0)
		return "it is empty";
	if (text_utf16(pem, n))
		return "it is UTF-16 text";
	if (n > INT_MAX ||
	    (!has(pem, n, "-----BEGIN PRIVATE KEY-----") &&
		!has(pem, n, "-----BEGIN ENCRYPTED PRIVATE KEY")))
		return other_block(pem, n);
	if (!has(pem, n, "-----END "))
		return "it is cut short: its last line is missing";
	sentence = block_wrong(pem, n);
	ERR_clear_error();
	return sentence;
}

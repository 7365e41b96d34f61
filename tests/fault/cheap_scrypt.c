/* cheap_scrypt.c - replaces PKCS5_pbe2_set_scrypt (ld's --wrap) in tests that
 * write and read a key file thousands of times. This scrypt allocates as often
 * as the real one but takes no time. The file stores its cost, so a reader
 * uses the cheap one too. */
#include <openssl/x509.h>

enum { N_CHEAP = 16 };

X509_ALGOR *__real_PKCS5_pbe2_set_scrypt(const EVP_CIPHER *cipher,
    const unsigned char *salt, int saltlen, unsigned char *aiv, uint64_t n,
    uint64_t r, uint64_t p);
X509_ALGOR *__wrap_PKCS5_pbe2_set_scrypt(const EVP_CIPHER *cipher,
    const unsigned char *salt, int saltlen, unsigned char *aiv, uint64_t n,
    uint64_t r, uint64_t p);

X509_ALGOR *__wrap_PKCS5_pbe2_set_scrypt(const EVP_CIPHER *cipher,
    const unsigned char *salt, int saltlen, unsigned char *aiv, uint64_t n,
    uint64_t r, uint64_t p)
{
	(void)n;
	return __real_PKCS5_pbe2_set_scrypt(
	    cipher, salt, saltlen, aiv, N_CHEAP, r, p);
}

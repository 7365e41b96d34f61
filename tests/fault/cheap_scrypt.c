/* In place of PKCS5_pbe2_set_scrypt (ld's --wrap), where a key file is written
 * and read thousands of times: scrypt allocates as often and takes no time. Who
 * reads the file finds in it how much was taken. */
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

/* library.c - sets libcrypto and libsodium up for the whole process. */
#include "shared/crypto/ossl.h"

#include "shared/crypto/library.h"

#include <sodium.h>

const char library_no_provider[] =
    "this machine's OpenSSL has no default provider, which holds every "
    "algorithm that is needed: install OpenSSL's library again";
const char library_no_algorithm[] =
    "this machine's OpenSSL lacks an algorithm that is needed: OpenSSL 3.0 or "
    "newer has them";
const char library_no_mlkem[] =
    "--require-pq needs ML-KEM-768, which this machine's OpenSSL lacks: OpenSSL "
    "3.5 or newer has it";

int library_setup(void)
{
	bool there;

	/* It looks at the processor. What it verifies, libcrypto verifies too. */
	if (sodium_init() < 0)
		return ERR_CRYPTO;
	oom_forget();
	/* The first call that names the configuration decides for the whole
	 * process; every later one, also libcrypto's own, does nothing. A
	 * library context of our own would be no replacement: libcrypto
	 * encrypts a key file with algorithms of the default context. */
	there = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1 &&
		OSSL_PROVIDER_available(NULL, "default") == 1;
	ERR_clear_error();
	return there ? 0 : oom_seen() ? ERR_NOMEM : ERR_CRYPTO;
}

/* config_int.h - the inside of a struct tls_config, for tls.c. Include ossl.h
 * first. */
#ifndef SHARED_TLS_CONFIG_INT_H
#define SHARED_TLS_CONFIG_INT_H

#include <openssl/ssl.h>

#include "shared/tls/config.h"

struct tls_config {
	SSL_CTX *ctx;
	bool client, unchecked;
	size_t asks; /* a server: bytes that certificates of clients may have */
	char host[TLS_HOST_MAX + 1];
	time_t until;
};

#endif

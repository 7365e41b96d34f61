/* tls_pem.h - the text of a PEM file. */
#ifndef SHARED_TLS_TLS_PEM_H
#define SHARED_TLS_TLS_PEM_H

#include <stddef.h>
#include <stdint.h>

/* A file's name, for sentences, and what is in it; name NULL: there is none.
 * Borrowed. */
struct tls_pem {
	const char *name;
	const uint8_t *p;
	size_t n;
};

#endif

/* sniff.h - what else people speak to the port, by its first bytes. */
#ifndef CONCLAVED_AUTH_DETECT_H
#define CONCLAVED_AUTH_DETECT_H

#include <stddef.h>
#include <stdint.h>

enum { DETECT_BYTES = 4 };

struct detect {
	const char *name;   /* "TLS" */
	const char *answer; /* one line that it can show; NULL: none */
};
/* NULL: not known, or too few bytes. A handshake message begins with 00. */
const struct detect *detect_first(const uint8_t *first, size_t n);

#endif

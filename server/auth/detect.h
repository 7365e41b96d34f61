/* detect.h - recognizes connections of other protocols to our port by their
 * first bytes. */
#ifndef CONCLAVED_AUTH_DETECT_H
#define CONCLAVED_AUTH_DETECT_H

#include <stddef.h>
#include <stdint.h>

enum { DETECT_BYTES = 4 };

struct detect {
	const char *name;   /* "TLS" */
	const char *answer; /* a line that its user will see, or NULL */
};
/* NULL: none that we know, or too few bytes. Our own handshake begins with
 * 00. */
const struct detect *detect_first(const uint8_t *first, size_t n);

#endif

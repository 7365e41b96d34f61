/* mix.h - a fast mix of bytes, without any strength: the hash of the fake
 * cryptography. */
#ifndef CONCLAVE_TESTS_MIX_H
#define CONCLAVE_TESTS_MIX_H

#include <stddef.h>
#include <stdint.h>

struct part;

struct mix {
	uint64_t a, b;
};

void mix_add(struct mix *m, const void *p, size_t n);
void mix_parts(struct mix *m, const struct part *parts, size_t n);
/* n bytes of what was mixed so far. */
void mix_out(struct mix *m, void *out, size_t n);

#endif

/* mix.c - mixes bytes. */
#include <string.h>

#include "shared/crypto/crypto.h"
#include "tests/fuzz/mix.h"

void mix_add(struct mix *m, const void *p, size_t n)
{
	const uint8_t *s = p;
	uint64_t v;
	size_t k;

	m->b += n;
	while (n > 0) {
		v = 0;
		k = n < 8 ? n : 8;
		memcpy(&v, s, k);
		m->a = (m->a ^ v) * UINT64_C(0x9e3779b97f4a7c15);
		m->a ^= m->a >> 29;
		m->b = (m->b + m->a) * UINT64_C(0xbf58476d1ce4e5b9);
		s += k;
		n -= k;
	}
}

void mix_parts(struct mix *m, const struct part *parts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		mix_add(m, parts[i].p, parts[i].n);
}

void mix_out(struct mix *m, void *out, size_t n)
{
	uint8_t *p = out;
	uint64_t v;
	size_t k;

	while (n > 0) {
		m->a += UINT64_C(0x9e3779b97f4a7c15);
		v = (m->a ^ m->b) * UINT64_C(0x94d049bb133111eb);
		v ^= v >> 31;
		k = n < 8 ? n : 8;
		memcpy(p, &v, k);
		p += k;
		n -= k;
	}
}

/* fuzz.c - helpers shared by all fuzz targets. */
#include "tests/fuzz/fuzz.h"

_Noreturn void fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not true: %s\n", file, line, what);
	abort();
}

uint8_t fuzz_u8(struct fuzz *f)
{
	if (f->left == 0)
		return 0;
	f->left--;
	return *f->p++;
}

uint32_t fuzz_u32(struct fuzz *f)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 8 | fuzz_u8(f);
	return v;
}

uint64_t fuzz_u64(struct fuzz *f)
{
	uint64_t high = fuzz_u32(f);

	return high << 32 | fuzz_u32(f);
}

const uint8_t *fuzz_piece(struct fuzz *f, size_t *n)
{
	const uint8_t *p;

	*n = fuzz_u8(f);
	if (*n == 255) {
		*n = fuzz_u8(f);
		*n = *n << 8 | fuzz_u8(f);
	}
	if (*n > f->left)
		*n = f->left;
	p = f->p;
	f->p += *n;
	f->left -= *n;
	return p;
}

const uint8_t *fuzz_rest(struct fuzz *f, size_t *n)
{
	const uint8_t *p = f->p;

	*n = f->left;
	f->p += f->left;
	f->left = 0;
	return p;
}

uint8_t *fuzz_copy(const void *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

char *fuzz_text(const void *p, size_t n)
{
	char *copy = malloc(n + 1);

	if (copy == NULL)
		abort();
	if (n > 0)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

uint64_t fuzz_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static int fill(void *arg, void *out, size_t n)
{
	uint8_t *p = out;
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(fuzz_random(arg) >> 24);
	return 0;
}

struct rng fuzz_rng(uint64_t *seed)
{
	return (struct rng){fill, seed};
}

struct crypto *fuzz_crypto(void)
{
	static struct crypto *c;

	if (c == NULL && (c = crypto_new()) == NULL)
		abort();
	return c;
}

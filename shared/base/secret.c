/* secret.c - locked, wiped memory and constant-time comparison. */
/* libcrypto has a type of the name of one of our error codes: see ossl.h. */
#define ERR_STATE ossl_err_state
#include <openssl/crypto.h>
#undef ERR_STATE

#include "shared/base/secret.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Under AddressSanitizer secrets come from its heap, so that it detects
 * overruns, leaks and uses after free. Our own pages would hide them. */
#if defined(__SANITIZE_ADDRESS__)
#define SECRET_ON_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SECRET_ON_HEAP 1
#endif
#endif
#ifndef SECRET_ON_HEAP
#define SECRET_ON_HEAP 0
#endif

/* libcrypto does not fall back to its other heap when this one is full. So
 * it has room for all exchanges at once (352 bytes each once finished), an
 * RSA key pair of 4096 bits (2.5 KiB during generation) and its random
 * generators. Pages are locked as they are used. The limit also covers our
 * own pages. */
enum {
	HEAP_BASE = 256 << 10,
	HEAP_EXCHANGE = 512,
	HEAP_EXCHANGES_MAX = 1 << 16,
	HEAP_LEAST = 32,
	LOCKED_WANTED = 64 << 20
};

/* A power of two, as libcrypto requires. */
size_t secret_heap(size_t exchanges)
{
	size_t n = HEAP_BASE;

	if (exchanges > HEAP_EXCHANGES_MAX)
		exchanges = HEAP_EXCHANGES_MAX;
	while (n < HEAP_BASE / 2 + exchanges * HEAP_EXCHANGE)
		n *= 2;
	return n;
}

int secret_setup(size_t exchanges)
{
	struct rlimit l;

	if (SECRET_ON_HEAP)
		return 0;
	if (getrlimit(RLIMIT_MEMLOCK, &l) == 0) {
		/* Root may raise the limit now, but not after dropping
		 * privileges. */
		if (l.rlim_max < LOCKED_WANTED) {
			const struct rlimit more = {
			    LOCKED_WANTED, LOCKED_WANTED};

			(void)setrlimit(RLIMIT_MEMLOCK, &more);
		}
		if (getrlimit(RLIMIT_MEMLOCK, &l) == 0) {
			l.rlim_cur = l.rlim_max;
			(void)setrlimit(RLIMIT_MEMLOCK, &l);
		}
	}
	switch (CRYPTO_secure_malloc_init(secret_heap(exchanges), HEAP_LEAST)) {
	case 1:
		return 0;
	case 2:
		return ERR_AGAIN;
	default:
		return ERR_NOMEM;
	}
}

void secret_wipe(void *p, size_t n)
{
	if (n != 0)
		OPENSSL_cleanse(p, n);
}

/* Rounds n up to whole pages, at least one; 0 if that overflows a size_t. */
static size_t secret_pages(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (n == 0)
		return page;
	if (n > SIZE_MAX - (page - 1))
		return 0;
	return (n + page - 1) / page * page;
}

void *secret_alloc(size_t n)
{
	size_t size = secret_pages(n);
	void *p;

	if (size == 0)
		return NULL;
	if (SECRET_ON_HEAP)
		return calloc(1, n == 0 ? 1 : n);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	/* Both calls are hardening: a low limit on locked memory or an old
	 * kernel must not stop the program. We do not use MADV_WIPEONFORK: a
	 * process that forks after loading its keys would sign with zeros. */
	(void)mlock(p, size);
	(void)madvise(p, size, MADV_DONTDUMP);
	return p;
}

void secret_free(void *p, size_t n)
{
	if (p == NULL)
		return;
	secret_wipe(p, n);
	if (SECRET_ON_HEAP)
		free(p);
	else
		(void)munmap(p, secret_pages(n)); /* also unlocks it */
}

void *secret_pool_get(struct secret_pool *pool, size_t n)
{
	if (pool->size == 0)
		pool->size = n;
	if (n != pool->size || pool->n == 0)
		return secret_alloc(n);
	return pool->kept[--pool->n]; /* already wiped to zeros */
}

/* Under AddressSanitizer no block is kept, so that it detects uses after
 * free. */
void secret_pool_put(struct secret_pool *pool, void *p, size_t n)
{
	if (p == NULL || n != pool->size || SECRET_ON_HEAP ||
	    pool->n == SECRET_POOL_KEPT) {
		secret_free(p, n);
		return;
	}
	secret_wipe(p, n);
	pool->kept[pool->n++] = p;
}

void secret_pool_free(struct secret_pool *pool)
{
	while (pool->n > 0)
		secret_free(pool->kept[--pool->n], pool->size);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
	return n == 0 || CRYPTO_memcmp(a, b, n) == 0;
}

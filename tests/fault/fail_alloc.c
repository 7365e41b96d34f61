/* fail_alloc.c - an allocator that fails chosen allocations, for tests. */
#include "tests/fault/fail_alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WRAPPED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WRAPPED 1
#endif
#endif

#ifdef WRAPPED
#include <openssl/crypto.h>
#define REAL(name) __real_##name
#define OURS(name) __wrap_##name
#else
#define REAL(name) __libc_##name
#define OURS(name) name
#endif

void *REAL(malloc)(size_t n);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *p, size_t n);
void REAL(free)(void *p);
void *OURS(malloc)(size_t n);
void *OURS(calloc)(size_t n, size_t size);
void *OURS(realloc)(void *p, size_t n);
void *OURS(reallocarray)(void *p, size_t n, size_t size);
void OURS(free)(void *p);
void *OURS(mmap)(void *at, size_t n, int prot, int flags, int fd, off_t off);

static struct fail_alloc own;
struct fail_alloc *fail_alloc = &own;
static pthread_t main_thread;
static bool main_known;

void (*fail_alloc_hook)(void);

__attribute__((noinline)) void fail_alloc_here(void)
{
	if (fail_alloc_hook != NULL)
		fail_alloc_hook();
}

#ifndef WRAPPED
/* Where libseccomp's code is. Version 2.5 looks at what it could not allocate in
 * seccomp_load: it crashes, or never ends. So its allocations, which are some
 * 37,000 at a client's start, do not fail here. */
static uintptr_t seccomp_from, seccomp_to;

static int find_seccomp(struct dl_phdr_info *o, size_t n, void *arg)
{
	uintptr_t end;
	size_t i;

	(void)n, (void)arg;
	if (o->dlpi_name == NULL || strstr(o->dlpi_name, "libseccomp") == NULL)
		return 0;
	for (i = 0; i < o->dlpi_phnum; i++) {
		end = o->dlpi_addr + o->dlpi_phdr[i].p_vaddr +
		      o->dlpi_phdr[i].p_memsz;
		if (o->dlpi_phdr[i].p_type == PT_LOAD && end > seccomp_to)
			seccomp_to = end;
	}
	seccomp_from = o->dlpi_addr;
	return 1;
}

#define SPARED                                                         \
	((uintptr_t)__builtin_return_address(0) - seccomp_from <       \
	    seccomp_to - seccomp_from)
#else
#define SPARED false
#endif

static bool fails(size_t n)
{
	struct fail_alloc *f = fail_alloc;
	uint64_t i, from;

	if (f->armed == 0 || (f->main != 0 && main_known &&
				 !pthread_equal(pthread_self(), main_thread)))
		return false;
	i = atomic_fetch_add(&f->count, 1) + 1;
	from = f->from;
	if (from == 0 || i < from || i - from >= f->len)
		return false;
	f->failed++;
	f->size = n;
	fail_alloc_here();
	errno = ENOMEM;
	return true;
}

static void *lives(void *p)
{
	if (p != NULL)
		fail_alloc->live++;
	return p;
}

void *OURS(malloc)(size_t n)
{
	return !SPARED && fails(n) ? NULL : lives(REAL(malloc)(n));
}

void *OURS(calloc)(size_t n, size_t size)
{
	return !SPARED && fails(n * size) ? NULL
					  : lives(REAL(calloc)(n, size));
}

void OURS(free)(void *p)
{
	if (p != NULL)
		fail_alloc->live--;
	REAL(free)(p);
}

void *OURS(realloc)(void *p, size_t n)
{
	if (p != NULL && n == 0) {
		OURS(free)(p);
		return NULL;
	}
	if (!SPARED && fails(n))
		return NULL;
	return p == NULL ? lives(REAL(malloc)(n)) : REAL(realloc)(p, n);
}

void *OURS(reallocarray)(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return OURS(realloc)(p, all);
}

#ifdef WRAPPED

void *__real_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off);
void *__wrap_mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	if ((flags & MAP_ANONYMOUS) != 0 && fails(n))
		return MAP_FAILED;
	return __real_mmap(at, n, prot, flags, fd, off);
}

char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = __wrap_malloc(n);

	return p == NULL ? NULL : memcpy(p, s, n);
}

static void *ossl_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 ? NULL : __wrap_malloc(n);
}

static void *ossl_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return __wrap_realloc(p, n);
}

static void ossl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	__wrap_free(p);
}

#else /* counts every aligned allocation too */

void *__libc_memalign(size_t align, size_t n);
void *memalign(size_t align, size_t n);
void *memalign(size_t align, size_t n)
{
	return fails(n) ? NULL : lives(__libc_memalign(align, n));
}

void *aligned_alloc(size_t align, size_t n)
{
	return memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
	void *p = memalign(align, n);

	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

/* Makes the system call directly, because dlsym allocates. Calls from the
 * loader and from malloc itself are not seen. */
void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
	if ((flags & MAP_ANONYMOUS) != 0 && fails(n))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, off);
}

#endif

/* Runs before failures are armed and before libcrypto allocates. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAIL_ALLOC");
	void *p;
	int fd;

	main_thread = pthread_self();
	main_known = true;
#ifndef WRAPPED
	(void)dl_iterate_phdr(find_seccomp, NULL);
#else
	if (CRYPTO_set_mem_functions(ossl_malloc, ossl_realloc, ossl_free) != 1)
		abort();
#endif
	if (path == NULL || (fd = open(path, O_RDWR | O_CLOEXEC)) < 0)
		return;
	p = (void *)syscall(SYS_mmap, NULL, sizeof(own), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	close(fd);
	if (p != MAP_FAILED)
		fail_alloc = p;
}

/* heap.c - a preload that counts the heap that a process has in use: of each
 * allocation what it can hold, and its head. The resident memory also has what
 * was needed at the worst moment and is free again; this has not. The count is
 * kept in the file $BENCH_HEAP, as a number of 8 bytes. Only for glibc. */
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HEAD = 8 };

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);
extern void __libc_free(void *p);

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);
void *reallocarray(void *p, size_t n, size_t size);
void *aligned_alloc(size_t align, size_t n);
int posix_memalign(void **out, size_t align, size_t n);
void free(void *p);

static _Atomic int64_t early;
static _Atomic int64_t *held = &early;

static void *add(void *p)
{
	if (p != NULL)
		*held += (int64_t)malloc_usable_size(p) + HEAD;
	return p;
}

static void drop(void *p)
{
	if (p != NULL)
		*held -= (int64_t)malloc_usable_size(p) + HEAD;
}

/* Before main, so in one thread. */
__attribute__((constructor)) static void heap_begin(void)
{
	const char *path = getenv("BENCH_HEAP");
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CREAT, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, sizeof(*held)) != 0)
		return;
	p = mmap(
	    NULL, sizeof(*held), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return;
	held = p;
	*held = early;
}

void *malloc(size_t n)
{
	return add(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
	return add(__libc_calloc(n, size));
}

void free(void *p)
{
	drop(p);
	__libc_free(p);
}

void *realloc(void *p, size_t n)
{
	void *q;

	drop(p);
	if ((q = __libc_realloc(p, n)) == NULL && n > 0)
		(void)add(p);
	return add(q);
}

void *reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : realloc(p, all);
}

void *aligned_alloc(size_t align, size_t n)
{
	return add(__libc_memalign(align, n));
}

int posix_memalign(void **out, size_t align, size_t n)
{
	*out = aligned_alloc(align, n);
	return *out == NULL ? 12 : 0; /* ENOMEM */
}

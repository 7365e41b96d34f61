/* clock.c - preloaded library that shifts the time of day by the seconds in
 * the file $CONCLAVE_FAULT_CLOCK (an int64_t, read on each call), as if the
 * machine's clock had been set. A second int64_t, where the file has one,
 * shifts CLOCK_MONOTONIC, as if that much time had passed. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *off_s;
static int (*real)(clockid_t, struct timespec *);

/* Runs before main, and so before the sandbox starts. */
__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CONCLAVE_FAULT_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = MAP_FAILED;

	if (fd >= 0) {
		p = mmap(NULL, 2 * sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	if (p == MAP_FAILED)
		abort(); /* a test without its fault would pass */
	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	off_s = p;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
	int r;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	r = real(id, t);
	if (r == 0 && off_s != NULL &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE ||
		id == CLOCK_TAI))
		t->tv_sec += (time_t)off_s[0];
	/* Behind the end of a shorter file its page holds zeros. */
	if (r == 0 && off_s != NULL && id == CLOCK_MONOTONIC)
		t->tv_sec += (time_t)off_s[1];
	return r;
}

time_t time(time_t *out)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec t = {0};

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &t);
	out->tv_sec = t.tv_sec;
	out->tv_usec = t.tv_nsec / 1000;
	return 0;
}

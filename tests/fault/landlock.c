/* landlock.c - preloaded library that answers the Landlock version
 * $CONCLAVE_FAULT_LANDLOCK, as an older kernel would; 0: there is no Landlock.
 * The kernel does the rest: it refuses no right of an older version. */
#include <dlfcn.h>
#include <errno.h>
#include <linux/landlock.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static int version = -1;

/* Runs before main. */
__attribute__((constructor)) static void begin(void)
{
	const char *s = getenv("CONCLAVE_FAULT_LANDLOCK");

	if (s == NULL)
		abort(); /* a test without its fault would pass */
	version = atoi(s);
}

/* All system calls take at most six words. Those that were not passed are read
 * as well, but nobody looks at them, so AddressSanitizer must not either. */
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list ap;
	int i;

	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_landlock_create_ruleset) {
		if (version == 0) {
			errno = EOPNOTSUPP;
			return -1;
		}
		if (a[0] == 0 && a[2] == LANDLOCK_CREATE_RULESET_VERSION)
			return version;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

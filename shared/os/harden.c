/* harden.c - hardens the process at startup, in both programs. */
#include "shared/os/harden.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/os/signals.h"

/* A sanitizer reads /proc, and its leak check traces us from a separate process
 * when we exit. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool harden_sanitized(void)
{
	return SANITIZED;
}

/* These symbols exist only in a program built to measure coverage. */
extern void gcov_init_(void) __asm__("__gcov_init") __attribute__((weak));
extern int llvm_profile_ __asm__("__llvm_profile_runtime")
    __attribute__((weak));

bool harden_measured(void)
{
	return gcov_init_ != NULL || &llvm_profile_ != NULL;
}

int harden_descriptors(void)
{
	int fd, mode;

	for (fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* Every lower one is open, so this is fd. Without /dev (a bare
		 * chroot), a descriptor that nothing can be read from or
		 * written to holds the place as well. */
		mode = fd == STDOUT_FILENO ? O_RDONLY : O_RDWR;
		if (open("/dev/null", mode) < 0 && open("/", O_PATH) < 0)
			return ERR_IO;
	}
	return 0;
}

int harden_process(void)
{
	const struct rlimit none = {0, 0};
	int r = 0;

	umask(077);
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		r = ERR_IO;
	/* RLIMIT_CORE does not apply to a core dump piped to a program. */
	if (!harden_sanitized() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		r = ERR_IO;
	if (signals_begin() != 0)
		r = ERR_IO;
	return r;
}

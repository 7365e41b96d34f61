/* sandbox_tries_int.h - what the tries share. */
#ifndef CONCLAVE_TEST_SANDBOX_TRIES_INT_H
#define CONCLAVE_TEST_SANDBOX_TRIES_INT_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/sandbox_tries.h"

static inline int try_result(long r)
{
	return r < 0 ? errno : 0;
}

/* A system call by number, for headers older than the call. */
#define RAW(number, ...) try_result(syscall(number, __VA_ARGS__))
enum {
	NR_PIDFD_GETFD = 438,
	NR_OPENAT2 = 437,
	NR_OPEN_TREE = 428,
	NR_IO_URING_SETUP = 425,
	NR_LANDLOCK_CREATE = 444,
	NR_CLONE3 = 435,
};

#endif

/* sandbox.h - permanently drops privileges, files and ports (Landlock) and
 * system calls (seccomp). Linux only. server/sandbox.c and client/sandbox.c
 * define what stays allowed; this module applies it.
 *
 * Privileges and files are dropped for the calling thread and for those it
 * creates later, so call these before creating threads. System calls are
 * dropped for all threads at once. */
#ifndef SHARED_OS_SANDBOX_H
#define SHARED_OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include "shared/base/err.h"

/* Drops every capability for good, and no started program can regain any.
 * Disables core dumps and debuggers of the same user. ERR_IO with errno. */
int sandbox_privileges(void) MUST_CHECK;

enum sandbox_access {
	CONFINE_READ = 1,    /* read files, list folders */
	CONFINE_LIST = 2,    /* list folders */
	CONFINE_WRITE = 4,   /* write existing files */
	CONFINE_MAKE = 8,    /* create files and folders */
	CONFINE_REMOVE = 16, /* remove files; with MAKE also rename */
	CONFINE_DEVICE = 32, /* a terminal: read, write, control */
};

/* A file, or a folder with everything in it. A path that is missing or
 * unreachable is skipped: nobody can open it later either. */
struct sandbox_path {
	const char *path; /* NULL is skipped */
	unsigned access;  /* of enum sandbox_access */
};
struct sandbox_files {
	const struct sandbox_path *paths;
	size_t n_paths;
	const uint16_t *ports; /* TCP ports we may connect to */
	size_t n_ports;
	bool any_port; /* TCP is not restricted at all */
};

/* Forbids opening, creating, renaming, executing or removing any other file,
 * binding or connecting to any other TCP port, and signalling other processes,
 * as far as this kernel's Landlock supports it; *abi is its version. ERR_AGAIN:
 * the kernel has no Landlock; errno says why. ERR_IO with errno. */
int sandbox_files(const struct sandbox_files *f, int *abi) MUST_CHECK;
/* Says in plain words what Landlock of this version does not restrict but a
 * newer one does: "TCP ports (Linux 6.7), ...". False, and "": nothing. */
enum { SANDBOX_LACKS = 256 };
bool sandbox_lacks(char out[SANDBOX_LACKS], int abi);

/* A system call that is allowed, or (answer not 0) fails with that errno, if
 * all the listed arguments match. Names that this machine does not have are
 * skipped. With several rows for one call, any may match. */
enum { CONFINE_ARGS = 3 };
struct sandbox_call {
	const char *name;
	int answer;
	unsigned n_args;
	struct scmp_arg_cmp args[CONFINE_ARGS];
};
/* Row initializers: a call; a call that fails with an error; a call whose
 * arguments equal a value, or have exactly these bits within a mask. */
#define CONFINE_CALL(call)                                                     \
	{                                                                      \
		.name = #call                                                  \
	}
#define CONFINE_ANSWER(call, error)                                            \
	{                                                                      \
		.name = #call, .answer = error                                 \
	}
#define CONFINE_CALL_IF(call, count, ...)                                      \
	{                                                                      \
		.name = #call, .n_args = count, .args = { __VA_ARGS__ }        \
	}
#define CONFINE_ANSWER_IF(call, error, count, ...)                             \
	{                                                                      \
		.name = #call, .answer = error, .n_args = count, .args = {     \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define CONFINE_EQUAL(place, value)                                            \
	{                                                                      \
		.arg = place, .op = SCMP_CMP_EQ,                               \
		.datum_a = (scmp_datum_t)(value)                               \
	}
#define CONFINE_BITS(place, mask, bits)                                        \
	{                                                                      \
		.arg = place, .op = SCMP_CMP_MASKED_EQ,                        \
		.datum_a = (scmp_datum_t)(mask),                               \
		.datum_b = (scmp_datum_t)(bits)                                \
	}
struct sandbox_calls {
	const struct sandbox_call *calls;
	size_t n;
};

/* Restricts system calls to these lists and the calls every program needs
 * (non-executable memory, threads, time, I/O on open files). Any other call
 * gets `otherwise`, an SCMP_ACT_ action. `deadly` is a NULL-terminated list of
 * names, or NULL; those calls kill the process. ERR_AGAIN: the kernel has no
 * seccomp filters; errno says why. ERR_IO with errno. */
int sandbox_calls(uint32_t otherwise, const struct sandbox_calls *lists,
    size_t n_lists, const char *const *deadly) MUST_CHECK;

#endif

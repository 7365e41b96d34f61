/* sandbox.h - what a process gives up for good: privileges, files and ports
 * (Landlock), system calls (seccomp). Linux only. server/sandbox.c
 * and client/sandbox.c say what is left; here is how it is said to the kernel.
 *
 * Privileges and files are given up by one thread, and by those that it makes
 * afterwards: call these before there are others. Calls are given up by all
 * threads at once. */
#ifndef SHARED_OS_SANDBOX_H
#define SHARED_OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include "shared/base/err.h"

/* No way back up: every capability goes, and no program that is started gives
 * any; no core dump, no debugger of the same user. ERR_IO with errno. */
int sandbox_privileges(void) MUST_CHECK;

enum sandbox_access {
	CONFINE_READ = 1,    /* read files, list folders */
	CONFINE_LIST = 2,    /* list folders */
	CONFINE_WRITE = 4,   /* write files that are there */
	CONFINE_MAKE = 8,    /* make files and folders */
	CONFINE_REMOVE = 16, /* remove files; with MAKE also rename */
	CONFINE_DEVICE = 32, /* a terminal: read, write, control */
};

/* A file, or a folder with all that is in it. What is not there, or cannot be
 * reached, is left out: nobody can open it later either. */
struct sandbox_path {
	const char *path; /* NULL is left out as well */
	unsigned access;  /* of enum sandbox_access */
};
struct sandbox_files {
	const struct sandbox_path *paths;
	size_t n_paths;
	const uint16_t *ports; /* TCP ports that may be connected to */
	size_t n_ports;
};

/* Every other file can no longer be opened, made, renamed, executed or
 * removed, no other TCP port be bound or connected to, no process outside
 * signalled - as far as this kernel's Landlock goes; *abi says how far.
 * ERR_AGAIN: it has none, errno says why. ERR_IO with errno. */
int sandbox_files(const struct sandbox_files *f, int *abi) MUST_CHECK;

/* A call that is allowed, or (answer not 0) answered with that errno, when all
 * of the arguments that are named match. Names that this machine does not have
 * are left out. Several rows of one call: any of them. */
enum { CONFINE_ARGS = 3 };
struct sandbox_call {
	const char *name;
	int answer;
	unsigned n_args;
	struct scmp_arg_cmp args[CONFINE_ARGS];
};
/* Rows: a call; one that is answered with an error; one with arguments, which
 * are equal to a value or, of the bits in a mask, have exactly these. */
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

/* What is neither in these lists nor in what every program needs (memory that
 * is not executable, threads, time, reading and writing what is open) is
 * answered with `otherwise`, a SCMP_ACT_; what is in `deadly`, a list of names
 * that ends with NULL or is NULL, with the death of the process. ERR_AGAIN:
 * the kernel has no such filters, errno says why. ERR_IO with errno. */
int sandbox_calls(uint32_t otherwise, const struct sandbox_calls *lists,
    size_t n_lists, const char *const *deadly) MUST_CHECK;

#endif

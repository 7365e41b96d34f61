/* helper.h - helper processes. A helper is forked before the sandbox and before
 * any thread, has one task and a sandbox of its own, and ends when the main
 * process does. It holds no secret.
 *
 *   export_helper.h   creates files for /export
 *   transcript_helper.h   opens the files of transcripts
 *   name_helper.h     looks up names of hosts
 *   editor_helper.h   runs the user's editor for /editor
 *
 * They are processes of their own because no sandbox would fit two of them: one
 * writes files and has no network, one has the network and writes nothing, and
 * the user's editor is a program that we do not know.
 *
 * A request is one message of at most HELPER_REQUEST_MAX bytes with one
 * descriptor. */
#ifndef CONCLAVE_HELPER_H
#define CONCLAVE_HELPER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shared/base/err.h"

enum { HELPER_REQUEST_MAX = PATH_MAX, HELPER_TIMEOUT_S = 30 };

struct helper_task {
	/* Enters it, or the helper exits; NULL: none. */
	int (*sandbox)(void *arg);
	/* Handles a request: n bytes and a zero. `fd` is the task's to close,
	 * `to` is for helper_answer. */
	void (*handle)(
	    void *arg, int to, const char *request, size_t n, int fd);
	void *arg;
	/* The helper keeps the terminal, its session and its process group, for
	 * a program that it starts there. */
	bool terminal;
};

struct helper;
struct buf;
/* Forks. Call while there is only one thread and no secret but `wipe`, which
 * the child wipes (NULL: none). Returns NULL with errno on failure. */
struct helper *helper_new(const struct helper_task *task, struct buf *wipe);
void helper_free(struct helper *h); /* NULL is a no-op */

/* Sends a request, without waiting for a helper that does not read. fd stays
 * ours. ERR_IO with errno. */
int helper_ask(
    struct helper *h, const void *request, size_t n, int fd) MUST_CHECK;
/* Waits for an answer of exactly n bytes, HELPER_TIMEOUT_S at most. ERR_IO:
 * none came, and the helper is never asked again. */
int helper_wait(struct helper *h, void *answer, size_t n) MUST_CHECK;

/* The same, where the answer may bring a descriptor: *fd, which is the caller's,
 * or -1. */
int helper_wait_fd(
    struct helper *h, void *answer, size_t n, int *fd) MUST_CHECK;

/* To poll for an answer; -1: there is no helper any more. */
int helper_fd(const struct helper *h);
/* Tells the helper to end, and waits until it has, `wait_ms` at most. It is
 * never asked again. NULL is a no-op. */
void helper_end(struct helper *h, int wait_ms);

/* For tasks. False: the main process is gone. */
bool helper_answer(int to, const void *answer, size_t n);
/* The same with a descriptor, which stays the task's; -1: none. */
bool helper_answer_fd(int to, const void *answer, size_t n, int fd);
/* Whether the main process is gone, or has told this helper to end. */
bool helper_left(int to);

#endif

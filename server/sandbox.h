/* sandbox.h - what the server gives up once it has started, so that whoever
 * breaks in through a peer's bytes finds nothing to take: root, the files, and
 * most system calls. In this order: find, (open what needs root), become,
 * files, (make threads), calls. */
#ifndef CONCLAVED_SANDBOX_H
#define CONCLAVED_SANDBOX_H

#include <sys/types.h>

#include "server/logger.h"
#include "server/options.h"

/* Whom a server that root starts becomes. */
struct server_sandbox_user {
	uid_t uid;
	gid_t gid;
	bool change;	/* we are root and become somebody else */
	bool given;	/* by --user; else it may stay when that is impossible */
	char name[64];
};

/* --user NAME; without it "conclaved" if there is such a user, else "nobody".
 * Said on the log: no such user (ERR_USAGE), or we are neither root nor him. */
int server_sandbox_user_find(struct server_sandbox_user *u, const char *name,
    const struct logger *log) MUST_CHECK;

/* For root's start: until _end, files are opened as that user, if the
 * directory is his; one that root or nobody else owns is opened as root. So
 * what is in there has one owner, whoever starts the server. */
int server_sandbox_state_begin(const struct server_sandbox_user *u, const char *dir,
    const struct logger *log) MUST_CHECK;
int server_sandbox_state_end(const struct server_sandbox_user *u, const struct logger *log) MUST_CHECK;

/* For good: user, groups, capabilities, core dumps. Before there are threads.
 * A failure has been said. */
int server_sandbox_become(const struct server_sandbox_user *u, const struct logger *log) MUST_CHECK;

/* Landlock: the state directory, and the removal of Unix sockets in theirs.
 * Before there are threads. A kernel without it is said, and is no failure. */
int server_sandbox_enter_fs(const struct server_options *o, const struct logger *log) MUST_CHECK;
/* seccomp, for all threads: every call that the loop does not need is the end
 * of the process. No file is opened any more. */
int server_sandbox_enter_calls(const struct logger *log) MUST_CHECK;

#endif

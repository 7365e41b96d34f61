/* sandbox.h - drops root, file access and most system calls once the server has
 * started, so that an attacker who exploits it through peer input gains little.
 * Order of calls: find, (open what needs root), become, files, (make threads),
 * calls. */
#ifndef CONCLAVED_SANDBOX_H
#define CONCLAVED_SANDBOX_H

#include <sys/types.h>

#include "server/logger.h"
#include "server/options.h"

/* The user that a server started by root switches to. */
struct server_sandbox_user {
	uid_t uid;
	gid_t gid;
	bool change; /* we are root and switch to another user */
	bool given;  /* by --user; otherwise a failed switch may leave us
			   root */
	char name[64];
};

/* Finds the user of --user NAME; without it, "conclaved" if that user exists,
 * else "nobody". Logs an error and returns ERR_USAGE if there is no such user,
 * or if we are neither root nor that user. */
int server_sandbox_user_find(struct server_sandbox_user *u, const char *name,
    const struct logger *log) MUST_CHECK;

/* When started by root: from _begin to _end, files are opened as the server's
 * user if that user owns the directory. A directory owned by root or anyone
 * else is opened as root. So the files inside have one owner, whoever starts
 * the server. */
int server_sandbox_state_begin(const struct server_sandbox_user *u,
    const char *dir, const struct logger *log) MUST_CHECK;
int server_sandbox_state_end(
    const struct server_sandbox_user *u, const struct logger *log) MUST_CHECK;

/* Permanently drops user, groups, capabilities and core dumps. Call before
 * creating threads. Logs its own failures. */
int server_sandbox_become(
    const struct server_sandbox_user *u, const struct logger *log) MUST_CHECK;

/* Applies Landlock: the directories of the record and of the config file can
 * be read, and Unix sockets can be removed from theirs. Call before creating threads. A kernel
 * without Landlock is logged and is not an error. */
int server_sandbox_enter_fs(
    const struct server_options *o, const struct logger *log) MUST_CHECK;
/* Applies seccomp to all threads: any system call that the event loop does not
 * need kills the process. No file can be opened any more; with a record or a
 * config file, files can be opened for reading. */
int server_sandbox_enter_calls(
    const struct server_options *o, const struct logger *log) MUST_CHECK;

/* --- the processes of the state directory (store/warden.h) ----------------- */

/* Permanently becomes the server's user if the state directory is that user's.
 * If it is root's, the process stays root, without privileges: only root can
 * write there. Then Landlock: only the state directory, which may be written,
 * and $CREDENTIALS_DIRECTORY, which may be read, stay accessible. */
int server_sandbox_state_process(const struct server_sandbox_user *u,
    const struct server_options *o, const struct logger *log) MUST_CHECK;
/* The same for the process of people's files (store/blob_keeper.h): only their
 * folder, `dir`, which is made if it is not there. */
int server_sandbox_files_process(const struct server_sandbox_user *u,
    const struct server_options *o, const char *dir,
    const struct logger *log) MUST_CHECK;
/* seccomp for the warden, which starts keepers, and for a keeper, which has
 * files only. Neither makes a socket that leads anywhere, and neither starts
 * another program. */
int server_sandbox_warden_calls(const struct logger *log) MUST_CHECK;
int server_sandbox_keeper_calls(const struct logger *log) MUST_CHECK;
int server_sandbox_files_calls(const struct logger *log) MUST_CHECK;

/* The process of tls_files.h: becomes the server's user if the key is that
 * user's, else keeps its own, without privileges; then Landlock: only the folders
 * of those files stay accessible, for reading. */
int server_sandbox_tls_process(const struct server_sandbox_user *u,
    const struct server_options *o, const struct logger *log) MUST_CHECK;
int server_sandbox_tls_calls(const struct logger *log) MUST_CHECK;

#endif

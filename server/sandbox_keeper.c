/* sandbox_keeper.c - the sandboxes of the warden and of the keeper: the state
 * directory, and no network. */
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/os/sandbox.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- user and files -------------------------------------------------------- */

/* The user of the state directory: the server's, or root. */
static int become(const struct server_sandbox_user *u, const char *dir,
    const struct logger *log)
{
	struct stat st;

	if (u->change && stat(dir, &st) == 0 && st.st_uid == u->uid)
		return server_sandbox_become(u, log);
	if (sandbox_privileges() == 0)
		return 0;
	logger_error(
	    log, "user", "cannot give up privileges: %s", strerror(errno));
	return ERR_IO;
}

static int restrict_to(const struct sandbox_path *paths, size_t n,
    const struct server_options *o, const struct logger *log)
{
	const struct sandbox_files f = {.paths = paths, .n_paths = n};
	int abi, r;

	if (o->no_sandbox)
		return 0;
	tzset(); /* reads a file; the log needs it */
	/* That a kernel has no Landlock, or an old one, the relay says. */
	r = sandbox_files(&f, &abi);
	if (r == 0 || r == ERR_AGAIN)
		return 0;
	logger_error(log, "sandbox",
	    "cannot restrict the keeper's access to files (Landlock: %s); "
	    "--no-sandbox runs without the sandbox",
	    strerror(errno));
	return r;
}

int server_sandbox_state_process(const struct server_sandbox_user *u,
    const struct server_options *o, const struct logger *log)
{
	const struct sandbox_path paths[] = {
	    {o->state_dir,
		CONFINE_READ | CONFINE_WRITE | CONFINE_MAKE | CONFINE_REMOVE},
	    {getenv("CREDENTIALS_DIRECTORY"), CONFINE_READ}};
	int r = become(u, o->state_dir, log);

	return r != 0 ? r : restrict_to(paths, COUNT(paths), o, log);
}

int server_sandbox_files_process(const struct server_sandbox_user *u,
    const struct server_options *o, const char *dir, const struct logger *log)
{
	const struct sandbox_path path = {
	    dir, CONFINE_READ | CONFINE_WRITE | CONFINE_MAKE | CONFINE_REMOVE};
	int r = become(u, o->state_dir, log);

	if (r != 0)
		return r;
	if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
		logger_error(log, "files", "cannot make the folder %s: %s", dir,
		    strerror(errno));
		return ERR_IO;
	}
	return restrict_to(&path, 1, o, log);
}

enum { FOLDERS = 12 };

/* The folder of each file, and of what a link leads to: a renewed certificate may
 * be another file of that folder. */
static size_t tls_folders(
    char folders[FOLDERS][PATH_MAX], const char *const files[FOLDERS / 2])
{
	char real[PATH_MAX], *slash;
	size_t n = 0, i;
	int way;

	for (i = 0; i < FOLDERS; i++) {
		way = (int)(i % 2);
		if (files[i / 2] == NULL ||
		    (way == 1 && realpath(files[i / 2], real) == NULL))
			continue;
		snprintf(
		    folders[n], PATH_MAX, "%s", way == 1 ? real : files[i / 2]);
		if ((slash = strrchr(folders[n], '/')) != NULL)
			slash[slash == folders[n]] = '\0';
		else
			snprintf(folders[n], PATH_MAX, ".");
		n++;
	}
	return n;
}

int server_sandbox_tls_process(const struct server_sandbox_user *u,
    const struct server_options *o, const struct logger *log)
{
	const char *const files[] = {o->tls_cert, o->tls_key, o->tls_client_ca,
	    o->tls_crl, o->require_certificate, o->crl};
	char folders[FOLDERS][PATH_MAX];
	struct sandbox_path paths[FOLDERS];
	struct sandbox_files f = {.paths = paths};
	int abi,
	    r = become(u,
		o->tls_key != NULL ? o->tls_key : o->require_certificate, log);
	size_t i;

	if (r != 0 || o->no_sandbox)
		return r;
	tzset();
	f.n_paths = tls_folders(folders, files);
	for (i = 0; i < f.n_paths; i++)
		paths[i] = (struct sandbox_path){folders[i], CONFINE_READ};
	r = sandbox_files(&f, &abi);
	if (r == 0 || r == ERR_AGAIN)
		return 0;
	logger_error(log, "sandbox",
	    "cannot restrict which files the TLS process reads (Landlock: %s); "
	    "--no-sandbox runs without the sandbox",
	    strerror(errno));
	return r;
}

/* --- calls ------------------------------------------------------------------- */

/* What SQLite and shared/os/file.c need of the file system. Which files, is up
 * to Landlock. */
#define FILE_CALLS                                                             \
	CONFINE_CALL(openat), CONFINE_CALL(open), CONFINE_CALL(stat),          \
	    CONFINE_CALL(lstat), CONFINE_CALL(newfstatat),                     \
	    CONFINE_CALL(stat64), CONFINE_CALL(lstat64),                       \
	    CONFINE_CALL(fstatat64), CONFINE_CALL(statx),                      \
	    CONFINE_CALL(access), CONFINE_CALL(faccessat),                     \
	    CONFINE_CALL(faccessat2), CONFINE_CALL(readlink),                  \
	    CONFINE_CALL(readlinkat), CONFINE_CALL(getcwd),                    \
	    CONFINE_CALL(fcntl), CONFINE_CALL(fcntl64), CONFINE_CALL(pread64), \
	    CONFINE_CALL(pwrite64), CONFINE_CALL(fsync),                       \
	    CONFINE_CALL(fdatasync), CONFINE_CALL(ftruncate),                  \
	    CONFINE_CALL(ftruncate64), CONFINE_CALL(unlink),                   \
	    CONFINE_CALL(unlinkat), CONFINE_CALL(fchown),                      \
	    CONFINE_CALL(fchown32), CONFINE_CALL(fchmod)

/* What store/blob_dir.c needs beside those. */
#define FOLDER_CALLS                                                           \
	CONFINE_CALL(rename), CONFINE_CALL(renameat), CONFINE_CALL(renameat2), \
	    CONFINE_CALL(getdents64), CONFINE_CALL(fallocate),                 \
	    CONFINE_CALL(sync_file_range)

static const struct sandbox_call keeper_calls[] = {FILE_CALLS};
static const struct sandbox_call files_calls[] = {FILE_CALLS, FOLDER_CALLS};

/* The flags of fork, which the C library makes of clone. */
#define FORK_FLAGS                                                             \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |    \
	    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |      \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_VFORK |        \
	    CLONE_PTRACE)
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* A keeper begins with these, reads or makes its key (file.c), and then takes
 * the filter above. */
static const struct sandbox_call warden_calls[] = {
    FILE_CALLS,
    CONFINE_CALL_IF(clone, 1, CONFINE_BITS(CLONE_FLAGS, FORK_FLAGS, 0)),
    CONFINE_CALL(fork),
    CONFINE_CALL(wait4),
    CONFINE_CALL_IF(socketpair, 1, CONFINE_EQUAL(0, AF_UNIX)),
    CONFINE_CALL(pipe2),
    CONFINE_CALL_IF(prctl, 1, CONFINE_EQUAL(0, PR_SET_NAME)),
    /* Of a keeper that enters its own filter. */
    CONFINE_CALL(seccomp),
    CONFINE_CALL_IF(prctl, 1, CONFINE_EQUAL(0, PR_SET_NO_NEW_PRIVS)),
    CONFINE_CALL_IF(prctl, 1, CONFINE_EQUAL(0, PR_GET_SECCOMP)),
    /* Of file.c. */
    CONFINE_CALL(flock),
    CONFINE_CALL(link),
    CONFINE_CALL(linkat),
    CONFINE_CALL(mkdir),
    CONFINE_CALL(mkdirat),
    FOLDER_CALLS,
};

static int enter(const struct sandbox_calls *calls, const char *who,
    const struct logger *log)
{
	int r = sandbox_calls(SCMP_ACT_KILL_PROCESS, calls, 1, NULL);

	if (r == 0 || r == ERR_AGAIN) /* the relay says that there are none */
		return 0;
	logger_error(log, "sandbox",
	    "cannot restrict the %s's system calls (seccomp: %s); "
	    "--no-sandbox runs without the sandbox",
	    who, strerror(errno));
	return r;
}

int server_sandbox_warden_calls(const struct logger *log)
{
	const struct sandbox_calls own = {warden_calls, COUNT(warden_calls)};

	return enter(&own, "warden", log);
}

int server_sandbox_keeper_calls(const struct logger *log)
{
	const struct sandbox_calls own = {keeper_calls, COUNT(keeper_calls)};

	return enter(&own, "keeper", log);
}

int server_sandbox_files_calls(const struct logger *log)
{
	const struct sandbox_calls own = {files_calls, COUNT(files_calls)};

	return enter(&own, "process for files", log);
}

static const struct sandbox_call tls_calls[] = {CONFINE_CALL(openat),
    CONFINE_CALL(open), CONFINE_CALL(stat), CONFINE_CALL(lstat),
    CONFINE_CALL(newfstatat), CONFINE_CALL(stat64), CONFINE_CALL(lstat64),
    CONFINE_CALL(fstatat64), CONFINE_CALL(statx), CONFINE_CALL(readlink),
    CONFINE_CALL(readlinkat), CONFINE_CALL(fcntl), CONFINE_CALL(fcntl64)};

int server_sandbox_tls_calls(const struct logger *log)
{
	const struct sandbox_calls own = {tls_calls, COUNT(tls_calls)};

	return enter(&own, "TLS process", log);
}

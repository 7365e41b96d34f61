/* sandbox.c - drops the server's root, file access and system calls. */
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/net/listener.h"
#include "shared/os/sandbox.h"
#include "shared/wire/uri.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { NOBODY = 65534 }; /* used when no user database names one */

/* --- the user ------------------------------------------------------------ */

static bool found(struct server_sandbox_user *u, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL || strlen(name) >= sizeof(u->name))
		return false;
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	snprintf(u->name, sizeof(u->name), "%s", name);
	return true;
}

int server_sandbox_user_find(
    struct server_sandbox_user *u, const char *name, const struct logger *log)
{
	memset(u, 0, sizeof(*u));
	u->given = name != NULL;
	if (u->given && !found(u, name)) {
		logger_error(log, "user",
		    "there is no user \"%s\" here: make one, or give --user "
		    "another",
		    name);
		return ERR_USAGE;
	}
	if (geteuid() != 0) {
		if (!u->given || u->uid == geteuid())
			return 0;
		logger_error(log, "user",
		    "only root can become %s: leave --user out", name);
		return ERR_USAGE;
	}
	if (!u->given && !found(u, "conclaved") && !found(u, "nobody")) {
		snprintf(u->name, sizeof(u->name), "nobody");
		u->uid = u->gid = NOBODY;
	}
	u->change = u->uid != 0;
	return 0;
}

static int user_error(const struct server_sandbox_user *u,
    const struct logger *log, const char *what)
{
	logger_error(
	    log, "user", "cannot %s %s: %s", what, u->name, strerror(errno));
	return ERR_IO;
}

int server_sandbox_state_begin(const struct server_sandbox_user *u,
    const char *dir, const struct logger *log)
{
	struct stat st;

	if (!u->change || dir == NULL || stat(dir, &st) != 0 ||
	    st.st_uid != u->uid)
		return 0;
	if (setegid(u->gid) != 0 || seteuid(u->uid) != 0)
		return user_error(u, log, "open the state directory as");
	return 0;
}

int server_sandbox_state_end(
    const struct server_sandbox_user *u, const struct logger *log)
{
	if (u->change && (seteuid(0) != 0 || setegid(0) != 0))
		return user_error(u, log, "come back from being");
	return 0;
}

/* We are root and cannot change user, as in a container whose user namespace
 * has only root. The caller still drops root's capabilities. */
static bool alone(const struct server_sandbox_user *u)
{
	return !u->given && (errno == EINVAL || errno == EPERM);
}

int server_sandbox_become(
    const struct server_sandbox_user *u, const struct logger *log)
{
	if (u->change && (setgroups(0, NULL) != 0 ||
			     setresgid(u->gid, u->gid, u->gid) != 0 ||
			     setresuid(u->uid, u->uid, u->uid) != 0)) {
		if (!alone(u) || geteuid() != 0)
			return user_error(u, log, "become");
		logger_warn(log, "user",
		    "cannot become %s here (%s): staying root, without its "
		    "privileges",
		    u->name, strerror(errno));
	} else if (u->given && u->uid == 0) {
		logger_warn(log, "user",
		    "staying root, as --user says, without its privileges: "
		    "this process can still use root's files");
	}
	if (sandbox_privileges() == 0)
		return 0;
	logger_error(
	    log, "user", "cannot give up privileges: %s", strerror(errno));
	return ERR_IO;
}

/* --- files --------------------------------------------------------------- */

/* Read now what the C library would otherwise read at first use: the time zone,
 * which gmtime_r needs. */
static void load_ahead(void)
{
	tzset();
}

/* Writes the directory of a path. */
static void folder_of(char *out, size_t size, const char *path)
{
	char *slash;

	snprintf(out, size, "%s", path);
	slash = strrchr(out, '/');
	if (slash == NULL)
		snprintf(out, size, ".");
	else
		slash[slash == out ? 1 : 0] = '\0';
}

/* The same of a socket path; false when `listen` is not a Unix socket. */
static bool socket_folder(char *out, size_t size, const char *listen)
{
	struct uri u;

	if (uri_parse_listen(&u, listen) != 0 || u.path[0] == '\0')
		return false;
	folder_of(out, size, u.path);
	return true;
}

int server_sandbox_enter_fs(
    const struct server_options *o, const struct logger *log)
{
	char folders[SERVER_OPTIONS_LISTEN_MAX][URI_PATH_MAX + 1];
	struct sandbox_path paths[SERVER_OPTIONS_LISTEN_MAX + 4];
	char record[PATH_MAX], config[PATH_MAX], control[PATH_MAX];
	struct sandbox_files f = {.paths = paths};
	size_t i;
	char lacks[SANDBOX_LACKS];
	int abi, r;

	load_ahead();
	/* What is in it is the keeper's. The audit log is open by now. */
	if (o->state_dir != NULL && o->control == NULL)
		paths[f.n_paths++] =
		    (struct sandbox_path){o->state_dir, CONFINE_REMOVE};
	/* The folder: --make-record replaces the file, which is then another
	 * one to Landlock. */
	if (o->record != NULL) {
		folder_of(record, sizeof(record), o->record);
		paths[f.n_paths++] =
		    (struct sandbox_path){record, CONFINE_READ};
	}
	if (o->config != NULL) {
		folder_of(config, sizeof(config), o->config);
		paths[f.n_paths++] =
		    (struct sandbox_path){config, CONFINE_READ};
	}
	if (o->control != NULL) {
		folder_of(control, sizeof(control), o->control);
		paths[f.n_paths++] =
		    (struct sandbox_path){control, CONFINE_REMOVE};
	}
	for (i = 0; i < o->n_listen; i++)
		if (socket_folder(folders[i], sizeof(folders[i]), o->listen[i]))
			paths[f.n_paths++] =
			    (struct sandbox_path){folders[i], CONFINE_REMOVE};
	if ((r = sandbox_files(&f, &abi)) == 0)
		logger_debug(
		    log, "sandbox", "files: Landlock, version %d", abi);
	if (r == 0 && sandbox_lacks(lacks, abi))
		logger_warn(log, "sandbox",
		    "this kernel's Landlock, version %d, does not restrict %s: "
		    "only the filter of system calls (seccomp) does",
		    abi, lacks);
	else if (r == ERR_AGAIN)
		logger_warn(log, "sandbox",
		    "this kernel has no Landlock (%s): this process can "
		    "use every file that its user can",
		    strerror(errno));
	else if (r != 0)
		logger_error(log, "sandbox",
		    "cannot restrict access to files (Landlock: %s); "
		    "--no-sandbox runs without the sandbox",
		    strerror(errno));
	return r == ERR_AGAIN ? 0 : r;
}

/* --- calls --------------------------------------------------------------- */

/* System calls beyond those every program needs. Add any call a new feature
 * needs here; tests/unit/test_server_sandbox.c checks that the others are
 * denied. */
static const struct sandbox_call calls[] = {
    CONFINE_CALL(accept4), /* also of conclavectl */
    CONFINE_CALL(epoll_ctl),
    CONFINE_CALL(epoll_wait),
    CONFINE_CALL(epoll_pwait),
    CONFINE_CALL(epoll_pwait2),
    /* The audit log, whose files are open already. */
    CONFINE_CALL(fdatasync),
    CONFINE_CALL(ftruncate),
    CONFINE_CALL(ftruncate64),
    CONFINE_CALL(pread64),
    /* Unix sockets are removed at exit. */
    CONFINE_CALL(unlink),
    CONFINE_CALL(unlinkat),
    /* The C library may try these but works without them: malloc opens
     * /proc/sys/vm/overcommit_memory before it shrinks a thread's heap, and
     * getnameinfo needs a socket to find the interface name of a link-local
     * address. Nothing is opened. */
    CONFINE_ANSWER_IF(openat, EACCES, 1,
	CONFINE_BITS(2, O_ACCMODE | O_CREAT | O_TRUNC | O_NOFOLLOW, O_RDONLY)),
    CONFINE_ANSWER_IF(
	socket, EACCES, 1, CONFINE_EQUAL(1, SOCK_DGRAM | SOCK_CLOEXEC)),
};

/* For reading the record or the config file again: open and fstat as file_read uses them. Which
 * file is opened is up to Landlock. What file_read asks beyond that only
 * improves a sentence. */
static const struct sandbox_call record_calls[] = {
    CONFINE_CALL_IF(openat, 1,
	CONFINE_BITS(2, O_ACCMODE | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK)),
    CONFINE_CALL_IF(
	newfstatat, 1, CONFINE_BITS(3, AT_EMPTY_PATH, AT_EMPTY_PATH)),
    CONFINE_ANSWER_IF(newfstatat, EACCES, 1, CONFINE_BITS(3, AT_EMPTY_PATH, 0)),
    CONFINE_CALL_IF(statx, 1, CONFINE_BITS(2, AT_EMPTY_PATH, AT_EMPTY_PATH)),
    CONFINE_ANSWER_IF(statx, EACCES, 1, CONFINE_BITS(2, AT_EMPTY_PATH, 0)),
    CONFINE_ANSWER(lstat, EACCES),
    CONFINE_ANSWER(lstat64, EACCES),
    CONFINE_ANSWER(readlink, EACCES),
    CONFINE_ANSWER(readlinkat, EACCES),
};

int server_sandbox_enter_calls(
    const struct server_options *o, const struct logger *log)
{
	const struct sandbox_calls own[] = {
	    {calls, COUNT(calls)}, {record_calls, COUNT(record_calls)}};
	int r = sandbox_calls(SCMP_ACT_KILL_PROCESS, own,
	    o->record != NULL || o->config != NULL ? 2 : 1, NULL);

	if (r == 0)
		logger_debug(log, "sandbox", "system calls: seccomp");
	else if (r == ERR_AGAIN)
		logger_warn(log, "sandbox",
		    "this kernel has no seccomp filters (%s): this process "
		    "can use every system call",
		    strerror(errno));
	else
		logger_error(log, "sandbox",
		    "cannot restrict system calls (seccomp: %s); "
		    "--no-sandbox runs without the sandbox",
		    strerror(errno));
	return r == ERR_AGAIN ? 0 : r;
}

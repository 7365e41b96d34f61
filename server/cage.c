#include "server/cage.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/listener.h"
#include "shared/confine.h"
#include "shared/uri.h"

enum { NOBODY = 65534 }; /* where no file says who that is */

/* --- the user ------------------------------------------------------------ */

static bool found(struct cage_user *u, const char *name)
{
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL || strlen(name) >= sizeof(u->name))
		return false;
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	snprintf(u->name, sizeof(u->name), "%s", name);
	return true;
}

int cage_user_find(struct cage_user *u, const char *name, const struct log *log)
{
	memset(u, 0, sizeof(*u));
	u->given = name != NULL;
	if (u->given && !found(u, name)) {
		log_error(log, "user",
		    "there is no user \"%s\" here: make one, or give --user "
		    "another",
		    name);
		return ERR_USAGE;
	}
	if (geteuid() != 0) {
		if (!u->given || u->uid == geteuid())
			return 0;
		log_error(log, "user",
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

static int user_error(
    const struct cage_user *u, const struct log *log, const char *what)
{
	log_error(
	    log, "user", "cannot %s %s: %s", what, u->name, strerror(errno));
	return ERR_IO;
}

int cage_state_begin(
    const struct cage_user *u, const char *dir, const struct log *log)
{
	struct stat st;

	if (!u->change || dir == NULL || stat(dir, &st) != 0 ||
	    st.st_uid != u->uid)
		return 0;
	if (setegid(u->gid) != 0 || seteuid(u->uid) != 0)
		return user_error(u, log, "open the state directory as");
	return 0;
}

int cage_state_end(const struct cage_user *u, const struct log *log)
{
	if (u->change && (seteuid(0) != 0 || setegid(0) != 0))
		return user_error(u, log, "come back from being");
	return 0;
}

/* Root that may not become anybody: the root of a container that has nobody
 * else. What makes it root is taken from it all the same. */
static bool alone(const struct cage_user *u)
{
	return !u->given && (errno == EINVAL || errno == EPERM);
}

int cage_become(const struct cage_user *u, const struct log *log)
{
	if (u->change && (setgroups(0, NULL) != 0 ||
			     setresgid(u->gid, u->gid, u->gid) != 0 ||
			     setresuid(u->uid, u->uid, u->uid) != 0)) {
		if (!alone(u) || geteuid() != 0)
			return user_error(u, log, "become");
		log_warn(log, "user",
		    "cannot become %s here (%s): staying root, without its "
		    "privileges",
		    u->name, strerror(errno));
	} else if (u->given && u->uid == 0) {
		log_warn(log, "user",
		    "staying root, as --user says, without its privileges: "
		    "files of root stay within reach");
	}
	if (confine_privileges() == 0)
		return 0;
	log_error(
	    log, "user", "cannot give up privileges: %s", strerror(errno));
	return ERR_IO;
}

/* --- files --------------------------------------------------------------- */

/* What would be read when it is first used has to be read before: the time
 * zone, of which gmtime_r wants to know. */
static void load_ahead(void)
{
	tzset();
}

/* The folder that a path is in; false when it is no path of a socket. */
static bool socket_folder(char *out, size_t size, const char *listen)
{
	char *slash;
	struct uri u;

	if (uri_parse_listen(&u, listen) != 0 || u.path[0] == '\0')
		return false;
	snprintf(out, size, "%s", u.path);
	slash = strrchr(out, '/');
	if (slash == NULL)
		snprintf(out, size, ".");
	else
		slash[slash == out ? 1 : 0] = '\0';
	return true;
}

int cage_enter_fs(const struct options *o, const struct log *log)
{
	char folders[OPTIONS_LISTEN_MAX][URI_PATH_MAX + 1];
	struct confine_path paths[OPTIONS_LISTEN_MAX + 1];
	struct confine_files f = {.paths = paths};
	size_t i;
	int abi, r;

	load_ahead();
	if (o->state_dir != NULL)
		paths[f.n_paths++] = (struct confine_path){
		    o->state_dir, CONFINE_READ | CONFINE_WRITE | CONFINE_MAKE |
				      CONFINE_REMOVE};
	for (i = 0; i < o->n_listen; i++)
		if (socket_folder(folders[i], sizeof(folders[i]), o->listen[i]))
			paths[f.n_paths++] =
			    (struct confine_path){folders[i], CONFINE_REMOVE};
	if ((r = confine_files(&f, &abi)) == 0)
		log_debug(log, "cage", "files: Landlock, version %d", abi);
	else if (r == ERR_AGAIN)
		log_warn(log, "cage",
		    "this kernel has no Landlock (%s): files that our user "
		    "may read or write stay within reach",
		    strerror(errno));
	else
		log_error(log, "cage",
		    "cannot give up files (Landlock: %s); --no-sandbox goes "
		    "on without",
		    strerror(errno));
	return r == ERR_AGAIN ? 0 : r;
}

/* --- calls --------------------------------------------------------------- */

/* Beside what every program needs. A feature that needs another call says so
 * here; tests/unit/test_server_cage.c tries the others. */
static const struct confine_call calls[] = {
    CONFINE_CALL(accept4),
    CONFINE_CALL(epoll_ctl),
    CONFINE_CALL(epoll_wait),
    CONFINE_CALL(epoll_pwait),
    CONFINE_CALL(epoll_pwait2),
    /* Unix sockets, at the end. */
    CONFINE_CALL(unlink),
    CONFINE_CALL(unlinkat),
    /* The C library may ask, and can do without: the heap of a thread, before
     * it shrinks, for /proc/sys/vm/overcommit_memory; getnameinfo, for the
     * name of the interface of a link-local address. Nothing is opened. */
    CONFINE_ANSWER_IF(openat, EACCES, 1,
	CONFINE_BITS(2, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)),
    CONFINE_ANSWER_IF(
	socket, EACCES, 1, CONFINE_EQUAL(1, SOCK_DGRAM | SOCK_CLOEXEC)),
};

int cage_enter_calls(const struct log *log)
{
	const struct confine_calls own = {
	    calls, sizeof(calls) / sizeof(calls[0])};
	int r = confine_calls(SCMP_ACT_KILL_PROCESS, &own, 1, NULL);

	if (r == 0)
		log_debug(log, "cage", "system calls: seccomp");
	else if (r == ERR_AGAIN)
		log_warn(log, "cage",
		    "this kernel has no seccomp filters (%s): every system "
		    "call stays within reach",
		    strerror(errno));
	else
		log_error(log, "cage",
		    "cannot give up system calls (seccomp: %s); --no-sandbox "
		    "goes on without",
		    strerror(errno));
	return r == ERR_AGAIN ? 0 : r;
}

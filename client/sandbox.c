/* sandbox.c - drops the client's privileges, file access, ports and system
 * calls. */
#include "client/sandbox.h"
#include "client/trust/ignored.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "shared/os/file.h"
#include "shared/os/sandbox.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { OWN_MAX = 4, PATHS_MAX = 8 };

int client_sandbox_privileges(struct errmsg *why)
{
	if (sandbox_privileges() == 0)
		return 0;
	return errmsg_set(
	    why, ERR_IO, "cannot give up privileges: %s", strerror(errno));
}

/* --- preloading --------------------------------------------------------- */

/* Makes the C library read what it would look for later, wherever it is: the
 * time zone, the locale's characters, the messages of its errors, and the home
 * directory (file_home) when $HOME does not say. */
static void load_ahead(void)
{
	const char *home = file_home();
	time_t now = time(NULL);
	mbstate_t state = {0};
	struct tm tm;

	tzset();
	(void)localtime_r(&now, &tm);
	(void)mbrtowc(NULL, "a", 1, &state);
	(void)strerror(EACCES);
	if (home != NULL)
		(void)setenv("HOME", home, 1);
}

/* --- files --------------------------------------------------------------- */

struct own {
	char paths[OWN_MAX][PATH_MAX];
	struct sandbox_path rules[PATHS_MAX];
	size_t n_paths, n_rules;
};

static void add_rule(struct own *w, const char *path, unsigned access)
{
	if (w->n_rules < PATHS_MAX)
		w->rules[w->n_rules++] = (struct sandbox_path){path, access};
}

/* Whether the folder (a real path, "" for the root) is the user's home or
 * contains it. */
static bool holds_home(const char *folder)
{
	const char *home = file_home();
	char *real = home != NULL ? realpath(home, NULL) : NULL;
	size_t n = strlen(folder);
	bool holds;

	holds = n == 0 || (real != NULL && strncmp(real, folder, n) == 0 &&
			      (real[n] == '/' || real[n] == '\0'));
	free(real);
	return holds;
}

/* Resolves links; for a missing file, gives its folder. False if neither
 * exists, which is reported when the file is written. */
static bool real_path(char out[PATH_MAX], const char *path)
{
	char folder[PATH_MAX], *real, *slash;
	struct errmsg why;

	if (file_make_parents(path, &why) != 0)
		return false;
	if ((real = realpath(path, NULL)) != NULL) {
		snprintf(out, PATH_MAX, "%s", real);
		free(real);
		return true;
	}
	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	if ((real = realpath(slash != NULL ? folder : ".", NULL)) == NULL)
		return false;
	slash = strrchr(path, '/');
	snprintf(
	    out, PATH_MAX, "%s/%s", real, slash != NULL ? slash + 1 : path);
	free(real);
	return true;
}

/* Allows the folder of one of our files, where files are created and renamed.
 * If that folder contains the user's home, it would allow too much: then only
 * the file itself is allowed, which can be appended to but not rewritten. */
static void add_own(struct own *w, const char *path)
{
	const unsigned all =
	    CONFINE_READ | CONFINE_WRITE | CONFINE_MAKE | CONFINE_REMOVE;
	char *name, *slash;
	int fd;

	if (w->n_paths == OWN_MAX)
		return;
	name = w->paths[w->n_paths];
	if (!real_path(name, path))
		return;
	w->n_paths++;
	slash = strrchr(name, '/');
	*slash = '\0';
	if (!holds_home(name)) {
		add_rule(w, name, all);
		return;
	}
	*slash = '/';
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	add_rule(w, name, CONFINE_READ | CONFINE_WRITE);
}

/* What malloc reads when a thread's heap shrinks. */
static const char *const readable[] = {
    "/dev/null", "/proc/sys/vm/overcommit_memory"};

static int enter_files(const struct client_options *o, struct errmsg *why)
{
	const uint16_t port = (uint16_t)strtoul(o->server.port, NULL, 10);
	struct sandbox_files f = {.ports = &port, .n_ports = 1};
	struct own w = {.n_paths = 0};
	char lacks[SANDBOX_LACKS];
	char *ignored = NULL;
	size_t i;
	int abi, r;

	add_own(&w, o->known_servers);
	add_own(&w, o->known_people);
	if (ignored_path(&ignored, o->known_people, why) == 0)
		add_own(&w, ignored);
	free(ignored);
	for (i = 0; i < COUNT(readable); i++)
		add_rule(&w, readable[i], CONFINE_READ);
	add_rule(&w, "/", CONFINE_LIST);
	f.paths = w.rules;
	f.n_paths = w.n_rules;
	if (o->server.path[0] != '\0')
		f.n_ports = 0;
	if ((r = sandbox_files(&f, &abi)) == ERR_AGAIN)
		return errmsg_set(why, 0,
		    "this kernel has no Landlock (%s): an attacker who "
		    "takes over this program can read your files",
		    strerror(errno));
	if (r == 0 && sandbox_lacks(lacks, abi))
		errmsg_set(why, 0,
		    "this kernel's Landlock, version %d, does not restrict %s: "
		    "whoever breaks into this program can reach what those "
		    "lead to, as far as the filter of system calls (seccomp) "
		    "allows",
		    abi, lacks);
	return r == 0 ? 0
		      : errmsg_set(why, r,
			    errno == EMFILE || errno == ENFILE
				? "cannot restrict access to files (Landlock: %s): "
				  "raise the limit on open files (ulimit -n)"
				: "cannot restrict access to files (Landlock: %s); "
				  "--no-sandbox runs without the sandbox",
			    strerror(errno));
}

void client_sandbox_enter_thread(void)
{
	const struct sandbox_files none = {.n_paths = 0};
	int abi;

	/* Ignore a failure: this thread opens no files anyway and handles no
	 * input from others. */
	(void)!sandbox_files(&none, &abi);
}

/* --- calls --------------------------------------------------------------- */

/* System calls beyond those every program needs. */
static const struct sandbox_call calls[] = {
    CONFINE_CALL(open),
    CONFINE_CALL(openat),
    CONFINE_CALL(stat),
    CONFINE_CALL(lstat),
    CONFINE_CALL(newfstatat),
    CONFINE_CALL(fstatat64),
    CONFINE_CALL(stat64),
    CONFINE_CALL(statx),
    CONFINE_CALL(access),
    CONFINE_CALL(faccessat),
    CONFINE_CALL(faccessat2),
    CONFINE_CALL(readlink),
    CONFINE_CALL(readlinkat),
    CONFINE_CALL(getcwd),
    CONFINE_CALL(getdents64),
    CONFINE_CALL(mkdir),
    CONFINE_CALL(mkdirat),
    CONFINE_CALL(rename),
    CONFINE_CALL(renameat),
    CONFINE_CALL(renameat2),
    CONFINE_CALL(link),
    CONFINE_CALL(linkat),
    CONFINE_CALL(unlink),
    CONFINE_CALL(unlinkat),
    CONFINE_CALL(ftruncate),
    CONFINE_CALL(fsync),
    CONFINE_CALL(fdatasync),
    CONFINE_CALL(flock),
    CONFINE_CALL(fcntl),
    CONFINE_CALL(fcntl64),
    CONFINE_CALL(pread64),
    CONFINE_CALL(memfd_create),
    CONFINE_CALL(dup3),
    CONFINE_CALL(pipe2),
    CONFINE_CALL(signalfd4),
    /* A pair that has no name reaches nobody else; see output.h. */
    CONFINE_CALL_IF(socketpair, 1, CONFINE_EQUAL(0, AF_UNIX)),
    CONFINE_CALL(select),
    CONFINE_CALL(pselect6),

    /* The terminal, without TIOCSTI: it injects input that the shell would read
     * later. */
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, TCGETS)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, TCSETS)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, TCSETSW)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, TCSETSF)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, TCFLSH)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, TIOCGWINSZ)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, FIONREAD)),
    CONFINE_CALL_IF(ioctl, 1, CONFINE_EQUAL(1, FIONBIO)),

    CONFINE_CALL_IF(socket, 2, CONFINE_EQUAL(0, AF_INET),
	CONFINE_BITS(1, 0xf, SOCK_STREAM)),
    CONFINE_CALL_IF(socket, 2, CONFINE_EQUAL(0, AF_INET6),
	CONFINE_BITS(1, 0xf, SOCK_STREAM)),
    CONFINE_CALL(connect),
};

/* Unix sockets on a desktop can start programs, sign with other keys and run
 * containers, and no seccomp rule can tell one socket from another. */
static const struct sandbox_call unix_sockets[] = {
    CONFINE_CALL_IF(socket, 1, CONFINE_EQUAL(0, AF_UNIX)),
};
static const struct sandbox_call no_unix_sockets[] = {
    CONFINE_ANSWER_IF(socket, EACCES, 1, CONFINE_EQUAL(0, AF_UNIX)),
};

/* Kill the process on these calls: neither our code nor a library needs one of
 * them. A call in neither list fails with an error, so that a library that
 * tries it can go on without. */
#define FORBIDDEN                                                              \
	"execve", "execveat", "ptrace", "process_vm_readv",                    \
	    "process_vm_writev", "process_madvise", "pidfd_open",              \
	    "pidfd_getfd", "unshare", "setns", "mount", "umount2",             \
	    "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",       \
	    "bpf", "io_uring_setup", "userfaultfd", "perf_event_open",         \
	    "keyctl", "add_key", "request_key", "init_module", "finit_module", \
	    "kexec_load", "reboot", "open_by_handle_at", "personality",        \
	    "pkey_mprotect", "listen", "accept", "accept4", "setuid",          \
	    "setgid", "setresuid", "setresgid", "setgroups", "capset",         \
	    "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown",        \
	    "fchownat", "symlink", "symlinkat", "mknod", "mknodat"
static const char *const deadly[] = {
    FORBIDDEN, "fork", "vfork", "kill", "tkill", NULL};

static int enter_calls(const struct client_options *o, struct errmsg *why)
{
	bool sockets = o->server.path[0] != '\0';
	const struct sandbox_calls lists[] = {
	    {calls, COUNT(calls)},
	    {sockets ? unix_sockets : no_unix_sockets, 1},
	};
	int r =
	    sandbox_calls(SCMP_ACT_ERRNO(ENOSYS), lists, COUNT(lists), deadly);

	if (r == ERR_AGAIN)
		return errmsg_set(why, 0,
		    "this kernel has no seccomp filters (%s): an attacker "
		    "who takes over this program can start others",
		    strerror(errno));
	return r == 0 ? 0
		      : errmsg_set(why, r,
			    "cannot restrict system calls (seccomp: %s); "
			    "--no-sandbox runs without the sandbox",
			    strerror(errno));
}

int client_sandbox_enter(const struct client_options *o, struct errmsg *why)
{
	struct errmsg files = {""}, calls_why = {""};
	int r;

	load_ahead();
	if ((r = enter_files(o, &files)) != 0) {
		*why = files;
		return r;
	}
	if ((r = enter_calls(o, &calls_why)) != 0 || files.text[0] == '\0')
		*why = calls_why;
	else if (calls_why.text[0] == '\0')
		*why = files;
	else /* neither hides the other */
		errmsg_set(why, 0, "%s; %s", files.text, calls_why.text);
	return r;
}

/* --- the helper for names -------------------------------------------------- */

/* Name services are libraries that we do not know: they may use any call that
 * does no harm. */
static const char *const deadly_for_names[] = {FORBIDDEN, NULL};
static const struct sandbox_call name_calls[] = {
    CONFINE_ANSWER(kill, EPERM),
    CONFINE_ANSWER(tkill, EPERM),
    CONFINE_ANSWER_IF(ioctl, EPERM, 1, CONFINE_EQUAL(1, TIOCSTI)),
};

static int enter_names(
    const struct sandbox_files *f, const struct sandbox_calls *lists, size_t n)
{
	int abi, r;

	if ((r = sandbox_files(f, &abi)) != 0 && r != ERR_AGAIN)
		return r;
	r = sandbox_calls(SCMP_ACT_ALLOW, lists, n, deadly_for_names);
	return r == ERR_AGAIN ? 0 : r;
}

int client_sandbox_enter_names(void)
{
	const struct sandbox_path everywhere = {"/", CONFINE_READ};
	const struct sandbox_files f = {
	    .paths = &everywhere, .n_paths = 1, .any_port = true};
	const struct sandbox_calls lists[] = {{name_calls, COUNT(name_calls)}};

	return sandbox_privileges() != 0 ? ERR_IO
					 : enter_names(&f, lists, COUNT(lists));
}

enum { LOOKUP_PATHS_MAX = 1024 };

/* The paths are the process's until its end, which is the lookup's. */
struct lookup_files {
	struct sandbox_path rules[LOOKUP_PATHS_MAX];
	size_t n;
};

static void may_read(struct lookup_files *w, const char *path)
{
	char *copy = path != NULL ? strdup(path) : NULL;

	if (copy == NULL)
		return;
	if (w->n < LOOKUP_PATHS_MAX)
		w->rules[w->n++] = (struct sandbox_path){copy, CONFINE_READ};
	else
		free(copy);
}

/* Everything in a folder except one entry. A link is not followed: it could
 * lead into the home directory. */
static void may_read_entries(
    struct lookup_files *w, const char *folder, const char *except)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(folder[0] != '\0' ? folder : "/");

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (strcmp(e->d_name, except) == 0 ||
		    strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%.255s", folder, e->d_name);
		if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode))
			may_read(w, path);
	}
	if (d != NULL)
		closedir(d);
}

/* A system may keep its libraries and its configuration anywhere. So the lookup
 * may read all folders beside those that lead to the home directory. */
static void may_read_all_but_home(struct lookup_files *w)
{
	const char *home = file_home();
	char *real = home != NULL ? realpath(home, NULL) : NULL;
	char *name, *rest;

	if (real == NULL || strcmp(real, "/") == 0) {
		may_read(w, "/");
		free(real);
		return;
	}
	for (name = real; name != NULL; name = rest) {
		*name++ = '\0'; /* real is the folder, name its entry */
		if ((rest = strchr(name, '/')) != NULL)
			*rest = '\0';
		may_read_entries(w, real, name);
		name[-1] = '/';
	}
	free(real);
}

/* These may be links to anywhere, the home directory included. */
static void may_read_configuration(struct lookup_files *w)
{
	static const char *const files[] = {"/etc/hosts", "/etc/resolv.conf",
	    "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"};
	size_t i;

	for (i = 0; i < COUNT(files); i++)
		may_read(w, files[i]);
	may_read(w, getenv("HOSTALIASES"));
	may_read(w, getenv("RESOLV_HOST_CONF"));
}

/* Whether nsswitch.conf names a service for hosts other than the C library's
 * own: those ask a daemon through its Unix socket. */
static bool line_asks_daemons(char *line)
{
	static const char blank[] = " \t\n";
	char *word, *rest;
	bool asks = false;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, blank);
	if (strncmp(line, "hosts:", 6) != 0)
		return false;
	for (word = strtok_r(line + 6, blank, &rest); word != NULL;
	     word = strtok_r(NULL, blank, &rest))
		/* The others are actions, [NOTFOUND=return] and the like. */
		asks = asks || (strpbrk(word, "[]=") == NULL &&
				   strcmp(word, "files") != 0 &&
				   strcmp(word, "dns") != 0 &&
				   strcmp(word, "myhostname") != 0);
	return asks;
}

static bool asks_daemons(void)
{
	FILE *f = fopen("/etc/nsswitch.conf", "re");
	char line[512];
	bool asks = false;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		asks = line_asks_daemons(line) || asks;
	if (f != NULL)
		fclose(f);
	return asks;
}

int client_sandbox_enter_lookup(void)
{
	struct lookup_files w = {.n = 0};
	const struct sandbox_calls lists[] = {
	    {name_calls, COUNT(name_calls)},
	    {asks_daemons() ? unix_sockets : no_unix_sockets, 1},
	};
	struct sandbox_files f = {.any_port = true};

	/* First: a folder of a thousand homes fills the list. */
	may_read_configuration(&w);
	may_read_all_but_home(&w);
	f.paths = w.rules;
	f.n_paths = w.n;
	return enter_names(&f, lists, COUNT(lists));
}

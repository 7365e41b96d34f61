/* sandbox.c - drops the client's privileges, file access, ports and system
 * calls. */
#include "client/sandbox.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include <linux/netlink.h>

#include "shared/os/file.h"
#include "shared/os/sandbox.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { DNS_PORT = 53, OWN_MAX = 4, PATHS_MAX = 32 };

int client_sandbox_privileges(struct errmsg *why)
{
	if (sandbox_privileges() == 0)
		return 0;
	return errmsg_set(
	    why, ERR_IO, "cannot give up privileges: %s", strerror(errno));
}

/* --- preloading --------------------------------------------------------- */

/* Loads the libraries for host name lookup (nsswitch). No library can be loaded
 * once the sandbox forbids mapping memory as executable. */
static void load_name_services(void)
{
	char line[512], library[128], *word, *rest;
	FILE *f = fopen("/etc/nsswitch.conf", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "hosts:", 6) != 0)
			continue;
		line[strcspn(line, "#")] = '\0';
		for (word = strtok_r(line + 6, " \t\n", &rest); word != NULL;
		     word = strtok_r(NULL, " \t\n", &rest)) {
			if (strpbrk(word, "[]/=") != NULL)
				continue;
			snprintf(library, sizeof(library), "libnss_%.64s.so.2",
			    word);
			/* Never unloaded. */
			(void)dlopen(library, RTLD_NOW);
		}
	}
	if (f != NULL)
		fclose(f);
}

static void load_ahead(void)
{
	time_t now = time(NULL);
	mbstate_t state = {0};
	struct tm tm;

	load_name_services();
	tzset();
	(void)localtime_r(&now, &tm);
	(void)mbrtowc(NULL, "a", 1, &state); /* the locale's characters */
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

/* Files that the C library reads by itself: for name lookup, whose files may be
 * replaced while we run, and for the time zone and its messages. */
static const char *const readable[] = {"/etc", "/run/systemd/resolve",
    "/run/resolvconf", "/run/NetworkManager", "/run/connman", "/var/lib/sss/mc",
    "/usr/share/zoneinfo", "/usr/share/locale", "/dev/null",
    "/proc/sys/vm/overcommit_memory"};

static int enter_files(const struct client_options *o, struct errmsg *why)
{
	const uint16_t ports[] = {
	    (uint16_t)strtoul(o->server.port, NULL, 10), DNS_PORT};
	struct sandbox_files f = {.ports = ports, .n_ports = COUNT(ports)};
	struct own w = {.n_paths = 0};
	size_t i;
	int abi, r;

	add_own(&w, o->known_servers);
	add_own(&w, o->known_people);
	for (i = 0; i < COUNT(readable); i++)
		add_rule(&w, readable[i], CONFINE_READ);
	add_rule(&w, "/", CONFINE_LIST);
	f.paths = w.rules;
	f.n_paths = w.n_rules;
	if (o->server.path[0] != '\0')
		f.n_ports = 0;
	if ((r = sandbox_files(&f, &abi)) == ERR_AGAIN)
		return errmsg_set(why, 0,
		    "this kernel has no Landlock (%s): whoever breaks into "
		    "this program can read your files",
		    strerror(errno));
	return r == 0 ? 0
		      : errmsg_set(why, r,
			    "cannot give up files (Landlock: %s): "
			    "--no-sandbox goes on without",
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
    CONFINE_CALL(pipe2),
    CONFINE_CALL(signalfd4),
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

    /* connect, and getaddrinfo, which asks the kernel for our addresses. */
    CONFINE_CALL_IF(socket, 2, CONFINE_EQUAL(0, AF_INET),
	CONFINE_BITS(1, 0xf, SOCK_STREAM)),
    CONFINE_CALL_IF(
	socket, 2, CONFINE_EQUAL(0, AF_INET), CONFINE_BITS(1, 0xf, SOCK_DGRAM)),
    CONFINE_CALL_IF(socket, 2, CONFINE_EQUAL(0, AF_INET6),
	CONFINE_BITS(1, 0xf, SOCK_STREAM)),
    CONFINE_CALL_IF(socket, 2, CONFINE_EQUAL(0, AF_INET6),
	CONFINE_BITS(1, 0xf, SOCK_DGRAM)),
    CONFINE_CALL_IF(socket, 2, CONFINE_EQUAL(0, AF_NETLINK),
	CONFINE_EQUAL(2, NETLINK_ROUTE)),
    CONFINE_CALL(bind),
    CONFINE_CALL(connect),
    CONFINE_CALL(sendmmsg),
};

/* Unix sockets on a desktop can start programs, sign with other keys and run
 * containers, and no seccomp rule can tell one socket from another. */
static const struct sandbox_call unix_sockets[] = {
    CONFINE_CALL_IF(socket, 1, CONFINE_EQUAL(0, AF_UNIX)),
};
static const struct sandbox_call no_unix_sockets[] = {
    CONFINE_ANSWER_IF(socket, EACCES, 1, CONFINE_EQUAL(0, AF_UNIX)),
};

/* Kill the process on these calls: our code, the libraries and the name
 * services need none of them. A call in neither list fails with an error, so
 * that a library that tries it can go on without. */
static const char *const deadly[] = {"execve", "execveat", "fork", "vfork",
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "pidfd_open", "pidfd_getfd", "kill", "tkill", "unshare", "setns", "mount",
    "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen",
    "bpf", "io_uring_setup", "userfaultfd", "perf_event_open", "keyctl",
    "add_key", "request_key", "init_module", "finit_module", "kexec_load",
    "reboot", "open_by_handle_at", "personality", "pkey_mprotect", "listen",
    "accept", "accept4", "setuid", "setgid", "setresuid", "setresgid",
    "setgroups", "capset", "chmod", "fchmod", "fchmodat", "chown", "fchown",
    "lchown", "fchownat", "symlink", "symlinkat", "mknod", "mknodat", NULL};

static bool ends_in(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n >= k && strcasecmp(s + n - k, tail) == 0;
}

static int enter_calls(const struct client_options *o, struct errmsg *why)
{
	const struct uri *u = &o->server;
	bool sockets = u->path[0] != '\0' || ends_in(u->host, ".local") ||
		       ends_in(u->host, ".local.");
	const struct sandbox_calls lists[] = {
	    {calls, COUNT(calls)},
	    {sockets ? unix_sockets : no_unix_sockets, 1},
	};
	int r =
	    sandbox_calls(SCMP_ACT_ERRNO(ENOSYS), lists, COUNT(lists), deadly);

	if (r == ERR_AGAIN)
		return errmsg_set(why, 0,
		    "this kernel has no seccomp filters (%s): whoever breaks "
		    "into this program can start others",
		    strerror(errno));
	return r == 0 ? 0
		      : errmsg_set(why, r,
			    "cannot give up system calls (seccomp: %s): "
			    "--no-sandbox goes on without",
			    strerror(errno));
}

int client_sandbox_enter(const struct client_options *o, struct errmsg *why)
{
	int r;

	why->text[0] = '\0';
	load_ahead();
	if ((r = enter_files(o, why)) != 0)
		return r;
	return enter_calls(o, why);
}

/* --- the helper ----------------------------------------------------------- */

static const struct sandbox_call helper_calls[] = {
    CONFINE_CALL(open),
    CONFINE_CALL(openat),
    CONFINE_CALL(mkdir),
    CONFINE_CALL(rename),
    CONFINE_CALL(renameat),
    CONFINE_CALL(renameat2),
    CONFINE_CALL(link),
    CONFINE_CALL(linkat),
    CONFINE_CALL(unlink),
    CONFINE_CALL(unlinkat),
    CONFINE_CALL(fsync),
    CONFINE_CALL(pread64),
    CONFINE_CALL(getcwd),
    /* The C library looks for translated messages. */
    CONFINE_ANSWER(newfstatat, EACCES),
    CONFINE_ANSWER(stat, EACCES),
    CONFINE_ANSWER(fcntl, EACCES),
};

int client_sandbox_enter_helper(void)
{
	const struct sandbox_path everywhere = {
	    "/", CONFINE_READ | CONFINE_MAKE | CONFINE_WRITE | CONFINE_REMOVE};
	const struct sandbox_files f = {.paths = &everywhere, .n_paths = 1};
	const struct sandbox_calls own = {helper_calls, COUNT(helper_calls)};
	int abi, r;

	if ((r = sandbox_privileges()) != 0)
		return r;
	if ((r = sandbox_files(&f, &abi)) != 0 && r != ERR_AGAIN)
		return r;
	r = sandbox_calls(SCMP_ACT_KILL_PROCESS, &own, 1, NULL);
	return r == ERR_AGAIN ? 0 : r;
}

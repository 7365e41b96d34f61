/* sandbox.c - applies Landlock, seccomp and privilege drops to the process. */
#include "shared/os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared/os/harden.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- privileges ---------------------------------------------------------- */

/* Drops the capabilities of this thread and of threads it creates later. If
 * there are none, skip the call: a filter may already forbid it. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct have[_LINUX_CAPABILITY_U32S_3],
	    none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof(none));
	memset(have, 0xff, sizeof(have));
	if (syscall(SYS_capget, &head, have) == 0 &&
	    memcmp(have, none, sizeof(none)) == 0)
		return 0;
	head.version = _LINUX_CAPABILITY_VERSION_3;
	return syscall(SYS_capset, &head, none) == 0 ? 0 : ERR_IO;
}

int sandbox_privileges(void)
{
	const struct rlimit no_core = {0, 0};

	if (drop_capabilities() != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &no_core) != 0)
		return ERR_IO;
	/* The leak sanitizer has to trace this process. */
	if (!harden_sanitized() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return ERR_IO;
	return 0;
}

/* --- Landlock ------------------------------------------------------------ */

/* The kernel's ABI constants (include/uapi/linux/landlock.h). Debian 12's
 * headers have only the first two versions. */
struct ruleset {
	uint64_t fs;
	uint64_t net;	 /* version 4 */
	uint64_t scoped; /* version 6 */
};
struct port_rule {
	uint64_t access, port;
};
enum { RULE_PORT = 2 };

#define FS_REFER      (UINT64_C(1) << 13) /* version 2 */
#define FS_TRUNCATE   (UINT64_C(1) << 14) /* version 3 */
#define FS_IOCTL_DEV  (UINT64_C(1) << 15) /* version 5 */
#define NET_BIND      UINT64_C(1)
#define NET_CONNECT   UINT64_C(2)
#define SCOPE_SOCKETS UINT64_C(1) /* others' abstract Unix sockets */
#define SCOPE_SIGNALS UINT64_C(2)

static int ruleset_of(struct ruleset *r, int abi, bool any_port)
{
	memset(r, 0, sizeof(*r));
	r->fs = FS_REFER - 1; /* all of version 1 */
	if (abi >= 2)
		r->fs |= FS_REFER;
	if (abi >= 3)
		r->fs |= FS_TRUNCATE;
	if (abi >= 5)
		r->fs |= FS_IOCTL_DEV;
	if (abi >= 4 && !any_port)
		r->net = NET_BIND | NET_CONNECT;
	if (abi >= 6)
		r->scoped = SCOPE_SOCKETS | SCOPE_SIGNALS;
	/* An older kernel accepts the larger struct because the fields it does
	 * not know are 0. */
	return (int)syscall(SYS_landlock_create_ruleset, r, sizeof(*r), 0);
}

static uint64_t rights_of(unsigned access)
{
	static const struct {
		unsigned access;
		uint64_t rights;
	} rows[] = {
	    {CONFINE_READ,
		LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR},
	    {CONFINE_LIST, LANDLOCK_ACCESS_FS_READ_DIR},
	    {CONFINE_WRITE, LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE},
	    {CONFINE_MAKE,
		LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR},
	    {CONFINE_REMOVE, LANDLOCK_ACCESS_FS_REMOVE_FILE},
	    {CONFINE_DEVICE, LANDLOCK_ACCESS_FS_READ_FILE |
				 LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE |
				 FS_IOCTL_DEV},
	};
	uint64_t rights = 0;
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		if ((access & rows[i].access) != 0)
			rights |= rows[i].rights;
	return rights;
}

static int add_path(
    int set, const struct ruleset *r, const struct sandbox_path *p)
{
	const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE |
				  LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE |
				  FS_IOCTL_DEV;
	struct landlock_path_beneath_attr rule = {
	    .allowed_access = rights_of(p->access) & r->fs};
	struct stat st;
	int result = 0;

	if (p->path == NULL)
		return 0;
	rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return 0;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= of_files;
	if (rule.allowed_access != 0 &&
	    syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH,
		&rule, 0) != 0)
		result = ERR_IO;
	close(rule.parent_fd);
	return result;
}

static int add_port(int set, const struct ruleset *r, uint16_t port)
{
	const struct port_rule rule = {.access = NET_CONNECT, .port = port};

	if (r->net == 0)
		return 0;
	return syscall(SYS_landlock_add_rule, set, RULE_PORT, &rule, 0) == 0
		   ? 0
		   : ERR_IO;
}

int sandbox_files(const struct sandbox_files *f, int *abi)
{
	const struct sandbox_path everything = {"/", CONFINE_READ};
	struct ruleset r;
	int set, e = 0, saved;
	size_t i;

	*abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	if (*abi < 1) {
		*abi = 0;
		return ERR_AGAIN;
	}
	/* The kernel has Landlock, so fail: running out of descriptors is no
	 * reason to go on without it. */
	if ((set = ruleset_of(&r, *abi, f->any_port)) < 0)
		return ERR_IO;
	for (i = 0; i < f->n_paths && e == 0; i++)
		e = add_path(set, &r, &f->paths[i]);
	for (i = 0; i < f->n_ports && e == 0; i++)
		e = add_port(set, &r, f->ports[i]);
	/* A sanitizer looks up function names in the program file. */
	if (harden_sanitized() && e == 0)
		e = add_path(set, &r, &everything);
	if (e == 0 && syscall(SYS_landlock_restrict_self, set, 0) != 0)
		e = ERR_IO;
	saved = errno;
	close(set);
	errno = saved;
	return e;
}

/* What each version of Landlock began to restrict. Version 2 only allowed what
 * version 1 refused always, moving files between folders. */
bool sandbox_lacks(char out[SANDBOX_LACKS], int abi)
{
	static const struct {
		int abi;
		const char *what;
	} rows[] = {
	    {3, "the truncation of files (Linux 6.2)"},
	    {4, "TCP ports (6.7)"},
	    {5, "the control of devices (6.10)"},
	    {6, "signals and other programs' abstract Unix sockets (6.12)"},
	};
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < COUNT(rows); i++)
		if (abi < rows[i].abi)
			n += (size_t)snprintf(out + n, SANDBOX_LACKS - n,
			    "%s%s", n > 0 ? ", " : "", rows[i].what);
	return n > 0;
}

/* --- seccomp ------------------------------------------------------------- */

#define CALL(call) CONFINE_CALL(call)
#define NOT_EXECUTABLE(call)                                                   \
	CONFINE_CALL_IF(call, 1, CONFINE_BITS(2, PROT_EXEC, 0))

/* The flags are clone's first argument, except on s390. */
#if defined(__s390__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif
#define THREAD                                                                 \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
#define SPACES                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |         \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_VFORK |        \
	    CLONE_PTRACE)

/* System calls that the C library and libcrypto need in every program. Where C
 * library versions use different calls for one task, all are listed. */
static const struct sandbox_call common[] = {
    CALL(brk), CALL(munmap), CALL(mremap), CALL(madvise), CALL(mlock),
    CALL(mlock2), CALL(munlock), NOT_EXECUTABLE(mmap), NOT_EXECUTABLE(mmap2),
    NOT_EXECUTABLE(mprotect),

    CONFINE_CALL_IF(
	clone, 1, CONFINE_BITS(CLONE_FLAGS, THREAD | SPACES, THREAD)),
    /* clone3's flags are in memory, where seccomp cannot check them; with
     * ENOSYS the C library falls back to clone. */
    CONFINE_ANSWER(clone3, ENOSYS), CALL(futex), CALL(futex_time64), CALL(rseq),
    CALL(set_robust_list), CALL(sched_yield), CALL(sched_getaffinity),
    CALL(membarrier), CALL(gettid), CALL(getpid), CALL(exit), CALL(exit_group),

    CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigreturn),
    CALL(sigreturn), CALL(sigaltstack), CALL(restart_syscall),

    CALL(clock_gettime), CALL(clock_gettime64), CALL(clock_nanosleep),
    CALL(clock_nanosleep_time64), CALL(nanosleep), CALL(gettimeofday),
    CALL(time),

    CALL(read), CALL(readv), CALL(write), CALL(writev), CALL(close),
    CALL(lseek), CALL(fstat), CALL(fstat64), CALL(poll), CALL(ppoll),
    CALL(ppoll_time64), CALL(eventfd2), CALL(getrandom),

    CALL(recv), CALL(recvfrom), CALL(recvmsg), CALL(send), CALL(sendto),
    CALL(sendmsg), CALL(shutdown), CALL(getsockname), CALL(getpeername),
    CALL(getsockopt), CALL(setsockopt),

    /* Limits may be read but not set. */
    CALL(getrlimit), CALL(ugetrlimit),
    CONFINE_CALL_IF(prlimit64, 1, CONFINE_EQUAL(2, 0)), CALL(getuid),
    CALL(geteuid), CALL(getgid), CALL(getegid), CALL(uname),
    CALL(sysinfo), /* qsort */
};

/* For sanitizer builds. Landlock still restricts the files. */
static const struct sandbox_call sanitizer[] = {
    CALL(open),
    CALL(openat),
    CALL(stat),
    CALL(newfstatat),
    CALL(readlink),
    CALL(readlinkat),
    CALL(pread64),
    CALL(getdents),
    CALL(getdents64),
    CALL(lstat),
    CALL(access),
    CALL(faccessat),
    CALL(clone),
    CALL(fork),
    CALL(vfork),
    CALL(wait4),
    CALL(ptrace),
    CALL(process_vm_readv),
    CALL(prctl),
    CALL(prlimit64),
    CALL(pipe),
    CALL(pipe2),
    CALL(kill),
    CALL(tgkill),
    CALL(getppid),
    CALL(mincore),
    CALL(arch_prctl),
    CALL(dup),
    CALL(dup2),
    CALL(fcntl),
    CALL(ioctl),
    CALL(socketpair),
    CALL(setitimer),
};

static int add_call(
    scmp_filter_ctx ctx, uint32_t action, const struct sandbox_call *c)
{
	int nr = seccomp_syscall_resolve_name(c->name), r;

	if (nr == __NR_SCMP_ERROR)
		return 0; /* unknown to this libseccomp on any machine */
	r = seccomp_rule_add_array(ctx, action, nr, c->n_args, c->args);
	/* The rule equals the default action, duplicates another, or belongs to
	 * another machine. */
	return r == -EACCES || r == -EDOM || r == -EEXIST ? 0 : r;
}

static int add_calls(
    scmp_filter_ctx ctx, const struct sandbox_call *calls, size_t n)
{
	size_t i;
	int r;

	for (i = 0; i < n; i++)
		if ((r = add_call(ctx,
			 calls[i].answer == 0
			     ? SCMP_ACT_ALLOW
			     : SCMP_ACT_ERRNO((uint32_t)calls[i].answer),
			 &calls[i])) != 0)
			return r;
	return 0;
}

/* Allows abort and raise, signalling only ourselves. */
static int add_own_signals(scmp_filter_ctx ctx)
{
	const struct sandbox_call own = {.name = "tgkill",
	    .n_args = 1,
	    .args = {CONFINE_EQUAL(0, getpid())}};

	return add_calls(ctx, &own, 1);
}

static int fill(scmp_filter_ctx ctx, const struct sandbox_calls *lists,
    size_t n_lists, const char *const *deadly)
{
	struct sandbox_call call = {.name = NULL};
	size_t i;
	int r;

	if ((r = seccomp_attr_set(
		 ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) != 0 ||
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1)) != 0 ||
	    /* Use a binary tree of calls instead of a linear list. */
	    (r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2)) != 0 ||
	    (r = add_calls(ctx, common, COUNT(common))) != 0 ||
	    (r = add_own_signals(ctx)) != 0)
		return r;
	for (i = 0; i < n_lists; i++)
		if ((r = add_calls(ctx, lists[i].calls, lists[i].n)) != 0)
			return r;
	if (harden_sanitized() && (r = add_calls(ctx, sanitizer, COUNT(sanitizer))) != 0)
		return r;
	for (; deadly != NULL && *deadly != NULL && r == 0; deadly++) {
		call.name = *deadly;
		r = add_call(ctx, SCMP_ACT_KILL_PROCESS, &call);
	}
	return r;
}

/* Asks the kernel directly, because libseccomp's handling of a missing feature
 * depends on its version. Valgrind also reports none. */
static bool has_filters(void)
{
	const uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int sandbox_calls(uint32_t otherwise, const struct sandbox_calls *lists,
    size_t n_lists, const char *const *deadly)
{
	scmp_filter_ctx ctx;
	int r;

	if (!has_filters())
		return ERR_AGAIN;
	if ((ctx = seccomp_init(otherwise)) == NULL) {
		errno = ENOMEM;
		return ERR_IO;
	}
	if ((r = fill(ctx, lists, n_lists, deadly)) == 0)
		r = seccomp_load(ctx);
	seccomp_release(ctx);
	errno = r < 0 ? -r : 0;
	return r == 0 ? 0 : ERR_IO;
}

/* The server's sandbox: what it forbids, and what it still allows. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/auth/record_file.h"
#include "server/sandbox.h"
#include "shared/os/sandbox.h"
#include "tests/unit/sandbox_child.h"
#include "tests/unit/sandbox_tries.h"
#include "tests/unit/folder.h"

static const struct logger quiet = {.level = LOGGER_ERROR};
static char *inside, *outside; /* folders */
static char in_file[256], out_file[256], socket_path[256];

/* --- system calls -------------------------------------------------------- */

/* Warmed up as main is at this point. */
static int enter_calls(void)
{
	struct crypto *c = crypto_new();
	int r = sandbox_privileges();

	crypto_free(c);
	return r != 0 ? r : server_sandbox_enter_calls(&(struct server_options){0}, &quiet);
}

/* With a record, which SIGHUP reads again. */
static char record_path[256];

static int enter_calls_record(void)
{
	const struct server_options o = {.record = record_path};

	return sandbox_privileges() != 0
		   ? -1
		   : server_sandbox_enter_calls(&o, &quiet);
}

static int try_read_record(void)
{
	struct record_file f;
	struct errmsg why;

	/* The file is an empty one. */
	return record_file_read(&f, record_path, &why) == ERR_USAGE ? 0 : EIO;
}

static int try_missing_record(void)
{
	struct record_file f;
	struct errmsg why;

	return record_file_read(&f, "/nothing/here", &why) == ERR_AGAIN ? 0
									: EIO;
}

static const struct sandbox_try record_calls[] = {
    {"it is read again", try_read_record, TRY_WORKS, 0, false},
    {"it may be missing", try_missing_record, TRY_WORKS, 0, false},
    {"a file to read", try_open_read, TRY_REFUSED, EACCES, true},
    {"a file to write", try_open_write, TRY_DIES, 0, true},
    {"open, by its old call", try_open_old, TRY_DIES, 0, true},
    {"openat2", try_openat2, TRY_DIES, 0, false},
    {"mkdir", try_mkdir, TRY_DIES, 0, false},
    {"rename", try_rename, TRY_DIES, 0, false},
    {"execve", try_execve, TRY_DIES, 0, false},
    {"a TCP socket", try_socket_tcp, TRY_DIES, 0, false},
};

static const struct sandbox_try calls[] = {
    {"execve", try_execve, TRY_DIES, 0, false},
    {"execveat", try_execveat, TRY_DIES, 0, false},
    {"fork", try_fork, TRY_DIES, 0, true},
    {"vfork", try_vfork, TRY_DIES, 0, true},
    {"clone3", try_clone3, TRY_REFUSED, ENOSYS, false},
    {"unshare", try_unshare, TRY_DIES, 0, false},
    {"setns", try_setns, TRY_DIES, 0, false},
    {"ptrace of another", try_ptrace, TRY_DIES, 0, true},
    {"ptrace of oneself", try_ptrace_traceme, TRY_DIES, 0, true},
    {"reading a process", try_vm_readv, TRY_DIES, 0, true},
    {"a signal to another", try_kill_parent, TRY_DIES, 0, true},
    {"a signal to another's thread", try_tgkill_parent, TRY_DIES, 0, true},
    {"a descriptor of another", try_pidfd_getfd, TRY_DIES, 0, false},
    {"executable memory", try_mmap_exec, TRY_DIES, 0, false},
    {"memory made executable", try_mprotect_exec, TRY_DIES, 0, false},
    {"the same, by pkey", try_pkey_exec, TRY_DIES, 0, false},
    {"the other table of calls", try_other_table, TRY_DIES, 0, false},
    {"a file to read", try_open_read, TRY_REFUSED, EACCES, true},
    {"a file to write", try_open_write, TRY_DIES, 0, true},
    {"open, by its old call", try_open_old, TRY_DIES, 0, true},
    {"open_tree", try_open_tree, TRY_DIES, 0, false},
    {"openat2", try_openat2, TRY_DIES, 0, false},
    {"open_by_handle_at", try_handle, TRY_DIES, 0, false},
    {"mkdir", try_mkdir, TRY_DIES, 0, false},
    {"chmod", try_chmod, TRY_DIES, 0, false},
    {"rename", try_rename, TRY_DIES, 0, false},
    {"symlink", try_symlink, TRY_DIES, 0, false},
    {"link", try_link, TRY_DIES, 0, false},
    {"chroot", try_chroot, TRY_DIES, 0, false},
    {"mount", try_mount, TRY_DIES, 0, false},
    {"pivot_root", try_pivot, TRY_DIES, 0, false},
    {"a TCP socket", try_socket_tcp, TRY_DIES, 0, false},
    {"an IPv6 socket", try_socket_tcp6, TRY_DIES, 0, false},
    {"a Unix socket", try_socket_unix, TRY_DIES, 0, false},
    {"a UDP socket", try_socket_udp, TRY_REFUSED, EACCES, false},
    {"a raw socket", try_socket_raw, TRY_DIES, 0, false},
    {"a packet socket", try_socket_packet, TRY_DIES, 0, false},
    {"a netlink socket", try_socket_netlink, TRY_DIES, 0, false},
    {"a vsock socket", try_socket_vsock, TRY_DIES, 0, false},
    {"a pair of sockets", try_socketpair, TRY_DIES, 0, true},
    {"listen", try_listen, TRY_DIES, 0, false},
    {"setuid", try_setuid, TRY_DIES, 0, false},
    {"prctl", try_prctl, TRY_DIES, 0, true},
    {"seccomp", try_seccomp, TRY_DIES, 0, false},
    {"Landlock", try_landlock, TRY_DIES, 0, false},
    {"bpf", try_bpf, TRY_DIES, 0, false},
    {"io_uring", try_io_uring, TRY_DIES, 0, false},
    {"userfaultfd", try_userfaultfd, TRY_DIES, 0, false},
    {"perf", try_perf, TRY_DIES, 0, false},
    {"keyctl", try_keyctl, TRY_DIES, 0, false},
    {"memfd_create", try_memfd, TRY_DIES, 0, false},
    {"epoll_create", try_epoll_create, TRY_DIES, 0, false},
    {"signalfd", try_signalfd, TRY_DIES, 0, false},
    {"timerfd", try_timerfd, TRY_DIES, 0, false},
    {"personality", try_personality, TRY_DIES, 0, false},
    {"a module", try_module, TRY_DIES, 0, false},
    {"reboot", try_reboot, TRY_DIES, 0, false},
    {"typing into a terminal", try_tiocsti, TRY_DIES, 0, true},

    {"memory", try_memory, TRY_WORKS, 0, false},
    {"a thread", try_thread, TRY_WORKS, 0, false},
    {"the heap of a thread", try_heap_of_a_thread, TRY_WORKS, 0, false},
    {"randomness", try_random, TRY_WORKS, 0, false},
    {"clocks", try_clock, TRY_WORKS, 0, false},
    {"an address in words", try_name_of_an_address, TRY_WORKS, 0, false},
    {"a link-local one", try_name_of_a_local_link, TRY_WORKS, 0, false},
    {"keys, in two threads", try_crypto, TRY_WORKS, 0, false},
    {"abort", try_abort, TRY_ABORTS, 0, true},
};

/* --- files --------------------------------------------------------------- */

/* Without the system call filter, which would refuse all of these first. */
static int enter_files(int version)
{
	struct server_options o = {.state_dir = inside};
	char listen[300];

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < version)
		return -1; /* not in this kernel: skip */
	snprintf(listen, sizeof(listen), "unix:%s", socket_path);
	o.listen[o.n_listen++] = listen;
	return sandbox_privileges() != 0 ? -1 : server_sandbox_enter_fs(&o, &quiet);
}

static int enter_1(void)
{
	return enter_files(1);
}
static int enter_3(void)
{
	return enter_files(3);
}
static int enter_4(void)
{
	return enter_files(4);
}
static int enter_6(void)
{
	return enter_files(6);
}

static const struct sandbox_try files[] = {
    {"a file of the state is not read", try_read_inside, TRY_REFUSED, EACCES,
	true},
    {"not written", try_write_inside, TRY_REFUSED, EACCES, false},
    {"not made", try_make_inside, TRY_REFUSED, EACCES, false},
    {"another file is not read", try_read_outside, TRY_REFUSED, EACCES, true},
    {"not written", try_write_outside, TRY_REFUSED, EACCES, false},
    {"not made", try_make_outside, TRY_REFUSED, EACCES, false},
    {"not removed", try_remove_outside, TRY_REFUSED, EACCES, false},
    {"not reached by a move", try_move_outside, TRY_REFUSED, EACCES, false},
    {"another folder is not listed", try_list_outside, TRY_REFUSED, EACCES,
	true},
    {"nothing is executed", try_execve, TRY_REFUSED, EACCES, false},
};
static const struct sandbox_try removal[] = {
    {"the control socket is removed", try_remove_inside, TRY_WORKS, 0, false},
};

static int try_remove_socket(void)
{
	return unlink(socket_path) == 0 ? 0 : errno;
}

static const struct sandbox_try sockets[] = {
    {"the socket is removed", try_remove_socket, TRY_WORKS, 0, false},
};
static const struct sandbox_try from_3[] = {
    {"another file is not cut", try_truncate_outside, TRY_REFUSED, EACCES,
	false},
};
static const struct sandbox_try from_4[] = {
    {"no port is bound", try_bind, TRY_REFUSED, EACCES, false},
    {"none is connected to", try_connect, TRY_REFUSED, EACCES, false},
};
static const struct sandbox_try from_6[] = {
    {"nobody is signalled", try_kill_parent, TRY_REFUSED, EPERM, false},
};

/* --- the keeper and the warden -------------------------------------------- */

/* What neither may do. */
#define NO_WAY_OUT                                                             \
	{"execve", try_execve, TRY_DIES, 0, false},                           \
	    {"execveat", try_execveat, TRY_DIES, 0, false},                   \
	    {"vfork", try_vfork, TRY_DIES, 0, true},                          \
	    {"unshare", try_unshare, TRY_DIES, 0, false},                     \
	    {"ptrace of another", try_ptrace, TRY_DIES, 0, true},             \
	    {"reading a process", try_vm_readv, TRY_DIES, 0, true},           \
	    {"a signal to another", try_kill_parent, TRY_DIES, 0, true},      \
	    {"a descriptor of another", try_pidfd_getfd, TRY_DIES, 0, false}, \
	    {"executable memory", try_mmap_exec, TRY_DIES, 0, false},         \
	    {"memory made executable", try_mprotect_exec, TRY_DIES, 0,        \
		false},                                                        \
	    {"a TCP socket", try_socket_tcp, TRY_DIES, 0, false},             \
	    {"an IPv6 socket", try_socket_tcp6, TRY_DIES, 0, false},          \
	    {"a Unix socket", try_socket_unix, TRY_DIES, 0, false},           \
	    {"a UDP socket", try_socket_udp, TRY_DIES, 0, false},             \
	    {"a raw socket", try_socket_raw, TRY_DIES, 0, false},             \
	    {"a netlink socket", try_socket_netlink, TRY_DIES, 0, false},     \
	    {"listen", try_listen, TRY_DIES, 0, false},                       \
	    {"chroot", try_chroot, TRY_DIES, 0, false},                       \
	    {"mount", try_mount, TRY_DIES, 0, false},                         \
	    {"setuid", try_setuid, TRY_DIES, 0, false},                       \
	    {"bpf", try_bpf, TRY_DIES, 0, false},                             \
	    {"io_uring", try_io_uring, TRY_DIES, 0, false},                   \
	    {"memory", try_memory, TRY_WORKS, 0, false},                      \
	    {"randomness", try_random, TRY_WORKS, 0, false},                  \
	    {"clocks", try_clock, TRY_WORKS, 0, false}

static const struct sandbox_try keeper_calls[] = {
    NO_WAY_OUT,
    {"fork", try_fork, TRY_DIES, 0, true},
    {"seccomp", try_seccomp, TRY_DIES, 0, false},
    {"Landlock", try_landlock, TRY_DIES, 0, false},
    {"mkdir", try_mkdir, TRY_DIES, 0, false},
    {"rename", try_rename, TRY_DIES, 0, false},
    {"link", try_link, TRY_DIES, 0, false},
    {"symlink", try_symlink, TRY_DIES, 0, false},
    {"a pair of sockets", try_socketpair, TRY_DIES, 0, true},
};
static const struct sandbox_try files_calls[] = {
    NO_WAY_OUT,
    {"fork", try_fork, TRY_DIES, 0, true},
    {"seccomp", try_seccomp, TRY_DIES, 0, false},
    {"Landlock", try_landlock, TRY_DIES, 0, false},
    {"mkdir", try_mkdir, TRY_DIES, 0, false},
    {"link", try_link, TRY_DIES, 0, false},
    {"symlink", try_symlink, TRY_DIES, 0, false},
    {"a pair of sockets", try_socketpair, TRY_DIES, 0, true},
};
static const struct sandbox_try warden_calls[] = {
    NO_WAY_OUT,
    {"Landlock", try_landlock, TRY_DIES, 0, false},
    {"symlink", try_symlink, TRY_DIES, 0, false},
};

static int enter_keeper(void)
{
	return sandbox_privileges() != 0 ? -1
					 : server_sandbox_keeper_calls(&quiet);
}

static int enter_files_process(void)
{
	return sandbox_privileges() != 0 ? -1
					 : server_sandbox_files_calls(&quiet);
}

static int enter_warden(void)
{
	return sandbox_privileges() != 0 ? -1
					 : server_sandbox_warden_calls(&quiet);
}

static int enter_state(void)
{
	const struct server_options o = {.state_dir = inside};
	const struct server_sandbox_user me = {.change = false};

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1)
		return -1;
	return server_sandbox_state_process(&me, &o, &quiet);
}

static const struct sandbox_try state_files[] = {
    {"a file of the state is read", try_read_inside, TRY_WORKS, 0, false},
    {"written", try_write_inside, TRY_WORKS, 0, false},
    {"made", try_make_inside, TRY_WORKS, 0, false},
    {"another file is not read", try_read_outside, TRY_REFUSED, EACCES, true},
    {"not written", try_write_outside, TRY_REFUSED, EACCES, false},
    {"not made", try_make_outside, TRY_REFUSED, EACCES, false},
    {"not removed", try_remove_outside, TRY_REFUSED, EACCES, false},
    {"not reached by a move", try_move_outside, TRY_REFUSED, EACCES, false},
    {"another folder is not listed", try_list_outside, TRY_REFUSED, EACCES,
	true},
    {"nothing is executed", try_execve, TRY_REFUSED, EACCES, false},
};

/* --- privileges ---------------------------------------------------------- */

/* "NAME:\tVALUE" of /proc/self/status, as text. */
static bool status_says(const char *name, const char *value)
{
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");
	bool found = false;
	size_t n = strlen(name);

	if (f == NULL)
		return false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = strncmp(line, name, n) == 0 && line[n] == ':' &&
			strcmp(line + n + 1 + strspn(line + n + 1, "\t "),
			    value) == 0;
	}
	fclose(f);
	return found;
}

static int no_way_up(void)
{
	if (sandbox_privileges() != 0)
		return errno;
	return status_says("CapEff", "0000000000000000") &&
		       status_says("CapPrm", "0000000000000000") &&
		       status_says("CapInh", "0000000000000000") &&
		       status_says("CapAmb", "0000000000000000") &&
		       status_says("NoNewPrivs", "1")
		   ? 0
		   : EPERM;
}

static int nobody_else(void)
{
	struct server_sandbox_user u;

	if (server_sandbox_user_find(&u, NULL, &quiet) != 0 || !u.change)
		return EINVAL;
	if (server_sandbox_become(&u, &quiet) != 0)
		return EPERM;
	return getuid() == u.uid && geteuid() == u.uid && getgid() == u.gid &&
		       getgroups(0, NULL) == 0 && setuid(0) != 0 &&
		       setgid(0) != 0
		   ? 0
		   : EPERM;
}

static int enter_as_root(void)
{
	return geteuid() == 0 ? 0 : -1;
}
static int enter_nothing(void)
{
	return 0;
}

static const struct sandbox_try privileges[] = {
    {"none are left", no_way_up, TRY_WORKS, 0, false},
};
static const struct sandbox_try users[] = {
    {"root becomes another", nobody_else, TRY_WORKS, 0, false},
};

static void test_no_such_user(void **state)
{
	struct server_sandbox_user u;
	const struct logger none = {.level = (enum logger_level) - 1};

	(void)state;
	assert_int_equal(
	    server_sandbox_user_find(&u, "no user has this name", &none), ERR_USAGE);
	assert_false(u.change);
}

/* --- the folders --------------------------------------------------------- */

static void fresh(const char *path)
{
	folder_write(path, "text", 0600);
}

int main(void)
{
	void *folders[3] = {NULL, NULL, NULL};
	struct check_group g = {.n = 0};
	int failed;

	if (folder_make(&folders[0]) != 0 || folder_make(&folders[1]) != 0 ||
	    folder_make(&folders[2]) != 0)
		return 1;
	inside = folders[0];
	outside = folders[1];
	snprintf(in_file, sizeof(in_file), "%s/file", inside);
	snprintf(out_file, sizeof(out_file), "%s/file", outside);
	snprintf(
	    socket_path, sizeof(socket_path), "%s/sock", (char *)folders[2]);
	fresh(in_file);
	fresh(out_file);
	fresh(socket_path);
	try_inside = in_file;
	try_outside = out_file;
#define ADD(prefix, enter, rows)                                               \
	sandbox_child_add(                                                        \
	    &g, prefix, enter, rows, sizeof(rows) / sizeof((rows)[0]))
	snprintf(record_path, sizeof(record_path), "%s/record", outside);
	folder_write(record_path, "", 0600);
	ADD("calls", enter_calls, calls);
	ADD("record", enter_calls_record, record_calls);
	ADD("keeper", enter_keeper, keeper_calls);
	ADD("people's files", enter_files_process, files_calls);
	ADD("warden", enter_warden, warden_calls);
	ADD("files", enter_1, files);
	/* These make and remove what those before must not. */
	ADD("state", enter_state, state_files);
	ADD("files", enter_1, removal);
	ADD("files", enter_1, sockets);
	ADD("files", enter_3, from_3);
	ADD("ports", enter_4, from_4);
	ADD("signals", enter_6, from_6);
	ADD("privileges", enter_nothing, privileges);
	ADD("user", enter_as_root, users);
	check_add(&g, test_no_such_user, NULL, "no such user");
	failed = check_run("server sandbox", &g);
	(void)folder_remove(&folders[0]);
	(void)folder_remove(&folders[1]);
	(void)folder_remove(&folders[2]);
	return failed;
}

/* Unit tests for the client's sandbox (what it blocks, and what it allows), for
 * those of its helper processes, and for the helper that writes files. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/sandbox.h"
#include "client/export_helper.h"
#include "client/net/dial.h"
#include "shared/os/sandbox.h"
#include "shared/crypto/crypto.h"
#include "tests/unit/sandbox_child.h"
#include "tests/unit/sandbox_tries.h"
#include "tests/unit/folder.h"

static char *inside, *outside; /* folders; outside is also $HOME */
static char in_file[256], out_file[256], people[256];

static int enter(const char *server, const char *known_servers)
{
	struct client_options o = {.task = TASK_CHAT};
	struct crypto *c = crypto_new();
	struct errmsg why;
	int r;

	crypto_free(c);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1 ||
	    setenv("HOME", outside, 1) != 0 ||
	    uri_parse(&o.server, server) != 0)
		return -1;
	o.known_servers = (char *)(uintptr_t)known_servers;
	o.known_people = people;
	if ((r = client_sandbox_privileges(&why)) != 0 ||
	    (r = client_sandbox_enter(&o, &why)) != 0)
		dprintf(STDERR_FILENO, "# %s\n", why.text);
	return r;
}

static int enter_tcp(void)
{
	return enter("127.0.0.1:2528", in_file);
}
static int enter_unix(void)
{
	return enter("unix:/run/c.sock", in_file);
}
/* A name of mDNS needs no Unix socket here: the helper looks it up. */
static int enter_local(void)
{
	return enter("box.local", in_file);
}
/* known_servers is directly in $HOME: the file is accessible, $HOME is not. */
static int enter_home(void)
{
	return enter("127.0.0.1:2528", out_file);
}

static int try_hosts(void)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	int r = getaddrinfo("localhost", "1", &hints, &list);

	if (r != 0)
		return EIO;
	freeaddrinfo(list);
	return 0;
}

static int try_hosts_file(void)
{
	FILE *f = fopen("/etc/hosts", "r");

	if (f == NULL)
		return errno;
	fclose(f);
	return 0;
}

static int try_home_made(void)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/.bashrc", outside);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	return fd < 0 ? errno : 0;
}

static int try_own_port(void)
{
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = htons(2528)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return EIO;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (void *)&in, sizeof(in)) == 0 || errno == ECONNREFUSED)
		return 0;
	return errno;
}

static int try_local_time(void)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[64];

	return localtime_r(&now, &tm) != NULL &&
		       strftime(text, sizeof(text), "%H:%M", &tm) > 0
		   ? 0
		   : EIO;
}

static int try_terminal(void)
{
	return isatty(STDIN_FILENO) || errno != ENOSYS ? 0 : errno;
}

static const struct sandbox_try calls[] = {
    {"execve", try_execve, TRY_DIES, 0, false},
    {"execveat", try_execveat, TRY_DIES, 0, false},
    {"fork", try_fork, TRY_REFUSED, ENOSYS, true},
    {"vfork", try_vfork, TRY_REFUSED, ENOSYS, true},
    {"clone3", try_clone3, TRY_REFUSED, ENOSYS, false},
    {"unshare", try_unshare, TRY_DIES, 0, false},
    {"setns", try_setns, TRY_DIES, 0, false},
    {"ptrace of another", try_ptrace, TRY_DIES, 0, true},
    {"ptrace of oneself", try_ptrace_traceme, TRY_DIES, 0, true},
    {"reading a process", try_vm_readv, TRY_DIES, 0, true},
    {"a signal to another", try_kill_parent, TRY_DIES, 0, true},
    {"to another's thread", try_tgkill_parent, TRY_REFUSED, ENOSYS, true},
    {"a descriptor of another", try_pidfd_getfd, TRY_DIES, 0, false},
    {"executable memory", try_mmap_exec, TRY_REFUSED, ENOSYS, false},
    {"memory made so", try_mprotect_exec, TRY_REFUSED, ENOSYS, false},
    {"the same, by pkey", try_pkey_exec, TRY_DIES, 0, false},
    {"the other table of calls", try_other_table, TRY_DIES, 0, false},
    {"open_tree", try_open_tree, TRY_DIES, 0, false},
    {"openat2", try_openat2, TRY_REFUSED, ENOSYS, false},
    {"open_by_handle_at", try_handle, TRY_DIES, 0, false},
    {"chmod", try_chmod, TRY_DIES, 0, false},
    {"symlink", try_symlink, TRY_DIES, 0, false},
    {"chroot", try_chroot, TRY_DIES, 0, false},
    {"mount", try_mount, TRY_DIES, 0, false},
    {"pivot_root", try_pivot, TRY_DIES, 0, false},
    {"a Unix socket", try_socket_unix, TRY_REFUSED, EACCES, false},
    {"a raw socket", try_socket_raw, TRY_REFUSED, ENOSYS, false},
    {"a packet socket", try_socket_packet, TRY_REFUSED, ENOSYS, false},
    {"a vsock socket", try_socket_vsock, TRY_REFUSED, ENOSYS, false},
    {"listen", try_listen, TRY_DIES, 0, false},
    {"setuid", try_setuid, TRY_DIES, 0, false},
    {"prctl", try_prctl, TRY_REFUSED, ENOSYS, true},
    {"seccomp", try_seccomp, TRY_REFUSED, ENOSYS, false},
    {"bpf", try_bpf, TRY_DIES, 0, false},
    {"io_uring", try_io_uring, TRY_DIES, 0, false},
    {"userfaultfd", try_userfaultfd, TRY_DIES, 0, false},
    {"perf", try_perf, TRY_DIES, 0, false},
    {"keyctl", try_keyctl, TRY_DIES, 0, false},
    {"personality", try_personality, TRY_DIES, 0, false},
    {"a module", try_module, TRY_DIES, 0, false},
    {"typing into the terminal", try_tiocsti, TRY_REFUSED, ENOSYS, true},

    {"memory", try_memory, TRY_WORKS, 0, false},
    {"a thread", try_thread, TRY_WORKS, 0, false},
    {"the heap of a thread", try_heap_of_a_thread, TRY_WORKS, 0, false},
    {"randomness", try_random, TRY_WORKS, 0, false},
    {"clocks", try_clock, TRY_WORKS, 0, false},
    {"keys, in two threads", try_crypto, TRY_WORKS, 0, false},
    {"a TCP socket", try_socket_tcp, TRY_WORKS, 0, false},
    {"a UDP socket", try_socket_udp, TRY_REFUSED, ENOSYS, false},
    {"a netlink socket", try_socket_netlink, TRY_REFUSED, ENOSYS, false},
    {"names of hosts", try_hosts, TRY_REFUSED, EIO, true},
    {"the time zone", try_local_time, TRY_WORKS, 0, false},
    {"the terminal", try_terminal, TRY_WORKS, 0, false},
    {"abort", try_abort, TRY_ABORTS, 0, true},
};

static const struct sandbox_try files[] = {
    {"a file of ours is read", try_read_inside, TRY_WORKS, 0, false},
    {"written", try_write_inside, TRY_WORKS, 0, false},
    {"made", try_make_inside, TRY_WORKS, 0, false},
    {"the system's files are not read", try_hosts_file, TRY_REFUSED, EACCES,
	true},
    {"folders are listed, for Tab", try_list_outside, TRY_WORKS, 0, false},
    {"another file is not read", try_read_outside, TRY_REFUSED, EACCES, true},
    {"not written", try_write_outside, TRY_REFUSED, EACCES, false},
    {"not made", try_make_outside, TRY_REFUSED, EACCES, false},
    {"not removed", try_remove_outside, TRY_REFUSED, EACCES, false},
    {"not reached by a move", try_move_outside, TRY_REFUSED, EACCES, false},
    {"no start-up file is made", try_home_made, TRY_REFUSED, EACCES, false},
};

static const struct sandbox_try home[] = {
    {"known_servers in the home is read", try_read_outside, TRY_WORKS, 0,
	false},
    {"written", try_write_outside, TRY_WORKS, 0, false},
    {"nothing is made beside it", try_make_outside, TRY_REFUSED, EACCES,
	false},
    {"no start-up file either", try_home_made, TRY_REFUSED, EACCES, false},
};

static const struct sandbox_try own_socket[] = {
    {"a Unix socket", try_socket_unix, TRY_WORKS, 0, false},
};
static const struct sandbox_try no_socket[] = {
    {"a Unix socket", try_socket_unix, TRY_REFUSED, EACCES, false},
};

static int enter_ports(void)
{
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 4)
		return -1;
	return enter_tcp();
}
static const struct sandbox_try ports[] = {
    {"no other is connected to", try_connect, TRY_REFUSED, EACCES, false},
    {"none is bound", try_bind, TRY_REFUSED, ENOSYS, false},
    {"the server's is", try_own_port, TRY_WORKS, 0, false},
};

static int enter_thread(void)
{
	struct errmsg why;

	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1 ||
	    client_sandbox_privileges(&why) != 0)
		return -1;
	client_sandbox_enter_thread();
	return 0;
}
static const struct sandbox_try thread[] = {
    {"no file is read", try_read_inside, TRY_REFUSED, EACCES, true},
    {"none is written", try_write_inside, TRY_REFUSED, EACCES, false},
};

/* --- the helper for names -------------------------------------------------- */

static int has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 1 ||
		       setenv("HOME", outside, 1) != 0
		   ? -1
		   : 0;
}
static int enter_names(void)
{
	return has_landlock() != 0 ? -1 : client_sandbox_enter_names();
}
static int enter_lookup(void)
{
	return enter_names() != 0 ? -1 : client_sandbox_enter_lookup();
}

static int try_wait(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 || waitpid(pid, NULL, 0) != pid ? errno : 0;
}

#define NAME_TRIES                                                             \
	{"execve", try_execve, TRY_DIES, 0, false},                           \
	    {"ptrace of another", try_ptrace, TRY_DIES, 0, true},             \
	    {"a signal to another", try_kill_parent, TRY_REFUSED, EPERM,      \
		true},                                                         \
	    {"io_uring", try_io_uring, TRY_DIES, 0, false},                   \
	    {"listen", try_listen, TRY_DIES, 0, false},                       \
	    {"chmod", try_chmod, TRY_DIES, 0, false},                         \
	    {"symlink", try_symlink, TRY_DIES, 0, false},                     \
	    {"a file is not written", try_write_inside, TRY_REFUSED, EACCES,  \
		false},                                                        \
	    {"not made", try_make_outside, TRY_REFUSED, EACCES, false},       \
	    {"not removed", try_remove_inside, TRY_REFUSED, EACCES, false},   \
	    {"the system's files are read", try_hosts_file, TRY_WORKS, 0,     \
		false},                                                        \
	{                                                                      \
		"names of hosts", try_hosts, TRY_WORKS, 0, false              \
	}

static const struct sandbox_try names[] = {
    NAME_TRIES,
    {"a process for a lookup", try_wait, TRY_WORKS, 0, false},
};
static const struct sandbox_try lookup[] = {
    NAME_TRIES,
    {"the home directory is not read", try_read_outside, TRY_REFUSED, EACCES,
	true},
    {"files beside it are", try_read_inside, TRY_WORKS, 0, false},
    {"a UDP socket", try_socket_udp, TRY_WORKS, 0, false},
};

/* HOSTALIASES is a file in the home directory. */
static int enter_lookup_aliases(void)
{
	if (setenv("HOSTALIASES", out_file, 1) != 0)
		return -1;
	return enter_lookup();
}
static const struct sandbox_try aliases[] = {
    {"is read", try_read_outside, TRY_WORKS, 0, false},
    {"is not written", try_write_outside, TRY_REFUSED, EACCES, false},
};

/* --- the helper for exports ------------------------------------------------ */

static void write_by(struct helper *c, const char *name, int want)
{
	struct errmsg why = {""};

	assert_int_equal(
	    export_helper_write(c, inside, name, "what was said\n", 14, &why),
	    want);
	if (want != 0)
		assert_true(strlen(why.text) > 10);
}

/* Programs read these by themselves, or they are names that mislead. */
static const char *const refused[] = {".bashrc", ".ssh/authorized_keys",
    "x/.config/autostart/x.desktop", "x/../.profile", "...", "..x/y",
    "GNUmakefile", "Makefile", "conftest.py", "sitecustomize.py", "a.so",
    "authorized_keys", "package.json", "a.desktop", "a.txt.sh", "a.TXT", ".txt",
    ".a.txt", "x/.a.txt", "../a.txt", "/tmp/a.txt", "./a.txt", "x/./a.txt",
    "x//a.txt", "x/", "", "-rf.txt", "-x/a.txt", "a\n.txt", "a\033.txt",
    ".git/x.txt", "txt", "x/.txt"};

static void test_clerk(void **state)
{
	struct helper *c = export_helper_new(inside, true, NULL);
	char path[512], *text, longest[300];
	struct stat st;
	size_t i;

	(void)state;
	assert_non_null(c);
	write_by(c, "export.txt", 0);
	snprintf(path, sizeof(path), "%s/export.txt", inside);
	text = folder_read(path);
	assert_string_equal(text, "what was said\n");
	free(text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	write_by(c, "export.txt", ERR_STATE);
	write_by(c, "a/new/folder.txt", 0);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		write_by(c, refused[i], ERR_USAGE);
	memset(longest, 'x', sizeof(longest));
	strcpy(longest + sizeof(longest) - 5, ".txt");
	write_by(c, longest, ERR_USAGE);
	write_by(c, "export.txt/below.txt", ERR_USAGE);
	write_by(c, "still here.txt", 0);
	write_by(c, "a.log", 0);
	write_by(c, "a.md", 0);
	write_by(c, "a.jsonl", 0);
	helper_free(c);
}

static const char *in(const char *name)
{
	static char path[4][512];
	static unsigned at;

	snprintf(path[at %= 4], sizeof(path[0]), "%s/%s", inside, name);
	return path[at++];
}

/* Neither on the way nor at the end; in the helper and without it. */
static void test_clerk_follows_no_link(void **state)
{
	struct helper *c;
	char here[512], now[512];
	int i;

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(mkdir(in(".ssh"), 0700), 0);
	assert_int_equal(symlink(".ssh", in("keys")), 0);
	assert_int_equal(symlink(".ssh/id.txt", in("link.txt")), 0);
	assert_int_equal(symlink(outside, in("out")), 0);
	assert_int_equal(symlink("a", in("within")), 0);
	assert_int_equal(mkfifo(in("fifo.txt"), 0600), 0);
	assert_int_equal(mkdir(in("folder.txt"), 0700), 0);
	for (i = 0; i < 2; i++) {
		c = i == 0 ? export_helper_new(inside, true, NULL) : NULL;
		write_by(c, "keys/id.txt", ERR_USAGE);
		write_by(c, "out/id.txt", ERR_USAGE);
		write_by(c, "within/id.txt", ERR_USAGE);
		write_by(c, "fifo.txt/id.txt", ERR_USAGE);
		write_by(c, "link.txt", ERR_STATE);
		write_by(c, "fifo.txt", ERR_STATE);
		write_by(c, "folder.txt", ERR_STATE);
		write_by(c, i == 0 ? "x/1.txt" : "x/2.txt", 0);
		helper_free(c);
	}
	assert_int_equal(access(in(".ssh/id.txt"), F_OK), -1);
	assert_non_null(getcwd(now, sizeof(now)));
	assert_string_equal(here, now);
}

/* The helper is in its folder, whatever it is asked for. */
static int enter_export(void)
{
	return has_landlock() != 0 ? -1 : client_sandbox_enter_export(inside);
}
static int try_make_export(void)
{
	int fd = open(in("made.txt"), O_WRONLY | O_CREAT | O_EXCL, 0600);

	return fd >= 0 ? close(fd) : errno;
}
static const struct sandbox_try exporter[] = {
    {"a file is made there", try_make_export, TRY_WORKS, 0, false},
    {"none is made elsewhere", try_make_outside, TRY_REFUSED, EACCES, false},
    {"none is read elsewhere", try_read_outside, TRY_REFUSED, EACCES, true},
};

/* Several megabytes, more than fits in one message of a socket. */
static void test_clerk_writes_much(void **state)
{
	enum { MUCH = 20 << 20 };
	char *text = calloc(1, MUCH), path[512];
	struct helper *c = export_helper_new(inside, true, NULL);
	struct errmsg why = {""};
	struct stat st;

	(void)state;
	assert_non_null(text);
	assert_non_null(c);
	snprintf(path, sizeof(path), "%s/much.txt", inside);
	assert_int_equal(
	    export_helper_write(c, inside, "much.txt", text, MUCH, &why), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, MUCH);
	helper_free(c);
	free(text);
}

/* The helper wipes its own copy of the secret; ours stays. */
static void test_clerk_leaves_our_secret(void **state)
{
	struct helper *c;
	struct buf b;

	(void)state;
	buf_init_secret(&b, 64);
	assert_int_equal(buf_str(&b, "password"), 0);
	c = export_helper_new(inside, true, &b);
	assert_non_null(c);
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.p, "password", 8);
	helper_free(c);
	helper_free(NULL);
	buf_free(&b);
}

int main(void)
{
	void *folders[2] = {NULL, NULL};
	struct check_group g = {.n = 0};
	int failed;

	if (folder_make(&folders[0]) != 0 || folder_make(&folders[1]) != 0)
		return 1;
	inside = folders[0];
	outside = folders[1];
	snprintf(in_file, sizeof(in_file), "%s/known_servers", inside);
	snprintf(people, sizeof(people), "%s/known_people", inside);
	snprintf(out_file, sizeof(out_file), "%s/file", outside);
	folder_write(in_file, "", 0600);
	folder_write(out_file, "", 0600);
	try_inside = in_file;
	try_outside = out_file;
#define ADD(prefix, enter, rows)                                               \
	sandbox_child_add(                                                        \
	    &g, prefix, enter, rows, sizeof(rows) / sizeof((rows)[0]))
	ADD("calls", enter_tcp, calls);
	ADD("files", enter_tcp, files);
	ADD("home", enter_home, home);
	ADD("a server's Unix socket", enter_unix, own_socket);
	ADD("a name that ends in .local", enter_local, no_socket);
	ADD("ports", enter_ports, ports);
	ADD("a thread", enter_thread, thread);
	ADD("names", enter_names, names);
	ADD("a lookup", enter_lookup, lookup);
	ADD("a file of HOSTALIASES", enter_lookup_aliases, aliases);
	check_add(&g, test_clerk, NULL, "clerk");
	check_add(&g, test_clerk_follows_no_link, NULL, "clerk: links");
	ADD("exports", enter_export, exporter);
	check_add(&g, test_clerk_writes_much, NULL, "clerk: much");
	check_add(&g, test_clerk_leaves_our_secret, NULL, "clerk: secrets");
	failed = check_run("client sandbox", &g);
	(void)folder_remove(&folders[0]);
	(void)folder_remove(&folders[1]);
	return failed;
}

/* Calls that an attacker inside the sandboxed process would try, and calls that
 * must still work. Those about files are in sandbox_tries_files.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/crypto/crypto.h"
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"
#include "tests/unit/sandbox_tries_int.h"

/* --- other programs ------------------------------------------------------ */

int try_execve(void)
{
	char *const argv[] = {"true", NULL};

	execve("/bin/true", argv, argv + 1);
	return errno;
}

int try_execveat(void)
{
	char *const argv[] = {"true", NULL};

	return RAW(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 1, 0);
}

int try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return try_result(pid);
}

int try_vfork(void)
{
	return RAW(
	    SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, 0);
}

int try_clone3(void)
{
	return RAW(NR_CLONE3, NULL, 0);
}

int try_unshare(void)
{
	return try_result(unshare(CLONE_NEWUSER));
}

int try_setns(void)
{
	return RAW(SYS_setns, 0, 0);
}

int try_ptrace(void)
{
	return try_result(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
}

int try_ptrace_traceme(void)
{
	return try_result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

int try_vm_readv(void)
{
	char c;
	struct iovec v = {&c, 1};

	return try_result(process_vm_readv(getpid(), &v, 1, &v, 1, 0));
}

int try_kill_parent(void)
{
	return RAW(SYS_kill, 1, 0);
}

int try_tgkill_parent(void)
{
	return RAW(SYS_tgkill, 1, 1, 0);
}

int try_pidfd_getfd(void)
{
	return RAW(NR_PIDFD_GETFD, 0, 0, 0);
}

/* --- code ---------------------------------------------------------------- */

int try_mmap_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? errno : 0;
}

int try_mprotect_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return EIO;
	return try_result(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

int try_pkey_exec(void)
{
	return RAW(SYS_pkey_mprotect, NULL, 4096, PROT_EXEC, -1);
}

/* The processor's other system call table (x32 on x86-64), with other
 * numbers. */
int try_other_table(void)
{
#if defined(__x86_64__)
	return RAW(0x40000000 | SYS_getpid, 0);
#else
	kill(getpid(), SIGSYS);
	return 0;
#endif
}

/* --- sockets ------------------------------------------------------------- */

static int try_socket(int family, int type)
{
	int fd = socket(family, type, 0);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int try_socket_tcp(void)
{
	return try_socket(AF_INET, SOCK_STREAM);
}
int try_socket_tcp6(void)
{
	return try_socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC);
}
int try_socket_unix(void)
{
	return try_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
}
int try_socket_udp(void)
{
	return try_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC);
}
int try_socket_raw(void)
{
	return try_socket(AF_INET, SOCK_RAW);
}
int try_socket_packet(void)
{
	return try_socket(AF_PACKET, SOCK_RAW);
}
int try_socket_netlink(void)
{
	return try_socket(AF_NETLINK, SOCK_RAW);
}
int try_socket_vsock(void)
{
	return try_socket(AF_VSOCK, SOCK_STREAM);
}

int try_socketpair(void)
{
	int fd[2];

	return try_result(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
}

int try_bind(void)
{
	const struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	return try_result(bind(fd, (const void *)&in, sizeof(in)));
}

int try_listen(void)
{
	return try_result(listen(0, 1));
}

/* Connects to a port where nothing listens. */
int try_connect(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(1)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno;
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return try_result(connect(fd, (const void *)&in, sizeof(in)));
}

/* --- the kernel ---------------------------------------------------------- */

int try_setuid(void)
{
	return RAW(SYS_setuid, 0);
}
int try_prctl(void)
{
	return try_result(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}
int try_seccomp(void)
{
	return RAW(SYS_seccomp, 0, 0, NULL);
}
int try_landlock(void)
{
	return RAW(NR_LANDLOCK_CREATE, NULL, 0, 1);
}
int try_bpf(void)
{
	return RAW(SYS_bpf, 0, NULL, 0);
}
int try_io_uring(void)
{
	return RAW(NR_IO_URING_SETUP, 1, NULL);
}
int try_userfaultfd(void)
{
	return RAW(SYS_userfaultfd, 0);
}
int try_perf(void)
{
	return RAW(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}
int try_keyctl(void)
{
	return RAW(SYS_keyctl, 0, 0);
}
int try_memfd(void)
{
	return RAW(SYS_memfd_create, "x", 0);
}
int try_epoll_create(void)
{
	return RAW(SYS_epoll_create1, 0);
}
int try_signalfd(void)
{
	return RAW(SYS_signalfd4, -1, NULL, 8, 0);
}
int try_timerfd(void)
{
	return RAW(SYS_timerfd_create, CLOCK_MONOTONIC, 0);
}
int try_personality(void)
{
	return RAW(SYS_personality, 0x0400000);
}
int try_module(void)
{
	return RAW(SYS_init_module, NULL, 0, "");
}
int try_reboot(void)
{
	return RAW(SYS_reboot, 0, 0, 0, NULL);
}

/* Pushes input into the terminal, for the shell to read after we exit. */
int try_tiocsti(void)
{
	char c = 'x';

	return try_result(ioctl(STDIN_FILENO, TIOCSTI, &c));
}

/* --- calls that must work ------------------------------------------------ */

int try_memory(void)
{
	char *p = malloc(64 << 20), *q;

	if (p == NULL)
		return ENOMEM;
	memset(p, 1, 64 << 20);
	q = realloc(p, 1 << 20);
	free(q != NULL ? q : p);
	return q != NULL ? 0 : ENOMEM;
}

static void *nothing(void *arg)
{
	return arg;
}

int try_thread(void)
{
	pthread_t t;
	int r = pthread_create(&t, NULL, nothing, NULL);

	return r != 0 ? r : pthread_join(t, NULL);
}

/* Grows its thread's heap over several regions, then shrinks it. */
static void *use_heap(void *arg)
{
	enum { N = 3000, SIZE = 60000 };
	char **p = calloc(N, sizeof(*p));
	size_t i;

	if (p == NULL)
		return NULL;
	for (i = 0; i < N; i++)
		if ((p[i] = malloc(SIZE)) != NULL)
			memset(p[i], 1, SIZE);
	for (i = N; i > 0; i--)
		free(p[i - 1]);
	free(p);
	return arg;
}

int try_heap_of_a_thread(void)
{
	pthread_t t[2];
	void *ok = NULL;
	int r = 0;
	size_t i;

	for (i = 0; i < 2 && r == 0; i++)
		r = pthread_create(&t[i], NULL, use_heap, &r);
	while (i > 0)
		pthread_join(t[--i], &ok);
	return r != 0 ? r : ok == NULL ? ENOMEM : 0;
}

int try_random(void)
{
	char c[16];

	return getrandom(c, sizeof(c), 0) == sizeof(c) ? 0 : errno;
}

int try_clock(void)
{
	struct timespec t;
	time_t now = time(NULL);
	struct tm tm;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0 ||
	    syscall(SYS_clock_gettime, CLOCK_REALTIME, &t) != 0)
		return errno;
	return gmtime_r(&now, &tm) != NULL ? 0 : EINVAL;
}

int try_name_of_an_address(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	char host[64], port[16];

	return getnameinfo((void *)&in, sizeof(in), host, sizeof(host), port,
		   sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0
		   ? 0
		   : EINVAL;
}

int try_name_of_a_local_link(void)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_scope_id = 1};
	char host[64], port[16];

	inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr);
	return getnameinfo((void *)&in6, sizeof(in6), host, sizeof(host), port,
		   sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) == 0
		   ? 0
		   : EINVAL;
}

static void *use_crypto(void *arg)
{
	const struct rng rng = random_system();
	struct crypto *c = crypto_new();
	struct identity *id = identity_new(&rng);
	struct dh *agree = dh_new(&rng);
	struct kem_rsa *wrap = kem_rsa_new(2048);
	uint8_t sig[WIRE_SIGNATURE];
	const struct part part = {"x", 1};
	void *ok = NULL;

	if (c != NULL && id != NULL && agree != NULL && wrap != NULL &&
	    identity_sign(id, sig, &part, 1) == 0 &&
	    ed25519_verify(c, identity_public(id), sig, &part, 1) == 0)
		ok = arg;
	kem_rsa_free(wrap);
	dh_free(agree);
	identity_free(id);
	crypto_free(c);
	return ok;
}

int try_crypto(void)
{
	pthread_t t;
	void *ok = NULL;
	int r = 0;

	if (use_crypto(&r) == NULL)
		return EIO;
	if ((r = pthread_create(&t, NULL, use_crypto, &r)) != 0)
		return r;
	pthread_join(t, &ok);
	return ok != NULL ? 0 : EIO;
}

int try_abort(void)
{
	abort();
}

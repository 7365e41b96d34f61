/* fail_io.c - preloaded library that makes system calls short or fail,
 * repeatably.
 *
 * FAIL_IO="SEED CALL=WHAT/N+M ..." - after the first M calls of that name, one
 * call in N, chosen by a generator seeded with SEED, is `short` (one byte), or
 * does nothing and fails with EINTR, EAGAIN, ECONNRESET, EMFILE, ENFILE, ENOMEM
 * ENOSPC, EINVAL, ENOSYS, EOPNOTSUPP, EPERM, ENOLCK or EFBIG. CALL is recv, send,
 * sendmsg, accept4, epoll_wait, poll, write, fsync, flock, link or renameat2. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RULES = 16, SHORT = -1 };
static struct rule {
	char call[16];
	int what; /* SHORT or an errno */
	unsigned one_in, spared;
	_Atomic unsigned calls;
} rules[RULES];
static int n_rules;
static _Atomic uint64_t seed = 1;

static int errno_of(const char *word)
{
	static const struct {
		const char *word;
		int e;
	} words[] = {{"short", SHORT}, {"EINTR", EINTR}, {"EAGAIN", EAGAIN},
	    {"ECONNRESET", ECONNRESET}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE},
	    {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"EINVAL", EINVAL},
	    {"ENOSYS", ENOSYS}, {"EOPNOTSUPP", EOPNOTSUPP}, {"EPERM", EPERM},
	    {"ENOLCK", ENOLCK}, {"EFBIG", EFBIG}};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].e;
	abort(); /* the test asks for an unknown fault */
}

__attribute__((constructor)) static void begin(void)
{
	const char *s = getenv("FAIL_IO");
	char what[16];
	struct rule *r;
	int used;

	if (s == NULL)
		return;
	seed = strtoull(s, NULL, 10) * 2 + 1;
	s += strcspn(s, " ");
	for (r = rules;
	     n_rules < RULES && sscanf(s, " %15[^=]=%15[^/]/%u+%u%n", r->call,
				    what, &r->one_in, &r->spared, &used) == 4;
	     r++, n_rules++) {
		r->what = errno_of(what);
		s += used;
	}
}

/* Chooses the fault for this call: 0, SHORT or an errno. */
static int fate(const char *call)
{
	uint64_t x;
	int i;

	for (i = 0; i < n_rules; i++) {
		if (strcmp(rules[i].call, call) != 0)
			continue;
		x = atomic_fetch_add(&seed, UINT64_C(0x9e3779b97f4a7c15));
		x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
		if (atomic_fetch_add(&rules[i].calls, 1) >= rules[i].spared &&
		    (x ^ x >> 31) % rules[i].one_in == 0)
			return rules[i].what;
	}
	return 0;
}

#define REAL(fn) ((__typeof__(&fn))dlsym(RTLD_NEXT, #fn))
#define FAIL(f)                                                                \
	do {                                                                   \
		if ((f) > 0) {                                                 \
			errno = (f);                                           \
			return -1;                                             \
		}                                                              \
	} while (0)

static bool is_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	int f = fate("recv");

	FAIL(f);
	return REAL(recv)(fd, p, f == SHORT && n > 1 ? 1 : n, flags);
}

ssize_t send(int fd, const void *p, size_t n, int flags)
{
	int f = fate("send");

	FAIL(f);
	return REAL(send)(fd, p, f == SHORT && n > 1 ? 1 : n, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	int f = fate("sendmsg");
	struct iovec one;
	struct msghdr few = *m;

	FAIL(f);
	if (f != SHORT || m->msg_iovlen == 0 || m->msg_iov[0].iov_len == 0)
		return REAL(sendmsg)(fd, m, flags);
	one = (struct iovec){m->msg_iov[0].iov_base, 1};
	few.msg_iov = &one;
	few.msg_iovlen = 1;
	return REAL(sendmsg)(fd, &few, flags);
}

int accept4(int fd, struct sockaddr *sa, socklen_t *n, int flags)
{
	int f = fate("accept4");

	FAIL(f);
	return REAL(accept4)(fd, sa, n, flags);
}

int epoll_wait(int fd, struct epoll_event *e, int n, int ms)
{
	int f = fate("epoll_wait");

	FAIL(f);
	return REAL(epoll_wait)(fd, e, n, ms);
}

int poll(struct pollfd *p, nfds_t n, int ms)
{
	int f = fate("poll");

	FAIL(f);
	return REAL(poll)(p, n, ms);
}

/* The name that FORTIFY uses for poll. */
int __poll_chk(struct pollfd *p, nfds_t n, int ms, size_t size);
int __poll_chk(struct pollfd *p, nfds_t n, int ms, size_t size)
{
	(void)size;
	return poll(p, n, ms);
}

ssize_t write(int fd, const void *p, size_t n)
{
	int f = is_socket(fd) || fd <= STDERR_FILENO ? 0 : fate("write");

	FAIL(f);
	return REAL(write)(fd, p, f == SHORT && n > 8 ? 1 : n);
}

int fsync(int fd)
{
	int f = fate("fsync");

	FAIL(f);
	return REAL(fsync)(fd);
}

int flock(int fd, int how)
{
	int f = fate("flock");

	FAIL(f);
	return REAL(flock)(fd, how);
}

int link(const char *from, const char *to)
{
	int f = fate("link");

	FAIL(f);
	return REAL(link)(from, to);
}

int renameat2(
    int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	int f = fate("renameat2");

	FAIL(f);
	return REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

/* name_helper.c - the helper process that looks up the names of hosts. */
#include "client/name_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/sandbox.h"

enum { LOOKUPS_MAX = 4 /* at once; the main process needs one */ };

/* One write of so many bytes to a pipe is whole. */
_Static_assert(sizeof(struct name_answer) <= PIPE_BUF, "one whole write");

/* --- one lookup, in a process of its own ----------------------------------- */

static bool address_of(struct name_address *out, const struct addrinfo *ai)
{
	const struct sockaddr_in *in = (const void *)ai->ai_addr;
	const struct sockaddr_in6 *in6 = (const void *)ai->ai_addr;

	memset(out, 0, sizeof(*out));
	if (ai->ai_family == AF_INET && ai->ai_addrlen == sizeof(*in)) {
		memcpy(out->bytes, &in->sin_addr, sizeof(in->sin_addr));
		return true;
	}
	if (ai->ai_family != AF_INET6 || ai->ai_addrlen != sizeof(*in6))
		return false;
	out->v6 = 1;
	out->scope = in6->sin6_scope_id;
	memcpy(out->bytes, &in6->sin6_addr, sizeof(in6->sin6_addr));
	return true;
}

/* A hosts file may give an address twice. */
static void add(struct name_answer *out, const struct name_address *a)
{
	uint32_t i;

	for (i = 0; i < out->n; i++)
		if (memcmp(&out->list[i], a, sizeof(*a)) == 0)
			return;
	out->found++;
	if (out->n < NAME_ADDRESSES_MAX)
		out->list[out->n++] = *a;
}

static void look_up(struct name_answer *out, const char *host)
{
	/* No AI_ADDRCONFIG: it hides ::1 on a machine with no other IPv6
	 * address, and a family without a route fails at once anyway. */
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL, *ai;
	struct name_address a;

	memset(out, 0, sizeof(*out));
	out->result = getaddrinfo(host, NULL, &hints, &list);
	out->error = errno;
	if (out->result != 0)
		return;
	for (ai = list; ai != NULL; ai = ai->ai_next)
		if (address_of(&a, ai))
			add(out, &a);
	freeaddrinfo(list);
	if (out->n == 0)
		out->result = EAI_NONAME;
}

static _Noreturn void lookup_main(const char *host, int fd, bool sandboxed)
{
	struct name_answer a;
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGALRM, SIG_DFL);
	alarm(NAME_HELPER_S);
	/* Not longer than the helper, either. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sandboxed && client_sandbox_enter_lookup() != 0)
		_exit(1);
	look_up(&a, host);
	_exit(write(fd, &a, sizeof(a)) == (ssize_t)sizeof(a) ? 0 : 1);
}

/* --- the helper ----------------------------------------------------------- */

/* What a URI may hold (uri.h): no host that it cannot hold is looked up. */
static bool is_host(const char *s, size_t n)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-:%";

	return n <= URI_HOST_MAX && strspn(s, allowed) == n;
}

struct lookups {
	bool sandboxed;
	unsigned running;
};

static void handle(void *arg, int to, const char *request, size_t n, int fd)
{
	struct lookups *all = arg;
	pid_t pid = -1;

	while (all->running > 0 && waitpid(-1, NULL, WNOHANG) > 0)
		all->running--;
	if (all->running < LOOKUPS_MAX && is_host(request, n))
		pid = fork();
	if (pid == 0) {
		close(to);
		lookup_main(request, fd, all->sandboxed);
	}
	all->running += pid > 0;
	/* If there is no process, the main process sees end of file. */
	close(fd);
}

static int enter_sandbox(void *arg)
{
	(void)arg;
	return client_sandbox_enter_names();
}

struct helper *name_helper_new(bool sandboxed, struct buf *wipe)
{
	/* Only the child uses it, and never returns from helper_new. */
	struct lookups all = {.sandboxed = sandboxed};
	const struct helper_task task = {
	    sandboxed ? enter_sandbox : NULL, handle, &all, false};

	return helper_new(&task, wipe);
}

/* --- the main process's side ---------------------------------------------- */

int name_helper_ask(struct helper *h, const char *host, int *fd)
{
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return ERR_NOMEM;
	r = helper_ask(h, host, strlen(host), ends[1]);
	close(ends[1]);
	if (r != 0) {
		close(ends[0]);
		return r;
	}
	*fd = ends[0];
	return 0;
}

static bool valid(const struct name_answer *a)
{
	uint32_t i;

	if (a->n > NAME_ADDRESSES_MAX || a->found < a->n ||
	    (a->result == 0) != (a->n > 0))
		return false;
	for (i = 0; i < a->n; i++)
		if (a->list[i].v6 > 1)
			return false;
	return true;
}

int name_helper_read(int fd, struct name_answer *out)
{
	ssize_t n;

	do {
		n = read(fd, out, sizeof(*out));
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return ERR_AGAIN;
	return n == (ssize_t)sizeof(*out) && valid(out) ? 0 : ERR_LOST;
}

/* helper.c - the helper process that creates files for /export. */
#include "client/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/sandbox.h"
#include "shared/os/file.h"

enum { CONTENT_MAX = 512 << 20 };

struct helper {
	int fd; /* SOCK_SEQPACKET socket pair: per file, one message each way */
};

struct answer {
	int r;
	struct errmsg why;
};

/* --- one message with a descriptor ---------------------------------------- */

struct packet {
	struct msghdr msg;
	struct iovec iov;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void packet_init(struct packet *k, void *p, size_t n)
{
	memset(k, 0, sizeof(*k));
	k->iov = (struct iovec){p, n};
	k->msg.msg_iov = &k->iov;
	k->msg.msg_iovlen = 1;
	k->msg.msg_control = k->control;
	k->msg.msg_controllen = sizeof(k->control);
}

static ssize_t send_with(int to, const char *text, int fd)
{
	struct packet k;
	struct cmsghdr *c;
	ssize_t n;

	packet_init(&k, (void *)(uintptr_t)text, strlen(text));
	c = CMSG_FIRSTHDR(&k.msg);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	do {
		n = sendmsg(to, &k.msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n;
}

/* Receives a text and an optional descriptor. Returns the length of the text; 0
 * at end of file. *fd is -1 if no descriptor came. */
static ssize_t receive_with(int from, char *text, size_t size, int *fd)
{
	struct packet k;
	struct cmsghdr *c;
	ssize_t n;

	*fd = -1;
	packet_init(&k, text, size);
	do {
		n = recvmsg(from, &k.msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n;
	c = CMSG_FIRSTHDR(&k.msg);
	if (c != NULL && c->cmsg_level == SOL_SOCKET &&
	    c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(*fd)))
		memcpy(fd, CMSG_DATA(c), sizeof(*fd));
	return n;
}

/* --- the helper ----------------------------------------------------------- */

/* Whether the path has a hidden component, such as ~/.ssh, ~/.bashrc or
 * ~/.config: programs read these automatically. */
static bool hidden(const char *path)
{
	const char *p = path;
	size_t n;

	for (; *p != '\0'; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (p[0] == '.' && n > 1 && !(n == 2 && p[1] == '.'))
			return true;
	}
	return false;
}

static int read_content(int fd, struct buf *out)
{
	ssize_t n;
	int r;

	do {
		if ((r = buf_reserve(out, 64 << 10)) != 0)
			return r;
		n = pread(fd, out->p + out->len, 64 << 10, (off_t)out->len);
		if (n > 0)
			out->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0 ? 0 : ERR_IO;
}

static int make_file(const char *path, int content, struct errmsg *why)
{
	struct buf b;
	int r;

	if (hidden(path))
		return errmsg_set(why, ERR_USAGE,
		    "%s is not written: a name or folder in it begins with a "
		    "dot, where programs look for what to do; choose another",
		    path);
	buf_init(&b, CONTENT_MAX);
	if ((r = read_content(content, &b)) != 0)
		errmsg_set(why, r, "there is not memory enough to write it");
	else
		r = file_write(path, b.p, b.len, FILE_NEW, why);
	buf_free(&b);
	return r;
}

/* Serves requests until the other end is closed. */
static void serve(int fd)
{
	char path[PATH_MAX + 1];
	struct answer a;
	int content;
	ssize_t n;

	while ((n = receive_with(fd, path, PATH_MAX, &content)) > 0) {
		memset(&a, 0, sizeof(a));
		path[n] = '\0';
		a.r =
		    content < 0 ? ERR_USAGE : make_file(path, content, &a.why);
		if (content >= 0)
			close(content);
		if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) < 0)
			break;
	}
}

/* The helper's main function. It ignores the terminal and its signals. */
static _Noreturn void helper_main(int fd, struct buf *wipe)
{
	static const int ignored[] = {
	    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH, SIGPIPE};
	size_t i;
	int null = open("/dev/null", O_RDWR);

	if (wipe != NULL)
		buf_free(wipe);
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	for (i = 0; i <= STDERR_FILENO && null >= 0; i++)
		(void)dup2(null, (int)i);
	if (client_sandbox_enter_helper() == 0)
		serve(fd);
	_exit(0);
}

struct helper *helper_new(struct buf *wipe)
{
	struct helper *c = calloc(1, sizeof(*c));
	int fd[2];
	pid_t pid;

	if (c == NULL)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) != 0) {
		free(c);
		return NULL;
	}
	pid = fork();
	if (pid == 0) {
		close(fd[0]);
		free(c);
		helper_main(fd[1], wipe);
	}
	close(fd[1]);
	c->fd = fd[0];
	if (pid < 0) {
		helper_free(c);
		return NULL;
	}
	return c;
}

void helper_free(struct helper *c)
{
	if (c == NULL)
		return;
	close(c->fd); /* the helper sees end of file and exits */
	free(c);
}

/* --- the client's side --------------------------------------------------- */

static int put(int fd, const void *p, size_t n)
{
	const char *s = p;
	ssize_t w;

	while (n > 0) {
		w = write(fd, s, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return ERR_IO;
		s += w;
		n -= (size_t)w;
	}
	return 0;
}

int helper_write(
    struct helper *c, const char *path, const void *p, size_t n, struct errmsg *why)
{
	struct answer a;
	int fd, r = 0;
	ssize_t got;

	if (c == NULL)
		return file_write(path, p, n, FILE_NEW, why);
	fd = memfd_create("export", MFD_CLOEXEC);
	if (fd < 0 || put(fd, p, n) != 0)
		r = errmsg_set(
		    why, ERR_IO, "there is not memory enough to write it");
	else if (send_with(c->fd, path, fd) < 0)
		r = errmsg_set(why, ERR_IO, "%s cannot be written: %s", path,
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	if (r != 0)
		return r;
	do {
		got = recv(c->fd, &a, sizeof(a), 0);
	} while (got < 0 && errno == EINTR);
	if (got != (ssize_t)sizeof(a))
		return errmsg_set(why, ERR_IO,
		    "%s cannot be written: the process that does it is gone",
		    path);
	a.why.text[sizeof(a.why.text) - 1] = '\0';
	*why = a.why;
	return a.r;
}

/* Looks up a name and connects to the first address that answers. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/net/dial.h"

/* getaddrinfo(3) cannot be cancelled and may take a minute. So its thread is
 * detached, and whichever of the two drops this last frees it. */
struct lookup {
	pthread_mutex_t lock;
	int refs;
	int fd; /* eventfd, readable when done */
	bool done;
	int result; /* EAI_ */
	int error;  /* errno, for EAI_SYSTEM */
	struct addrinfo *list;
	char host[URI_HOST_MAX + 1], port[6];
};

struct attempt {
	struct sockaddr_storage addr;
	socklen_t len;
	int fd; /* -1: not begun, or over */
};

struct dial {
	const struct uri *uri; /* borrowed */
	const char *name;      /* borrowed */
	struct lookup *lookup; /* NULL once it is done */
	struct attempt attempts[DIAL_ADDRESSES_MAX];
	size_t n, begun;
	uint64_t next_ms; /* when to begin another */
	uint64_t end_ms;
	int error; /* errno: the most telling so far */
};

static void lookup_drop(struct lookup *l)
{
	bool last;

	pthread_mutex_lock(&l->lock);
	last = --l->refs == 0;
	pthread_mutex_unlock(&l->lock);
	if (!last)
		return;
	if (l->list != NULL)
		freeaddrinfo(l->list);
	close(l->fd);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

static void *lookup_main(void *arg)
{
	/* No AI_ADDRCONFIG: it hides ::1 on a machine with no other IPv6
	 * address, and a family without a route fails at once anyway. */
	const struct addrinfo hints = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct lookup *l = arg;
	const uint64_t one = 1;
	struct addrinfo *list = NULL;
	int r = getaddrinfo(l->host, l->port, &hints, &list);

	pthread_mutex_lock(&l->lock);
	l->result = r;
	l->error = errno;
	l->list = r == 0 ? list : NULL;
	l->done = true;
	pthread_mutex_unlock(&l->lock);
	/* Cannot fail: nobody counts an eventfd to 2^64. */
	(void)!write(l->fd, &one, sizeof(one));
	lookup_drop(l);
	return NULL;
}

static struct lookup *lookup_new(const struct uri *u)
{
	struct lookup *l = calloc(1, sizeof(*l));
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	if (l == NULL)
		return NULL;
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->fd < 0) {
		free(l);
		return NULL;
	}
	pthread_mutex_init(&l->lock, NULL);
	l->refs = 2;
	snprintf(l->host, sizeof(l->host), "%s", u->host);
	snprintf(l->port, sizeof(l->port), "%s", u->port);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all); /* signals are the loop's */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attr, lookup_main, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (r != 0) {
		l->refs = 1;
		lookup_drop(l);
		return NULL;
	}
	return l;
}

static void add(struct dial *n, const struct addrinfo *a)
{
	if (n->n >= DIAL_ADDRESSES_MAX ||
	    a->ai_addrlen > sizeof(n->attempts[0].addr))
		return;
	memcpy(&n->attempts[n->n].addr, a->ai_addr, a->ai_addrlen);
	n->attempts[n->n].len = a->ai_addrlen;
	n->attempts[n->n++].fd = -1;
}

static const struct addrinfo *next_of(
    const struct addrinfo *a, int family, bool same)
{
	while (a != NULL && (a->ai_family == family) != same)
		a = a->ai_next;
	return a;
}

/* Keeps the order, but alternates the two families: a dead family then costs one
 * stagger, not one for each address. */
static void interleave(struct dial *n, const struct addrinfo *list)
{
	int first = list->ai_family;
	const struct addrinfo *a = list, *b = next_of(list, first, false);

	while (a != NULL || b != NULL) {
		if (a != NULL) {
			add(n, a);
			a = next_of(a->ai_next, first, true);
		}
		if (b != NULL) {
			add(n, b);
			b = next_of(b->ai_next, first, false);
		}
	}
}

static void add_unix(struct dial *n)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, n->uri->path, strlen(n->uri->path));
	memcpy(&n->attempts[0].addr, &un, sizeof(un));
	n->attempts[0].len = sizeof(un);
	n->attempts[0].fd = -1;
	n->n = 1;
}

struct dial *dial_new(
    const struct uri *u, const char *name, uint64_t now_ms, struct errmsg *why)
{
	struct dial *n = calloc(1, sizeof(*n));

	if (n == NULL)
		goto nomem;
	n->uri = u;
	n->name = name;
	n->next_ms = now_ms;
	n->end_ms = now_ms + DIAL_TIMEOUT_MS;
	if (u->path[0] != '\0')
		add_unix(n);
	else if ((n->lookup = lookup_new(u)) == NULL)
		goto nomem;
	return n;
nomem:
	errmsg_set(why, ERR_NOMEM,
	    "cannot connect: the system is out of memory, "
	    "threads or descriptors");
	free(n);
	return NULL;
}

void dial_free(struct dial *n)
{
	size_t i;

	if (n == NULL)
		return;
	if (n->lookup != NULL)
		lookup_drop(n->lookup);
	for (i = 0; i < n->n; i++)
		if (n->attempts[i].fd >= 0)
			close(n->attempts[i].fd);
	free(n);
}

int dial_fds(const struct dial *n, struct pollfd *out)
{
	int count = 0;
	size_t i;

	if (n->lookup != NULL)
		out[count++] = (struct pollfd){n->lookup->fd, POLLIN, 0};
	for (i = 0; i < n->begun; i++)
		if (n->attempts[i].fd >= 0)
			out[count++] =
			    (struct pollfd){n->attempts[i].fd, POLLOUT, 0};
	return count;
}

uint64_t dial_deadline(const struct dial *n)
{
	if (n->lookup == NULL && n->begun < n->n && n->next_ms < n->end_ms)
		return n->next_ms;
	return n->end_ms;
}

/* Keep the most telling error: a refusal says more than a missing route. */
static void note(struct dial *n, int error)
{
	if (n->error == 0 || n->error == ENETUNREACH ||
	    n->error == EAFNOSUPPORT || error == ECONNREFUSED)
		n->error = error;
}

static int failed(const struct dial *n, int error, struct errmsg *why)
{
	const char *s = n->name;

	switch (error) {
	case ECONNREFUSED:
		return errmsg_set(why, ERR_LOST,
		    "%s refused the connection: is conclaved running there, "
		    "and is that its address?",
		    s);
	case ENOENT:
		return errmsg_set(why, ERR_LOST,
		    "there is no socket %s: is conclaved listening there?", s);
	case EACCES:
	case EPERM:
		return errmsg_set(why, ERR_LOST,
		    "connecting to %s is not permitted: ask who runs the "
		    "server or this machine",
		    s);
	case ETIMEDOUT:
		return errmsg_set(why, ERR_LOST,
		    "%s did not answer: check the address, and any firewall "
		    "on the way",
		    s);
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EAFNOSUPPORT:
	case EADDRNOTAVAIL:
		return errmsg_set(why, ERR_LOST,
		    "there is no way to %s from here: check this machine's "
		    "network",
		    s);
	default:
		return errmsg_set(why, ERR_LOST, "cannot connect to %s: %s", s,
		    strerror(error));
	}
}

static int not_found(
    const struct dial *n, int eai, int error, struct errmsg *why)
{
	const char *host = n->uri->host;

	if (eai == EAI_NONAME || eai == EAI_NODATA || eai == EAI_ADDRFAMILY)
		return errmsg_set(why, ERR_LOST,
		    "there is no host \"%s\": check how it is written", host);
	if (eai == EAI_AGAIN)
		return errmsg_set(why, ERR_LOST,
		    "\"%s\" cannot be looked up at the moment: check this "
		    "machine's network",
		    host);
	return errmsg_set(why, ERR_LOST, "\"%s\" cannot be looked up: %s", host,
	    eai == EAI_SYSTEM ? strerror(error) : gai_strerror(eai));
}

static int finish_lookup(struct dial *n, struct errmsg *why)
{
	struct lookup *l = n->lookup;
	int r = 0;
	bool done;

	pthread_mutex_lock(&l->lock);
	done = l->done;
	pthread_mutex_unlock(&l->lock);
	if (!done)
		return ERR_AGAIN;
	if (l->result != 0)
		r = not_found(n, l->result, l->error, why);
	else
		interleave(n, l->list);
	lookup_drop(l);
	n->lookup = NULL;
	return r;
}

/* Begins to connect. 0 when that is under way or done. */
static int begin(struct attempt *a)
{
	int one = 1, e;

	a->fd = socket(
	    a->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0)
		return errno;
	/* Records are made whole: Nagle would only hold them back. */
	if (a->addr.ss_family != AF_UNIX)
		(void)setsockopt(
		    a->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(a->fd, (struct sockaddr *)&a->addr, a->len) == 0 ||
	    errno == EINPROGRESS)
		return 0;
	e = errno == EAGAIN ? ECONNREFUSED
			    : errno; /* Unix: its queue is full */
	close(a->fd);
	a->fd = -1;
	return e;
}

/* errno of a socket that has stopped connecting, EINPROGRESS before. */
static int outcome(const struct attempt *a)
{
	struct pollfd p = {a->fd, POLLOUT, 0};
	socklen_t len = sizeof(int);
	int e = 0;

	if (poll(&p, 1, 0) < 1)
		return EINPROGRESS;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &e, &len) != 0)
		return errno;
	return e;
}

/* Checks the attempts under way; true when one has connected. */
static bool check(struct dial *n, int *fd, size_t *waiting)
{
	struct attempt *a;
	size_t i;
	int e;

	*waiting = 0;
	for (i = 0; i < n->begun; i++) {
		a = &n->attempts[i];
		if (a->fd < 0)
			continue;
		e = outcome(a);
		if (e == 0) {
			*fd = a->fd;
			a->fd = -1;
			return true;
		}
		if (e == EINPROGRESS) {
			++*waiting;
			continue;
		}
		note(n, e);
		close(a->fd);
		a->fd = -1;
	}
	return false;
}

int dial_step(struct dial *n, uint64_t now_ms, int *fd, struct errmsg *why)
{
	size_t waiting;
	int r;

	if (n->lookup != NULL && (r = finish_lookup(n, why)) != 0) {
		if (r == ERR_AGAIN && now_ms >= n->end_ms)
			r = not_found(n, EAI_AGAIN, 0, why);
		return r;
	}
	for (;;) {
		if (check(n, fd, &waiting))
			return 0;
		if (now_ms >= n->end_ms)
			return failed(n, ETIMEDOUT, why);
		if (n->begun == n->n)
			break;
		if (waiting > 0 && now_ms < n->next_ms)
			return ERR_AGAIN;
		r = begin(&n->attempts[n->begun++]);
		if (r != 0)
			note(n, r);
		n->next_ms = now_ms + DIAL_STAGGER_MS;
	}
	return waiting > 0
		   ? ERR_AGAIN
		   : failed(n, n->error != 0 ? n->error : ENETUNREACH, why);
}

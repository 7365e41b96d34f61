/* listener.c - opens listening sockets and builds the invite. */
#include "server/net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "shared/wire/uri.h"

/* How often to retry a free port of the first address on the others. */
enum { FREE_PORT_TRIES = 16 };

/* One of the addresses that ADDR names. */
struct address {
	struct sockaddr_storage sa;
	socklen_t len;
};
struct addresses {
	struct address a[LISTENERS_MAX];
	size_t n;
};

static in_port_t *port_of(struct sockaddr_storage *sa)
{
	if (sa->ss_family == AF_INET6)
		return &((struct sockaddr_in6 *)(void *)sa)->sin6_port;
	return &((struct sockaddr_in *)(void *)sa)->sin_port;
}

static void name_of(char *out, size_t size, const struct address *a)
{
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getnameinfo((const void *)&a->sa, a->len, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		snprintf(out, size, "?");
	else if (a->sa.ss_family == AF_INET6)
		snprintf(out, size, "[%.200s]:%.8s", host, port);
	else
		snprintf(out, size, "%.200s:%.8s", host, port);
}

/* A hosts file may list an address twice, and the second bind would fail. */
static void add_address(
    struct addresses *as, const struct sockaddr *sa, socklen_t len)
{
	size_t i;

	for (i = 0; i < as->n; i++)
		if (as->a[i].len == len && memcmp(&as->a[i].sa, sa, len) == 0)
			return;
	if (as->n == LISTENERS_MAX || len > sizeof(as->a[0].sa))
		return;
	memcpy(&as->a[as->n].sa, sa, len);
	as->a[as->n++].len = len;
}

/* r: of getaddrinfo. */
static void say_lookup(
    const struct logger *log, const char *host, const char *port, int r)
{
	const char *zone = host != NULL ? strchr(host, '%') : NULL;

	if (r == EAI_NONAME && zone != NULL)
		logger_error(log, "listen",
		    "[%s] names the network interface \"%s\", which this "
		    "machine does not have: `ip link` lists them",
		    host, zone + 1);
	else
		logger_error(log, "listen",
		    "cannot find an address for \"%s\": %s; give --listen an "
		    "address of this machine, or :%s for all of them",
		    host != NULL ? host : "",
		    r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r), port);
}

static int lookup(struct addresses *out, const char *host, const char *port,
    const struct logger *log)
{
	struct addrinfo hints = {0}, *list = NULL, *ai;
	int r;

	hints.ai_family = AF_UNSPEC;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
	r = getaddrinfo(host, port, &hints, &list);
	if (r != 0) {
		say_lookup(log, host, port, r);
		return ERR_IO;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next)
		if (ai->ai_family == AF_INET || ai->ai_family == AF_INET6)
			add_address(out, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

/* localhost is 127.0.0.1 and ::1, whatever the resolver returns (RFC 6761). */
static int find_addresses(
    struct addresses *out, const struct uri *u, const struct logger *log)
{
	int r;

	out->n = 0;
	if (strcasecmp(u->host, "localhost") != 0)
		return lookup(
		    out, u->host[0] != '\0' ? u->host : NULL, u->port, log);
	if ((r = lookup(out, "127.0.0.1", u->port, log)) == 0)
		r = lookup(out, "::1", u->port, log);
	return r;
}

/* --- TCP --------------------------------------------------------------- */

/* Returns the fd, or -1 with errno. On success *a is the bound address. */
static int open_tcp(struct address *a)
{
	const int on = 1;
	int fd, saved;

	fd = socket(
	    a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	/* Do not wait for an earlier server's connections in TIME_WAIT. IPv6
	 * sockets take no IPv4 connections, so that addresses are
	 * unambiguous. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    (a->sa.ss_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) !=
		    0) ||
	    bind(fd, (const void *)&a->sa, a->len) != 0 ||
	    listen(fd, SOMAXCONN) != 0 ||
	    getsockname(fd, (void *)&a->sa, &a->len) != 0) {
		saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static void say_tcp(
    const struct logger *log, const struct address *a, int error)
{
	char name[sizeof(((struct listener *)NULL)->name)];

	name_of(name, sizeof(name), a);
	if (error == EADDRINUSE)
		logger_error(log, "listen",
		    "%s is in use: stop the program that listens there, or "
		    "choose another port with --listen HOST:PORT",
		    name);
	else if (error == EACCES)
		logger_error(log, "listen",
		    "not allowed to listen on %s: choose a port from 1024 up "
		    "with --listen HOST:PORT",
		    name);
	else if (error == EADDRNOTAVAIL)
		logger_error(log, "listen",
		    "%s is not an address of this machine: give --listen one that "
		    "is, or :PORT for all of them",
		    name);
	else if (error == EINVAL && a->sa.ss_family == AF_INET6)
		logger_error(log, "listen",
		    "cannot listen on %s: an address that begins with fe80: "
		    "needs its network interface, as in [fe80::1%%eth0]:PORT",
		    name);
	else
		logger_error(log, "listen", "cannot listen on %s: %s", name,
		    strerror(error));
}

static bool family_missing(int error)
{
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/* Opens all addresses on one port. Returns 0 or an errno, with *failed set
 * to the address that failed. */
static int open_all(struct listener *ls, size_t *n, struct addresses *as,
    struct address *failed)
{
	size_t before = *n, i;
	in_port_t port = *port_of(&as->a[0].sa);
	int error = 0, missing = 0, fd;
	struct address a;

	for (i = 0; i < as->n; i++) {
		a = as->a[i];
		*port_of(&a.sa) = port;
		if (*n == LISTENERS_MAX) {
			fd = -1;
			errno = EMFILE;
		} else {
			fd = open_tcp(&a);
		}
		if (fd < 0) {
			if (!family_missing(errno)) {
				error = errno;
				*failed = a;
				break;
			}
			if (missing == 0) {
				missing = errno;
				*failed = a;
			}
			continue;
		}
		port = *port_of(&a.sa); /* the port that 0 became */
		ls[*n].fd = fd;
		ls[*n].unlink_path = NULL;
		name_of(ls[*n].name, sizeof(ls[*n].name), &a);
		(*n)++;
	}
	if (error == 0 && *n == before)
		error = missing != 0 ? missing : EADDRNOTAVAIL;
	while (error != 0 && *n > before)
		listener_close(&ls[--*n]);
	return error;
}

static int listen_tcp(struct listener *ls, size_t *n, const struct uri *u,
    const struct logger *log)
{
	bool any_port = strcmp(u->port, "0") == 0;
	struct address failed = {0};
	struct addresses as;
	int r, error, tries = 0;

	if ((r = find_addresses(&as, u, log)) != 0)
		return r;
	if (as.n == 0) {
		logger_error(log, "listen",
		    "\"%s\" has no IPv4 or IPv6 address: give --listen another",
		    u->host);
		return ERR_IO;
	}
	do {
		error = open_all(ls, n, &as, &failed);
	} while (error == EADDRINUSE && any_port && ++tries < FREE_PORT_TRIES);
	if (error == 0)
		return 0;
	say_tcp(log, &failed, error);
	return ERR_IO;
}

/* --- Unix sockets ------------------------------------------------------ */

/* The mode is right from the start, because bind creates the file under this
 * umask. Members of our group may connect, but also need the password. */
static int bind_unix(int fd, const struct sockaddr_un *sa)
{
	mode_t before = umask(0117);
	int r = bind(fd, (const void *)sa, sizeof(*sa));

	umask(before);
	return r;
}

/* Removes a socket that an earlier server left behind. */
static int remove_stale(
    const struct sockaddr_un *sa, const char *path, const struct logger *log)
{
	struct stat st;
	int fd, r, error;

	if (lstat(sa->sun_path, &st) != 0)
		return errno == ENOENT ? 0 : ERR_IO;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		logger_error(log, "listen",
		    "%s exists and is not a socket of this server's user: move "
		    "it away, or choose another path",
		    path);
		return ERR_USAGE;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return ERR_IO;
	r = connect(fd, (const void *)sa, sizeof(*sa));
	error = errno;
	close(fd);
	if (r == 0 || error != ECONNREFUSED) {
		logger_error(log, "listen",
		    "another program listens on %s: stop it, or choose another "
		    "path",
		    path);
		return ERR_USAGE;
	}
	return unlink(sa->sun_path) == 0 || errno == ENOENT ? 0 : ERR_IO;
}

/* The folder of a path that is too long for a socket's address is entered for the
 * moment: there is one thread yet. -1: nothing was done. */
static int enter_folder(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	int back;

	*name = path;
	if (strlen(path) < sizeof(((struct sockaddr_un *)NULL)->sun_path) ||
	    slash == NULL || slash == path ||
	    (size_t)(slash - path) >= sizeof(folder))
		return -1;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	if ((back = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return -1;
	if (chdir(folder) != 0) {
		close(back);
		return -1;
	}
	*name = slash + 1;
	return back;
}

static void leave_folder(int back)
{
	if (back < 0)
		return;
	(void)!fchdir(back);
	close(back);
}

/* Binds and listens. ERR_USAGE: logged. */
static int open_unix(
    int fd, const char *name, const char *path, const struct logger *log)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int r;

	if (strlen(name) >= sizeof(sa.sun_path)) {
		errno = ENAMETOOLONG;
		return ERR_IO;
	}
	memcpy(sa.sun_path, name, strlen(name) + 1);
	if (bind_unix(fd, &sa) != 0) {
		if (errno != EADDRINUSE)
			return ERR_IO;
		if ((r = remove_stale(&sa, path, log)) != 0)
			return r;
		if (bind_unix(fd, &sa) != 0)
			return ERR_IO;
	}
	if (listen(fd, SOMAXCONN) == 0)
		return 0;
	unlink(name);
	return ERR_IO;
}

int listener_unix(int *out, const char *path, const struct logger *log)
{
	const char *name;
	int fd, back, r = ERR_IO, error;

	*out = -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		back = enter_folder(path, &name);
		r = open_unix(fd, name, path, log);
		error = errno;
		leave_folder(back);
		errno = error;
	}
	if (r == 0) {
		*out = fd;
		return 0;
	}
	if (r != ERR_USAGE)
		logger_error(log, "listen", "cannot listen on unix:%s: %s",
		    path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return r;
}

static int listen_unix(struct listener *ls, size_t *n, const struct uri *u,
    const struct logger *log)
{
	struct listener l = {.fd = -1};
	int r = *n == LISTENERS_MAX ? ERR_LIMIT : 0;

	if (r == 0 && (l.unlink_path = strdup(u->path)) == NULL)
		r = ERR_NOMEM;
	if (r != 0) {
		logger_error(log, "listen", "cannot listen on unix:%s: %s",
		    u->path, err_str(r));
		return r;
	}
	if ((r = listener_unix(&l.fd, u->path, log)) != 0) {
		free(l.unlink_path);
		return r;
	}
	snprintf(l.name, sizeof(l.name), "unix:%s", u->path);
	ls[(*n)++] = l;
	return 0;
}

/* ----------------------------------------------------------------------- */

int listener_open(struct listener *ls, size_t *n, const char *addr, bool tls,
    const struct logger *log)
{
	size_t i = *n;
	struct uri u;
	int r;

	if (uri_parse_listen(&u, addr) != 0 || (tls && u.path[0] != '\0')) {
		logger_error(log, "listen",
		    "\"%s\" is not an address: give --listen HOST:PORT, "
		    "[V6]:PORT, :PORT or unix:/PATH",
		    addr);
		return ERR_USAGE;
	}
	if (tls && !u.has_port)
		memcpy(u.port, WIRE_TLS_PORT, sizeof(WIRE_TLS_PORT));
	r = u.path[0] != '\0' ? listen_unix(ls, n, &u, log)
			      : listen_tcp(ls, n, &u, log);
	for (; i < *n; i++)
		ls[i].tls = tls;
	return r;
}

void listener_close(struct listener *l)
{
	/* While we listen, nobody considers the path stale, so the socket
	 * that we remove is ours. */
	if (l->unlink_path != NULL)
		unlink(l->unlink_path);
	free(l->unlink_path);
	l->unlink_path = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

/* --- invites ----------------------------------------------------------- */

/* An address that others on the network could use. */
static bool usable(const struct ifaddrs *i, int family)
{
	const struct sockaddr_in6 *in6 = (const void *)i->ifa_addr;
	const unsigned up = IFF_UP | IFF_RUNNING;

	if (i->ifa_addr == NULL || i->ifa_addr->sa_family != family ||
	    (i->ifa_flags & up) != up || (i->ifa_flags & IFF_LOOPBACK) != 0)
		return false;
	return family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&in6->sin6_addr);
}

/* This machine's own address of a family, without a port; loopback if there
 * is no other. */
static void own_address(char *out, size_t size, int family)
{
	struct ifaddrs *all = NULL, *i;
	socklen_t len = family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in);

	snprintf(out, size, "%s", family == AF_INET6 ? "::1" : "127.0.0.1");
	if (getifaddrs(&all) != 0)
		return;
	for (i = all; i != NULL; i = i->ifa_next) {
		if (!usable(i, family))
			continue;
		if (getnameinfo(i->ifa_addr, len, out, (socklen_t)size, NULL, 0,
			NI_NUMERICHOST) == 0)
			break;
	}
	freeifaddrs(all);
}

int listener_invite(struct buf *out, const struct listener *l,
    const char *public_name, const char *tls_host, const char *room,
    const uint8_t fp[WIRE_HASH])
{
	struct uri u, name;
	int r;

	if ((r = uri_parse_listen(&u, l->name)) != 0)
		return r;
	if (public_name != NULL) {
		if ((r = uri_parse_listen(&name, public_name)) != 0)
			return r;
		if (!name.has_port && u.path[0] == '\0')
			memcpy(name.port, u.port, sizeof(name.port));
		u = name;
	} else if (l->tls && tls_host[0] != '\0' &&
		   strlen(tls_host) < sizeof(u.host)) {
		memcpy(u.host, tls_host, strlen(tls_host) + 1);
	} else if (strcmp(u.host, "0.0.0.0") == 0) {
		own_address(u.host, sizeof(u.host), AF_INET);
	} else if (strcmp(u.host, "::") == 0) {
		own_address(u.host, sizeof(u.host), AF_INET6);
	}
	u.tls = l->tls;
	if (strlen(room) >= sizeof(u.room))
		return ERR_USAGE;
	memcpy(u.room, room, strlen(room) + 1);
	memcpy(u.fingerprint, fp, sizeof(u.fingerprint));
	u.has_fingerprint = true;
	return uri_build(out, &u);
}

/* ctl_doctor_net.c - checks the configuration and the ports. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/admin/ctl_doctor.h"
#include "server/option_table.h"
#include "shared/os/file.h"
#include "shared/wire/uri.h"

#define LISTEN_DEFAULT "localhost:" WIRE_PORT

enum { CONNECT_S = 5 };

/* --- the configuration ---------------------------------------------------- */

/* Takes the listeners and limits of a server that does not run. */
static void take(struct doctor *d, struct server_options *o)
{
	struct server_options before = d->options;

	if (d->running)
		return;
	d->options = *o;
	*o = before; /* freed by the caller */
	if (d->record == NULL && d->options.record != NULL)
		d->record = strdup(d->options.record);
	if (d->options.state_dir != NULL && d->c->o.state == NULL) {
		free(d->state);
		d->state = strdup(d->options.state_dir);
	}
}

static void look_at_rights(struct doctor *d, bool password)
{
	struct stat st;
	char cure[1200];

	if (stat(d->config, &st) != 0)
		return;
	if (password && (st.st_mode & 044) != 0) {
		snprintf(cure, sizeof(cure),
		    "make a record (conclaved --make-record), or chmod 600 "
		    "%.1000s",
		    d->config);
		doctor_find(d, DOCTOR_FAULT, "config", cure,
		    "others can read the password in %s", d->config);
	}
	if ((st.st_mode & 022) != 0)
		doctor_find(d, DOCTOR_FAULT, "config",
		    "look at what is in it, then chmod go-w",
		    "others can change %s", d->config);
	if (d->uid_known && st.st_uid != d->uid && (st.st_mode & 004) == 0 &&
	    d->uid != 0)
		doctor_find(d, DOCTOR_WARN, "config",
		    "give it to the server's user, or let others read it",
		    "the server's user (%u) may not read %s: a reload fails",
		    (unsigned)d->uid, d->config);
}

void doctor_config(struct doctor *d)
{
	struct server_options_values values, unused;
	struct errmsg why;
	struct opts m;

	if (d->config == NULL) {
		doctor_find(d, DOCTOR_OK, "config", NULL,
		    d->running ? "the server was started without --config"
			       : "no --config was given: looking at the "
				 "defaults");
		return;
	}
	server_options_machine(&m, &values, &unused);
	if (opts_file(&m, d->config, FILE_ANY, &why) != 0) {
		doctor_find(d, DOCTOR_FAULT, "config", "mend that line", "%s",
		    why.text);
	} else {
		doctor_find(
		    d, DOCTOR_OK, "config", NULL, "%s has no error", d->config);
		look_at_rights(d, opts_from(&m, "password") == OPTS_FILE);
		take(d, &values.o);
	}
	server_options_values_free(&values);
	server_options_values_free(&unused);
}

/* --- the ports ------------------------------------------------------------ */

/* Whether the server answers there; the kernel alone takes the connection. */
static void try_connect(struct doctor *d, const char *name,
    const struct sockaddr *sa, socklen_t len)
{
	const struct timeval t = {.tv_sec = CONNECT_S};
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	if (connect(fd, sa, len) == 0)
		doctor_find(
		    d, DOCTOR_OK, "port", NULL, "%s takes connections", name);
	else
		doctor_find(d, DOCTOR_FAULT, "port",
		    "look at the firewall and at the server's log",
		    "cannot connect to %s: %s", name, strerror(errno));
	close(fd);
}

static const char *cure_of_bind(int error)
{
	switch (error) {
	case EADDRINUSE:
		return "stop the program that listens there (ss -ltnp names "
		       "it), or choose another port with --listen";
	case EACCES:
		return "choose a port from 1024 up, start as root, or give the "
		       "service CAP_NET_BIND_SERVICE";
	case EADDRNOTAVAIL:
		return "give --listen an address of this machine (ip address "
		       "lists them), or :PORT for all of them";
	default:
		return "give --listen another address";
	}
}

static void try_bind(struct doctor *d, const char *name,
    const struct sockaddr *sa, socklen_t len)
{
	const int on = 1;
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return; /* a family that this machine lacks */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (sa->sa_family == AF_INET6)
		(void)setsockopt(
		    fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, sa, len) == 0 && listen(fd, 1) == 0)
		doctor_find(d, DOCTOR_OK, "port", NULL, "%s is free", name);
	else if (sa->sa_family != AF_INET6 || errno != EADDRNOTAVAIL)
		doctor_find(d, DOCTOR_FAULT, "port", cure_of_bind(errno),
		    "cannot listen on %s: %s", name, strerror(errno));
	close(fd);
}

static void look_at_tcp(struct doctor *d, const struct uri *u, const char *name)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	    .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list, *ai;
	int r = getaddrinfo(
	    u->host[0] != '\0' ? u->host : NULL, u->port, &hints, &list);

	if (r != 0) {
		doctor_find(d, DOCTOR_FAULT, "port",
		    "give --listen an address of this machine, or :PORT for "
		    "all of them",
		    "cannot find an address for \"%s\": %s", u->host,
		    gai_strerror(r));
		return;
	}
	for (ai = list; ai != NULL; ai = ai->ai_next)
		(d->running ? try_connect : try_bind)(
		    d, name, ai->ai_addr, ai->ai_addrlen);
	freeaddrinfo(list);
}

static void look_at_unix(
    struct doctor *d, const struct uri *u, const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	char folder[URI_PATH_MAX + 1];
	struct stat st;
	char *slash;

	if (d->running) {
		memcpy(sa.sun_path, u->path, strlen(u->path) + 1);
		try_connect(d, name, (const void *)&sa, sizeof(sa));
		return;
	}
	snprintf(folder, sizeof(folder), "%s", u->path);
	if ((slash = strrchr(folder, '/')) != NULL)
		slash[slash == folder ? 1 : 0] = '\0';
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode))
		doctor_find(d, DOCTOR_FAULT, "port",
		    "make the directory, or choose another path",
		    "there is no directory %s for %s", folder, name);
	else if (access(folder, W_OK) != 0)
		doctor_find(d, DOCTOR_FAULT, "port",
		    "choose a directory of the server's user",
		    "cannot make a socket in %s: %s", folder, strerror(errno));
	else
		doctor_find(d, DOCTOR_OK, "port", NULL, "%s can be made", name);
}

static void look_at_address(struct doctor *d, const char *name, bool tls)
{
	struct uri u;

	if (uri_parse_listen(&u, name) != 0 || (tls && u.path[0] != '\0')) {
		doctor_find(d, DOCTOR_FAULT, "port",
		    "give HOST:PORT, [V6]:PORT, :PORT or unix:/PATH",
		    "\"%s\" is not an address", name);
		return;
	}
	if (tls && !u.has_port)
		memcpy(u.port, WIRE_TLS_PORT, sizeof(WIRE_TLS_PORT));
	if (u.path[0] != '\0')
		look_at_unix(d, &u, name);
	else
		look_at_tcp(d, &u, name);
}

void doctor_ports(struct doctor *d)
{
	const struct server_options *o = &d->options;
	size_t i;

	for (i = 0; i < o->n_listen; i++)
		look_at_address(d, o->listen[i], false);
	for (i = 0; i < o->n_tls_listen; i++)
		look_at_address(d, o->tls_listen[i], true);
	if (o->n_listen == 0 && o->n_tls_listen == 0)
		look_at_address(d, LISTEN_DEFAULT, false);
}

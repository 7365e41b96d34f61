/* dial.c - looks up a name, and runs the race of its addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/name_helper.h"
#include "client/net/dial.h"
#include "client/net/failure.h"

struct dial {
	struct dial_opts o;
	struct failure_target to; /* what o says, for sentences */
	struct buf hello;
	int lookup_fd; /* -1: no lookup is under way */
	uint64_t lookup_end_ms;
	struct race *race; /* NULL before and after */
	struct tls_work work;
	enum tls_fault fault;
	/* Of the last lookup that gave any, in the order of the race. */
	struct race_address addresses[RACE_ADDRESSES_MAX];
	size_t n, found;
};

_Static_assert(
    (int)NAME_ADDRESSES_MAX == (int)RACE_ADDRESSES_MAX, "all of them race");

struct dial *dial_new(const struct dial_opts *o)
{
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->o = *o;
	d->to = (struct failure_target){o->uri, o->name, o->sandboxed};
	d->lookup_fd = -1;
	tls_work_init(&d->work);
	buf_init(&d->hello, WIRE_LENGTH + WIRE_HANDSHAKE_MAX);
	return d;
}

void dial_end(struct dial *d)
{
	if (d->lookup_fd >= 0)
		close(d->lookup_fd);
	d->lookup_fd = -1;
	race_free(d->race);
	d->race = NULL;
}

void dial_free(struct dial *d)
{
	if (d == NULL)
		return;
	dial_end(d);
	tls_work_free(&d->work);
	buf_free(&d->hello);
	free(d);
}

bool dial_busy(const struct dial *d)
{
	return d->lookup_fd >= 0 || d->race != NULL;
}

/* --- addresses ------------------------------------------------------------ */

static in_port_t port_of(const struct dial *d)
{
	return htons((uint16_t)strtoul(d->o.uri->port, NULL, 10));
}

static void put(struct dial *d, const struct name_address *a)
{
	struct race_address *out = &d->addresses[d->n++];
	struct sockaddr_in6 six = {.sin6_family = AF_INET6,
	    .sin6_port = port_of(d),
	    .sin6_scope_id = a->scope};
	struct sockaddr_in four = {
	    .sin_family = AF_INET, .sin_port = port_of(d)};

	memset(out, 0, sizeof(*out));
	if (a->v6) {
		memcpy(&six.sin6_addr, a->bytes, sizeof(six.sin6_addr));
		memcpy(&out->sa, &six, out->len = sizeof(six));
	} else {
		memcpy(&four.sin_addr, a->bytes, sizeof(four.sin_addr));
		memcpy(&out->sa, &four, out->len = sizeof(four));
	}
}

static size_t next_of(const struct name_answer *a, size_t i, bool v6)
{
	while (i < a->n && (a->list[i].v6 == 1) != v6)
		i++;
	return i;
}

/* Keeps the order, but alternates the two families: a dead family then costs
 * one stagger, not one for each address. */
static void interleave(struct dial *d, const struct name_answer *a)
{
	bool first = a->list[0].v6 == 1;
	size_t i = next_of(a, 0, first), j = next_of(a, 0, !first);

	d->n = 0;
	d->found = a->found;
	while (i < a->n || j < a->n) {
		if (i < a->n) {
			put(d, &a->list[i]);
			i = next_of(a, i + 1, first);
		}
		if (j < a->n) {
			put(d, &a->list[j]);
			j = next_of(a, j + 1, !first);
		}
	}
}

static void put_unix(struct dial *d)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, d->o.uri->path, strlen(d->o.uri->path));
	memcpy(&d->addresses[0].sa, &un, sizeof(un));
	d->addresses[0].len = sizeof(un);
	d->n = d->found = 1;
}

/* An address in numbers needs no lookup, unless it names an interface. */
static bool put_numeric(struct dial *d)
{
	struct name_address a = {0};

	if (inet_pton(AF_INET, d->o.uri->host, a.bytes) != 1) {
		a.v6 = 1;
		if (inet_pton(AF_INET6, d->o.uri->host, a.bytes) != 1)
			return false;
	}
	d->n = 0;
	d->found = 1;
	put(d, &a);
	return true;
}

static int open_socket(const struct race_address *a)
{
	int one = 1, e;
	int fd = socket(
	    a->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* Records are made whole: Nagle would only hold them back. */
	if (a->sa.ss_family != AF_UNIX)
		(void)setsockopt(
		    fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&a->sa, a->len) == 0 ||
	    errno == EINPROGRESS)
		return fd;
	e = errno;
	close(fd);
	return -e;
}

/* --- one connection ------------------------------------------------------- */

static int begin_race(struct dial *d, uint64_t now_ms, struct errmsg *why)
{
	const struct race_tls tls = {d->o.tls, &d->work, d->o.uri->host};

	d->race = race_new(d->addresses, d->n, d->hello.p, d->hello.len,
	    open_socket, &tls, now_ms);
	return d->race != NULL ? 0 : failure_memory(why);
}

/* The lookup has failed for a reason that says nothing about the name. */
static int without_lookup(struct dial *d, uint64_t now_ms, struct errmsg *why,
    enum failure_lookup how)
{
	if (d->n > 0)
		return begin_race(d, now_ms, why);
	return failure_no_lookup(&d->to, how, DIAL_LOOKUP_MS, why);
}

int dial_begin(struct dial *d, const uint8_t *hello, size_t hello_len,
    uint64_t now_ms, struct errmsg *why)
{
	int r;

	dial_end(d);
	d->fault = TLS_FAULT_NONE;
	buf_clear(&d->hello);
	if (buf_put(&d->hello, hello, hello_len) != 0)
		return failure_memory(why);
	if (d->o.uri->path[0] != '\0') {
		put_unix(d);
		return begin_race(d, now_ms, why);
	}
	if (put_numeric(d))
		return begin_race(d, now_ms, why);
	r = name_helper_ask(d->o.names, d->o.uri->host, &d->lookup_fd);
	if (r == ERR_NOMEM)
		return failure_memory(why);
	if (r != 0)
		return without_lookup(d, now_ms, why, FAILURE_HELPER_GONE);
	d->lookup_end_ms = now_ms + DIAL_LOOKUP_MS;
	return 0;
}

int dial_fds(const struct dial *d, struct pollfd *out)
{
	if (d->race != NULL)
		return race_fds(d->race, out);
	if (d->lookup_fd < 0)
		return 0;
	out[0] = (struct pollfd){d->lookup_fd, POLLIN, 0};
	return 1;
}

uint64_t dial_deadline(const struct dial *d)
{
	if (d->race != NULL)
		return race_deadline(d->race);
	return d->lookup_fd >= 0 ? d->lookup_end_ms : UINT64_MAX;
}

static int lookup_step(struct dial *d, uint64_t now_ms, struct errmsg *why)
{
	struct name_answer a;
	int r = name_helper_read(d->lookup_fd, &a);

	if (r == ERR_AGAIN && now_ms < d->lookup_end_ms)
		return ERR_AGAIN;
	close(d->lookup_fd);
	d->lookup_fd = -1;
	if (r != 0)
		return without_lookup(d, now_ms, why,
		    r == ERR_AGAIN ? FAILURE_LOOKUP_SLOW : FAILURE_LOOKUP_DIED);
	if (a.result != 0)
		return failure_name(&d->to, a.result, a.error, why);
	interleave(d, &a);
	return begin_race(d, now_ms, why);
}

int dial_step(
    struct dial *d, uint64_t now_ms, struct race_won *won, struct errmsg *why)
{
	int r;

	if (d->lookup_fd >= 0 && (r = lookup_step(d, now_ms, why)) != 0)
		return r;
	if (d->race == NULL)
		return failure_memory(why);
	r = race_step(d->race, now_ms, won);
	if (r != ERR_LOST)
		return r;
	d->fault = race_tally(d->race)->fault;
	return failure_race(&d->to, race_tally(d->race), d->found, why);
}

enum tls_fault dial_fault(const struct dial *d)
{
	return d->fault;
}

/* floor.c - the lower bound for the cost of a relay: an epoll broadcaster over
 * plain TCP that knows only frames.
 *
 *   frame  u32 length (big-endian) || that many bytes
 *
 * A frame from one connection goes to all others. It is one allocation, shared
 * by all readers; each reader gets one writev per loop step with its frames. As
 * in conclaved, a reader with more than 4 MiB queued is disconnected, and at most
 * 64 KiB are read from a connection per step.
 *   floor PORT [block]
 *   floor PORT tls CERT KEY
 *   floor PORT rooms N
 * block: data read together is sent as one piece, without parsing each frame. A
 * relay that must know its frames cannot do that: it shows the cost of the
 * kernel alone.
 * rooms: a frame goes to the others of the same N connections, in the order in
 * which they came; nobody may leave.
 * tls: TLS 1.3, in records that are as full as the queue allows. */
#include "tests/bench/ssl.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	READ_MAX = 64 << 10,
	FRAME_MAX = 1 << 20,
	QUEUE_MAX = 4 << 20,
	EVENTS = 256,
	IOV = 1024,
	RECORD = 16384,
};

/* One frame, shared by all its readers. With `block`, all frames of a sender
 * that were read together count as one. */
struct link_frame {
	uint32_t refs, owner;
	size_t len;
	uint8_t bytes[];
};

struct reader {
	int fd;
	SSL *ssl; /* NULL: plain */
	uint32_t id;
	bool blocked, dead;
	uint8_t *in; /* an incomplete frame */
	size_t in_len;
	/* The output queue: a ring, cap is a power of two; off: bytes of the
	 * first frame already written. */
	struct link_frame **ring;
	size_t cap, head, count, queued, off;
	size_t at; /* its index in the list */
	struct reader *next_dead;
};

struct floor {
	int epoll_fd, listen_fd;
	struct reader **reader, *dead;
	size_t n, cap;
	uint32_t last_id;
	bool block, said; /* said: data arrived in this step */
	size_t in_room;	  /* so many connections; 0: all */
	uint8_t input[READ_MAX];
	struct iovec iov[IOV];
	SSL_CTX *tls; /* NULL: plain */
	uint8_t record[RECORD];
};

static void *need(void *p)
{
	if (p == NULL) {
		perror("floor");
		exit(1);
	}
	return p;
}

static uint32_t u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void frame_unref(struct link_frame *m)
{
	if (--m->refs == 0)
		free(m);
}

static void reader_end(struct floor *f, struct reader *r)
{
	size_t i;

	if (r->dead)
		return;
	r->dead = true;
	SSL_free(r->ssl);
	close(r->fd);
	for (i = 0; i < r->count; i++)
		frame_unref(r->ring[(r->head + i) & (r->cap - 1)]);
	f->reader[r->at] = f->reader[--f->n];
	f->reader[r->at]->at = r->at;
	free(r->in);
	free(r->ring);
	/* An event of this loop step may still refer to it. */
	r->next_dead = f->dead;
	f->dead = r;
}

static void reader_watch(struct floor *f, struct reader *r)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = r};

	if (r->blocked)
		e.events |= EPOLLOUT;
	(void)epoll_ctl(f->epoll_fd, EPOLL_CTL_MOD, r->fd, &e);
}

static void floor_accept(struct floor *f)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct reader *r;
	int fd, on = 1, i;

	for (i = 0; i < 32; i++) {
		if ((fd = accept4(f->listen_fd, NULL, NULL, SOCK_NONBLOCK)) < 0)
			return;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		r = need(calloc(1, sizeof(*r)));
		r->fd = fd;
		r->id = ++f->last_id;
		if (f->tls != NULL) {
			r->ssl = need(SSL_new(f->tls));
			(void)SSL_set_fd(r->ssl, fd);
			SSL_set_accept_state(r->ssl);
		}
		if (f->n == f->cap) {
			f->cap = 2 * f->cap + 64;
			f->reader = need(realloc(
			    f->reader, f->cap * sizeof(struct reader *)));
		}
		r->at = f->n;
		f->reader[f->n++] = r;
		e.data.ptr = r;
		(void)epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &e);
	}
}

static void reader_put(struct floor *f, struct reader *r, struct link_frame *m)
{
	struct link_frame **ring;
	size_t i;

	if (r->queued > QUEUE_MAX) {
		reader_end(f, r);
		return;
	}
	if (r->count == r->cap) {
		ring = need(malloc((2 * r->cap + 4) * sizeof(*ring)));
		for (i = 0; i < r->count; i++)
			ring[i] = r->ring[(r->head + i) & (r->cap - 1)];
		free(r->ring);
		r->ring = ring;
		r->head = 0;
		r->cap = r->cap == 0 ? 4 : 2 * r->cap;
	}
	r->ring[(r->head + r->count++) & (r->cap - 1)] = m;
	r->queued += m->len;
	m->refs++;
}

static void floor_say(struct floor *f, uint32_t owner, const void *p, size_t n)
{
	struct link_frame *m = need(malloc(sizeof(*m) + n));
	size_t i = f->n, end = 0;

	if (f->in_room > 0) {
		end = (owner - 1) / f->in_room * f->in_room;
		i = end + f->in_room < f->n ? end + f->in_room : f->n;
	}
	*m = (struct link_frame){.refs = 1, .owner = owner, .len = n};
	memcpy(m->bytes, p, n);
	while (i-- > end)
		if (f->reader[i]->id != owner)
			reader_put(f, f->reader[i], m);
	frame_unref(m);
	f->said = true;
}

/* Counts the complete frames at the front of p; returns their length in
 * bytes. */
static size_t frames(
    struct floor *f, const struct reader *r, const uint8_t *p, size_t n)
{
	size_t at = 0, len;

	while (n - at >= 4) {
		len = 4 + (size_t)u32(p + at);
		if (len > FRAME_MAX)
			return SIZE_MAX;
		if (n - at < len)
			break;
		if (!f->block)
			floor_say(f, r->id, p + at, len);
		at += len;
	}
	if (f->block && at > 0)
		floor_say(f, r->id, p, at);
	return at;
}

/* What is left in libssl would not be seen by epoll: whole records. */
static ssize_t secure_recv(struct floor *f, SSL *ssl)
{
	int all = 0, got;

	while (READ_MAX - all >= RECORD &&
	       (got = SSL_read(ssl, f->input + all, READ_MAX - all)) > 0)
		all += got;
	if (all > 0)
		return all;
	got = SSL_get_error(ssl, got);
	ERR_clear_error();
	errno = EAGAIN;
	return got == SSL_ERROR_WANT_READ || got == SSL_ERROR_WANT_WRITE ? -1
									 : 0;
}

static void reader_read(struct floor *f, struct reader *r)
{
	const uint8_t *p = f->input;
	ssize_t got = r->ssl != NULL ? secure_recv(f, r->ssl)
				     : recv(r->fd, f->input, READ_MAX, 0);
	size_t n, used;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		reader_end(f, r);
		return;
	}
	n = (size_t)got;
	if (r->in_len > 0) {
		r->in = need(realloc(r->in, r->in_len + n));
		memcpy(r->in + r->in_len, f->input, n);
		p = r->in;
		n += r->in_len;
	}
	if ((used = frames(f, r, p, n)) == SIZE_MAX) {
		reader_end(f, r);
		return;
	}
	if (p == f->input && used < n)
		r->in = need(realloc(r->in, n - used));
	if (used < n)
		memmove(r->in, p + used, n - used);
	r->in_len = n - used;
	if (r->in_len == 0) {
		free(r->in);
		r->in = NULL;
	}
}

/* The front of the queue as one record. */
static ssize_t secure_send(struct floor *f, SSL *ssl, size_t n)
{
	size_t all = 0, take, i;
	int sent;

	for (i = 0; i < n && all < RECORD; i++) {
		take = f->iov[i].iov_len;
		if (take > RECORD - all)
			take = RECORD - all;
		memcpy(f->record + all, f->iov[i].iov_base, take);
		all += take;
	}
	if ((sent = SSL_write(ssl, f->record, (int)all)) > 0)
		return sent;
	sent = SSL_get_error(ssl, sent);
	ERR_clear_error();
	errno = sent == SSL_ERROR_WANT_WRITE || sent == SSL_ERROR_WANT_READ
		    ? EAGAIN
		    : EPIPE;
	return -1;
}

/* Writes the whole queue in one writev, or in as few as possible. */
static void reader_write(struct floor *f, struct reader *r)
{
	struct msghdr m = {.msg_iov = f->iov};
	struct link_frame *first;
	bool blocked = false;
	ssize_t got;
	size_t n, off;

	while (r->count > 0 && !blocked) {
		off = r->off;
		for (n = 0; n < r->count && n < IOV; n++, off = 0) {
			first = r->ring[(r->head + n) & (r->cap - 1)];
			f->iov[n].iov_base = first->bytes + off;
			f->iov[n].iov_len = first->len - off;
		}
		m.msg_iovlen = n;
		got = r->ssl != NULL ? secure_send(f, r->ssl, n)
				     : sendmsg(r->fd, &m, MSG_NOSIGNAL);
		if (got < 0 && errno != EAGAIN && errno != EINTR) {
			reader_end(f, r);
			return;
		}
		blocked = got < 0 && errno == EAGAIN;
		for (; got > 0; got -= (ssize_t)off) {
			first = r->ring[r->head];
			off = first->len - r->off;
			if ((size_t)got < off) {
				r->off += (size_t)got;
				break;
			}
			r->off = 0;
			r->head = (r->head + 1) & (r->cap - 1);
			r->count--;
			r->queued -= first->len;
			frame_unref(first);
		}
	}
	if (blocked != r->blocked) {
		r->blocked = blocked;
		reader_watch(f, r);
	}
}

static void floor_turn(struct floor *f)
{
	struct epoll_event e[EVENTS];
	struct reader *r;
	size_t k;
	int n = epoll_wait(f->epoll_fd, e, EVENTS, -1), i;

	for (i = 0; i < n; i++) {
		r = e[i].data.ptr;
		if (r == NULL) {
			floor_accept(f);
			continue;
		}
		if (!r->dead && e[i].events & EPOLLOUT)
			reader_write(f, r);
		if (!r->dead && e[i].events & ~(uint32_t)EPOLLOUT)
			reader_read(f, r);
	}
	if (!f->said && f->dead == NULL)
		return;
	for (k = f->n; k-- > 0;)
		if (f->reader[k]->count > 0 && !f->reader[k]->blocked)
			reader_write(f, f->reader[k]);
	f->said = false;
	while ((r = f->dead) != NULL) {
		f->dead = r->next_dead;
		free(r);
	}
}

static SSL_CTX *secure(const char *cert, const char *key)
{
	SSL_CTX *x = need(SSL_CTX_new(TLS_server_method()));

	SSL_CTX_set_min_proto_version(x, TLS1_3_VERSION);
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(x, 0);
	/* conclaved's first choice: the ratio to it is not the cipher's. */
	SSL_CTX_set_ciphersuites(x, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set_mode(x, SSL_MODE_RELEASE_BUFFERS |
				SSL_MODE_ENABLE_PARTIAL_WRITE |
				SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (SSL_CTX_use_certificate_file(x, cert, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(x, key, SSL_FILETYPE_PEM) != 1) {
		fprintf(stderr, "floor: no usable %s\n", cert);
		exit(1);
	}
	return x;
}

int main(int argc, char **argv)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct epoll_event e = {.events = EPOLLIN};
	struct rlimit l = {65536, 65536};
	struct floor *f = need(calloc(1, sizeof(*f)));
	int on = 1;

	if (argc != 2 && (argc != 3 || strcmp(argv[2], "block") != 0) &&
	    (argc != 4 || strcmp(argv[2], "rooms") != 0) &&
	    (argc != 5 || strcmp(argv[2], "tls") != 0)) {
		fprintf(stderr,
		    "usage: floor PORT [block | rooms N | tls CERT KEY]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* libssl writes without MSG_NOSIGNAL */
	if (argc == 5)
		f->tls = secure(argv[3], argv[4]);
	if (setrlimit(RLIMIT_NOFILE, &l) != 0 &&
	    getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &l);
	}
	f->block = argc == 3;
	f->in_room = argc == 4 ? (size_t)atoi(argv[3]) : 0;
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sa.sin_port = htons((uint16_t)atoi(argv[1]));
	f->epoll_fd = epoll_create1(0);
	f->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(f->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(f->listen_fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    listen(f->listen_fd, 4096) != 0 ||
	    epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->listen_fd, &e) != 0) {
		perror("floor");
		return 1;
	}
	for (;;)
		floor_turn(f);
}

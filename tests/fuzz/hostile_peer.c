/* A connection to a running server for mutate.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "tests/fuzz/bend.h"
#include "tests/fuzz/hostile_peer.h"

_Noreturn void peer_die(const char *what)
{
	fprintf(stderr, "mutate: %s: %s\n", what, strerror(errno));
	exit(1);
}

void peer_dial(struct peer *p, const struct sockaddr_in *to, uint64_t *seed)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct timeval t = {SILENCE_S, 0};
	int one = 1;

	memset(p, 0, sizeof(*p));
	buf_init(&p->in, 64 << 20);
	buf_init(&p->out, 4 << 20);
	from.sin_addr.s_addr =
	    htonl(0x7f010001 + (uint32_t)bend_below(seed, 0x00fd0000));
	if ((p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		peer_die("socket");
	if (setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)) != 0 ||
	    setsockopt(p->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)) != 0 ||
	    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0)
		peer_die("setsockopt");
	if (bind(p->fd, (struct sockaddr *)&from, sizeof(from)) != 0 ||
	    connect(p->fd, (const struct sockaddr *)to, sizeof(*to)) != 0)
		peer_die("connect");
}

void peer_hang_up(struct peer *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	link_free(p->link);
	p->link = NULL;
	buf_free(&p->in);
	buf_free(&p->out);
}

bool peer_send(struct peer *p, const void *b, size_t n)
{
	const uint8_t *s = b;
	ssize_t w;

	while (n > 0) {
		w = send(p->fd, s, n, MSG_NOSIGNAL);
		if (w < 0 && errno == EAGAIN)
			peer_die("the server does not read");
		if (w < 0)
			return false;
		s += w;
		n -= (size_t)w;
	}
	return true;
}

bool peer_receive(struct peer *p, int flags)
{
	ssize_t n;

	OK(buf_reserve(&p->in, 65536));
	n = recv(p->fd, p->in.p + p->in.len, 65536, flags);
	if (n < 0 && errno == EAGAIN && flags == 0)
		peer_die("the server is silent");
	if (n > 0)
		p->in.len += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

void peer_until_end(struct peer *p)
{
	(void)shutdown(p->fd, SHUT_WR);
	while (peer_receive(p, 0))
		buf_clear(&p->in);
}

static void take_control(struct peer *p, const struct link_frame *f)
{
	static struct control c;
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	OK(link_control_open(p->link, &json, f->body, f->len));
	OK(control_decode(&c, FROM_SERVER, json.p, json.len));
	if (c.type == CONTROL_KEY_EXCHANGE) {
		OK(link_stepped(p->link));
		p->epoch = c.u.key_exchange.epoch;
		p->room = c.u.key_exchange.room;
		if (c.u.key_exchange.is_wrapped)
			p->member = c.u.key_exchange.member;
	} else if (c.type == CONTROL_PONG) {
		p->pong = c.u.ping;
	}
	buf_free(&json);
}

void peer_records(struct peer *p)
{
	struct group_head h;
	struct rd frames;
	struct link_frame f;
	size_t at = 0, total;

	while (link_length(p->in.p + at, p->in.len - at, &total) == 0 &&
	       total <= p->in.len - at) {
		OK(link_open(p->link, p->in.p + at, total, &frames));
		while (link_next(&frames, &f) == 0) {
			if (f.kind == KIND_CONTROL)
				take_control(p, &f);
			else if (group_head_decode(&h, f.body, f.len) == 0 &&
				 h.epoch > p->epoch)
				p->epoch = h.epoch;
		}
		at += total;
	}
	buf_consume(&p->in, at);
}

void peer_control(struct peer *p, const void *json, size_t n)
{
	struct link_frame f = {.kind = KIND_CONTROL};
	struct buf body;

	buf_init(&body, 1 << 20);
	OK(link_control_seal(p->link, &body, json, n, false));
	f.body = body.p;
	f.len = body.len;
	OK(link_record(p->link, &p->out, &f, 1));
	buf_free(&body);
}

bool peer_answered(struct peer *p)
{
	struct buf json;
	bool open;

	buf_init(&json, 256);
	OK(control_ping(&json, false, ++p->ping));
	peer_control(p, json.p, json.len);
	buf_free(&json);
	open = peer_send(p, p->out.p, p->out.len);
	buf_clear(&p->out);
	while (open && p->pong != p->ping && (open = peer_receive(p, 0)))
		peer_records(p);
	return open;
}

void peer_in_room(struct peer *p)
{
	peer_records(p);
	while (p->member == 0) {
		if (!peer_receive(p, 0))
			peer_die("the server let nobody in");
		peer_records(p);
	}
}

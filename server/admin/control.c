/* control.c - the clients of the control socket: their lines, their answers, and
 * when they lose their place. */
#include "server/admin/control.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/admin/control_int.h"
#include "server/admin/peer.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

enum {
	TICK_MS = 250, /* while there are clients */
	READ = 4096,   /* bytes of one client in a step */
};

/* --- the end of a client -------------------------------------------------- */

/* An inquiry under way keeps the place until it is done. */
static void client_close(struct control_client *c)
{
	if (c->fd < 0)
		return;
	(void)epoll_ctl(c->of->o.loop->epoll_fd, EPOLL_CTL_DEL, c->fd, NULL);
	close(c->fd);
	c->fd = -1;
	c->dead = c->asking;
	if (c->given >= 0)
		close(c->given);
	c->given = -1;
	control_backup_forget(c);
	control_files_forget(c);
	order_wipe(&c->request);
	buf_free(&c->in);
	buf_free(&c->out);
}

/* --- answers -------------------------------------------------------------- */

void control_row(struct control_client *c, struct json_w *w, const char *type)
{
	json_begin(w, &c->out);
	json_put_str(w, "type", type);
}

void control_row_end(struct control_client *c, struct json_w *w)
{
	if (json_end(w) != 0 || buf_u8(&c->out, '\n') != 0)
		client_close(c);
}

static void end_request(struct control_client *c)
{
	order_wipe(&c->request);
	c->busy = false;
	c->more = NULL;
	c->asked_ms = c->of->o.loop->now_ms;
}

void control_done(struct control_client *c)
{
	struct json_w w;

	end_request(c);
	control_row(c, &w, "done");
	control_row_end(c, &w);
}

void control_failed(
    struct control_client *c, const char *code, const char *text)
{
	struct json_w w;
	char shown[1024];

	text_filter_fixed(shown, sizeof(shown), text, strlen(text));
	end_request(c);
	control_row(c, &w, "failed");
	json_put_str(&w, "code", code);
	json_put_str(&w, "text", shown);
	control_row_end(c, &w);
}

/* --- writing -------------------------------------------------------------- */

/* Whether the next request is taken: not before its client has read the answers
 * to those before. */
static bool client_takes(const struct control_client *c)
{
	return !c->busy && !c->over && c->out.len < CONTROL_OUT_LOW;
}

static void client_watch(struct control_client *c)
{
	struct epoll_event e = {.data.ptr = &c->source};

	if (c->fd < 0)
		return;
	/* While a request is in work its client is only watched for its end,
	 * which epoll reports in any case. */
	e.events = (client_takes(c) ? EPOLLIN : 0) |
		   (c->out.len > 0 ? EPOLLOUT : 0);
	if (e.events == c->watched)
		return;
	if (epoll_ctl(c->of->o.loop->epoll_fd, EPOLL_CTL_MOD, c->fd, &e) != 0)
		client_close(c);
	c->watched = e.events;
}

static void client_write(struct control_client *c)
{
	ssize_t n;

	while (c->fd >= 0 && c->out.len > 0) {
		n = send(
		    c->fd, c->out.p, c->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
			client_close(c);
		if (n < 0)
			return;
		buf_consume(&c->out, (size_t)n);
		c->moved_ms = c->of->o.loop->now_ms;
	}
	if (c->fd >= 0 && c->over)
		client_close(c);
}

/* Answers as long as the socket takes them, within CONTROL_OUT. */
static void client_go_on(struct control_client *c)
{
	size_t before;

	do {
		client_write(c);
		before = c->out.len;
		if (c->fd >= 0 && c->busy && c->more != NULL && !c->asking &&
		    c->out.len < CONTROL_OUT_LOW)
			c->more(c);
	} while (c->fd >= 0 && c->out.len > before && c->more != NULL);
	client_write(c);
}

/* --- requests ------------------------------------------------------------- */

static void client_line(struct control_client *c, const void *line, size_t n)
{
	const char *wrong;
	int err = order_parse(&c->request, line, n, &wrong);

	c->asked_ms = c->of->o.loop->now_ms;
	c->order = c->of->n_orders++;
	c->busy = true;
	if (err != 0)
		control_failed(c, "usage", wrong);
	else
		commands_begin(c);
}

/* Handles the lines that are there, one request at a time. */
static void client_work(struct control_client *c)
{
	const uint8_t *end;
	size_t n;

	client_go_on(c);
	while (c->fd >= 0 && client_takes(c) && c->in.len > 0) {
		end = memchr(c->in.p, '\n', c->in.len);
		if (end == NULL && c->in.len < ORDER_MAX)
			break;
		if (end == NULL) {
			c->over = true;
			control_failed(c, "usage", "the request is too long");
			break;
		}
		n = (size_t)(end - c->in.p);
		client_line(c, c->in.p, n);
		if (c->fd >= 0)
			buf_consume(&c->in, n + 1);
		client_go_on(c);
	}
	client_watch(c);
}

/* The newest descriptor that came; another one is closed. */
static void take_given(struct control_client *c, struct msghdr *m)
{
	struct cmsghdr *h = CMSG_FIRSTHDR(m);

	if (h == NULL || h->cmsg_level != SOL_SOCKET ||
	    h->cmsg_type != SCM_RIGHTS ||
	    h->cmsg_len != CMSG_LEN(sizeof(c->given)))
		return;
	if (c->given >= 0)
		close(c->given);
	memcpy(&c->given, CMSG_DATA(h), sizeof(c->given));
}

static ssize_t receive(struct control_client *c, uint8_t *p, size_t n)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec one = {p, n};
	struct msghdr m = {.msg_iov = &one,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	ssize_t got = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got > 0)
		take_given(c, &m);
	return got;
}

static void client_read(struct control_client *c)
{
	uint8_t block[READ];
	size_t room = ORDER_MAX - c->in.len;
	ssize_t n;

	n = receive(c, block, room < READ ? room : READ);
	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n == 0 && c->out.len > 0)
		c->over = true; /* it may still read */
	else if (n <= 0 || buf_put(&c->in, block, (size_t)n) != 0)
		client_close(c);
	secret_wipe(block, sizeof(block));
}

static void client_ready(struct source *s, uint32_t events)
{
	struct control_client *c =
	    container_of(s, struct control_client, source);

	if (c->fd < 0)
		return;
	if ((events & EPOLLIN) != 0 && client_takes(c))
		client_read(c);
	else if ((events & (EPOLLERR | EPOLLHUP)) != 0)
		client_close(c);
	client_work(c);
}

void control_resume(struct control_client *c)
{
	client_work(c);
}

/* --- new clients ---------------------------------------------------------- */

/* A place for a newcomer: a free one, or that of the client that has been
 * without a request for longest. NULL: all have one in work. */
static struct control_client *find_place(struct control *k)
{
	struct control_client *c, *oldest = NULL;
	size_t i;

	for (i = 0; i < CONTROL_CLIENTS; i++) {
		c = &k->client[i];
		if (c->fd < 0 && !c->dead)
			return c;
		if (c->fd >= 0 && !c->busy &&
		    (oldest == NULL || c->order < oldest->order))
			oldest = c;
	}
	if (oldest != NULL)
		client_close(oldest);
	return oldest;
}

/* For those who get no place: one line, if the socket takes it at once. */
static void turn_away(int fd, const char *line)
{
	(void)!send(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void take_in(struct control *k, int fd, uid_t uid)
{
	struct epoll_event e = {.events = EPOLLIN};
	struct control_client *c = find_place(k);

	if (c == NULL) {
		turn_away(fd, "{\"type\":\"failed\",\"code\":\"busy\",\"text\":"
			      "\"the server answers as many others as it "
			      "does at once: try again\"}\n");
		return;
	}
	buf_free(&c->out); /* it was closed while something was answered */
	*c = (struct control_client){.source.ready = client_ready,
	    .of = k,
	    .fd = fd,
	    .given = -1,
	    .order = k->n_orders++,
	    .asked_ms = k->o.loop->now_ms,
	    .moved_ms = k->o.loop->now_ms,
	    .watched = e.events};
	snprintf(c->by, sizeof(c->by), "uid %u", (unsigned)uid);
	buf_init_secret(&c->in, ORDER_MAX + 1);
	buf_init(&c->out, CONTROL_OUT);
	e.data.ptr = &c->source;
	if (epoll_ctl(k->o.loop->epoll_fd, EPOLL_CTL_ADD, fd, &e) != 0)
		client_close(c);
	if (k->tick.place == 0)
		timer_set(
		    &k->o.loop->timers, &k->tick, k->o.loop->now_ms + TICK_MS);
}

static void control_ready(struct source *s, uint32_t events)
{
	struct control *k = container_of(s, struct control, source);
	const struct control_socket *sock = k->o.socket;
	const struct peer_rights rights = {
	    geteuid(), sock->group, sock->has_group};
	uid_t uid;
	int fd, i;

	(void)events;
	for (i = 0; i < CONTROL_CLIENTS; i++) {
		fd =
		    accept4(sock->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return; /* the kernel's queue keeps others */
		if (peer_check(fd, &rights, &uid)) {
			take_in(k, fd, uid);
			continue;
		}
		logger_warn(k->o.log, "control",
		    "a process of uid %d tried to use the control socket and "
		    "may not",
		    (int)uid);
		turn_away(fd, "{\"type\":\"failed\",\"code\":\"denied\","
			      "\"text\":\"only root, the server's own user and "
			      "the group of --control-group may do that\"}\n");
	}
}

/* --- time ----------------------------------------------------------------- */

static void client_tick(struct control_client *c, uint64_t now_ms)
{
	if (c->out.len > 0 && now_ms - c->moved_ms >= CONTROL_STALL_MS)
		client_close(c); /* it does not read */
	else if (!c->busy && c->out.len == 0 &&
		 now_ms - c->asked_ms >= CONTROL_IDLE_MS)
		client_close(c);
	if (c->out.len == 0)
		c->moved_ms = now_ms;
	if (c->busy)
		client_work(c); /* it may follow the audit log */
}

static void control_tick(struct timer *t)
{
	struct control *k = container_of(t, struct control, tick);
	struct control_client *c;
	bool any = false;

	for (c = k->client; c < k->client + CONTROL_CLIENTS; c++) {
		if (c->fd >= 0)
			client_tick(c, k->o.loop->now_ms);
		any = any || c->fd >= 0;
	}
	if (any)
		timer_set(
		    &k->o.loop->timers, &k->tick, k->o.loop->now_ms + TICK_MS);
}

/* --- beginning and end ---------------------------------------------------- */

struct control *control_new(const struct control_opts *o)
{
	struct control *k = calloc(1, sizeof(*k));
	struct epoll_event e = {.events = EPOLLIN};
	size_t i;

	if (k == NULL)
		return NULL;
	k->o = *o;
	k->source.ready = control_ready;
	k->tick.fn = control_tick;
	for (i = 0; i < CONTROL_CLIENTS; i++)
		k->client[i].fd = k->client[i].given = -1;
	e.data.ptr = &k->source;
	if (epoll_ctl(o->loop->epoll_fd, EPOLL_CTL_ADD, o->socket->fd, &e) == 0)
		return k;
	free(k);
	return NULL;
}

void control_free(struct control *k)
{
	size_t i;

	if (k == NULL)
		return;
	for (i = 0; i < CONTROL_CLIENTS; i++) {
		client_close(&k->client[i]);
		buf_free(&k->client[i].inquiry.lines);
	}
	free(k);
}

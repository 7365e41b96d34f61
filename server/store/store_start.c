/* store_start.c - meets the keeper, and loads what it kept: before the store
 * has its thread. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/store/store_int.h"
#include "server/store/warden_link.h"
#include "shared/os/clock.h"

enum {
	ATTEMPTS = 5, /* keepers that die before they have said anything */
	SOCKET_BYTES = 1 << 20,
};

/* --- the link --------------------------------------------------------------------- */

void store_drop_link(struct store *s)
{
	if (s->link >= 0)
		close(s->link);
	s->link = -1;
	s->state = STORE_NO_LINK;
}

void store_use_link(struct store *s, int link)
{
	const int bytes = SOCKET_BYTES;

	store_drop_link(s);
	s->link = link;
	(void)setsockopt(link, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	buf_clear(&s->in);
	buf_clear(&s->range);
	s->in_range = false;
}

/* A few bytes into an empty socket: they never wait. */
static int send_now(struct store *s, const struct buf *b)
{
	ssize_t n;

	do
		n = send(s->link, b->p, b->len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)b->len ? 0 : ERR_LOST;
}

int store_send_run(struct store *s)
{
	struct buf b;
	size_t at;
	int r;

	buf_init(&b, STORE_FRAME_MAX);
	if ((r = store_frame_begin(&b, STORE_RUN, &at)) == 0 &&
	    (r = buf_put(&b, s->session, WIRE_NONCE)) == 0 &&
	    (r = store_frame_end(&b, at, 0)) == 0)
		r = send_now(s, &b);
	buf_free(&b);
	if (r == 0)
		s->state = STORE_ASKED_RUN;
	return r;
}

static int send_load(struct store *s)
{
	struct buf b;
	size_t at;
	int r;

	buf_init(&b, STORE_FRAME_MAX);
	if ((r = store_frame_begin(&b, STORE_LOAD, &at)) == 0 &&
	    (r = store_frame_end(&b, at, 0)) == 0)
		r = send_now(s, &b);
	buf_free(&b);
	return r;
}

/* --- loading ------------------------------------------------------------------------ */

struct loading {
	struct store *s;
	const struct store_loader *l;
	uint64_t end_ms;
	bool any; /* something was called back */
	bool loaded;
};

/* Waits for a socket to be readable. */
static int await(const struct loading *g, int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint64_t now;

	while ((now = clock_monotonic_ms()) < g->end_ms) {
		int n = poll(&p, 1, (int)(g->end_ms - now));

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return ERR_IO;
	}
	return ERR_TIMEOUT;
}

static int got_room(struct loading *g, struct rd *r)
{
	struct store_room room;
	struct log_head head;
	int e;

	g->any = true;
	if ((e = store_room_get(r, &room)) != 0 ||
	    (e = store_head_get(r, &head)) != 0)
		return e;
	return g->l->room != NULL ? g->l->room(g->l->arg, &room, &head) : 0;
}

static int got_right(struct loading *g, struct rd *r)
{
	struct store_right right;
	int e = store_right_get(r, &right);

	g->any = true;
	if (e != 0)
		return e;
	return g->l->right != NULL ? g->l->right(g->l->arg, &right) : 0;
}

static int got_direct(struct loading *g, struct rd *r)
{
	struct store_direct d;
	int e = store_direct_get(r, &d);

	g->any = true;
	if (e != 0)
		return e;
	return g->l->direct != NULL ? g->l->direct(g->l->arg, &d) : 0;
}

static int got_people(struct loading *g, struct rd *r)
{
	struct store_change_space s;
	int e = store_change_get(r, &s);

	g->any = true;
	if (e != 0)
		return e;
	return g->l->people != NULL ? g->l->people(g->l->arg, &s.change) : 0;
}

static int got_running(struct loading *g, struct rd *r)
{
	uint64_t ticket;
	int e;

	if ((e = rd_u32(r, &g->s->run)) != 0 || (e = rd_u64(r, &ticket)) != 0)
		return e;
	return r->left == 0 && ticket == 0 && g->s->run != 0 ? 0 : ERR_RANGE;
}

static int got_failed(struct loading *g, struct rd *r)
{
	const char *text;

	if (store_string_get(r, &text, STORE_SENTENCE_MAX) != 0)
		return ERR_RANGE;
	logger_error(g->s->log, "store", "%s", text);
	return ERR_REFUSED;
}

/* At the start nobody waits for a disk yet: say so at once. */
static int got_stuck(struct loading *g, struct rd *r)
{
	const char *why;

	if (store_string_get(r, &why, STORE_SENTENCE_MAX) != 0)
		return ERR_RANGE;
	logger_error(g->s->log, "store",
	    "nothing can be written into the state directory's database (%s): "
	    "make room on that disk, or mend it, and start again",
	    why);
	return ERR_REFUSED;
}

static int got(struct loading *g, const struct store_frame *f)
{
	struct rd body = f->body;

	switch (f->kind) {
	case STORE_RUNNING:
		return got_running(g, &body);
	case STORE_FAILED:
		return got_failed(g, &body);
	case STORE_STUCK:
		return got_stuck(g, &body);
	case STORE_ROOM:
		return got_room(g, &body);
	case STORE_RIGHT:
		return got_right(g, &body);
	case STORE_PEOPLE:
		return got_people(g, &body);
	case STORE_KEPT_DIRECT:
		return got_direct(g, &body);
	case STORE_LOADED:
		g->loaded = true;
		return 0;
	default:
		return ERR_STATE;
	}
}

/* Reads frames until all is loaded. */
static int read_all(struct loading *g)
{
	struct store *s = g->s;
	struct store_frame f;
	ssize_t n;
	int r;

	while (!g->loaded) {
		r = store_frame_next(&f, s->in.p, s->in.len);
		if (r == 0) {
			if ((r = got(g, &f)) != 0)
				return r;
			buf_consume(&s->in, f.size);
			continue;
		}
		if (r != ERR_AGAIN || (r = await(g, s->link)) != 0)
			return r;
		n = recv(
		    s->link, s->in.p + s->in.len, STORE_IN_MAX - s->in.len, 0);
		if (n == 0 || (n < 0 && errno != EINTR))
			return ERR_LOST;
		s->in.len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int attempt(struct loading *g)
{
	struct store *s = g->s;
	int link, r;

	while ((r = warden_link(s->warden, &link)) == ERR_AGAIN)
		if ((r = await(g, s->warden)) != 0)
			return r;
	if (r != 0)
		return ERR_IO; /* no warden */
	store_use_link(s, link);
	/* The keeper may have ended and left a sentence. */
	if (store_send_run(s) == 0)
		(void)!send_load(s);
	return read_all(g);
}

static int start_thread(struct store *s)
{
	s->state = STORE_UP;
	if (pthread_create(&s->thread, NULL, store_thread, s) != 0)
		return ERR_LIMIT;
	s->has_thread = true;
	return 0;
}

int store_load(struct store *s, const struct store_loader *l,
    const uint8_t session[WIRE_NONCE])
{
	struct loading g = {
	    .s = s, .l = l, .end_ms = clock_monotonic_ms() + STORE_START_MS};
	int r, i;

	memcpy(s->session, session, WIRE_NONCE);
	for (i = 0, r = ERR_LOST; i < ATTEMPTS && r == ERR_LOST && !g.any; i++)
		r = attempt(&g);
	if (r == 0)
		r = start_thread(s);
	if (r == 0)
		return 0;
	if (r != ERR_REFUSED) /* said already */
		logger_error(s->log, "store",
		    "the keeper of the state directory did not start: %s",
		    err_str(r));
	return r == ERR_NOMEM ? r : ERR_IO;
}

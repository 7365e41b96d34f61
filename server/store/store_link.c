/* store_link.c - the store's thread: sends what is queued to the keeper, and
 * takes in what that says. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/store/store_int.h"
#include "server/store/warden_link.h"
#include "shared/os/clock.h"

/* Two for a message: a burst of a room is sent at once, so that the keeper does
 * not begin a transaction with the first few. */
enum { PARTS = 512 };

/* --- stuck, or not ------------------------------------------------------------- */

static void tell(struct store *s, const char *why)
{
	pthread_mutex_lock(&s->lock);
	snprintf(s->stuck_why, sizeof(s->stuck_why), "%.*s", STORE_WHY_MAX - 1,
	    why != NULL ? why : "");
	pthread_mutex_unlock(&s->lock);
	if (why != NULL)
		logger_error(s->log, "store",
		    "nothing can be kept (%s): rooms with a history wait, and "
		    "go on by themselves when it can be",
		    why);
	else
		logger_info(s->log, "store", "what happens is kept again");
	if (s->events.stuck != NULL)
		s->events.stuck(s->events.arg, why);
}

static void look_stuck(struct store *s)
{
	bool lost = s->state != STORE_UP &&
		    clock_monotonic_ms() - s->lost_ms >= STORE_LOST_MS;
	bool stuck = s->keeper_stuck || lost;

	if (stuck == s->told_stuck)
		return;
	s->told_stuck = stuck;
	tell(s, !stuck		    ? NULL
		: s->why[0] != '\0' ? s->why
				    : "the keeper has ended");
	if (!stuck)
		s->why[0] = '\0';
}

/* --- the link -------------------------------------------------------------------- */

enum { DEATHS = 3 }; /* then it may be the question that they die of */

/* Questions go to the next keeper, before those that wait. A backup is lost with
 * its descriptor. */
static void ask_again(struct store *s)
{
	struct store_asks again;
	struct store_ask *a;

	store_asks_init(&again);
	while ((a = store_asks_take(&s->asked)) != NULL)
		if (a->q.got != NULL && ++a->deaths < DEATHS)
			store_asks_add(&again, a);
		else
			store_answer_failed(a);
	pthread_mutex_lock(&s->lock);
	while ((a = store_asks_take(&s->waiting)) != NULL)
		store_asks_add(&again, a);
	while ((a = store_asks_take(&again)) != NULL)
		store_asks_add(&s->waiting, a);
	pthread_mutex_unlock(&s->lock);
}

/* Everything that is not committed is sent again to the next keeper. */
static void lose_link(struct store *s)
{
	if (s->state == STORE_UP) {
		s->lost_ms = clock_monotonic_ms();
		s->why[0] = '\0';
	}
	store_drop_link(s);
	s->keeper_stuck = false;
	buf_clear(&s->ask_out);
	if (s->ask_fd >= 0)
		close(s->ask_fd);
	s->ask_fd = -1;
	pthread_mutex_lock(&s->lock);
	s->unsent = s->first;
	s->sent = 0;
	pthread_mutex_unlock(&s->lock);
	ask_again(s);
}

/* It may come before we have read the end of the one before. */
static void meet_keeper(struct store *s)
{
	int link, r = warden_link(s->warden, &link);

	if (r == ERR_LOST) {
		logger_error(s->log, "store",
		    "the process that starts the keeper has ended: restart "
		    "conclaved");
		close(s->warden);
		s->warden = -1;
	} else if (r == 0) {
		lose_link(s);
		store_use_link(s, link);
		(void)!store_send_run(s); /* if it has ended, we see it next */
	}
}

/* --- sending ------------------------------------------------------------------------ */

/* The next question, when no message is half sent. */
static void next_ask(struct store *s)
{
	struct store_ask *a;
	size_t at;
	int r;

	pthread_mutex_lock(&s->lock);
	a = s->sent == 0 ? store_asks_take(&s->waiting) : NULL;
	pthread_mutex_unlock(&s->lock);
	if (a == NULL)
		return;
	if (a->q.got != NULL) {
		if ((r = store_frame_begin(&s->ask_out, STORE_READ, &at)) ==
			0 &&
		    (r = buf_u64(&s->ask_out, a->id)) == 0)
			r = store_question_put(&s->ask_out, &a->q);
	} else {
		r = store_frame_begin(&s->ask_out, STORE_BACKUP, &at);
	}
	if (r != 0 || store_frame_end(&s->ask_out, at, 0) != 0) {
		buf_clear(&s->ask_out);
		store_answer_failed(a);
		return;
	}
	s->ask_fd = a->fd;
	a->fd = -1;
	store_asks_add(&s->asked, a);
}

static ssize_t send_parts(struct store *s, struct iovec *v, size_t n)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct msghdr m = {.msg_iov = v, .msg_iovlen = n};
	struct cmsghdr *c;

	if (s->ask_fd >= 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = control.space;
		m.msg_controllen = sizeof(control.space);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &s->ask_fd, sizeof(int));
	}
	return sendmsg(s->link, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* What is unsent, as parts; `skip` bytes of the first are sent. */
static size_t gather(const struct store *s, struct iovec v[PARTS])
{
	const struct store_item *i;
	size_t n = 0, skip = s->sent;

	for (i = s->unsent; i != NULL && n + 2 <= PARTS; i = i->next) {
		if (skip < i->head.len)
			v[n++] = (struct iovec){
			    i->head.p + skip, i->head.len - skip};
		skip = skip < i->head.len ? 0 : skip - i->head.len;
		if (i->len > skip)
			v[n++] = (struct iovec){
			    (uint8_t *)(uintptr_t)i->bytes + skip,
			    i->len - skip};
		skip = 0;
	}
	return n;
}

static void advance(struct store *s, size_t done)
{
	size_t left;

	while (s->unsent != NULL) {
		left = s->unsent->head.len + s->unsent->len - s->sent;
		if (done < left) {
			s->sent += done;
			return;
		}
		done -= left;
		s->unsent = s->unsent->next;
		s->sent = 0;
	}
}

/* False: the socket takes no more now, or there is nothing. */
static bool send_some(struct store *s)
{
	struct iovec v[PARTS];
	bool asks = false;
	size_t n = 1;
	ssize_t done;

	if (s->ask_out.len == 0)
		next_ask(s);
	if ((asks = s->ask_out.len > 0)) {
		v[0] = (struct iovec){s->ask_out.p, s->ask_out.len};
	} else {
		pthread_mutex_lock(&s->lock);
		n = gather(s, v);
		pthread_mutex_unlock(&s->lock);
	}
	if (n == 0)
		return false;
	done = send_parts(s, v, n);
	if (done <= 0)
		return done < 0 && errno == EINTR;
	if (asks) {
		buf_consume(&s->ask_out, (size_t)done);
		if (s->ask_fd >= 0)
			close(s->ask_fd);
		s->ask_fd = -1;
		return true;
	}
	pthread_mutex_lock(&s->lock);
	advance(s, (size_t)done);
	pthread_mutex_unlock(&s->lock);
	return true;
}

/* Nothing can be read now: say so at once. A backup waits. */
static void refuse_asks(struct store *s)
{
	struct store_ask *a;

	do {
		pthread_mutex_lock(&s->lock);
		a = s->told_stuck ? store_asks_take(&s->waiting) : NULL;
		pthread_mutex_unlock(&s->lock);
		if (a != NULL)
			store_answer_failed(a);
	} while (a != NULL);
}

/* --- what the keeper says --------------------------------------------------------------- */

static int got_running(struct store *s, struct rd *r)
{
	uint64_t ticket, last;
	uint32_t run;

	pthread_mutex_lock(&s->lock);
	last = s->last_ticket;
	pthread_mutex_unlock(&s->lock);
	if (s->state != STORE_ASKED_RUN || rd_u32(r, &run) != 0 ||
	    rd_u64(r, &ticket) != 0 || r->left != 0)
		return ERR_STATE;
	/* Less than it said before: somebody put an older file there. */
	if (run != s->run || ticket > last || ticket < s->committed) {
		logger_error(s->log, "store",
		    "the database is not the one that it was: restart "
		    "conclaved");
		return ERR_STATE;
	}
	s->state = STORE_UP;
	store_done(s, ticket);
	pthread_mutex_lock(&s->lock);
	s->unsent = s->first;
	s->sent = 0;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

static int got_committed(struct store *s, struct rd *r)
{
	uint64_t ticket, last;

	if (rd_u64(r, &ticket) != 0 || r->left != 0)
		return ERR_STATE;
	pthread_mutex_lock(&s->lock);
	last = s->last_ticket;
	pthread_mutex_unlock(&s->lock);
	if (ticket > last)
		return ERR_STATE;
	store_done(s, ticket);
	return 0;
}

static int got_sentence(struct store *s, struct rd *r, bool failed)
{
	const char *text;

	if (store_string_get(r, &text, STORE_SENTENCE_MAX) != 0)
		return ERR_STATE;
	snprintf(s->why, sizeof(s->why), "%s", text);
	if (failed)
		s->lost_ms = 0; /* no use to wait for it */
	else
		s->keeper_stuck = text[0] != '\0';
	return 0;
}

static int got_refused(struct store *s, struct rd *r)
{
	const char *text;
	uint64_t ticket;

	if (rd_u64(r, &ticket) != 0 ||
	    store_string_get(r, &text, STORE_SENTENCE_MAX) != 0)
		return ERR_STATE;
	logger_error(s->log, "store",
	    "the keeper refuses number %llu: %s; it is not kept",
	    (unsigned long long)ticket, text);
	return 0;
}

static int got_backed_up(struct store *s, struct rd *r)
{
	struct store_ask *a = s->asked.first;
	const char *text;
	uint32_t failed;

	if (a == NULL || a->q.got != NULL || rd_u32(r, &failed) != 0 ||
	    store_string_get(r, &text, STORE_SENTENCE_MAX) != 0)
		return ERR_STATE;
	(void)store_asks_take(&s->asked);
	if (a->done != NULL)
		a->done(a->arg, failed != 0 ? ERR_IO : 0, text);
	free(a);
	return 0;
}

static int got_range(struct store *s, const struct store_frame *f)
{
	struct store_ask *a;
	int r;

	if ((f->kind == STORE_RANGE) == s->in_range)
		return ERR_STATE;
	s->in_range = true;
	r = buf_put(&s->range, f->body.p - STORE_FRAME_HEAD, f->size);
	if (r != 0)
		return r == ERR_LIMIT ? ERR_STATE : r;
	if (f->kind != STORE_RANGE_END)
		return 0;
	s->in_range = false;
	a = store_asks_take(&s->asked);
	if (a == NULL)
		return ERR_STATE;
	store_range_answer(a, &s->range);
	buf_free(&s->range);
	free(a);
	return 0;
}

static int got(struct store *s, const struct store_frame *f)
{
	struct rd body = f->body;

	switch (f->kind) {
	case STORE_RUNNING:
		return got_running(s, &body);
	case STORE_COMMITTED:
		return got_committed(s, &body);
	case STORE_STUCK:
		return got_sentence(s, &body, false);
	case STORE_FAILED:
		return got_sentence(s, &body, true);
	case STORE_REFUSED:
		return got_refused(s, &body);
	case STORE_BACKED_UP:
		return got_backed_up(s, &body);
	case STORE_RANGE:
	case STORE_KEPT:
	case STORE_KEPT_RUN:
	case STORE_KEPT_EPOCH:
	case STORE_KEPT_PERSON:
	case STORE_KEPT_DIRECT:
	case STORE_RANGE_END:
		return got_range(s, f);
	default:
		return ERR_STATE;
	}
}

int store_hear(struct store *s)
{
	struct store_frame f;
	size_t at = 0;
	int r;

	while ((r = store_frame_next(&f, s->in.p + at, s->in.len - at)) == 0 &&
	       (r = got(s, &f)) == 0)
		at += f.size;
	buf_consume(&s->in, at);
	return r == ERR_AGAIN ? 0 : r;
}

static void take_in(struct store *s)
{
	ssize_t n;
	int r;

	n = recv(s->link, s->in.p + s->in.len, STORE_IN_MAX - s->in.len,
	    MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose_link(s);
		return;
	}
	s->in.len += (size_t)n;
	if ((r = store_hear(s)) == 0)
		return;
	logger_error(s->log, "store",
	    "the keeper says what it never says (%s): waiting for another",
	    err_str(r));
	lose_link(s);
}

/* --- the thread ---------------------------------------------------------------------------- */

static bool has_unsent(struct store *s)
{
	bool has;

	pthread_mutex_lock(&s->lock);
	has =
	    s->unsent != NULL || s->waiting.first != NULL || s->ask_out.len > 0;
	pthread_mutex_unlock(&s->lock);
	return has;
}

/* Stops when all is written, or the time is up. */
static bool is_over(struct store *s)
{
	bool over;

	pthread_mutex_lock(&s->lock);
	over = s->stopping && ((s->first == NULL && s->asked.first == NULL) ||
				  clock_monotonic_ms() >= s->stop_ms);
	pthread_mutex_unlock(&s->lock);
	return over;
}

static int timeout(struct store *s)
{
	int ms = -1;

	if (s->state != STORE_UP && !s->told_stuck)
		ms = STORE_LOST_MS / 4;
	pthread_mutex_lock(&s->lock);
	if (s->stopping)
		ms = 50;
	pthread_mutex_unlock(&s->lock);
	return ms;
}

static void step(struct store *s)
{
	struct pollfd p[3] = {{.fd = s->wake, .events = POLLIN},
	    {.fd = s->warden, .events = POLLIN},
	    {.fd = s->link, .events = POLLIN}};
	uint64_t n;

	if (s->state == STORE_UP) {
		while (send_some(s))
			;
		if (has_unsent(s))
			p[2].events |= POLLOUT;
	}
	if (poll(p, 3, timeout(s)) < 0)
		return;
	if (p[0].revents != 0) {
		/* In this order: what is queued in between is seen by the next
		 * step; the other way round, its wake-up would be read here
		 * and none would follow. */
		(void)!read(s->wake, &n, sizeof(n));
		atomic_store(&s->awake, false);
	}
	if (p[2].revents != 0)
		take_in(s);
	if (p[1].revents != 0)
		meet_keeper(s);
	look_stuck(s);
	refuse_asks(s);
}

void *store_thread(void *arg)
{
	struct store *s = arg;

	while (!is_over(s))
		step(s);
	return NULL;
}

/* blob_store.c - asks the process that has the files. */
#include "server/store/blob_store.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/priority.h"
#include "server/store/warden_link.h"
#include "shared/os/clock.h"

enum {
	SOCKET_BYTES = 1 << 20,
	IN_BYTES = 3 * BLOB_WIRE_MAX, /* resident while the server runs */
	THREAD_NICE = 10,
	COUNT_MS = 60000, /* from one question how many there are to the next */
	LOST_MS = 1000, /* without a process, until questions are refused */
};
STAILQ_HEAD(items, blob_ask_item);

struct blob_store {
	const struct logger *log;
	int warden, wake;
	pthread_t thread;

	pthread_mutex_t lock; /* of what follows */
	struct items waiting; /* not sent, or only in part */
	struct blob_limits limits;
	bool new_limits, new_owners, running, stopping;
	pthread_cond_t begun; /* running */
	bool (*known)(void *arg, const uint8_t owner[BLOB_OWNER]); /* or NULL */
	void *known_arg;
	struct blob_counts counts; /* but for the limit */
	uint64_t last_id;
	atomic_bool awake;

	/* The thread's own. */
	int link; /* -1: none */
	uint64_t lost_ms, counted_ms;
	bool refused; /* it was said that there is no process */
	struct items asked;
	struct blob_ask_item *now; /* is being sent; NULL: none */
	uint8_t head[BLOB_WIRE_HEAD];
	size_t sent; /* of `now`, with its head */
	struct buf in;
	struct blob_ask_item limit_item; /* BLOB_ASK_LIMITS */
	uint8_t limit_bytes[BLOB_LIMITS_BYTES];
	bool limiting; /* it is under way */
	struct blob_ask_item stray_item; /* one file after the other */
	uint8_t stray_kind; /* what it asks: NEXT or ERASE; 0: nothing */
};

/* --- from any thread --------------------------------------------------------- */

static void wake(struct blob_store *b)
{
	const uint64_t one = 1;

	if (!atomic_exchange(&b->awake, true))
		(void)!write(b->wake, &one, sizeof(one));
}

uint64_t blob_store_ask(struct blob_store *b, struct blob_ask_item *i)
{
	uint64_t id;

	(void)pthread_mutex_lock(&b->lock);
	id = i->m.id = ++b->last_id;
	STAILQ_INSERT_TAIL(&b->waiting, i, next);
	(void)pthread_mutex_unlock(&b->lock);
	wake(b);
	return id; /* *i may be answered and freed already */
}

void blob_store_limit(struct blob_store *b, const struct blob_limits *l)
{
	(void)pthread_mutex_lock(&b->lock);
	b->limits = *l;
	b->new_limits = true;
	(void)pthread_mutex_unlock(&b->lock);
	wake(b);
}

void blob_store_owners(struct blob_store *b,
    bool (*known)(void *arg, const uint8_t owner[BLOB_OWNER]), void *arg)
{
	(void)pthread_mutex_lock(&b->lock);
	b->known = known;
	b->known_arg = arg;
	b->new_owners = true;
	(void)pthread_mutex_unlock(&b->lock);
	wake(b);
}

void blob_store_counts(struct blob_store *b, struct blob_counts *out)
{
	(void)pthread_mutex_lock(&b->lock);
	*out = b->counts;
	out->limit = b->limits.all;
	(void)pthread_mutex_unlock(&b->lock);
}

/* --- erasing ----------------------------------------------------------------- */

struct erasing {
	struct blob_ask_item item;
	const struct logger *log;
};

static void say_erased(const struct logger *log, const struct blob_message *a)
{
	if (a->code != BLOB_OK)
		logger_error(log, "files",
		    "not all files of an account that was removed could be "
		    "deleted: see conclavectl files");
	else if (a->number > 0)
		logger_info(log, "files",
		    "%u deleted with the account that had sent them",
		    a->number);
}

static void erased(struct blob_ask_item *i)
{
	struct erasing *e = (struct erasing *)(void *)i;

	say_erased(e->log, &i->m);
	free(i->body);
	free(e);
}

int blob_store_erase(struct blob_store *b, const uint8_t owner[BLOB_OWNER])
{
	struct erasing *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return ERR_NOMEM;
	e->log = b->log;
	e->item.got = erased;
	e->item.m.kind = BLOB_ASK_ERASE;
	memcpy(e->item.m.owner, owner, BLOB_OWNER);
	(void)blob_store_ask(b, &e->item);
	return 0;
}

/* Of one file, or the files of its owner have been erased: goes on to the next. */
static void strayed(struct blob_ask_item *i)
{
	struct blob_store *b =
	    (struct blob_store *)(void *)((char *)i -
					  offsetof(
					      struct blob_store, stray_item));
	struct blob_message next = {.kind = BLOB_ASK_NEXT};

	free(i->body);
	if (b->stray_kind == BLOB_ASK_ERASE)
		say_erased(b->log, &i->m);
	else if (i->m.code == BLOB_OK &&
		 !b->known(b->known_arg, i->m.owner))
		next.kind = BLOB_ASK_ERASE;
	if (i->m.code != BLOB_OK) { /* behind the last, or it is lost */
		b->stray_kind = 0;
		return;
	}
	memcpy(next.blob, i->m.blob, WIRE_BLOB);
	memcpy(next.owner, i->m.owner, BLOB_OWNER);
	b->stray_kind = next.kind;
	i->m = next;
	(void)blob_store_ask(b, i);
}

/* --- answers ----------------------------------------------------------------- */

static void fail(struct blob_ask_item *i)
{
	i->m.code = BLOB_FAILED;
	i->m.bytes = NULL;
	i->m.len = 0;
	i->body = NULL;
	i->got(i);
}

static void fail_all(struct items *l)
{
	struct blob_ask_item *i;

	while ((i = STAILQ_FIRST(l)) != NULL) {
		STAILQ_REMOVE_HEAD(l, next);
		fail(i);
	}
}

static void limited(struct blob_ask_item *i)
{
	struct blob_store *b =
	    (struct blob_store *)(void *)((char *)i -
					  offsetof(
					      struct blob_store, limit_item));

	b->limiting = false;
	free(i->body);
}

/* ERR_STATE: nobody asked that. */
static int take_answer(struct blob_store *b, const struct blob_message *a)
{
	struct blob_ask_item *i = STAILQ_FIRST(&b->asked);

	if (i == NULL || a->kind != BLOB_ANSWER || a->id != i->m.id)
		return ERR_STATE;
	STAILQ_REMOVE_HEAD(&b->asked, next);
	(void)pthread_mutex_lock(&b->lock);
	b->counts.files = a->files;
	b->counts.bytes = a->held;
	(void)pthread_mutex_unlock(&b->lock);
	i->m = *a;
	i->m.bytes = i->body = NULL;
	if (a->len > 0 && (i->body = malloc(a->len)) == NULL) {
		fail(i);
		return 0;
	}
	if (a->len > 0)
		memcpy(i->body, a->bytes, a->len);
	i->m.bytes = i->body;
	i->got(i);
	return 0;
}

/* --- the link ---------------------------------------------------------------- */

static void lose_link(struct blob_store *b)
{
	if (b->link >= 0)
		close(b->link);
	b->link = -1;
	b->lost_ms = clock_monotonic_ms();
	b->sent = 0;
	if (b->now != NULL)
		STAILQ_INSERT_TAIL(&b->asked, b->now, next);
	b->now = NULL;
	buf_clear(&b->in);
	fail_all(&b->asked);
}

static void meet_keeper(struct blob_store *b)
{
	const int bytes = SOCKET_BYTES;
	int link, r = warden_link(b->warden, &link);

	if (r == ERR_LOST) {
		logger_error(b->log, "files",
		    "the process that starts the one for files has ended: "
		    "restart conclaved");
		close(b->warden);
		b->warden = -1;
	} else if (r == 0) {
		lose_link(b);
		b->link = link;
		b->refused = false;
		(void)setsockopt(
		    link, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
		(void)pthread_mutex_lock(&b->lock);
		b->new_limits = true;
		b->new_owners = b->known != NULL;
		(void)pthread_mutex_unlock(&b->lock);
	}
}

/* The next question, before all others the limits, then whose files there are. */
static void next_ask(struct blob_store *b)
{
	(void)pthread_mutex_lock(&b->lock);
	if (b->new_limits && !b->limiting) {
		blob_limits_put(b->limit_bytes, &b->limits);
		b->limit_item =
		    (struct blob_ask_item){.m = {.kind = BLOB_ASK_LIMITS,
					       .id = ++b->last_id,
					       .bytes = b->limit_bytes,
					       .len = sizeof(b->limit_bytes)},
			.got = limited};
		b->new_limits = false;
		b->limiting = true;
		b->now = &b->limit_item;
	} else if (b->new_owners && b->stray_kind == 0) {
		b->stray_kind = BLOB_ASK_NEXT;
		b->stray_item =
		    (struct blob_ask_item){.m = {.kind = BLOB_ASK_NEXT,
					       .id = ++b->last_id,
					       .flags = BLOB_FIRST},
			.got = strayed};
		b->new_owners = false;
		b->now = &b->stray_item;
	} else if ((b->now = STAILQ_FIRST(&b->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&b->waiting, next);
	}
	(void)pthread_mutex_unlock(&b->lock);
	if (b->now != NULL)
		blob_message_head(b->head, &b->now->m);
	b->sent = 0;
}

/* False: the socket takes no more now, or there is nothing. */
static bool send_some(struct blob_store *b)
{
	struct iovec v[2];
	struct msghdr m = {.msg_iov = v, .msg_iovlen = 2};
	size_t body;
	ssize_t done;

	if (b->now == NULL)
		next_ask(b);
	if (b->now == NULL)
		return false;
	body = b->sent > BLOB_WIRE_HEAD ? b->sent - BLOB_WIRE_HEAD : 0;
	v[0] = (struct iovec){b->head, BLOB_WIRE_HEAD};
	v[1] = (struct iovec){
	    (uint8_t *)(uintptr_t)b->now->m.bytes, b->now->m.len - body};
	if (body > 0)
		v[1].iov_base = (uint8_t *)v[1].iov_base + body;
	if (b->sent >= BLOB_WIRE_HEAD) {
		m.msg_iov = &v[1];
		m.msg_iovlen = 1;
	} else {
		v[0].iov_base = b->head + b->sent;
		v[0].iov_len -= b->sent;
	}
	done = sendmsg(b->link, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (done < 0)
		return errno == EINTR;
	b->sent += (size_t)done;
	if (b->sent < BLOB_WIRE_HEAD + b->now->m.len)
		return done > 0;
	STAILQ_INSERT_TAIL(&b->asked, b->now, next);
	b->now = NULL;
	return true;
}

static void take_in(struct blob_store *b)
{
	ssize_t n = recv(
	    b->link, b->in.p + b->in.len, IN_BYTES - b->in.len, MSG_DONTWAIT);
	struct blob_message a;
	size_t used, at = 0;
	int r;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lose_link(b);
		return;
	}
	b->in.len += (size_t)n;
	while ((r = blob_message_next(
		    &a, &used, b->in.p + at, b->in.len - at)) == 0 &&
	       (r = take_answer(b, &a)) == 0)
		at += used;
	buf_consume(&b->in, at);
	if (r == ERR_AGAIN)
		return;
	logger_error(b->log, "files",
	    "the process for files says what it never says: waiting for "
	    "another");
	lose_link(b);
}

/* Nobody answers: say so at once. */
static void refuse(struct blob_store *b)
{
	struct items all = STAILQ_HEAD_INITIALIZER(all);

	if (b->link >= 0 || clock_monotonic_ms() - b->lost_ms < LOST_MS)
		return;
	if (!b->refused)
		logger_error(b->log, "files",
		    "the process for files has ended: no files for now");
	b->refused = true;
	(void)pthread_mutex_lock(&b->lock);
	STAILQ_CONCAT(&all, &b->waiting);
	(void)pthread_mutex_unlock(&b->lock);
	fail_all(&all);
}

/* --- the thread -------------------------------------------------------------- */

static bool is_stopping(struct blob_store *b)
{
	bool stopping;

	(void)pthread_mutex_lock(&b->lock);
	stopping = b->stopping;
	(void)pthread_mutex_unlock(&b->lock);
	return stopping;
}

/* What is too old goes without a question: ask, so that the counts are right. */
static void count(struct blob_store *b)
{
	const uint64_t now_ms = clock_monotonic_ms();

	if (now_ms - b->counted_ms < COUNT_MS)
		return;
	b->counted_ms = now_ms;
	(void)pthread_mutex_lock(&b->lock);
	b->new_limits = true;
	(void)pthread_mutex_unlock(&b->lock);
}

static void step(struct blob_store *b)
{
	struct pollfd p[3] = {{.fd = b->wake, .events = POLLIN},
	    {.fd = b->warden, .events = POLLIN},
	    {.fd = b->link, .events = POLLIN}};
	uint64_t n;

	count(b);
	if (b->link >= 0) {
		while (send_some(b))
			;
		if (b->now != NULL)
			p[2].events |= POLLOUT;
	}
	if (poll(p, 3, b->link >= 0 ? COUNT_MS : LOST_MS / 4) < 0)
		return;
	if (p[0].revents != 0) {
		/* In this order: see store_link.c. */
		(void)!read(b->wake, &n, sizeof(n));
		atomic_store(&b->awake, false);
	}
	if (p[2].revents != 0)
		take_in(b);
	if (p[1].revents != 0)
		meet_keeper(b);
	refuse(b);
}

static void *blob_thread(void *arg)
{
	struct blob_store *b = arg;

	/* Of this thread alone: chat goes first. */
	priority_patient(THREAD_NICE);
	(void)pthread_mutex_lock(&b->lock);
	b->running = true;
	(void)pthread_cond_signal(&b->begun);
	(void)pthread_mutex_unlock(&b->lock);
	while (!is_stopping(b))
		step(b);
	return NULL;
}

/* --- beginning and end -------------------------------------------------------- */

static void release(struct blob_store *b)
{
	if (b->warden >= 0)
		close(b->warden);
	if (b->wake >= 0)
		close(b->wake);
	buf_free(&b->in);
	(void)pthread_cond_destroy(&b->begun);
	(void)pthread_mutex_destroy(&b->lock);
	free(b);
}

/* Until the thread has its priority: it cannot change it inside the sandbox, which
 * would end the server for trying, and which the caller is about to enter. */
static void wait_until_running(struct blob_store *b)
{
	(void)pthread_mutex_lock(&b->lock);
	while (!b->running)
		(void)pthread_cond_wait(&b->begun, &b->lock);
	(void)pthread_mutex_unlock(&b->lock);
}

struct blob_store *blob_store_start(
    int warden, const struct blob_limits *l, const struct logger *log)
{
	struct blob_store *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		close(warden);
		return NULL;
	}
	b->log = log;
	b->warden = warden;
	b->link = -1;
	b->lost_ms = b->counted_ms = clock_monotonic_ms();
	b->limits = *l;
	STAILQ_INIT(&b->waiting);
	STAILQ_INIT(&b->asked);
	buf_init(&b->in, IN_BYTES);
	(void)pthread_mutex_init(&b->lock, NULL);
	(void)pthread_cond_init(&b->begun, NULL);
	b->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->wake < 0 || buf_reserve(&b->in, IN_BYTES) != 0 ||
	    pthread_create(&b->thread, NULL, blob_thread, b) != 0) {
		release(b);
		return NULL;
	}
	wait_until_running(b);
	return b;
}

void blob_store_free(struct blob_store *b)
{
	if (b == NULL)
		return;
	(void)pthread_mutex_lock(&b->lock);
	b->stopping = true;
	(void)pthread_mutex_unlock(&b->lock);
	wake(b);
	(void)pthread_join(b->thread, NULL);
	lose_link(b);
	fail_all(&b->waiting);
	release(b);
}

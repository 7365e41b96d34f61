/* keeper.c - the keeper's loop: batches, commits, questions, and what it does
 * in between. */
#include "server/store/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/db.h"
#include "server/store/keeper_key.h"
#include "server/store/keeper_put.h"
#include "shared/base/secret.h"
#include "shared/os/clock.h"

enum {
	DB_WAIT_MS = 15000, /* the keeper of the relay before may still write */
	/* Above this, a database is checked while it serves. */
	CHECK_MAX = 16 << 20,
	/* Between two pieces of work of its own while the relay has some. */
	PIECE_MS = 50,
	/* A commit of so many messages waits for more, up to this time and size. */
	GATHER_FROM = 16,
	GATHER_MS = 1,
	GATHER_BYTES = 64 << 10,
	OUT_MAX = STORE_ANSWER_MAX + (4 << 20),
};

struct keeper {
	const struct keeper_opts *o;
	int fd;
	struct db *db;
	struct buf in;	 /* secret: bases of epochs come through it */
	struct buf out;	 /* secret, for the same reason */
	bool running;	 /* RUN has come */
	bool closed;	 /* the relay has ended */
	uint64_t ticket; /* the newest of the batch */
	/* Work of its own. */
	bool sweeping, checking;
	uint64_t sweep_ms, piece_ms; /* due, done last */
	int copy_fd;		     /* -1: none */
	int given_fd;		     /* came with a message; -1: none */
	uint32_t retry_ms;	     /* 0: not stuck */
};

/* --- the socket ---------------------------------------------------------------- */

/* Sends what waits. A relay that has ended takes nothing. */
static void flush(struct keeper *k)
{
	size_t at = 0;
	ssize_t n;

	while (at < k->out.len && !k->closed) {
		n = send(k->fd, k->out.p + at, k->out.len - at, MSG_NOSIGNAL);
		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno != EINTR)
			k->closed = true;
	}
	buf_clear(&k->out);
}

/* Keeps the newest descriptor that came; the relay sends one at a time. */
static void take_fd(struct keeper *k, struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fd;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
		return;
	memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	if (k->given_fd >= 0)
		close(k->given_fd);
	k->given_fd = fd;
}

static ssize_t receive(struct keeper *k, size_t room)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec one = {k->in.p + k->in.len, room};
	struct msghdr m = {.msg_iov = &one,
	    .msg_iovlen = 1,
	    .msg_control = control.space,
	    .msg_controllen = sizeof(control.space)};
	ssize_t n = recvmsg(k->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n > 0)
		take_fd(k, &m);
	return n;
}

/* Reads all that is there, up to KEEPER_BYTES. */
static void fill(struct keeper *k)
{
	ssize_t n;

	while (!k->closed && k->in.len < KEEPER_BYTES) {
		n = receive(k, KEEPER_BYTES - k->in.len);
		if (n > 0) {
			k->in.len += (size_t)n;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
			k->closed = true;
		return;
	}
}

static void tell_failed(struct keeper *k, const char *text)
{
	char sentence[STORE_SENTENCE_MAX + 1];
	size_t n = strnlen(text, STORE_SENTENCE_MAX);

	memcpy(sentence, text, n);
	sentence[n] = '\0';
	if (store_frame_sentence(&k->out, STORE_FAILED, sentence) == 0)
		flush(k);
}

/* --- puts ----------------------------------------------------------------------- */

static int refuse(struct keeper *k, uint64_t ticket, int e)
{
	size_t at;
	int r = store_frame_begin(&k->out, STORE_REFUSED, &at);

	if (r != 0 || (r = buf_u64(&k->out, ticket)) != 0 ||
	    (r = store_string_put(&k->out, err_str(e))) != 0)
		return r;
	return store_frame_end(&k->out, at, 0);
}

/* One put. ERR_STATE: not the next ticket, so no honest relay. */
static int put(struct keeper *k, const struct store_frame *f, bool *destroyed)
{
	struct rd body = f->body;
	uint64_t ticket;
	int r = rd_u64(&body, &ticket);

	if (r != 0 || !k->running)
		return ERR_STATE;
	if (ticket <= k->ticket)
		return 0; /* committed before the keeper before died */
	if (ticket != k->ticket + 1)
		return ERR_STATE;
	k->ticket = ticket;
	r = keeper_put(k->db, f->kind, body, destroyed);
	if (r == 0 || r == ERR_IO || r == ERR_NOMEM)
		return r;
	return refuse(k, ticket, r);
}

/* --- questions --------------------------------------------------------------------- */

static int answer_run(struct keeper *k, struct rd *r)
{
	const uint8_t *session;
	uint32_t run;
	size_t at;
	int e;

	if (k->running || (e = rd_bytes(r, &session, WIRE_NONCE)) != 0 ||
	    r->left != 0)
		return ERR_STATE;
	if ((e = db_run(k->db, session, &run, &k->ticket)) != 0)
		return e;
	k->running = true;
	if ((e = store_frame_begin(&k->out, STORE_RUNNING, &at)) != 0 ||
	    (e = buf_u32(&k->out, run)) != 0 ||
	    (e = buf_u64(&k->out, k->ticket)) != 0)
		return e;
	return store_frame_end(&k->out, at, 0);
}

static int send_each(void *arg, const struct buf *frame)
{
	struct keeper *k = arg;
	int r = buf_put(&k->out, frame->p, frame->len);

	if (k->out.len > KEEPER_BYTES)
		flush(k);
	return r;
}

static int answer_load(struct keeper *k, struct rd *r)
{
	size_t at;
	int e;

	if (r->left != 0 || !k->running)
		return ERR_STATE;
	if ((e = db_load(k->db, send_each, k)) == 0 &&
	    (e = store_frame_begin(&k->out, STORE_LOADED, &at)) == 0)
		return store_frame_end(&k->out, at, 0);
	/* Part of it may be on its way: begin anew. */
	buf_clear(&k->out);
	tell_failed(k, e == ERR_IO ? db_why(k->db) : err_str(e));
	return ERR_REFUSED;
}

/* It cannot be read, for whatever reason: the question is answered. */
static int answer_failed(struct keeper *k, uint64_t id)
{
	const struct store_range_head h = {.id = id, .failed = true};
	size_t at;
	int r;

	if ((r = store_frame_begin(&k->out, STORE_RANGE, &at)) != 0 ||
	    (r = store_range_put(&k->out, &h)) != 0 ||
	    (r = store_frame_end(&k->out, at, 0)) != 0 ||
	    (r = store_frame_begin(&k->out, STORE_RANGE_END, &at)) != 0)
		return r;
	return store_frame_end(&k->out, at, 0);
}

static int answer_read(struct keeper *k, struct rd *r)
{
	struct store_question q;
	uint64_t id;
	int e;

	if (rd_u64(r, &id) != 0 || store_question_get(r, &q) != 0)
		return ERR_STATE;
	flush(k); /* the answer may take all of the buffer */
	if ((e = db_read(k->db, id, &q, &k->out)) == 0)
		return 0;
	buf_clear(&k->out);
	logger_error(k->o->log, "store", "cannot read the history: %s",
	    e == ERR_IO ? db_why(k->db) : err_str(e));
	return answer_failed(k, id);
}

static int backed_up(struct keeper *k, bool failed, const char *text)
{
	size_t at;
	int r;

	if ((r = store_frame_begin(&k->out, STORE_BACKED_UP, &at)) != 0 ||
	    (r = buf_u32(&k->out, failed)) != 0 ||
	    (r = store_string_put(&k->out, text)) != 0)
		return r;
	return store_frame_end(&k->out, at, 0);
}

static int answer_backup(struct keeper *k, struct rd *r)
{
	int fd = k->given_fd;
	struct stat st;

	if (r->left != 0 || fd < 0)
		return ERR_STATE;
	k->given_fd = -1;
	if (k->copy_fd >= 0) {
		close(fd);
		return backed_up(k, true, "another backup is being made");
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return backed_up(k, true, "that is no regular file");
	}
	if (db_copy_begin(k->db) != 0) {
		close(fd);
		return backed_up(k, true, db_why(k->db));
	}
	k->copy_fd = fd;
	return 0;
}

static int question(struct keeper *k, const struct store_frame *f)
{
	struct rd body = f->body;

	switch (f->kind) {
	case STORE_RUN:
		return answer_run(k, &body);
	case STORE_LOAD:
		return answer_load(k, &body);
	case STORE_READ:
		return answer_read(k, &body);
	case STORE_BACKUP:
		return answer_backup(k, &body);
	default:
		return ERR_STATE;
	}
}

/* --- a batch ------------------------------------------------------------------------ */

/* Writes the puts at the front of `in`, up to the first question, and commits
 * them. *used: their bytes. */
static int write_batch(struct keeper *k, size_t *used, bool *destroyed)
{
	const uint64_t before = k->ticket;
	struct store_frame f;
	int r = 0, n;

	*used = 0;
	*destroyed = false;
	for (n = 0; n < KEEPER_BATCH; n++) {
		r = store_frame_next(&f, k->in.p + *used, k->in.len - *used);
		if (r != 0 || !store_is_put(f.kind))
			break;
		if (n == 0 && (r = db_begin(k->db)) != 0)
			return r;
		if ((r = put(k, &f, destroyed)) != 0)
			break;
		*used += f.size;
	}
	if (r == ERR_AGAIN)
		r = 0;
	if (n > 0 && r == 0 && (r = db_commit(k->db, k->ticket)) == 0 &&
	    k->ticket != before)
		r = store_frame_ticket(&k->out, STORE_COMMITTED, k->ticket);
	if (r != 0) {
		db_rollback(k->db);
		k->ticket = before;
		buf_clear(&k->out);
	}
	return r == ERR_RANGE ? ERR_STATE : r;
}

/* Everything complete that is in `in`. */
static int handle(struct keeper *k)
{
	struct store_frame f;
	bool destroyed;
	size_t used;
	int r;

	do {
		if ((r = write_batch(k, &used, &destroyed)) != 0)
			return r;
		/* Before anybody is told that it is gone. */
		if (destroyed && (r = db_scrub(k->db)) != 0)
			logger_error(k->o->log, "store",
			    "cannot empty the WAL now: %s", db_why(k->db));
		buf_consume(&k->in, used);
		flush(k);
		db_checkpoint(k->db);
		r = store_frame_next(&f, k->in.p, k->in.len);
		if (r == 0 && !store_is_put(f.kind)) {
			if ((r = question(k, &f)) != 0)
				return r;
			buf_consume(&k->in, f.size);
			flush(k);
			used += f.size;
		}
	} while (r == 0 && used > 0);
	return r == ERR_AGAIN ? 0 : r == ERR_RANGE ? ERR_STATE : r;
}

/* --- when the disk fails --------------------------------------------------------------- */

static void tell_stuck(struct keeper *k, const char *why)
{
	if (store_frame_sentence(&k->out, STORE_STUCK, why) == 0)
		flush(k);
}

/* The batch stays in `in`. */
static void be_stuck(struct keeper *k, int r)
{
	const char *why = r == ERR_IO ? db_why(k->db) : err_str(r);
	struct pollfd p = {.fd = k->fd};

	if (k->retry_ms == 0) {
		tell_stuck(k, why);
		k->retry_ms = KEEPER_RETRY_MIN_MS;
	} else if (k->retry_ms < KEEPER_RETRY_MAX_MS) {
		k->retry_ms *= 2;
		if (k->retry_ms > KEEPER_RETRY_MAX_MS)
			k->retry_ms = KEEPER_RETRY_MAX_MS;
	}
	if (poll(&p, 1, (int)k->retry_ms) > 0 &&
	    (p.revents & (POLLHUP | POLLERR)) != 0)
		k->closed = true;
}

static void be_well(struct keeper *k)
{
	if (k->retry_ms == 0)
		return;
	k->retry_ms = 0;
	tell_stuck(k, "");
}

/* --- work of its own ---------------------------------------------------------------------- */

static void copy_piece(struct keeper *k)
{
	bool more = false;
	int r = db_copy(k->db, k->copy_fd, &more);

	if (r == 0 && more)
		return;
	if (r == 0 && fsync(k->copy_fd) != 0 && errno != EINVAL)
		r = ERR_IO;
	(void)!backed_up(k, r != 0,
	    r == 0	     ? ""
	    : r == ERR_NOMEM ? err_str(r)
			     : db_why(k->db));
	close(k->copy_fd);
	k->copy_fd = -1;
	db_copy_end(k->db);
	flush(k);
}

static void check_piece(struct keeper *k)
{
	struct errmsg why;
	int r = db_check(k->db, &k->checking, &why);

	if (r == ERR_LOG)
		logger_error(k->o->log, "store", "%s", why.text);
	else if (r != 0)
		logger_error(k->o->log, "store",
		    "cannot check the database: %s", db_why(k->db));
}

static void sweep_piece(struct keeper *k)
{
	int r = db_sweep(k->db, clock_real_ms(), &k->sweeping);

	if (r == 0)
		return;
	k->sweeping = false; /* the next sweep is in a minute */
	logger_error(k->o->log, "store",
	    "cannot destroy what is over: %s; trying again in %d s",
	    db_why(k->db), KEEPER_SWEEP_MS / 1000);
}

static bool has_work(const struct keeper *k)
{
	return k->copy_fd >= 0 || k->checking || k->sweeping;
}

static void work(struct keeper *k)
{
	uint64_t now = clock_monotonic_ms();

	if (now >= k->sweep_ms && k->running) {
		k->sweeping = true;
		k->sweep_ms = now + KEEPER_SWEEP_MS;
	}
	if (k->copy_fd >= 0)
		copy_piece(k);
	else if (k->sweeping)
		sweep_piece(k);
	else if (k->checking)
		check_piece(k);
	k->piece_ms = clock_monotonic_ms();
}

/* Waits for the relay, as long as there is nothing else to do. */
static bool readable(const struct keeper *k)
{
	struct pollfd p = {.fd = k->fd, .events = POLLIN};
	uint64_t now = clock_monotonic_ms();
	int ms = 0;

	if (!has_work(k))
		ms = now < k->sweep_ms ? (int)(k->sweep_ms - now) + 1 : 0;
	return poll(&p, 1, ms) > 0;
}

/* Whether so many messages wait that others are likely to follow. */
static bool is_burst(const struct keeper *k)
{
	struct store_frame f;
	size_t at = 0;
	int n = 0;

	while (n < GATHER_FROM &&
	       store_frame_next(&f, k->in.p + at, k->in.len - at) == 0) {
		if (!store_is_put(f.kind))
			return false;
		at += f.size;
		n++;
	}
	return n == GATHER_FROM;
}

/* In a burst, a commit waits a moment for the rest of it: each costs as much as
 * many messages, here and for the relay, which delivers what is committed
 * together in the same records. */
static void gather(struct keeper *k)
{
	if (k->retry_ms != 0 || k->closed || k->in.len >= GATHER_BYTES ||
	    !is_burst(k))
		return;
	(void)poll(NULL, 0, GATHER_MS);
	fill(k);
}

static int serve(struct keeper *k)
{
	int r = 0;

	while (!k->closed || k->in.len > 0) {
		if (k->retry_ms == 0 && readable(k))
			fill(k);
		gather(k);
		r = handle(k);
		if (r == ERR_IO || r == ERR_NOMEM) {
			if (k->closed)
				return r; /* nobody was told that it is kept */
			be_stuck(k, r);
			continue;
		}
		if (r != 0)
			return r;
		be_well(k);
		if (k->closed)
			break; /* the rest is no whole message */
		if (k->in.len == 0 ||
		    clock_monotonic_ms() - k->piece_ms >= PIECE_MS)
			work(k);
	}
	return 0;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int open_all(struct keeper *k, uint8_t *key, int (*confine)(void *arg),
    void *arg, struct errmsg *why)
{
	struct db_opts o = {.key = key,
	    .sync_full = k->o->sync_full,
	    .wait_ms = DB_WAIT_MS,
	    .check_max = CHECK_MAX};
	char *path;
	int r;

	if ((r = keeper_key_read(key, k->o->dir, why)) != 0)
		return r;
	if (asprintf(&path, "%s/" DB_NAME, k->o->dir) < 0)
		return errmsg_set(why, ERR_NOMEM, "%s", err_str(ERR_NOMEM));
	if (confine != NULL && (r = confine(arg)) != 0)
		errmsg_set(why, r, "the keeper cannot enter its sandbox");
	o.path = path;
	if (r == 0)
		r = db_open(&k->db, &o, why);
	free(path);
	return r;
}

int keeper_run(
    int fd, const struct keeper_opts *o, int (*confine)(void *arg), void *arg)
{
	struct keeper k = {
	    .o = o, .fd = fd, .copy_fd = -1, .given_fd = -1, .checking = true};
	uint8_t *key = secret_alloc(WIRE_KEY);
	struct errmsg why;
	int r = ERR_NOMEM;

	buf_init_secret(&k.in, KEEPER_BYTES);
	buf_init_secret(&k.out, OUT_MAX);
	errmsg_set(&why, 0, "%s", err_str(ERR_NOMEM));
	if (key != NULL && buf_reserve(&k.in, KEEPER_BYTES) == 0)
		r = open_all(&k, key, confine, arg, &why);
	if (r != 0)
		tell_failed(&k, why.text);
	else if ((r = serve(&k)) == ERR_STATE)
		logger_error(o->log, "store",
		    "the relay sent what it never sends: the keeper ends");
	else if (r == ERR_IO || r == ERR_NOMEM)
		logger_error(o->log, "store",
		    "the server ended while nothing could be written (%s): "
		    "what was not acknowledged is not kept",
		    r == ERR_IO ? db_why(k.db) : err_str(r));
	db_close(k.db);
	if (k.given_fd >= 0)
		close(k.given_fd);
	if (k.copy_fd >= 0)
		close(k.copy_fd);
	buf_free(&k.in);
	buf_free(&k.out);
	secret_free(key, WIRE_KEY);
	return r;
}

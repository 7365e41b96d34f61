/* blob_keeper.c - answers questions about files. */
#include "server/store/blob_keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/store/blob_dir.h"
#include "shared/os/clock.h"

struct blob_keeper {
	const struct keeper_opts *o;
	int fd;
	struct blob_dir *dir;
	struct buf in;
	uint8_t *out; /* one answer: BLOB_WIRE_MAX bytes */
	uint64_t sweep_ms;
	bool closed; /* the relay has ended */
};

/* --- answers ---------------------------------------------------------------- */

/* m->bytes are at k->out + BLOB_WIRE_HEAD already. */
static void answer(struct blob_keeper *k, const struct blob_message *m)
{
	const size_t n = BLOB_WIRE_HEAD + m->len;
	size_t at = 0;
	ssize_t done;

	blob_message_head(k->out, m);
	while (at < n && !k->closed) {
		done = send(k->fd, k->out + at, n - at, MSG_NOSIGNAL);
		if (done > 0)
			at += (size_t)done;
		else if (done < 0 && errno != EINTR)
			k->closed = true;
	}
}

static void describe(struct blob_message *a, const struct blob_entry *e)
{
	memcpy(a->blob, e->blob, WIRE_BLOB);
	memcpy(a->owner, e->owner, BLOB_OWNER);
	a->size = e->size;
	a->number = e->pieces;
	a->time = e->made_ms;
	a->flags = e->ended ? BLOB_IS_ENDED : 0;
}

static bool is_owner(const struct blob_entry *e, const struct blob_message *q)
{
	return memcmp(e->owner, q->owner, BLOB_OWNER) == 0;
}

static enum blob_code do_new(
    struct blob_keeper *k, const struct blob_message *q, struct blob_message *a)
{
	struct blob_entry e = {
	    .size = q->size, .made_ms = q->time, .sender = q->id};
	enum blob_code code;

	if (q->len >= sizeof(e.name) || memchr(q->bytes, '\0', q->len) != NULL)
		return BLOB_BAD;
	memcpy(e.blob, q->blob, WIRE_BLOB);
	memcpy(e.owner, q->owner, BLOB_OWNER);
	memcpy(e.name, q->bytes, q->len);
	if ((code = blob_dir_new(k->dir, &e)) == BLOB_OK)
		describe(a, &e);
	return code;
}

static enum blob_code do_have(
    struct blob_entry *e, const struct blob_message *q, struct blob_message *a)
{
	if (!is_owner(e, q))
		return BLOB_DENIED;
	e->sender = q->id;
	describe(a, e);
	return BLOB_OK;
}

static enum blob_code do_put(struct blob_keeper *k, struct blob_entry *e,
    const struct blob_message *q, struct blob_message *a)
{
	enum blob_code code;

	if (q->size == 0 || q->size != e->sender)
		return BLOB_DENIED;
	code = blob_dir_put(k->dir, e, q->number, q->bytes, q->len, q->time);
	if (code != BLOB_OK)
		e->sender = 0; /* it asks how many pieces there are */
	a->number = e->pieces;
	return code;
}

static enum blob_code do_gone(struct blob_keeper *k, struct blob_entry *e,
    const struct blob_message *q, struct blob_message *a)
{
	if (!is_owner(e, q) && (q->flags & BLOB_ANYBODY) == 0)
		return BLOB_DENIED;
	describe(a, e);
	return blob_dir_remove(k->dir, e);
}

static enum blob_code do_next(
    struct blob_keeper *k, const struct blob_message *q, struct blob_message *a)
{
	const struct blob_entry *e = blob_dir_next(
	    k->dir, (q->flags & BLOB_FIRST) != 0 ? NULL : q->blob);

	if (e == NULL)
		return BLOB_NONE;
	describe(a, e);
	a->len = strlen(e->name);
	memcpy(k->out + BLOB_WIRE_HEAD, e->name, a->len);
	return BLOB_OK;
}

static enum blob_code of_one(
    struct blob_keeper *k, const struct blob_message *q, struct blob_message *a)
{
	struct blob_entry *e = blob_dir_find(k->dir, q->blob);

	if (e == NULL)
		return BLOB_NONE;
	switch (q->kind) {
	case BLOB_ASK_HAVE:
		return do_have(e, q, a);
	case BLOB_ASK_PUT:
		return do_put(k, e, q, a);
	case BLOB_ASK_END:
		return is_owner(e, q) ? blob_dir_end(k->dir, e, q->number)
				      : BLOB_DENIED;
	case BLOB_ASK_GET:
		return !e->ended ? BLOB_NONE
				 : blob_dir_get(k->dir, e, q->number,
				       k->out + BLOB_WIRE_HEAD, &a->len);
	default:
		return do_gone(k, e, q, a);
	}
}

/* ERR_STATE: no honest relay asks that. */
static int handle(struct blob_keeper *k, const struct blob_message *q)
{
	struct blob_message a = {.kind = BLOB_ANSWER, .id = q->id};
	struct blob_limits l;

	memcpy(a.blob, q->blob, WIRE_BLOB);
	switch (q->kind) {
	case BLOB_ASK_LIMITS:
		if (blob_limits_get(&l, q->bytes, q->len) != 0)
			return ERR_STATE;
		blob_dir_limit(k->dir, &l);
		k->sweep_ms = 0; /* they may have become narrower */
		break;
	case BLOB_ASK_NEW:
		a.code = (uint8_t)do_new(k, q, &a);
		break;
	case BLOB_ASK_NEXT:
		a.code = (uint8_t)do_next(k, q, &a);
		break;
	case BLOB_ASK_ERASE:
		a.code =
		    (uint8_t)blob_dir_erase(k->dir, q->owner, &a.number);
		break;
	case BLOB_ANSWER:
		return ERR_STATE;
	default:
		a.code = (uint8_t)of_one(k, q, &a);
	}
	blob_dir_count(k->dir, &a.files, &a.held);
	answer(k, &a);
	return 0;
}

/* --- the loop --------------------------------------------------------------- */

static void sweep(struct blob_keeper *k)
{
	const uint64_t now_ms = clock_monotonic_ms();
	size_t n;

	if (now_ms < k->sweep_ms)
		return;
	k->sweep_ms = now_ms + BLOB_KEEPER_SWEEP_MS;
	n = blob_dir_sweep(k->dir, clock_real_ms());
	if (n > 0)
		logger_info(
		    k->o->log, "files", "%zu deleted: they were too old", n);
}

static void fill(struct blob_keeper *k)
{
	struct pollfd p = {.fd = k->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&p, 1, BLOB_KEEPER_SWEEP_MS) <= 0)
		return;
	n = recv(k->fd, k->in.p + k->in.len, BLOB_KEEPER_IN - k->in.len,
	    MSG_DONTWAIT);
	if (n > 0)
		k->in.len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		k->closed = true;
}

static int serve(struct blob_keeper *k)
{
	struct blob_message q;
	size_t used, at;
	int r = ERR_AGAIN;

	while (!k->closed && r == ERR_AGAIN) {
		fill(k);
		for (at = 0; !k->closed &&
			     (r = blob_message_next(&q, &used, k->in.p + at,
				  k->in.len - at)) == 0 &&
			     (r = handle(k, &q)) == 0;
		     at += used)
			;
		buf_consume(&k->in, at);
		if (r == ERR_AGAIN)
			sweep(k);
	}
	return k->closed || r == ERR_AGAIN ? 0 : ERR_STATE;
}

int blob_keeper_run(
    int fd, const struct keeper_opts *o, int (*confine)(void *arg), void *arg)
{
	struct blob_keeper k = {.o = o, .fd = fd, .out = malloc(BLOB_WIRE_MAX)};
	struct errmsg why;
	int r = ERR_NOMEM;

	k.sweep_ms = clock_monotonic_ms() + BLOB_KEEPER_SWEEP_MS;
	buf_init(&k.in, BLOB_KEEPER_IN);
	errmsg_set(&why, ERR_NOMEM, "%s", err_str(ERR_NOMEM));
	if (k.out != NULL && buf_reserve(&k.in, BLOB_KEEPER_IN) == 0) {
		r = confine != NULL ? confine(arg) : 0;
		if (r != 0)
			errmsg_set(&why, r, "no sandbox");
		else
			r = blob_dir_open(&k.dir, o->dir, &why);
	}
	if (r != 0)
		logger_error(
		    o->log, "files", "cannot keep files: %s", why.text);
	else if ((r = serve(&k)) != 0)
		logger_error(o->log, "files",
		    "the relay sent what it never sends: the process for files "
		    "ends");
	blob_dir_close(k.dir);
	buf_free(&k.in);
	free(k.out);
	return r;
}

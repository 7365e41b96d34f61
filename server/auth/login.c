/* login.c - takes a new connection to membership in a room. */
#include "server/auth/login.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/auth/client.h"
#include "server/net/limits.h"

enum {
	LOGIN_LOOK_MS = 100, /* how often waiting attempts are looked at */
};

/* --- the log ------------------------------------------------------------- */

void login_log(struct loginer *g, enum logger_level level, const char *fmt, ...)
{
	const struct logger *log = g->o.log;
	char text[256];
	va_list ap;

	if (level > log->level)
		return;
	if (!ratelimit_take(&g->lines, g->o.loop->now_ms)) {
		g->n_unlogged++;
		return;
	}
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (g->n_unlogged == 0)
		logger_write(log, level, "handshake", "%s", text);
	else
		logger_write(log, level, "handshake",
		    "%s; %" PRIu64 " lines like this were left out", text,
		    g->n_unlogged);
	g->n_unlogged = 0;
}

/* --- the attempt --------------------------------------------------------- */

static struct loginer *login_shared(const struct client *cl)
{
	return &cl->all->login;
}

static bool login_counted(enum login_state s)
{
	return s == LOGIN_READING || s == LOGIN_WAITING || s == LOGIN_GUESSED;
}

/* The only place that changes the state, and tells the throttle. */
static void login_set(struct client *cl, enum login_state to)
{
	struct loginer *g = login_shared(cl);
	struct login *l = &cl->login;
	enum login_state from = l->state;

	if (from == to || from == LOGIN_OVER)
		return;
	l->state = to;
	if (from == LOGIN_WAITING) {
		g->n_waiting--;
		conn_go(&cl->conn);
	} else if (to == LOGIN_WAITING) {
		g->n_waiting++;
		conn_stop(&cl->conn);
	}
	if (!login_counted(from) || login_counted(to))
		return;
	if (to == LOGIN_CLEARED)
		throttle_clear(g->o.throttle, &l->attempt);
	else
		throttle_leave(g->o.throttle, &l->attempt, g->o.loop->now_ms);
	g->moved = true;
}

void login_leave(struct client *cl)
{
	login_set(cl, LOGIN_OVER);
}

static int login_enter_throttle(struct client *cl, const struct sockaddr *sa)
{
	struct loginer *g = login_shared(cl);
	struct login *l = &cl->login;
	unsigned uid = 0;
	int err;

	if (sa->sa_family == AF_UNIX)
		uid = transport_socket_uid(&cl->conn.transport);
	l->attempt.owner = cl;
	l->attempt.home = g->o.index;
	err = throttle_enter(
	    g->o.throttle, &l->attempt, sa, uid, g->o.loop->now_ms);
	if (err != 0)
		return err;
	l->state = LOGIN_READING;
	g->moved = true; /* this may have evicted another of our attempts */
	return 0;
}

int login_start(struct client *cl, const struct sockaddr *sa)
{
	struct loginer *g = login_shared(cl);
	struct hs_server_opts o = {.crypto = g->o.crypto,
	    .rng = g->o.rng,
	    .identity = g->o.identity,
	    .account = accounts_find,
	    .arg = &g->accounts};

	memcpy(o.session, g->o.session, sizeof(o.session));
	if ((cl->login.handshake = handshake_server(&o)) == NULL)
		return ERR_NOMEM;
	return login_enter_throttle(cl, sa);
}

/* --- admission ----------------------------------------------------------- */

/* Enters the room that the card names. *refused is a code, or CODE_NONE if
 * the client now waits for the room's next epoch. */
static int login_enter_room(
    struct client *cl, const struct hs_result *res, enum wire_code *refused)
{
	struct clients *k = cl->all;
	struct room *r = directory_find(k->o.directory, res->card.room);
	struct room_newcomer n = {.result = res,
	    .out = &cl->conn.out,
	    .membership = memberships_free_one(&cl->dispatch.rooms)};

	if ((*refused = res->refusal) != CODE_NONE)
		return 0;
	snprintf(
	    cl->name, sizeof(cl->name), "%.*s", WIRE_NAME_MAX, res->card.name);
	if (r == NULL) {
		*refused = CODE_NO_ROOM;
		return 0;
	}
	if (n.membership == NULL)
		return ERR_NOMEM;
	return room_enter(r, k->o.rooms, &n, refused);
}

static void login_admit(struct client *cl, const struct hs_result *res)
{
	const struct logger *log = login_shared(cl)->o.log;
	enum wire_code code;
	int err = login_enter_room(cl, res, &code);

	if (err != 0) {
		logger_warn(log, "refused", "%s (%s): %s", cl->name, cl->peer,
		    err_str(err));
		client_end(cl, CODE_FULL);
	} else if (code != CODE_NONE) {
		logger_info(log, "refused", "%s (%s): %s",
		    cl->name[0] != '\0' ? cl->name : "somebody", cl->peer,
		    wire_code_word(code));
		client_end(cl, code);
	} else {
		logger_info(log, "join", "%s (%s)", cl->name, cl->peer);
	}
}

static void login_done(struct client *cl)
{
	struct loginer *g = login_shared(cl);
	struct login *l = &cl->login;
	const struct hs_result *res = handshake_result(l->handshake);

	login_set(cl, LOGIN_OVER);
	cl->link = link_new(g->o.crypto, &res->keys, LINK_SERVER);
	if (cl->link == NULL) {
		logger_error(
		    g->o.log, "lost", "%s: %s", cl->peer, err_str(ERR_NOMEM));
		conn_close(&cl->conn);
		return;
	}
	client_linked(cl);
	login_admit(cl, res);
	handshake_free(l->handshake);
	l->handshake = NULL;
}

/* --- the handshake ------------------------------------------------------- */

/* The first bytes belong to another protocol. */
static void login_foreign(struct client *cl, const struct detect *is)
{
	login_log(login_shared(cl), LOGGER_WARN,
	    "%s speaks %s: this port is for conclave, which has an encryption "
	    "of its own; connect with conclave",
	    cl->peer, is->name);
	if (is->answer != NULL)
		conn_write(&cl->conn, is->answer, strlen(is->answer));
	handshake_free(cl->login.handshake);
	cl->login.handshake = NULL;
	conn_linger(&cl->conn);
}

static void login_failed(struct client *cl, int err)
{
	const struct detect *is =
	    detect_first(cl->login.first, cl->login.n_first);

	if (is != NULL) {
		login_foreign(cl, is);
		return;
	}
	login_log(
	    login_shared(cl), LOGGER_INFO, "%s: %s", cl->peer, err_str(err));
	conn_linger(&cl->conn);
}

static void login_grant(struct client *cl)
{
	int err;

	login_set(cl, LOGIN_GUESSED);
	if ((err = handshake_grant(cl->login.handshake)) == 0)
		return;
	/* No confirm was sent, so this was no guess: the share was invalid,
	 * or we ran out of some resource. */
	login_set(cl, LOGIN_CLEARED);
	login_failed(cl, err);
}

static void login_answer(struct client *cl, enum throttle_answer answer)
{
	struct loginer *g = login_shared(cl);

	switch (answer) {
	case THROTTLE_GO:
		login_grant(cl);
		break;
	case THROTTLE_WAIT:
		login_set(cl, LOGIN_WAITING);
		break;
	case THROTTLE_LATER:
		login_log(g, LOGGER_INFO,
		    "%s: told to wait after wrong passwords", cl->peer);
		client_refuse(
		    cl, CODE_TRY_LATER, wire_code_str(CODE_TRY_LATER));
		break;
	case THROTTLE_EVICTED:
		login_log(g, LOGGER_INFO,
		    "%s: evicted, too many are logging in", cl->peer);
		client_refuse(cl, CODE_TRY_LATER, "too many are coming in");
		break;
	}
	outq_touch(&cl->conn.out);
}

/* Runs after each handshake message. err: its result. */
static void login_step(struct client *cl, int err)
{
	struct loginer *g = login_shared(cl);
	struct login *l = &cl->login;

	/* A proof that came with a bad card counts as well. */
	if (handshake_proved(l->handshake))
		login_set(cl, LOGIN_CLEARED);
	if (err != 0) {
		login_failed(cl, err);
		return;
	}
	switch (handshake_need(l->handshake)) {
	case HS_NEED_INPUT:
		break;
	case HS_NEED_GRANT:
		login_answer(cl, throttle_share(g->o.throttle, &l->attempt,
				     g->o.loop->now_ms));
		break;
	case HS_DONE:
		login_done(cl);
		break;
	default:
		login_failed(cl, ERR_STATE);
		break;
	}
}

static void login_keep_first(struct login *l, const uint8_t *in, size_t n)
{
	size_t want = sizeof(l->first) - l->n_first;

	if (n > want)
		n = want;
	memcpy(l->first + l->n_first, in, n);
	l->n_first += n;
}

size_t login_input(struct client *cl, const uint8_t *in, size_t n)
{
	struct login *l = &cl->login;
	size_t used = 0, u;
	int err;

	while (cl->conn.state == CONN_NEW && used < n &&
	       handshake_need(l->handshake) == HS_NEED_INPUT) {
		u = 0;
		login_keep_first(l, in + used, n - used);
		err = handshake_input(l->handshake, in + used, n - used, &u);
		used += u;
		outq_touch(&cl->conn.out);
		login_step(cl, err);
	}
	return used;
}

int login_output(struct login *l, const struct outq_io *io)
{
	struct iovec iov;
	const uint8_t *p;
	size_t n;
	ssize_t sent;

	while (p = handshake_output(l->handshake, &n), n > 0) {
		iov = (struct iovec){(void *)(uintptr_t)p, n};
		sent = io->writev(io->arg, &iov, 1);
		if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return ERR_AGAIN;
		if (sent < 0 && errno != EINTR)
			return ERR_IO;
		if (sent > 0)
			handshake_consume(l->handshake, (size_t)sent);
	}
	return 0;
}

/* --- delayed answers ----------------------------------------------------- */

static void loginer_look(struct timer *t)
{
	struct loginer *g =
	    (struct loginer *)(void *)((char *)t -
				       offsetof(struct loginer, look));

	g->moved = true;
}

void loginer_init(struct loginer *g, const struct loginer_opts *o)
{
	memset(g, 0, sizeof(*g));
	g->o = *o;
	g->accounts = (struct accounts_view){o->accounts, o->crypto};
	g->look.fn = loginer_look;
	ratelimit_init(&g->lines, LIMIT_LOG_LINES, o->loop->now_ms);
}

/* Refuses evicted attempts at once, without counting them as steps: refusing
 * needs no elliptic-curve operation, and until then the throttle does not
 * count connections that still exist. */
static void loginer_answers(struct loginer *g)
{
	struct conn_loop *l = g->o.loop;
	enum throttle_answer answer;
	struct throttle_attempt *t;
	struct client *cl;

	while (l->new_reads > 0 && atomic_exchange(&g->moved, false)) {
		t = throttle_ready(
		    g->o.throttle, g->o.index, l->now_ms, &answer);
		if (t == NULL)
			break;
		g->moved = true; /* until none are left */
		if (answer == THROTTLE_GO)
			l->new_reads--;
		cl = t->owner;
		login_answer(cl, answer);
		conn_resume(&cl->conn);
	}
}

void loginer_run(struct clients *k)
{
	struct loginer *g = &k->login;
	struct conn_loop *l = g->o.loop;

	loginer_answers(g);
	if (g->n_waiting > 0 && g->look.place == 0)
		timer_set(&l->timers, &g->look, l->now_ms + LOGIN_LOOK_MS);
}

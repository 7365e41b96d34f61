#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/auth/login.h"
#include "server/loop/loop_int.h"
#include "server/room/dispatch.h"
#include "shared/wire/text.h"

/* --- the log ------------------------------------------------------------- */

void login_log(struct conn *c, enum logger_level level, const char *fmt, ...)
{
	struct worker *w = c->worker;
	const struct logger *log = w->server->o.log;
	char text[256];
	va_list ap;

	if (level > log->level)
		return;
	if (!ratelimit_take(&w->lines, w->now_ms)) {
		w->unsaid++;
		return;
	}
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (w->unsaid == 0)
		logger_write(log, level, "handshake", "%s", text);
	else
		logger_write(log, level, "handshake",
		    "%s; %" PRIu64 " lines like this were left out", text,
		    w->unsaid);
	w->unsaid = 0;
}

/* --- the gate ------------------------------------------------------------ */

static unsigned login_uid(const struct conn *c)
{
	struct ucred u = {0};
	socklen_t n = sizeof(u);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &u, &n) != 0)
		return UINT32_MAX; /* all whom we cannot tell apart */
	return u.uid;
}

static int login_enter(struct conn *c, const struct sockaddr *sa)
{
	struct worker *w = c->worker;
	int r;

	c->attempt.owner = c;
	c->attempt.home = w->index;
	r = throttle_enter(w->server->throttle, &c->attempt, sa,
	    sa->sa_family == AF_UNIX ? login_uid(c) : 0, w->now_ms);
	if (r != 0)
		return r;
	c->in_throttle = true;
	w->throttle_moved = true; /* somebody may have made room */
	return 0;
}

static void login_waits(struct conn *c, bool waits)
{
	if (c->waits == waits)
		return;
	c->waits = waits;
	if (waits)
		c->worker->throttle_waiting++;
	else
		c->worker->throttle_waiting--;
}

void login_leave(struct conn *c)
{
	login_waits(c, false);
	if (!c->in_throttle)
		return;
	c->in_throttle = false;
	throttle_leave(c->worker->server->throttle, &c->attempt, c->worker->now_ms);
	c->worker->throttle_moved = true;
}

int login_start(struct conn *c, const struct sockaddr *sa)
{
	struct worker *w = c->worker;
	struct server *s = w->server;
	struct hs_server_opts o = {.crypto = w->crypto,
	    .rng = s->o.rng,
	    .identity = s->o.identity,
	    .account = accounts_find,
	    .arg = &w->accounts};

	memcpy(o.session, s->session, sizeof(o.session));
	if ((c->handshake = handshake_server(&o)) == NULL)
		return ERR_NOMEM;
	return login_enter(c, sa);
}

/* --- who is let in ------------------------------------------------------- */

/* The code with which it is refused, or CODE_NONE and it waits to come in. */
static int login_enter_room(
    struct conn *c, const struct hs_result *res, enum wire_code *refused)
{
	struct worker *w = c->worker;
	struct room_newcomer n = {
	    .result = res, .out = &c->out, .membership = &c->membership};

	if ((*refused = res->refusal) != CODE_NONE)
		return 0;
	snprintf(
	    c->name, sizeof(c->name), "%.*s", WIRE_NAME_MAX, res->card.name);
	if (res->card.room[0] != '\0' &&
	    !text_same_name(res->card.room, room_name(w->server->room))) {
		*refused = CODE_NO_ROOM;
		return 0;
	}
	return room_enter(w->shard, &n, refused);
}

static void login_admit(struct conn *c, const struct hs_result *res)
{
	const struct logger *log = c->worker->server->o.log;
	enum wire_code code;
	int r = login_enter_room(c, res, &code);

	if (r != 0) {
		logger_warn(log, "refused", "%s (%s): %s", c->name, c->peer,
		    err_str(r));
		conn_end(c, CODE_FULL);
	} else if (code != CODE_NONE) {
		logger_info(log, "refused", "%s (%s): %s",
		    c->name[0] != '\0' ? c->name : "somebody", c->peer,
		    wire_code_word(code));
		conn_end(c, code);
	} else {
		logger_info(log, "join", "%s (%s)", c->name, c->peer);
	}
}

static void login_done(struct conn *c)
{
	struct worker *w = c->worker;
	struct server *s = w->server;
	const struct hs_result *res = handshake_result(c->handshake);

	login_leave(c);
	c->link = link_new(w->crypto, &res->keys, LINK_SERVER);
	if (c->link == NULL) {
		logger_error(
		    s->o.log, "lost", "%s: %s", c->peer, err_str(ERR_NOMEM));
		conn_close(c);
		return;
	}
	c->state = CONN_LINKED;
	c->heard_ms = w->now_ms;
	ratelimit_init(&c->rate, s->o.options->rate, w->now_ms);
	dispatch_silence(c); /* sets the timer */
	login_admit(c, res);
	handshake_free(c->handshake);
	c->handshake = NULL;
}

/* --- the handshake ------------------------------------------------------- */

/* What came is no handshake: somebody else's protocol, maybe. */
static void login_foreign(struct conn *c, const struct detect *is)
{
	login_log(c, LOGGER_WARN,
	    "%s speaks %s: this port is for conclave, which has an encryption "
	    "of its own; connect with conclave",
	    c->peer, is->name);
	if (is->answer != NULL)
		(void)send(c->fd, is->answer, strlen(is->answer),
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	handshake_free(c->handshake); /* it has nothing to say to it */
	c->handshake = NULL;
	conn_linger(c);
}

static void login_failed(struct conn *c, int err)
{
	const struct detect *is = detect_first(c->first, c->n_first);

	if (is != NULL) {
		login_foreign(c, is);
		return;
	}
	login_log(c, LOGGER_INFO, "%s: %s", c->peer, err_str(err));
	conn_linger(c);
}

static void login_answer(struct conn *c, enum throttle_answer answer)
{
	struct worker *w = c->worker;
	struct server *s = w->server;
	int r;

	switch (answer) {
	case THROTTLE_GO:
		login_waits(c, false);
		if ((r = handshake_grant(c->handshake)) == 0)
			break;
		/* No confirm left, so it was no guess: not a share at all, or
		 * a shortage of ours. */
		if (c->in_throttle)
			throttle_proved(s->throttle, &c->attempt);
		login_failed(c, r);
		break;
	case THROTTLE_WAIT:
		login_waits(c, true);
		break;
	case THROTTLE_LATER:
		login_log(c, LOGGER_INFO,
		    "%s: told to wait after wrong passwords", c->peer);
		conn_refuse(c, CODE_TRY_LATER, wire_code_str(CODE_TRY_LATER));
		break;
	case THROTTLE_EVICTED:
		login_log(c, LOGGER_INFO, "%s: made room for somebody else",
		    c->peer);
		conn_refuse(c, CODE_TRY_LATER, "too many are coming in");
		break;
	}
	outq_touch(&c->out);
}

/* After each step. */
static void login_step(struct conn *c)
{
	struct worker *w = c->worker;
	struct server *s = w->server;

	if (!c->proved && handshake_proved(c->handshake)) {
		c->proved = true;
		if (c->in_throttle)
			throttle_proved(s->throttle, &c->attempt);
		w->throttle_moved = true;
	}
	switch (handshake_need(c->handshake)) {
	case HS_NEED_INPUT:
		break;
	case HS_NEED_GRANT:
		login_answer(c, throttle_share(s->throttle, &c->attempt, w->now_ms));
		break;
	case HS_DONE:
		login_done(c);
		break;
	default:
		login_failed(c, ERR_STATE);
		break;
	}
}

static void login_first(struct conn *c, const uint8_t *in, size_t n)
{
	size_t want = sizeof(c->first) - c->n_first;

	if (n > want)
		n = want;
	memcpy(c->first + c->n_first, in, n);
	c->n_first += n;
}

size_t login_input(struct conn *c, const uint8_t *in, size_t n)
{
	size_t used = 0, u;
	int r;

	while (c->state == CONN_LOGIN && used < n &&
	       handshake_need(c->handshake) == HS_NEED_INPUT) {
		u = 0;
		login_first(c, in + used, n - used);
		r = handshake_input(c->handshake, in + used, n - used, &u);
		used += u;
		outq_touch(&c->out);
		if (r != 0) {
			/* Also a proof that came with a bad card counts. */
			if (handshake_proved(c->handshake) && c->in_throttle)
				throttle_proved(
				    c->worker->server->throttle, &c->attempt);
			login_failed(c, r);
		} else {
			login_step(c);
		}
	}
	return used;
}

/* Who made room is told and closed at once, however many are accepted in a
 * turn, or connections would be kept that the gate no longer counts: to tell
 * somebody to go costs no curve, and is no step. */
void login_waiting(struct worker *w)
{
	struct throttle_attempt *t;
	enum throttle_answer answer;

	while (w->login_steps > 0 && atomic_exchange(&w->throttle_moved, false)) {
		t = throttle_ready(w->server->throttle, w->index, w->now_ms, &answer);
		if (t == NULL)
			break;
		w->throttle_moved = true; /* until there is none */
		if (answer == THROTTLE_GO)
			w->login_steps--;
		login_answer(t->owner, answer);
		conn_resume(t->owner);
	}
}

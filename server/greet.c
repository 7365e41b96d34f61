#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/greet.h"
#include "server/relay.h"
#include "server/talk.h"
#include "shared/text.h"

/* --- the log ------------------------------------------------------------- */

void greet_log(struct conn *c, enum log_level level, const char *fmt, ...)
{
	struct worker *w = c->worker;
	const struct log *log = w->server->o.log;
	char text[256];
	va_list ap;

	if (level > log->level)
		return;
	if (!rate_take(&w->lines, w->now_ms)) {
		w->unsaid++;
		return;
	}
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (w->unsaid == 0)
		log_write(log, level, "handshake", "%s", text);
	else
		log_write(log, level, "handshake",
		    "%s; %" PRIu64 " lines like this were left out", text,
		    w->unsaid);
	w->unsaid = 0;
}

/* --- the gate ------------------------------------------------------------ */

static unsigned greet_uid(const struct conn *c)
{
	struct ucred u = {0};
	socklen_t n = sizeof(u);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &u, &n) != 0)
		return UINT32_MAX; /* all whom we cannot tell apart */
	return u.uid;
}

static int greet_enter(struct conn *c, const struct sockaddr *sa)
{
	struct worker *w = c->worker;
	int r;

	c->ticket.owner = c;
	c->ticket.home = w->index;
	r = gate_enter(w->server->gate, &c->ticket, sa,
	    sa->sa_family == AF_UNIX ? greet_uid(c) : 0, w->now_ms);
	if (r != 0)
		return r;
	c->in_gate = true;
	w->gate_moved = true; /* somebody may have made room */
	return 0;
}

static void greet_waits(struct conn *c, bool waits)
{
	if (c->waits == waits)
		return;
	c->waits = waits;
	if (waits)
		c->worker->gate_waiting++;
	else
		c->worker->gate_waiting--;
}

void greet_leave(struct conn *c)
{
	greet_waits(c, false);
	if (!c->in_gate)
		return;
	c->in_gate = false;
	gate_leave(c->worker->server->gate, &c->ticket, c->worker->now_ms);
	c->worker->gate_moved = true;
}

int greet_start(struct conn *c, const struct sockaddr *sa)
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
	return greet_enter(c, sa);
}

/* --- who is let in ------------------------------------------------------- */

/* The code with which it is refused, or CODE_NONE and it waits to come in. */
static int greet_enter_room(
    struct conn *c, const struct hs_result *res, enum wire_code *refused)
{
	struct worker *w = c->worker;
	struct room_newcomer n = {
	    .result = res, .out = &c->out, .seat = &c->seat};

	if ((*refused = res->refusal) != CODE_NONE)
		return 0;
	snprintf(
	    c->name, sizeof(c->name), "%.*s", WIRE_NAME_MAX, res->card.name);
	if (res->card.room[0] != '\0' &&
	    !text_same_name(res->card.room, room_name(w->server->room))) {
		*refused = CODE_NO_ROOM;
		return 0;
	}
	return room_enter(w->lane, &n, refused);
}

static void greet_admit(struct conn *c, const struct hs_result *res)
{
	const struct log *log = c->worker->server->o.log;
	enum wire_code code;
	int r = greet_enter_room(c, res, &code);

	if (r != 0) {
		log_warn(log, "refused", "%s (%s): %s", c->name, c->peer,
		    err_str(r));
		conn_end(c, CODE_FULL);
	} else if (code != CODE_NONE) {
		log_info(log, "refused", "%s (%s): %s",
		    c->name[0] != '\0' ? c->name : "somebody", c->peer,
		    wire_code_word(code));
		conn_end(c, code);
	} else {
		log_info(log, "join", "%s (%s)", c->name, c->peer);
	}
}

static void greet_done(struct conn *c)
{
	struct worker *w = c->worker;
	struct server *s = w->server;
	const struct hs_result *res = handshake_result(c->handshake);

	greet_leave(c);
	c->link = link_new(w->crypto, &res->keys, LINK_SERVER);
	if (c->link == NULL) {
		log_error(
		    s->o.log, "lost", "%s: %s", c->peer, err_str(ERR_NOMEM));
		conn_close(c);
		return;
	}
	c->state = CONN_TALKING;
	c->heard_ms = w->now_ms;
	rate_init(&c->rate, s->o.options->rate, w->now_ms);
	talk_silence(c); /* sets the timer */
	greet_admit(c, res);
	handshake_free(c->handshake);
	c->handshake = NULL;
}

/* --- the handshake ------------------------------------------------------- */

/* What came is no handshake: somebody else's protocol, maybe. */
static void greet_foreign(struct conn *c, const struct sniff *is)
{
	greet_log(c, LOG_LEVEL_WARN,
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

static void greet_failed(struct conn *c, int err)
{
	const struct sniff *is = sniff_first(c->first, c->n_first);

	if (is != NULL) {
		greet_foreign(c, is);
		return;
	}
	greet_log(c, LOG_LEVEL_INFO, "%s: %s", c->peer, err_str(err));
	conn_linger(c);
}

static void greet_answer(struct conn *c, enum gate_answer answer)
{
	struct worker *w = c->worker;
	struct server *s = w->server;
	int r;

	switch (answer) {
	case GATE_GO:
		greet_waits(c, false);
		if ((r = handshake_turn(c->handshake)) == 0)
			break;
		/* No confirm left, so it was no guess: not a share at all, or
		 * a shortage of ours. */
		if (c->in_gate)
			gate_proved(s->gate, &c->ticket);
		greet_failed(c, r);
		break;
	case GATE_WAIT:
		greet_waits(c, true);
		break;
	case GATE_LATER:
		greet_log(c, LOG_LEVEL_INFO,
		    "%s: told to wait after wrong passwords", c->peer);
		conn_refuse(c, CODE_TRY_LATER, wire_code_str(CODE_TRY_LATER));
		break;
	case GATE_EVICTED:
		greet_log(c, LOG_LEVEL_INFO, "%s: made room for somebody else",
		    c->peer);
		conn_refuse(c, CODE_TRY_LATER, "too many are coming in");
		break;
	}
	outq_touch(&c->out);
}

/* After each step. */
static void greet_step(struct conn *c)
{
	struct worker *w = c->worker;
	struct server *s = w->server;

	if (!c->proved && handshake_proved(c->handshake)) {
		c->proved = true;
		if (c->in_gate)
			gate_proved(s->gate, &c->ticket);
		w->gate_moved = true;
	}
	switch (handshake_need(c->handshake)) {
	case HS_NEED_INPUT:
		break;
	case HS_NEED_TURN:
		greet_answer(c, gate_share(s->gate, &c->ticket, w->now_ms));
		break;
	case HS_DONE:
		greet_done(c);
		break;
	default:
		greet_failed(c, ERR_STATE);
		break;
	}
}

static void greet_first(struct conn *c, const uint8_t *in, size_t n)
{
	size_t want = sizeof(c->first) - c->n_first;

	if (n > want)
		n = want;
	memcpy(c->first + c->n_first, in, n);
	c->n_first += n;
}

size_t greet_input(struct conn *c, const uint8_t *in, size_t n)
{
	size_t used = 0, u;
	int r;

	while (c->state == CONN_GREETING && used < n &&
	       handshake_need(c->handshake) == HS_NEED_INPUT) {
		u = 0;
		greet_first(c, in + used, n - used);
		r = handshake_input(c->handshake, in + used, n - used, &u);
		used += u;
		outq_touch(&c->out);
		if (r != 0) {
			/* Also a proof that came with a bad card counts. */
			if (handshake_proved(c->handshake) && c->in_gate)
				gate_proved(
				    c->worker->server->gate, &c->ticket);
			greet_failed(c, r);
		} else {
			greet_step(c);
		}
	}
	return used;
}

/* Who made room is told and closed at once, however many are accepted in a
 * turn, or connections would be kept that the gate no longer counts: to tell
 * somebody to go costs no curve, and is no step. */
void greet_waiting(struct worker *w)
{
	struct gate_ticket *t;
	enum gate_answer answer;

	while (w->greetings > 0 && atomic_exchange(&w->gate_moved, false)) {
		t = gate_ready(w->server->gate, w->index, w->now_ms, &answer);
		if (t == NULL)
			break;
		w->gate_moved = true; /* until there is none */
		if (answer == GATE_GO)
			w->greetings--;
		greet_answer(t->owner, answer);
		conn_resume(t->owner);
	}
}

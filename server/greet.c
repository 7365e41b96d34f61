#include <stdio.h>
#include <string.h>

#include "server/greet.h"
#include "server/relay.h"
#include "server/talk.h"
#include "shared/text.h"

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
	struct server *s = c->server;
	struct gate_ticket *evicted = NULL;
	struct conn *old;
	int r;

	c->ticket.owner = c;
	r = gate_enter(s->gate, &c->ticket, sa,
	    sa->sa_family == AF_UNIX ? greet_uid(c) : 0, s->now_ms, &evicted);
	if (r != 0)
		return r;
	c->in_gate = true;
	if (evicted != NULL) {
		old = evicted->owner;
		log_info(s->o.log, "handshake", "%s: made room for %s",
		    old->peer, c->peer);
		conn_refuse(old, CODE_TRY_LATER, "too many are coming in");
	}
	return 0;
}

static void greet_waits(struct conn *c, bool waits)
{
	if (c->waits == waits)
		return;
	c->waits = waits;
	if (waits)
		c->server->gate_waiting++;
	else
		c->server->gate_waiting--;
}

void greet_leave(struct conn *c)
{
	greet_waits(c, false);
	if (!c->in_gate)
		return;
	c->in_gate = false;
	gate_leave(c->server->gate, &c->ticket, c->server->now_ms);
	c->server->gate_moved = true;
}

int greet_start(struct conn *c, const struct sockaddr *sa)
{
	struct server *s = c->server;
	struct hs_server_opts o = {.crypto = s->o.crypto,
	    .rng = s->o.rng,
	    .identity = s->o.identity,
	    .account = accounts_find,
	    .arg = s->o.accounts};

	memcpy(o.session, s->session, sizeof(o.session));
	if ((c->handshake = handshake_server(&o)) == NULL)
		return ERR_NOMEM;
	return greet_enter(c, sa);
}

/* --- who is let in ------------------------------------------------------- */

/* The code with which it is refused, or CODE_NONE; *older is the connection
 * that it takes the place of. */
static enum wire_code greet_check(
    struct conn *c, const struct hs_result *res, struct conn **older)
{
	struct server *s = c->server;
	struct member *m;
	size_t people = room_people(s->room);

	if (res->refusal != CODE_NONE)
		return res->refusal;
	snprintf(
	    c->name, sizeof(c->name), "%.*s", WIRE_NAME_MAX, res->card.name);
	if (res->card.room[0] != '\0' &&
	    !text_same_name(res->card.room, room_name(s->room)))
		return CODE_NO_ROOM;
	if ((m = room_find_name(s->room, c->name)) != NULL) {
		if (memcmp(member_identity(m), res->card.identity,
			WIRE_ED25519) != 0)
			return CODE_NAME_TAKEN;
		*older = member_owner(m);
		people--;
	}
	return people >= s->o.options->users_max ? CODE_FULL : CODE_NONE;
}

static void greet_admit(struct conn *c, const struct hs_result *res)
{
	struct server *s = c->server;
	struct room_newcomer n = {
	    .result = res, .out = &c->out, .slot = &c->member, .owner = c};
	struct conn *older = NULL;
	enum wire_code code = greet_check(c, res, &older);
	int r;

	if (code != CODE_NONE) {
		log_info(s->o.log, "refused", "%s (%s): %s",
		    c->name[0] != '\0' ? c->name : "somebody", c->peer,
		    wire_code_word(code));
		conn_end(c, code);
		return;
	}
	if (older != NULL) {
		log_info(s->o.log, "leave", "%s (%s): replaced from %s",
		    older->name, older->peer, c->peer);
		conn_end(older, CODE_REPLACED);
	}
	if ((r = room_enter(s->room, &n)) != 0) {
		log_warn(s->o.log, "refused", "%s (%s): %s", c->name, c->peer,
		    err_str(r));
		conn_end(c, CODE_FULL);
		return;
	}
	log_info(s->o.log, "join", "%s (%s)", c->name, c->peer);
}

static void greet_done(struct conn *c)
{
	struct server *s = c->server;
	const struct hs_result *res = handshake_result(c->handshake);

	greet_leave(c);
	c->link = link_new(s->o.crypto, &res->keys, LINK_SERVER);
	if (c->link == NULL) {
		log_error(
		    s->o.log, "lost", "%s: %s", c->peer, err_str(ERR_NOMEM));
		conn_close(c);
		return;
	}
	c->state = CONN_TALKING;
	c->heard_ms = s->now_ms;
	rate_init(&c->rate, s->o.options->rate, s->now_ms);
	talk_silence(c); /* sets the timer */
	greet_admit(c, res);
	handshake_free(c->handshake);
	c->handshake = NULL;
}

/* --- the handshake ------------------------------------------------------- */

/* What came is no handshake: somebody else's protocol, maybe. */
static void greet_foreign(struct conn *c, const struct sniff *is)
{
	log_warn(c->server->o.log, "handshake",
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
	log_info(
	    c->server->o.log, "handshake", "%s: %s", c->peer, err_str(err));
	conn_linger(c);
}

static void greet_answer(struct conn *c, enum gate_answer answer)
{
	struct server *s = c->server;
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
		log_info(s->o.log, "handshake",
		    "%s: told to wait after wrong passwords", c->peer);
		conn_refuse(c, CODE_TRY_LATER, wire_code_str(CODE_TRY_LATER));
		break;
	}
	outq_touch(&c->out);
}

/* After each step. */
static void greet_step(struct conn *c)
{
	struct server *s = c->server;

	if (!c->proved && handshake_proved(c->handshake)) {
		c->proved = true;
		if (c->in_gate)
			gate_proved(s->gate, &c->ticket);
		s->gate_moved = true;
	}
	switch (handshake_need(c->handshake)) {
	case HS_NEED_INPUT:
		break;
	case HS_NEED_TURN:
		greet_answer(c, gate_share(s->gate, &c->ticket, s->now_ms));
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
				gate_proved(c->server->gate, &c->ticket);
			greet_failed(c, r);
		} else {
			greet_step(c);
		}
	}
	return used;
}

void greet_waiting(struct server *s)
{
	struct gate_ticket *t;
	enum gate_answer answer;

	while (s->gate_moved && s->greetings > 0) {
		if ((t = gate_ready(s->gate, s->now_ms, &answer)) == NULL) {
			s->gate_moved = false;
			break;
		}
		s->greetings--;
		greet_answer(t->owner, answer);
		conn_resume(t->owner);
	}
}

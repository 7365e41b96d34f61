/* login.c - runs the handshakes of new connections, at the throttle's pace. */
#include "server/auth/login.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/limits.h"
#include "shared/base/secret.h"
#include "shared/os/clock.h"

#define LOGIN_CROWD                                                            \
	"too many are connecting at once; this was no wrong password"

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
	if (!ratelimit_take(&g->lines, 1, g->o.loop->now_ms)) {
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

struct login_ticket {
	uint8_t bytes[WIRE_TICKET];
	struct ticket_of of;
};

/* --- the attempt --------------------------------------------------------- */

static bool login_counted(enum login_state s)
{
	return s == LOGIN_READING || s == LOGIN_WAITING || s == LOGIN_GUESSED;
}

/* The only place that changes the state, and tells the throttle. */
static void login_set(struct login *l, enum login_state to)
{
	struct loginer *g = l->all;
	enum login_state from = l->state;

	if (from == to || from == LOGIN_OVER)
		return;
	l->state = to;
	if (from == LOGIN_WAITING) {
		g->n_waiting--;
		conn_go(l->conn);
	} else if (to == LOGIN_WAITING) {
		g->n_waiting++;
		conn_stop(l->conn);
	}
	counters_add(&l->conn->loop->counters, COUNT_WRONG,
	    from == LOGIN_GUESSED && to == LOGIN_OVER);
	if (to == LOGIN_GUESSED)
		l->has_ticket = false; /* it is spent */
	if (!login_counted(from) || login_counted(to))
		return;
	if (to == LOGIN_CLEARED)
		throttle_clear(l->throttle, &l->attempt);
	else
		throttle_leave(l->throttle, &l->attempt, g->o.loop->now_ms);
	if (l->has_ticket)
		ticket_return(g->o.tickets, l->ticket->bytes);
	l->has_ticket = false;
	g->moved = true;
}

void login_leave(struct login *l)
{
	login_set(l, LOGIN_OVER);
}

static int login_enter(
    struct login *l, struct throttle *door, const struct throttle_key *k)
{
	struct loginer *g = l->all;
	int err;

	l->throttle = door;
	l->attempt.owner = l;
	l->attempt.home = g->o.index;
	err = throttle_enter(door, &l->attempt, k, g->o.loop->now_ms);
	if (err != 0)
		return err;
	l->state = LOGIN_READING;
	g->moved = true; /* this may have evicted an attempt of ours */
	return 0;
}

static int login_enter_from(struct login *l, const struct sockaddr *sa)
{
	unsigned uid = 0;
	struct throttle_key k;

	if (sa->sa_family == AF_UNIX)
		uid = transport_socket_uid(&l->conn->transport);
	l->address = k = throttle_key_of(sa, uid);
	return login_enter(l, l->all->o.throttle, &k);
}

int login_named(struct login *l, const struct sockaddr *sa)
{
	const struct throttle_key k = throttle_key_of(sa, 0);

	throttle_clear(l->throttle, &l->attempt);
	return login_enter(l, l->throttle, &k);
}

/* For hs_server_opts.ticket. */
static int login_open_ticket(void *arg, const uint8_t ticket[WIRE_TICKET],
    uint8_t identity[WIRE_ED25519])
{
	struct login *l = arg;
	const struct loginer *g = l->all;
	int r;

	if (l->ticket == NULL &&
	    (l->ticket = calloc(1, sizeof(*l->ticket))) == NULL)
		return ERR_NOMEM;
	r = ticket_take(g->o.crypto, g->o.tickets, ticket, &l->ticket->of,
	    clock_real_ms() / 1000);
	if (r != 0)
		return r;
	memcpy(identity, l->ticket->of.identity, WIRE_ED25519);
	memcpy(l->ticket->bytes, ticket, WIRE_TICKET);
	l->has_ticket = true;
	return 0;
}

/* hello has shown a ticket: the other door, also if its place at the first has
 * just been given to somebody else. */
static int login_change_doors(struct login *l)
{
	const uint8_t *identity = handshake_ticket(l->handshake);
	struct loginer *g = l->all;
	struct throttle_key k;

	if (identity == NULL || l->throttle == g->o.door ||
	    l->state != LOGIN_READING)
		return 0;
	throttle_clear(l->throttle, &l->attempt);
	k = throttle_key_of_identity(identity);
	return login_enter(l, g->o.door, &k);
}

/* hello, share and finish are due one after the other. A silent connection
 * takes a place for a short time only. */
static void login_deadline(struct login *l)
{
	unsigned n =
	    l->handshake == NULL ? 0 : handshake_messages(l->handshake);

	conn_expire_at(l->conn, l->began_ms + (n < 1	  ? WIRE_HELLO_MS
						  : n < 3 ? WIRE_SHARE_MS
							  : WIRE_HANDSHAKE_MS));
}

void login_expired(struct login *l)
{
	if (l->state == LOGIN_WAITING) {
		login_log(l->all, LOGGER_INFO,
		    "%s: waited too long for its turn", l->peer);
		login_refuse(l, CODE_TRY_LATER, LOGIN_CROWD);
		return;
	}
	login_log(l->all, LOGGER_INFO, "%s: took too long", l->peer);
	login_refuse(l, CODE_TIMEOUT, wire_code_str(CODE_TIMEOUT));
}

int login_start(struct login *l, struct loginer *g, struct conn *c,
    const char *peer, const struct sockaddr *sa)
{
	struct hs_server_opts o = {.crypto = g->o.crypto,
	    .rng = g->o.rng,
	    .pq = g->o.pq,
	    .identity = g->o.identity,
	    .account = gate_find,
	    .record = gate_open,
	    .arg = &l->gate,
	    .ticket = g->o.tickets != NULL ? login_open_ticket : NULL,
	    .ticket_arg = l};

	memcpy(o.session, g->o.session, sizeof(o.session));
	l->all = g;
	l->gate = (struct gate_view){.gate = g->o.gate,
	    .accounts = g->o.accounts,
	    .crypto = g->o.crypto};
	l->conn = c;
	l->peer = peer;
	l->began_ms = g->o.loop->now_ms;
	login_deadline(l);
	if ((l->handshake = handshake_server(&o)) == NULL)
		return ERR_NOMEM;
	return login_enter_from(l, sa);
}

void login_free(struct login *l)
{
	handshake_free(l->handshake);
	l->handshake = NULL;
	free(l->ticket);
	l->ticket = NULL;
	l->has_ticket = false;
	gate_release(&l->gate);
}

static void login_done(struct login *l)
{
	struct counters *c = &l->conn->loop->counters;

	counters_add(c, COUNT_LOGINS, 1);
	counters_add(c, COUNT_TICKETS, l->throttle == l->all->o.door);
	login_set(l, LOGIN_OVER);
	l->all->o.done(l, handshake_result(l->handshake));
	login_free(l);
}

void login_refuse(struct login *l, enum wire_code code, const char *text)
{
	counters_refused(&l->conn->loop->counters, code);
	if (l->conn->state == CONN_NEW && l->handshake != NULL)
		(void)handshake_refuse(l->handshake, code, text);
	conn_linger(l->conn);
}

/* --- the handshake ------------------------------------------------------- */

/* The first bytes belong to another protocol. */
static void login_foreign(struct login *l, const struct detect *is)
{
	if (strcmp(is->name, "TLS") == 0)
		login_log(l->all, LOGGER_WARN,
		    "%s speaks TLS: this port is without (conclave://); "
		    "--tls-listen opens one that has it (conclaves://)",
		    l->peer);
	else
		login_log(l->all, LOGGER_WARN,
		    "%s speaks %s: this port is for conclave, which has an "
		    "encryption of its own; connect with conclave",
		    l->peer, is->name);
	counters_add(&l->conn->loop->counters, COUNT_FOREIGN, 1);
	if (is->answer != NULL)
		conn_write(l->conn, is->answer, strlen(is->answer));
	login_free(l);
	conn_linger(l->conn);
}

static void login_failed(struct login *l, int err)
{
	const struct detect *is = detect_first(l->first, l->n_first);

	if (is != NULL) {
		login_foreign(l, is);
		return;
	}
	if (err == ERR_CONFIRM)
		counters_refused(&l->conn->loop->counters, CODE_BAD_PASSWORD);
	else if (err == ERR_WEAK)
		counters_refused(&l->conn->loop->counters, CODE_WEAK);
	else
		counters_add(&l->conn->loop->counters, COUNT_BROKEN, 1);
	login_log(l->all, LOGGER_INFO, "%s: %s", l->peer, err_str(err));
	conn_linger(l->conn);
}

static void login_grant(struct login *l)
{
	int err;

	login_set(l, LOGIN_GUESSED);
	if ((err = handshake_grant(l->handshake)) == 0)
		return;
	/* No confirm was sent, so this was no guess: the share was invalid,
	 * or we ran out of some resource. */
	login_set(l, LOGIN_CLEARED);
	login_failed(l, err);
}

static void login_answer(struct login *l, enum throttle_answer answer)
{
	struct loginer *g = l->all;

	switch (answer) {
	case THROTTLE_GO:
		login_grant(l);
		break;
	case THROTTLE_WAIT:
		login_set(l, LOGIN_WAITING);
		g->moved = true; /* it may be due at once */
		break;
	case THROTTLE_LATER:
		login_log(g, LOGGER_INFO,
		    "%s: told to wait after wrong passwords", l->peer);
		login_refuse(l, CODE_TRY_LATER,
		    "too many wrong passwords came from your address");
		break;
	case THROTTLE_NET:
		login_log(g, LOGGER_INFO,
		    "%s: told to wait after wrong passwords of its network",
		    l->peer);
		login_refuse(l, CODE_TRY_LATER,
		    "too many wrong passwords came from your network");
		break;
	case THROTTLE_NAME:
		login_log(g, LOGGER_INFO,
		    "%s: told to wait after wrong passwords at one name",
		    l->peer);
		login_refuse(l, CODE_TRY_LATER,
		    "too many wrong passwords came for this name");
		break;
	case THROTTLE_EVICTED:
		login_log(g, LOGGER_INFO,
		    "%s: evicted, too many are logging in", l->peer);
		login_refuse(l, CODE_TRY_LATER, LOGIN_CROWD);
		break;
	}
	outq_touch(&l->conn->out);
}

/* Guesses at an account's name count for the name, from whatever address, but for
 * those with a ticket of that account: strangers must not lock it out. To them it
 * makes no difference whether there is such an account. */
static void login_count_name(struct login *l)
{
	const char *word = handshake_account(l->handshake);
	uint8_t account[WIRE_KEY];
	char written[WIRE_NAME_MAX + 1];

	if (l->throttle == l->all->o.door &&
	    accounts_named(l->all->o.accounts, word, account, written) &&
	    l->ticket != NULL &&
	    memcmp(account, l->ticket->of.account, WIRE_KEY) == 0)
		return;
	l->attempt.name = throttle_key_of_word(word);
}

/* Runs after each handshake message. err: its result. */
static void login_step(struct login *l, int err)
{
	struct loginer *g = l->all;

	/* A proof that came with a bad card counts as well. */
	if (handshake_proved(l->handshake))
		login_set(l, LOGIN_CLEARED);
	if (err == 0)
		err = login_change_doors(l);
	if (err != 0) {
		login_failed(l, err);
		return;
	}
	switch (handshake_need(l->handshake)) {
	case HS_NEED_INPUT:
		login_deadline(l);
		break;
	case HS_NEED_GRANT:
		login_deadline(l);
		login_count_name(l);
		login_answer(l, throttle_share(l->throttle, &l->attempt,
				    g->o.loop->now_ms));
		break;
	case HS_DONE:
		login_done(l);
		break;
	default:
		login_failed(l, ERR_STATE);
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

/* Inside TLS: the password is proved for this connection and no other. */
static int login_channel(struct login *l)
{
	uint8_t exporter[WIRE_CHANNEL];
	int err = transport_channel(&l->conn->transport, exporter);

	if (err == ERR_ABSENT)
		return 0;
	if (err == 0)
		err = handshake_channel(l->handshake, exporter);
	secret_wipe(exporter, sizeof(exporter));
	return err;
}

size_t login_input(struct login *l, const uint8_t *in, size_t n)
{
	size_t used = 0, u;
	int err;

	if (n > 0 && l->n_first == 0 && (err = login_channel(l)) != 0) {
		login_failed(l, err);
		return n;
	}
	counters_add(&l->conn->loop->counters, COUNT_HANDSHAKES,
	    n > 0 && l->n_first == 0);
	while (l->conn->state == CONN_NEW && used < n &&
	       handshake_need(l->handshake) == HS_NEED_INPUT) {
		u = 0;
		login_keep_first(l, in + used, n - used);
		err = handshake_input(l->handshake, in + used, n - used, &u);
		used += u;
		outq_touch(&l->conn->out);
		login_step(l, err);
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
	g->look.fn = loginer_look;
	ratelimit_init(&g->lines, LIMIT_LOG_LINES,
	    LIMIT_LOG_LINES * LIMIT_BURST_S, o->loop->now_ms);
}

/* Refuses evicted attempts at once, without counting them as steps: refusing
 * needs no elliptic-curve operation, and until then the throttle does not
 * count connections that still exist. */
static void loginer_answers(struct loginer *g)
{
	struct conn_loop *loop = g->o.loop;
	enum throttle_answer answer;
	struct throttle_attempt *t;
	struct login *l;

	while (loop->new_reads > 0 && atomic_exchange(&g->moved, false)) {
		t = g->o.door == NULL ? NULL
				      : throttle_ready(g->o.door, g->o.index,
					    loop->now_ms, &answer);
		if (t == NULL)
			t = throttle_ready(g->o.throttle, g->o.index,
			    loop->now_ms, &answer);
		if (t == NULL)
			break;
		g->moved = true; /* until none are left */
		if (answer == THROTTLE_GO)
			loop->new_reads--;
		l = t->owner;
		login_answer(l, answer);
		conn_resume(l->conn);
	}
}

void loginer_run(struct loginer *g)
{
	struct conn_loop *loop = g->o.loop;

	loginer_answers(g);
	if (g->n_waiting > 0 && g->look.place == 0)
		timer_set(
		    &loop->timers, &g->look, loop->now_ms + LOGIN_LOOK_MS);
}

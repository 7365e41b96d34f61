/* The functions of session.h. A session ties the connection to the rooms, which
 * do not know each other. Internal calls return 0 or an error; here an error
 * ends the connection. */
#include <stdlib.h>
#include <string.h>

#include "client/session/connection.h"
#include "client/session/session_int.h"
#include "client/session/whoami.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

struct session {
	struct parties parties;
	struct events *events;
	struct outgoing *out;
	struct connection *link;
	struct roomlist rooms;
	struct requests *requests;
	struct new_seals *new_seals;
	struct direct *direct;
	struct transfers *transfers;
	enum held_policy held;
	bool strict, quitting, flush, keeps;
	struct whoami whoami;
	uint64_t now_ms; /* of the last call that had it */
};

/* --- the connection's callbacks ----------------------------------------- */

/* The card asks for one room, the first that the user wants to be in. A
 * reconnect must return to the same room: unsent messages were meant for the
 * people there. */
static const char *on_room(void *arg)
{
	return roomlist_card(&((struct session *)arg)->rooms);
}

static void on_linked(void *arg, bool new_run, uint64_t now_ms)
{
	struct session *s = arg;

	direct_linked(s->direct);
	roomlist_linked(&s->rooms, new_run, now_ms);
	transfers_linked(s->transfers);
}

static int on_control(void *arg, const struct control *c, uint64_t now_ms)
{
	struct session *s = arg;
	bool direct;
	int r = direct_control(s->direct, c, &direct);

	if (r != 0 || direct)
		return r;
	if (c->type == CONTROL_WELCOME)
		return whoami_welcome(&s->whoami, s->events, &c->u.welcome);
	if (c->type == CONTROL_DEVICE)
		return whoami_device(
		    &s->whoami, s->events, &s->parties, &c->u.device);
	if (transfers_control(s->transfers, c))
		return 0;
	if (c->type == CONTROL_ANSWER)
		new_seals_answered(
		    s->new_seals, c->u.answer.number, c->u.answer.done);
	if ((r = roomlist_control(&s->rooms, c, now_ms)) == 0 &&
	    c->type == CONTROL_ANSWER)
		transfers_answer(s->transfers, &c->u.answer);
	return r;
}

static int on_group(void *arg, const uint8_t *body, size_t n)
{
	return roomlist_group(&((struct session *)arg)->rooms, body, n);
}

static int on_mark(void *arg, const uint8_t *body, size_t n)
{
	return roomlist_mark(&((struct session *)arg)->rooms, body, n);
}

static int on_past(void *arg, const uint8_t *body, size_t n)
{
	return roomlist_past(&((struct session *)arg)->rooms, body, n);
}

static int on_direct(void *arg, const uint8_t *body, size_t n)
{
	return direct_frame(((struct session *)arg)->direct, body, n);
}

static int on_blob(void *arg, const uint8_t *body, size_t n)
{
	return transfers_piece(((struct session *)arg)->transfers, body, n);
}

static int on_tick(void *arg, uint64_t now_ms)
{
	struct session *s = arg;
	const char *late = roomlist_late(&s->rooms, now_ms);
	struct ending why;

	direct_tick(s->direct);
	if (late == NULL)
		return roomlist_tick(&s->rooms, now_ms);
	why = ending_make(true, EXIT_LOST, CODE_TIMEOUT, late);
	connection_end(s->link, &why, CODE_TIMEOUT);
	return 0;
}

/* A room is JOINED. */
static void on_joined(void *arg, uint64_t now_ms)
{
	struct session *s = arg;

	connection_joined(s->link, now_ms);
}

/* --- making and freeing -------------------------------------------------- */

static int add_room(struct session *s, const char *name)
{
	const struct chatroom_opts o = {.parties = &s->parties,
	    .events = s->events,
	    .out = s->out,
	    .name = name,
	    .held = s->held,
	    .joined = on_joined,
	    .arg = s};
	int r = roomlist_add(&s->rooms, chatroom_new(&o));

	roomlist_keep(&s->rooms, s->keeps);
	return r;
}

static struct direct *make_direct(
    struct session *s, const struct session_opts *o)
{
	return direct_new(&(struct direct_env){.parties = &s->parties,
	    .whoami = &s->whoami,
	    .events = s->events,
	    .out = s->out,
	    .requests = s->requests,
	    .ops = o->direct,
	    .handed = session_handed,
	    .handed_over = session_handed_over,
	    .arg = s,
	    .receipts = !o->no_receipts});
}

static int init(struct session *s, const struct session_opts *o)
{
	const struct connection_ops ops = {.room = on_room,
	    .linked = on_linked,
	    .control = on_control,
	    .group = on_group,
	    .mark = on_mark,
	    .past = on_past,
	    .direct = on_direct,
	    .blob = on_blob,
	    .tick = on_tick,
	    .arg = s};
	int r;

	s->held = o->held;
	s->strict = o->strict;
	whoami_init(&s->whoami);
	s->events = s->rooms.events = events_new();
	s->out = outgoing_new();
	s->new_seals = new_seals_new(&s->parties);
	if (s->events == NULL || s->out == NULL || s->new_seals == NULL)
		return ERR_NOMEM;
	s->rooms.certified.parties = &s->parties;
	s->rooms.certified.out = s->out;
	s->requests = s->rooms.requests =
	    requests_new(s->events, s->out, &s->parties);
	if (s->requests == NULL)
		return ERR_NOMEM;
	if ((r = parties_user(&s->parties,
		 &(struct parties_user){.crypto = o->crypto,
		     .parallel = o->parallel,
		     .rng = o->rng,
		     .identity = o->identity,
		     .people = o->people,
		     .rooms = o->rooms,
		     .seals = o->seals,
		     .certifier = o->certifier,
		     .certificate = o->certificate,
		     .pin = o->pin,
		     .ticket = o->ticket,
		     .pq = o->pq,
		     .account = o->account,
		     .name = o->name})) != 0 ||
	    (r = add_room(s, o->room)) != 0)
		return r;
	if ((s->direct = make_direct(s, o)) == NULL)
		return ERR_NOMEM;
	s->transfers = session_transfers_new(s, o);
	s->link =
	    connection_new(&s->parties, s->events, s->out, o->reconnect, &ops);
	return s->link == NULL || s->transfers == NULL ? ERR_NOMEM : 0;
}

struct session *session_new(const struct session_opts *o)
{
	struct session *s;

	if (!text_name(o->name, strlen(o->name)) ||
	    (o->room[0] != '\0' && !text_room(o->room, strlen(o->room))))
		return NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	if (init(s, o) != 0) {
		session_free(s);
		return NULL;
	}
	return s;
}

void session_free(struct session *s)
{
	if (s == NULL)
		return;
	connection_free(s->link);
	transfers_free(s->transfers);
	roomlist_free(&s->rooms);
	requests_free(s->requests);
	new_seals_free(s->new_seals);
	direct_free(s->direct);
	outgoing_free(s->out);
	events_free(s->events);
	dh_free(s->parties.dh);
	kem_rsa_free(s->parties.kem);
	secret_free(s->parties.kept, sizeof(*s->parties.kept));
	secret_wipe(s, sizeof(*s));
	free(s);
}

/* --- the end of every call ----------------------------------------------- */

static bool linked(const struct session *s)
{
	return connection_phase(s->link) == CONNECTION_LINKED;
}

/* What a user who quits still waits for. */
static size_t due(const struct session *s)
{
	return roomlist_due(&s->rooms) + requests_open(s->requests) +
	       direct_due(s->direct, linked(s)) +
	       (s->flush ? transfers_busy(s->transfers) : 0);
}

/* The socket is closed, or there was none in a pause. */
static void gone(struct session *s, uint64_t now_ms)
{
	enum connection_next next = CONNECTION_AGAIN;

	if (s->quitting && due(s) == 0)
		next = CONNECTION_DONE;
	else if (roomlist_refused(&s->rooms, connection_why(s->link)))
		next = CONNECTION_ELSEWHERE;
	roomlist_lost(&s->rooms, ending_honest(connection_why(s->link)));
	if (next == CONNECTION_AGAIN && roomlist_wanted(&s->rooms) == 0)
		next = CONNECTION_STOP;
	requests_lost(s->requests);
	transfers_lost(s->transfers);
	new_seals_lost(s->new_seals);
	direct_lost(s->direct);
	connection_finish(s->link, next, now_ms);
}

/* Asks and seals what is ready. */
static int speak(struct session *s)
{
	struct ending fork = ending_fork();
	int r;

	if ((r = roomlist_seal(&s->rooms)) == 0 &&
	    (r = roomlist_ask(&s->rooms, s->now_ms)) == 0)
		r = direct_step(s->direct);
	/* Behind all that was said. */
	if (r == 0 && (r = transfers_step(s->transfers)) == 0)
		r = requests_send(s->requests);
	if (r == 0 && s->strict && roomlist_forked(&s->rooms))
		connection_end(s->link, &fork, CODE_QUIT);
	return r;
}

/* The last words of a link that the user ends. */
static int take_leave(struct session *s)
{
	struct ending user = ending_user();
	int r = roomlist_bye(&s->rooms);

	if (r == 0)
		connection_end(s->link, &user, CODE_QUIT);
	return r;
}

/* Seals what is ready, and finishes what has failed or is done. */
void session_settle(struct session *s, int err)
{
	if (err == 0 && connection_phase(s->link) == CONNECTION_LINKED)
		err = speak(s);
	if (err == 0 && !connection_over(s->link))
		err = outgoing_close(s->out);
	if (err != 0) {
		connection_fail(s->link, err);
		return;
	}
	if (!s->quitting || due(s) > 0 || connection_over(s->link))
		return;
	if (connection_phase(s->link) == CONNECTION_PAUSE)
		gone(s, 0); /* CLOSED: start no timer */
	else if ((err = take_leave(s)) != 0)
		connection_fail(s->link, err);
}

/* --- for the driver ------------------------------------------------------ */

unsigned session_needs(const struct session *s)
{
	unsigned needs = SESSION_NEED_NOTHING;

	switch (connection_phase(s->link)) {
	case CONNECTION_CLOSED:
		return SESSION_NEED_NOTHING;
	case CONNECTION_ENDING:
		return SESSION_NEED_CLOSE;
	case CONNECTION_DIAL:
		needs |= SESSION_NEED_CONNECT;
		break;
	case CONNECTION_LINKED:
		if (roomlist_ready(&s->rooms) || direct_ready(s->direct) ||
		    transfers_ready(s->transfers))
			needs |= SESSION_NEED_SEAL;
		break;
	default:
		break;
	}
	if (connection_needs_kdf(s->link))
		needs |= SESSION_NEED_KDF;
	if (s->parties.kem == NULL)
		needs |= SESSION_NEED_KEM;
	return needs;
}

const uint8_t *session_hello(struct session *s, uint64_t now_ms, size_t *n)
{
	session_settle(s, connection_hello(s->link, now_ms));
	if (connection_phase(s->link) == CONNECTION_DIAL)
		return outgoing_bytes(s->out, n);
	*n = 0;
	return NULL;
}

void session_connected(
    struct session *s, uint64_t now_ms, const uint8_t *channel)
{
	session_settle(s, connection_opened(s->link, now_ms, channel));
}

void session_lost(struct session *s, uint64_t now_ms, const char *why)
{
	if (connection_lost(s->link, why))
		gone(s, now_ms);
}

void session_fail(struct session *s, const struct ending *why)
{
	connection_end(s->link, why, CODE_NONE);
}

int session_kdf_job(const struct session *s, struct hs_kdf_job *out)
{
	return connection_kdf_job(s->link, out);
}

void session_give_up(struct session *s, const char *text)
{
	struct ending why = ending_make(false, EXIT_LOST, CODE_NONE, text);

	connection_end(s->link, &why, CODE_NONE);
}

void session_renew(struct session *s)
{
	struct ending why = ending_copied();

	/* Before the first join nothing is sealed. */
	if (linked(s) && roomlist_joined(&s->rooms))
		connection_end(s->link, &why, CODE_NONE);
}

void session_stretched(
    struct session *s, uint64_t now_ms, const uint8_t *stretched)
{
	if (connection_needs_kdf(s->link))
		session_settle(s, connection_stretched(s->link, stretched, now_ms));
}

void session_set_kem(struct session *s, struct kem_rsa *w)
{
	if (s->parties.kem != NULL) {
		/* The first pair may be used in this connection's card. */
		kem_rsa_free(w);
		return;
	}
	s->parties.kem = w;
}

unsigned session_tickets(const struct session *s)
{
	return s->parties.kept->tickets;
}

const uint8_t *session_ticket(const struct session *s, uint32_t *seconds)
{
	*seconds = s->parties.kept->ticket_seconds;
	return s->parties.kept->ticket;
}

void session_input(
    struct session *s, uint64_t now_ms, const uint8_t *in, size_t n)
{
	int r;

	s->now_ms = now_ms;
	r = connection_input(s->link, now_ms, in, n);
	roomlist_read(&s->rooms, now_ms);
	session_settle(s, r);
}

const uint8_t *session_output(const struct session *s, size_t *n)
{
	return outgoing_bytes(s->out, n);
}

void session_consume(struct session *s, size_t n)
{
	outgoing_consume(s->out, n);
	session_settle(s, 0);
}

void session_seal(struct session *s)
{
	session_settle(s, 0);
}

uint64_t session_deadline(const struct session *s)
{
	uint64_t at = connection_deadline(s->link), rooms, files;

	if (connection_phase(s->link) != CONNECTION_FIRST && !linked(s))
		return at;
	if (linked(s) && roomlist_asks(&s->rooms))
		return 0;
	if ((rooms = roomlist_deadline(&s->rooms)) < at)
		at = rooms;
	files = transfers_deadline(s->transfers, s->now_ms);
	return files < at ? files : at;
}

void session_tick(struct session *s, uint64_t now_ms)
{
	s->now_ms = now_ms;
	transfers_tick(s->transfers, now_ms);
	session_settle(s, connection_tick(s->link, now_ms));
}

const struct event *session_event(struct session *s)
{
	return transfers_next(s->transfers);
}

/* --- for the user interfaces --------------------------------------------- */

const struct chatroom *const *session_rooms(const struct session *s, size_t *n)
{
	*n = s->rooms.n;
	return (const struct chatroom *const *)s->rooms.all;
}

const struct chatroom *session_first_room(const struct session *s)
{
	return s->rooms.all[0];
}

int session_join(
    struct session *s, const char *name, const struct chatroom **out)
{
	struct chatroom *room;
	int r;

	if (!text_room(name, strlen(name)))
		return ERR_NAME;
	if (session_over(s))
		return ERR_STATE;
	room = roomlist_named(&s->rooms, name);
	if ((room == NULL || !stay_wanted(chatroom_stay(room))) &&
	    roomlist_wanted(&s->rooms) >= s->whoami.rooms_max)
		return ERR_LIMIT;
	if (room == NULL) {
		if ((r = add_room(s, name)) != 0)
			return r;
		room = s->rooms.all[s->rooms.n - 1];
	}
	chatroom_join(room);
	*out = room;
	return 0;
}

struct roomlist *session_roomlist(struct session *s)
{
	return &s->rooms;
}

bool session_over(const struct session *s)
{
	return s->quitting || connection_phase(s->link) == CONNECTION_CLOSED;
}

bool session_linked(const struct session *s)
{
	return linked(s);
}

struct requests *session_requests(struct session *s)
{
	return s->requests;
}

struct transfers *session_transfers(const struct session *s)
{
	return s->transfers;
}

const struct parties *session_parties(const struct session *s)
{
	return &s->parties;
}

struct direct *session_direct_part(const struct session *s)
{
	return s->direct;
}

struct new_seals *session_new_seals(struct session *s)
{
	return s->new_seals;
}

void session_quit(struct session *s, bool flush)
{
	if (connection_phase(s->link) == CONNECTION_CLOSED)
		return;
	s->quitting = true;
	s->flush = flush;
	roomlist_quit(&s->rooms, flush);
	if (!flush) {
		requests_clear(s->requests);
		direct_quit(s->direct);
	}
	session_settle(s, 0);
}

void session_keep(struct session *s, bool on)
{
	s->keeps = on;
	roomlist_keep(&s->rooms, on);
}

void session_meet_again(struct session *s, const char *name)
{
	roomlist_meet_again(&s->rooms, name);
	direct_meet_again(s->direct, name);
}

void session_status(const struct session *s, struct session_status *out)
{
	memset(out, 0, sizeof(*out));
	out->linked = linked(s);
	out->exchange = s->parties.exchange;
	memcpy(out->server, s->parties.server, WIRE_HASH);
	out->server_proved = s->parties.server_proved;
	out->rtt_ms = connection_rtt_ms(s->link);
	out->role = s->whoami.role;
	out->rooms_max = s->whoami.rooms_max;
	out->welcomed = s->whoami.welcomed;
	out->own_password = s->whoami.password;
	out->keeps = s->keeps;
	out->keeps_direct = direct_keeps(s->direct);
}

void session_set_account(struct session *s, const char *account)
{
	parties_account(&s->parties, account);
}

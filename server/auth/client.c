/* client.c - the life of one client. */
#include "server/auth/client_int.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/limits.h"
#include "server/net/quota.h"
#include "server/room/asks_invite.h"
#include "server/room/blob_flow.h"
#include "server/room/delivery.h"
#include "server/room/reading.h"
#include "server/room/room_ref.h"
#include "shared/os/clock.h"
#include "shared/proto/control.h"

struct client *client_of(struct conn *c)
{
	return container_of(c, struct client, conn);
}

const struct logger *client_log(const struct client *cl)
{
	return cl->all->o.log;
}

void client_log_join(const struct client *cl, struct member *s)
{
	s->logged = true;
	logger_info(client_log(cl), "join", "%s (%s) in %s, %s", cl->name,
	    cl->peer, member_room_name(s), exchange_word(cl->exchange));
}

static void client_joined(struct presence *p, struct member *s)
{
	client_log_join(container_of(p, struct client, dispatch.presence), s);
}

static void client_left(
    struct presence *p, struct member *s, enum wire_code code)
{
	const struct client *cl =
	    container_of(p, struct client, dispatch.presence);

	if (!s->logged)
		return;
	s->logged = false;
	logger_info(client_log(cl), "leave", "%s (%s) in %s: %s", cl->name,
	    cl->peer, member_room_name(s), wire_code_word(code));
}

/* Also for rooms that have removed it since it joined. */
static void client_log_leave(const struct client *cl, const char *why)
{
	struct member *s;
	size_t i = 0;

	while ((s = memberships_logged(&cl->dispatch.presence.rooms, &i)) !=
	       NULL) {
		s->logged = false;
		logger_info(client_log(cl), "leave", "%s (%s) in %s: %s",
		    cl->name, cl->peer, member_room_name(s), why);
	}
}

/* --- ends ---------------------------------------------------------------- */

/* A protocol error gets none. The sentence for `timeout` is about handshakes. */
const char *client_bye_text(enum wire_code code)
{
	return code == CODE_PROTOCOL  ? ""
	       : code == CODE_TIMEOUT ? "nothing was heard for too long"
				      : wire_code_str(code);
}

static struct frame *client_bye(enum wire_code code, const char *text)
{
	struct frame *p = NULL;
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	if (control_bye(&json, code, text) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	return p;
}

void client_end_saying(
    struct client *cl, enum wire_code code, const char *text)
{
	if (cl->conn.state == CONN_OPEN)
		outq_end(&cl->conn.out, client_bye(code, text));
	conn_linger(&cl->conn);
}

void client_end(struct client *cl, enum wire_code code)
{
	client_end_saying(cl, code, client_bye_text(code));
}

void client_finish(struct client *cl, enum wire_code code)
{
	if (cl->conn.state == CONN_OPEN)
		outq_finish(
		    &cl->conn.out, client_bye(code, client_bye_text(code)));
	conn_linger(&cl->conn);
}

void client_put_out(struct client *cl, enum wire_code code)
{
	client_log_leave(cl, wire_code_word(code));
	client_end(cl, code);
}

void client_dismiss(struct client *cl, enum wire_code code, const char *text)
{
	counters_refused(&cl->conn.loop->counters, code);
	client_log_leave(cl, text);
	client_end_saying(cl, code, text);
}

void client_told(struct client *cl, const struct directory_word *word)
{
	if (cl->conn.state != CONN_OPEN)
		return;
	if (word->end == CODE_NONE) {
		if (word->has_device)
			dispatch_device(
			    &cl->dispatch, word->device, word->device_s);
		else
			dispatch_welcome(&cl->dispatch);
		return;
	}
	client_log_leave(cl, wire_code_word(word->end));
	client_end_saying(cl, word->end,
	    word->text[0] != '\0' ? word->text : client_bye_text(word->end));
}

void client_evict(struct client *cl)
{
	counters_add(&cl->conn.loop->counters, COUNT_EVICTED_MEMORY, 1);
	client_log_leave(cl, err_str(ERR_SLOW));
	client_end(cl, CODE_SLOW);
	/* Free its input buffer now, or we would evict others for the same
	 * bytes. */
	conn_resume(&cl->conn);
}

void clients_stop(struct clients *k)
{
	struct conn *c, *next;

	for (c = LIST_FIRST(&k->o.loop->all); c != NULL; c = next) {
		next = LIST_NEXT(c, all);
		if (c->state == CONN_NEW)
			login_refuse(&client_of(c)->login, CODE_SHUTDOWN,
			    wire_code_str(CODE_SHUTDOWN));
		else
			client_finish(client_of(c), CODE_SHUTDOWN);
	}
}

/* --- input --------------------------------------------------------------- */

static void client_failed(struct client *cl, int err)
{
	const struct logger *log = client_log(cl);

	if (!err_is_peer(err)) {
		logger_error(log, "lost", "%s (%s): %s", cl->name, cl->peer,
		    err_str(err));
		conn_close(&cl->conn);
		return;
	}
	counters_refused(&cl->conn.loop->counters, CODE_PROTOCOL);
	logger_info(log, "protocol error", "%s (%s): %s", cl->name, cl->peer,
	    err_str(err));
	client_end(cl, CODE_PROTOCOL);
}

static size_t client_dispatch(struct client *cl, const uint8_t *in, size_t n)
{
	struct dispatch *d = &cl->dispatch;
	uint64_t now_ms = cl->all->o.loop->now_ms;
	char why[64];
	size_t used;
	int err = dispatch_input(d, in, n, now_ms, &used);

	if (d->opened)
		conn_heard(&cl->conn);
	if (cl->conn.state != CONN_OPEN)
		return used;
	if (err != 0) {
		client_failed(cl, err);
	} else if (d->said_bye) {
		snprintf(why, sizeof(why), "bye %s", wire_code_word(d->bye));
		client_log_leave(cl, why);
		memberships_quit(&d->presence.rooms);
		conn_close(&cl->conn);
	} else if (d->limited) {
		conn_pause_until(&cl->conn, d->again_ms);
	}
	return used;
}

static size_t client_input(struct conn *c, const uint8_t *in, size_t n)
{
	struct client *cl = client_of(c);
	size_t used = 0;

	if (c->state == CONN_NEW && cl->behind_proxy)
		used = client_peer_input(cl, in, n);
	if (c->state == CONN_NEW && !cl->behind_proxy)
		used += login_input(&cl->login, in + used, n - used);
	if (c->state == CONN_OPEN && (c->stopped & CONN_STOP_RATE) == 0)
		used += client_dispatch(cl, in + used, n - used);
	return used;
}

static bool client_hold(struct conn *c)
{
	const struct client *cl = client_of(c);

	return quota_held() >= cl->all->o.memory_max ||
	       memberships_hold(&cl->dispatch.presence.rooms,
		   cl->all->o.registry->room.store);
}

/* --- output -------------------------------------------------------------- */

static int client_output(struct conn *c, const struct outq_io *io)
{
	struct client *cl = client_of(c);
	int err = 0;

	if (c->out.state == OUTQ_FAILED && c->state == CONN_OPEN) {
		counters_add(&c->loop->counters, COUNT_EVICTED_SLOW, 1);
		client_log_leave(cl, err_str(c->out.why));
		client_end(cl, CODE_SLOW);
	}
	if (cl->login.handshake != NULL)
		err = login_output(&cl->login, io);
	if (err == 0 && cl->link != NULL &&
	    (err = outq_flush(&c->out, cl->link, &c->loop->work, io)) == 0) {
		reading_go_on(&cl->dispatch.presence);
		blob_flow_go_on(&cl->dispatch.presence);
		delivery_go_on(&cl->dispatch.presence);
	}
	return err;
}

static void client_taken(struct conn *c)
{
	memberships_taken_up(&client_of(c)->dispatch.presence.rooms);
}

/* --- tickets ------------------------------------------------------------- */

/* Gives a ticket to a client that is in, and another one each day. Without one
 * it comes back by the first door. */
void client_give_ticket(struct client *cl)
{
	const struct loginer_opts *o = &cl->all->login.o;
	uint64_t now_ms = cl->all->o.loop->now_ms;
	struct ticket_of of;
	uint8_t ticket[WIRE_TICKET];
	struct buf json;

	if (o->tickets == NULL ||
	    (cl->ticket_ms != 0 && now_ms - cl->ticket_ms < TICKET_RENEW_MS))
		return;
	memcpy(of.identity, cl->dispatch.presence.who->identity, WIRE_ED25519);
	memcpy(of.account, cl->dispatch.presence.who->account, WIRE_KEY);
	buf_init(&json, WIRE_JSON_MAX);
	if (ticket_make(o->crypto, o->tickets, &o->rng, ticket, &of,
		clock_real_ms() / 1000) == 0 &&
	    control_ticket(&json, ticket, TICKET_SECONDS) == 0)
		outq_give(&cl->conn.out, frame_control(json.p, json.len));
	cl->ticket_ms = now_ms;
	buf_free(&json);
}

/* --- silence ------------------------------------------------------------- */

/* Pings a client that has been silent for a while, or ends it. */
static void client_silence(struct client *cl)
{
	struct conn *c = &cl->conn;
	uint64_t now_ms = c->loop->now_ms, silent = now_ms - c->heard_ms;
	uint64_t wait = WIRE_PING_MS;

	if (c->stopped != 0) { /* we stopped reading it */
		conn_expire_at(c, now_ms + WIRE_PING_MS);
		return;
	}
	if (silent >= WIRE_SILENCE_MS) {
		counters_refused(&c->loop->counters, CODE_TIMEOUT);
		client_log_leave(cl, err_str(ERR_TIMEOUT));
		client_end(cl, CODE_TIMEOUT);
		return;
	}
	if (silent < WIRE_PING_MS) {
		wait = WIRE_PING_MS - silent;
	} else {
		dispatch_ping(&cl->dispatch, now_ms);
		if (wait > WIRE_SILENCE_MS - silent)
			wait = WIRE_SILENCE_MS - silent;
	}
	if (cl->ticket_ms != 0)
		client_give_ticket(cl);
	if (!client_certified(cl, CLIENT_CERTIFY_MS))
		return;
	conn_expire_at(c, now_ms + wait);
}

static void client_expired(struct conn *c)
{
	struct client *cl = client_of(c);

	if (c->state == CONN_OPEN) {
		client_silence(cl);
		return;
	}
	login_expired(&cl->login);
}

/* --- limits --------------------------------------------------------------- */

static void client_limit(struct client *cl)
{
	const struct clients_opts *o = &cl->all->o;
	uint64_t now_ms = o->loop->now_ms;

	ratelimit_init(&cl->dispatch.rate, o->rate,
	    (uint64_t)o->rate * LIMIT_BURST_S, now_ms);
	ratelimit_init(
	    &cl->dispatch.bytes, o->rate_bytes, o->rate_burst, now_ms);
}

void clients_limit(struct clients *k, uint32_t rate, uint32_t rate_bytes,
    uint64_t rate_burst, uint64_t memory_max)
{
	struct conn *c;

	k->o.rate = rate;
	k->o.rate_bytes = rate_bytes;
	k->o.rate_burst = rate_burst;
	k->o.memory_max = memory_max;
	LIST_FOREACH(c, &k->o.loop->all, all)
	if (c->state == CONN_OPEN)
		client_limit(client_of(c));
}

void client_linked(struct client *cl)
{
	conn_trust(&cl->conn);
	cl->dispatch.link = cl->link;
	client_limit(cl);
	client_silence(cl); /* also sets its timer */
}

static void client_logged_in(struct login *l, const struct hs_result *res)
{
	struct client *cl = container_of(l, struct client, login);

	cl->link = link_new(cl->all->o.crypto, &res->keys, LINK_SERVER);
	if (cl->link == NULL) {
		logger_error(client_log(cl), "lost", "%s: %s", cl->peer,
		    err_str(ERR_NOMEM));
		conn_close(&cl->conn);
		return;
	}
	cl->exchange = res->exchange;
	client_linked(cl);
	client_admit(cl, res);
}

/* --- beginning and end --------------------------------------------------- */

static void client_lost(struct conn *c, const char *why, bool ours)
{
	struct client *cl = client_of(c);

	if (ours)
		logger_warn(client_log(cl), "lost", "%s: %s", cl->peer, why);
	else if (c->state == CONN_NEW)
		login_log(
		    &cl->all->login, LOGGER_INFO, "%s: %s", cl->peer, why);
	else
		client_log_leave(cl, why);
}

static void client_leaving(struct conn *c)
{
	struct client *cl = client_of(c);

	memberships_leave(&cl->dispatch.presence.rooms);
	directory_leave(cl->all->o.registry->directory,
	    &cl->dispatch.presence.home);
	login_leave(&cl->login);
}

static void client_free(struct conn *c)
{
	struct client *cl = client_of(c);

	room_unref(cl->entering);
	login_free(&cl->login);
	link_free(cl->link);
	readings_drop(&cl->dispatch.presence);
	asks_invite_drop(&cl->dispatch.presence);
	blob_flow_drop(&cl->dispatch.presence);
	delivery_drop(&cl->dispatch.presence);
	presence_free(&cl->dispatch.presence);
	quota_sub(CLIENT_COST);
	free(cl);
}

static const struct conn_ops client_ops = {
    .input = client_input,
    .output = client_output,
    .hold = client_hold,
    .taken = client_taken,
    .expired = client_expired,
    .lost = client_lost,
    .leaving = client_leaving,
    .free = client_free,
};

bool client_new(
    struct clients *k, int fd, const struct sockaddr *sa, bool tls)
{
	struct client *cl = calloc(1, sizeof(*cl));
	struct conn_loop *l = k->o.loop;

	if (cl == NULL) {
		conn_refused(l, fd);
		return false;
	}
	if (conn_init(&cl->conn, l, &client_ops, fd) != 0) {
		free(cl);
		return false;
	}
	quota_add(CLIENT_COST);
	cl->all = k;
	cl->dispatch.json = &k->json;
	cl->dispatch.digests = &k->digests;
	cl->dispatch.presence.out = &cl->conn.out;
	cl->dispatch.presence.o = &k->presence;
	cl->dispatch.counters = &l->counters;
	cl->number = ++k->n_made;
	cl->since_ms = clock_real_ms();
	client_peer_set(cl, sa);
	cl->behind_proxy =
	    k->o.proxies != NULL && proxies_have(k->o.proxies, sa);
	cl->tls = tls;
	/* The throttle gives it a place before TLS begins. */
	if (login_start(&cl->login, &k->login, &cl->conn, cl->peer, sa) != 0 ||
	    (tls && !cl->behind_proxy &&
		conn_tls(&cl->conn, k->o.tls_door, NULL, 0) != 0)) {
		conn_close(&cl->conn);
		return false;
	}
	conn_resume(&cl->conn);
	return cl->conn.state != CONN_DEAD;
}

void clients_init(struct clients *k, const struct clients_opts *o,
    const struct loginer_opts *login)
{
	struct loginer_opts with = *login;

	with.done = client_logged_in;
	k->o = *o;
	k->n_made = 0;
	buf_init_secret(&k->json, WIRE_DIRECT_MAX);
	k->presence = (struct presence_opts){.registry = o->registry,
	    .rooms = o->rooms,
	    .joined = client_joined,
	    .left = client_left};
	loginer_init(&k->login, &with);
}

void clients_free(struct clients *k)
{
	buf_free(&k->json);
}

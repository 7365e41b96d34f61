/* client_admit.c - the end of a login: the client's account, and its way into the
 * room that its card names. */
#include "server/auth/client_int.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "server/room/asks_account.h"
#include "server/room/room_ref.h"
#include "shared/os/clock.h"

/* What it was refused for. text: "" for the code's own. */
struct client_refusal {
	enum wire_code code;
	enum directory_met met;
	enum certifier_fault fault;
	char text[WIRE_SHORT_TEXT_MAX + 1];
};

static void client_refused(struct client *cl, const struct client_refusal *r)
{
	static const struct {
		const char *option, *text;
	} limit[] = {[MET_NONE] = {"", NULL},
	    [MET_ACCOUNT] = {" (--max-per-account)",
		"your account is here as often as the server allows"},
	    [MET_ADDRESS] = {" (--max-per-address)",
		"as many come from your address as the server allows"}};

	counters_refused(&cl->conn.loop->counters, r->code);
	logger_info(client_log(cl), "refused", "%s (%s): %s%s%s%s",
	    cl->name[0] != '\0' ? cl->name : "somebody", cl->peer,
	    wire_code_word(r->code), limit[r->met].option,
	    r->fault != CERTIFIER_NONE ? ": " : "", certifier_str(r->fault));
	client_end_saying(cl, r->code,
	    r->fault != CERTIFIER_NONE ? certifier_str(r->fault)
	    : r->met != MET_NONE       ? limit[r->met].text
	    : r->text[0] != '\0'       ? r->text
				       : client_bye_text(r->code));
}

static void client_unable(struct client *cl, int err)
{
	counters_refused(&cl->conn.loop->counters, CODE_FULL);
	logger_warn(client_log(cl), "refused", "%s (%s): %s", cl->name,
	    cl->peer, err_str(err));
	client_end(cl, CODE_FULL);
}

/* Enters the room that the card names, and the server. */
static int client_enter(struct client *cl, struct client_refusal *refused)
{
	const struct registry *g = cl->all->o.registry;
	struct presence *p = &cl->dispatch.presence;
	struct room_newcomer n = {.person = p->who,
	    .out = &cl->conn.out,
	    .member = memberships_new(&p->rooms),
	    .address = p->has_address ? p->address : NULL,
	    .met = &refused->met};
	int err;

	if (n.member == NULL)
		return ERR_NOMEM;
	err = room_enter(cl->entering, cl->all->o.rooms, &n, &refused->code);
	if (err != 0 || refused->code != CODE_NONE)
		return err;
	client_log_join(cl, n.member);
	standing_see(
	    g->standing, &(struct standing_who){p->who->account, p->who->name});
	return directory_stay(g->directory, &p->home, p->who->name,
	    &cl->conn.out, room_thread_inbox(cl->all->o.rooms));
}

/* Devices that its account got while this one was away: somebody who has stolen a
 * password must not stay unseen. Told once, as its being here is remembered. */
static void client_tell_devices(struct client *cl)
{
	const struct presence *p = &cl->dispatch.presence;
	struct accounts *accounts = cl->all->o.registry->accounts;
	struct account_device d[WIRE_DEVICES];
	size_t n, i;

	if (cl->seen_s == 0)
		return;
	n = accounts_devices(accounts, p->who->account, d);
	for (i = 0; i < n; i++)
		if (d[i].first_s > cl->seen_s &&
		    memcmp(d[i].identity, p->who->identity, WIRE_ED25519) != 0)
			dispatch_device(
			    &cl->dispatch, d[i].identity, d[i].first_s);
}

/* What it is in the accounts is on disk: it may be told, and others of it. */
static void client_stored(struct presence *p)
{
	struct client *cl = container_of(p, struct client, dispatch.presence);
	struct client_refusal refused = {.code = CODE_NONE};
	int err;

	conn_go(&cl->conn);
	if (cl->conn.state != CONN_OPEN)
		return;
	if (cl->new_device &&
	    (err = asks_account_device(cl->all->o.registry, p->who->account,
		 p->who->name, p->who->identity)) != 0)
		logger_warn(client_log(cl), "device",
		    "%s has a new device, but not all could be told: %s",
		    cl->name, err_str(err));
	err = client_enter(cl, &refused);
	room_unref(cl->entering);
	cl->entering = NULL;
	if (err != 0) {
		client_unable(cl, err);
	} else if (refused.code != CODE_NONE) {
		client_refused(cl, &refused);
	} else {
		dispatch_welcome(&cl->dispatch);
		client_tell_devices(cl);
		client_give_ticket(cl);
	}
}

/* With the account that it would be: may it enter the server and the room? */
static enum wire_code client_may(
    void *arg, const uint8_t account[WIRE_KEY], bool made, uint32_t invited)
{
	const struct client *cl = arg;
	const struct registry_by by = {cl->name, account, NULL, 0};
	const struct standing_who who = {account, cl->name};
	struct standing_rights rights;

	registry_rights(cl->all->o.registry, 0, &by, &rights);
	if (rights.banned)
		return CODE_BANNED;
	return room_would(cl->entering, &who,
	    invited != 0 && invited == room_id(cl->entering), made);
}

/* Finds or makes its account. */
static int client_account(struct client *cl, const char *word,
    struct client_refusal *refused, uint64_t *ticket)
{
	const struct registry *g = cl->all->o.registry;
	struct presence *p = &cl->dispatch.presence;
	struct accounts_entry e = {.word = word,
	    .name = p->who->name,
	    .identity = p->who->identity,
	    .address = p->has_address ? p->address : NULL,
	    .now_s = clock_real_ms() / 1000,
	    .may = client_may,
	    .arg = cl};
	uint64_t wall_ms;
	int err;

	if (g->accounts == NULL) { /* the person is the identity */
		refused->code = client_may(cl, p->who->account, true, 0);
		return 0;
	}
	wall_ms = directory_wall(g->directory);
	if (accounts_banned(g->accounts, 0, e.identity, wall_ms) ||
	    accounts_banned(
		g->accounts, room_id(cl->entering), e.identity, wall_ms)) {
		refused->code = CODE_BANNED;
		return 0;
	}
	if ((err = accounts_enter(g->accounts, &e)) != 0)
		return err;
	refused->code = e.code;
	memcpy(refused->text, e.text, sizeof(e.text));
	if (e.code != CODE_NONE)
		return 0;
	if (e.made || e.device)
		logger_info(client_log(cl), "account", "%s (%s): %s", cl->name,
		    cl->peer, e.made ? "a new account" : "a new device");
	memcpy(p->who->account, e.account, WIRE_KEY);
	cl->new_device = e.device;
	cl->seen_s = e.seen_s;
	*ticket = e.ticket;
	return 0;
}

static int client_come_in(struct client *cl, const struct hs_result *res,
    struct client_refusal *refused, uint64_t *ticket)
{
	const struct throttle_key *from = &cl->login.address;
	struct presence *p = &cl->dispatch.presence;

	if ((refused->code = res->refusal) != CODE_NONE)
		return 0;
	snprintf(
	    cl->name, sizeof(cl->name), "%.*s", WIRE_NAME_MAX, res->card.name);
	if ((p->who = entrant_new(res)) == NULL)
		return ERR_NOMEM;
	p->came_ms = cl->all->o.loop->now_ms;
	memcpy(p->address, from, sizeof(*from));
	p->has_address = !throttle_key_is_local(from);
	if ((refused->fault = client_certificate(cl)) != CERTIFIER_NONE) {
		refused->code = CODE_BAD_CERTIFICATE;
		return 0;
	}
	cl->entering =
	    directory_find(cl->all->o.registry->directory, res->card.room);
	if (cl->entering == NULL) {
		refused->code = CODE_NO_ROOM;
		return 0;
	}
	return client_account(
	    cl, handshake_account(cl->login.handshake), refused, ticket);
}

void client_admit(struct client *cl, const struct hs_result *res)
{
	struct client_refusal refused = {.code = CODE_NONE};
	uint64_t ticket = 0;
	int err = client_come_in(cl, res, &refused, &ticket);

	if (err != 0) {
		client_unable(cl, err);
	} else if (refused.code != CODE_NONE) {
		client_refused(cl, &refused);
	} else {
		conn_stop(&cl->conn); /* it is not read before it is in */
		presence_when(&cl->dispatch.presence, ticket, client_stored);
	}
}

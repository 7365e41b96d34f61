/* asks_account.c - answers what is asked about accounts. */
#include "server/room/asks_account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/asks_invite.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"
#include "server/room/say.h"
#include "server/store/blob_store.h"
#include "shared/base/secret.h"
#include "shared/os/clock.h"

static struct accounts *accounts_of(const struct presence *p)
{
	return p->o->registry->accounts;
}

static struct registry_by asker(struct presence *p, const struct request *q)
{
	return (struct registry_by){
	    p->who->name, p->who->account, &p->rooms, q->number};
}

/* A frame of the JSON, if it could be made. */
static struct frame *frame_of(struct buf *json, int err)
{
	struct frame *f = err == 0 ? frame_control(json->p, json->len) : NULL;

	buf_free(json);
	return f;
}

static void noted(const struct registry *g, const struct registry_by *by,
    const char *act, const char *who, const char *text)
{
	const struct registry_act a = {
	    .act = act, .by = by->name, .who = who, .text = text};

	registry_acted(g, &a);
}

/* --- devices -------------------------------------------------------------- */

static int say_device(struct room *r, const char *name,
    const uint8_t identity[WIRE_ED25519])
{
	const struct registry_by server = {"server", NULL, NULL, 0};
	struct registry_answer a = {.code = CODE_NONE};
	struct rekey_say *say = say_new(&server);

	if (say == NULL)
		return ERR_NOMEM;
	say->event = NOTICE_DEVICE;
	snprintf(say->more.who, sizeof(say->more.who), "%s", name);
	memcpy(say->more.identity, identity, WIRE_ED25519);
	room_lock(r);
	say_in(r, &server, say, &a);
	room_unlock(r);
	return 0;
}

/* The account's devices that are here: the others are told when they come. */
static void have_been_told(
    const struct registry *g, const uint8_t account[WIRE_KEY], uint64_t now_s)
{
	struct account_device d[WIRE_DEVICES];
	size_t n = accounts_devices(g->accounts, account, d), i;

	for (i = 0; i < n; i++)
		if (directory_has_device(g->directory, account, d[i].identity))
			accounts_told(
			    g->accounts, account, d[i].identity, now_s);
}

int asks_account_device(const struct registry *g, const uint8_t account[WIRE_KEY],
    const char *name, const uint8_t identity[WIRE_ED25519])
{
	const struct directory_whom whom = {account, NULL, NULL};
	struct directory_word w = {.end = CODE_NONE, .has_device = true};
	struct room **room = NULL;
	size_t n = 0, told, i;
	int err = directory_rooms_of(g->directory, &whom, &room, &n);

	for (i = 0; i < n; i++) {
		if (err == 0)
			err = say_device(room[i], name, identity);
		room_unref(room[i]);
	}
	free(room);
	memcpy(w.device, identity, WIRE_ED25519);
	w.device_s = clock_real_ms() / 1000;
	if (err == 0)
		err = directory_tell(g->directory, &whom, &w, &told);
	if (err == 0)
		have_been_told(g, account, w.device_s);
	return err;
}

/* Ends the connections of a device, or (NULL) of all of the account. */
static int end(const struct registry *g, const uint8_t *account,
    const uint8_t *identity, const char *by, const char *text)
{
	const struct directory_whom whom = {account, NULL, identity};
	struct directory_word w = {.end = CODE_KICKED};
	size_t n;

	snprintf(w.by, sizeof(w.by), "%s", by);
	snprintf(w.text, sizeof(w.text), "%s", text);
	return directory_tell(g->directory, &whom, &w, &n);
}

int asks_account_forget_device(const struct registry *g,
    const struct registry_by *by, const char *name,
    const uint8_t account[WIRE_KEY], const uint8_t identity[WIRE_ED25519],
    uint64_t *ticket)
{
	int err = accounts_forget_device(g->accounts, account, identity, ticket);

	if (err != 0)
		return err;
	noted(g, by, "forget_device", name, NULL);
	return end(g, account, identity, by->name,
	    "this device was taken from the account");
}

int asks_account_forget(const struct registry *g, const struct registry_by *by,
    const char *name, const uint8_t account[WIRE_KEY], uint64_t *ticket)
{
	int err = accounts_forget(g->accounts, account, ticket);

	if (err != 0)
		return err;
	standing_drop(g->standing, account);
	noted(g, by, "forget", name, NULL);
	err = end(g, account, NULL, by->name,
	    "the server's owner has removed this account");
	if (g->files != NULL && blob_store_erase(g->files, account) != 0)
		return ERR_NOMEM;
	return err;
}

static int ask_devices(struct presence *p, const struct request *q)
{
	struct account_device d[WIRE_DEVICES];
	struct buf json;
	size_t n = accounts_devices(accounts_of(p), p->who->account, d), i;

	for (i = 0; i < n; i++)
		d[i].here = directory_has_device(p->o->registry->directory,
		    p->who->account, d[i].identity);
	buf_init(&json, WIRE_JSON_MAX);
	outq_give(p->out,
	    frame_of(&json, answer_devices(&json, q->number, d, n)));
	return 0;
}

static int ask_forget(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	uint64_t ticket;
	int err;

	if (memcmp(q->identity, p->who->identity, WIRE_ED25519) == 0) {
		presence_failed(p, q->number, CODE_BAD_VALUE,
		    "this is the device that you use now");
		return 0;
	}
	err = asks_account_forget_device(p->o->registry, &by, p->who->name,
	    p->who->account, q->identity, &ticket);
	if (err == ERR_STATE)
		presence_failed(p, q->number, CODE_BAD_VALUE,
		    "the account has no such device");
	else if (err == 0)
		presence_done(p, q->number, 0, ticket);
	return err == ERR_STATE ? 0 : err;
}

/* --- a password of one's own ---------------------------------------------- */

static int ask_password(struct presence *p, const struct request *q)
{
	const struct directory_whom whom = {p->who->account, NULL, NULL};
	const struct directory_word w = {.end = CODE_NONE};
	const struct registry_by by = asker(p, q);
	const struct registry *g = p->o->registry;
	uint64_t ticket;
	size_t n;
	int err = accounts_password(
	    g->accounts, p->who->account, &q->password, &ticket);

	if (err == ERR_SHARE || err == ERR_STATE) {
		presence_failed(p, q->number, CODE_BAD_VALUE,
		    "this cannot be the record of a password");
		return 0;
	}
	if (err != 0)
		return err;
	noted(g, &by, q->password.none ? "no_password" : "password",
	    p->who->name, NULL);
	presence_done(p, q->number, 0, ticket);
	return directory_tell(g->directory, &whom, &w, &n); /* `welcome` */
}

/* --- invites -------------------------------------------------------------- */

/* NULL: it sees those of everybody. */
static const uint8_t *whose(struct presence *p, const struct registry_by *by)
{
	struct standing_rights rights;

	registry_rights(p->o->registry, 0, by, &rights);
	return rights.role >= ROLE_OPERATOR ? NULL : p->who->account;
}

static int ask_invites(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	struct account_invite *v = calloc(WIRE_PAGE, sizeof(*v));
	uint32_t room[WIRE_PAGE];
	struct buf json;
	uint64_t total;
	size_t n;

	if (v == NULL)
		return ERR_NOMEM;
	n = accounts_invites(accounts_of(p), whose(p, &by), q->id,
	    clock_real_ms() / 1000, v, room, &total);
	registry_invite_rooms(p->o->registry, v, room, n);
	buf_init(&json, WIRE_JSON_MAX);
	outq_give(p->out,
	    frame_of(&json, answer_invites(&json, q->number, v, n, total)));
	free(v);
	return 0;
}

static int ask_revoke(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	uint64_t ticket;
	int err = accounts_revoke(
	    accounts_of(p), q->id, whose(p, &by), &ticket);

	if (err == ERR_STATE) {
		presence_failed(p, q->number, CODE_BAD_VALUE,
		    "there is no such invite, or it is not yours");
		return 0;
	}
	if (err != 0)
		return err;
	noted(p->o->registry, &by, "invite_revoke", NULL, q->id);
	presence_done(p, q->number, 0, ticket);
	return 0;
}

/* -------------------------------------------------------------------------- */

int asks_account(struct presence *p, const struct request *q)
{
	static int (*const ask[])(
	    struct presence *p, const struct request *q) = {
	    [REQUEST_ACCOUNT_PASSWORD] = ask_password,
	    [REQUEST_ACCOUNT_DEVICES] = ask_devices,
	    [REQUEST_ACCOUNT_FORGET] = ask_forget,
	    [REQUEST_INVITE_NEW] = asks_invite,
	    [REQUEST_INVITE_LIST] = ask_invites,
	    [REQUEST_INVITE_REVOKE] = ask_revoke,
	};

	if (accounts_of(p) == NULL) {
		presence_failed(p, q->number, CODE_UNAVAILABLE, "");
		return 0;
	}
	return ask[q->type](p, q);
}

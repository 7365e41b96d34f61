/* asks_invite.c - a client asks for an invite, which may have to wait until one is
 * made. */
#include "server/room/asks_invite.h"

#include <stddef.h>
#include <stdlib.h>

#include "server/room/registry.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"
#include "server/room/room_thread.h"
#include "shared/base/secret.h"
#include "shared/os/clock.h"

/* A request. Of its client's thread, but for `wait` while it waits. */
struct invite_ask {
	struct invite_wait wait;
	struct later_item later;
	LIST_ENTRY(invite_ask) next; /* of its client's; while it waits */
	struct presence *of; /* NULL: it is gone */
	struct room_thread *in;
	uint32_t number;
	struct account_invite_ask invite;
};

static void ask_free(struct invite_ask *a)
{
	account_record_unref(a->wait.made.record);
	secret_wipe(a, sizeof(*a));
	free(a);
}

void asks_invite_drop(struct presence *p)
{
	struct invite_ask *a;

	while ((a = LIST_FIRST(&p->invites)) != NULL) {
		LIST_REMOVE(a, next);
		a->of = NULL; /* it is freed when it has been served */
	}
}

/* --- may it? --------------------------------------------------------------- */

/* Everybody may enter: an invitation would change nothing. */
static bool is_open(struct room *r)
{
	static const uint8_t nobody[WIRE_KEY];
	const struct standing_who who = {nobody, ""};

	return room_would(r, &who, false, false) == CODE_NONE;
}

/* CODE_NONE: it may make this one; *room is the one to which the newcomer is
 * invited as well, or 0. */
static enum wire_code may_invite(struct presence *p, const struct account_invite_ask *v,
    const struct registry_by *by, uint32_t *room, struct registry_answer *a)
{
	const struct registry *g = p->o->registry;
	struct standing_rights own, here;
	struct room *r;
	bool open;

	registry_rights(g, 0, by, &own);
	if (!accounts_may_invite(g->accounts, own.role))
		return registry_refuse(a, CODE_DENIED,
		    "you may not make invites on this server");
	if (v->role > own.role)
		return registry_refuse(a, CODE_DENIED,
		    "you may not give a role that is higher than yours");
	*room = 0;
	if (v->room == 0)
		return CODE_NONE;
	if ((r = registry_room(g, v->room, by)) == NULL)
		return registry_refuse(a, CODE_NO_ROOM, "");
	open = is_open(r);
	room_unref(r);
	registry_rights(g, v->room, by, &here);
	if (here.role >= ROLE_OPERATOR)
		*room = v->room;
	else if (!open)
		return registry_refuse(a, CODE_DENIED,
		    "only operators of the room may invite to it");
	return CODE_NONE;
}

/* --- making one -------------------------------------------------------------- */

static void give(struct invite_ask *a, const struct registry_by *by,
    const struct accounts_invite_of *v)
{
	const struct registry_act act = {
	    .act = "invite_new", .by = by->name, .text = v->id};
	struct frame *f = NULL;
	struct buf json;

	registry_acted(a->of->o->registry, &act);
	buf_init_secret(&json, WIRE_JSON_MAX);
	if (answer_invite(&json, a->number, v->id, v->secret) == 0)
		f = frame_control(json.p, json.len);
	buf_free(&json);
	presence_give(a->of, a->number, v->ticket, f);
}

/* ERR_AGAIN: it waits. */
static int make_invite(
    struct invite_ask *a, const struct registry_by *by, uint32_t room)
{
	const uint64_t now_s = clock_real_ms() / 1000;
	struct presence *p = a->of;
	struct accounts_invite_of v = {.room = room,
	    .uses = a->invite.uses,
	    .until_s = a->invite.seconds != 0 ? now_s + a->invite.seconds : 0,
	    .role = a->invite.role,
	    .by = p->who->account,
	    .now_s = now_s,
	    .wait = &a->wait};
	int err = accounts_invite(p->o->registry->accounts, &v);

	if (err == ERR_LIMIT && v.busy)
		presence_failed(p, a->number, CODE_TRY_LATER,
		    "many invites are being made: try again in a few seconds");
	else if (err == ERR_LIMIT)
		presence_failed(p, a->number, CODE_FULL,
		    "the server has as many invites as it may have: revoke "
		    "some first");
	else if (err == 0)
		give(a, by, &v);
	secret_wipe(v.secret, sizeof(v.secret));
	return err == ERR_LIMIT ? 0 : err;
}

/* Its client's role may have changed while it waited. */
static int answer(struct invite_ask *a)
{
	const struct registry_by by = {a->of->who->name, a->of->who->account,
	    &a->of->rooms, a->number};
	struct registry_answer no = {.code = CODE_NONE};
	uint32_t room;

	if (may_invite(a->of, &a->invite, &by, &room, &no) == CODE_NONE)
		return make_invite(a, &by, room);
	presence_failed(a->of, a->number, no.code, no.text);
	return 0;
}

/* --- waiting ------------------------------------------------------------------ */

/* In the stock's thread. */
static void served(struct invite_wait *w)
{
	struct invite_ask *a = (struct invite_ask *)(void *)w; /* its first field */

	laters_post(room_thread_laters(a->in), &a->later);
}

static void go_on(struct later_item *l)
{
	struct invite_ask *a =
	    (struct invite_ask *)(void *)((char *)l -
					  offsetof(struct invite_ask, later));
	int err;

	if (a->of != NULL) {
		LIST_REMOVE(a, next);
		presence_close(a->of, a->number);
		if ((err = answer(a)) != 0)
			outq_fail(a->of->out, err);
	}
	ask_free(a);
}

int asks_invite(struct presence *p, const struct request *q)
{
	const struct presence_open open = {.number = q->number};
	struct invite_ask *a = calloc(1, sizeof(*a));
	int err;

	if (a == NULL)
		return ERR_NOMEM;
	a->wait.fn = served;
	a->later.fn = go_on;
	a->of = p;
	a->in = p->o->rooms;
	a->number = q->number;
	a->invite = q->invite;
	if ((err = answer(a)) != ERR_AGAIN) {
		ask_free(a);
		return err;
	}
	if ((err = presence_open(p, &open)) == 0)
		LIST_INSERT_HEAD(&p->invites, a, next);
	else
		a->of = NULL;
	return err;
}

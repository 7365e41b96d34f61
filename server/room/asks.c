/* asks.c - answers what clients ask. */
#include "server/room/asks.h"

#include <stdlib.h>

#include "server/room/acts.h"
#include "server/room/asks_account.h"
#include "server/room/blob_flow.h"
#include "server/room/asks_direct.h"
#include "server/room/checkpoint.h"
#include "server/room/reading.h"
#include "server/room/registry.h"
#include "server/room/room_ref.h"

/* --- the types ----------------------------------------------------------- */

static struct registry_by asker(struct presence *p, const struct request *q)
{
	return (struct registry_by){
	    p->who->name, p->who->account, &p->rooms, q->number};
}

static int ask_make(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	struct registry_answer a = {.code = CODE_NONE};
	int err = registry_make(p->o->registry, &by, q, &a);

	return err != 0 ? err : presence_finish(p, q->number, &a);
}

static int ask_set(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	struct registry_answer a = {.code = CODE_NONE};
	int err = registry_set(p->o->registry, &by, q, &a);

	return err != 0 ? err : presence_finish(p, q->number, &a);
}

static int ask_act(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	struct registry_answer a = {.code = CODE_NONE};
	int err = acts_do(p->o->registry, &by, q, &a);

	return err != 0 ? err : presence_finish(p, q->number, &a);
}

static int ask_list(struct presence *p, const struct request *q)
{
	const struct registry_by by = asker(p, q);
	struct registry_list *l = malloc(sizeof(*l));
	struct frame *f = NULL;
	struct buf json;
	int err;

	if (l == NULL)
		return ERR_NOMEM;
	buf_init(&json, WIRE_JSON_MAX);
	if ((err = registry_list(p->o->registry, &by, q->name, l)) == 0 &&
	    (err = answer_rooms(&json, q->number, l->room, l->n, l->total)) ==
		0)
		f = frame_control(json.p, json.len);
	buf_free(&json);
	free(l);
	if (err == 0)
		outq_give(p->out, f);
	return err;
}

/* Enters the room r, or says why not. */
static int join(struct presence *p, const struct request *q, struct room *r)
{
	struct room_newcomer n = {.person = p->who,
	    .out = p->out,
	    .member = memberships_new(&p->rooms),
	    .address = p->has_address ? p->address : NULL};
	enum wire_code refused;
	int err;

	if (n.member == NULL) {
		presence_failed(p, q->number, CODE_FULL,
		    "you are in as many rooms as the server allows");
		return 0;
	}
	/* Its answer must not fail for want of memory later. */
	err = presence_open(
	    p, &(struct presence_open){
		   .number = q->number, .join = true, .of = n.member});
	if (err != 0)
		return err;
	err = room_enter(r, p->o->rooms, &n, &refused);
	if (err == 0 && refused == CODE_NONE) {
		presence_back(p, room_id(r));
		p->o->joined(p, n.member);
		return 0;
	}
	presence_unopen(p);
	if (err == 0)
		presence_failed(p, q->number, refused, "");
	return err;
}

/* Also under another account of the same device. */
static bool is_banned(struct presence *p, const struct room *r)
{
	const struct registry *g = p->o->registry;

	return g->accounts != NULL &&
	       accounts_banned(g->accounts, room_id(r), p->who->identity,
		   directory_wall(g->directory));
}

static int ask_join(struct presence *p, const struct request *q)
{
	struct room *r = directory_find(p->o->registry->directory, q->name);
	int err = 0;

	if (r == NULL)
		presence_failed(p, q->number, CODE_NO_ROOM, "");
	else if (memberships_in(&p->rooms, room_id(r)) != NULL)
		presence_failed(p, q->number, CODE_IN_ROOM, "");
	else if (is_banned(p, r))
		presence_failed(p, q->number, CODE_BANNED, "");
	else
		err = join(p, q, r);
	room_unref(r);
	return err;
}

/* Ends the membership, and with it an invitation. */
static int ask_leave(struct presence *p, const struct request *q)
{
	const struct standing_who who = {p->who->account, p->who->name};
	const struct standing_change uninvite = {.act = ACT_UNINVITE};
	struct member *s = memberships_in(&p->rooms, q->room);
	struct standing *t = p->o->registry->standing;
	int err;

	if (s == NULL) {
		presence_failed(
		    p, q->number, CODE_NO_ROOM, "you are not in this room");
		return 0;
	}
	if ((err = standing_change(t, q->room, &who, &uninvite)) != 0 ||
	    (err = standing_part(t, q->room, &who)) != 0)
		return err;
	presence_leave(p, q->number, s, standing_ticket(t));
	return 0;
}

static int (*const ask[])(struct presence *p, const struct request *q) = {
    [REQUEST_ROOM_LIST] = ask_list,
    [REQUEST_ROOM_NEW] = ask_make,
    [REQUEST_ROOM_SET] = ask_set,
    [REQUEST_ROOM_JOIN] = ask_join,
    [REQUEST_ROOM_LEAVE] = ask_leave,
    [REQUEST_ACT] = ask_act,
    [REQUEST_HISTORY] = reading_ask,
    [REQUEST_PURGE] = reading_ask,
    [REQUEST_RECEIPT] = checkpoint_ask,
    [REQUEST_ACCOUNT_PASSWORD] = asks_account,
    [REQUEST_ACCOUNT_DEVICES] = asks_account,
    [REQUEST_ACCOUNT_FORGET] = asks_account,
    [REQUEST_INVITE_NEW] = asks_account,
    [REQUEST_INVITE_LIST] = asks_account,
    [REQUEST_INVITE_REVOKE] = asks_account,
    [REQUEST_BLOB_NEW] = blob_flow_ask,
    [REQUEST_BLOB_HAVE] = blob_flow_ask,
    [REQUEST_BLOB_END] = blob_flow_ask,
    [REQUEST_BLOB_GET] = blob_flow_ask,
    [REQUEST_BLOB_GONE] = blob_flow_ask,
    [REQUEST_PREKEYS] = asks_direct,
    [REQUEST_PREKEYS_MINE] = asks_direct,
    [REQUEST_PREKEYS_GET] = asks_direct,
    [REQUEST_BLOCK] = asks_direct,
    [REQUEST_BLOCKS] = asks_direct,
};

int asks_handle(struct presence *p, const struct request *q)
{
	if (!presence_may_ask(p, q->number))
		return ERR_STATE;
	if (q->refuse != CODE_NONE)
		presence_failed(p, q->number, q->refuse, "");
	else if ((size_t)q->type >= sizeof(ask) / sizeof(ask[0]) ||
		 ask[q->type] == NULL)
		presence_failed(p, q->number, CODE_UNKNOWN_REQUEST, "");
	else
		return ask[q->type](p, q);
	return 0;
}

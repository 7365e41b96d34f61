/* acts.c - acts on people, in one room or on the whole server. */
#include "server/room/acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/memberships.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"
#include "server/room/say.h"
#include "shared/wire/text.h"

/* An act that is allowed. */
struct deed {
	const struct registry *g;
	const struct registry_by *by;
	const struct request *q;
	uint64_t until_ms;
	uint8_t identity[WIRE_KEY];	/* account of whom it is done to ... */
	char name[WIRE_NAME_MAX + 1];	/* ... and the name, as written */
	bool found;			/* somebody was there to be kicked */
};

static bool is_meant(const struct deed *d, const struct member *m)
{
	return memcmp(m->person->account, d->identity, WIRE_ED25519) == 0 ||
	       text_same_name(m->person->name, d->name);
}

/* --- in one room; it is locked ------------------------------------------- */

/* Puts them out. True: the next epoch is fresh because of that. */
static int put_out(struct deed *d, struct room *r, bool *fresh)
{
	const struct room_exit x = {
	    .code = d->q->act == ACT_BAN ? CODE_BANNED : CODE_KICKED,
	    .by = d->by->name,
	    .text = d->q->reason,
	    .kick = true};
	struct member *m;
	size_t i;
	int err = 0;

	for (i = r->members.waiting.n; i-- > 0 && err == 0;) {
		m = r->members.waiting.p[i];
		if (!is_meant(d, m))
			continue;
		d->found = true; /* m is gone afterwards */
		err = room_put_out(r, m, &x);
	}
	for (i = 0; i < r->members.in.n && err == 0; i++) {
		m = r->members.in.p[i];
		if (!is_meant(d, m) || m->left)
			continue;
		d->found = *fresh = true;
		err = room_put_out(r, m, &x);
	}
	return err;
}

/* Looks again at the voice of those who are there. */
static void restand(const struct deed *d, struct room *r, bool *fresh)
{
	struct member *m;
	size_t i;

	for (i = 0; i < r->members.waiting.n; i++)
		if (is_meant(d, m = r->members.waiting.p[i]))
			(void)room_restand(r, m, d->by->name);
	for (i = 0; i < r->members.in.n; i++)
		if (is_meant(d, m = r->members.in.p[i]) && !m->left)
			*fresh |= room_restand(r, m, d->by->name);
}

static void word(const struct deed *d, struct rekey_say *say)
{
	struct notice_more *more = &say->more;

	say->event = NOTICE_ACT;
	more->act = d->q->act;
	more->role = d->q->role;
	more->until_ms = d->until_ms;
	more->server = d->q->room == 0;
	snprintf(more->who, sizeof(more->who), "%s", d->name);
	snprintf(more->reason, sizeof(more->reason), "%s", d->q->reason);
}

/* Does it in one room, and says so there. */
static int do_in(struct deed *d, struct room *r, struct registry_answer *a)
{
	struct rekey_say *say = say_new(d->by);
	int err = 0;

	if (say == NULL)
		return ERR_NOMEM;
	word(d, say);
	room_lock(r);
	if (d->q->act == ACT_KICK || d->q->act == ACT_BAN)
		err = put_out(d, r, &say->after_fresh);
	else
		restand(d, r, &say->after_fresh);
	if (err == 0 && (d->found || d->q->act != ACT_KICK)) {
		say_in(r, d->by, say, a);
		say = NULL;
	}
	room_unlock(r);
	rekey_say_free(say);
	return err;
}

/* --- the table of rights -------------------------------------------------- */

/* A kick ends the membership, and so the invitation. */
static int change(const struct deed *d, struct registry_answer *a)
{
	const struct standing_who who = {d->identity, d->name};
	const struct standing_change c = {
	    .act = d->q->act == ACT_KICK ? ACT_UNINVITE : d->q->act,
	    .role = d->q->role,
	    .until_ms = d->until_ms,
	    .wall_ms = directory_wall(d->g->directory)};
	int err = standing_change(d->g->standing, d->q->room, &who, &c);

	if (err != ERR_LIMIT)
		return err;
	registry_refuse(a, CODE_FULL,
	    d->q->room == 0 ? "the server cannot remember more roles, bans, "
			      "mutes and invitations: take some back"
			    : "the room has as many roles, bans, mutes and "
			      "invitations as it may have: take some back");
	return 0;
}

static void note(const struct deed *d, const struct room *r)
{
	const struct request *q = d->q;
	const struct registry_act act = {.act = act_word(q->act),
	    .by = d->by->name,
	    .room = r == NULL ? NULL : room_name(r),
	    .who = d->name,
	    .text = q->act == ACT_ROLE	   ? role_word(q->role)
		    : q->reason[0] == '\0' ? NULL
					   : q->reason,
	    .seconds = d->until_ms == 0 ? 0 : q->seconds};

	registry_acted(d->g, &act);
}

/* --- allowed or not ------------------------------------------------------ */

/* The account of this name; or somebody banned by a name that none has. */
static bool find(struct deed *d)
{
	if (d->g->accounts != NULL &&
	    accounts_named(d->g->accounts, d->q->who, d->identity, d->name))
		return true;
	return directory_account(
		   d->g->directory, d->q->who, d->identity, d->name) ||
	       standing_seen(d->g->standing, d->q->who, d->identity, d->name);
}

static enum wire_code may(const struct deed *d, struct registry_answer *a)
{
	const struct registry_by whom = {d->name, d->identity, NULL, 0};
	struct standing_rights own, theirs;

	registry_rights(d->g, d->q->room, d->by, &own);
	registry_rights(d->g, d->q->room, &whom, &theirs);
	if (own.role < ROLE_OPERATOR)
		return registry_refuse(a, CODE_DENIED,
		    d->q->room == 0 ? "only operators of the server may do this"
				    : "only operators of the room may do this");
	if (theirs.role > own.role)
		return registry_refuse(
		    a, CODE_DENIED, "their role is higher than yours");
	if (d->q->act == ACT_ROLE && d->q->role > own.role)
		return registry_refuse(a, CODE_DENIED,
		    "you may not give a role that is higher than yours");
	if (d->q->room == 0 &&
	    (d->q->act == ACT_INVITE || d->q->act == ACT_UNINVITE))
		return registry_refuse(a, CODE_BAD_VALUE,
		    "invitations are to a room, not to the server");
	return CODE_NONE;
}

/* --- one room, and the server -------------------------------------------- */

static int act_in_room(
    struct deed *d, struct room *r, struct registry_answer *a)
{
	int err;

	/* Before anybody is put out, so that nobody slips in again. */
	if ((err = change(d, a)) != 0 || a->code != CODE_NONE ||
	    (err = do_in(d, r, a)) != 0)
		return err;
	if (d->q->act == ACT_KICK && !d->found)
		registry_refuse(
		    a, CODE_NO_MEMBER, "nobody of this name is in the room");
	else
		note(d, r);
	return 0;
}

/* Ends their connections, or tells them of their role. */
static int tell(struct deed *d)
{
	const struct directory_whom whom = {d->identity, d->name, NULL};
	struct directory_word w = {.end = CODE_NONE};
	size_t n = 0;
	int err;

	if (d->q->act == ACT_KICK)
		w.end = CODE_KICKED;
	else if (d->q->act == ACT_BAN)
		w.end = CODE_BANNED;
	else if (d->q->act != ACT_ROLE)
		return 0;
	snprintf(w.by, sizeof(w.by), "%s", d->by->name);
	snprintf(w.text, sizeof(w.text), "%s", d->q->reason);
	err = directory_tell(d->g->directory, &whom, &w, &n);
	if (n > 0)
		d->found = true;
	return err;
}

static int act_on_server(struct deed *d, struct registry_answer *a)
{
	const struct directory_whom whom = {d->identity, d->name, NULL};
	struct room **room = NULL;
	size_t n = 0, i;
	int err;

	if ((err = change(d, a)) != 0 || a->code != CODE_NONE)
		return err;
	err = directory_rooms_of(d->g->directory, &whom, &room, &n);
	for (i = 0; i < n; i++) {
		if (err == 0)
			err = do_in(d, room[i], a);
		room_unref(room[i]);
	}
	free(room);
	if (err != 0 || (err = tell(d)) != 0)
		return err;
	if (d->q->act == ACT_KICK && !d->found)
		registry_refuse(
		    a, CODE_NO_MEMBER, "nobody of this name is on the server");
	else
		note(d, NULL);
	return 0;
}

int acts_do(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct registry_answer *a)
{
	struct deed d = {.g = g, .by = by, .q = q};
	struct room *r = NULL;
	int err = 0;

	if (q->room != 0 && (r = registry_room(g, q->room, by)) == NULL) {
		registry_refuse(a, CODE_NO_ROOM, "");
		return 0;
	}
	if (q->seconds != 0 && (q->act == ACT_BAN || q->act == ACT_MUTE))
		d.until_ms =
		    directory_wall(g->directory) + UINT64_C(1000) * q->seconds;
	if (!find(&d))
		registry_refuse(
		    a, CODE_NO_MEMBER, "nobody of this name was here lately");
	else if (may(&d, a) == CODE_NONE)
		err = r == NULL ? act_on_server(&d, a) : act_in_room(&d, r, a);
	a->ticket = standing_ticket(g->standing);
	room_unref(r);
	return err;
}

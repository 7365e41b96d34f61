/* registry.c - makes, changes and lists rooms for those who ask. */
#include "server/room/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/archive.h"
#include "server/room/memberships.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"
#include "server/room/say.h"
#include "shared/wire/text.h"

void registry_acted(const struct registry *g, const struct registry_act *a)
{
	if (g->acted != NULL)
		g->acted(g->arg, a);
}

enum wire_code registry_refuse(
    struct registry_answer *a, enum wire_code code, const char *text)
{
	a->code = code;
	snprintf(a->text, sizeof(a->text), "%s", text);
	return code;
}

void registry_rights(const struct registry *g, uint32_t room,
    const struct registry_by *by, struct standing_rights *out)
{
	const struct standing_who who = {by->identity, by->name};

	*out = (struct standing_rights){.role = ROLE_OWNER, .known = true};
	if (by->identity != NULL)
		standing_rights(
		    g->standing, room, &who, directory_wall(g->directory), out);
}

static bool is_in(const struct registry_by *by, uint32_t room)
{
	return by->rooms != NULL && memberships_in(by->rooms, room) != NULL;
}

struct room *registry_room(
    const struct registry *g, uint32_t room, const struct registry_by *by)
{
	struct room *r = directory_room(g->directory, room);
	struct standing_rights rights;
	bool listed;

	if (r == NULL)
		return NULL;
	registry_rights(g, room, by, &rights);
	room_lock(r);
	listed = r->settings.listed;
	room_unlock(r);
	if (listed || rights.known || rights.role >= ROLE_OPERATOR ||
	    is_in(by, room))
		return r;
	room_unref(r);
	return NULL;
}

void registry_invite_rooms(const struct registry *g,
    struct account_invite *invites, const uint32_t *room, size_t n)
{
	struct room *r;
	size_t i;

	for (i = 0; i < n; i++) {
		r = room[i] == 0 ? NULL : directory_room(g->directory, room[i]);
		if (r != NULL)
			snprintf(invites[i].room, sizeof(invites[i].room), "%s",
			    room_name(r));
		room_unref(r);
	}
}

/* What needs what is not there. */
static enum wire_code available(const struct registry *g,
    const struct request *q, struct registry_answer *a)
{
	if ((q->settings_named & SETTING_HISTORY) != 0 &&
	    q->settings.history != HISTORY_NONE && g->room.store == NULL)
		return registry_refuse(a, CODE_UNAVAILABLE,
		    "this server keeps nothing, so no room can have a history");
	return CODE_NONE;
}

static void keeps_more(const struct registry *g, struct registry_answer *a)
{
	char most[RETENTION_TEXT];

	retention_most(&g->retention, most);
	registry_refuse(a, CODE_BAD_VALUE, most);
}

static uint64_t ticket_max(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* --- making -------------------------------------------------------------- */

static enum wire_code may_make(const struct registry *g,
    const struct registry_by *by, const struct request *q,
    struct registry_answer *a)
{
	struct standing_rights rights;

	registry_rights(g, 0, by, &rights);
	if (by->identity == NULL)
		;
	else if (rights.role < ROLE_MEMBER)
		return registry_refuse(
		    a, CODE_DENIED, "guests may not make rooms");
	else if (g->creation == CREATION_NOBODY)
		return registry_refuse(
		    a, CODE_DENIED, "nobody may make rooms on this server");
	else if (g->creation == CREATION_OPERATORS &&
		 rights.role < ROLE_OPERATOR)
		return registry_refuse(a, CODE_DENIED,
		    "only operators of the server may make rooms");
	return available(g, q, a);
}

/* Made by somebody, and nobody has ever come. */
static bool never_used(const struct room *r)
{
	return r->entry.maker != NULL && !room_entered(r);
}

/* When the server has as many rooms as it may, a new one takes the place of
 * the oldest that nobody has ever entered: 10,000 empty rooms must not keep
 * everybody else from making one. */
static bool make_place(const struct registry *g)
{
	struct room *r;
	bool gone;

	if (g->directory == NULL || !directory_rooms_full(g->directory) ||
	    (r = directory_oldest(g->directory, NULL, never_used)) == NULL)
		return false;
	if ((gone = archive_forget(r) == 0))
		room_free(r); /* the directory's reference */
	room_unref(r);
	return gone;
}

/* Puts the new room and its maker's role. On an error it is gone again. */
static int keep_made(
    const struct registry *g, const struct registry_by *by, struct room *r)
{
	const struct standing_change operator= {
	    .act = ACT_ROLE,
	    .role = ROLE_OPERATOR,
	    .wall_ms = directory_wall(g->directory)};
	const struct standing_who maker = {by->identity, by->name};
	int err = archive_room(r);

	if (err == 0 && by->identity != NULL)
		err = standing_change(
		    g->standing, room_id(r), &maker, &operator);
	if (err != 0) {
		(void)!archive_forget(r); /* or it is there after a restart */
		room_free(r);
	}
	return err;
}

static int make(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct room **out, char alike[WIRE_ROOM_MAX + 1])
{
	struct room_settings settings = g->fresh;
	const struct directory_limits now = directory_limits(g->directory);
	struct room_opts o = g->room;
	int err;

	if (now.room_people != 0) {
		o.users_max = now.room_people;
		o.rekey_ms = now.room_rekey_ms;
	}
	room_settings_change(&settings, &q->settings, q->settings_named);
	if (!retention_change(
		&g->retention, &g->fresh, &settings, q->settings_named))
		return ERR_RANGE;
	o.id = 0;
	o.name = q->name;
	o.topic = q->topic;
	o.maker = by->identity;
	o.settings = &settings;
	if ((err = room_make(&o, out, alike)) == ERR_LIMIT && make_place(g))
		err = room_make(&o, out, alike);
	return err != 0 ? err : keep_made(g, by, *out);
}

int registry_make(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct registry_answer *a)
{
	const struct registry_act act = {
	    .act = "room_new", .by = by->name, .room = q->name};
	char alike[WIRE_ROOM_MAX + 1];
	struct room *r;
	int err;

	if (may_make(g, by, q, a) != CODE_NONE)
		return 0;
	err = make(g, by, q, &r, alike);
	if (err == ERR_LIMIT)
		registry_refuse(a, CODE_FULL,
		    directory_rooms_full(g->directory)
			? "the server has as many rooms as it may have"
			: "you have made as many rooms as one person may");
	else if (err == ERR_RANGE)
		keeps_more(g, a);
	else if (err == ERR_NAME && text_same_name(alike, q->name))
		registry_refuse(
		    a, CODE_NAME_TAKEN, "there is a room of this name");
	else if (err == ERR_NAME) {
		a->code = CODE_NAME_TAKEN;
		snprintf(a->text, sizeof(a->text),
		    "this name looks like that of the room %s", alike);
	}
	if (a->code != CODE_NONE)
		return 0;
	if (err != 0)
		return err;
	a->room = room_id(r);
	a->ticket = ticket_max(r->ticket, standing_ticket(g->standing));
	registry_acted(g, &act);
	return 0;
}

/* --- changing ------------------------------------------------------------ */

/* Those who are in it stay members. ERR_LIMIT: they are too many. */
static int invite_all(const struct registry *g, struct room *r)
{
	const struct standing_change invite = {
	    .act = ACT_INVITE, .wall_ms = directory_wall(g->directory)};
	struct standing_who who;
	size_t i;
	int err = 0;

	for (i = 0; i < r->members.in.n && err == 0; i++) {
		who.account = r->members.in.p[i]->person->account;
		who.name = r->members.in.p[i]->person->name;
		err = standing_change(g->standing, r->o.id, &who, &invite);
	}
	return err;
}

/* Puts the changed settings, and what they mean for the history. */
static int keep_set(struct room *r, const struct room_settings *was)
{
	int err = 0;

	if (was->history == HISTORY_NONE)
		err = archive_begin(r);
	else if (!archive_on(r))
		err = archive_end(r);
	if (err == 0)
		err = archive_room(r);
	if (err == 0)
		atomic_store(&r->keeps, archive_on(r));
	return err;
}

/* Locked; nothing here fails but what changes nothing. */
static int set(const struct registry *g, struct room *r,
    const struct request *q, const struct registry_by *by,
    struct rekey_say *say)
{
	struct room_settings was = r->settings, now = was;
	char *topic = NULL, *old = r->topic;
	int err;

	room_settings_change(&now, &q->settings, q->settings_named);
	if (!retention_change(&g->retention, &was, &now, q->settings_named))
		return ERR_RANGE;
	if (now.invited && !was.invited && (err = invite_all(g, r)) != 0)
		return err;
	if (q->has_topic) {
		if (q->topic[0] != '\0' && (topic = strdup(q->topic)) == NULL)
			return ERR_NOMEM;
		r->topic = topic;
	}
	r->settings = now;
	if ((err = keep_set(r, &was)) != 0) {
		r->settings = was;
		r->topic = old;
		free(topic);
		return err;
	}
	if (q->has_topic)
		free(old);
	if (r->settings.listed != was.listed)
		directory_list_room(
		    r->o.directory, &r->entry, r->settings.listed);
	if (r->settings.operators_only != was.operators_only)
		say->after_fresh = room_restand_all(r, by->name);
	say->event = NOTICE_ROOM;
	say->more.settings = r->settings;
	snprintf(say->more.topic, sizeof(say->more.topic), "%s",
	    r->topic == NULL ? "" : r->topic);
	return 0;
}

static int set_room(const struct registry *g, struct room *r,
    const struct registry_by *by, const struct request *q,
    struct registry_answer *a)
{
	const struct registry_act act = {.act = "room_set",
	    .by = by->name,
	    .room = room_name(r),
	    .text = q->has_topic ? q->topic : NULL};
	struct rekey_say *say = say_new(by);
	int err;

	if (say == NULL)
		return ERR_NOMEM;
	room_lock(r);
	if ((err = set(g, r, q, by, say)) == 0) {
		say_in(r, by, say, a);
		a->ticket = ticket_max(
		    r->ticket, standing_ticket(g->standing));
	}
	room_unlock(r);
	if (err != 0)
		rekey_say_free(say);
	else
		registry_acted(g, &act);
	if (err == ERR_RANGE)
		keeps_more(g, a);
	else if (err == ERR_LIMIT)
		registry_refuse(a, CODE_FULL,
		    "too many people are in the room for inviting them all");
	return err == ERR_RANGE || err == ERR_LIMIT ? 0 : err;
}

int registry_set(const struct registry *g, const struct registry_by *by,
    const struct request *q, struct registry_answer *a)
{
	struct room *r = registry_room(g, q->room, by);
	struct standing_rights rights;
	int err = 0;

	if (r == NULL) {
		registry_refuse(a, CODE_NO_ROOM, "");
		return 0;
	}
	registry_rights(g, q->room, by, &rights);
	if (rights.role < ROLE_OPERATOR)
		registry_refuse(
		    a, CODE_DENIED, "only operators may change the room");
	else if ((q->settings_named & SETTING_SEALED) != 0)
		registry_refuse(a, CODE_BAD_VALUE,
		    "a room is sealed from its beginning, or never");
	else if (available(g, q, a) == CODE_NONE)
		err = set_room(g, r, by, q, a);
	room_unref(r);
	return err;
}

/* --- listing ------------------------------------------------------------- */

/* The rooms that somebody sees although they are not listed. */
struct own {
	uint32_t *id; /* owned; ascending */
	size_t n;
	bool all;
};

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int own_get(
    const struct registry *g, const struct registry_by *by, struct own *o)
{
	struct standing_rights rights;
	struct member *s;
	size_t i = 0, n = 0, kept = 0;
	uint32_t *id;
	int err;

	registry_rights(g, 0, by, &rights);
	*o = (struct own){.all = rights.role >= ROLE_OPERATOR};
	if (by->identity == NULL)
		return 0;
	if ((err = standing_rooms(g->standing, by->identity, &o->id, &n)) != 0)
		return err;
	id = reallocarray(o->id, n + WIRE_ROOMS + 1, sizeof(*id));
	if (id == NULL) {
		free(o->id);
		return ERR_NOMEM;
	}
	o->id = id;
	while (
	    by->rooms != NULL && (s = memberships_next(by->rooms, &i)) != NULL)
		id[n++] = member_room_id(s);
	qsort(id, n, sizeof(*id), by_number);
	for (i = 0; i < n; i++)
		if (kept == 0 || id[kept - 1] != id[i])
			id[kept++] = id[i];
	o->n = kept;
	return 0;
}

static bool own_has(const struct own *o, uint32_t room)
{
	return o->n > 0 &&
	       bsearch(&room, o->id, o->n, sizeof(room), by_number) != NULL;
}

static bool own_wants(void *arg, uint32_t room)
{
	const struct own *o = arg;

	return o->all || own_has(o, room);
}

static void room_tell(
    struct room *r, const struct own *o, struct room_info *out)
{
	memset(out, 0, sizeof(*out));
	out->id = room_id(r);
	snprintf(out->name, sizeof(out->name), "%s", room_name(r));
	out->people = room_people(r);
	out->mine = own_has(o, out->id);
	room_lock(r);
	snprintf(out->topic, sizeof(out->topic), "%s",
	    r->topic == NULL ? "" : r->topic);
	out->settings = r->settings;
	room_unlock(r);
}

int registry_list(const struct registry *g, const struct registry_by *by,
    const char *after, struct registry_list *out)
{
	struct room *page[WIRE_ROOM_PAGE];
	struct own own;
	size_t i;
	int err;

	if ((err = own_get(g, by, &own)) != 0)
		return err;
	out->n = directory_page(
	    g->directory, after, own_wants, &own, page, WIRE_ROOM_PAGE);
	out->total = own.all ? directory_rooms(g->directory)
			     : directory_listed(g->directory, own.id, own.n);
	for (i = 0; i < out->n; i++) {
		room_tell(page[i], &own, &out->room[i]);
		room_unref(page[i]);
	}
	free(own.id);
	return 0;
}

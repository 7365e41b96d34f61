/* remember.c - makes the rooms that were stored, at the start. */
#include "server/room/remember.h"

#include <stdio.h>
#include <string.h>

#include "server/room/archive.h"
#include "server/room/room_state.h"
#include "server/room/room_ref.h"

struct loading {
	const struct registry *g;
	const struct logger *log;
	size_t n_rooms, n_rights, n_lost, n_left_out, n_renamed;
};
enum { RENAMED_SAID = 100 }; /* in the log; the others are left out */

/* Without entries nobody can tell the log from a new one, which it then is:
 * clients may have seen more of the old one than is kept. */
static int load_room(
    void *arg, const struct store_room *s, const struct log_head *head)
{
	struct loading *l = arg;
	struct room_opts o = l->g->room;
	char alike[WIRE_ROOM_MAX + 1];
	struct room *r;
	int err;

	o.id = s->id;
	o.name = s->name;
	o.topic = s->topic;
	o.maker = s->maker;
	o.settings = &s->settings;
	o.entered = s->entered;
	if (s->settings.history != HISTORY_NONE && head->offset > 0) {
		o.log_id = s->log;
		o.head = head;
	}
	if ((err = room_make(&o, &r, alike)) != 0) {
		logger_error(l->log, "store", "cannot make the room %s: %s",
		    s->name, err_str(err));
		return err;
	}
	l->n_rooms++;
	return 0;
}

/* Logs that have begun anew. */
static int put_new_logs(struct directory *d)
{
	struct room *r = NULL, *next;
	int err = 0;

	while (err == 0 && (next = directory_after(
				d, r == NULL ? 0 : room_id(r))) != NULL) {
		room_unref(r);
		r = next;
		if (room_keeps(r) && r->head.offset == 0)
			err = archive_room(r);
	}
	room_unref(r);
	return err;
}

static int load_right(void *arg, const struct store_right *s)
{
	struct loading *l = arg;
	struct store_right right = *s;
	struct room *r = NULL;
	int err;

	if (s->room != 0 && (r = directory_room(l->g->directory, s->room)) == NULL)
		return 0;
	/* Of a log that has begun anew, a member may read all. */
	if (r != NULL && right.since > r->head.offset)
		right.since = r->head.offset;
	room_unref(r);
	if ((err = standing_restore(l->g->standing, &right)) == ERR_LIMIT) {
		l->n_lost++;
		return 0;
	}
	l->n_rights += err == 0;
	return err;
}

/* When accounts came (version 2 of the database), of several with one name all
 * but one got another, with some of their key in it. Whoever has not come since
 * then does not know it: the server's owner can tell them, or forget it. */
static void say_renamed(struct loading *l, const struct store_device *d)
{
	char name[WIRE_NAME_MAX + 1], end[10];
	bool password;
	size_t n;

	if (d->last_s != 0 ||
	    !accounts_about(l->g->accounts, d->account, name, &password))
		return;
	snprintf(end, sizeof(end), "-%02x%02x%02x%02x", d->account[0],
	    d->account[1], d->account[2], d->account[3]);
	n = strlen(name);
	if (n > strlen(end) && strcmp(name + n - strlen(end), end) == 0 &&
	    ++l->n_renamed <= RENAMED_SAID)
		logger_warn(l->log, "store",
		    "somebody whose name another has too has got the account "
		    "%s, and has not come since the upgrade",
		    name);
}

static int load_people(void *arg, const struct store_change *c)
{
	struct loading *l = arg;
	int err = 0;

	if (l->g->accounts != NULL)
		err = accounts_restore(l->g->accounts, c);
	if (l->g->accounts != NULL && err == 0 && c->device != NULL)
		say_renamed(l, c->device);
	l->n_left_out += err == ERR_LIMIT;
	return err == ERR_LIMIT ? 0 : err;
}

static int load_direct(void *arg, const struct store_direct *d)
{
	struct loading *l = arg;
	int err = 0;

	if (l->g->accounts != NULL)
		err = directs_restore(accounts_directs(l->g->accounts), d);
	l->n_left_out += err == ERR_LIMIT;
	return err == ERR_LIMIT ? 0 : err;
}

int remember_load(const struct registry *g, const struct logger *log)
{
	struct loading l = {.g = g, .log = log};
	const struct store_loader loader = {.room = load_room,
	    .right = load_right,
	    .people = load_people,
	    .direct = load_direct,
	    .arg = &l};
	int err;

	if (g->room.store == NULL)
		return 0;
	err = store_load(g->room.store, &loader, g->room.session);
	if (err != 0)
		return err;
	if (l.n_lost > 0)
		logger_error(log, "store",
		    "%zu roles, bans and invitations are more than this server "
		    "can have; they stay in the database, without effect",
		    l.n_lost);
	if (l.n_renamed > RENAMED_SAID)
		logger_warn(log, "store", "and so have %zu others",
		    l.n_renamed - RENAMED_SAID);
	if (l.n_left_out > 0)
		logger_error(log, "store",
		    "%zu accounts, devices, invites and direct messages have no "
		    "place and "
		    "stay in the database, without effect",
		    l.n_left_out);
	if (g->accounts != NULL)
		accounts_keep(g->accounts, g->room.store);
	logger_info(log, "store", "%zu room%s, %zu roles, bans, invitations "
	    "and memberships", l.n_rooms, l.n_rooms == 1 ? "" : "s",
	    l.n_rights);
	standing_keep(g->standing, g->room.store);
	return put_new_logs(g->directory);
}

int remember_home(
    const struct registry *g, const char *name, const struct logger *log)
{
	struct room_opts o = g->room;
	char alike[WIRE_ROOM_MAX + 1];
	struct room *r;
	int err;

	if ((r = directory_find(g->directory, name)) != NULL) {
		directory_home(g->directory, room_id(r));
		room_unref(r);
		return 0;
	}
	o.name = name;
	o.settings = &g->fresh;
	if ((err = room_make(&o, &r, alike)) == ERR_NAME) {
		logger_error(log, "start",
		    "the name of --room %s looks like that of the room %s, "
		    "which this server has: give that name, or another",
		    name, alike);
		return ERR_LIMIT;
	}
	if (err != 0 || (err = archive_room(r)) != 0)
		return err;
	directory_home(g->directory, room_id(r));
	return 0;
}

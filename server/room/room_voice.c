/* room_voice.c - who may speak in a room, and what role each has there, when the
 * server's table of them or the room's settings have changed; and whether the
 * server can keep what they say. */
#include <stdio.h>

#include "server/room/room.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"

enum {
	VOICE_SLACK_MS = 2 * DIRECTORY_TICK_MS
}; /* the clocks are that coarse */

bool room_silent(struct room *r, const struct member *m,
    const struct standing_rights *rights)
{
	uint64_t wall_ms = directory_wall(r->o.directory);

	if (rights->muted && rights->mute_until > wall_ms)
		rekey_voice_at(&r->rekey, directory_now(r->o.directory) +
					      rights->mute_until - wall_ms +
					      VOICE_SLACK_MS);
	return rights->muted ||
	       (r->settings.operators_only && m->role < ROLE_OPERATOR);
}

static void member_rights(
    const struct room *r, const struct member *m, struct standing_rights *out)
{
	const struct standing_who who = {m->person->account, m->person->name};

	*out = (struct standing_rights){.role = (enum role)m->role};
	if (r->o.standing != NULL)
		standing_rights(r->o.standing, r->o.id, &who,
		    directory_wall(r->o.directory), out);
}

struct frame *room_voice_frame(
    const struct room *r, const struct member *m, const char *by)
{
	struct standing_rights rights;
	struct voice v = {.room = r->o.id, .may = !m->silent};
	struct frame *p = NULL;
	struct buf json;

	member_rights(r, m, &rights);
	if (!v.may && rights.muted)
		v.until_ms = rights.mute_until;
	snprintf(v.by, sizeof(v.by), "%s", by);
	buf_init(&json, WIRE_JSON_MAX);
	if (voice_encode(&json, &v) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	if (p != NULL)
		p->room = r->o.id;
	return p;
}

/* Tells it whether it may speak. What it has on its way falls behind the next
 * fence. If it cannot be told, its connection ends: it must not go on as if
 * nothing had happened. */
static void voice_changed(struct room *r, struct member *m, const char *by)
{
	const struct room_exit lost = {.code = CODE_SHUTDOWN};
	struct room_event e = {.what = ROOM_EVENT_GIVE};

	m->silent_epoch = r->rekey.epoch;
	if (mailbox_reserve(m->mailbox, 1) != 0 ||
	    (e.u.frame = room_voice_frame(r, m, by)) == NULL) {
		(void)!room_put_out(r, m, &lost);
		return;
	}
	e.sender = member_ref(m);
	room_mail_post_one(&r->mail, m->mailbox, &e);
	rekey_voice(&r->rekey);
}

bool room_restand(struct room *r, struct member *m, const char *by)
{
	struct standing_rights rights;
	enum role role = (enum role)m->role;
	bool silent;

	if (m->left)
		return false;
	member_rights(r, m, &rights);
	m->role = (int8_t)rights.role;
	silent = room_silent(r, m, &rights);
	if (m->role != role || silent != m->silent)
		pages_drop(&r->pages);
	if (silent == m->silent)
		return false;
	m->silent = silent;
	if (m->arrival == NULL)
		voice_changed(r, m, by);
	return m->arrival == NULL;
}

bool room_restand_all(struct room *r, const char *by)
{
	bool voice = false;
	size_t i;

	for (i = 0; i < r->members.waiting.n; i++)
		voice |= room_restand(r, r->members.waiting.p[i], by);
	for (i = 0; i < r->members.in.n; i++)
		voice |= room_restand(r, r->members.in.p[i], by);
	return voice;
}

void room_storage(struct room *r, bool ok)
{
	const struct storage s = {.room = r->o.id, .ok = ok};
	struct room_event e = {.what = ROOM_EVENT_STORAGE};
	struct frame *p = NULL;
	struct mailbox *b;
	struct buf json;

	if (!room_keeps(r))
		return;
	buf_init(&json, WIRE_JSON_MAX);
	if (storage_encode(&json, &s) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	if (p == NULL)
		return;
	p->room = r->o.id;
	room_lock(r);
	LIST_FOREACH(b, &r->mail.boxes, of_room)
	if (mailbox_reserve(b, 1) == 0) {
		e.u.frame = frame_ref(p);
		room_mail_post_one(&r->mail, b, &e);
	}
	room_unlock(r);
	frame_unref(p);
}

void rooms_storage(struct directory *d, bool ok)
{
	struct room *r = NULL, *next;

	while ((next = directory_after(d, r != NULL ? room_id(r) : 0)) !=
	       NULL) {
		room_unref(r);
		r = next;
		room_storage(r, ok);
	}
	room_unref(r);
}

void room_voices(struct room *r, uint64_t now_ms)
{
	(void)now_ms;
	(void)room_restand_all(r, "");
}

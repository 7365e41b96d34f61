/* archive.c - puts rooms into the store, and what those with a history keep. */
#include "server/room/archive.h"

#include <string.h>

#include "server/room/room_state.h"
#include "shared/proto/users.h"

enum { PERSON_JSON = 1024 };

bool archive_on(const struct room *r)
{
	return r->o.store != NULL && r->settings.history != HISTORY_NONE;
}

/* --- the room itself ----------------------------------------------------- */

int archive_room(struct room *r)
{
	const struct store_room stored = {.id = r->o.id,
	    .name = r->name,
	    .topic = r->topic == NULL ? "" : r->topic,
	    .settings = r->settings,
	    .entered = atomic_load(&r->entered),
	    .maker = r->made ? r->maker : NULL,
	    .log = r->log_id};

	if (r->o.store == NULL)
		return 0;
	return store_put_room(r->o.store, &stored, &r->ticket);
}

int archive_forget(struct room *r)
{
	if (r->o.store == NULL)
		return 0;
	return store_forget_room(r->o.store, r->o.id, &r->ticket);
}

/* --- entries ------------------------------------------------------------- */

static void entry_done(void *owner)
{
	frame_unref(owner);
}

static int put(struct room *r, int err, uint64_t ticket)
{
	if (err == 0)
		r->ticket = r->mail.ticket = ticket;
	return err;
}

int archive_entry(struct room *r, const struct log_head *before,
    const struct log_head *head, struct frame *p)
{
	struct store_entry e = {.room = r->o.id,
	    .ts_ms = directory_wall(r->o.directory),
	    .head = *head,
	    .bytes = p->bytes + WIRE_FRAME_HEAD,
	    .len = p->len - WIRE_FRAME_HEAD,
	    .done = entry_done,
	    .owner = p};
	uint64_t ticket = 0;
	int err;

	if (!archive_on(r))
		return 0;
	memcpy(e.before, before->chain, sizeof(e.before));
	(void)frame_ref(p);
	if ((err = store_put_entry(r->o.store, &e, &ticket)) != 0)
		frame_unref(p);
	return put(r, err, ticket);
}

int archive_epoch(struct room *r, const struct group_epoch *e,
    const uint8_t roster[WIRE_HASH])
{
	const struct store_epoch stored = {
	    r->o.id, e->epoch, e->base, roster};

	return archive_on(r) ? store_put_epoch(r->o.store, &stored) : 0;
}

/* What an entry of the list says of somebody, but for what the server alone
 * says. */
static int person_json(struct buf *out, const struct member *m)
{
	struct json_w w;
	struct user u;

	member_user(m, &u);
	u.role = ROLE_MEMBER;
	u.mute = u.certificate = false;
	json_begin(&w, out);
	users_encode(&w, &u, 1);
	return json_end(&w);
}

int archive_person(struct room *r, const struct member *m)
{
	struct store_person p = {.member = m->number};
	struct buf json;
	int err;

	if (!archive_on(r))
		return 0;
	buf_init(&json, PERSON_JSON);
	if ((err = person_json(&json, m)) == 0) {
		p.json = (const char *)json.p;
		p.len = json.len;
		err = store_put_person(r->o.store, &p);
	}
	buf_free(&json);
	return err;
}

/* --- members ------------------------------------------------------------- */

void archive_member(
    struct room *r, const struct member *m, const struct log_head *head)
{
	const struct standing_who who = {m->person->account, m->person->name};
	struct standing_since since = {.offset = head->offset,
	    .epoch = m->first_epoch};
	uint64_t ticket;

	if (!archive_on(r) || r->o.standing == NULL)
		return;
	since.run = store_run(r->o.store);
	if (standing_join(r->o.standing, r->o.id, &who, &since) != 0)
		return;
	ticket = standing_ticket(r->o.standing);
	if (ticket > r->mail.ticket)
		r->ticket = r->mail.ticket = ticket;
}

bool archive_since(const struct room *r, const struct member *m, uint64_t *out)
{
	struct standing_since since = {0};

	if (!archive_on(r) ||
	    (r->settings.history != HISTORY_ALL &&
		(r->o.standing == NULL ||
		    !standing_member(r->o.standing, r->o.id,
			m->person->account, &since))))
		return false;
	*out = since.offset;
	return true;
}

/* --- beginning and end --------------------------------------------------- */

int archive_begin(struct room *r)
{
	const struct member_list *in = &r->members.in;
	struct log_head head = r->head;
	size_t i;
	int err;

	if (!archive_on(r) || r->rekey.keys == NULL)
		return 0;
	if ((err = archive_epoch(r, &r->rekey.keys->epoch, r->rekey.roster)) !=
	    0)
		return err;
	for (i = 0; i < in->n; i++) {
		if (in->p[i]->left)
			continue;
		if ((err = archive_person(r, in->p[i])) != 0)
			return err;
		archive_member(r, in->p[i], &head);
	}
	return 0;
}

int archive_end(struct room *r)
{
	uint64_t ticket = 0;
	int err;

	if (r->o.store == NULL)
		return 0;
	err = store_forget_entries(r->o.store, r->o.id, &ticket);
	return put(r, err, ticket);
}

int archive_purge(struct room *r, uint64_t offset)
{
	uint64_t ticket = 0;
	int err = store_purge(r->o.store, r->o.id, offset, &ticket);

	return put(r, err, ticket);
}

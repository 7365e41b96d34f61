/* room.c - makes rooms, and admits clients to them. */
#include "server/room/room.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/archive.h"
#include "server/room/room_int.h"
#include "server/room/room_ref.h"
#include "server/room/room_thread_int.h"

/* --- creation and queries ------------------------------------------------ */

static void room_entry(const struct room *r, struct room_entry *out)
{
	snprintf(out->topic, sizeof(out->topic), "%s",
	    r->topic == NULL ? "" : r->topic);
	out->settings = r->settings;
}

static void room_broken(struct room *r)
{
	const struct room_exit lost = {.code = CODE_SHUTDOWN};

	room_put_out_all(r, &lost);
}

static const struct rekey_archive room_archive = {.on = archive_on,
    .entry = archive_entry,
    .epoch = archive_epoch,
    .person = archive_person,
    .member = archive_member,
    .since = archive_since,
    .broken = room_broken};

static void room_init_rekey(struct room *r)
{
	struct rekey_opts o = {.directory = r->o.directory,
	    .identity = r->o.identity,
	    .lock = &r->lock,
	    .members = &r->members,
	    .mail = &r->mail,
	    .pages = &r->pages,
	    .head = &r->head,
	    .room = r,
	    .entry = room_entry,
	    .voice = room_voice_frame,
	    .voices = room_voices,
	    .archive = &room_archive,
	    .rng = r->o.rng,
	    .place = {.server = r->o.server,
		.session = r->o.session,
		.log = r->log_id,
		.room = r->name},
	    .id = r->o.id,
	    .rekey_ms = r->o.rekey_ms};

	rekey_init(&r->rekey, &o);
}

static void room_destroy(struct room *r)
{
	log_close(r->log);
	pages_drop(&r->pages);
	members_free(&r->members);
	rekey_free(&r->rekey);
	(void)pthread_mutex_destroy(&r->lock);
	free(r->topic);
	free(r);
}

struct room *room_ref(struct room *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void room_unref(struct room *r)
{
	if (r != NULL &&
	    atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
		room_destroy(r);
}

static struct room *room_alloc(const struct room_opts *o)
{
	struct room *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	if (pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		return NULL;
	}
	atomic_init(&r->refs, 1);
	r->o = *o;
	snprintf(r->name, sizeof(r->name), "%s", o->name);
	r->o.name = r->name;
	r->o.topic = NULL;
	if ((r->made = o->maker != NULL))
		memcpy(r->maker, o->maker, sizeof(r->maker));
	r->o.maker = NULL;
	if (o->head != NULL)
		r->head = *o->head;
	r->o.head = NULL;
	atomic_init(&r->entered, o->entered);
	r->settings =
	    o->settings == NULL ? room_settings_default : *o->settings;
	r->o.settings = &r->settings;
	if (r->o.id == 0)
		r->o.id = directory_room_number(o->directory);
	r->entry = (struct directory_entry){.room = r,
	    .id = r->o.id,
	    .name = r->name,
	    .listed = r->settings.listed};
	LIST_INIT(&r->mail.boxes);
	r->mail.store = o->store;
	atomic_init(&r->keeps, archive_on(r));
	room_init_rekey(r);
	return r;
}

static int log_begin(struct room *r, const struct room_opts *o)
{
	r->o.log_id = NULL;
	if (o->log_id == NULL)
		return o->rng.fill(o->rng.arg, r->log_id, sizeof(r->log_id));
	memcpy(r->log_id, o->log_id, sizeof(r->log_id));
	return 0;
}

int room_make(
    const struct room_opts *o, struct room **out, char alike[WIRE_ROOM_MAX + 1])
{
	struct room *r = room_alloc(o);
	const struct log_events events = {room_appended, room_append_failed, r};
	int err = ERR_NOMEM;

	*out = NULL;
	alike[0] = '\0';
	if (r == NULL)
		return ERR_NOMEM;
	if (r->o.id == 0)
		err = ERR_LIMIT;
	else if (o->topic != NULL && o->topic[0] != '\0' &&
		 (r->topic = strdup(o->topic)) == NULL)
		err = ERR_NOMEM;
	else if ((err = log_begin(r, o)) != 0)
		;
	else if ((r->log = log_open(o->log, r->o.id, &events)) == NULL)
		err = ERR_NOMEM;
	else
		err = directory_add_room(
		    o->directory, &r->entry, o->maker, alike);
	if (err != 0) {
		room_destroy(r);
		return err;
	}
	*out = r;
	return 0;
}

struct room *room_new(const struct room_opts *o)
{
	char alike[WIRE_ROOM_MAX + 1];
	struct room *r;

	(void)!room_make(o, &r, alike);
	return r;
}

void room_free(struct room *r)
{
	const struct room_exit closed = {.code = CODE_CLOSED, .by = ""};

	if (r == NULL)
		return;
	directory_remove_room(r->o.directory, &r->entry);
	room_lock(r);
	if (!r->closed)
		room_put_out_all(r, &closed);
	r->closed = true;
	room_unlock(r);
	if (r->o.standing != NULL)
		standing_forget(r->o.standing, r->o.id);
	room_unref(r);
}

const char *room_name(const struct room *r)
{
	return r->name;
}

uint32_t room_id(const struct room *r)
{
	return r->o.id;
}

size_t room_people(const struct room *r)
{
	return members_count(&r->members);
}

bool room_entered(const struct room *r)
{
	return atomic_load_explicit(&r->entered, memory_order_relaxed);
}

bool room_backlogged(const struct room *r)
{
	return atomic_load_explicit(&r->mail.backlogged, memory_order_relaxed) >
	       0;
}

bool room_full(const struct room *r)
{
	return atomic_load_explicit(&r->full, memory_order_relaxed) > 0;
}

bool room_keeps(const struct room *r)
{
	return atomic_load_explicit(&r->keeps, memory_order_relaxed);
}

uint32_t room_epoch(struct room *r)
{
	return rekey_epoch(&r->rekey);
}

uint32_t member_room_id(const struct member *m)
{
	return member_room(m)->o.id;
}

const char *member_room_name(const struct member *m)
{
	return member_room(m)->name;
}

bool member_backlogged(const struct member *m)
{
	return room_backlogged(member_room(m));
}

bool member_room_full(const struct member *m)
{
	return room_full(member_room(m));
}

bool member_keeps(const struct member *m)
{
	return room_keeps(member_room(m));
}

uint64_t member_pending(const struct member *m)
{
	struct room *r = member_room(m);
	uint64_t ticket;

	room_lock(r);
	ticket = r->mail.ticket;
	room_unlock(r);
	return ticket;
}

void member_taken_up(struct member *m)
{
	shard_taken(m);
}

/* --- entering and leaving ------------------------------------------------ */

static struct member *member_at(struct directory_place *p)
{
	return p == NULL
		   ? NULL
		   : (struct member *)(void *)((char *)p -
					       offsetof(struct member, place));
}

/* Ensures that a thread runs the room's rekeys, and that the log has begun. */
static int have_owner(struct room *r, struct crypto *c)
{
	struct room_thread *owner;
	int err;

	if (r->rekey.owner != NULL)
		return 0;
	if (r->head.offset == 0 &&
	    (err = log_head_start(c, &r->head, r->log_id)) != 0)
		return err;
	if ((owner = directory_owner(r->o.directory, r->o.id)) == NULL)
		return ERR_STATE;
	rekeys_own(&owner->rekeys, &r->rekey);
	return 0;
}

/* From now on it is not one that gives way to others. If that cannot be put, the
 * next newcomer tries again. */
static void room_used(struct room *r)
{
	if (atomic_exchange(&r->entered, true))
		return;
	if (archive_room(r) != 0)
		atomic_store(&r->entered, false);
}

/* Locked; m has its name. Everything that can fail precedes any change. */
static int admit(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, struct member *m, struct member *older)
{
	const struct room_exit replaced = {.code = CODE_REPLACED};
	struct shard *l;
	int err;

	if ((err = have_owner(r, t->shards.crypto)) != 0)
		return err;
	if (members_reserve(&r->members) != 0 ||
	    (l = shard_get(&t->shards, r)) == NULL)
		return ERR_NOMEM;
	if (older != NULL && room_put_out(r, older, &replaced) != 0) {
		mailbox_touch(&l->mail); /* frees it if it is empty */
		return ERR_NOMEM;
	}
	m->out = n->out;
	members_wait(&r->members, m);
	shard_add(l, m);
	room_used(r);
	rekey_look(&r->rekey);
	return 0;
}

/* Whether its standing lets somebody in. A room that one may not see does not
 * exist. Locked. */
static enum wire_code may_enter(struct room *r, struct member *m)
{
	const struct standing_who who = {m->person->account, m->person->name};
	struct standing_rights rights;

	if (r->closed)
		return CODE_NO_ROOM;
	if (r->o.standing == NULL)
		return CODE_NONE;
	standing_rights(r->o.standing, r->o.id, &who,
	    directory_wall(r->o.directory), &rights);
	m->role = (int8_t)rights.role;
	m->silent = room_silent(r, m, &rights);
	if (rights.banned)
		return CODE_BANNED;
	if (rights.known || rights.role >= ROLE_OPERATOR)
		return CODE_NONE;
	if (!r->settings.listed)
		return CODE_NO_ROOM;
	return r->settings.invited ? CODE_NOT_INVITED : CODE_NONE;
}

/* Locked. */
static int enter(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, struct member *m, enum wire_code *refused)
{
	struct directory_who who = {.name = m->person->name,
	    .account = m->person->account,
	    .device = m->person->identity,
	    .instance = m->person->instance,
	    .address = n->address,
	    .client = n->out,
	    .room = r};
	struct directory_place *other;
	int err;

	if ((*refused = may_enter(r, m)) != CODE_NONE)
		return 0;
	err = directory_enter(r->o.directory, &m->place, &who, &other);
	if (err == ERR_NAME)
		*refused = CODE_NAME_TAKEN;
	else if (who.met != MET_NONE)
		*refused = CODE_FULL;
	if (n->met != NULL)
		*n->met = who.met;
	if (err != 0)
		return *refused != CODE_NONE ? 0 : err;
	if (room_people(r) - (other != NULL) >= r->o.users_max)
		*refused = CODE_FULL;
	else
		err = admit(r, t, n, m, member_at(other));
	if (err != 0 || *refused != CODE_NONE)
		directory_leave(r->o.directory, &m->place);
	return err;
}

int room_enter(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, enum wire_code *refused)
{
	int err;

	*refused = CODE_NONE;
	if (n->member->person == NULL)
		n->member->person = entrant_ref(n->person);
	room_lock(r);
	err = enter(r, t, n, n->member, refused);
	room_unlock(r);
	return err;
}

void room_tune(struct room *r, uint32_t users_max, uint32_t rekey_ms)
{
	room_lock(r);
	r->o.users_max = users_max;
	r->o.rekey_ms = r->rekey.o.rekey_ms = rekey_ms;
	room_unlock(r);
}

void room_leave(struct member *m)
{
	if (m != NULL)
		shard_leave(m);
}

void room_quit(struct member *m)
{
	shard_settle(m); /* it may have left afterwards */
	m->quit = true;
	shard_leave(m);
}

void member_forget(struct member *m)
{
	if (m == NULL)
		return;
	if (m->mailbox != NULL)
		room_unref(member_room(m));
	member_unref(m);
}

/* --- putting out --------------------------------------------------------- */

static struct frame *room_last_words(
    const struct room *r, const struct room_exit *x)
{
	struct room_left left = {.room = r->o.id, .code = x->code};
	struct frame *p = NULL;
	struct buf json;

	buf_init(&json, WIRE_JSON_MAX);
	snprintf(left.by, sizeof(left.by), "%s", x->by);
	snprintf(
	    left.text, sizeof(left.text), "%s", x->text == NULL ? "" : x->text);
	if (room_left_encode(&json, &left) == 0)
		p = frame_control(json.p, json.len);
	buf_free(&json);
	return p;
}

/* Ends the membership of its identity. */
static int room_part(const struct room *r, const struct member *m)
{
	const struct standing_who who = {m->person->account, m->person->name};

	return r->o.standing == NULL
		   ? 0
		   : standing_part(r->o.standing, r->o.id, &who);
}

int room_put_out(struct room *r, struct member *m, const struct room_exit *x)
{
	struct room_event end = {.what = ROOM_EVENT_END, .code = x->code};

	if (m->left)
		return 0;
	if (mailbox_reserve(m->mailbox, 1) != 0)
		return ERR_NOMEM;
	if ((x->kick && room_part(r, m) != 0) ||
	    (x->by != NULL && (end.last = room_last_words(r, x)) == NULL))
		return ERR_NOMEM;
	end.u.member = member_ref(m);
	if (x->kick)
		m->cause = LEAVE_KICK;
	rekey_leave(&r->rekey, m);
	room_mail_post_one(&r->mail, m->mailbox, &end);
	return 0;
}

void room_put_out_all(struct room *r, const struct room_exit *x)
{
	size_t i;

	/* A newcomer leaves the list at once. */
	for (i = r->members.waiting.n; i-- > 0;)
		(void)!room_put_out(r, r->members.waiting.p[i], x);
	for (i = 0; i < r->members.in.n; i++)
		(void)!room_put_out(r, r->members.in.p[i], x);
}

/* --- lists and identities ------------------------------------------------ */

/* Takes over the reference. */
static int give(struct member *m, struct frame *p)
{
	if (p == NULL)
		return ERR_NOMEM;
	(void)shard_put(m, p);
	frame_unref(p);
	return 0;
}

/* Posts a page to its reader, behind everything that the room has posted: a
 * list must not show somebody whose join notice comes later. Locked. Takes
 * over the reference. */
static int give_page(struct member *m, struct frame *p)
{
	struct room_event e = {.what = ROOM_EVENT_PAGE, .u.frame = p};

	if (mailbox_reserve(m->mailbox, 1) != 0) {
		frame_unref(p);
		return ERR_NOMEM;
	}
	e.sender = member_ref(m);
	room_mail_post_one(&member_room(m)->mail, m->mailbox, &e);
	return 0;
}

int room_user_list(struct member *m, uint32_t room, uint32_t after)
{
	struct room *r = member_room(m);
	struct user_list l = {.room = room};
	struct frame *p;
	size_t first;
	int err = 0;

	if (room != r->o.id)
		return ERR_ROOM;
	room_lock(r);
	first = member_list_above(&r->members.in, after);
	if ((p = pages_find(&r->pages, first)) == NULL) {
		l.seq = r->rekey.seq;
		memcpy(l.roster, r->rekey.roster, sizeof(l.roster));
		members_page(&r->members, first, &l);
		err = pages_make(&p, shard_json(m), &l);
		if (err == 0)
			pages_keep(&r->pages, first, p);
	}
	if (err == 0)
		err = give_page(m, p);
	room_unlock(r);
	return err;
}

/* The room is locked. */
static const struct member *staying(const struct room *r, uint32_t number)
{
	const struct member *m = member_list_find(&r->members.in, number);

	return m == NULL || m->left ? NULL : m;
}

bool room_has(const struct member *m, uint32_t number)
{
	struct room *r = member_room(m);
	bool has;

	room_lock(r);
	has = staying(r, number) != NULL;
	room_unlock(r);
	return has;
}

int room_identity(struct member *m, uint32_t number)
{
	struct buf *json = shard_json(m);
	struct room *r = member_room(m);
	const struct member *of;
	int err;

	buf_clear(json);
	room_lock(r);
	if ((of = staying(r, number)) == NULL)
		err = control_error(json, CODE_NO_MEMBER,
		    wire_code_str(CODE_NO_MEMBER), number);
	else
		err = control_identity(json, number, entrant_card(of->person),
		    of->person->card_len, of->person->signature);
	room_unlock(r);
	if (err != 0)
		return err;
	return give(m, frame_control(json->p, json->len));
}

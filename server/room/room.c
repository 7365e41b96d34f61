/* room.c - admits clients to a room, and orders and checks their frames. */
#include "server/room/room.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/room_thread_int.h"
#include "shared/proto/control.h"

static int room_appended(
    void *arg, const struct log_entry *e, const struct log_caller *by);
static void room_append_failed(
    void *arg, const struct log_entry *e, int err, const struct log_caller *by);

/* --- creation and queries ------------------------------------------------ */

static void room_init_rekey(struct room *r)
{
	struct rekey_opts o = {.directory = r->o.directory,
	    .identity = r->o.identity,
	    .lock = &r->lock,
	    .members = &r->members,
	    .mail = &r->mail,
	    .pages = &r->pages,
	    .offset = &r->offset,
	    .room = r,
	    .rng = r->o.rng,
	    .place = {.server = r->o.server,
		.session = r->o.session,
		.log = r->log_id,
		.room = r->name},
	    .id = r->o.id,
	    .rekey_ms = r->o.rekey_ms};

	rekey_init(&r->rekey, &o);
}

struct room *room_new(const struct room_opts *o)
{
	struct room *r = calloc(1, sizeof(*r));
	struct log_events events = {room_appended, room_append_failed, r};

	if (r == NULL)
		return NULL;
	if (pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		return NULL;
	}
	r->o = *o;
	snprintf(r->name, sizeof(r->name), "%s", o->name);
	r->o.name = r->name;
	r->entry =
	    (struct directory_entry){.room = r, .id = o->id, .name = r->name};
	LIST_INIT(&r->mail.boxes);
	room_init_rekey(r);
	if (o->rng.fill(o->rng.arg, r->log_id, sizeof(r->log_id)) != 0 ||
	    (r->log = log_open(o->log, o->id, &events)) == NULL ||
	    directory_add_room(o->directory, &r->entry) != 0) {
		log_close(r->log);
		(void)pthread_mutex_destroy(&r->lock);
		free(r);
		return NULL;
	}
	return r;
}

void room_free(struct room *r)
{
	if (r == NULL)
		return;
	directory_remove_room(r->o.directory, &r->entry);
	log_close(r->log);
	pages_drop(&r->pages);
	members_free(&r->members);
	rekey_free(&r->rekey);
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
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

bool room_backlogged(const struct room *r)
{
	return atomic_load_explicit(&r->mail.backlogged, memory_order_relaxed) >
	       0;
}

bool room_full(const struct room *r)
{
	return atomic_load_explicit(&r->full, memory_order_relaxed) > 0;
}

uint32_t room_epoch(struct room *r)
{
	return rekey_epoch(&r->rekey);
}

uint32_t membership_room_id(const struct membership *s)
{
	return s->room->o.id;
}

const char *membership_room_name(const struct membership *s)
{
	return s->room->name;
}

bool membership_backlogged(const struct membership *s)
{
	return room_backlogged(s->room);
}

bool membership_room_full(const struct membership *s)
{
	return room_full(s->room);
}

void membership_taken_up(struct membership *s)
{
	shard_taken(s);
}

/* --- entering and leaving ------------------------------------------------ */

/* The member has left from now on. Its shard learns of it in event order,
 * after everything accepted earlier. */
static int put_out(struct room *r, struct member *m, enum wire_code code)
{
	struct room_event end = {.what = ROOM_EVENT_END, .code = code};
	struct mailbox *b = m->mailbox;

	if (m->left)
		return 0;
	if (mailbox_reserve(b, 1) != 0)
		return ERR_NOMEM;
	end.u.member = member_ref(m);
	rekey_leave(&r->rekey, m);
	room_mail_post_one(&r->mail, b, &end);
	return 0;
}

static struct member *member_at(struct directory_place *p)
{
	return p == NULL
		   ? NULL
		   : (struct member *)(void *)((char *)p -
					       offsetof(struct member, place));
}

/* Ensures that a thread runs the room's rekeys. */
static int have_owner(struct room *r)
{
	struct room_thread *owner;

	if (r->rekey.owner != NULL)
		return 0;
	if ((owner = directory_owner(r->o.directory, r->o.id)) == NULL)
		return ERR_STATE;
	rekeys_own(&owner->rekeys, &r->rekey);
	return 0;
}

/* Locked; m has its name. Everything that can fail precedes any change. */
static int admit(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, struct member *m, struct member *older)
{
	struct shard *l;
	int err;

	if ((err = have_owner(r)) != 0)
		return err;
	if (members_reserve(&r->members) != 0 ||
	    (l = shard_get(&t->shards, r)) == NULL)
		return ERR_NOMEM;
	if (older != NULL && put_out(r, older, CODE_REPLACED) != 0) {
		mailbox_touch(&l->mail); /* frees it if it is empty */
		return ERR_NOMEM;
	}
	m->room = r;
	m->thread = &t->shards;
	m->mailbox = &l->mail;
	m->membership = n->membership;
	members_wait(&r->members, m);
	shard_add(l, n->membership, m); /* moves the reference */
	n->membership->out = n->out;
	rekey_look(&r->rekey);
	return 0;
}

/* Locked. */
static int enter(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, struct member *m, enum wire_code *refused)
{
	struct directory_who who = {.name = m->user.name,
	    .identity = m->user.identity,
	    .address = n->address,
	    .client = n->out,
	    .room = r};
	struct directory_place *other;
	int err = directory_enter(r->o.directory, &m->place, &who, &other);

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
		directory_leave(r->o.directory, &m->place, false);
	return err;
}

int room_enter(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, enum wire_code *refused)
{
	struct member *m = member_new(n->result);
	int err;

	*refused = CODE_NONE;
	if (m == NULL)
		return ERR_NOMEM;
	room_lock(r);
	err = enter(r, t, n, m, refused);
	room_unlock(r);
	if (err != 0 || *refused != CODE_NONE)
		member_unref(m);
	return err;
}

void room_tune(struct room *r, uint32_t users_max, uint32_t rekey_ms)
{
	room_lock(r);
	r->o.users_max = users_max;
	r->o.rekey_ms = r->rekey.o.rekey_ms = rekey_ms;
	room_unlock(r);
}

void room_leave(struct membership *s)
{
	shard_leave(s);
}

/* --- frames from members ------------------------------------------------- */

/* Checks what is wrong in any order of events. */
static int propose_check(
    const struct room *r, const struct member *m, const struct group_head *h)
{
	if (h->offset != 0)
		return ERR_RANGE;
	if (h->room != r->o.id)
		return ERR_ROOM;
	if (h->sender != m->user.member)
		return ERR_MEMBER;
	if (h->epoch > r->rekey.epoch || h->epoch < m->first_epoch)
		return ERR_EPOCH;
	return 0;
}

/* Locked. Takes over the frame's reference. */
static int propose(struct room *r, const struct membership *s,
    const struct group_head *h, struct frame *p)
{
	struct log_entry e = {.room = r->o.id,
	    .sender = h->sender,
	    .bytes = p->bytes + WIRE_FRAME_HEAD,
	    .len = p->len - WIRE_FRAME_HEAD,
	    .cookie = p};
	int err = propose_check(r, s->member, h);

	if (err != 0) {
		frame_unref(p);
		return err;
	}
	return log_append(r->log, &e);
}

int room_group(struct membership *s, const uint8_t *body, size_t n)
{
	struct room *r = s->room;
	struct group_head h;
	struct frame *p;
	int err;

	if ((err = group_head_decode(&h, body, n)) != 0)
		return err;
	/* Copies and hashes it before taking the room's lock. */
	if ((p = frame_group(s->shard->thread->crypto, body, n)) == NULL)
		return ERR_NOMEM;
	room_lock(r);
	err = propose(r, s, &h, p);
	room_unlock(r);
	return err;
}

/* --- entries that the log has ordered ------------------------------------ */

/* Judges an entry. Depends on nothing but the room's state and the entry.
 * Locked. Takes over the frame's reference. */
static int judge(struct room *r, struct member *m, const struct group_head *h,
    struct frame *p)
{
	struct room_event event = {.what = ROOM_EVENT_FRAME,
	    .from = h->sender,
	    .epoch = h->epoch,
	    .sender = m,
	    .seq = h->seq};
	int err = 0;

	/* It was sealed before the fence: the sender will seal it again and
	 * resend it with this seq. Or its sender has just been removed. */
	if (m == NULL || m->left || h->epoch < r->rekey.fence)
		goto out;
	if (h->seq != m->seq + 1) {
		err = h->seq <= m->seq ? ERR_REPLAYED : ERR_GAP;
		goto out;
	}
	if ((err = room_mail_reserve(&r->mail, 1)) != 0)
		goto out;
	event.offset = ++r->offset;
	frame_number(p, r->offset);
	event.u.frame = p;
	m->seq = h->seq;
	if (++r->rekey.frames == WIRE_REKEY_FRAMES)
		rekey_look(&r->rekey);
	room_mail_post(&r->mail, &event, m->mailbox);
	return 0;
out:
	frame_unref(p);
	return err;
}

/* Handles an entry that came back later, so no caller can get its error. */
static void judged_late(struct room *r, struct member *m, int err)
{
	if (m != NULL && err != 0)
		(void)put_out(
		    r, m, err_is_peer(err) ? CODE_PROTOCOL : CODE_SHUTDOWN);
}

static int room_appended(
    void *arg, const struct log_entry *e, const struct log_caller *by)
{
	struct room *r = arg;
	struct group_head h;
	struct member *m;
	int err;

	if (!by->in_append)
		room_lock(r);
	m = member_list_find(&r->members.in, e->sender);
	if ((err = group_head_decode(&h, e->bytes, e->len)) != 0)
		frame_unref(e->cookie);
	else
		err = judge(r, m, &h, e->cookie);
	if (!by->in_append) {
		judged_late(r, m, err);
		room_unlock(r);
	}
	return err;
}

/* The entry is neither delivered nor acknowledged: its sender reconnects and
 * sends it again. */
static void room_append_failed(
    void *arg, const struct log_entry *e, int err, const struct log_caller *by)
{
	struct room *r = arg;

	frame_unref(e->cookie);
	if (by->in_append)
		return; /* log_append returns err */
	room_lock(r);
	judged_late(r, member_list_find(&r->members.in, e->sender), err);
	room_unlock(r);
}

/* --- lists and identities ------------------------------------------------ */

/* Takes over the reference. */
static int give(struct membership *s, struct frame *p)
{
	if (p == NULL)
		return ERR_NOMEM;
	(void)shard_put(s, p);
	frame_unref(p);
	return 0;
}

/* Posts a page to its reader, behind everything that the room has posted: a
 * list must not show somebody whose join notice comes later. Locked. Takes
 * over the reference. */
static int give_page(struct membership *s, struct frame *p)
{
	struct room_event e = {.what = ROOM_EVENT_PAGE, .u.frame = p};
	struct mailbox *b = &s->shard->mail;

	if (mailbox_reserve(b, 1) != 0) {
		frame_unref(p);
		return ERR_NOMEM;
	}
	e.sender = member_ref(s->member);
	room_mail_post_one(&s->room->mail, b, &e);
	return 0;
}

int room_user_list(struct membership *s, uint32_t room, uint32_t after)
{
	struct room *r = s->room;
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
		err = pages_make(&p, &s->shard->thread->json, &l);
		if (err == 0)
			pages_keep(&r->pages, first, p);
	}
	if (err == 0)
		err = give_page(s, p);
	room_unlock(r);
	return err;
}

/* The room is locked. */
static const struct member *staying(const struct room *r, uint32_t member)
{
	const struct member *m = member_list_find(&r->members.in, member);

	return m == NULL || m->left ? NULL : m;
}

bool room_has(const struct membership *s, uint32_t member)
{
	bool has;

	room_lock(s->room);
	has = staying(s->room, member) != NULL;
	room_unlock(s->room);
	return has;
}

int room_identity(struct membership *s, uint32_t member)
{
	struct buf *json = &s->shard->thread->json;
	struct room *r = s->room;
	const struct member *m;
	int err;

	buf_clear(json);
	room_lock(r);
	if ((m = staying(r, member)) == NULL)
		err = control_error(json, CODE_NO_MEMBER,
		    wire_code_str(CODE_NO_MEMBER), member);
	else
		err = control_identity(
		    json, member, m->card, m->card_len, m->signature);
	room_unlock(r);
	if (err != 0)
		return err;
	return give(s, frame_control(json->p, json->len));
}

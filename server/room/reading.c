/* reading.c - reads the log of a room for a client, and destroys entries. */
#include "server/room/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/net/quota.h"
#include "server/room/archive.h"
#include "server/room/excerpt.h"
#include "server/room/later.h"
#include "server/room/registry.h"
#include "server/room/room_state.h"
#include "server/room/room_ref.h"
#include "server/room/room_thread.h"
#include "server/room/say.h"
#include "shared/proto/group.h"

struct reading {
	struct later_item later;
	struct reading *after;	/* the same client's next request */
	struct room_thread *in; /* borrowed; the client's */
	struct presence *of;	/* NULL: it is gone; its thread's */
	struct request q;
	enum { READING_WAITS, READING_ASKED, READING_GIVES } state;
	struct excerpt_of what;
	int err;
	/* history: */
	struct excerpt excerpt;
	size_t at, held;
	bool begun;
	/* purge: whose entry it is. */
	bool found;
	uint8_t author[WIRE_ED25519];
};

static void reading_begin(struct reading *g);
static void reading_read(struct later_item *l);

static void reading_free(struct reading *g)
{
	quota_sub(g->held);
	excerpt_free(&g->excerpt);
	free(g);
}

void readings_drop(struct presence *p)
{
	struct reading *g;

	while ((g = p->reading) != NULL) {
		p->reading = g->after;
		if (g->state == READING_ASKED)
			g->of = NULL; /* the store still has it */
		else
			reading_free(g);
	}
}

/* --- in the store's thread ----------------------------------------------- */

static void find_author(struct reading *g, const struct store_range *r)
{
	const struct store_kept *e = r->entry;
	const struct store_kept_run *run;
	struct group_head h;
	size_t i;

	if (r->n_entries == 0 || e->offset != g->q.offset ||
	    e->bytes == NULL || e->run >= r->n_runs ||
	    group_head_decode(&h, e->bytes, e->len) != 0 || h.sender == 0)
		return;
	run = &r->run[e->run];
	for (i = 0; i < run->n_people; i++)
		if (run->person[i].member == h.sender &&
		    excerpt_identity(&run->person[i], g->author) == 0)
			g->found = true;
}

static void reading_got(void *arg, const struct store_range *r)
{
	struct reading *g = arg;

	g->err = r->err;
	if (r->err == 0 && g->q.type == REQUEST_PURGE)
		find_author(g, r);
	else if (r->err == 0)
		g->err = excerpt_make(&g->excerpt, &g->what, r);
	laters_post(room_thread_laters(g->in), &g->later);
}

/* --- one after the other ------------------------------------------------- */

/* The first request of this client is answered. */
static void reading_end(struct reading *g)
{
	struct presence *p = g->of;

	p->reading = g->after;
	p->out->aside -= g->held;
	reading_free(g);
	if (p->reading != NULL)
		reading_begin(p->reading);
}

static void reading_fail(
    struct reading *g, enum wire_code code, const char *text)
{
	presence_close(g->of, g->q.number);
	presence_failed(g->of, g->q.number, code, text);
	reading_end(g);
}

/* The room, if the client is in it: a reference. */
static struct room *reading_room(const struct reading *g)
{
	const struct member *s =
	    memberships_in(&g->of->rooms, g->q.room);

	return s == NULL || !member_is_in(s) ? NULL : room_ref(member_room(s));
}

/* What the client may read of its room. False: nothing. */
static bool reading_may(struct reading *g, struct room *r)
{
	struct standing_since *since = &g->what.since;
	bool may;

	room_lock(r);
	may = archive_on(r) &&
	      (r->settings.history == HISTORY_ALL || r->o.standing == NULL ||
		  standing_member(r->o.standing, r->o.id,
		      g->of->who->account, since));
	room_unlock(r);
	return may;
}

static struct store_question reading_question(struct reading *g)
{
	struct store_question q = {.room = g->q.room,
	    .count = g->q.count,
	    .first = g->q.offset,
	    .before = g->q.before,
	    .bytes = WIRE_HISTORY_BYTES,
	    .got = reading_got,
	    .arg = g};

	if (g->q.type == REQUEST_PURGE) {
		q.count = 1;
		return q;
	}
	if (!q.before) {
		if (q.first < g->what.since.offset)
			q.first = g->what.since.offset;
		q.first++;
	}
	return q;
}

static void reading_begin(struct reading *g)
{
	const struct registry *reg = g->of->o->registry;
	struct room *r = reading_room(g);
	struct store_question q;
	bool may;

	if (r == NULL) {
		reading_fail(g, CODE_NO_ROOM, "");
		return;
	}
	may = reading_may(g, r);
	room_unref(r);
	if (!may) {
		reading_fail(
		    g, CODE_UNAVAILABLE, "this room has no history");
		return;
	}
	q = reading_question(g);
	g->state = READING_ASKED;
	if (store_read(reg->room.store, &q) != 0) {
		g->state = READING_WAITS;
		reading_fail(g, CODE_UNAVAILABLE,
		    "there is not enough memory to read the history now");
	}
}

int reading_ask(struct presence *p, const struct request *q)
{
	const struct presence_open open = {.number = q->number};
	struct reading *g = calloc(1, sizeof(*g)), **end;
	int err;

	if (g == NULL)
		return ERR_NOMEM;
	if ((err = presence_open(p, &open)) != 0) {
		free(g);
		return err;
	}
	g->of = p;
	g->in = p->o->rooms;
	g->later.fn = reading_read;
	g->q = *q;
	g->what.number = q->number;
	g->what.room = q->room;
	g->what.before = q->before;
	for (end = &p->reading; *end != NULL; end = &(*end)->after)
		;
	*end = g;
	if (p->reading == g)
		reading_begin(g);
	return 0;
}

/* --- giving -------------------------------------------------------------- */

static void reading_done(struct reading *g, uint64_t ticket)
{
	presence_close(g->of, g->q.number);
	presence_done(g->of, g->q.number, 0, ticket);
	reading_end(g);
}

/* The next frame; NULL: no memory. */
static struct frame *reading_frame(struct reading *g, bool *over)
{
	const struct buf *head = &g->excerpt.head;
	struct frame *f = NULL;
	const uint8_t *body;
	size_t n;

	*over = false;
	if (!g->begun) {
		g->begun = true;
		f = frame_key_exchange(head->p, head->len, true);
	} else if (excerpt_next(&g->excerpt, &g->at, &body, &n)) {
		f = frame_history(room_thread_crypto(g->in), body, n);
	} else {
		*over = true;
	}
	if (f != NULL)
		f->room = g->q.room;
	return f;
}

void reading_go_on(struct presence *p)
{
	struct reading *g = p->reading;
	struct room *r;
	struct frame *f;
	bool over;

	if (g == NULL || g->state != READING_GIVES ||
	    p->out->state != OUTQ_OPEN || outq_held(p->out) > 0)
		return;
	if ((r = reading_room(g)) == NULL) { /* it was put out */
		reading_fail(g, CODE_NO_ROOM, "");
		return;
	}
	room_unref(r);
	while (outq_held(p->out) < READING_PIECE) {
		f = reading_frame(g, &over);
		if (over) {
			reading_done(g, 0);
			return;
		}
		outq_give(p->out, f);
		if (f == NULL)
			return;
	}
}

/* --- purging ------------------------------------------------------------- */

static int purge_in(struct reading *g, struct room *r,
    const struct registry_by *by, struct registry_answer *a)
{
	struct rekey_say *say = say_new(by);
	int err;

	if (say == NULL)
		return ERR_NOMEM;
	say->event = NOTICE_PURGE;
	say->more.offset = g->q.offset;
	room_lock(r);
	if ((err = archive_purge(r, g->q.offset)) == 0) {
		say_in(r, by, say, a);
		a->ticket = r->ticket;
	}
	room_unlock(r);
	if (err != 0)
		rekey_say_free(say);
	return err;
}

/* The same account, whichever of its devices. */
static bool is_author(const struct reading *g)
{
	const struct entrant *who = g->of->who;
	const struct registry *reg = g->of->o->registry;

	return memcmp(g->author, who->identity, sizeof(g->author)) == 0 ||
	       (reg->accounts != NULL &&
		   accounts_has_device(
		       reg->accounts, who->account, g->author));
}

static void purge(struct reading *g)
{
	struct presence *p = g->of;
	const struct registry *reg = p->o->registry;
	const struct registry_by by = {
	    p->who->name, p->who->account, &p->rooms, g->q.number};
	struct registry_answer a = {.code = CODE_NONE};
	struct room *r = reading_room(g);
	struct standing_rights rights;
	struct registry_act act = {.act = "purge", .by = by.name};
	int err = 0;

	if (r == NULL) {
		reading_fail(g, CODE_NO_ROOM, "");
		return;
	}
	registry_rights(reg, g->q.room, &by, &rights);
	if (!g->found)
		registry_refuse(&a, CODE_BAD_VALUE,
		    "there is no entry of a member at this offset");
	else if (rights.role < ROLE_OPERATOR &&
		 !is_author(g))
		registry_refuse(&a, CODE_DENIED,
		    "only its author and operators may destroy an entry");
	else if ((err = purge_in(g, r, &by, &a)) == 0) {
		act.room = room_name(r);
		registry_acted(reg, &act);
	}
	room_unref(r);
	presence_close(p, g->q.number);
	if (err == 0)
		err = presence_finish(p, g->q.number, &a);
	if (err != 0)
		outq_fail(p->out, err);
	reading_end(g);
}

/* --- what was read ------------------------------------------------------- */

static void reading_read(struct later_item *l)
{
	struct reading *g = (struct reading *)(void *)l;

	g->state = READING_GIVES;
	if (g->of == NULL) {
		reading_free(g);
	} else if (g->err != 0) {
		reading_fail(g, CODE_UNAVAILABLE,
		    "the history cannot be read at present");
	} else if (g->q.type == REQUEST_PURGE) {
		purge(g);
	} else {
		g->held = g->excerpt.len;
		quota_add(g->held);
		g->of->out->aside += g->held;
		outq_touch(g->of->out); /* its owner goes on */
	}
}

/* administer.c - what an administrator sees of the running server and changes in
 * it. */
#include "server/loop/administer.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/loop/administer_accounts.h"
#include "server/loop/worker_int.h"
#include "server/net/quota.h"
#include "server/room/acts.h"
#include "server/room/entrant.h"
#include "server/room/room_ref.h"
#include "server/store/blob_store.h"
#include "shared/os/clock.h"
#include "shared/wire/text.h"

enum { PEOPLE = 32, /* of one worker at once */ LINE = 1024 };

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

struct administer {
	struct administer_opts o;
	uint64_t began_ms; /* monotonic */
	struct rounds rounds;
	struct crypto *crypto; /* owned */
	struct administer_accounts accounts;
	struct control *control; /* owned; NULL: nobody asks */

	/* Inquiries, one after the other: the first one is under way. */
	STAILQ_HEAD(, inquiry) inquiries;
	struct round inquiry_round;

	/* Limits on their way to the workers. */
	struct worker_limits limits, next;
	struct round limit_round;
	bool limiting, again;
};

/* --- in the workers' threads ---------------------------------------------- */

static void add_conn(struct totals *t, const struct conn *c)
{
	size_t held = outq_held(&c->out);

	t->queued += held;
	if (held > t->queued_most)
		t->queued_most = held;
	t->queues_full += c->out.full;
	t->paused += c->stopped != 0;
	t->open += c->state == CONN_OPEN;
	t->logging_in += c->state == CONN_NEW;
	t->closing += c->state == CONN_CLOSING;
}

static void add_totals(struct totals *t, const struct conn_loop *l)
{
	const struct conn *c;

	counters_sum(&t->counters, &l->counters);
	t->frames_out += l->work.frames;
	LIST_FOREACH(c, &l->all, all)
	add_conn(t, c);
}

static bool is_in(const struct client *cl, const char *room)
{
	const struct member *s;
	size_t i = 0;

	if (room[0] == '\0') /* it may have left all its rooms */
		return cl->dispatch.presence.who != NULL;
	while ((s = memberships_next(&cl->dispatch.presence.rooms, &i)) != NULL)
		if (text_same_name(member_room_name(s), room))
			return true;
	return false;
}

static int put_person(struct buf *out, const struct client *cl)
{
	uint64_t now_ms = cl->conn.loop->now_ms;
	const struct member *s;
	struct json_w w;
	size_t i = 0;
	int err;

	json_begin(&w, out);
	json_put_str(&w, "type", "person");
	json_put_str(&w, "name", cl->name);
	json_put_str(&w, "address", cl->peer);
	json_put_u63(&w, "since", cl->since_ms / 1000);
	json_put_u63(&w, "silent", (now_ms - cl->conn.heard_ms) / 1000);
	json_put_str(&w, "exchange", exchange_word(cl->exchange));
	json_put_u63(&w, "queued", outq_held(&cl->conn.out));
	json_put_b64(
	    &w, "identity", cl->dispatch.presence.who->identity, WIRE_ED25519);
	json_open_arr(&w, "rooms");
	while ((s = memberships_next(&cl->dispatch.presence.rooms, &i)) != NULL)
		json_put_str(&w, NULL, member_room_name(s));
	json_close(&w, ']');
	if ((err = json_end(&w)) != 0)
		return err;
	return buf_u8(out, '\n');
}

/* The list has the newest first, so it can be left and found again. */
static void add_people(struct inquiry *q, const struct conn_loop *l)
{
	const struct client *cl;
	struct conn *c;
	int n = 0;

	q->more = false;
	LIST_FOREACH(c, &l->all, all)
	{
		cl = client_of(c);
		if (c->state != CONN_OPEN || cl->number >= q->before ||
		    !is_in(cl, q->room))
			continue;
		if (++n > PEOPLE || q->lines.max - q->lines.len < LINE) {
			q->more = true;
			return;
		}
		q->before = cl->number;
		if ((q->err = put_person(&q->lines, cl)) != 0)
			return;
	}
}

static void inquiry_visit(struct round *r, struct worker *w, unsigned index)
{
	struct administer *a =
	    container_of(r, struct administer, inquiry_round);
	struct inquiry *q = STAILQ_FIRST(&a->inquiries);

	(void)index;
	if (q->what == INQUIRY_TOTALS)
		add_totals(&q->totals, worker_loop(w));
	else
		add_people(q, worker_loop(w));
}

static void limit_visit(struct round *r, struct worker *w, unsigned index)
{
	(void)index;
	worker_limit(
	    w, &container_of(r, struct administer, limit_round)->limits);
}

/* --- inquiries ------------------------------------------------------------ */

static void inquiry_begin(struct administer *a)
{
	const struct inquiry *q = STAILQ_FIRST(&a->inquiries);
	struct round *r = &a->inquiry_round;

	r->at = q->what == INQUIRY_PEOPLE ? q->worker : 0;
	r->end = q->what == INQUIRY_PEOPLE ? r->at + 1 : a->o.n_workers;
	rounds_begin(&a->rounds, r);
}

static void inquiry_done(struct round *r)
{
	struct administer *a =
	    container_of(r, struct administer, inquiry_round);
	struct inquiry *q = STAILQ_FIRST(&a->inquiries);

	STAILQ_REMOVE_HEAD(&a->inquiries, next);
	if (!STAILQ_EMPTY(&a->inquiries))
		inquiry_begin(a);
	q->done(q); /* it may ask again */
}

static void administer_ask(void *arg, struct inquiry *q)
{
	struct administer *a = arg;
	bool idle = STAILQ_EMPTY(&a->inquiries);

	STAILQ_INSERT_TAIL(&a->inquiries, q, next);
	if (idle)
		inquiry_begin(a);
}

/* --- what this thread knows ----------------------------------------------- */

static void administer_gauges(void *arg, struct gauges *out)
{
	const struct administer *a = arg;
	struct directs_counts direct;
	struct blob_counts files = {0};
	unsigned i;

	directs_counts(accounts_directs(a->o.registry->accounts), &direct);
	if (a->o.registry->files != NULL)
		blob_store_counts(a->o.registry->files, &files);
	*out = (struct gauges){.uptime_ms = clock_monotonic_ms() - a->began_ms,
	    .workers = a->o.n_workers,
	    .rooms = directory_rooms(a->o.directory),
	    .people = directory_people(a->o.directory),
	    .people_max = a->o.people_max,
	    .memory = quota_held(),
	    .memory_max = a->o.memory_max,
	    .places_max = a->o.places_max,
	    .direct_devices = direct.devices,
	    .direct_frames = direct.frames,
	    .direct_bytes = direct.bytes,
	    .files = files.files,
	    .file_bytes = files.bytes,
	    .file_bytes_max = files.limit,
	    .audit_rows = audit_next(a->o.audit) - 1};
	for (i = 0; i < a->o.n_workers; i++)
		out->conns += worker_conns(a->o.workers[i]);
	throttle_count(a->o.throttle, &out->door);
	throttle_count(a->o.door, &out->ticket_door);
}

static bool administer_room(void *arg, uint32_t after, struct room_facts *out)
{
	struct administer *a = arg;
	struct room *r = directory_after(a->o.directory, after);

	if (r == NULL)
		return false;
	*out = (struct room_facts){
	    .id = room_id(r), .epoch = room_epoch(r), .people = room_people(r)};
	snprintf(out->name, sizeof(out->name), "%s", room_name(r));
	room_unref(r);
	return true;
}

/* --- acts ----------------------------------------------------------------- */

/* Who does it, for the audit log: people see "server". */
struct actor {
	struct audit *audit;
	const char *by;
};

static void administer_acted(void *arg, const struct registry_act *done)
{
	const struct actor *actor = arg;
	const struct audit_row row = {.act = done->act,
	    .by = actor->by,
	    .room = done->room,
	    .who = done->who,
	    .text = done->text,
	    .seconds = done->seconds};

	audit_write(actor->audit, &row);
}

/* The same function as for clients; only the registry's reporter is another. */
static int administer_act(void *arg, const struct admin_act *act,
    enum wire_code *code, char text[WIRE_SHORT_TEXT_MAX + 1])
{
	const struct administer *a = arg;
	struct actor actor = {a->o.audit, act->by};
	const struct registry_by by = {"server", NULL, NULL, 0};
	struct registry g = *a->o.registry;
	struct registry_answer answer = {.code = CODE_NONE};
	struct request q = {.type = REQUEST_ACT,
	    .act = act->act,
	    .role = act->role,
	    .seconds = act->seconds};
	struct room *r;
	int err;

	*code = CODE_NO_ROOM;
	text[0] = '\0';
	if (act->room[0] != '\0') {
		if ((r = directory_find(a->o.directory, act->room)) == NULL)
			return 0;
		q.room = room_id(r);
		room_unref(r);
	}
	snprintf(q.who, sizeof(q.who), "%s", act->who);
	snprintf(q.reason, sizeof(q.reason), "%s", act->reason);
	g.acted = administer_acted;
	g.arg = &actor;
	if ((err = acts_do(&g, &by, &q, &answer)) != 0)
		return err;
	*code = answer.code;
	memcpy(text, answer.text, sizeof(answer.text));
	return 0;
}

/* --- limits --------------------------------------------------------------- */

static void limit_begin(struct administer *a)
{
	a->limits = a->next;
	a->again = false;
	a->limiting = true;
	a->limit_round.at = 0;
	a->limit_round.end = a->o.n_workers;
	rounds_begin(&a->rounds, &a->limit_round);
}

static void limit_done(struct round *r)
{
	struct administer *a = container_of(r, struct administer, limit_round);

	a->limiting = false;
	if (a->again)
		limit_begin(a);
}

void administer_limit(
    struct administer *a, const struct worker_limits *l, size_t people_max)
{
	a->o.people_max = people_max;
	a->o.memory_max = l->memory_max;
	a->next = *l;
	a->again = true;
	if (!a->limiting)
		limit_begin(a);
}

/* --- beginning and end ---------------------------------------------------- */

static int administer_control(struct administer *a)
{
	struct control_opts o = {.socket = a->o.socket,
	    .loop = worker_loop(a->o.workers[0]),
	    .log = a->o.log,
	    .audit = a->o.audit,
	    .server = {administer_gauges, administer_room, administer_ask,
		administer_act, a, administer_accounts(&a->accounts)},
	    .main = *a->o.main};

	errno = 0;
	a->control = control_new(&o);
	return a->control != NULL ? 0 : errno == 0 ? ERR_NOMEM : ERR_IO;
}

struct administer *administer_new(const struct administer_opts *o)
{
	struct administer *a = calloc(1, sizeof(*a));
	int err;

	if (a == NULL)
		return NULL;
	a->o = *o;
	a->crypto = crypto_new();
	a->accounts = (struct administer_accounts){
	    o->registry, o->audit, a->crypto};
	a->began_ms = clock_monotonic_ms();
	a->rounds.fd = -1;
	STAILQ_INIT(&a->inquiries);
	a->inquiry_round.visit = inquiry_visit;
	a->inquiry_round.done = inquiry_done;
	a->limit_round.visit = limit_visit;
	a->limit_round.done = limit_done;
	err = a->crypto != NULL ? rounds_init(&a->rounds, o->workers)
				: ERR_NOMEM;
	if (err == 0 &&
	    o->socket != NULL && o->socket->fd >= 0)
		err = administer_control(a);
	if (err == 0)
		return a;
	administer_free(a);
	return NULL;
}

void administer_free(struct administer *a)
{
	if (a == NULL)
		return;
	control_free(a->control);
	rounds_free(&a->rounds);
	crypto_free(a->crypto);
	free(a);
}

/* control_commands.c - what each request of an administrator does. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "server/admin/control_int.h"
#include "server/admin/metrics.h"

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

/* --- questions to the workers --------------------------------------------- */

static struct control_client *client_of_inquiry(struct inquiry *q)
{
	return container_of(q, struct control_client, inquiry);
}

static void ask(struct control_client *c, void (*done)(struct inquiry *q))
{
	const struct admin_loop *l = &c->of->o.server;

	c->inquiry.done = done;
	c->asking = true;
	l->ask(l->arg, &c->inquiry);
}

/* False: the client is gone. */
static bool answered(struct control_client *c)
{
	c->asking = false;
	if (!c->dead)
		return true;
	c->dead = false;
	buf_free(&c->inquiry.lines);
	return false;
}

static void ask_totals(
    struct control_client *c, void (*done)(struct inquiry *q))
{
	memset(&c->inquiry, 0, sizeof(c->inquiry));
	c->inquiry.what = INQUIRY_TOTALS;
	ask(c, done);
}

/* --- status and metrics --------------------------------------------------- */

static void put_gauges(
    struct json_w *w, const struct gauges *g, const struct totals *t)
{
	json_put_u63(w, "uptime", g->uptime_ms / 1000);
	json_put_u63(w, "workers", g->workers);
	json_put_u63(w, "rooms", g->rooms);
	json_put_u63(w, "people", g->people);
	json_put_u63(w, "people_max", g->people_max);
	json_put_u63(w, "connections", g->conns);
	json_put_u63(w, "logging_in", t->logging_in);
	json_put_u63(w, "places_used", g->door.attempts);
	json_put_u63(w, "ticket_places_used", g->ticket_door.attempts);
	json_put_u63(w, "places", g->places_max);
	json_put_u63(w, "memory", g->memory);
	json_put_u63(w, "memory_max", g->memory_max);
	json_put_u63(w, "queued", t->queued);
	json_put_u63(w, "messages", t->counters.n[COUNT_FRAMES_IN]);
	json_put_u63(w, "logins", t->counters.n[COUNT_LOGINS]);
	json_put_u63(w, "wrong_passwords", t->counters.n[COUNT_WRONG]);
	json_put_u63(w, "direct_devices", g->direct_devices);
	json_put_u63(w, "direct_frames", g->direct_frames);
	json_put_u63(w, "direct_bytes", g->direct_bytes);
	json_put_u63(w, "files", g->files);
	json_put_u63(w, "file_bytes", g->file_bytes);
	json_put_u63(w, "file_bytes_max", g->file_bytes_max);
}

static void status_done(struct inquiry *q)
{
	struct control_client *c = client_of_inquiry(q);
	const struct control_opts *o = &c->of->o;
	struct gauges g;
	struct json_w w;

	if (!answered(c))
		return;
	o->server.gauges(o->server.arg, &g);
	control_row(c, &w, "status");
	o->main.about(o->main.arg, &w);
	put_gauges(&w, &g, &q->totals);
	control_row_end(c, &w);
	control_done(c);
	control_resume(c);
}

static void begin_status(struct control_client *c)
{
	ask_totals(c, status_done);
}

static void metrics_done(struct inquiry *q)
{
	struct control_client *c = client_of_inquiry(q);
	const struct control_opts *o = &c->of->o;
	struct gauges g;
	struct json_w w;
	struct buf text;

	if (!answered(c))
		return;
	buf_init(&text, METRICS_MAX);
	o->server.gauges(o->server.arg, &g);
	if (metrics_text(&text, &g, &q->totals) == 0) {
		control_row(c, &w, "metrics");
		json_put_strn(&w, "text", (const char *)text.p, text.len);
		control_row_end(c, &w);
		control_done(c);
	} else {
		control_failed(c, "failed", "there is not enough memory");
	}
	buf_free(&text);
	control_resume(c);
}

static void begin_metrics(struct control_client *c)
{
	ask_totals(c, metrics_done);
}

/* --- rooms ---------------------------------------------------------------- */

static void more_rooms(struct control_client *c)
{
	const struct admin_loop *l = &c->of->o.server;
	struct room_facts r;
	struct json_w w;

	while (c->fd >= 0 && c->out.len < CONTROL_OUT_LOW) {
		if (!l->room_after(l->arg, (uint32_t)c->at, &r)) {
			control_done(c);
			return;
		}
		c->at = r.id;
		control_row(c, &w, "room");
		json_put_u63(&w, "id", r.id);
		json_put_str(&w, "name", r.name);
		json_put_u63(&w, "people", r.people);
		json_put_u63(&w, "epoch", r.epoch);
		control_row_end(c, &w);
	}
}

static void begin_rooms(struct control_client *c)
{
	c->at = 0;
	c->more = more_rooms;
}

/* --- people --------------------------------------------------------------- */

static void people_done(struct inquiry *q);

/* Asks one worker after the other, each for as many as fit. */
static void more_people(struct control_client *c)
{
	const struct admin_loop *l = &c->of->o.server;
	struct inquiry *q = &c->inquiry;
	struct gauges g;

	if (!q->more) {
		l->gauges(l->arg, &g);
		if (q->worker + 1 >= g.workers) {
			control_done(c);
			return;
		}
		q->worker++;
		q->before = UINT64_MAX;
	}
	buf_init(&q->lines, CONTROL_OUT_LOW);
	ask(c, people_done);
}

static void people_done(struct inquiry *q)
{
	struct control_client *c = client_of_inquiry(q);

	if (!answered(c))
		return;
	if (q->err != 0 || buf_put(&c->out, q->lines.p, q->lines.len) != 0)
		control_failed(c, "failed", "there is not enough memory");
	buf_free(&q->lines);
	control_resume(c);
}

static void begin_people(struct control_client *c)
{
	struct inquiry *q = &c->inquiry;

	memset(q, 0, sizeof(*q));
	q->what = INQUIRY_PEOPLE;
	q->before = UINT64_MAX;
	memcpy(q->room, c->request.room, sizeof(q->room));
	q->more = true; /* the first worker has not been asked */
	c->more = more_people;
}

/* --- the audit log -------------------------------------------------------- */

static void more_audit(struct control_client *c)
{
	struct audit *a = c->of->o.audit;

	while (c->fd >= 0 && c->out.len < CONTROL_OUT_LOW)
		if (audit_read(a, &c->at, &c->out) != 0) {
			if (!c->request.follow)
				control_done(c);
			return;
		}
}

static void begin_audit(struct control_client *c)
{
	uint64_t next = audit_next(c->of->o.audit);
	uint64_t count = c->request.count;

	if (count == 0)
		count = ORDER_ROWS_MAX;
	c->at = next > count ? next - count : 1;
	c->more = more_audit;
}

/* --- changes -------------------------------------------------------------- */

static void begin_invite(struct control_client *c)
{
	const struct admin_main *m = &c->of->o.main;
	struct json_w w;
	struct buf text;
	int err;

	if (c->request.uses != 0 || c->request.seconds != 0 ||
	    c->request.has_role) {
		control_accounts_invite(c);
		return;
	}
	buf_init(&text, WIRE_JSON_MAX);
	err = m->invite(m->arg, c->request.room, &text);
	if (err == 0) {
		control_row(c, &w, "invite");
		json_put_strn(&w, "invite", (const char *)text.p, text.len);
		control_row_end(c, &w);
		control_done(c);
	} else {
		control_failed(c, err == ERR_ROOM ? "no_room" : "failed",
		    err == ERR_ROOM ? "this server has no such room"
				    : err_str(err));
	}
	buf_free(&text);
}

static void begin_password(struct control_client *c)
{
	const struct admin_main *m = &c->of->o.main;
	int err = m->password(m->arg, &c->request.record);

	if (err != 0) {
		control_failed(c, "failed", err_str(err));
		return;
	}
	audit_write(c->of->o.audit,
	    &(struct audit_row){.act = "password", .by = c->by});
	control_done(c);
}

/* What the word of an act stands for. */
static enum act act_of_order(enum order_what what)
{
	return act_of(order_word(what));
}

static void begin_act(struct control_client *c)
{
	const struct admin_loop *l = &c->of->o.server;
	const struct order *q = &c->request;
	const struct admin_act act = {.act = act_of_order(q->what),
	    .by = c->by,
	    .who = q->who,
	    .room = q->room,
	    .reason = q->reason,
	    .role = q->role,
	    .seconds = q->seconds};
	char text[WIRE_SHORT_TEXT_MAX + 1];
	enum wire_code code;
	int err = l->act(l->arg, &act, &code, text);

	if (err != 0)
		control_failed(c, "failed", err_str(err));
	else if (code == CODE_NONE)
		control_done(c);
	else
		control_failed(c, wire_code_word(code),
		    text[0] != '\0' ? text : wire_code_str(code));
}

static void begin_reload(struct control_client *c)
{
	const struct admin_main *m = &c->of->o.main;
	const char *s, *end;
	struct errmsg why;
	struct buf notes;
	struct json_w w;
	size_t left;
	int err;

	buf_init(&notes, CONTROL_OUT_LOW);
	err = m->reload(m->arg, c->by, &notes, &why);
	s = (const char *)notes.p;
	for (left = notes.len; err == 0 && left > 0;
	     left -= (size_t)(end - s) + 1, s = end + 1) {
		end = memchr(s, '\n', left);
		if (end == NULL)
			break;
		control_row(c, &w, "note");
		json_put_strn(&w, "text", s, (size_t)(end - s));
		control_row_end(c, &w);
	}
	if (err == 0)
		control_done(c);
	else
		control_failed(c, "failed", why.text);
	buf_free(&notes);
}

/* -------------------------------------------------------------------------- */

void commands_begin(struct control_client *c)
{
	static void (*const begin[ORDERS])(struct control_client * c) = {
	    [ORDER_STATUS] = begin_status,
	    [ORDER_ROOMS] = begin_rooms,
	    [ORDER_PEOPLE] = begin_people,
	    [ORDER_INVITE] = begin_invite,
	    [ORDER_PASSWORD] = begin_password,
	    [ORDER_AUDIT] = begin_audit,
	    [ORDER_RELOAD] = begin_reload,
	    [ORDER_METRICS] = begin_metrics,
	    [ORDER_BACKUP] = control_backup_begin,
	    [ORDER_KICK] = begin_act,
	    [ORDER_BAN] = begin_act,
	    [ORDER_UNBAN] = begin_act,
	    [ORDER_MUTE] = begin_act,
	    [ORDER_UNMUTE] = begin_act,
	    [ORDER_ROLE] = begin_act,
	    [ORDER_INVITES] = control_accounts_invites,
	    [ORDER_REVOKE] = control_accounts_revoke,
	    [ORDER_RECOVER] = control_accounts_invite,
	    [ORDER_ACCOUNTS] = control_accounts_list,
	    [ORDER_FORGET] = control_accounts_forget,
	    [ORDER_FILES] = control_files_list,
	    [ORDER_FILE_DELETE] = control_files_delete,
	};

	begin[c->request.what](c);
}

/* ctl_accounts.c - conclavectl's commands about accounts and invites. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "server/admin/ctl_rows.h"

/* Of all requests here; ctl_link_ask sends it. */
struct request {
	struct buf json;
	struct json_w w;
};

static void begin(struct request *q, const char *what)
{
	buf_init(&q->json, 4096);
	json_begin(&q->w, &q->json);
	json_put_str(&q->w, "do", what);
}

/* Puts nothing for NULL. */
static void put(struct request *q, const char *key, const char *value)
{
	if (value != NULL)
		json_put_str(&q->w, key, value);
}

static bool ended(struct request *q, struct ctl *c)
{
	if (json_end(&q->w) == 0)
		return true;
	errmsg_set(&c->why, 0, "the name or room is too long, or not UTF-8");
	return false;
}

/* A change that is answered without a row. */
static int change(struct request *q, struct ctl *c)
{
	int status = EXIT_FAILED;

	if (ended(q, c))
		status = ctl_link_ask(c, &q->json, false, NULL, NULL);
	buf_free(&q->json);
	if (status == EXIT_DONE && c->o.json)
		status = ctl_print(c, "{\"type\":\"done\"}");
	return status;
}

/* "5m 10s ago" */
static void put_ago(char *out, size_t size, uint64_t at_s)
{
	const uint64_t now = (uint64_t)time(NULL);
	char text[40];

	ctl_duration(text, sizeof(text), now > at_s ? now - at_s : 0);
	snprintf(out, size, "%s ago", text);
}

/* --- invites -------------------------------------------------------------- */

static int show_invite(void *arg, const json_t *row, const char *line)
{
	(void)line;
	return ctl_print(arg, ctl_text(row, "invite"));
}

static int ask_invite(struct request *q, struct ctl *c)
{
	int status = EXIT_FAILED;

	if (ended(q, c))
		status = ctl_link_ask(c, &q->json, false,
		    c->o.json ? ctl_pass_on : show_invite, c);
	buf_free(&q->json);
	return status;
}

int ctl_invite(struct ctl *c)
{
	const char *room = c->n_args > 0 ? c->args[0] : c->o.room;
	struct request q;

	if (c->n_args > 0 && c->o.room != NULL) {
		errmsg_set(&c->why, 0,
		    "the room is named twice: see conclavectl invite --help");
		return EXIT_USAGE;
	}
	begin(&q, "invite");
	put(&q, "room", room);
	if (c->o.uses > 0)
		json_put_int(&q.w, "uses", c->o.uses);
	if (c->o.seconds > 0)
		json_put_u63(&q.w, "seconds", c->o.seconds);
	put(&q, "role", c->o.role);
	return ask_invite(&q, c);
}

int ctl_recover(struct ctl *c)
{
	struct request q;

	begin(&q, "recover");
	put(&q, "who", c->args[0]);
	if (c->o.seconds > 0)
		json_put_u63(&q.w, "seconds", c->o.seconds);
	return ask_invite(&q, c);
}

static int add_invite(void *arg, const json_t *row, const char *line)
{
	const uint64_t until = ctl_number(row, "until");
	const uint64_t now = (uint64_t)time(NULL);
	const char *account = ctl_text(row, "account");
	struct ctl_filling *f = arg;
	char text[80] = "always";

	(void)line;
	ctl_table_add(&f->t, ctl_text(row, "id"));
	if (until != 0)
		ctl_duration(text, sizeof(text), until > now ? until - now : 0);
	ctl_table_add(&f->t, text);
	snprintf(text, sizeof(text), "%" PRIu64 " of %" PRIu64,
	    ctl_number(row, "left"), ctl_number(row, "uses"));
	ctl_table_add(&f->t, text);
	ctl_table_add(&f->t, account[0] != '\0' ? "" : ctl_text(row, "role"));
	ctl_table_add(&f->t, account);
	ctl_table_add(&f->t, ctl_text(row, "room"));
	ctl_table_add(&f->t, ctl_text(row, "by"));
	return EXIT_DONE;
}

int ctl_invites(struct ctl *c)
{
	static const char *const heads[] = {
	    "ID", "VALID FOR", "USES LEFT", "ROLE", "ACCOUNT", "ROOM", "BY"};
	struct ctl_filling f = {.c = c};
	struct request q;
	int status = EXIT_FAILED;

	ctl_table_init(&f.t, heads, 7, 0);
	begin(&q, "invites");
	if (ended(&q, c))
		status = ctl_fill(&f, &q.json, add_invite, false);
	buf_free(&q.json);
	return status;
}

int ctl_revoke(struct ctl *c)
{
	struct request q;

	begin(&q, "revoke");
	put(&q, "id", c->args[0]);
	return change(&q, c);
}

/* --- accounts ------------------------------------------------------------- */

static int add_account(void *arg, const json_t *row, const char *line)
{
	const json_t *devices = json_object_get(row, "devices"), *d;
	struct ctl_filling *f = arg;
	uint64_t seen = 0;
	bool here = false;
	char text[80];
	size_t i;

	(void)line;
	for (i = 0; i < json_array_size(devices); i++) {
		d = json_array_get(devices, i);
		here |= json_is_true(json_object_get(d, "here"));
		if (ctl_number(d, "last") > seen)
			seen = ctl_number(d, "last");
	}
	ctl_table_add(&f->t, ctl_text(row, "name"));
	ctl_table_add(&f->t, ctl_text(row, "role"));
	ctl_table_add(
	    &f->t, json_is_true(json_object_get(row, "password")) ? "own" : "");
	ctl_table_number(&f->t, json_array_size(devices));
	put_ago(text, sizeof(text), seen);
	ctl_table_add(&f->t, here ? "now" : seen == 0 ? "never" : text);
	put_ago(text, sizeof(text), ctl_number(row, "made"));
	ctl_table_add(&f->t, text);
	return EXIT_DONE;
}

static int add_devices(void *arg, const json_t *row, const char *line)
{
	const json_t *devices = json_object_get(row, "devices"), *d;
	struct ctl_filling *f = arg;
	char text[80];
	size_t i;

	(void)line;
	for (i = 0; i < json_array_size(devices); i++) {
		d = json_array_get(devices, i);
		ctl_table_add(&f->t, ctl_text(d, "fingerprint"));
		put_ago(text, sizeof(text), ctl_number(d, "last"));
		ctl_table_add(&f->t,
		    json_is_true(json_object_get(d, "here")) ? "now" : text);
		put_ago(text, sizeof(text), ctl_number(d, "first"));
		ctl_table_add(&f->t, text);
	}
	return EXIT_DONE;
}

int ctl_accounts(struct ctl *c)
{
	static const char *const heads[] = {
	    "NAME", "ROLE", "PASSWORD", "DEVICES", "SEEN", "MADE"};
	static const char *const of_one[] = {"DEVICE", "SEEN", "FIRST SEEN"};
	const bool one = c->n_args > 0;
	struct ctl_filling f = {.c = c};
	struct request q;
	int status = EXIT_FAILED;

	if (one)
		ctl_table_init(&f.t, of_one, 3, 0);
	else
		ctl_table_init(&f.t, heads, 6, 8);
	begin(&q, "accounts");
	put(&q, "who", one ? c->args[0] : NULL);
	if (ended(&q, c))
		status = ctl_fill(
		    &f, &q.json, one ? add_devices : add_account, false);
	buf_free(&q.json);
	return status;
}

int ctl_forget(struct ctl *c)
{
	struct request q;

	begin(&q, "forget");
	put(&q, "who", c->args[0]);
	put(&q, "device", c->n_args > 1 ? c->args[1] : NULL);
	return change(&q, c);
}

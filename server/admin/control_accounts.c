/* control_accounts.c - what an administrator asks about accounts and invites. */
#include <string.h>

#include "server/admin/control_int.h"
#include "shared/base/secret.h"

static const struct admin_accounts *accounts_of(const struct control_client *c)
{
	return &c->of->o.server.accounts;
}

static void failed(struct control_client *c, int err)
{
	switch (err) {
	case ERR_ROOM:
		control_failed(c, "no_room", "this server has no such room");
		break;
	case ERR_NAME:
		control_failed(
		    c, "no_account", "this server has no account of this name");
		break;
	case ERR_STATE:
		control_failed(c, "bad_value",
		    c->request.what == ORDER_REVOKE
			? "there is no such invite"
			: "the account has no such device");
		break;
	case ERR_RANGE:
		control_failed(c, "bad_value",
		    "several devices of the account begin so: give more of the "
		    "fingerprint");
		break;
	case ERR_LIMIT:
		control_failed(c, "full",
		    "there are as many invites as there may be: revoke some "
		    "first");
		break;
	default:
		control_failed(c, "failed", err_str(err));
	}
}

/* --- invites -------------------------------------------------------------- */

/* The invite for a room, and ",i=ID.SECRET". */
static int put_text(
    struct control_client *c, const struct admin_invite *v, struct buf *text)
{
	const struct admin_main *m = &c->of->o.main;
	int err;

	if ((err = m->invite(m->arg, v->room, text)) != 0 ||
	    (err = buf_str(text, ",i=")) != 0 ||
	    (err = buf_str(text, v->id)) != 0 ||
	    (err = buf_str(text, ".")) != 0)
		return err;
	return buf_str(text, v->secret);
}

void control_accounts_invite(struct control_client *c)
{
	const struct admin_accounts *a = accounts_of(c);
	const struct order *q = &c->request;
	struct admin_invite v = {.by = c->by,
	    .room = q->room,
	    .who = q->who,
	    .uses = q->uses != 0 ? q->uses : 1,
	    .seconds = q->seconds,
	    .role = q->has_role ? q->role : ROLE_MEMBER};
	struct json_w w;
	struct buf text;
	int err = a->invite(a->arg, &v);

	buf_init_secret(&text, WIRE_JSON_MAX);
	if (err == 0 && (err = put_text(c, &v, &text)) == 0) {
		control_row(c, &w, "invite");
		json_put_strn(&w, "invite", (const char *)text.p, text.len);
		json_put_str(&w, "id", v.id);
		control_row_end(c, &w);
		control_done(c);
	}
	if (err == ERR_AGAIN)
		c->more = control_accounts_invite; /* at each tick */
	else if (err != 0)
		failed(c, err);
	buf_free(&text);
	secret_wipe(v.secret, sizeof(v.secret));
}

static void put_invite(struct control_client *c, const struct account_invite *v)
{
	struct json_w w;

	control_row(c, &w, "invite");
	json_put_str(&w, "id", v->id);
	json_put_int(&w, "uses", v->uses);
	json_put_int(&w, "left", v->left);
	json_put_u63(&w, "until", v->until_s);
	json_put_str(&w, "role", role_word(v->role));
	json_put_str(&w, "by", v->by);
	if (v->room[0] != '\0')
		json_put_str(&w, "room", v->room);
	if (v->account[0] != '\0')
		json_put_str(&w, "account", v->account);
	control_row_end(c, &w);
	memcpy(c->after, v->id, sizeof(v->id));
}

static void more_invites(struct control_client *c)
{
	static struct account_invite page[WIRE_PAGE]; /* of the one thread */
	const struct admin_accounts *a = accounts_of(c);
	size_t n, i;

	while (c->fd >= 0 && c->out.len < CONTROL_OUT_LOW) {
		if ((n = a->invites(a->arg, c->after, page)) == 0) {
			control_done(c);
			return;
		}
		for (i = 0; i < n && c->fd >= 0 && c->out.len < CONTROL_OUT_LOW;
		     i++)
			put_invite(c, &page[i]);
	}
}

void control_accounts_invites(struct control_client *c)
{
	c->after[0] = '\0';
	c->more = more_invites;
}

void control_accounts_revoke(struct control_client *c)
{
	const struct admin_accounts *a = accounts_of(c);
	int err = a->revoke(a->arg, c->by, c->request.id);

	if (err != 0)
		failed(c, err);
	else
		control_done(c);
}

/* --- accounts ------------------------------------------------------------- */

static void put_account(struct control_client *c, const struct admin_account *a)
{
	const struct account_device *d;
	char text[B64URL_32 + 1];
	struct json_w w;
	size_t i;

	control_row(c, &w, "account");
	json_put_str(&w, "name", a->name);
	json_put_str(&w, "role", role_word(a->role));
	json_put_bool(&w, "password", a->password);
	json_put_u63(&w, "made", a->made_s);
	json_open_arr(&w, "devices");
	for (i = 0; i < a->n_devices; i++) {
		d = &a->devices[i];
		b64url_encode32(text, a->fingerprint[i]);
		json_open_obj(&w, NULL);
		json_put_str(&w, "fingerprint", text);
		json_put_b64(&w, "identity", d->identity, WIRE_ED25519);
		json_put_u63(&w, "first", d->first_s);
		json_put_u63(&w, "last", d->last_s);
		json_put_bool(&w, "here", d->here);
		json_close(&w, '}');
	}
	json_close(&w, ']');
	control_row_end(c, &w);
	for (i = 0; i < sizeof(a->name); i++)
		c->after[i] = a->name[i];
}

static void more_accounts(struct control_client *c)
{
	const struct admin_accounts *a = accounts_of(c);
	struct admin_account one;
	int err;

	while (c->fd >= 0 && c->out.len < CONTROL_OUT_LOW) {
		err = a->account_after(a->arg, c->after, &one);
		if (err == ERR_NAME) {
			control_done(c);
			return;
		}
		if (err != 0) {
			failed(c, err);
			return;
		}
		put_account(c, &one);
	}
}

void control_accounts_list(struct control_client *c)
{
	const struct admin_accounts *a = accounts_of(c);
	struct admin_account one;
	int err;

	if (c->request.who[0] == '\0') {
		c->after[0] = '\0';
		c->more = more_accounts;
	} else if ((err = a->account_named(a->arg, c->request.who, &one)) !=
		   0) {
		failed(c, err);
	} else {
		put_account(c, &one);
		control_done(c);
	}
}

void control_accounts_forget(struct control_client *c)
{
	const struct admin_accounts *a = accounts_of(c);
	const struct order *q = &c->request;
	int err = a->forget(a->arg, c->by, q->who, q->device);

	if (err != 0)
		failed(c, err);
	else
		control_done(c);
}

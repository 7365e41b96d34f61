/* accounts_enter.c - who comes in as whom: the table of PROTOCOL.md, section 5c.
 * Everything is checked, then put, then changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/room/accounts_int.h"
#include "shared/wire/text.h"

static void refuse(
    struct accounts_entry *e, enum wire_code code, const char *text)
{
	e->code = code;
	snprintf(e->text, sizeof(e->text), "%s", text);
}

/* --- new accounts of an address ------------------------------------------- */

static void hour_begins(struct accounts *t, uint64_t hour)
{
	size_t i;

	if (t->hour == hour)
		return;
	t->hour = hour;
	for (i = 0; i < t->n_counted; i++) {
		while (t->counted[i]->n > 1)
			tally_drop(t->counted[i]);
		tally_drop(t->counted[i]);
	}
	t->n_counted = 0;
}

/* False: this address has made as many accounts as it may in this hour. */
static bool may_make(struct accounts *t, const struct accounts_entry *e)
{
	const struct tally *y;

	if (e->address == NULL || t->limits.per_hour == 0)
		return true;
	hour_begins(t, e->now_s / ACCOUNTS_HOUR);
	y = tally_find(&t->made, e->address);
	return y != NULL ? y->n < t->limits.per_hour
			 : t->n_counted < ACCOUNTS_ADDRESSES;
}

static void count_made(struct accounts *t, const struct accounts_entry *e)
{
	bool first;
	struct tally *y;

	if (e->address == NULL || t->limits.per_hour == 0)
		return;
	first = tally_find(&t->made, e->address) == NULL;
	y = tally_add(&t->made, e->address);
	if (y != NULL && first)
		t->counted[t->n_counted++] = y;
}

/* --- what would be -------------------------------------------------------- */

/* One entry on its way: what it finds, and what it changes. */
struct entering {
	struct accounts *t;
	struct accounts_entry *e;
	struct account *account; /* NULL: a new one */
	struct device *device;	 /* NULL: a new one */
	struct invite *invite;	 /* that is used; NULL: none */
	bool forgets;		 /* the account's own password */
};

static void check_new(struct entering *g, bool by_gate)
{
	struct accounts *t = g->t;

	if (by_gate && t->limits.registration == REGISTRATION_INVITE)
		refuse(g->e, CODE_NO_ACCOUNT,
		    "somebody new needs an invite of their own");
	else if (t->limits.registration == REGISTRATION_CLOSED)
		refuse(g->e, CODE_NO_ACCOUNT,
		    "it takes nobody new");
	else if (t->limits.accounts_max != 0 &&
		 t->n >= t->limits.accounts_max)
		refuse(g->e, CODE_FULL,
		    "the server has as many accounts as it may have");
	else if (!may_make(t, g->e))
		refuse(g->e, CODE_FULL,
		    "too many new people came from your address in this hour");
}

static void check_invite(struct entering *g)
{
	struct account *whose;

	g->invite = invite_find(g->t, g->e->word + 1);
	if (g->invite == NULL || invite_over(g->invite, g->e->now_s)) {
		/* The last use has just been made by somebody else. */
		g->invite = NULL;
		if (g->account == NULL || g->device == NULL)
			refuse(g->e, CODE_NO_ACCOUNT,
			    "the invite is used up, or has ended");
		return;
	}
	if (!g->invite->has_whose) {
		if (g->account == NULL)
			check_new(g, false);
		else if (g->device == NULL)
			refuse(g->e, CODE_NAME_TAKEN, "");
		if (g->account != NULL)
			g->invite = NULL; /* costs no use */
		return;
	}
	whose = account_of(g->t, g->invite->whose);
	if (whose == NULL || whose != g->account)
		refuse(g->e, CODE_NAME_TAKEN,
		    "this invite is for an account with another name");
	g->forgets = true;
}

static void check(struct entering *g)
{
	struct accounts_entry *e = g->e;

	g->account = account_named(g->t, e->name);
	if (g->account != NULL)
		g->device = account_device(g->account, e->identity);
	if (e->word[0] == '+') {
		check_invite(g);
	} else if (strcmp(e->word, "*") != 0) {
		if (!text_same_name(e->word, e->name))
			refuse(e, CODE_BAD_NAME,
			    "this password is that of an account with another "
			    "name");
		else if (g->account == NULL) /* forgotten meanwhile */
			refuse(e, CODE_NO_ACCOUNT, "");
	} else if (g->account == NULL) {
		check_new(g, true);
	} else if (g->device == NULL) {
		refuse(e, CODE_NAME_TAKEN, "");
	}
	if (e->code == CODE_NONE && g->account != NULL && g->device == NULL &&
	    g->account->n_devices >= WIRE_DEVICES)
		refuse(e, CODE_FULL,
		    "the account has as many devices as it may have: take one "
		    "away first");
}

/* --- what is -------------------------------------------------------------- */

/* Everything that changes in the store, as one: a crash leaves all of it or
 * nothing. */
static int put(void *arg, const struct store_right *role,
    const struct store_right *invited)
{
	struct entering *g = arg;
	const uint64_t now_s = g->e->now_s;
	struct store_account account = {.key = g->e->account,
	    .name = g->account != NULL ? g->account->name : g->e->name,
	    .made_s = g->account != NULL ? g->account->made_s : now_s};
	const struct store_device device = {.account = g->e->account,
	    .identity = g->e->identity,
	    .first_s = g->device != NULL && g->device->first_s != 0
			   ? g->device->first_s
			   : now_s,
	    .last_s = now_s};
	struct store_change c = {
	    .device = &device, .role = role, .invited = invited};
	struct store_secret secret;
	struct store_invite invite;

	if (g->account == NULL || g->forgets)
		c.account = &account;
	if (g->invite != NULL) {
		secret = account_record_stored(g->invite->secret);
		invite = (struct store_invite){.id = g->invite->id,
		    .uses = g->invite->uses,
		    .left = g->invite->left - 1,
		    .until_s = g->invite->until_s,
		    .role = g->invite->role,
		    .room = g->invite->room,
		    .by = g->invite->has_by ? g->invite->by : NULL,
		    .whose = g->invite->has_whose ? g->invite->whose : NULL,
		    .secret = &secret};
		if (invite.left > 0)
			c.invite = &invite;
		else
			c.gone_invite = g->invite->id;
	}
	return accounts_put(g->t, &c, &g->e->ticket);
}

static int put_all(struct entering *g)
{
	const struct standing_who who = {g->e->account, g->e->name};
	struct standing_newcomer n = {
	    .wall_ms = g->e->now_s * 1000, .put = put, .arg = g};

	if (!g->e->made || g->invite == NULL)
		return put(g, NULL, NULL);
	n.role = g->invite->role;
	n.room = g->invite->room;
	return standing_newcomer(g->t->standing, &who, &n);
}

static int change(struct entering *g)
{
	struct accounts *t = g->t;
	struct account *a = g->account;
	struct device *d = g->device;
	int err;

	if (a == NULL && (a = account_add(t, g->e->account, g->e->name,
			      g->e->now_s)) == NULL)
		return ERR_NOMEM;
	if (d == NULL)
		d = device_add(t, a, g->e->identity);
	err = d == NULL ? ERR_NOMEM : 0;
	if (err == 0)
		err = put_all(g);
	if (err != 0) { /* as it was */
		if (d != NULL && g->device == NULL)
			device_drop(d);
		if (g->account == NULL)
			account_drop(t, a);
		return err;
	}
	if (d->first_s == 0)
		d->first_s = g->e->now_s;
	d->last_s = d->put_s = g->e->now_s;
	if (g->forgets) {
		account_record_unref(a->password);
		a->password = NULL;
	}
	if (g->invite != NULL && --g->invite->left == 0)
		invite_drop(t, g->invite);
	if (g->e->made)
		count_made(t, g->e);
	return 0;
}

/* The account has a device that this one was not told of. */
static bool has_news(const struct entering *g)
{
	const struct device *d;

	LIST_FOREACH(d, &g->account->devices, of_account)
	if (d->first_s > g->e->seen_s)
		return true;
	return false;
}

static int enter(struct entering *g)
{
	struct accounts_entry *e = g->e;
	struct accounts *t = g->t;
	int err = 0;

	check(g);
	if (e->code != CODE_NONE)
		return 0;
	e->made = g->account == NULL;
	e->device = !e->made && g->device == NULL;
	if (!e->made)
		memcpy(e->account, g->account->key, WIRE_KEY);
	else if ((err = t->rng.fill(t->rng.arg, e->account, WIRE_KEY)) != 0)
		return err;
	e->code = e->may(e->arg, e->account, e->made,
	    e->made && g->invite != NULL ? g->invite->room : 0);
	if (e->code != CODE_NONE)
		return 0;
	if (g->device != NULL)
		e->seen_s = g->device->last_s;
	if (e->made || e->device || g->invite != NULL)
		err = change(g);
	else {
		g->device->last_s = e->now_s;
		/* Nobody waits for that. */
		if ((e->now_s - g->device->put_s >= ACCOUNTS_SEEN_S ||
			has_news(g)) &&
		    put(g, NULL, NULL) == 0)
			g->device->put_s = e->now_s;
		e->ticket = 0;
	}
	if (err != 0)
		return err;
	g->account = account_of(t, e->account);
	memcpy(e->written, g->account->name, sizeof(e->written));
	e->password = g->account->password != NULL;
	return 0;
}

int accounts_enter(struct accounts *t, struct accounts_entry *e)
{
	struct entering g = {.t = t, .e = e};
	int err;

	e->code = CODE_NONE;
	e->text[0] = '\0';
	e->ticket = e->seen_s = 0;
	e->made = e->device = e->password = false;
	accounts_lock(t);
	err = enter(&g);
	accounts_unlock(t);
	return err;
}

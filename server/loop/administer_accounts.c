/* administer_accounts.c - what an administrator sees of accounts and invites, and
 * changes. */
#include "server/loop/administer_accounts.h"

#include <stdio.h>
#include <string.h>

#include "server/room/asks_account.h"
#include "server/room/room_ref.h"
#include "shared/crypto/keys.h"
#include "shared/os/clock.h"
#include "shared/wire/b64.h"

static const struct registry_by owner = {"server", NULL, NULL, 0};

static void note(const struct administer_accounts *a, const char *act,
    const char *by, const char *who, const char *text)
{
	audit_write(
	    a->audit, &(struct audit_row){
			  .act = act, .by = by, .who = who, .text = text});
}

static int invite(void *arg, struct admin_invite *v)
{
	const struct administer_accounts *a = arg;
	const struct registry *g = a->registry;
	const uint64_t now_s = clock_real_ms() / 1000;
	struct accounts_invite_of o = {.uses = v->uses,
	    .until_s = v->seconds != 0 ? now_s + v->seconds : 0,
	    .role = v->role,
	    .now_s = now_s};
	struct account_password none = {.none = true};
	uint8_t key[WIRE_KEY];
	char written[WIRE_NAME_MAX + 1];
	struct room *r;
	int err;

	if (v->room[0] != '\0') {
		if ((r = directory_find(g->directory, v->room)) == NULL)
			return ERR_ROOM;
		o.room = room_id(r);
		room_unref(r);
	}
	if (v->who[0] != '\0') {
		if (!accounts_named(g->accounts, v->who, key, written))
			return ERR_NAME;
		o.whose = key;
	}
	if ((err = accounts_invite(g->accounts, &o)) != 0)
		return err;
	/* The forgotten password is no longer good. */
	if (o.whose != NULL)
		err = accounts_password(g->accounts, key, &none, &o.ticket);
	memcpy(v->id, o.id, sizeof(v->id));
	memcpy(v->secret, o.secret, sizeof(v->secret));
	note(a, o.whose != NULL ? "password" : "invite_new", v->by,
	    o.whose != NULL ? written : NULL, o.id);
	return err;
}

static size_t invites(
    void *arg, const char *after, struct account_invite out[WIRE_PAGE])
{
	const struct administer_accounts *a = arg;
	uint32_t room[WIRE_PAGE];
	uint64_t total;
	size_t n = accounts_invites(a->registry->accounts, NULL, after,
	    clock_real_ms() / 1000, out, room, &total);

	registry_invite_rooms(a->registry, out, room, n);
	return n;
}

static int revoke(void *arg, const char *by, const char *id)
{
	const struct administer_accounts *a = arg;
	uint64_t ticket;
	int err = accounts_revoke(a->registry->accounts, id, NULL, &ticket);

	if (err == 0)
		note(a, "invite_revoke", by, NULL, id);
	return err;
}

static int fill(const struct administer_accounts *a, struct admin_account *out,
    const struct accounts_row *row)
{
	const struct registry *g = a->registry;
	struct standing_rights rights;
	size_t i;
	int err = 0;

	memset(out, 0, sizeof(*out));
	memcpy(out->name, row->name, sizeof(out->name));
	out->password = row->password;
	out->made_s = row->made_s;
	out->n_devices = row->n_devices;
	memcpy(out->devices, row->devices, sizeof(out->devices));
	for (i = 0; err == 0 && i < row->n_devices; i++) {
		out->devices[i].here = directory_has_device(
		    g->directory, row->key, row->devices[i].identity);
		err = ed25519_fingerprint(
		    a->crypto, out->fingerprint[i], row->devices[i].identity);
	}
	registry_rights(
	    g, 0, &(struct registry_by){row->name, row->key, NULL, 0}, &rights);
	out->role = rights.role;
	return err;
}

static int account_after(
    void *arg, const char *after, struct admin_account *out)
{
	const struct administer_accounts *a = arg;
	struct accounts_row row;

	return accounts_after(a->registry->accounts, after, &row)
		   ? fill(a, out, &row)
		   : ERR_NAME;
}

static int account_named(void *arg, const char *name, struct admin_account *out)
{
	const struct administer_accounts *a = arg;
	struct accounts_row row;

	return accounts_find(a->registry->accounts, name, &row)
		   ? fill(a, out, &row)
		   : ERR_NAME;
}

/* The one device of *who whose fingerprint begins so. */
static int find_device(
    const struct admin_account *who, const char *begins, size_t *at)
{
	char text[B64URL_32 + 1];
	size_t i, found = 0;

	for (i = 0; i < who->n_devices; i++) {
		b64url_encode32(text, who->fingerprint[i]);
		if (strncmp(text, begins, strlen(begins)) != 0)
			continue;
		*at = i;
		found++;
	}
	return found == 1 ? 0 : found == 0 ? ERR_STATE : ERR_RANGE;
}

/* The audit row says which administrator did it. */
static void quiet(void *arg, const struct registry_act *act)
{
	(void)arg;
	(void)act;
}

static int forget(
    void *arg, const char *by, const char *who, const char *device)
{
	const struct administer_accounts *a = arg;
	struct registry g = *a->registry;
	struct accounts_row row;
	struct admin_account one;
	char text[B64URL_32 + 1];
	uint64_t ticket;
	size_t at;
	int err;

	g.acted = quiet;
	if (!accounts_find(g.accounts, who, &row))
		return ERR_NAME;
	if (device[0] == '\0') {
		err =
		    asks_account_forget(&g, &owner, row.name, row.key, &ticket);
		if (err == 0)
			note(a, "forget", by, row.name, NULL);
		return err;
	}
	if ((err = fill(a, &one, &row)) != 0 ||
	    (err = find_device(&one, device, &at)) != 0 ||
	    (err = asks_account_forget_device(&g, &owner, row.name, row.key,
		 one.devices[at].identity, &ticket)) != 0)
		return err;
	b64url_encode32(text, one.fingerprint[at]);
	note(a, "forget_device", by, row.name, text);
	return 0;
}

struct admin_accounts administer_accounts(struct administer_accounts *a)
{
	return (struct admin_accounts){
	    invite, invites, revoke, account_after, account_named, forget, a};
}

/* accounts_ask.c - what is asked about accounts, devices and invites. */
#include <stdio.h>
#include <string.h>

#include "server/room/accounts_int.h"
#include "shared/wire/text.h"

bool accounts_named(struct accounts *t, const char *name, uint8_t key[WIRE_KEY],
    char written[WIRE_NAME_MAX + 1])
{
	const struct account *a;

	accounts_lock(t);
	if ((a = account_named(t, name)) != NULL) {
		memcpy(key, a->key, WIRE_KEY);
		memcpy(written, a->name, sizeof(a->name));
	}
	accounts_unlock(t);
	return a != NULL;
}

bool accounts_about(struct accounts *t, const uint8_t key[WIRE_KEY],
    char written[WIRE_NAME_MAX + 1], bool *password)
{
	const struct account *a;

	accounts_lock(t);
	if ((a = account_of(t, key)) != NULL) {
		memcpy(written, a->name, sizeof(a->name));
		*password = a->password != NULL;
	}
	accounts_unlock(t);
	return a != NULL;
}

bool accounts_known(void *arg, const uint8_t key[WIRE_KEY])
{
	struct accounts *t = arg;
	bool known;

	accounts_lock(t);
	known = account_of(t, key) != NULL;
	accounts_unlock(t);
	return known;
}

bool accounts_has_device(struct accounts *t, const uint8_t key[WIRE_KEY],
    const uint8_t identity[WIRE_ED25519])
{
	const struct account *a;
	bool has;

	accounts_lock(t);
	a = account_of(t, key);
	has = a != NULL && account_device(a, identity) != NULL;
	accounts_unlock(t);
	return has;
}

bool accounts_banned(struct accounts *t, uint32_t room,
    const uint8_t identity[WIRE_ED25519], uint64_t wall_ms)
{
	struct standing_rights rights;
	const struct device *d;
	bool banned = false;

	accounts_lock(t);
	LIST_FOREACH(d, account_devices_of(t, identity), by_identity)
	{
		const struct standing_who who = {
		    d->account->key, d->account->name};

		if (memcmp(d->identity, identity, WIRE_ED25519) != 0)
			continue;
		standing_rights(t->standing, room, &who, wall_ms, &rights);
		banned |= rights.banned;
	}
	accounts_unlock(t);
	return banned;
}

static size_t copy_devices(
    const struct account *a, struct account_device out[WIRE_DEVICES])
{
	const struct device *d;
	size_t n = 0;

	LIST_FOREACH(d, &a->devices, of_account)
	{
		if (n == WIRE_DEVICES)
			break;
		memset(&out[n], 0, sizeof(out[n]));
		memcpy(out[n].identity, d->identity, WIRE_ED25519);
		out[n].first_s = d->first_s;
		out[n++].last_s = d->last_s;
	}
	return n;
}

size_t accounts_devices(struct accounts *t, const uint8_t key[WIRE_KEY],
    struct account_device out[WIRE_DEVICES])
{
	const struct account *a;
	size_t n = 0;

	accounts_lock(t);
	if ((a = account_of(t, key)) != NULL)
		n = copy_devices(a, out);
	accounts_unlock(t);
	return n;
}

static bool name_below(const char *a, const char *b)
{
	for (; *a != '\0' && text_lower(*a) == text_lower(*b); a++, b++)
		;
	return text_lower(*a) < text_lower(*b);
}

static void fill(struct accounts_row *out, const struct account *a)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->name, a->name, sizeof(out->name));
	memcpy(out->key, a->key, WIRE_KEY);
	out->password = a->password != NULL;
	out->made_s = a->made_s;
	out->n_devices = copy_devices(a, out->devices);
}

bool accounts_find(
    struct accounts *t, const char *name, struct accounts_row *out)
{
	const struct account *a;

	accounts_lock(t);
	if ((a = account_named(t, name)) != NULL)
		fill(out, a);
	accounts_unlock(t);
	return a != NULL;
}

/* Looks at all: an administrator asks seldom. */
bool accounts_after(
    struct accounts *t, const char *after, struct accounts_row *out)
{
	const struct account *a, *least = NULL;
	size_t i;

	accounts_lock(t);
	for (i = 0; i < ACCOUNT_BUCKETS; i++)
		LIST_FOREACH(a, &t->by_name[i], by_name)
	if (name_below(after, a->name) &&
	    (least == NULL || name_below(a->name, least->name)))
		least = a;
	if (least != NULL)
		fill(out, least);
	accounts_unlock(t);
	return least != NULL;
}

bool accounts_may_invite(struct accounts *t, enum role role)
{
	enum account_inviters who;

	accounts_lock(t);
	who = t->limits.inviters;
	accounts_unlock(t);
	return who == INVITERS_OPERATORS ? role >= ROLE_OPERATOR
	       : who == INVITERS_MEMBERS ? role >= ROLE_MEMBER
					 : false;
}

static void tell_invite(
    struct accounts *t, const struct invite *v, struct account_invite *out)
{
	const struct account *a;

	memset(out, 0, sizeof(*out));
	memcpy(out->id, v->id, sizeof(out->id));
	out->uses = v->uses;
	out->left = v->left;
	out->until_s = v->until_s;
	out->role = v->role;
	a = v->has_by ? account_of(t, v->by) : NULL;
	snprintf(
	    out->by, sizeof(out->by), "%s", a != NULL ? a->name : "server");
	a = v->has_whose ? account_of(t, v->whose) : NULL;
	if (a != NULL)
		snprintf(out->account, sizeof(out->account), "%s", a->name);
}

size_t accounts_invites(struct accounts *t, const uint8_t *by,
    const char *after, uint64_t now_s, struct account_invite out[WIRE_PAGE],
    uint32_t room[WIRE_PAGE], uint64_t *total)
{
	const struct invite *v;
	size_t n = 0;

	*total = 0;
	accounts_lock(t);
	TAILQ_FOREACH(v, &t->invites, all)
	{
		if (invite_over(v, now_s) ||
		    (by != NULL &&
			(!v->has_by || memcmp(v->by, by, WIRE_KEY) != 0)))
			continue;
		++*total;
		if (strcmp(v->id, after) <= 0 || n == WIRE_PAGE)
			continue;
		room[n] = v->room;
		tell_invite(t, v, &out[n++]);
	}
	accounts_unlock(t);
	return n;
}

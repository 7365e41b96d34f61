/* store_people.c - accounts, devices and invites in messages between relay and
 * keeper: one change of them is one message. */
#include <string.h>

#include "server/store/store_int.h"
#include "shared/base/secret.h"
#include "shared/proto/account.h"

/* Which parts a change has, in this order. */
enum {
	HAS_ACCOUNT = 1,
	HAS_DEVICE = 2,
	HAS_INVITE = 4,
	HAS_GONE_DEVICE = 8,
	HAS_GONE_INVITE = 16,
	HAS_GONE_ACCOUNT = 32,
	HAS_ROLE = 64,
	HAS_INVITED = 128,
};
/* Flags of a part. */
enum { WITH_PASSWORD = 1, BY_ACCOUNT = 1, FOR_ACCOUNT = 2 };

static const uint8_t nothing[WIRE_SHARE];

static int put_secret(struct buf *b, const struct store_secret *s)
{
	int e;

	if ((e = buf_put(b, s != NULL ? s->salt : nothing, WIRE_NONCE)) != 0 ||
	    (e = buf_put(b, s != NULL ? s->w0 : nothing, WIRE_SCALAR)) != 0)
		return e;
	return buf_put(b, s != NULL ? s->l : nothing, WIRE_SHARE);
}

static int get_secret(struct rd *r, struct store_secret *out)
{
	int e;

	if ((e = rd_bytes(r, &out->salt, WIRE_NONCE)) != 0 ||
	    (e = rd_bytes(r, &out->w0, WIRE_SCALAR)) != 0)
		return e;
	return rd_bytes(r, &out->l, WIRE_SHARE);
}

static int get_time(struct rd *r, uint64_t *out)
{
	int e = rd_u64(r, out);

	return e != 0 ? e : *out > INT64_MAX ? ERR_RANGE : 0;
}

static int put_account(struct buf *b, const struct store_account *a)
{
	int e;

	if ((e = buf_put(b, a->key, WIRE_KEY)) != 0 ||
	    (e = buf_u64(b, a->made_s)) != 0 ||
	    (e = buf_u8(b, a->password != NULL ? WITH_PASSWORD : 0)) != 0 ||
	    (e = put_secret(b, a->password)) != 0)
		return e;
	return store_string_put(b, a->name);
}

static int get_account(struct rd *r, struct store_change_space *s)
{
	uint8_t flags;
	int e;

	if ((e = rd_bytes(r, &s->account.key, WIRE_KEY)) != 0 ||
	    (e = get_time(r, &s->account.made_s)) != 0 ||
	    (e = rd_u8(r, &flags)) != 0 ||
	    (e = get_secret(r, &s->password)) != 0 ||
	    (e = store_string_get(r, &s->account.name, WIRE_NAME_MAX)) != 0)
		return e;
	if (flags > WITH_PASSWORD || s->account.name[0] == '\0')
		return ERR_RANGE;
	s->account.password = flags != 0 ? &s->password : NULL;
	return 0;
}

static int put_device(struct buf *b, const struct store_device *d)
{
	int e;

	if ((e = buf_put(b, d->account, WIRE_KEY)) != 0 ||
	    (e = buf_put(b, d->identity, WIRE_ED25519)) != 0 ||
	    (e = buf_u64(b, d->first_s)) != 0)
		return e;
	return buf_u64(b, d->last_s);
}

static int get_device(struct rd *r, struct store_device *out)
{
	int e;

	if ((e = rd_bytes(r, &out->account, WIRE_KEY)) != 0 ||
	    (e = rd_bytes(r, &out->identity, WIRE_ED25519)) != 0 ||
	    (e = get_time(r, &out->first_s)) != 0)
		return e;
	return get_time(r, &out->last_s);
}

static int put_invite(struct buf *b, const struct store_invite *v)
{
	const uint8_t flags = (uint8_t)((v->by != NULL ? BY_ACCOUNT : 0) |
					(v->whose != NULL ? FOR_ACCOUNT : 0));
	int e;

	if ((e = buf_u8(b, flags)) != 0 || (e = buf_u32(b, v->uses)) != 0 ||
	    (e = buf_u32(b, v->left)) != 0 ||
	    (e = buf_u64(b, v->until_s)) != 0 ||
	    (e = buf_u8(b, (uint8_t)(v->role - ROLE_GUEST))) != 0 ||
	    (e = buf_u32(b, v->room)) != 0 ||
	    (e = buf_put(b, v->by != NULL ? v->by : nothing, WIRE_KEY)) != 0 ||
	    (e = buf_put(
		 b, v->whose != NULL ? v->whose : nothing, WIRE_KEY)) != 0 ||
	    (e = put_secret(b, v->secret)) != 0)
		return e;
	return store_string_put(b, v->id);
}

static int get_invite(struct rd *r, struct store_change_space *s)
{
	struct store_invite *v = &s->invite;
	uint8_t flags, role;
	int e;

	if ((e = rd_u8(r, &flags)) != 0 || (e = rd_u32(r, &v->uses)) != 0 ||
	    (e = rd_u32(r, &v->left)) != 0 ||
	    (e = get_time(r, &v->until_s)) != 0 || (e = rd_u8(r, &role)) != 0 ||
	    (e = rd_u32(r, &v->room)) != 0 ||
	    (e = rd_bytes(r, &v->by, WIRE_KEY)) != 0 ||
	    (e = rd_bytes(r, &v->whose, WIRE_KEY)) != 0 ||
	    (e = get_secret(r, &s->secret)) != 0 ||
	    (e = store_string_get(r, &v->id, WIRE_INVITE_ID)) != 0)
		return e;
	if (flags > (BY_ACCOUNT | FOR_ACCOUNT) ||
	    role > ROLE_OWNER - ROLE_GUEST || v->left > v->uses ||
	    strlen(v->id) != WIRE_INVITE_ID)
		return ERR_RANGE;
	v->role = (enum role)(role + ROLE_GUEST);
	v->secret = &s->secret;
	if ((flags & BY_ACCOUNT) == 0)
		v->by = NULL;
	if ((flags & FOR_ACCOUNT) == 0)
		v->whose = NULL;
	return 0;
}

int store_change_put(struct buf *b, const struct store_change *c)
{
	const unsigned has = (c->account != NULL ? HAS_ACCOUNT : 0u) |
			     (c->device != NULL ? HAS_DEVICE : 0u) |
			     (c->invite != NULL ? HAS_INVITE : 0u) |
			     (c->gone_device != NULL ? HAS_GONE_DEVICE : 0u) |
			     (c->gone_invite != NULL ? HAS_GONE_INVITE : 0u) |
			     (c->gone_account != NULL ? HAS_GONE_ACCOUNT : 0u) |
			     (c->role != NULL ? HAS_ROLE : 0u) |
			     (c->invited != NULL ? HAS_INVITED : 0u);
	int e;

	if ((e = buf_u8(b, (uint8_t)has)) != 0 ||
	    (c->account != NULL && (e = put_account(b, c->account)) != 0) ||
	    (c->device != NULL && (e = put_device(b, c->device)) != 0) ||
	    (c->invite != NULL && (e = put_invite(b, c->invite)) != 0) ||
	    (c->gone_device != NULL &&
		(e = put_device(b, c->gone_device)) != 0) ||
	    (c->gone_invite != NULL &&
		(e = store_string_put(b, c->gone_invite)) != 0) ||
	    (c->gone_account != NULL &&
		(e = buf_put(b, c->gone_account, WIRE_KEY)) != 0) ||
	    (c->role != NULL && (e = store_right_put(b, c->role)) != 0))
		return e;
	return c->invited != NULL ? store_right_put(b, c->invited) : 0;
}

/* The parts that `has` names. */
static int get_parts(
    struct rd *r, unsigned has, struct store_change_space *s)
{
	struct store_change *c = &s->change;
	int e = 0;

	if ((has & HAS_ACCOUNT) != 0 && (e = get_account(r, s)) == 0)
		c->account = &s->account;
	if (e == 0 && (has & HAS_DEVICE) != 0 &&
	    (e = get_device(r, &s->device)) == 0)
		c->device = &s->device;
	if (e == 0 && (has & HAS_INVITE) != 0 && (e = get_invite(r, s)) == 0)
		c->invite = &s->invite;
	if (e == 0 && (has & HAS_GONE_DEVICE) != 0 &&
	    (e = get_device(r, &s->gone_device)) == 0)
		c->gone_device = &s->gone_device;
	if (e == 0 && (has & HAS_GONE_INVITE) != 0)
		e = store_string_get(r, &c->gone_invite, WIRE_INVITE_ID);
	if (e == 0 && (has & HAS_GONE_ACCOUNT) != 0)
		e = rd_bytes(r, &c->gone_account, WIRE_KEY);
	if (e == 0 && (has & HAS_ROLE) != 0 &&
	    (e = store_right_take(r, &s->role)) == 0)
		c->role = &s->role;
	if (e == 0 && (has & HAS_INVITED) != 0 &&
	    (e = store_right_take(r, &s->invited)) == 0)
		c->invited = &s->invited;
	return e;
}

int store_change_get(struct rd *r, struct store_change_space *s)
{
	uint8_t has;
	int e;

	memset(s, 0, sizeof(*s));
	if ((e = rd_u8(r, &has)) != 0)
		return e;
	if (has == 0)
		return ERR_RANGE;
	if ((e = get_parts(r, has, s)) != 0)
		return e;
	return r->left == 0 ? 0 : ERR_RANGE;
}

/* db_people.c - accounts, devices and invites in the database. */
#include <string.h>

#include "server/store/db_int.h"
#include "shared/base/secret.h"

enum { SECRET = WIRE_SCALAR + WIRE_SHARE };
_Static_assert((int)DB_SECRET == (int)WIRE_IV + (int)SECRET + (int)WIRE_TAG,
    "the size of a sealed password");

static const char account_label[] = "conclave keeper account";
static const char invite_label[] = "conclave keeper invite";

/* Seals a password's record for the row with this label and id. */
static int seal(struct db *db, uint8_t out[DB_SECRET], const char *label,
    const void *id, size_t n, const struct store_secret *s)
{
	uint8_t plain[SECRET];
	int r;

	memcpy(plain, s->w0, WIRE_SCALAR);
	memcpy(plain + WIRE_SCALAR, s->l, WIRE_SHARE);
	r = db_seal_bytes(db, out, label, id, n, plain, sizeof(plain));
	secret_wipe(plain, sizeof(plain));
	return r == 0 || r == ERR_NOMEM ? r : db_damaged(db, err_str(r));
}

static void bind_or_null(
    struct db *db, enum db_stmt s, int place, const void *p, size_t n)
{
	if (p != NULL)
		db_bind_bytes(db, s, place, p, n);
	else
		db_bind_null(db, s, place);
}

static int put_account(struct db *db, const struct store_account *a)
{
	const enum db_stmt s = DB_ACCOUNT_PUT;
	uint8_t sealed[DB_SECRET];
	int r;

	if (a->password != NULL &&
	    (r = seal(db, sealed, account_label, a->key, WIRE_KEY,
		 a->password)) != 0)
		return r;
	db_bind_bytes(db, s, 1, a->key, WIRE_KEY);
	db_bind_text(db, s, 2, a->name);
	db_bind(db, s, 3, a->made_s);
	bind_or_null(db, s, 4, a->password != NULL ? a->password->salt : NULL,
	    WIRE_NONCE);
	bind_or_null(
	    db, s, 5, a->password != NULL ? sealed : NULL, sizeof(sealed));
	return db_do(db, s, NULL);
}

static int put_device(struct db *db, const struct store_device *d)
{
	const enum db_stmt s = DB_DEVICE_PUT;

	db_bind_bytes(db, s, 1, d->account, WIRE_KEY);
	db_bind_bytes(db, s, 2, d->identity, WIRE_ED25519);
	db_bind(db, s, 3, d->first_s);
	db_bind(db, s, 4, d->last_s);
	return db_do(db, s, NULL);
}

static int put_invite(struct db *db, const struct store_invite *v)
{
	const enum db_stmt s = DB_INVITE_PUT;
	uint8_t sealed[DB_SECRET];
	int r = seal(
	    db, sealed, invite_label, v->id, WIRE_INVITE_ID, v->secret);

	if (r != 0)
		return r;
	db_bind_text(db, s, 1, v->id);
	db_bind(db, s, 2, v->uses);
	db_bind(db, s, 3, v->left);
	db_bind(db, s, 4, v->until_s);
	db_bind(db, s, 5, (uint64_t)(v->role - ROLE_GUEST));
	db_bind(db, s, 6, v->room);
	bind_or_null(db, s, 7, v->by, WIRE_KEY);
	bind_or_null(db, s, 8, v->whose, WIRE_KEY);
	db_bind_bytes(db, s, 9, v->secret->salt, WIRE_NONCE);
	db_bind_bytes(db, s, 10, sealed, sizeof(sealed));
	return db_do(db, s, NULL);
}

static int forget(struct db *db, enum db_stmt s, const void *p, size_t n)
{
	db_bind_bytes(db, s, 1, p, n);
	return db_do(db, s, NULL);
}

static int forget_account(struct db *db, const uint8_t *key)
{
	int r;

	if ((r = forget(db, DB_DEVICES_FORGET, key, WIRE_KEY)) != 0 ||
	    (r = forget(db, DB_INVITES_OF_FORGET, key, WIRE_KEY)) != 0 ||
	    (r = forget(db, DB_RIGHTS_OF_FORGET, key, WIRE_KEY)) != 0)
		return r;
	return forget(db, DB_ACCOUNT_FORGET, key, WIRE_KEY);
}

int db_change(struct db *db, const struct store_change *c)
{
	int r = 0;

	if (c->account != NULL)
		r = put_account(db, c->account);
	if (r == 0 && c->device != NULL)
		r = put_device(db, c->device);
	if (r == 0 && c->invite != NULL)
		r = put_invite(db, c->invite);
	if (r == 0 && c->role != NULL)
		r = db_put_right(db, c->role);
	if (r == 0 && c->invited != NULL)
		r = db_put_right(db, c->invited);
	if (r == 0 && c->gone_device != NULL) {
		db_bind_bytes(
		    db, DB_DEVICE_FORGET, 1, c->gone_device->account, WIRE_KEY);
		db_bind_bytes(db, DB_DEVICE_FORGET, 2, c->gone_device->identity,
		    WIRE_ED25519);
		r = db_do(db, DB_DEVICE_FORGET, NULL);
	}
	if (r == 0 && c->gone_invite != NULL) {
		db_bind_text(db, DB_INVITE_FORGET, 1, c->gone_invite);
		r = db_do(db, DB_INVITE_FORGET, NULL);
	}
	return r == 0 && c->gone_account != NULL
		   ? forget_account(db, c->gone_account)
		   : r;
}

/* --- loading ----------------------------------------------------------------- */

/* Opens the secret in two columns of a row. */
static int open_secret(struct db *db, enum db_stmt s, int column,
    const char *label, const void *id, size_t n, struct store_secret *out,
    uint8_t plain[SECRET])
{
	const uint8_t *sealed = db_fixed(db, s, column + 1, DB_SECRET);

	out->salt = db_fixed(db, s, column, WIRE_NONCE);
	if (sealed == NULL || out->salt == NULL ||
	    db_unseal_bytes(db, plain, label, id, n, sealed, DB_SECRET) != 0)
		return db_damaged(db, "a password does not open");
	out->w0 = plain;
	out->l = plain + WIRE_SCALAR;
	return 0;
}

typedef int each_fn(void *arg, const struct buf *frame);

static int give(struct buf *b, const struct store_change *c, each_fn *each,
    void *arg)
{
	size_t at;
	int r;

	buf_clear(b);
	if ((r = store_frame_begin(b, STORE_PEOPLE, &at)) != 0 ||
	    (r = store_change_put(b, c)) != 0 ||
	    (r = store_frame_end(b, at, 0)) != 0)
		return r;
	return each(arg, b);
}

static int load_account(
    struct db *db, struct buf *b, each_fn *each, void *arg)
{
	const enum db_stmt s = DB_ACCOUNTS;
	struct store_account a = {.key = db_fixed(db, s, 0, WIRE_KEY),
	    .name = db_text(db, s, 1),
	    .made_s = db_number(db, s, 2)};
	const struct store_change c = {.account = &a};
	struct store_secret secret;
	uint8_t plain[SECRET];
	int r = 0;

	if (a.key == NULL)
		return db_damaged(db, "an account");
	if (sqlite3_column_type(db->stmt[s], 4) != SQLITE_NULL) {
		r = open_secret(db, s, 3, account_label, a.key, WIRE_KEY,
		    &secret, plain);
		a.password = &secret;
	}
	if (r == 0 && each != NULL)
		r = give(b, &c, each, arg);
	secret_wipe(plain, sizeof(plain));
	return r;
}

static int load_device(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	const enum db_stmt s = DB_DEVICES;
	const struct store_device d = {
	    .account = db_fixed(db, s, 0, WIRE_KEY),
	    .identity = db_fixed(db, s, 1, WIRE_ED25519),
	    .first_s = db_number(db, s, 2),
	    .last_s = db_number(db, s, 3)};
	const struct store_change c = {.device = &d};

	if (d.account == NULL || d.identity == NULL)
		return db_damaged(db, "a device");
	return each != NULL ? give(b, &c, each, arg) : 0;
}

static int load_invite(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	const enum db_stmt s = DB_INVITES;
	struct store_secret secret;
	struct store_invite v = {.id = db_text(db, s, 0),
	    .uses = (uint32_t)db_number(db, s, 1),
	    .left = (uint32_t)db_number(db, s, 2),
	    .until_s = db_number(db, s, 3),
	    .role = (enum role)((int)(db_number(db, s, 4) & 3) + ROLE_GUEST),
	    .room = (uint32_t)db_number(db, s, 5),
	    .by = db_fixed(db, s, 6, WIRE_KEY),
	    .whose = db_fixed(db, s, 7, WIRE_KEY),
	    .secret = &secret};
	const struct store_change c = {.invite = &v};
	uint8_t plain[SECRET];
	int r;

	if (strlen(v.id) != WIRE_INVITE_ID || v.left > v.uses)
		return db_damaged(db, "an invite");
	r = open_secret(db, s, 8, invite_label, v.id, WIRE_INVITE_ID, &secret,
	    plain);
	if (r == 0 && each != NULL)
		r = give(b, &c, each, arg);
	secret_wipe(plain, sizeof(plain));
	return r;
}

static int load_all(struct db *db, enum db_stmt s,
    int (*one)(struct db *db, struct buf *b, each_fn *each, void *arg),
    struct buf *b, each_fn *each, void *arg)
{
	int r;

	while ((r = db_step(db, s)) == 0)
		if ((r = one(db, b, each, arg)) != 0)
			break;
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

int db_load_people(struct db *db, each_fn *each, void *arg)
{
	struct buf b;
	int r;

	buf_init_secret(&b, STORE_FRAME_MAX + STORE_FRAME_HEAD);
	if ((r = load_all(db, DB_ACCOUNTS, load_account, &b, each, arg)) == 0 &&
	    (r = load_all(db, DB_DEVICES, load_device, &b, each, arg)) == 0)
		r = load_all(db, DB_INVITES, load_invite, &b, each, arg);
	buf_free(&b);
	return r;
}

/* db_direct.c - prekeys, queues of direct messages and blocks in the database.
 * Keys are public, and nobody on the server can open a frame: nothing is
 * sealed here. */
#include <string.h>

#include "server/store/db_int.h"

/* --- writing --------------------------------------------------------------- */

static int put_once(struct db *db, const struct store_direct *d)
{
	size_t i;
	int r;

	for (i = 0; i < d->n_once; i++) {
		db_bind_bytes(
		    db, DB_DIRECT_ONCE, 1, d->identity, WIRE_ED25519);
		db_bind_bytes(db, DB_DIRECT_ONCE, 2,
		    d->once + i * STORE_PREKEY, STORE_PREKEY);
		if ((r = db_do(db, DB_DIRECT_ONCE, NULL)) != 0)
			return r;
	}
	return 0;
}

/* One that needs the identity alone, or with a number. */
static int of_device(struct db *db, enum db_stmt s, const struct store_direct *d,
    bool number, int *changes)
{
	db_bind_bytes(db, s, 1, d->identity, WIRE_ED25519);
	if (number)
		db_bind(db, s, 2, d->number);
	return db_do(db, s, changes);
}

/* ERR_RANGE: there would be more than a device may have. */
static int fits(struct db *db, const struct store_direct *d)
{
	size_t n = d->n_once;
	int r = ERR_AGAIN;

	db_bind_bytes(db, DB_DIRECT_ONCES, 1, d->identity, WIRE_ED25519);
	while (!d->replace && (r = db_step(db, DB_DIRECT_ONCES)) == 0)
		n++;
	db_reset(db, DB_DIRECT_ONCES);
	return r != ERR_AGAIN ? r : n > WIRE_PREKEYS_KEPT ? ERR_RANGE : 0;
}

static int put_keys(struct db *db, const struct store_direct *d)
{
	const enum db_stmt s = DB_DIRECT_KEYS;
	int r = fits(db, d);

	if (r != 0)
		return r;
	db_bind_bytes(db, s, 1, d->identity, WIRE_ED25519);
	db_bind_bytes(db, s, 2, d->account, WIRE_KEY);
	db_bind_bytes(db, s, 3, d->lasting, STORE_PREKEY);
	if (d->certificate != NULL)
		db_bind_bytes(db, s, 4, d->certificate, d->certificate_len);
	else
		db_bind_null(db, s, 4);
	if ((r = db_do(db, s, NULL)) != 0 ||
	    (d->replace && (r = of_device(db, DB_DIRECT_ONCE_FORGET, d, false,
				NULL)) != 0))
		return r;
	return put_once(db, d);
}

static int given(struct db *db, const struct store_direct *d)
{
	db_bind_bytes(db, DB_DIRECT_GIVEN, 1, d->identity, WIRE_ED25519);
	db_bind_bytes(db, DB_DIRECT_GIVEN, 2, d->key, WIRE_X25519);
	return db_do(db, DB_DIRECT_GIVEN, NULL);
}

/* ERR_STATE: no such device, or the number is not new. */
static int put_frame(struct db *db, const struct store_direct *d)
{
	const enum db_stmt s = DB_DIRECT_FRAME;
	int changes, r;

	if (d->bytes == NULL)
		return ERR_RANGE;
	if ((r = of_device(db, DB_DIRECT_NUMBER, d, true, &changes)) != 0)
		return r;
	if (changes != 1)
		return ERR_STATE;
	db_bind_bytes(db, s, 1, d->identity, WIRE_ED25519);
	db_bind(db, s, 2, d->number);
	db_bind(db, s, 3, d->ts_s);
	db_bind_bytes(db, s, 4, d->account, WIRE_KEY);
	db_bind_bytes(db, s, 5, d->sender, WIRE_ED25519);
	db_bind_text(db, s, 6, d->name);
	db_bind_bytes(db, s, 7, d->bytes, d->len);
	return db_do(db, s, NULL);
}

static int forget(struct db *db, const struct store_direct *d)
{
	const struct store_direct all = {
	    .identity = d->identity, .number = INT64_MAX};
	int r;

	if ((r = of_device(db, DB_DIRECT_GONE, &all, true, NULL)) != 0 ||
	    (r = of_device(db, DB_DIRECT_ONCE_FORGET, d, false, NULL)) != 0)
		return r;
	return of_device(db, DB_DIRECT_FORGET, d, false, NULL);
}

static int block(struct db *db, enum db_stmt s, const struct store_direct *d)
{
	db_bind_bytes(db, s, 1, d->account, WIRE_KEY);
	if (s != DB_UNBLOCK_ALL)
		db_bind_bytes(db, s, 2, d->other, WIRE_KEY);
	return db_do(db, s, NULL);
}

int db_direct(struct db *db, const struct store_direct *d)
{
	switch (d->what) {
	case STORE_DIRECT_KEYS:
		return put_keys(db, d);
	case STORE_DIRECT_GIVEN:
		return given(db, d);
	case STORE_DIRECT_FRAME:
		return put_frame(db, d);
	case STORE_DIRECT_GONE:
		return of_device(db, DB_DIRECT_GONE, d, true, NULL);
	case STORE_DIRECT_FORGET:
		return forget(db, d);
	case STORE_DIRECT_BLOCK:
		return block(db, DB_BLOCK, d);
	case STORE_DIRECT_UNBLOCK:
		return block(db, DB_UNBLOCK, d);
	default:
		return block(db, DB_UNBLOCK_ALL, d);
	}
}

/* --- reading ---------------------------------------------------------------- */

typedef int each_fn(void *arg, const struct buf *frame);

/* Appends the frame of one part. */
static int add(struct buf *b, const struct store_direct *d)
{
	size_t at;
	int r;

	if ((r = store_frame_begin(b, STORE_KEPT_DIRECT, &at)) != 0 ||
	    (r = store_direct_put(b, d)) != 0)
		return r;
	return store_frame_end(b, at, 0);
}

static int give(
    struct buf *b, const struct store_direct *d, each_fn *each, void *arg)
{
	int r;

	if (each == NULL)
		return 0;
	buf_clear(b);
	r = add(b, d);
	return r != 0 ? r : each(arg, b);
}

static int onces(struct db *db, const struct store_direct *d, struct buf *out)
{
	const uint8_t *key;
	int r;

	db_bind_bytes(db, DB_DIRECT_ONCES, 1, d->identity, WIRE_ED25519);
	while ((r = db_step(db, DB_DIRECT_ONCES)) == 0) {
		key = db_fixed(db, DB_DIRECT_ONCES, 0, STORE_PREKEY);
		r = key != NULL ? buf_put(out, key, STORE_PREKEY)
				: db_damaged(db, "a prekey");
		if (r != 0)
			break;
	}
	db_reset(db, DB_DIRECT_ONCES);
	return r == ERR_AGAIN ? 0 : r;
}

static int device(struct db *db, struct buf *b, struct buf *once,
    each_fn *each, void *arg)
{
	const enum db_stmt s = DB_DIRECT_DEVICES;
	struct store_direct d = {.what = STORE_DIRECT_KEYS,
	    .identity = db_fixed(db, s, 0, WIRE_ED25519),
	    .account = db_fixed(db, s, 1, WIRE_KEY),
	    .number = db_number(db, s, 2),
	    .lasting = db_fixed(db, s, 3, STORE_PREKEY)};
	int r;

	d.certificate = db_bytes(db, s, 4, &d.certificate_len);
	if (d.identity == NULL || d.account == NULL || d.lasting == NULL)
		return db_damaged(db, "the prekeys of a device");
	buf_clear(once);
	if ((r = onces(db, &d, once)) != 0)
		return r == ERR_LIMIT ? db_damaged(db, "too many prekeys") : r;
	d.once = once->p;
	d.n_once = once->len / STORE_PREKEY;
	return give(b, &d, each, arg);
}

static int load_devices(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	struct buf once;
	int r;

	buf_init(&once, WIRE_PREKEYS_KEPT * STORE_PREKEY);
	while ((r = db_step(db, DB_DIRECT_DEVICES)) == 0)
		if ((r = device(db, b, &once, each, arg)) != 0)
			break;
	db_reset(db, DB_DIRECT_DEVICES);
	buf_free(&once);
	return r == ERR_AGAIN ? 0 : r;
}

/* A row of a queue; its bytes are apart. */
static int queued(struct db *db, enum db_stmt s, struct store_direct *d)
{
	*d = (struct store_direct){.what = STORE_DIRECT_FRAME,
	    .identity = db_fixed(db, s, 0, WIRE_ED25519),
	    .number = db_number(db, s, 1),
	    .ts_s = db_number(db, s, 2),
	    .account = db_fixed(db, s, 3, WIRE_KEY),
	    .sender = db_fixed(db, s, 4, WIRE_ED25519),
	    .name = db_text(db, s, 5),
	    .len = (size_t)db_number(db, s, 6)};
	return d->identity != NULL && d->account != NULL && d->sender != NULL
		   ? 0
		   : db_damaged(db, "a direct message");
}

static int load_heads(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	struct store_direct d;
	int r;

	while ((r = db_step(db, DB_DIRECT_HEADS)) == 0)
		if ((r = queued(db, DB_DIRECT_HEADS, &d)) != 0 ||
		    (r = give(b, &d, each, arg)) != 0)
			break;
	db_reset(db, DB_DIRECT_HEADS);
	return r == ERR_AGAIN ? 0 : r;
}

static int load_blocks(struct db *db, struct buf *b, each_fn *each, void *arg)
{
	const enum db_stmt s = DB_BLOCKS;
	struct store_direct d = {.what = STORE_DIRECT_BLOCK};
	int r;

	while ((r = db_step(db, s)) == 0) {
		d.account = db_fixed(db, s, 0, WIRE_KEY);
		d.other = db_fixed(db, s, 1, WIRE_KEY);
		r = d.account != NULL && d.other != NULL
			? give(b, &d, each, arg)
			: db_damaged(db, "a block");
		if (r != 0)
			break;
	}
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

int db_load_direct(struct db *db, each_fn *each, void *arg)
{
	struct buf b;
	int r;

	buf_init(&b, STORE_FRAME_MAX + STORE_FRAME_HEAD);
	if ((r = load_devices(db, &b, each, arg)) == 0 &&
	    (r = load_heads(db, &b, each, arg)) == 0)
		r = load_blocks(db, &b, each, arg);
	buf_free(&b);
	return r;
}

int db_read_direct(
    struct db *db, const struct store_question *q, struct buf *out)
{
	const enum db_stmt s = DB_DIRECT_FRAMES;
	const size_t start = out->len;
	struct store_direct d;
	size_t n;
	int r;

	db_bind_bytes(db, s, 1, q->device, WIRE_ED25519);
	db_bind(db, s, 2, q->first);
	db_bind(db, s, 3, q->count);
	while ((r = db_step(db, s)) == 0) {
		if ((r = queued(db, s, &d)) != 0)
			break;
		d.bytes = db_bytes(db, s, 7, &n);
		if (d.bytes == NULL || n != d.len) {
			r = db_damaged(db, "a direct message");
			break;
		}
		if (out->len > start && out->len - start + n > q->bytes)
			break;
		if ((r = add(out, &d)) != 0)
			break;
	}
	db_reset(db, s);
	return r == ERR_AGAIN ? 0 : r;
}

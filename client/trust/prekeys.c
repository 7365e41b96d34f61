/* prekeys.c - reads and writes the user's own prekeys. */
#include "client/trust/prekeys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/trust/direct_ids.h"
#include "client/trust/sealed_file.h"
#include "shared/base/secret.h"
#include "shared/os/clock.h"
#include "shared/os/file.h"

static const struct sealed_file_kind kind = {"conclave prekeys 1\n",
    "conclave/1 prekeys file",
    "without it no direct message that waits for you can be opened. Put it "
    "back from a copy, or remove it to begin anew"};

enum {
	ROW = 1 + 8 + 8 + 2 * WIRE_X25519,
	TEXT_MAX = PREKEYS_MAX * ROW,
	KEY_PREFIX = 16,
};

struct prekeys {
	char *path;
	int lock; /* -1: none */
	struct crypto *crypto;
	struct sealed_file *file;
	struct prekey_pair *pair; /* PREKEYS_MAX, secure; the oldest first */
	size_t n;
	struct direct_ids *ids;
	bool failed, forgotten;
	bool failing; /* and nothing was written since */
	struct errmsg why;
};

/* --- the list -------------------------------------------------------------- */

static struct prekey_pair *find(
    const struct prekeys *p, const uint8_t key[WIRE_X25519])
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (memcmp(p->pair[i].key, key, WIRE_X25519) == 0)
			return &p->pair[i];
	return NULL;
}

static void drop(struct prekeys *p, struct prekey_pair *at)
{
	size_t i = (size_t)(at - p->pair);

	p->n--;
	memmove(at, at + 1, (p->n - i) * sizeof(*at));
	secret_wipe(&p->pair[p->n], sizeof(*at));
}

/* Past PREKEYS_MAX the oldest one for one message goes, then the oldest. */
static void put(struct prekeys *p, const struct prekey_pair *pair)
{
	struct prekey_pair *at = find(p, pair->key);
	size_t i;

	if (at == NULL && p->n == PREKEYS_MAX) {
		for (i = 0; i < p->n && !p->pair[i].once; i++)
			;
		drop(p, &p->pair[i < p->n ? i : 0]);
	}
	if (at == NULL)
		at = &p->pair[p->n++];
	*at = *pair;
}

static bool kept(void *arg, const uint8_t *key16)
{
	const struct prekeys *p = arg;
	size_t i;

	for (i = 0; i < p->n; i++)
		if (memcmp(p->pair[i].key, key16, KEY_PREFIX) == 0)
			return true;
	return false;
}

/* --- reading --------------------------------------------------------------- */

static int row(struct prekeys *p, struct rd *in)
{
	const uint8_t *key, *private_key;
	struct prekey_pair pair;
	uint8_t once;
	int r;

	if ((r = rd_u8(in, &once)) != 0 || (r = rd_u64(in, &pair.made_s)) != 0 ||
	    (r = rd_u64(in, &pair.ends_s)) != 0 ||
	    (r = rd_bytes(in, &key, WIRE_X25519)) != 0 ||
	    (r = rd_bytes(in, &private_key, WIRE_X25519)) != 0)
		return r;
	pair.once = once != 0;
	memcpy(pair.key, key, WIRE_X25519);
	memcpy(pair.private_key, private_key, WIRE_X25519);
	put(p, &pair);
	secret_wipe(&pair, sizeof(pair));
	return 0;
}

static int load(struct prekeys *p, struct errmsg *why)
{
	struct buf text;
	struct rd in;
	int r;

	buf_init_secret(&text, TEXT_MAX);
	r = sealed_file_read(p->file, p->path, &text, NULL, why);
	if (r == 0 && text.len % ROW != 0)
		r = sealed_file_damaged(p->file, p->path, why);
	in = (struct rd){text.p, text.len};
	while (r == 0 && in.left > 0)
		r = row(p, &in);
	buf_free(&text);
	return r;
}

/* --- writing --------------------------------------------------------------- */

static int save(struct prekeys *p)
{
	struct buf text;
	size_t i;
	int r = 0;

	buf_init_secret(&text, TEXT_MAX);
	for (i = 0; r == 0 && i < p->n; i++)
		if ((r = buf_u8(&text, p->pair[i].once)) == 0 &&
		    (r = buf_u64(&text, p->pair[i].made_s)) == 0 &&
		    (r = buf_u64(&text, p->pair[i].ends_s)) == 0 &&
		    (r = buf_put(&text, p->pair[i].key, WIRE_X25519)) == 0)
			r = buf_put(
			    &text, p->pair[i].private_key, WIRE_X25519);
	if (r != 0)
		(void)errmsg_set(&p->why, r, "%s: %s", p->path, err_str(r));
	else
		r = sealed_file_write(p->file, p->path, &text, &p->why);
	buf_free(&text);
	return r;
}

/* --- for the session ------------------------------------------------------- */

static const struct prekey_pair *pair_at(void *arg, size_t i)
{
	const struct prekeys *p = arg;

	return i < p->n ? &p->pair[i] : NULL;
}

static bool seen(
    void *arg, const uint8_t from[WIRE_HASH], const uint8_t id[WIRE_ID])
{
	return direct_ids_has(((struct prekeys *)arg)->ids, from, id);
}

/* The key as long as which a message is remembered: the one that opened it, or if
 * that opens only one, the newest that opens more. */
static const struct prekey_pair *lasting(
    const struct prekeys *p, const uint8_t key[WIRE_X25519])
{
	const struct prekey_pair *at = find(p, key);
	size_t i;

	for (i = p->n; (at == NULL || at->once) && i > 0; i--)
		if (!p->pair[i - 1].once)
			at = &p->pair[i - 1];
	return at;
}

/* No more ids fit: keys that were replaced go, with the ids of what they opened,
 * and if that is not enough the one in use. What is still on its way for them is
 * lost; that takes DIRECT_IDS_MAX messages within some weeks. */
static int make_room(struct prekeys *p, size_t n)
{
	bool all;
	size_t i;
	int r = 0, pass;

	for (pass = 0; r == 0 && pass < 2; pass++) {
		all = pass == 1;
		for (i = p->n; i > 0; i--)
			if (!p->pair[i - 1].once &&
			    (all || p->pair[i - 1].ends_s != 0))
				drop(p, &p->pair[i - 1]);
		r = direct_ids_prune(p->ids);
		if (n <= DIRECT_IDS_MAX - direct_ids_count(p->ids))
			break;
	}
	if (r == 0)
		r = save(p);
	return r;
}

static int remember(struct prekeys *p, const struct direct_change *c)
{
	const struct prekey_pair *key;
	struct direct_seen *rows;
	size_t i;
	int r;

	if (c->n_seen == 0)
		return 0;
	if ((rows = calloc(c->n_seen, sizeof(*rows))) == NULL)
		return errmsg_set(&p->why, ERR_NOMEM, "out of memory");
	memcpy(rows, c->seen, c->n_seen * sizeof(*rows));
	for (i = 0; i < c->n_seen; i++)
		if ((key = lasting(p, rows[i].key)) != NULL)
			memcpy(rows[i].key, key->key, WIRE_X25519);
	r = direct_ids_add(p->ids, rows, c->n_seen, &p->why);
	if (r == ERR_LIMIT && (r = make_room(p, c->n_seen)) == 0)
		r = direct_ids_add(p->ids, rows, c->n_seen, &p->why);
	free(rows);
	return r;
}

static int change(void *arg, const struct direct_change *c)
{
	struct prekeys *p = arg;
	struct prekey_pair *at;
	bool keys = c->n_add > 0;
	size_t i;
	int r;

	if (p->forgotten)
		return ERR_STATE;
	if ((r = remember(p, c)) == 0) {
		for (i = 0; i < c->n_add; i++)
			put(p, &c->add[i]);
		for (i = 0; i < c->n_erase; i++)
			if ((at = find(p, c->erase[i])) != NULL) {
				drop(p, at);
				keys = true;
			}
		if (keys)
			r = save(p);
	}
	/* It is tried again and again. */
	p->failed = p->failed || (r != 0 && !p->failing);
	if (r != 0 || keys || c->n_seen > 0)
		p->failing = r != 0;
	return r;
}

static uint64_t now_s(void *arg)
{
	(void)arg;
	return clock_real_ms() / 1000;
}

void prekeys_forget(struct prekeys *p)
{
	static const char *const files[] = {"", ".seen", ".lock"};
	char *path;
	size_t i;

	if (p == NULL)
		return;
	p->forgotten = true;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (asprintf(&path, "%s%s", p->path, files[i]) >= 0) {
			(void)unlink(path);
			free(path);
		}
}

struct direct_ops prekeys_ops(struct prekeys *p)
{
	if (p == NULL)
		return (struct direct_ops){NULL, NULL, NULL, NULL, NULL};
	return (struct direct_ops){pair_at, seen, change, now_s, p};
}

bool prekeys_failed(struct prekeys *p, struct errmsg *why)
{
	const bool failed = p != NULL && p->failed;

	if (failed) {
		*why = p->why;
		p->failed = false;
	}
	return failed;
}

/* --- opening --------------------------------------------------------------- */

static int lock(struct prekeys *p, struct errmsg *why)
{
	char *path;
	int r;

	if (asprintf(&path, "%s.lock", p->path) < 0)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	p->lock = open(
	    path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = p->lock >= 0 ? file_lock(p->lock, false) : ERR_IO;
	if (r == ERR_AGAIN)
		r = 0;
	if (r == ERR_STATE)
		(void)errmsg_set(why, r,
		    "another conclave that runs with your identity has your "
		    "direct messages");
	else if (r != 0)
		(void)errmsg_errno(why, r, errno, "cannot lock %s", path);
	free(path);
	return r;
}

static int open_ids(struct prekeys *p, struct errmsg *why)
{
	struct direct_ids_opts o = {
	    .crypto = p->crypto, .kept = kept, .arg = p};
	char *path;
	int r;

	if (asprintf(&path, "%s.seen", p->path) < 0)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	o.path = path;
	r = direct_ids_open(&p->ids, &o, why);
	free(path);
	return r;
}

int prekeys_open(struct prekeys **out, const char *path,
    const struct identity *identity, struct errmsg *why)
{
	struct prekeys *p = calloc(1, sizeof(*p));
	int r;

	*out = NULL;
	if (p == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	p->lock = -1;
	p->path = strdup(path);
	p->crypto = crypto_new();
	p->pair = secret_alloc(PREKEYS_MAX * sizeof(*p->pair));
	r = p->path == NULL || p->crypto == NULL || p->pair == NULL
		? ERR_NOMEM
		: sealed_file_new(&p->file, &kind, identity);
	if (r != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	if (r != 0 || (r = lock(p, why)) != 0 || (r = load(p, why)) != 0 ||
	    (r = open_ids(p, why)) != 0)
		prekeys_free(p);
	else
		*out = p;
	return r;
}

void prekeys_free(struct prekeys *p)
{
	if (p == NULL)
		return;
	direct_ids_free(p->ids);
	secret_free(p->pair, PREKEYS_MAX * sizeof(*p->pair));
	sealed_file_free(p->file);
	crypto_free(p->crypto);
	if (p->lock >= 0)
		close(p->lock);
	free(p->path);
	free(p);
}

/* accounts.c - the tables of accounts, devices and invites, and what is looked up
 * in them. */
#include "server/room/accounts_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

/* --- records of passwords ------------------------------------------------- */

struct account_record *account_record_new(
    const struct kdf *kdf, const struct store_secret *s)
{
	struct account_record *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	atomic_init(&r->refs, 1);
	r->kdf = *kdf;
	memcpy(r->salt, s->salt, sizeof(r->salt));
	memcpy(r->w0, s->w0, sizeof(r->w0));
	memcpy(r->l, s->l, sizeof(r->l));
	return r;
}

void account_record_unref(struct account_record *r)
{
	if (r == NULL || atomic_fetch_sub(&r->refs, 1) > 1)
		return;
	secret_wipe(r, sizeof(*r));
	free(r);
}

struct store_secret account_record_stored(const struct account_record *r)
{
	return (struct store_secret){r->salt, r->w0, r->l};
}

const struct kdf *account_record_kdf(const struct account_record *r)
{
	return &r->kdf;
}

void account_record_salt(
    const struct account_record *r, uint8_t out[WIRE_NONCE])
{
	memcpy(out, r->salt, WIRE_NONCE);
}

struct pake_record *account_record_open(const struct account_record *r)
{
	return pake_record_from_l(r->w0, r->l);
}

/* A record of random bytes, which no password opens. */
static struct account_record *record_of_nobody(
    const struct rng *rng, const struct kdf *kdf)
{
	uint8_t random[PAKE_STRETCHED], w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	static const uint8_t salt[WIRE_NONCE];
	struct account_record *r = NULL;
	struct pake_record *p = NULL;
	struct store_secret s = {salt, w0, NULL};

	if (rng->fill(rng->arg, random, sizeof(random)) == 0 &&
	    pake_scalars(w0, w1, random) == 0 &&
	    (p = pake_record_new(w0, w1)) != NULL) {
		s.l = pake_record_l(p);
		r = account_record_new(kdf, &s);
	}
	pake_record_free(p);
	secret_wipe(random, sizeof(random));
	secret_wipe(w0, sizeof(w0));
	secret_wipe(w1, sizeof(w1));
	return r;
}

/* --- the tables ----------------------------------------------------------- */

/* FNV-1a from a random seed. */
static size_t hash_of(const struct accounts *t, const uint8_t *p, size_t n)
{
	uint32_t h = t->seed;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619;
	return (h ^ h >> 15) % ACCOUNT_BUCKETS;
}

static struct account_list *name_bucket(struct accounts *t, const char *name)
{
	uint8_t lower[WIRE_NAME_MAX];
	size_t n = 0;

	for (; n < sizeof(lower) && name[n] != '\0'; n++)
		lower[n] = (uint8_t)text_lower(name[n]);
	return &t->by_name[hash_of(t, lower, n)];
}

/* Doesn't stop at the one it finds, like invite_find: strangers ask here with
 * each login, and the time must not tell whether it is there. */
struct account *account_named(struct accounts *t, const char *name)
{
	struct account *a, *found = NULL;

	LIST_FOREACH(a, name_bucket(t, name), by_name)
	if (text_same_name(a->name, name))
		found = a;
	return found;
}

struct account *account_of(struct accounts *t, const uint8_t key[WIRE_KEY])
{
	struct account *a;

	LIST_FOREACH(a, &t->by_key[hash_of(t, key, WIRE_KEY)], by_key)
	if (memcmp(a->key, key, WIRE_KEY) == 0)
		return a;
	return NULL;
}

struct device *account_device(
    const struct account *a, const uint8_t identity[WIRE_ED25519])
{
	struct device *d;

	LIST_FOREACH(d, &a->devices, of_account)
	if (memcmp(d->identity, identity, WIRE_ED25519) == 0)
		return d;
	return NULL;
}

struct device_list *account_devices_of(
    struct accounts *t, const uint8_t identity[WIRE_ED25519])
{
	return &t->by_identity[hash_of(t, identity, WIRE_ED25519)];
}

struct account *account_add(struct accounts *t, const uint8_t key[WIRE_KEY],
    const char *name, uint64_t made_s)
{
	struct account *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	memcpy(a->name, name, strnlen(name, WIRE_NAME_MAX));
	memcpy(a->key, key, WIRE_KEY);
	a->made_s = made_s;
	LIST_INSERT_HEAD(name_bucket(t, a->name), a, by_name);
	LIST_INSERT_HEAD(&t->by_key[hash_of(t, key, WIRE_KEY)], a, by_key);
	t->n++;
	return a;
}

struct device *device_add(struct accounts *t, struct account *a,
    const uint8_t identity[WIRE_ED25519])
{
	struct device *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->account = a;
	memcpy(d->identity, identity, WIRE_ED25519);
	LIST_INSERT_HEAD(&a->devices, d, of_account);
	LIST_INSERT_HEAD(&t->by_identity[hash_of(t, identity, WIRE_ED25519)], d,
	    by_identity);
	a->n_devices++;
	return d;
}

void device_drop(struct device *d)
{
	LIST_REMOVE(d, of_account);
	LIST_REMOVE(d, by_identity);
	d->account->n_devices--;
	free(d);
}

void account_drop(struct accounts *t, struct account *a)
{
	while (!LIST_EMPTY(&a->devices))
		device_drop(LIST_FIRST(&a->devices));
	LIST_REMOVE(a, by_name);
	LIST_REMOVE(a, by_key);
	account_record_unref(a->password);
	t->n--;
	free(a);
}

struct invite *invite_find(struct accounts *t, const char *id)
{
	struct invite *v, *found = NULL;

	TAILQ_FOREACH(v, &t->invites, all)
	if (strcmp(v->id, id) == 0)
		found = v;
	return found;
}

void invite_insert(struct accounts *t, struct invite *v)
{
	struct invite *at;

	TAILQ_FOREACH(at, &t->invites, all)
	if (strcmp(at->id, v->id) > 0)
		break;
	if (at == NULL)
		TAILQ_INSERT_TAIL(&t->invites, v, all);
	else
		TAILQ_INSERT_BEFORE(at, v, all);
	t->n_invites++;
}

void invite_drop(struct accounts *t, struct invite *v)
{
	TAILQ_REMOVE(&t->invites, v, all);
	t->n_invites--;
	account_record_unref(v->secret);
	free(v);
}

bool invite_over(const struct invite *v, uint64_t now_s)
{
	return v->left == 0 || (v->until_s != 0 && v->until_s <= now_s);
}

int accounts_put(
    struct accounts *t, const struct store_change *c, uint64_t *ticket)
{
	*ticket = 0;
	return t->store == NULL ? 0 : store_put_change(t->store, c, ticket);
}

/* --- beginning and end ---------------------------------------------------- */

/* The key has another use too. */
static int derive(uint8_t out[WIRE_KEY], const uint8_t key[WIRE_KEY])
{
	static const char label[] = "conclave unknown names";
	const struct part part = {label, sizeof(label)};
	struct crypto *c = crypto_new();
	int r = c == NULL ? ERR_CRYPTO
			  : crypto_hmac(c, out, key, WIRE_KEY, &part, 1);

	crypto_free(c);
	return r;
}

struct accounts *accounts_new(const struct rng *rng,
    const uint8_t key[WIRE_KEY], struct standing *standing)
{
	struct accounts *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	TAILQ_INIT(&t->invites);
	if (pthread_mutex_init(&t->lock, NULL) != 0) {
		free(t);
		return NULL;
	}
	t->rng = *rng;
	t->standing = standing;
	t->nobody = record_of_nobody(rng, &account_kdf_own);
	t->no_invite = record_of_nobody(rng, &account_kdf_invite);
	t->secret = secret_alloc(WIRE_KEY);
	t->stock = invite_stock_new(invite_make, account_record_unref, t);
	t->directs = directs_new();
	if (t->nobody == NULL || t->no_invite == NULL || t->secret == NULL ||
	    t->stock == NULL || t->directs == NULL ||
	    rng->fill(rng->arg, &t->seed, sizeof(t->seed)) != 0) {
		accounts_free(t);
		return NULL;
	}
	if (derive(t->secret, key) != 0) {
		accounts_free(t);
		return NULL;
	}
	return t;
}

void accounts_free(struct accounts *t)
{
	struct account *a;
	size_t i;

	if (t == NULL)
		return;
	invite_stock_free(t->stock);
	directs_free(t->directs);
	for (i = 0; i < ACCOUNT_BUCKETS; i++)
		while ((a = LIST_FIRST(&t->by_name[i])) != NULL)
			account_drop(t, a);
	while (!TAILQ_EMPTY(&t->invites))
		invite_drop(t, TAILQ_FIRST(&t->invites));
	for (i = 0; i < t->n_counted; i++)
		while (t->counted[i]->n > 1)
			tally_drop(t->counted[i]);
	for (i = 0; i < t->n_counted; i++)
		tally_drop(t->counted[i]);
	account_record_unref(t->nobody);
	account_record_unref(t->no_invite);
	secret_free(t->secret, WIRE_KEY);
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

void accounts_start(struct accounts *t)
{
	invite_stock_start(t->stock);
}

void accounts_stop(struct accounts *t)
{
	if (t != NULL)
		invite_stock_stop(t->stock);
}

void accounts_limit(struct accounts *t, const struct accounts_limits *l)
{
	accounts_lock(t);
	t->limits = *l;
	accounts_unlock(t);
}

size_t accounts_count(struct accounts *t)
{
	size_t n;

	accounts_lock(t);
	n = t->n;
	accounts_unlock(t);
	return n;
}

struct directs *accounts_directs(struct accounts *t)
{
	return t->directs;
}

static bool is_device(void *arg, const uint8_t identity[WIRE_ED25519],
    const uint8_t account[WIRE_KEY])
{
	const struct account *a = account_of(arg, account);

	return a != NULL && account_device(a, identity) != NULL;
}

void accounts_keep(struct accounts *t, struct store *s)
{
	accounts_lock(t);
	t->store = s;
	directs_keep(t->directs, s);
	directs_filter(t->directs, is_device, t);
	accounts_unlock(t);
}

/* --- what was stored ------------------------------------------------------ */

static int restore_account(struct accounts *t, const struct store_account *s)
{
	struct account *a;

	if (account_named(t, s->name) != NULL || account_of(t, s->key) != NULL)
		return ERR_LIMIT;
	if ((a = account_add(t, s->key, s->name, s->made_s)) == NULL)
		return ERR_NOMEM;
	if (s->password == NULL)
		return 0;
	a->password = account_record_new(&account_kdf_own, s->password);
	return a->password != NULL ? 0 : ERR_NOMEM;
}

static int restore_device(struct accounts *t, const struct store_device *s)
{
	struct account *a = account_of(t, s->account);
	struct device *d;

	if (a == NULL || a->n_devices >= WIRE_DEVICES)
		return ERR_LIMIT;
	if ((d = device_add(t, a, s->identity)) == NULL)
		return ERR_NOMEM;
	d->first_s = s->first_s;
	d->last_s = d->put_s = s->last_s;
	return 0;
}

static int restore_invite(struct accounts *t, const struct store_invite *s)
{
	struct invite *v;

	if (t->n_invites >= ACCOUNTS_INVITES || invite_find(t, s->id) != NULL)
		return ERR_LIMIT;
	if ((v = calloc(1, sizeof(*v))) == NULL)
		return ERR_NOMEM;
	memcpy(v->id, s->id, WIRE_INVITE_ID);
	v->uses = s->uses;
	v->left = s->left;
	v->room = s->room;
	v->until_s = s->until_s;
	v->role = s->role;
	if ((v->has_by = s->by != NULL))
		memcpy(v->by, s->by, WIRE_KEY);
	if ((v->has_whose = s->whose != NULL))
		memcpy(v->whose, s->whose, WIRE_KEY);
	if ((v->secret = account_record_new(&account_kdf_invite, s->secret)) == NULL) {
		free(v);
		return ERR_NOMEM;
	}
	invite_insert(t, v);
	return 0;
}

int accounts_restore(struct accounts *t, const struct store_change *c)
{
	int r = ERR_LIMIT;

	accounts_lock(t);
	if (c->account != NULL)
		r = restore_account(t, c->account);
	else if (c->device != NULL)
		r = restore_device(t, c->device);
	else if (c->invite != NULL)
		r = restore_invite(t, c->invite);
	accounts_unlock(t);
	return r;
}

/* --- passwords ------------------------------------------------------------ */

/* The record that this word opens, or the one of nobody. Locked. */
static struct account_record *record_find(
    struct accounts *t, const char *word, uint64_t now_s)
{
	struct account_record *r = NULL;
	const struct account *a;
	const struct invite *v;

	if (word[0] == '+') {
		v = invite_find(t, word + 1);
		if (v != NULL && !invite_over(v, now_s))
			r = v->secret;
		return r != NULL ? r : t->no_invite;
	}
	if ((a = account_named(t, word)) != NULL)
		r = a->password;
	return r != NULL ? r : t->nobody;
}

int accounts_salt(struct accounts *t, struct crypto *c, const char *word,
    uint8_t out[WIRE_HASH])
{
	const struct part part = {word, strlen(word)};

	return crypto_hmac(c, out, t->secret, WIRE_KEY, &part, 1);
}

/* A word that lets nobody in gets a salt of its own, which lasts. It is made for
 * the others too, so that the time tells nothing. */
int accounts_record(struct accounts *t, struct crypto *c, const char *word,
    uint64_t now_s, struct account_record **out)
{
	struct account_record *found, *r = calloc(1, sizeof(*r));
	uint8_t salt[WIRE_HASH];
	bool known;
	int err;

	*out = NULL;
	if (r == NULL)
		return ERR_NOMEM;
	if ((err = accounts_salt(t, c, word, salt)) != 0) {
		free(r);
		return err;
	}
	accounts_lock(t);
	found = record_find(t, word, now_s);
	known = found != t->nobody && found != t->no_invite;
	r->kdf = found->kdf;
	memcpy(r->w0, found->w0, sizeof(r->w0));
	memcpy(r->l, found->l, sizeof(r->l));
	memcpy(r->salt, known ? found->salt : salt, WIRE_NONCE);
	accounts_unlock(t);
	atomic_init(&r->refs, 1);
	*out = r;
	return 0;
}

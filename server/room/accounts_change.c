/* accounts_change.c - changes passwords, devices and invites. */
#include <stdlib.h>
#include <string.h>

#include "server/room/accounts_int.h"
#include "shared/base/oom.h"
#include "shared/base/secret.h"
#include "shared/wire/b64.h"

/* --- passwords and devices ------------------------------------------------ */

static int put_password(struct accounts *t, const struct account *a,
    const struct account_record *r, uint64_t *ticket)
{
	struct store_account s = {
	    .key = a->key, .name = a->name, .made_s = a->made_s};
	const struct store_change c = {.account = &s};
	struct store_secret secret;

	if (r != NULL) {
		secret = account_record_stored(r);
		s.password = &secret;
	}
	return accounts_put(t, &c, ticket);
}

/* Whether an exchange can be made with it. */
static int check_record(const struct account_record *r)
{
	struct pake_record *p;

	oom_forget();
	p = account_record_open(r);
	pake_record_free(p);
	return p != NULL ? 0 : oom_seen() ? ERR_NOMEM : ERR_SHARE;
}

int accounts_password(struct accounts *t, const uint8_t key[WIRE_KEY],
    const struct account_password *p, uint64_t *ticket)
{
	const struct store_secret s = {p->salt, p->w0, p->l};
	struct account_record *r = NULL;
	struct account *a;
	int err = 0;

	if (!p->none && (r = account_record_new(&account_kdf_own, &s)) == NULL)
		return ERR_NOMEM;
	if (r != NULL && (err = check_record(r)) != 0) {
		account_record_unref(r);
		return err;
	}
	accounts_lock(t);
	if ((a = account_of(t, key)) == NULL)
		err = ERR_STATE;
	else if ((err = put_password(t, a, r, ticket)) == 0) {
		account_record_unref(a->password);
		a->password = r;
		r = NULL;
	}
	accounts_unlock(t);
	account_record_unref(r);
	return err;
}

void accounts_told(struct accounts *t, const uint8_t key[WIRE_KEY],
    const uint8_t identity[WIRE_ED25519], uint64_t now_s)
{
	const struct account *a;
	struct device *d = NULL;
	struct store_device s = {.account = key, .identity = identity};
	const struct store_change c = {.device = &s};
	uint64_t ticket;

	accounts_lock(t);
	if ((a = account_of(t, key)) != NULL &&
	    (d = account_device(a, identity)) != NULL) {
		s.first_s = d->first_s;
		s.last_s = d->last_s = now_s;
		/* If it cannot be put, it is told once more. */
		if (accounts_put(t, &c, &ticket) == 0)
			d->put_s = now_s;
	}
	accounts_unlock(t);
}

int accounts_forget_device(struct accounts *t, const uint8_t key[WIRE_KEY],
    const uint8_t identity[WIRE_ED25519], uint64_t *ticket)
{
	const struct store_device gone = {.account = key, .identity = identity};
	const struct store_change c = {.gone_device = &gone};
	const struct account *a;
	struct device *d;
	int err;

	accounts_lock(t);
	a = account_of(t, key);
	d = a != NULL ? account_device(a, identity) : NULL;
	if (d == NULL)
		err = ERR_STATE;
	else if ((err = accounts_put(t, &c, ticket)) == 0) {
		directs_forget_device(t->directs, identity, key);
		device_drop(d);
	}
	accounts_unlock(t);
	return err;
}

int accounts_forget(
    struct accounts *t, const uint8_t key[WIRE_KEY], uint64_t *ticket)
{
	const struct store_change c = {.gone_account = key};
	struct invite *v, *next;
	struct account *a;
	int err;

	accounts_lock(t);
	if ((a = account_of(t, key)) == NULL)
		err = ERR_STATE;
	else if ((err = accounts_put(t, &c, ticket)) == 0) {
		for (v = TAILQ_FIRST(&t->invites); v != NULL; v = next) {
			next = TAILQ_NEXT(v, all);
			if (v->has_whose &&
			    memcmp(v->whose, key, WIRE_KEY) == 0)
				invite_drop(t, v);
		}
		directs_forget(t->directs, key);
		account_drop(t, a);
	}
	accounts_unlock(t);
	return err;
}

/* --- invites -------------------------------------------------------------- */

/* Letters and a word for the user; base64url without padding. */
static int make_words(const struct rng *rng, struct invite_made *v)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t random[WIRE_INVITE_ID + 16];
	char text[B64_LEN(16) + 1];
	size_t i;
	int r = rng->fill(rng->arg, random, sizeof(random));

	if (r != 0)
		return r;
	for (i = 0; i < WIRE_INVITE_ID; i++)
		v->id[i] = letters[random[i] % 32];
	v->id[i] = '\0';
	b64_encode(text, random + WIRE_INVITE_ID, 16);
	for (i = 0; i < WIRE_INVITE_SECRET; i++)
		v->secret[i] = text[i] == '+'	? '-'
			       : text[i] == '/' ? '_'
						: text[i];
	v->secret[i] = '\0';
	secret_wipe(random, sizeof(random));
	secret_wipe(text, sizeof(text));
	return 0;
}

/* Stretches the secret under its id; some 30 ms, with n = 2^14. */
static struct account_record *record_of_secret(
    struct accounts *t, const struct invite_made *v)
{
	uint8_t stretched[PAKE_STRETCHED], w0[PAKE_SCALAR], w1[PAKE_SCALAR];
	uint8_t salt[WIRE_HASH];
	struct store_secret s = {salt, w0, NULL};
	struct crypto *c = crypto_new();
	struct account_record *r = NULL;
	struct pake_record *p = NULL;
	char word[WIRE_INVITE_ID + 2] = "+";

	memcpy(word + 1, v->id, sizeof(v->id));
	if (c != NULL && accounts_salt(t, c, word, salt) == 0 &&
	    pake_stretch(stretched, v->secret, WIRE_INVITE_SECRET, word,
		WIRE_PROTOCOL, salt, &account_kdf_invite) == 0 &&
	    pake_scalars(w0, w1, stretched) == 0 &&
	    (p = pake_record_new(w0, w1)) != NULL) {
		s.l = pake_record_l(p);
		r = account_record_new(&account_kdf_invite, &s);
	}
	pake_record_free(p);
	crypto_free(c);
	secret_wipe(stretched, sizeof(stretched));
	secret_wipe(w0, sizeof(w0));
	secret_wipe(w1, sizeof(w1));
	return r;
}

int invite_make(void *arg, struct invite_made *v)
{
	struct accounts *t = arg;
	int r = make_words(&t->rng, v);

	if (r == 0 && (v->record = record_of_secret(t, v)) == NULL)
		r = ERR_NOMEM;
	if (r != 0)
		secret_wipe(v, sizeof(*v));
	return r;
}

/* Drops those that are over; the store forgets them as well. */
static void sweep(struct accounts *t, uint64_t now_s)
{
	struct store_change c = {0};
	struct invite *v, *next;
	uint64_t ticket;

	for (v = TAILQ_FIRST(&t->invites); v != NULL; v = next) {
		next = TAILQ_NEXT(v, all);
		c.gone_invite = v->id;
		if (invite_over(v, now_s) && accounts_put(t, &c, &ticket) == 0)
			invite_drop(t, v);
	}
}

static int put_invite(
    struct accounts *t, const struct invite *v, uint64_t *ticket)
{
	const struct store_secret secret = account_record_stored(v->secret);
	const struct store_invite s = {.id = v->id,
	    .uses = v->uses,
	    .left = v->left,
	    .until_s = v->until_s,
	    .role = v->role,
	    .room = v->room,
	    .by = v->has_by ? v->by : NULL,
	    .whose = v->has_whose ? v->whose : NULL,
	    .secret = &secret};
	const struct store_change c = {.invite = &s};

	return accounts_put(t, &c, ticket);
}

/* Takes v. */
static int add(
    struct accounts *t, struct invite *v, struct accounts_invite_of *o)
{
	int err = 0;

	accounts_lock(t);
	sweep(t, o->now_s);
	if (t->n_invites >= ACCOUNTS_INVITES || invite_find(t, v->id) != NULL)
		err = ERR_LIMIT;
	else if (v->has_whose && account_of(t, v->whose) == NULL)
		err = ERR_STATE;
	else if ((err = put_invite(t, v, &o->ticket)) == 0)
		invite_insert(t, v);
	accounts_unlock(t);
	if (err != 0) {
		account_record_unref(v->secret);
		free(v);
	}
	return err;
}

int accounts_invite(struct accounts *t, struct accounts_invite_of *o)
{
	struct invite *v = calloc(1, sizeof(*v));
	struct invite_made made = {.record = NULL};
	int err;

	if (v == NULL)
		return ERR_NOMEM;
	if ((err = invite_stock_take(t->stock, &made, o->wait)) != 0) {
		o->busy = err == ERR_LIMIT;
		free(v);
		return err;
	}
	memcpy(o->id, made.id, sizeof(o->id));
	memcpy(o->secret, made.secret, sizeof(o->secret));
	v->secret = made.record;
	secret_wipe(&made, sizeof(made));
	memcpy(v->id, o->id, sizeof(v->id));
	v->uses = v->left = o->uses;
	v->room = o->room;
	v->until_s = o->until_s;
	v->role = o->role;
	if ((v->has_by = o->by != NULL))
		memcpy(v->by, o->by, WIRE_KEY);
	if ((v->has_whose = o->whose != NULL))
		memcpy(v->whose, o->whose, WIRE_KEY);
	return add(t, v, o);
}

int accounts_revoke(struct accounts *t, const char *id, const uint8_t *by,
    uint64_t *ticket)
{
	const struct store_change c = {.gone_invite = id};
	struct invite *v;
	int err;

	accounts_lock(t);
	v = invite_find(t, id);
	if (v == NULL || (by != NULL && (!v->has_by || memcmp(v->by, by,
							   WIRE_KEY) != 0)))
		err = ERR_STATE;
	else if ((err = accounts_put(t, &c, ticket)) == 0)
		invite_drop(t, v);
	accounts_unlock(t);
	return err;
}

/* direct_keys.c - the user's own prekeys at the server. */
#include "client/session/direct_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

enum keys_state {
	KEYS_IDLE,    /* nothing to do */
	KEYS_ASK,     /* ask what the server has */
	KEYS_ASKED,
	KEYS_PUBLISH, /* tell it about keys */
	KEYS_PUBLISHED,
};

/* Pairs that one step changes; more wait for the next. */
enum { PREKEYS_PLAN = 4 * WIRE_PREKEYS, PAUSE_S = 600 };

struct direct_keys {
	const struct direct_env *e; /* borrowed */
	enum keys_state state;
	uint32_t number;	  /* ASKED, PUBLISHED */
	bool replace;		  /* PUBLISH: all that it has */
	size_t n_once;		  /* PUBLISH: it has so many */
	bool first;		  /* it had none of this device */
	bool known;		  /* on this connection: what it has */
	bool again;		  /* it said meanwhile that it has few */
	/* PUBLISHED: those for one message, which go if they are refused. */
	uint8_t added[WIRE_PREKEYS][WIRE_X25519];
	size_t n_added;
	uint64_t pause_s; /* nothing is published before */
	char refused[WIRE_SHORT_TEXT_MAX + 1];
};

struct direct_keys *direct_keys_new(const struct direct_env *e)
{
	struct direct_keys *k = calloc(1, sizeof(*k));

	if (k != NULL)
		k->e = e;
	return k;
}

void direct_keys_free(struct direct_keys *k)
{
	free(k);
}

void direct_keys_linked(struct direct_keys *k)
{
	k->state = k->e->ops.change != NULL ? KEYS_ASK : KEYS_IDLE;
	k->again = k->known = false;
	k->refused[0] = '\0';
}

void direct_keys_lost(struct direct_keys *k)
{
	k->state = KEYS_IDLE;
}

/* The server is not asked again: it would begin anew with what it has queued. */
void direct_keys_low(struct direct_keys *k, uint32_t left)
{
	const struct direct_ops *ops = &k->e->ops;

	if ((k->state != KEYS_IDLE && k->state != KEYS_PUBLISHED) ||
	    ops->change == NULL || ops->now_s(ops->arg) < k->pause_s)
		return; /* or what it has is about to be known */
	k->replace = false;
	k->n_once = left;
	k->again = k->state == KEYS_PUBLISHED;
	if (k->state == KEYS_IDLE && k->known)
		k->state = KEYS_PUBLISH;
}

bool direct_keys_ready(const struct direct_keys *k)
{
	return k->state == KEYS_ASK || k->state == KEYS_PUBLISH;
}

size_t direct_keys_open(const struct direct_keys *k)
{
	return k->state == KEYS_ASKED || k->state == KEYS_PUBLISHED;
}

const char *direct_keys_refused(const struct direct_keys *k)
{
	return k->refused;
}

/* --- the pairs ------------------------------------------------------------- */

/* The lasting one in use, or NULL. */
static const struct prekey_pair *lasting(const struct direct_keys *k)
{
	const struct direct_ops *ops = &k->e->ops;
	const struct prekey_pair *p;
	size_t i;

	for (i = 0; (p = ops->pair(ops->arg, i)) != NULL; i++)
		if (!p->once && p->ends_s == 0)
			return p;
	return NULL;
}

static bool old(const struct prekey_pair *p, uint64_t now_s)
{
	return now_s >= p->made_s + WIRE_PREKEY_RENEW_S ||
	       now_s + WIRE_PREKEY_RENEW_S < p->made_s; /* the clock was set */
}

void direct_keys_tick(struct direct_keys *k)
{
	const struct direct_ops *ops = &k->e->ops;
	const struct prekey_pair *p;

	if (k->state != KEYS_IDLE || !k->known || k->refused[0] != '\0')
		return;
	p = lasting(k);
	if (p != NULL && !old(p, ops->now_s(ops->arg)))
		return;
	k->replace = false;
	k->n_once = WIRE_PREKEYS; /* no more of those */
	k->state = KEYS_PUBLISH;
}

static int make(
    const struct direct_keys *k, struct prekey_pair *out, bool once)
{
	const struct direct_ops *ops = &k->e->ops;
	struct dh *dh = dh_new(&k->e->parties->rng);
	int r;

	memset(out, 0, sizeof(*out));
	if (dh == NULL)
		return ERR_NOMEM;
	memcpy(out->key, dh_public(dh), WIRE_X25519);
	r = dh_private(dh, out->private_key);
	dh_free(dh);
	out->made_s = ops->now_s(ops->arg);
	out->once = once;
	return r;
}

/* What changes in the file before keys are published. */
struct plan {
	struct prekey_pair add[PREKEYS_PLAN];
	size_t n_add;
	uint8_t erase[PREKEYS_PLAN][WIRE_X25519];
	size_t n_erase;
};

/* Pairs whose time is over go; a lasting one that is old is followed by another,
 * and kept for a while; where all are replaced, so are those for one message. */
static void plan_old(
    const struct direct_keys *k, struct plan *p, bool *renew)
{
	const struct direct_ops *ops = &k->e->ops;
	const uint64_t now = ops->now_s(ops->arg);
	const struct prekey_pair *pair;
	bool ends;
	size_t i;

	for (i = 0; (pair = ops->pair(ops->arg, i)) != NULL; i++) {
		if (pair->ends_s != 0 && now >= pair->ends_s) {
			if (p->n_erase < PREKEYS_PLAN)
				memcpy(p->erase[p->n_erase++], pair->key,
				    WIRE_X25519);
			continue;
		}
		ends = pair->once ? k->replace : old(pair, now);
		if (pair->ends_s != 0 || !ends || p->n_add == PREKEYS_PLAN / 2)
			continue;
		*renew = *renew || !pair->once;
		p->add[p->n_add] = *pair;
		p->add[p->n_add++].ends_s = now + WIRE_PREKEY_KEEP_S;
	}
}

static int plan_new(const struct direct_keys *k, struct plan *p, bool renew)
{
	size_t once = k->replace ? 0 : k->n_once;
	int r = 0;

	if (renew || lasting(k) == NULL)
		r = make(k, &p->add[p->n_add++], false);
	for (; r == 0 && once < WIRE_PREKEYS && p->n_add < PREKEYS_PLAN; once++)
		r = make(k, &p->add[p->n_add++], true);
	return r;
}

/* --- publishing ------------------------------------------------------------ */

static int sign(const struct direct_keys *k, struct prekey *out,
    const struct prekey_pair *pair)
{
	memcpy(out->key, pair->key, WIRE_X25519);
	out->made_s = pair->made_s;
	return prekey_sign(out, k->e->parties->identity,
	    k->e->parties->server, pair->once);
}

/* The lasting one in use, and those for one message that are new. */
static int fill(struct direct_keys *k, struct prekeys_set *set,
    const struct plan *p)
{
	const struct buf *certificate = k->e->parties->certificate;
	const struct prekey_pair *pair = lasting(k);
	size_t i;
	int r;

	if (pair == NULL)
		return ERR_NOMEM; /* the list has not taken it */
	set->replace = k->replace;
	r = sign(k, &set->lasting, pair);
	k->n_added = 0;
	for (i = 0; r == 0 && i < p->n_add; i++)
		if (p->add[i].once && p->add[i].ends_s == 0) {
			memcpy(k->added[k->n_added++], p->add[i].key,
			    WIRE_X25519);
			r = sign(k, &set->once[set->n_once++], &p->add[i]);
		}
	if (certificate != NULL && certificate->len > 0 &&
	    certificate->len <= WIRE_CERTIFICATE_MAX) {
		memcpy(set->certificate, certificate->p, certificate->len);
		set->certificate_len = certificate->len;
	}
	return r;
}

static int ask(struct direct_keys *k, const struct request *what)
{
	struct request q = *what;
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	k->number = q.number = requests_number(k->e->requests);
	if ((r = request_encode(&json, &q)) == 0)
		r = outgoing_control(k->e->out, &json);
	buf_free(&json);
	return r;
}

static int publish(struct direct_keys *k, struct plan *p,
    struct prekeys_set *set)
{
	const struct direct_ops *ops = &k->e->ops;
	bool renew = false;
	int r;

	plan_old(k, p, &renew);
	if ((r = plan_new(k, p, renew)) != 0)
		return r;
	if (p->n_add == 0 && p->n_erase == 0 && !k->replace) {
		k->state = KEYS_IDLE;
		return 0;
	}
	/* On disk before anybody can use them. If that fails, the program says
	 * so, and nothing is published. */
	if (ops->change(ops->arg, &(struct direct_change){.add = p->add,
				      .n_add = p->n_add,
				      .erase = (const uint8_t(*)[32])p->erase,
				      .n_erase = p->n_erase}) != 0) {
		snprintf(k->refused, sizeof(k->refused),
		    "their keys cannot be written");
		k->state = KEYS_IDLE;
		return 0;
	}
	if ((r = fill(k, set, p)) != 0)
		return r;
	k->state = KEYS_PUBLISHED;
	return ask(k,
	    &(struct request){.type = REQUEST_PREKEYS, .prekeys = set});
}

int direct_keys_step(struct direct_keys *k)
{
	struct prekeys_set *set;
	struct plan *p;
	int r = ERR_NOMEM;

	if (k->state == KEYS_ASK) {
		k->state = KEYS_ASKED;
		return ask(
		    k, &(struct request){.type = REQUEST_PREKEYS_MINE});
	}
	if (k->state != KEYS_PUBLISH)
		return 0;
	set = calloc(1, sizeof(*set));
	p = secret_alloc(sizeof(*p));
	if (set != NULL && p != NULL)
		r = publish(k, p, set);
	secret_free(p, sizeof(*p));
	free(set);
	return r;
}

/* --- answers --------------------------------------------------------------- */

/* Whether one of the server's keys for one message is not ours. */
static bool strange(const struct direct_keys *k, const struct prekeys_mine *m)
{
	const struct direct_ops *ops = &k->e->ops;
	const struct prekey_pair *p;
	size_t i, j;

	for (i = 0; i < m->n_once; i++) {
		for (j = 0; (p = ops->pair(ops->arg, j)) != NULL; j++)
			if (memcmp(p->key, m->once[i], WIRE_X25519) == 0)
				break;
		if (p == NULL)
			return true;
	}
	return false;
}

static void compare(struct direct_keys *k, const struct prekeys_mine *m)
{
	const struct direct_ops *ops = &k->e->ops;
	const struct prekey_pair *p = lasting(k);

	k->known = true;
	k->first = !m->has_lasting;
	k->n_once = m->n_once;
	k->replace =
	    m->has_lasting ? p == NULL || memcmp(p->key, m->lasting,
					      WIRE_X25519) != 0 ||
				 strange(k, m)
			   : true;
	k->state = k->replace || m->n_once < WIRE_PREKEYS_LOW ||
			   old(p, ops->now_s(ops->arg))
		       ? KEYS_PUBLISH
		       : KEYS_IDLE;
}

/* The server has not taken the keys: they must not take the place of those that it
 * has. An error is told by the program. */
static void not_taken(struct direct_keys *k)
{
	const struct direct_ops *ops = &k->e->ops;

	(void)!ops->change(ops->arg,
	    &(struct direct_change){
		.erase = (const uint8_t(*)[WIRE_X25519])k->added,
		.n_erase = k->n_added});
	k->n_added = 0;
	k->pause_s = ops->now_s(ops->arg) + PAUSE_S;
}

int direct_keys_answer(
    struct direct_keys *k, const struct answer *a, bool *ours)
{
	*ours = direct_keys_open(k) > 0 && a->number == k->number;
	if (!*ours)
		return 0;
	if (!a->done) {
		/* A server that has no direct messages says so to the question;
		 * one that takes no more keys just now has earlier ones. */
		if (k->state == KEYS_ASKED)
			snprintf(
			    k->refused, sizeof(k->refused), "%s", a->text);
		else
			not_taken(k);
		k->state = KEYS_IDLE;
		return 0;
	}
	if ((k->state == KEYS_ASKED) != a->has_mine)
		return ERR_JSON;
	if (k->state == KEYS_ASKED) {
		compare(k, &a->mine);
		return 0;
	}
	/* Only a device that has published is given frames when it asks. */
	k->state = k->first ? KEYS_ASK : k->again ? KEYS_PUBLISH : KEYS_IDLE;
	k->first = false;
	k->again = false;
	return 0;
}

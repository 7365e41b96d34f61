/* The secrets of a sealed room. */
#include "client/session/seals.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

/* A secret is `kept` when the store has it. */
struct entry {
	struct seal_secret of;
	struct seal seal; /* with the log */
	bool kept;
};

/* In secure memory. */
struct store {
	struct entry list[SEALS_MAX]; /* the oldest first */
	struct entry next;	      /* seals_renew: not the room's yet */
};

struct seals {
	struct crypto *crypto;
	struct seals_ops ops;
	char name[WIRE_ROOM_MAX + 1];
	struct store *store; /* owned */
	size_t n;
	size_t now; /* SEAL_SEALED: the entry that the room has */
	bool has_log;
	uint8_t log[WIRE_LOG];
	enum seal_state state;
	bool has_next, asked, renewed;
	char taken[WIRE_NAME_MAX + 1]; /* seals_taken */
};

struct seals *seals_new(struct crypto *c, const struct seals_ops *ops)
{
	struct seals *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->store = secret_alloc(sizeof(*s->store))) == NULL) {
		free(s);
		return NULL;
	}
	s->crypto = c;
	s->ops = *ops;
	return s;
}

void seals_free(struct seals *s)
{
	if (s == NULL)
		return;
	secret_free(s->store, sizeof(*s->store));
	free(s);
}

/* --- the list ------------------------------------------------------------- */

static void keep(struct seals *s, struct entry *e)
{
	e->kept = true;
	if (s->ops.put != NULL)
		s->ops.put(s->ops.arg, s->name, &e->of);
}

static size_t find(const struct seals *s, const uint8_t secret[WIRE_KEY])
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (secret_equal(s->store->list[i].of.secret, secret, WIRE_KEY))
			break;
	return i;
}

static int derive(struct seals *s, struct entry *e)
{
	return s->has_log ? seal_make(s->crypto, &e->seal, e->of.secret, s->log)
			  : 0;
}

/* Makes room for another: what was only given goes before what the room had. */
static void drop_one(struct seals *s)
{
	struct entry *list = s->store->list;
	size_t i;

	for (i = 0; i < s->n && (list[i].kept || list[i].of.generation != 0);
	     i++)
		;
	if (i == s->n)
		i = 0;
	memmove(&list[i], &list[i + 1], (s->n - i - 1) * sizeof(*list));
	s->n--;
	if (s->now > i)
		s->now--;
}

/* A copy of a secret, which is not in the list. */
static struct entry *append(struct seals *s, const struct seal_secret *of)
{
	struct entry *e;

	if (s->n == SEALS_MAX)
		drop_one(s);
	e = &s->store->list[s->n++];
	memset(e, 0, sizeof(*e));
	e->of = *of;
	return e;
}

void seals_name(struct seals *s, const char *name)
{
	struct seal_secret of;
	size_t i;

	memcpy(s->name, name, strlen(name) + 1);
	for (i = 0; s->ops.get != NULL && s->ops.get(s->ops.arg, name, i, &of);
	     i++)
		if (find(s, of.secret) == s->n)
			append(s, &of)->kept = true;
	secret_wipe(&of, sizeof(of));
}

void seals_add(struct seals *s, const uint8_t secret[WIRE_KEY])
{
	struct seal_secret of = {.generation = 0};
	struct entry *e;

	if (find(s, secret) < s->n)
		return;
	memcpy(of.secret, secret, WIRE_KEY);
	e = append(s, &of);
	/* It opens nothing then, and has another check than any mark. */
	if (derive(s, e) != 0)
		seal_wipe(&e->seal);
	secret_wipe(&of, sizeof(of));
}

int seals_log(struct seals *s, const uint8_t log[WIRE_LOG])
{
	size_t i;
	int r = 0;

	memcpy(s->log, log, WIRE_LOG);
	s->has_log = true;
	for (i = 0; r == 0 && i < s->n; i++)
		r = derive(s, &s->store->list[i]);
	if (r == 0 && s->has_next)
		r = derive(s, &s->store->next);
	return r;
}

void seals_leave(struct seals *s)
{
	s->state = SEAL_NONE;
	s->asked = s->renewed = false;
	s->taken[0] = '\0';
}

/* --- what the server says ------------------------------------------------- */

uint32_t seals_known(const struct seals *s)
{
	uint32_t g = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->store->list[i].of.generation > g)
			g = s->store->list[i].of.generation;
	return g;
}

static void drop_next(struct seals *s)
{
	s->has_next = s->asked = false;
	secret_wipe(&s->store->next, sizeof(s->store->next));
}

/* Our new secret is the room's now, or somebody else was faster. */
static void next_marked(struct seals *s, const struct seal_mark *m)
{
	if (!s->has_next)
		return;
	if (secret_equal(s->store->next.seal.check, m->check, SEAL_CHECK)) {
		s->store->next.of.generation = 0;
		append(s, &s->store->next.of)->seal = s->store->next.seal;
		s->store->list[s->n - 1].kept = s->store->next.kept;
		s->renewed = true;
		drop_next(s);
	} else if (m->generation >= s->store->next.of.generation) {
		drop_next(s);
	}
}

/* A secret that was handed over is the room's now: it is ours from here on, and
 * whoever gave it has it. True: there was one. */
static bool handed_marked(struct seals *s, const struct seal_mark *m)
{
	const struct holders_ops *ops = &s->ops.holders;
	struct seal_secret of = {.generation = 0};
	struct entry one;
	struct holder h;
	bool found = false;
	size_t i;

	for (i = 0; !found && ops->get != NULL && s->has_log &&
		    ops->get(ops->arg, s->name, i, &h);
	     i++) {
		if (h.handed != m->generation ||
		    memcmp(h.log, s->log, WIRE_LOG) != 0)
			continue;
		memcpy(of.secret, h.secret, WIRE_KEY);
		memset(&one, 0, sizeof(one));
		one.of = of;
		found = derive(s, &one) == 0 &&
			secret_equal(one.seal.check, m->check, SEAL_CHECK);
		if (!found)
			continue;
		append(s, &of)->seal = one.seal;
		memcpy(s->taken, h.name, sizeof(s->taken));
		h.number = m->generation;
		h.handed = 0;
		memset(h.secret, 0, WIRE_KEY);
		ops->put(ops->arg, s->name, &h);
	}
	secret_wipe(&of, sizeof(of));
	secret_wipe(&one, sizeof(one));
	secret_wipe(&h, sizeof(h));
	return found;
}

static int marked(struct seals *s, const struct seal_mark *m)
{
	const uint32_t known = seals_known(s);
	struct entry *e;
	size_t i;

	next_marked(s, m);
	for (i = 0; i < s->n; i++)
		if (secret_equal(
			s->store->list[i].seal.check, m->check, SEAL_CHECK))
			break;
	if (m->generation < known)
		return ERR_SEAL_BACK;
	if (i == s->n) {
		if (m->generation == known || !handed_marked(s, m)) {
			s->state = SEAL_OTHER;
			return 0;
		}
		i = s->n - 1;
	}
	/* Ours, and the server had none yet. */
	s->renewed = s->renewed || (s->asked && s->state == SEAL_UNMARKED);
	e = &s->store->list[i];
	if (m->generation > known
		? e->of.generation != 0 && e->of.generation != m->generation
		: e->of.generation != 0 && e->of.generation < known)
		return ERR_SEAL_BACK;
	s->state = SEAL_SEALED;
	s->now = i;
	if (e->of.generation == m->generation && e->kept)
		return 0;
	e->of.generation = m->generation;
	keep(s, e);
	return 0;
}

int seals_look(struct seals *s, bool sealed, const char *topic)
{
	struct seal_mark m;

	if (!sealed) {
		s->state = SEAL_NONE;
		return s->n > 0 ? ERR_UNSEALED : 0;
	}
	if (topic[0] == '\0') {
		if (seals_known(s) > 0)
			return ERR_SEAL_BACK;
		s->state = s->n > 0 ? SEAL_UNMARKED : SEAL_OTHER;
		return 0;
	}
	if (seal_mark_decode(&m, topic))
		return marked(s, &m);
	s->state = SEAL_OTHER;
	return 0;
}

bool seals_behind(const struct seals *s)
{
	return s->state == SEAL_OTHER && seals_known(s) > 0;
}

enum seal_state seals_state(const struct seals *s)
{
	/* Not in the room: in one that is not sealed we will not be. */
	return s->state == SEAL_NONE && s->n > 0 ? SEAL_UNMARKED : s->state;
}

/* The entry to seal with, or NULL. */
static const struct entry *current(const struct seals *s)
{
	if (s->state == SEAL_SEALED)
		return &s->store->list[s->now];
	return s->state == SEAL_UNMARKED ? &s->store->list[s->n - 1] : NULL;
}

uint32_t seals_generation(const struct seals *s)
{
	return s->state == SEAL_SEALED ? current(s)->of.generation : 0;
}

bool seals_secret(const struct seals *s, uint8_t secret[WIRE_KEY])
{
	const struct entry *e = current(s);

	if (e != NULL)
		memcpy(secret, e->of.secret, WIRE_KEY);
	return e != NULL;
}

bool seals_may_speak(const struct seals *s)
{
	return s->state != SEAL_OTHER;
}

/* --- sealing and opening -------------------------------------------------- */

int seals_epoch(const struct seals *s, struct group_epoch *out,
    const struct group_epoch *plain)
{
	const struct entry *e = current(s);

	if (s->state == SEAL_NONE && s->n == 0) {
		*out = *plain;
		return 0;
	}
	return e == NULL ? ERR_STATE
			 : seal_epoch(s->crypto, out, plain, e->seal.key);
}

void seals_keys(const struct seals *s, struct seals_keys *out)
{
	size_t i;

	out->n = s == NULL ? 0 : s->n;
	out->open = s == NULL || (s->state == SEAL_NONE && s->n == 0);
	for (i = 0; i < out->n; i++) {
		memcpy(out->key[i], s->store->list[i].seal.key, WIRE_KEY);
		out->number[i] = s->store->list[i].of.generation;
	}
}

int seals_open(const struct seals_keys *k, struct crypto *c, struct buf *out,
    struct group_context *g, struct seals_used *used, const uint8_t *body,
    size_t n)
{
	const struct group_epoch *plain = g->epoch;
	int r = ERR_OPEN;
	size_t i;

	used->number = 0;
	if (k->open) {
		used->epoch = *plain;
		g->epoch = &used->epoch;
		return group_open(c, out, g, body, n);
	}
	for (i = k->n; i > 0 && r == ERR_OPEN; i--) {
		r = seal_epoch(c, &used->epoch, plain, k->key[i - 1]);
		if (r != 0)
			break;
		g->epoch = &used->epoch;
		used->number = k->number[i - 1];
		r = group_open(c, out, g, body, n);
	}
	if (r != 0)
		g->epoch = plain;
	return r;
}

/* --- a new secret --------------------------------------------------------- */

int seals_renew(struct seals *s, const struct rng *rng)
{
	struct entry *e = &s->store->next;
	int r;

	if ((s->state != SEAL_SEALED && s->state != SEAL_UNMARKED) ||
	    s->has_next || seals_known(s) >= SEAL_GENERATION_MAX)
		return ERR_STATE;
	memset(e, 0, sizeof(*e));
	e->of.generation = seals_known(s) + 1;
	if ((r = rng->fill(rng->arg, e->of.secret, WIRE_KEY)) != 0 ||
	    (r = derive(s, e)) != 0) {
		drop_next(s);
		return r;
	}
	/* The server may have the mark before we hear of it again: the secret
	 * must not be lost then. Its number counts when the mark comes. */
	s->has_next = true;
	e->of.generation = 0;
	keep(s, e);
	e->of.generation = seals_known(s) + 1;
	return 0;
}

bool seals_wants(const struct seals *s, bool operator)
{
	return !s->asked &&
	       (s->has_next || (operator && s->state == SEAL_UNMARKED));
}

void seals_asked(struct seals *s, char mark[SEAL_MARK])
{
	const struct entry *e = s->has_next ? &s->store->next : current(s);
	struct seal_mark m = {.generation = seals_known(s) + 1};

	memcpy(m.check, e->seal.check, SEAL_CHECK);
	seal_mark_encode(mark, &m);
	s->asked = true;
}

void seals_answered(struct seals *s, bool done)
{
	if (!done && s->has_next)
		drop_next(s);
	else if (done)
		s->asked = s->has_next;
}

bool seals_renewed(struct seals *s)
{
	const bool was = s->renewed;

	s->renewed = false;
	return was;
}

/* --- a secret that somebody hands over -------------------------------------- */

static bool is_pinned(const struct person *who)
{
	return who->trust == TRUST_SEEN || who->trust == TRUST_CERTIFIED ||
	       who->trust == TRUST_VERIFIED;
}

static enum seals_offer judge(const struct seals *s, const struct person *who,
    const struct content_seal *c, struct holder *h)
{
	const struct holders at = {&s->ops.holders, s->name, c->log};
	const uint32_t known = seals_known(s);
	bool holds = holders_find(&at, who->fingerprint, h);

	if (find(s, c->secret) < s->n)
		return SEALS_HAD;
	if (known == 0 ||
	    (s->has_log && memcmp(s->log, c->log, WIRE_LOG) != 0))
		return SEALS_NO_ROOM;
	if (!is_pinned(who))
		return SEALS_UNPINNED;
	if (holds && h->removed > 0)
		return SEALS_REMOVED;
	if (!holds || h->number < known)
		return SEALS_STRANGER;
	return c->number > known ? SEALS_KEPT : SEALS_OLD;
}

enum seals_offer seals_take(struct seals *s, const struct person *who,
    const struct content_seal *c)
{
	const struct holders_ops *ops = &s->ops.holders;
	struct holder h;
	enum seals_offer how = judge(s, who, c, &h);

	if (how == SEALS_KEPT) {
		h.handed = c->number;
		memcpy(h.secret, c->secret, WIRE_KEY);
		ops->put(ops->arg, s->name, &h);
	}
	secret_wipe(&h, sizeof(h));
	return how;
}

void seals_taken(struct seals *s, char name[WIRE_NAME_MAX + 1])
{
	memcpy(name, s->taken, sizeof(s->taken));
	s->taken[0] = '\0';
}

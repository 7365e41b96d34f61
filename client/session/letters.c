/* letters.c - direct messages on their way to the server. */
#include "client/session/letters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "shared/base/secret.h"
#include "shared/os/vec.h"
#include "shared/wire/text.h"

enum {
	/* Letters whose devices are asked for at once. */
	ASKS = 4,
	/* Frames without an answer. */
	FRAMES = 24,
};

struct letters {
	const struct direct_env *e; /* borrowed */
	struct letter_list list;
	size_t n, bytes;
	/* Questions for devices whose letters were dropped meanwhile. */
	uint32_t orphan[ASKS];
	size_t n_orphans;
	bool linked;
	bool alone; /* the account has no other device, as far as is known */
};

struct letters *letters_new(const struct direct_env *e)
{
	struct letters *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->e = e;
	TAILQ_INIT(&l->list);
	return l;
}

static void drop(struct letters *l, struct letter *t)
{
	TAILQ_REMOVE(&l->list, t, next);
	l->n--;
	l->bytes -= t->content.len + t->copy.len;
	letter_free(t);
}

void letters_clear(struct letters *l)
{
	struct letter *t;

	while ((t = TAILQ_FIRST(&l->list)) != NULL)
		drop(l, t);
}

void letters_free(struct letters *l)
{
	if (l == NULL)
		return;
	letters_clear(l);
	free(l);
}

void letters_linked(struct letters *l)
{
	l->linked = true;
	l->alone = false;
}

void letters_devices(struct letters *l)
{
	l->alone = false;
}

void letters_lost(struct letters *l)
{
	struct letter *t;

	l->linked = false;
	l->n_orphans = 0;
	TAILQ_FOREACH(t, &l->list, next)
		letter_lost(t);
}

int letters_put(struct letters *l, const struct letter_new *n)
{
	size_t size = n->content->len + (n->copy != NULL ? n->copy->len : 0);
	struct letter *t;

	if (l->n >= LETTERS_MAX || size > LETTERS_BYTES - l->bytes)
		return ERR_LIMIT;
	if ((t = letter_new(n)) == NULL)
		return ERR_NOMEM;
	TAILQ_INSERT_TAIL(&l->list, t, next);
	l->n++;
	l->bytes += size;
	return 0;
}

void letters_delivered(
    struct letters *l, const char *name, const uint8_t id[WIRE_ID])
{
	struct letter *t;

	TAILQ_FOREACH(t, &l->list, next)
		if (t->delivered != NULL && !t->keeps && !t->sealed &&
		    t->delivered->n < WIRE_DELIVERED &&
		    text_same_name(t->name, name))
			break;
	if (t == NULL && l->n < LETTERS_MAX &&
	    (t = letter_new_delivered(name)) != NULL) {
		TAILQ_INSERT_TAIL(&l->list, t, next);
		l->n++;
	}
	if (t != NULL)
		memcpy(t->delivered->ids[t->delivered->n++], id, WIRE_ID);
}

void letters_keeps(struct letters *l, const char *name, bool on)
{
	struct letter *t = NULL;

	if (l->n < LETTERS_MAX)
		t = letter_new_keeps(name, on);
	if (t == NULL)
		return;
	TAILQ_INSERT_TAIL(&l->list, t, next);
	l->n++;
}

/* --- the end of a letter --------------------------------------------------- */

/* It is not sent, or the server does not keep it: why, in a sentence. */
static int unsaid(struct letters *l, struct letter *t)
{
	const struct event e = {.type = EVENT_UNSAID,
	    .with = t->name,
	    .reason = "refused",
	    .code = t->code,
	    .word = wire_code_word(t->code),
	    .text = t->why,
	    .text_len = strlen(t->why)};
	struct event with_id = e;
	struct posts *posts;
	int r = 0;

	if (t->seal.room != NULL)
		r = l->e->handed_over(
		    l->e->arg, &t->seal, t->name, t->code, t->why);
	if (letter_is_said(t)) {
		memcpy(with_id.id, t->id, WIRE_ID);
		r = events_push(l->e->events, &with_id);
		posts = talks_posts(l->e->talks, t->name);
		if (posts != NULL)
			posts_forget(posts, t->id);
	}
	if (r == 0)
		drop(l, t);
	return r;
}

static int fail(struct letters *l, struct letter *t, const char *why)
{
	if (t->why[0] == '\0')
		snprintf(t->why, sizeof(t->why), "%s", why);
	return unsaid(l, t);
}

/* For the user's transcript, of which the other person is told. */
static int record(struct letters *l, const struct letter *t)
{
	int r = letter_record(t, l->e);

	if (r == 0 && t->delivered == NULL && talks_tell(l->e->talks, t->name))
		letters_keeps(l, t->name, true);
	return r;
}

static int finish(struct letters *l, struct letter *t)
{
	struct event e = {.type = EVENT_SENT, .with = t->name};
	int r = 0;

	if (!letter_kept(t))
		return fail(l, t, "the server does not keep it");
	if (t->seal.room != NULL)
		r = l->e->handed_over(
		    l->e->arg, &t->seal, t->name, CODE_NONE, NULL);
	else if (t->delivered == NULL) {
		memcpy(e.id, t->id, WIRE_ID);
		r = events_push(l->e->events, &e);
	}
	/* A transcript would hold the secret. */
	if (r == 0 && l->e->keeps && t->seal.room == NULL)
		r = record(l, t);
	if (r == 0)
		drop(l, t);
	return r;
}

/* --- asking ---------------------------------------------------------------- */

static size_t asking(const struct letters *l)
{
	const struct letter *t;
	size_t n = l->n_orphans;

	TAILQ_FOREACH(t, &l->list, next)
		n += t->state == LETTER_ASKED;
	return n;
}

size_t letters_open(const struct letters *l)
{
	const struct letter *t;
	size_t n = l->n_orphans;

	TAILQ_FOREACH(t, &l->list, next)
		n += letter_open(t);
	return n;
}

/* How many frames may be sent now. */
static size_t free_places(const struct letters *l)
{
	const size_t open = letters_open(l);
	const size_t sent = requests_sent(l->e->requests);
	size_t left = open < FRAMES ? FRAMES - open : 0;

	if (open + sent + ASKS >= WIRE_REQUESTS)
		return 0;
	return left < WIRE_REQUESTS - ASKS - open - sent
		   ? left
		   : WIRE_REQUESTS - ASKS - open - sent;
}

static int ask(struct letters *l, struct letter *t)
{
	struct request q = {.type = REQUEST_PREKEYS_GET};
	struct buf json;
	int r;

	snprintf(q.who, sizeof(q.who), "%s",
	    t->own ? l->e->whoami->account : t->name);
	q.number = t->number = requests_number(l->e->requests);
	q.has_after = t->has_after;
	memcpy(q.identity, t->after, WIRE_ED25519);
	t->state = LETTER_ASKED;
	buf_init(&json, WIRE_JSON_MAX);
	if ((r = request_encode(&json, &q)) == 0)
		r = outgoing_control(l->e->out, &json);
	buf_free(&json);
	return r;
}

/* All devices of the one account are known: the other's are asked for, but not for
 * a word that says no more than that messages were shown. */
static void next_account(struct letters *l, struct letter *t)
{
	const bool done = t->own || t->delivered != NULL || l->alone ||
			  t->copy.len == 0;

	t->has_after = false;
	t->own = !done;
	t->state = done ? LETTER_READY : LETTER_NEW;
}

static int on_page(
    struct letters *l, struct letter *t, const struct prekeys_page *page)
{
	const char *asked = t->own ? l->e->whoami->account : t->name;
	bool lie = false;
	size_t i;
	int r;

	if (!text_same_name(page->name, asked) || (page->more && page->n == 0))
		return ERR_NAME;
	if (!t->own)
		memcpy(t->name, page->name, sizeof(t->name));
	for (i = 0; i < page->n && !lie; i++) {
		if (t->has_after && memcmp(page->device[i].identity, t->after,
					WIRE_ED25519) <= 0)
			return ERR_RANGE;
		memcpy(t->after, page->device[i].identity, WIRE_ED25519);
		t->has_after = true;
		if ((r = letter_take(t, l->e, page->name,
			 &page->device[i], &lie)) != 0)
			return r;
	}
	if (lie)
		return fail(l, t,
		    "the server gave a key for it that is not theirs");
	if (page->more) {
		t->state = LETTER_NEW;
		return 0;
	}
	if (t->own)
		l->alone = letter_alone(t);
	next_account(l, t);
	return 0;
}

static int on_get(struct letters *l, struct letter *t, const struct answer *a)
{
	if (a->done)
		return a->has_page ? on_page(l, t, &a->page) : ERR_JSON;
	if (t->own) {
		/* Without a copy for ourselves, then. */
		t->state = LETTER_READY;
		return 0;
	}
	t->code = a->code;
	return fail(l, t, a->text);
}

static bool of_orphan(struct letters *l, uint32_t number)
{
	size_t i;

	for (i = 0; i < l->n_orphans; i++)
		if (l->orphan[i] == number) {
			l->orphan[i] = l->orphan[--l->n_orphans];
			return true;
		}
	return false;
}

int letters_answer(struct letters *l, const struct answer *a, bool *ours)
{
	struct letter *t;
	bool all;

	if ((*ours = of_orphan(l, a->number)))
		return 0;

	TAILQ_FOREACH(t, &l->list, next) {
		*ours = t->state == LETTER_ASKED && t->number == a->number;
		if (*ours)
			return on_get(l, t, a);
		*ours = letter_answered(t, a, &all);
		if (*ours)
			return all ? finish(l, t) : 0;
	}
	*ours = false;
	return 0;
}

/* --- judging --------------------------------------------------------------- */

static int held(struct letters *l, struct letter *t, size_t people)
{
	const struct letter *o;
	struct event e = {.type = EVENT_HELD,
	    .with = t->name,
	    .reason = "ask",
	    .people = people,
	    .text = t->name,
	    .text_len = strlen(t->name)};

	t->state = LETTER_HELD;
	TAILQ_FOREACH(o, &l->list, next)
		e.count += letter_is_said(o) &&
			   text_same_name(o->name, t->name);
	return events_push(l->e->events, &e);
}

static int refuse(struct letters *l, struct letter *t)
{
	size_t i, stale = 0, theirs = 0;

	if (t->seal.room != NULL)
		return fail(l, t, letter_why_not(t, l->e));

	for (i = 0; i < t->n_devices; i++) {
		theirs += !t->device[i].own;
		stale += !t->device[i].own && t->device[i].stale;
	}
	return fail(l, t,
	    stale > 0
		? "the keys that the server gives for this person are too old: "
		  "they have not been here for weeks, or the server withholds "
		  "newer ones"
	    : theirs > 0
		? "no device of this person takes direct messages yet: the "
		  "server has no key of theirs, or withholds it"
		: "this person has no device");
}

/* Seals the frames. */
static int seal(struct letters *l, struct letter *t)
{
	const struct person *who;
	size_t i;
	int r;

	for (i = 0; i < t->n_devices; i++) {
		if (!t->device[i].go || t->device[i].own)
			continue;
		who = talks_find(
		    l->e->talks, t->name, t->device[i].fingerprint);
		if (who != NULL && who->trust == TRUST_NEW)
			talks_spoke(l->e->talks, who);
	}
	if ((r = letter_seal(t, l->e)) != 0)
		return r;
	t->state = LETTER_SEALED;
	return 0; /* the next step sends them */
}

static int go_on(struct letters *l, struct letter *t)
{
	size_t changed, i, go = 0;
	int r;

	if ((r = letter_judge(t, l->e, &changed)) != 0)
		return r;
	for (i = 0; i < t->n_devices; i++)
		go += t->device[i].go && !t->device[i].own;
	if (changed > 0 && t->delivered == NULL && !t->known_only)
		return held(l, t, changed);
	return go == 0 ? refuse(l, t) : seal(l, t);
}

/* --- steps ----------------------------------------------------------------- */

/* Something that was said to that person before is not sent yet. */
static bool waits_behind(const struct letters *l, const struct letter *t)
{
	const struct letter *o;

	TAILQ_FOREACH(o, &l->list, next) {
		if (o == t)
			return false;
		if (o->state < LETTER_SEALED && letter_is_said(o) &&
		    letter_is_said(t) && text_same_name(o->name, t->name))
			return true;
	}
	return false;
}

static bool may_step(const struct letters *l, const struct letter *t)
{
	switch (t->state) {
	case LETTER_NEW:
		return asking(l) < ASKS;
	case LETTER_READY:
		return !waits_behind(l, t);
	case LETTER_SEALED:
		return letter_unsent(t);
	default:
		return false;
	}
}

static struct letter *next_one(const struct letters *l)
{
	struct letter *t;

	if (!l->linked || !l->e->whoami->welcomed ||
	    !outgoing_has_room(l->e->out) ||
	    free_places(l) == 0)
		return NULL;
	TAILQ_FOREACH(t, &l->list, next)
		if (may_step(l, t))
			return t;
	return NULL;
}

bool letters_ready(const struct letters *l)
{
	return next_one(l) != NULL;
}

int letters_step(struct letters *l)
{
	struct letter *t;
	int r = 0;

	while (r == 0 && (t = next_one(l)) != NULL)
		r = t->state == LETTER_NEW     ? ask(l, t)
		    : t->state == LETTER_READY ? go_on(l, t)
					       : letter_send(t, l->e,
						     free_places(l));
	return r;
}

/* --- the user's answers ---------------------------------------------------- */

/* Judged anew; if the connection was lost meanwhile, with new keys. */
static void wake(struct letter *t)
{
	if (t->state == LETTER_HELD)
		t->state = t->n_devices > 0 ? LETTER_READY : LETTER_NEW;
}

void letters_meet_again(struct letters *l, const char *name)
{
	struct letter *t;

	TAILQ_FOREACH(t, &l->list, next)
		if (text_same_name(t->name, name))
			wake(t);
}

static bool known(const struct letters *l, const char *name)
{
	const struct person *p;
	size_t n, i;

	p = talks_people(l->e->talks, &n);
	for (i = 0; i < n; i++)
		if (text_same_name(p[i].name, name) &&
		    p[i].trust != TRUST_CHANGED)
			return true;
	return false;
}

/* The answer to what it has asked still comes. */
static int drop_word(struct letters *l, struct letter *t)
{
	if (t->state == LETTER_ASKED)
		l->orphan[l->n_orphans++] = t->number;
	return fail(l, t, "you dropped it");
}

int letters_decide(struct letters *l, const char *name, bool send)
{
	struct letter *t, *after;
	bool any = false;
	int r = 0;

	TAILQ_FOREACH(t, &l->list, next)
		any = any || (t->state == LETTER_HELD &&
				 text_same_name(t->name, name));
	if (!any || (send && !known(l, name)))
		return ERR_STATE;
	for (t = TAILQ_FIRST(&l->list); r == 0 && t != NULL; t = after) {
		after = TAILQ_NEXT(t, next);
		if (t->state >= LETTER_SEALED || !letter_is_said(t) ||
		    !text_same_name(t->name, name))
			continue;
		if (send) {
			t->known_only = true;
			wake(t);
		} else {
			r = drop_word(l, t);
		}
	}
	return r;
}

size_t letters_due(const struct letters *l, bool all)
{
	const struct letter *t;
	size_t n = 0;

	TAILQ_FOREACH(t, &l->list, next)
		n += t->delivered != NULL
			 ? all
			 : t->state != LETTER_HELD && !waits_behind(l, t);
	return n;
}

static bool said_to(const struct letter *t, const char *name)
{
	return letter_is_said(t) && text_same_name(t->name, name);
}

const uint8_t *letters_waiting(
    const struct letters *l, const char *name, size_t newer, bool *held)
{
	const struct letter *t, *of = NULL;

	*held = false;
	TAILQ_FOREACH_REVERSE(t, &l->list, letter_list, next)
	{
		if (!said_to(t, name))
			continue;
		if (of == NULL && newer-- == 0)
			of = t;
		/* What was said after it waits for it. */
		*held = *held || (of != NULL && of->state < LETTER_SEALED &&
				     t->state == LETTER_HELD);
	}
	return of != NULL ? of->id : NULL;
}

size_t letters_held(const struct letters *l)
{
	const struct letter *t;
	size_t n = 0;

	TAILQ_FOREACH(t, &l->list, next)
		n += t->state == LETTER_HELD;
	return n;
}

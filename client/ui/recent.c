/* recent.c - a ring of messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ui/reaction.h"
#include "client/ui/recent.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

struct recent {
	struct recent_message *ring; /* the oldest at `oldest` once full */
	size_t n, cap, oldest;
	bool numbered; /* /last was used */
};

enum { LAST_DEFAULT = 10 };

struct recent *recent_new(void)
{
	return calloc(1, sizeof(struct recent));
}

static void release(struct recent_message *ring, size_t n)
{
	if (ring != NULL)
		secret_wipe(ring, n * sizeof(*ring));
	free(ring);
}

void recent_free(struct recent *r)
{
	if (r == NULL)
		return;
	release(r->ring, r->cap);
	free(r);
}

/* The i-th newest. */
static struct recent_message *at(const struct recent *r, size_t i)
{
	return &r->ring[(r->oldest + r->n - 1 - i) % RECENT_MAX];
}

static bool is_of(const struct recent_message *m, struct recent_of of)
{
	return of.with[0] != '\0' ? text_same_name(m->with, of.with)
				  : m->with[0] == '\0' && m->room == of.room;
}

static struct recent_of of_event(const struct event *e)
{
	return event_direct(e) ? (struct recent_of){NULL, e->with}
			       : (struct recent_of){e->room, ""};
}

static struct recent_message *find(const struct recent *r,
    struct recent_of of, const uint8_t *id, const uint8_t *author)
{
	struct recent_message *m;
	size_t i;

	for (i = 0; r != NULL && i < r->n; i++) {
		m = at(r, i);
		if (is_of(m, of) && memcmp(m->id, id, WIRE_ID) == 0 &&
		    (author == NULL ||
			memcmp(m->author, author, WIRE_HASH) == 0))
			return m;
	}
	return NULL;
}

const struct recent_message *recent_find(const struct recent *r,
    struct recent_of of, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH])
{
	return find(r, of, id, author);
}

const struct recent_message *recent_about(
    const struct recent *r, const struct event *e)
{
	return e->has_about ? find(r, of_event(e), e->about, e->author) : NULL;
}

const struct recent_message *recent_own(
    const struct recent *r, struct recent_of of)
{
	const struct recent_message *m;
	size_t i;

	for (i = 0; r != NULL && i < r->n; i++) {
		m = at(r, i);
		if (is_of(m, of) && m->own && !m->deleted)
			return m;
	}
	return NULL;
}

/* --- what events change -------------------------------------------------- */

/* A larger ring, wiping the old one. False without memory. */
static bool grow(struct recent *r)
{
	size_t cap = r->cap == 0 ? 32 : 2 * r->cap;
	struct recent_message *ring;

	if (cap > RECENT_MAX)
		cap = RECENT_MAX;
	if ((ring = calloc(cap, sizeof(*ring))) == NULL)
		return false;
	if (r->n > 0)
		memcpy(ring, r->ring, r->n * sizeof(*ring));
	release(r->ring, r->cap);
	r->ring = ring;
	r->cap = cap;
	return true;
}

static void quote(struct recent_message *m, const char *text, size_t n)
{
	const char *nl;
	size_t len = n;

	memset(m->quote, 0, sizeof(m->quote));
	if (n == 0)
		return; /* there may be no text at all */
	if ((nl = memchr(text, '\n', n)) != NULL)
		len = (size_t)(nl - text);
	if (len > RECENT_QUOTE)
		for (len = RECENT_QUOTE;
		     len > 0 && text_trail((uint8_t)text[len]);)
			len--;
	memcpy(m->quote, text, len);
	if (len < n)
		memcpy(m->quote + len, "...", 3);
}

static void add(struct recent *r, const struct event *e)
{
	struct recent_message *m;

	if (e->person == NULL ||
	    (r->n == r->cap && r->cap < RECENT_MAX && !grow(r)))
		return;
	if (r->n == RECENT_MAX)
		r->oldest = (r->oldest + 1) % RECENT_MAX;
	else
		r->n++;
	m = at(r, 0);
	memset(m, 0, sizeof(*m));
	m->room = e->room;
	snprintf(m->with, sizeof(m->with), "%s", of_event(e).with);
	memcpy(m->id, e->id, WIRE_ID);
	memcpy(m->author, e->person->fingerprint, WIRE_HASH);
	memcpy(m->name, e->person->name, sizeof(m->name));
	m->own = e->own;
	quote(m, e->text, e->text_len);
}

void recent_event(struct recent *r, const struct event *e)
{
	struct recent_message *m;

	if (r == NULL)
		return;
	switch (e->type) {
	case EVENT_MESSAGE:
	case EVENT_FILE:
		add(r, e);
		break;
	case EVENT_EDIT:
		m = find(r, of_event(e), e->about, e->author);
		if (m != NULL)
			quote(m, e->text, e->text_len);
		break;
	case EVENT_DELETE:
		m = find(r, of_event(e), e->about, e->author);
		if (m != NULL)
			m->deleted = true;
		break;
	case EVENT_PURGE:
		m = e->has_about ? find(r, of_event(e), e->about, e->author) : NULL;
		if (m == NULL)
			break;
		secret_wipe(m->quote, sizeof(m->quote));
		m->deleted = true;
		break;
	case EVENT_UNSAID:
		m = find(r, of_event(e), e->id, NULL);
		if (m != NULL && m->own)
			m->deleted = true;
		break;
	default:
		break;
	}
}

/* --- commands ------------------------------------------------------------ */

/* Numbers the newest from 1, the newest first. */
static size_t count(struct recent *r, struct recent_of of, size_t max)
{
	size_t i, found = 0;

	for (i = 0; i < r->n; i++) {
		at(r, i)->number = 0;
		if (is_of(at(r, i), of) && !at(r, i)->deleted && found < max)
			at(r, i)->number = ++found;
	}
	return found;
}

const char *recent_last(struct recent *r, struct recent_of of,
    const struct command *c,
    void (*fn)(void *arg, const struct recent_message *m), void *arg)
{
	const char *text = c->text;
	size_t n = c->n, max = LAST_DEFAULT, i, found;

	if (n > 0 && (!command_number(&text, &n, &max) || n > 0))
		return "/last takes a number from 1 to 9999";
	if (r == NULL || (found = count(r, of, max)) == 0)
		return "there are no messages yet";
	r->numbered = true;
	for (i = r->n; i-- > 0;)
		if (at(r, i)->number > 0) {
			at(r, i)->number = found + 1 - at(r, i)->number;
			fn(arg, at(r, i));
		}
	return NULL;
}

const struct recent_message *recent_number(
    const struct recent *r, struct recent_of of, size_t number)
{
	size_t i;

	for (i = 0; r != NULL && number > 0 && i < r->n; i++)
		if (is_of(at(r, i), of) && at(r, i)->number == number)
			return at(r, i);
	return NULL;
}

const char recent_no_number[] =
    "no message has that number; /last numbers the last messages";

const struct recent_message *recent_purge(const struct recent *r,
    struct recent_of of, const struct command *c, const char **why)
{
	const char *text = c->text;
	size_t n = c->n, number = 0;
	const struct recent_message *m;

	if (n == 0) {
		m = recent_own(r, of);
		*why = "there is no message of yours to purge";
		return m;
	}
	*why = "/purge takes a number of /last, or nothing";
	if (!command_number(&text, &n, &number) || n > 0)
		return NULL;
	*why = recent_no_number;
	return recent_number(r, of, number);
}

static enum event_type what_of(enum command_kind kind)
{
	return kind == COMMAND_EDIT	? EVENT_EDIT
	       : kind == COMMAND_DELETE ? EVENT_DELETE
	       : kind == COMMAND_REACT	? EVENT_REACT
					: EVENT_MESSAGE;
}

const char *recent_post(struct session_post *out, const struct recent *r,
    struct recent_of of, const struct command *c)
{
	const struct recent_message *m;
	const char *text = c->text;
	size_t n = c->n, number = 0;
	bool edit = c->kind == COMMAND_EDIT;
	bool has = (!edit || (r != NULL && r->numbered)) &&
		   command_number(&text, &n, &number);

	m = has	   ? recent_number(r, of, number)
	    : edit ? recent_own(r, of)
		   : NULL;
	if (m == NULL)
		return edit && !has ? "there is no message of yours to edit"
				    : recent_no_number;
	if (c->kind == COMMAND_DELETE && n > 0)
		return "/delete takes one number: /delete N";
	if (c->kind == COMMAND_REACT)
		reaction_typed(&text, &n);
	*out = (struct session_post){what_of(c->kind), m->id, text, n, false};
	return NULL;
}

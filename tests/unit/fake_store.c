/* fake_store.c - what outlasts a server, as a list of puts in memory. */
#include "tests/unit/fake_store_int.h"

#include <stdlib.h>
#include <string.h>

struct store *fake_store_new(void)
{
	struct store *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->run = 1;
	s->crypto = crypto_new();
	assert_non_null(s->crypto);
	return s;
}

static void put_free(struct put *p)
{
	if (p->what == PUT_ENTRY && !p->given_back)
		p->entry.done(p->entry.owner);
	free(p->bytes);
	free(p);
}

static void drop_uncommitted(struct store *s)
{
	while (s->n > s->committed) {
		put_free(s->put[--s->n]);
		s->put[s->n] = NULL;
	}
	if (s->told > s->n)
		s->told = s->n;
}

void fake_store_free(struct store *s)
{
	if (s == NULL)
		return;
	assert_int_equal(s->n_questions, 0);
	s->committed = 0;
	drop_uncommitted(s);
	crypto_free(s->crypto);
	free(s);
}

uint64_t fake_store_puts(const struct store *s)
{
	return s->n;
}

void fake_store_commit(struct store *s, uint64_t ticket)
{
	struct put *p;

	assert_in_range(ticket, s->committed, s->n);
	for (; s->committed < ticket; s->committed++) {
		p = s->put[s->committed];
		if (p->what != PUT_ENTRY)
			continue;
		p->given_back = true;
		p->entry.done(p->entry.owner);
	}
}

void fake_store_commit_all(struct store *s)
{
	fake_store_commit(s, s->n);
}

void fake_store_restart(struct store *s)
{
	drop_uncommitted(s);
	s->run++;
}

void fake_store_be_full(struct store *s, bool full)
{
	s->full = full;
}

void fake_store_fail(struct store *s, unsigned after)
{
	s->failing = true;
	s->fail_after = after;
}

uint64_t store_committed(const struct store *s)
{
	return s->committed;
}

void store_flush(struct store *s)
{
	(void)s;
}

bool store_settled(struct store *s)
{
	return s->committed == s->n;
}

bool store_full(const struct store *s)
{
	return s->full;
}

uint32_t store_run(const struct store *s)
{
	return s->run;
}

/* --- puts ---------------------------------------------------------------- */

static struct put *put_new(struct store *s, enum put_what what, uint32_t room)
{
	struct put *p;

	if (s->failing && s->fail_after-- == 0) {
		s->failing = false;
		return NULL;
	}
	p = calloc(1, sizeof(*p));
	assert_non_null(p);
	assert_true(s->n < PUTS);
	p->what = what;
	p->room = room;
	p->run = s->run;
	s->put[s->n++] = p;
	return p;
}

static int ticket_of(const struct store *s, uint64_t *ticket)
{
	if (ticket != NULL)
		*ticket = s->n;
	return 0;
}

static void copy(char *out, size_t size, const char *in)
{
	assert_true(strlen(in) < size);
	memcpy(out, in, strlen(in) + 1);
}

int store_put_room(struct store *s, const struct store_room *r, uint64_t *ticket)
{
	struct put *p = put_new(s, PUT_ROOM, r->id);

	if (p == NULL)
		return ERR_NOMEM;
	p->r = *r;
	copy(p->name, sizeof(p->name), r->name);
	copy(p->topic, sizeof(p->topic), r->topic);
	memcpy(p->log, r->log, WIRE_LOG);
	p->r.name = p->name;
	p->r.topic = p->topic;
	p->r.log = p->log;
	if (r->maker != NULL) {
		memcpy(p->identity, r->maker, WIRE_ED25519);
		p->r.maker = p->identity;
	}
	return ticket_of(s, ticket);
}

int store_forget_room(struct store *s, uint32_t room, uint64_t *ticket)
{
	return put_new(s, PUT_FORGET_ROOM, room) == NULL ? ERR_NOMEM
							  : ticket_of(s, ticket);
}

int store_put_right(
    struct store *s, const struct store_right *r, uint64_t *ticket)
{
	struct put *p = put_new(s, PUT_RIGHT, r->room);

	if (p == NULL)
		return ERR_NOMEM;
	p->right = *r;
	copy(p->name, sizeof(p->name), r->name);
	memcpy(p->identity, r->identity, WIRE_ED25519);
	p->right.name = p->name;
	p->right.identity = p->identity;
	return ticket_of(s, ticket);
}

int store_put_epoch(struct store *s, const struct store_epoch *e)
{
	struct put *p = put_new(s, PUT_EPOCH, e->room);

	if (p == NULL)
		return ERR_NOMEM;
	p->epoch = *e;
	memcpy(p->base, e->base, WIRE_KEY);
	memcpy(p->roster, e->roster, WIRE_HASH);
	return 0;
}

static void bytes(struct put *p, const void *in, size_t n)
{
	p->bytes = malloc(n + 1);
	assert_non_null(p->bytes);
	memcpy(p->bytes, in, n);
	p->bytes[n] = '\0';
}

int store_put_person(struct store *s, const struct store_person *e)
{
	struct put *p = put_new(s, PUT_PERSON, 0);

	if (p == NULL)
		return ERR_NOMEM;
	p->person = *e;
	bytes(p, e->json, e->len);
	return 0;
}

/* Accounts are tested against the real store: here it is only a ticket. */
int store_put_change(
    struct store *s, const struct store_change *c, uint64_t *ticket)
{
	(void)c;
	return put_new(s, PUT_CHANGE, 0) == NULL ? ERR_NOMEM
						  : ticket_of(s, ticket);
}

/* As with accounts. */
int store_put_direct(
    struct store *s, const struct store_direct *d, uint64_t *ticket)
{
	(void)d;
	return put_new(s, PUT_CHANGE, 0) == NULL ? ERR_NOMEM
						  : ticket_of(s, ticket);
}

/* As the keeper's: without a gap, and none twice. */
int store_put_entry(
    struct store *s, const struct store_entry *e, uint64_t *ticket)
{
	uint64_t i, newest = 0;
	struct put *p;

	for (i = 0; i < s->n; i++)
		if (s->put[i]->room == e->room &&
		    s->put[i]->what == PUT_FORGET_ENTRIES)
			newest = 0;
		else if (s->put[i]->room == e->room &&
			 s->put[i]->what == PUT_ENTRY)
			newest = s->put[i]->entry.head.offset;
	if (newest != 0)
		assert_int_equal(e->head.offset, newest + 1);
	if ((p = put_new(s, PUT_ENTRY, e->room)) == NULL)
		return ERR_NOMEM;
	p->entry = *e;
	bytes(p, e->bytes, e->len);
	memcpy(p->chain_before, e->before, WIRE_HASH);
	assert_int_equal(crypto_hash1(s->crypto, p->digest,
			     p->bytes + WIRE_OFFSET, e->len - WIRE_OFFSET),
	    0);
	return ticket_of(s, ticket);
}

int store_purge(
    struct store *s, uint32_t room, uint64_t offset, uint64_t *ticket)
{
	struct put *p = put_new(s, PUT_PURGE, room);

	if (p == NULL)
		return ERR_NOMEM;
	p->offset = offset;
	return ticket_of(s, ticket);
}

int store_forget_entries(struct store *s, uint32_t room, uint64_t *ticket)
{
	return put_new(s, PUT_FORGET_ENTRIES, room) == NULL
		   ? ERR_NOMEM
		   : ticket_of(s, ticket);
}

/* --- words --------------------------------------------------------------- */

#define SAY(...)                                                               \
	n += (size_t)snprintf(s->story + n, STORY - n, __VA_ARGS__)

static size_t say_right(struct store *s, size_t n, const struct put *p)
{
	const struct store_right *r = &p->right;

	SAY("right %s in %u:", r->name, r->room);
	if (r->has_role)
		SAY(" %s", role_word(r->role));
	if (r->invited)
		SAY(" invited");
	if (r->banned)
		SAY(" banned");
	if (r->muted)
		SAY(" muted");
	if (r->member)
		SAY(" member since %u of %u/%u", (unsigned)r->since,
		    r->since_run, r->since_epoch);
	SAY("; ");
	return n;
}

static size_t say(struct store *s, size_t n, const struct put *p)
{
	switch (p->what) {
	case PUT_ROOM:
		SAY("room %u %s (%s)%s; ", p->room, p->name, p->topic,
		    p->r.entered ? "" : " unused");
		break;
	case PUT_FORGET_ROOM:
		SAY("forget %u; ", p->room);
		break;
	case PUT_RIGHT:
		return say_right(s, n, p);
	case PUT_EPOCH:
		SAY("epoch %u of %u; ", p->epoch.epoch, p->room);
		break;
	case PUT_PERSON:
		SAY("person %u; ", p->person.member);
		break;
	case PUT_ENTRY:
		SAY("entry %u of %u; ", (unsigned)p->entry.head.offset,
		    p->room);
		break;
	case PUT_PURGE:
		SAY("purge %u of %u; ", (unsigned)p->offset, p->room);
		break;
	case PUT_CHANGE:
		SAY("change; ");
		break;
	case PUT_FORGET_ENTRIES:
		SAY("forget entries of %u; ", p->room);
		break;
	}
	assert_true(n < STORY);
	return n;
}

const char *fake_store_story(struct store *s)
{
	size_t n = 0;

	s->story[0] = '\0';
	for (; s->told < s->n; s->told++)
		n = say(s, n, s->put[s->told]);
	if (n >= 2)
		s->story[n - 2] = '\0';
	return s->story;
}

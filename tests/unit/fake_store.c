/* fake_store.c - what outlasts a server, as a list of puts in memory. */
#include "tests/unit/fake_store.h"
#include "tests/unit/check.h"

#include <stdlib.h>
#include <string.h>

#include "shared/crypto/crypto.h"
#include "shared/proto/group.h"

enum { PUTS = 4096, STORY = 1 << 14, QUESTIONS = 64 };

enum put_what {
	PUT_ROOM,
	PUT_FORGET_ROOM,
	PUT_RIGHT,
	PUT_EPOCH,
	PUT_PERSON,
	PUT_ENTRY,
	PUT_PURGE,
	PUT_FORGET_ENTRIES,
	PUT_CHANGE,
};

struct put {
	enum put_what what;
	uint32_t room, run;
	struct store_room r;
	struct store_right right;
	struct store_epoch epoch;
	struct store_person person;
	struct store_entry entry;
	uint64_t offset; /* purge */
	char name[256], topic[4096];
	uint8_t identity[WIRE_ED25519], log[WIRE_LOG];
	uint8_t base[WIRE_KEY], roster[WIRE_HASH];
	uint8_t *bytes; /* owned: a copy of the entry, or of the JSON */
	uint8_t digest[WIRE_HASH], chain_before[WIRE_HASH];
	bool given_back;
};

struct store {
	struct put *put[PUTS];
	uint64_t n, committed, told;
	uint8_t session[PUTS / 64][WIRE_NONCE]; /* by run */
	uint32_t run;
	bool full, failing;
	unsigned fail_after;
	struct store_question question[QUESTIONS];
	size_t n_questions;
	struct crypto *crypto;
	char story[STORY];
};

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

/* --- loading ------------------------------------------------------------- */

static const struct put *newest(
    const struct store *s, enum put_what what, uint32_t room)
{
	uint64_t i;

	for (i = s->committed; i-- > 0;)
		if (s->put[i]->room == room &&
		    (s->put[i]->what == what ||
			s->put[i]->what == PUT_FORGET_ROOM ||
			(what == PUT_ENTRY &&
			    s->put[i]->what == PUT_FORGET_ENTRIES)))
			return s->put[i]->what == what ? s->put[i] : NULL;
	return NULL;
}

uint64_t fake_store_head(const struct store *s, uint32_t room)
{
	const struct put *p = newest(s, PUT_ENTRY, room);

	return p == NULL ? 0 : p->entry.head.offset;
}

static bool superseded(const struct store *s, uint64_t at)
{
	const struct put *p = s->put[at], *q;
	uint64_t i;

	for (i = at + 1; i < s->committed; i++) {
		q = s->put[i];
		if (q->room == p->room &&
		    (q->what == PUT_FORGET_ROOM ||
			(q->what == p->what &&
			    (p->what != PUT_RIGHT ||
				memcmp(q->identity, p->identity,
				    WIRE_ED25519) == 0))))
			return true;
	}
	return false;
}

int store_load(struct store *s, const struct store_loader *l,
    const uint8_t session[WIRE_NONCE])
{
	struct log_head none = {0};
	const struct put *entry;
	uint32_t room;
	uint64_t i;
	int err;

	memcpy(s->session[s->run], session, WIRE_NONCE);
	for (room = 1; room < 1000; room++)
		for (i = 0; i < s->committed; i++) {
			if (s->put[i]->what != PUT_ROOM ||
			    s->put[i]->room != room || superseded(s, i))
				continue;
			entry = newest(s, PUT_ENTRY, room);
			if ((err = l->room(l->arg, &s->put[i]->r,
				 entry == NULL ? &none : &entry->entry.head)) !=
			    0)
				return err;
		}
	for (i = 0; i < s->committed; i++)
		if (s->put[i]->what == PUT_RIGHT && !superseded(s, i) &&
		    (err = l->right(l->arg, &s->put[i]->right)) != 0)
			return err;
	return 0;
}

int store_read(struct store *s, const struct store_question *q)
{
	assert_true(s->n_questions < QUESTIONS);
	s->question[s->n_questions++] = *q;
	return 0;
}

/* --- reading ------------------------------------------------------------- */

enum { KEPT = 512 };

struct reading {
	struct store *s;
	struct store_kept entry[KEPT];
	uint64_t at[KEPT]; /* in s->put */
	struct store_kept_run run[16];
	struct store_range out;
};

static bool purged(const struct store *s, const struct put *entry)
{
	uint64_t i;

	for (i = 0; i < s->committed; i++)
		if (s->put[i]->what == PUT_PURGE &&
		    s->put[i]->room == entry->room &&
		    s->put[i]->offset == entry->entry.head.offset)
			return true;
	return false;
}

static uint16_t run_index(struct reading *g, uint32_t run)
{
	size_t i = 0;

	while (i < g->out.n_runs && g->run[i].run != run)
		i++;
	if (i == g->out.n_runs) {
		g->run[i].run = run;
		memcpy(g->run[i].session, g->s->session[run], WIRE_NONCE);
		g->out.n_runs++;
	}
	return (uint16_t)i;
}

/* All epochs and people of the run that the room has, needed or not. */
static void run_fill(struct reading *g, struct store_kept_run *r, uint32_t room)
{
	struct store_kept_epoch *e = calloc(PUTS, sizeof(*e));
	struct store_kept_person *n = calloc(PUTS, sizeof(*n));
	const struct put *p;
	uint64_t i;

	assert_non_null(e);
	assert_non_null(n);
	for (i = 0; i < g->s->committed; i++) {
		p = g->s->put[i];
		if (p->run != r->run)
			continue;
		if (p->what == PUT_EPOCH && p->room == room) {
			e[r->n_epochs].epoch = p->epoch.epoch;
			memcpy(e[r->n_epochs].base, p->base, WIRE_KEY);
			memcpy(e[r->n_epochs++].roster, p->roster, WIRE_HASH);
		} else if (p->what == PUT_PERSON) {
			n[r->n_people++] = (struct store_kept_person){
			    p->person.member, (char *)p->bytes, p->person.len};
		}
	}
	r->epoch = e;
	r->person = n;
}

static bool kept(const struct store *s, uint64_t i, uint32_t room)
{
	uint64_t k;

	if (s->put[i]->what != PUT_ENTRY || s->put[i]->room != room)
		return false;
	for (k = i + 1; k < s->committed; k++)
		if (s->put[k]->room == room &&
		    (s->put[k]->what == PUT_FORGET_ENTRIES ||
			s->put[k]->what == PUT_FORGET_ROOM))
			return false;
	return true;
}

static void read_add(struct reading *g, uint64_t i)
{
	const struct put *p = g->s->put[i];
	struct store_kept *k = &g->entry[g->out.n_entries++];

	k->offset = p->entry.head.offset;
	k->run = run_index(g, p->run);
	k->len = p->entry.len;
	k->bytes = purged(g->s, p) ? NULL : p->bytes;
	memcpy(k->digest, p->digest, WIRE_HASH);
}

static void read_range(struct reading *g, const struct store_question *q)
{
	uint64_t i, offset, from = q->first, until = UINT64_MAX;
	size_t size = 0;

	if (q->before) {
		until = q->first;
		from = q->first > q->count ? q->first - q->count : 1;
	}
	for (i = 0; i < g->s->committed; i++) {
		if (!kept(g->s, i, q->room))
			continue;
		offset = g->s->put[i]->entry.head.offset;
		if (g->out.oldest == 0)
			g->out.oldest = offset;
		if (offset < from || offset >= until ||
		    g->out.n_entries == q->count || g->out.n_entries == KEPT)
			continue;
		size += g->s->put[i]->entry.len;
		if (size > q->bytes && g->out.n_entries > 0)
			break;
		if (g->out.n_entries == 0)
			memcpy(g->out.before, g->s->put[i]->chain_before,
			    WIRE_HASH);
		read_add(g, i);
	}
}

static void answer(struct store *s, const struct store_question *q)
{
	struct reading *g = calloc(1, sizeof(*g));
	size_t i;

	assert_non_null(g);
	g->s = s;
	g->out.entry = g->entry;
	g->out.run = g->run;
	read_range(g, q);
	for (i = 0; i < g->out.n_runs; i++)
		run_fill(g, &g->run[i], q->room);
	q->got(q->arg, &g->out);
	for (i = 0; i < g->out.n_runs; i++) {
		free((void *)(uintptr_t)g->run[i].epoch);
		free((void *)(uintptr_t)g->run[i].person);
	}
	free(g);
}

size_t fake_store_answer(struct store *s)
{
	size_t i, n = s->n_questions;

	for (i = 0; i < n; i++)
		answer(s, &s->question[i]);
	memmove(s->question, s->question + n,
	    (s->n_questions - n) * sizeof(s->question[0]));
	s->n_questions -= n;
	return n;
}

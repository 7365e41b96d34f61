/* check_direct.c - what the frames of direct messages prove: who wrote which words to
 * whose key. There is no log of them, so nothing of their order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/verify/check_int.h"
#include "shared/proto/direct.h"

/* The newest messages, found by their id: a ring, with chains for the search. */
struct letter_seen {
	uint8_t from[WIRE_HASH], to[WIRE_HASH], id[WIRE_ID];
	bool shown;
	uint16_t next; /* its number in the chain, from 1; 0: it is the last */
};
struct letters_seen {
	struct letter_seen one[CHECK_SEEN];
	uint16_t chain[CHECK_SEEN];
	size_t n, at;
};

void check_direct_free(struct check *c)
{
	free(c->seen);
}

/* --- what was said ---------------------------------------------------------- */

static uint16_t *chain_of(struct letters_seen *k, const uint8_t id[WIRE_ID])
{
	return &k->chain[(id[0] << 8 | id[1]) % CHECK_SEEN];
}

/* The message with this id, from whom (or NULL) or to whom (or NULL). */
static struct letter_seen *find(struct letters_seen *k,
    const uint8_t id[WIRE_ID], const uint8_t *from, const uint8_t *to)
{
	struct letter_seen *s;
	uint16_t i;

	for (i = *chain_of(k, id); i != 0; i = s->next) {
		s = &k->one[i - 1];
		if (memcmp(s->id, id, WIRE_ID) == 0 &&
		    (from == NULL || memcmp(s->from, from, WIRE_HASH) == 0) &&
		    (to == NULL || memcmp(s->to, to, WIRE_HASH) == 0))
			return s;
	}
	return NULL;
}

/* Whether one of the recipient's devices has signed that it was shown. */
static bool was_shown(struct letters_seen *k, const struct letter_seen *s)
{
	const struct letter_seen *o;
	uint16_t i;

	for (i = *chain_of(k, s->id); i != 0; i = o->next) {
		o = &k->one[i - 1];
		if (o->shown && memcmp(o->id, s->id, WIRE_ID) == 0 &&
		    memcmp(o->from, s->from, WIRE_HASH) == 0)
			return true;
	}
	return false;
}

static void forget(struct letters_seen *k, size_t at)
{
	uint16_t *p = chain_of(k, k->one[at].id);

	while (*p != at + 1)
		p = &k->one[*p - 1].next;
	*p = k->one[at].next;
}

static void add(
    struct letters_seen *k, const struct item *t, const uint8_t id[WIRE_ID])
{
	struct letter_seen *s = &k->one[k->at];
	struct direct_head h;

	if (direct_head_decode(&h, t->body.p, t->body.len) != 0)
		return;
	if (k->n == CHECK_SEEN)
		forget(k, k->at);
	else
		k->n++;
	memcpy(s->from, h.from, WIRE_HASH);
	memcpy(s->to, h.to, WIRE_HASH);
	memcpy(s->id, id, WIRE_ID);
	s->shown = false;
	s->next = *chain_of(k, id);
	*chain_of(k, id) = (uint16_t)(k->at + 1);
	k->at = (k->at + 1) % CHECK_SEEN;
}

/* --- lines, in order --------------------------------------------------------- */

int check_device(struct check *c, const struct transcript_line *l)
{
	return transcript_device_add(c->o.crypto, &c->devices, l);
}

/* Whose fingerprint it is. */
static const struct transcript_device *whose(
    const struct check *c, const uint8_t fingerprint[WIRE_HASH])
{
	if (memcmp(c->writer.fingerprint, fingerprint, WIRE_HASH) == 0)
		return &c->writer;
	return transcript_device(&c->devices, fingerprint);
}

int check_direct(struct check *c, struct item *t)
{
	const struct transcript_device *from, *to;
	struct direct_head h;

	if (direct_head_decode(&h, t->body.p, t->body.len) != 0)
		return check_wrong(c, "its frame is not a direct one");
	from = whose(c, h.from);
	to = whose(c, h.to);
	if (from == NULL)
		return check_wrong(c, "nothing before it names its sender");
	if (to == NULL)
		return check_wrong(c, "nothing before it names its recipient");
	if (from != &c->writer && to != &c->writer)
		return check_wrong(c, "it is neither from nor to its writer");
	memset(&t->who, 0, sizeof(t->who));
	memcpy(t->who.name, from->name, sizeof(t->who.name));
	memcpy(t->who.identity, from->identity, WIRE_ED25519);
	t->to = *to;
	c->facts.entries++;
	return 0;
}

void check_direct_open(
    const struct check *c, struct crypto *crypto, struct item *t)
{
	const struct direct_proof proof = {
	    c->facts.server, t->who.identity, t->l.key};

	buf_clear(&t->plain);
	t->err =
	    direct_open_with(crypto, &t->plain, &proof, t->body.p, t->body.len);
	/* A content that is none is its author's. */
	if (t->err == 0 &&
	    content_decode(&t->content, false, t->plain.p, t->plain.len) != 0)
		memset(&t->content, 0, sizeof(t->content));
}

/* --- what is proved ----------------------------------------------------------- */

static void count_pair(struct check *c, const struct item *t)
{
	struct check_facts *f = &c->facts;
	struct check_pair *p = f->pair, *end = p + f->n_pairs;
	struct direct_head h;

	if (direct_head_decode(&h, t->body.p, t->body.len) != 0)
		return;
	while (p < end && (memcmp(p->from, h.from, WIRE_HASH) != 0 ||
			      memcmp(p->to, h.to, WIRE_HASH) != 0))
		p++;
	if (p == end && f->n_pairs == CHECK_PAIRS) {
		f->more_pairs = true;
		return;
	}
	if (p == end) {
		f->n_pairs++;
		memcpy(p->from, h.from, WIRE_HASH);
		memcpy(p->to, h.to, WIRE_HASH);
		memcpy(p->from_name, t->who.name, sizeof(p->from_name));
		memcpy(p->to_name, t->to.name, sizeof(p->to_name));
	}
	p->frames++;
}

/* Their recipient has shown these. */
static void delivered(struct check *c, const struct item *t)
{
	const struct content_delivered *d = &t->content.u.delivered;
	struct letter_seen *s;
	struct direct_head h;
	size_t i;

	if (direct_head_decode(&h, t->body.p, t->body.len) != 0)
		return;
	for (i = 0; i < d->n; i++) {
		s = find(c->seen, d->ids[i], h.to, h.from);
		if (s == NULL)
			continue;
		c->facts.shown += !was_shown(c->seen, s);
		s->shown = true;
	}
}

/* What people say, with its id, and whether it is a copy for another device of
 * theirs. NULL: it is something else. */
static const uint8_t *said(const struct content *k, bool *copy)
{
	if (k->type == CONTENT_FILE) {
		*copy = k->u.file.peer[0] != '\0';
		return k->u.file.id;
	}
	if (!content_is_said(k->type))
		return NULL;
	*copy = k->u.said.peer[0] != '\0';
	return k->u.said.id;
}

int check_direct_count(struct check *c, struct item *t)
{
	struct check_person *p = check_person(c, &t->who);
	const uint8_t *id;
	struct direct_head h;
	bool copy = false, again;
	int r;

	if (c->seen == NULL && (c->seen = calloc(1, sizeof(*c->seen))) == NULL)
		return ERR_NOMEM;
	if ((r = direct_head_decode(&h, t->body.p, t->body.len)) != 0)
		return r;
	id = said(&t->content, &copy);
	if (id == NULL) {
		c->facts.asides++;
		if (t->content.type == CONTENT_DELIVERED)
			delivered(c, t);
		return 0;
	}
	if (find(c->seen, id, h.from, h.to) != NULL)
		return 0; /* the same frame, or its like */
	count_pair(c, t);
	/* There is one for each device. */
	again = find(c->seen, id, h.from, NULL) != NULL;
	add(c->seen, t, id);
	if (again)
		return 0;
	c->facts.copies += copy;
	check_said(c, t, p);
	return 0;
}

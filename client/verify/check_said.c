/* check_said.c - what the entries of a room prove: who said how much, and whose views
 * of the log are not this one. */
#include <stdio.h>
#include <string.h>

#include "client/verify/check_int.h"
#include "shared/crypto/keys.h"
#include "shared/proto/content_view.h"

struct check_person *check_person(
    struct check *c, const struct transcript_person *who)
{
	struct check_facts *f = &c->facts;
	struct check_person *p;
	size_t i;

	for (i = 0; i < f->n_people; i++)
		if (memcmp(f->person[i].identity, who->identity,
			WIRE_ED25519) == 0 &&
		    strcmp(f->person[i].name, who->name) == 0)
			return &f->person[i];
	if (f->n_people == CHECK_PEOPLE) {
		f->more_people = true;
		return NULL;
	}
	p = &f->person[f->n_people];
	memcpy(p->name, who->name, sizeof(p->name));
	memcpy(p->identity, who->identity, WIRE_ED25519);
	if (ed25519_fingerprint(c->o.crypto, p->fingerprint, who->identity) !=
	    0)
		return NULL;
	f->n_people++;
	return p;
}

static void forked(
    struct check *c, const struct item *t, const char *who, uint64_t at)
{
	struct check_facts *f = &c->facts;

	if (f->n_forks++ > 0)
		return;
	f->fork_entry = t->l.at.offset;
	f->fork_at = at;
	snprintf(f->fork_who, sizeof(f->fork_who), "%s", who);
}

/* The chain at that offset; NULL: it is not known, or no longer. */
static const uint8_t *chain_at(
    const struct check *c, const struct item *t, uint64_t offset)
{
	const struct log_head *ours = &c->chain[offset % CHAINS];

	return offset < t->l.at.offset && ours->offset == offset ? ours->chain
								 : NULL;
}

/* What the server signs of its log. */
static void on_checkpoint(struct check *c, const struct item *t)
{
	const struct notice *n = &t->content.u.notice;
	const uint8_t *ours = chain_at(c, t, n->more.offset);
	struct check_facts *f = &c->facts;

	if (ours == NULL)
		return;
	if (memcmp(ours, n->more.chain, WIRE_HASH) != 0) {
		forked(c, t, "server", n->more.offset);
		return;
	}
	f->checkpoints++;
	if (n->more.offset < f->signed_to)
		return;
	f->signed_to = n->more.offset;
	f->signed_first = t->run_first;
	f->signed_ms = n->ts;
}

/* What its author had of the log. */
static void compare_view(
    struct check *c, const struct item *t, struct check_person *p)
{
	const uint8_t *ours;
	struct log_view view;
	bool has;

	if (t->content.json == NULL ||
	    content_view_get(&t->content, &has, &view) != 0 || !has ||
	    memcmp(view.log, c->facts.head.log, WIRE_VIEW_LOG) != 0 ||
	    view.head.offset == 0 ||
	    (ours = chain_at(c, t, view.head.offset)) == NULL)
		return;
	if (memcmp(ours, view.head.chain, WIRE_HASH) != 0)
		forked(c, t, t->who.name, view.head.offset);
	else if (p != NULL && p->seen < view.head.offset)
		p->seen = view.head.offset;
}

void check_said(struct check *c, const struct item *t, struct check_person *p)
{
	struct check_facts *f = &c->facts;

	if (f->messages++ == 0)
		f->from_ms = t->content.ts;
	f->to_ms = t->content.ts;
	if (p != NULL)
		p->messages++;
	if (c->o.message != NULL)
		c->o.message(
		    c->o.arg, t->l.at.offset, t->who.name, &t->content);
}

/* What the server says of a room. In a sealed one its topic is a mark. */
static void on_room(struct check *c, const struct item *t)
{
	if (c->o.message != NULL && !t->content.u.notice.more.settings.sealed)
		c->o.message(c->o.arg, t->l.at.offset, "", &t->content);
}

void check_count(struct check *c, struct item *t)
{
	struct check_facts *f = &c->facts;
	struct check_person *p;

	if (t->head.sender == 0) {
		f->notices++;
		if (t->content.type != CONTENT_NOTICE)
			return;
		if (t->content.u.notice.event == NOTICE_CHECKPOINT)
			on_checkpoint(c, t);
		else if (t->content.u.notice.event == NOTICE_ROOM)
			on_room(c, t);
		return;
	}
	p = check_person(c, &t->who);
	compare_view(c, t, p);
	if (!content_is_said(t->content.type) &&
	    t->content.type != CONTENT_FILE) {
		f->asides++;
		if (t->content.type == CONTENT_TOPIC && c->o.message != NULL)
			c->o.message(c->o.arg, t->l.at.offset, t->who.name,
			    &t->content);
		return;
	}
	check_said(c, t, p);
}

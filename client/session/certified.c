/* certified.c - the certificates of other members. */
#include "client/session/certified.h"

#include <string.h>

#include "client/session/chatroom.h"
#include "client/session/roster.h"
#include "shared/proto/card.h"

void certified_lost(struct certified *c)
{
	c->n_open = 0;
}

bool certified_gone(struct certified *c, uint32_t member)
{
	size_t i;

	for (i = 0; i < c->n_open; i++)
		if (c->open[i] == member) {
			c->open[i] = c->open[--c->n_open];
			return true;
		}
	return false;
}

/* The member in a room, or NULL. */
static const struct person *find(const struct chatroom *room, uint32_t member)
{
	const struct roster *r = chatroom_roster(room);

	return r != NULL ? roster_find(r, member) : NULL;
}

/* --- asking --------------------------------------------------------------- */

/* Another room knows about this connection already, or has asked. */
static const struct person *known(
    struct chatroom *const *rooms, size_t n, const struct person *who)
{
	const struct person *p;
	size_t i;

	for (i = 0; i < n; i++)
		if ((p = find(rooms[i], who->member)) != NULL &&
		    p->certified >= CERTIFIED_ASKED &&
		    memcmp(p->card, who->card, WIRE_HASH) == 0)
			return p;
	return NULL;
}

static int ask(struct certified *c, uint32_t member)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	r = control_identity_ask(&json, member);
	if (r == 0)
		r = outgoing_control(c->out, &json);
	buf_free(&json);
	if (r == 0)
		c->open[c->n_open++] = member;
	return r;
}

/* Sets what is known, and what follows from it. */
static void set(const struct certified *c, struct chatroom *room,
    struct person *p, enum certified_state state, enum certifier_fault fault)
{
	p->certified = state;
	p->fault = fault;
	parties_judge(c->parties, p);
	roster_certify(chatroom_roster(room), p);
}

int certified_ask(struct certified *c, struct chatroom *const *rooms, size_t n)
{
	const struct person *wanted, *other;
	struct person p;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++)
		while (r == 0 && c->n_open < CERTIFIED_OPEN &&
		       outgoing_has_room(c->out) &&
		       chatroom_roster(rooms[i]) != NULL &&
		       (wanted = roster_wanted(chatroom_roster(rooms[i]))) !=
			   NULL) {
			p = *wanted;
			other = known(rooms, n, &p);
			if (other != NULL) {
				set(c, rooms[i], &p, other->certified,
				    other->fault);
				continue;
			}
			set(c, rooms[i], &p, CERTIFIED_ASKED, CERTIFIER_NONE);
			r = ask(c, p.member);
		}
	return r;
}

/* --- answers -------------------------------------------------------------- */

struct verdict {
	enum certifier_fault fault;
	const char *reason;
};

/* Checks the card and its certificate. */
static int judge(const struct certified *c, const struct person *p,
    const struct control *answer, struct verdict *out)
{
	const struct parties *q = c->parties;
	const struct card_shown card = {.bytes = answer->u.identity.card,
	    .n = answer->u.identity.card_len,
	    .signature = answer->u.identity.signature,
	    .name = p->name,
	    .identity = p->identity,
	    .hash = p->card};
	struct buf der;
	int r;

	buf_init(&der, WIRE_CERTIFICATE_MAX);
	r = card_check(&der, q->crypto, &card);
	if (r == 0 && der.len == 0)
		r = ERR_CARD; /* the server said that there is one */
	if (r == 0)
		out->fault = q->certifier.check(
		    q->certifier.arg, &der, p->name, p->identity);
	buf_free(&der);
	return r;
}

/* The CA says that a key that is not pinned belongs to a pinned name. */
static bool renews(const struct certified *c, const struct person *p)
{
	const struct people_ops *ops = &c->parties->people;

	if (parties_met(c->parties, p) != TRUST_CHANGED)
		return false;
	ops->certified(ops->arg, c->parties->server, p->name, p->fingerprint);
	return true;
}

static int tell(const struct certified *c, struct chatroom *room,
    uint32_t member, const struct verdict *v)
{
	const struct people_ops *ops = &c->parties->people;
	const struct person *here = find(room, member);
	const bool good = v->fault == CERTIFIER_NONE;
	struct person p;

	if (here == NULL || here->certified < CERTIFIED_WANTED)
		return 0;
	p = *here;
	set(c, room, &p, good ? CERTIFIED_GOOD : CERTIFIED_BAD, v->fault);
	/* Until now the pin was one of a key alone. */
	if (good && p.spoke)
		ops->certified(
		    ops->arg, c->parties->server, p.name, p.fingerprint);
	return events_push_room(chatroom_events(room),
	    &(struct event){.type = EVENT_CERTIFIED,
		.person = &p,
		.reason = v->reason});
}

int certified_answer(struct certified *c, struct chatroom *const *rooms,
    size_t n, const struct control *answer)
{
	const uint32_t member = answer->u.identity.member;
	const struct person *p = NULL;
	struct verdict v;
	size_t i;
	int r;

	if (!certified_gone(c, member))
		return 0;
	for (i = 0; i < n && p == NULL; i++)
		p = find(rooms[i], member);
	if (p == NULL) /* has left meanwhile */
		return 0;
	if ((r = judge(c, p, answer, &v)) != 0)
		return r;
	v.reason = v.fault != CERTIFIER_NONE ? certifier_word(v.fault)
		   : renews(c, p)	     ? "renewed"
					     : "";
	for (i = 0; r == 0 && i < n; i++)
		r = tell(c, rooms[i], member, &v);
	return r;
}

/* The topic of a sealed room. */
#include "client/session/topics.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"

struct own_topic {
	bool used;
	uint8_t id[WIRE_ID];
	char text[WIRE_SHORT_TEXT_MAX + 1];
};

struct topics {
	struct topics_opts o;
	struct sealed_topic now; /* as it was read last */
	struct own_topic own[TOPICS_OWN];
	size_t next; /* in turn */
};

struct topics *topics_new(const struct topics_opts *o)
{
	struct topics *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->o = *o;
	return t;
}

void topics_free(struct topics *t)
{
	if (t == NULL)
		return;
	secret_wipe(t, sizeof(*t));
	free(t);
}

/* The one of this log, in t->now; or none. */
static void read_now(struct topics *t)
{
	const struct topics_ops *ops = t->o.ops;
	const struct holders *h = t->o.holders;

	if (ops->get == NULL) {
		/* Nothing is kept: it is in t->now, for this run. */
		if (memcmp(t->now.log, h->log, WIRE_LOG) != 0)
			memset(&t->now, 0, sizeof(t->now));
		return;
	}
	if (!ops->get(ops->arg, h->room, &t->now) ||
	    memcmp(t->now.log, h->log, WIRE_LOG) != 0)
		memset(&t->now, 0, sizeof(t->now));
}

const char *topics_text(struct topics *t)
{
	if (seals_state(t->o.seals) == SEAL_NONE)
		return "";
	read_now(t);
	return t->now.text;
}

/* A member is whoever has the secret, which the server cannot say. Which of them are
 * operators is its word, now or when we heard them last. */
static bool is_operator(const struct topics *t, const struct person *who)
{
	const struct person *p;
	struct holder h;
	bool known, operator;
	size_t n, i;

	if (who->self)
		return true;
	known = holders_find(t->o.holders, who->fingerprint, &h);
	operator = who->role >= ROLE_OPERATOR || (known && h.operator);
	p = roster_people(t->o.roster, &n);
	for (i = 0; i < n; i++)
		if (memcmp(p[i].fingerprint, who->fingerprint, WIRE_HASH) == 0)
			operator = p[i].role >= ROLE_OPERATOR;
	operator = operator && !(known && h.removed > 0);
	secret_wipe(&h, sizeof(h));
	return operator;
}

static void set(struct topics *t, const char *name, uint64_t offset,
    uint32_t number, const char *text, size_t n)
{
	const struct holders *h = t->o.holders;

	memset(&t->now, 0, sizeof(t->now));
	memcpy(t->now.log, h->log, WIRE_LOG);
	t->now.offset = offset;
	t->now.number = number;
	memcpy(t->now.name, name, strlen(name));
	memcpy(t->now.text, text, n);
	if (t->o.ops->put != NULL)
		t->o.ops->put(t->o.ops->arg, h->room, &t->now);
}

int topics_take(struct topics *t, const struct room_events *to,
    const struct topics_entry *e, const struct content_topic *c)
{
	struct event out;

	read_now(t);
	if (e->number == 0 || e->number < t->now.number ||
	    (!e->past && e->number != seals_generation(t->o.seals)) ||
	    e->offset <= t->now.offset || !is_operator(t, e->who))
		return 0;
	set(t, e->who->name, e->offset, e->number, c->text, c->text_len);
	if (to == NULL)
		return 0;
	out = (struct event){.type = EVENT_TOPIC,
	    .person = e->who,
	    .own = e->who->self,
	    .past = e->past,
	    .offset = e->offset,
	    .ts_ms = e->ts_ms,
	    .text = t->now.text,
	    .text_len = strlen(t->now.text)};
	memcpy(out.id, c->id, WIRE_ID);
	return events_push_room(to, &out);
}

void topics_own(struct topics *t, const struct content_topic *c)
{
	struct own_topic *o = &t->own[t->next++ % TOPICS_OWN];

	memset(o, 0, sizeof(*o));
	o->used = true;
	memcpy(o->id, c->id, WIRE_ID);
	memcpy(o->text, c->text, c->text_len);
}

void topics_sent(struct topics *t, const uint8_t id[WIRE_ID], const char *name,
    uint64_t offset)
{
	struct own_topic *o;
	size_t i;

	for (i = 0; i < TOPICS_OWN; i++) {
		o = &t->own[i];
		if (!o->used || memcmp(o->id, id, WIRE_ID) != 0)
			continue;
		read_now(t);
		if (offset > t->now.offset)
			set(t, name, offset, seals_generation(t->o.seals),
			    o->text, strlen(o->text));
		secret_wipe(o, sizeof(*o));
	}
}

/* message.c - what a message is, was, and looks like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ui/reaction.h"
#include "client/ui/message.h"
#include "shared/base/secret.h"

enum { NAMES_SHOWN = 5 }; /* of people with the same reaction */

struct text {
	char *p; /* owned, with a zero byte */
	size_t len;
	uint8_t id[WIRE_ID]; /* of the message or edit */
};

struct reacted {
	uint8_t id[WIRE_ID], who[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
	char with[REACTION_SHOWN]; /* "": none any more */
};

struct message {
	uint8_t id[WIRE_ID], author[WIRE_HASH];
	struct text now, before[MESSAGE_BEFORE];
	size_t n_before, edits;
	char *quote; /* owned, or NULL */
	bool answers;
	uint8_t about[WIRE_ID]; /* answers */
	bool deleted, purged;
	enum message_way way;
	uint8_t deleted_id[WIRE_ID];
	char deleted_by[WIRE_NAME_MAX + 1];
	struct reacted *reacted; /* owned */
	size_t n_reacted;
};

static void text_free(struct text *t)
{
	if (t->p != NULL)
		secret_wipe(t->p, t->len);
	free(t->p);
	*t = (struct text){0};
}

static int text_set(
    struct text *t, const uint8_t *id, const char *text, size_t len)
{
	char *p = malloc(len + 1);

	if (p == NULL)
		return ERR_NOMEM;
	if (len > 0) /* text may be NULL */
		memcpy(p, text, len);
	p[len] = '\0';
	*t = (struct text){.p = p, .len = len};
	memcpy(t->id, id, WIRE_ID);
	return 0;
}

static void quote_free(struct message *m)
{
	if (m->quote != NULL)
		secret_wipe(m->quote, strlen(m->quote));
	free(m->quote);
	m->quote = NULL;
}

struct message *message_new(const struct message_new *n)
{
	struct message *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	memcpy(m->id, n->id, WIRE_ID);
	memcpy(m->author, n->author, WIRE_HASH);
	if (n->quote != NULL)
		m->quote = strdup(n->quote);
	m->answers = n->about != NULL;
	if (m->answers)
		memcpy(m->about, n->about, WIRE_ID);
	if ((n->quote != NULL && m->quote == NULL) ||
	    text_set(&m->now, n->id, n->text, n->len) != 0) {
		message_free(m);
		return NULL;
	}
	return m;
}

void message_free(struct message *m)
{
	size_t i;

	if (m == NULL)
		return;
	text_free(&m->now);
	for (i = 0; i < m->n_before; i++)
		text_free(&m->before[i]);
	quote_free(m);
	free(m->reacted);
	free(m);
}

size_t message_size(const struct message *m)
{
	size_t n = sizeof(*m) + m->now.len, i;

	for (i = 0; i < m->n_before; i++)
		n += m->before[i].len;
	return n + m->n_reacted * sizeof(*m->reacted) +
	       (m->quote != NULL ? strlen(m->quote) : 0);
}

const uint8_t *message_id(const struct message *m)
{
	return m->id;
}

bool message_is(const struct message *m, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH])
{
	return memcmp(m->id, id, WIRE_ID) == 0 &&
	       memcmp(m->author, author, WIRE_HASH) == 0;
}

/* --- changes ------------------------------------------------------------- */

int message_edit(
    struct message *m, const uint8_t id[WIRE_ID], const char *text, size_t len)
{
	struct text next;
	int r;

	if (m->purged)
		return 0;
	if ((r = text_set(&next, id, text, len)) != 0)
		return r;
	/* The first text stays, whatever follows. */
	if (m->n_before == MESSAGE_BEFORE) {
		text_free(&m->before[1]);
		memmove(&m->before[1], &m->before[2],
		    (MESSAGE_BEFORE - 2) * sizeof(m->before[0]));
		m->n_before--;
	}
	m->before[m->n_before++] = m->now;
	m->now = next;
	m->edits++;
	return 0;
}

void message_delete(
    struct message *m, const uint8_t id[WIRE_ID], const char *by)
{
	if (m->purged)
		return;
	m->deleted = true;
	memcpy(m->deleted_id, id, WIRE_ID);
	snprintf(m->deleted_by, sizeof(m->deleted_by), "%s", by);
}

/* The entry of a person; NULL: there is no room for one. */
static struct reacted *reacted_of(struct message *m, const uint8_t *who)
{
	struct reacted *r;
	size_t i;

	for (i = 0; i < m->n_reacted; i++)
		if (memcmp(m->reacted[i].who, who, WIRE_HASH) == 0)
			return &m->reacted[i];
	if (m->n_reacted == MESSAGE_REACTIONS)
		return NULL;
	r = realloc(m->reacted, (m->n_reacted + 1) * sizeof(*r));
	if (r == NULL)
		return NULL;
	m->reacted = r;
	r = &m->reacted[m->n_reacted++];
	memset(r, 0, sizeof(*r));
	memcpy(r->who, who, WIRE_HASH);
	return r;
}

void message_react(struct message *m, const uint8_t id[WIRE_ID],
    const uint8_t who[WIRE_HASH], const char *name, const char *with)
{
	struct reacted *r = reacted_of(m, who);

	if (r == NULL)
		return;
	memcpy(r->id, id, WIRE_ID);
	snprintf(r->name, sizeof(r->name), "%s", name);
	snprintf(r->with, sizeof(r->with), "%s", with);
}

static void take_edit_back(struct message *m)
{
	text_free(&m->now);
	m->now = m->before[--m->n_before];
	m->before[m->n_before] = (struct text){0};
	m->edits--;
}

bool message_unsay(struct message *m, const uint8_t id[WIRE_ID])
{
	size_t i;

	if (m->deleted && !m->purged &&
	    memcmp(m->deleted_id, id, WIRE_ID) == 0) {
		m->deleted = false;
		return true;
	}
	if (m->n_before > 0 && memcmp(m->now.id, id, WIRE_ID) == 0) {
		take_edit_back(m);
		return true;
	}
	/* An edit before the newest: its text was never sent. */
	for (i = 1; i < m->n_before; i++)
		if (memcmp(m->before[i].id, id, WIRE_ID) == 0) {
			text_free(&m->before[i]);
			m->n_before--;
			memmove(&m->before[i], &m->before[i + 1],
			    (m->n_before - i) * sizeof(m->before[0]));
			m->edits--;
			return true;
		}
	for (i = 0; i < m->n_reacted; i++)
		if (memcmp(m->reacted[i].id, id, WIRE_ID) == 0) {
			m->reacted[i].with[0] = '\0';
			return true;
		}
	return false;
}

void message_came(struct message *m, enum message_way way)
{
	if (way >= MESSAGE_DELIVERED || way > m->way)
		m->way = way;
}

void message_purge(struct message *m, const char *by)
{
	secret_wipe(m->now.p, m->now.len);
	m->now.p[0] = '\0';
	m->now.len = 0;
	while (m->n_before > 0)
		text_free(&m->before[--m->n_before]);
	m->edits = 0;
	quote_free(m);
	m->deleted = m->purged = true;
	snprintf(m->deleted_by, sizeof(m->deleted_by), "%s", by);
}

bool message_answers(const struct message *m, const uint8_t id[WIRE_ID])
{
	return m->answers && memcmp(m->about, id, WIRE_ID) == 0;
}

void message_requote(struct message *m, const char *quote)
{
	if (m->quote == NULL)
		return;
	quote_free(m);
	m->quote = strdup(quote);
}

bool message_deleted(const struct message *m)
{
	return m->deleted;
}

bool message_purged(const struct message *m)
{
	return m->purged;
}

size_t message_edits(const struct message *m)
{
	return m->edits;
}

const char *message_text(const struct message *m, size_t *len)
{
	*len = m->now.len;
	return m->now.p;
}

const char *message_before(const struct message *m, size_t i, size_t *len)
{
	if (i >= m->n_before)
		return NULL;
	*len = m->before[i].len;
	return m->before[i].p;
}

/* --- how it looks -------------------------------------------------------- */

/* Whether somebody earlier in the list has the same reaction. */
static bool shown_before(const struct message *m, size_t i)
{
	size_t k;

	for (k = 0; k < i; k++)
		if (strcmp(m->reacted[k].with, m->reacted[i].with) == 0)
			return true;
	return false;
}

/* "ben, carol", or "ben, carol, dave, erin +12". */
static int put_names(const struct message *m, struct buf *out, size_t first)
{
	size_t i, n = 0, all = 0;
	char more[24];
	int r = 0;

	for (i = first; i < m->n_reacted; i++)
		all += strcmp(m->reacted[i].with, m->reacted[first].with) == 0;
	for (i = first; r == 0 && i < m->n_reacted && n < NAMES_SHOWN; i++) {
		if (strcmp(m->reacted[i].with, m->reacted[first].with) != 0)
			continue;
		if (n++ > 0)
			r = buf_str(out, ", ");
		if (r == 0)
			r = buf_str(out, m->reacted[i].name);
	}
	snprintf(more, sizeof(more), " +%zu", all - n);
	return r == 0 && all > n ? buf_str(out, more) : r;
}

static int put_reactions(const struct message *m, struct buf *out, bool ascii)
{
	bool any = false;
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < m->n_reacted; i++) {
		if (m->reacted[i].with[0] == '\0' || shown_before(m, i))
			continue;
		if ((r = buf_str(out, !any    ? "\n"
				      : ascii ? " "
					      : "   ")) != 0 ||
		    (r = buf_str(out, ascii ? "(" : "")) != 0 ||
		    (r = buf_str(out, m->reacted[i].with)) != 0 ||
		    (r = buf_str(out, ascii ? ": " : " ")) != 0 ||
		    (r = put_names(m, out, i)) != 0)
			break;
		r = buf_str(out, ascii ? ")" : "");
		any = true;
	}
	return r;
}

int message_show(const struct message *m, struct buf *out, bool ascii,
    size_t *quote, size_t *body)
{
	const size_t start = out->len;
	int r = 0;

	if (m->quote != NULL) {
		r = buf_str(out, ascii ? "> " : "\xe2\x86\xb3 ");
		if (r == 0)
			r = buf_str(out, m->quote);
		if (r == 0)
			r = buf_u8(out, '\n');
	}
	*quote = out->len - start;
	if (r == 0 && !m->deleted)
		r = buf_put(out, m->now.p, m->now.len);
	*body = out->len - start;
	if (r == 0 && m->deleted) {
		if ((r = buf_str(
			 out, m->purged ? "purged by " : "deleted by ")) == 0)
			r = buf_str(out, m->deleted_by);
		return r;
	}
	if (r == 0 && m->edits > 0)
		r = buf_str(out, "  edited");
	if (r == 0 && m->way == MESSAGE_KEPT)
		r = buf_str(out, "  kept");
	if (r == 0 && m->way == MESSAGE_DELIVERED)
		r = buf_str(out, "  delivered");
	return r == 0 ? put_reactions(m, out, ascii) : r;
}

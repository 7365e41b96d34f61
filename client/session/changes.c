/* changes.c - what was done to messages, in the order of the log. */
#include "client/session/changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/os/vec.h"

struct purge {
	uint64_t offset;
	char by[WIRE_NAME_MAX + 1];
};

struct changes {
	struct change *all; /* owned; ascending by offset */
	size_t n, cap, bytes;
	struct purge *purge; /* owned; as they became known */
	size_t n_purges, purge_cap;
};

struct changes *changes_new(void)
{
	return calloc(1, sizeof(struct changes));
}

static void release(struct change *o)
{
	if (o->text != NULL)
		secret_wipe(o->text, o->text_len);
	free(o->text);
	o->text = NULL;
}

void changes_free(struct changes *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++)
		release(&c->all[i]);
	free(c->all);
	free(c->purge);
	free(c);
}

static size_t find(
    const struct changes *c, const uint8_t *who, const uint8_t *id)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (memcmp(c->all[i].id, id, WIRE_ID) == 0 &&
		    memcmp(c->all[i].person.fingerprint, who, WIRE_HASH) == 0)
			break;
	return i;
}

static void drop(struct changes *c, size_t i)
{
	c->bytes -= c->all[i].text_len;
	release(&c->all[i]);
	c->n--;
	memmove(&c->all[i], &c->all[i + 1], (c->n - i) * sizeof(c->all[0]));
}

bool changes_has(const struct changes *c, const uint8_t who[WIRE_HASH],
    const uint8_t id[WIRE_ID])
{
	return find(c, who, id) < c->n;
}

void changes_forget(
    struct changes *c, const uint8_t who[WIRE_HASH], const uint8_t id[WIRE_ID])
{
	size_t i = find(c, who, id);

	if (i < c->n)
		drop(c, i);
}

static int copy(struct change *out, const struct event *e,
    enum content_type type, const struct content_said *said)
{
	*out = (struct change){.type = type,
	    .person = *e->person,
	    .seq = e->seq,
	    .offset = e->offset,
	    .ts_ms = e->ts_ms,
	    .epoch = e->epoch};
	memcpy(out->id, said->id, WIRE_ID);
	memcpy(out->about, said->about, WIRE_ID);
	if (said->text_len == 0)
		return 0;
	if ((out->text = malloc(said->text_len)) == NULL)
		return ERR_NOMEM;
	memcpy(out->text, said->text, said->text_len);
	out->text_len = said->text_len;
	return 0;
}

int changes_add(struct changes *c, const struct event *e,
    enum content_type type, const struct content_said *said)
{
	struct change new;
	size_t at;
	int r;

	if (changes_has(c, e->person->fingerprint, said->id))
		return 0;
	if ((r = vec_reserve(&c->all, &c->cap, c->n + 1, sizeof(new))) != 0 ||
	    (r = copy(&new, e, type, said)) != 0)
		return r;
	/* Our own has no offset when it is said: it is the newest. */
	for (at = c->n; at > 0 && new.offset != 0; at--)
		if (c->all[at - 1].offset != 0 &&
		    c->all[at - 1].offset <= new.offset)
			break;
	memmove(&c->all[at + 1], &c->all[at], (c->n - at) * sizeof(c->all[0]));
	c->all[at] = new;
	c->n++;
	c->bytes += new.text_len;
	while (c->n > CHANGES_MAX || c->bytes > CHANGES_BYTES)
		drop(c, 0);
	return 0;
}

const struct change *changes_at(const struct changes *c, size_t i)
{
	return i < c->n ? &c->all[i] : NULL;
}

/* --- what was destroyed --------------------------------------------------- */

int changes_purged(struct changes *c, uint64_t offset, const char *by)
{
	struct purge *p;
	int r;

	if (changes_purged_by(c, offset) != NULL)
		return 0;
	if (c->n_purges == CHANGES_MAX) {
		c->n_purges--;
		memmove(
		    c->purge, c->purge + 1, c->n_purges * sizeof(c->purge[0]));
	}
	if ((r = vec_reserve(&c->purge, &c->purge_cap, c->n_purges + 1,
		 sizeof(c->purge[0]))) != 0)
		return r;
	p = &c->purge[c->n_purges++];
	p->offset = offset;
	snprintf(p->by, sizeof(p->by), "%s", by);
	return 0;
}

const char *changes_purged_by(const struct changes *c, uint64_t offset)
{
	size_t i;

	for (i = 0; i < c->n_purges; i++)
		if (c->purge[i].offset == offset)
			return c->purge[i].by;
	return NULL;
}

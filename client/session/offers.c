/* offers.c - offers of files as messages. */
#include <string.h>

#include "client/session/offers.h"

struct content_said offers_message(const struct blob_offer *f)
{
	struct content_said said = {
	    .text = f->name, .text_len = strlen(f->name)};

	memcpy(said.id, f->id, WIRE_ID);
	memcpy(said.peer, f->peer, sizeof(said.peer));
	return said;
}

const struct content_said *offers_said(const struct content *c,
    struct content_said *store, enum content_type *type)
{
	*type = c->type;
	if (c->type != CONTENT_FILE)
		return &c->u.said;
	*type = CONTENT_MESSAGE;
	*store = offers_message(&c->u.file);
	return store;
}

void offers_event(struct event *e, const struct blob_offer *f)
{
	if (f == NULL || e->type != EVENT_MESSAGE)
		return;
	e->type = EVENT_FILE;
	e->offer = f;
}

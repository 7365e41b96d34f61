/* offers.h - the offer of a file as a message of a room: it has an id, can be
 * deleted and reacted to, and its text is the name of the file. */
#ifndef CONCLAVE_SESSION_OFFERS_H
#define CONCLAVE_SESSION_OFFERS_H

#include "client/session/event.h"
#include "shared/proto/content.h"

/* What somebody says; and the file that it offers, or NULL. */
struct offers_words {
	const struct content_said *said;
	const struct blob_offer *offer;
};
/* Whether it is something that people say: a message, about one, or an offer. */
static inline bool offers_is_said(const struct content *c)
{
	return content_is_said(c->type) || c->type == CONTENT_FILE;
}
/* An offer as a message; borrows from it. */
struct content_said offers_message(const struct blob_offer *f);
/* What such a content says, and of which type: that of an offer is `store`. */
const struct content_said *offers_said(const struct content *c,
    struct content_said *store, enum content_type *type);
/* Makes an offer's event of the message's; f NULL: nothing. */
void offers_event(struct event *e, const struct blob_offer *f);

#endif

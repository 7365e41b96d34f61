/* message.h - a message in the scrollback, with what was said about it later:
 * edits, its deletion, reactions; and the text that shows all of that. Pure.
 * Texts and names are filtered already, and copied. */
#ifndef CONCLAVE_UI_MESSAGE_H
#define CONCLAVE_UI_MESSAGE_H

#include <stdbool.h>

#include "shared/base/err.h"
#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

/* How many earlier texts are kept: the first and the latest. And of how many
 * people a reaction is shown. */
enum { MESSAGE_BEFORE = 4, MESSAGE_REACTIONS = 64 };

struct message_new {
	const uint8_t *id, *author; /* WIRE_ID and WIRE_HASH bytes */
	const char *text;
	size_t len;
	const char *quote;    /* what it answers, one line; NULL: nothing */
	const uint8_t *about; /* ... and its id, WIRE_ID bytes, or NULL */
};

struct message;
struct message *message_new(const struct message_new *n); /* NULL: no memory */
void message_free(struct message *m);	      /* wipes; NULL is a no-op */
size_t message_size(const struct message *m); /* bytes of memory */

const uint8_t *message_id(const struct message *m);
bool message_is(const struct message *m, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH]);

/* What happened to it, by something said as `id`. ERR_NOMEM: nothing has
 * changed. message_react: `who` is a fingerprint, `with` may be empty; a person
 * past MESSAGE_REACTIONS is left out. */
int message_edit(struct message *m, const uint8_t id[WIRE_ID], const char *text,
    size_t len) MUST_CHECK;
void message_delete(
    struct message *m, const uint8_t id[WIRE_ID], const char *by);
void message_react(struct message *m, const uint8_t id[WIRE_ID],
    const uint8_t who[WIRE_HASH], const char *name, const char *with);
/* Its bytes were destroyed where it was kept: all its texts are wiped. */
void message_purge(struct message *m, const char *by);
/* Whether it answers the message with that id; what it says of that is `quote`
 * from now on, if there is memory for it. */
bool message_answers(const struct message *m, const uint8_t id[WIRE_ID]);
void message_requote(struct message *m, const char *quote);
/* What we said as `id` was dropped before anybody had it: takes it back. False:
 * it is nothing about this message. */
bool message_unsay(struct message *m, const uint8_t id[WIRE_ID]);
/* How far one of our own direct messages has come, a word behind its text. It never goes
 * back, but for DELIVERED and KNOWN: that it was delivered is known, and said at a later
 * one. */
enum message_way {
	MESSAGE_ON_ITS_WAY,
	MESSAGE_KEPT,
	MESSAGE_DELIVERED,
	MESSAGE_KNOWN,
};
void message_came(struct message *m, enum message_way way);

/* Or purged, which can still be done to what is deleted. */
bool message_deleted(const struct message *m);
bool message_purged(const struct message *m);
size_t message_edits(const struct message *m);
/* Its text as it was written last, and the i-th of the earlier ones that are
 * kept, the oldest first; NULL: there are not so many. */
const char *message_text(const struct message *m, size_t *len);
const char *message_before(const struct message *m, size_t i, size_t *len);

/* Appends the text that shows it: the quotation as a first line, the text, and
 * the reactions as a last line. *quote is the length of the first with its line
 * end, *body the end of the text; what is behind it was not said by the
 * author. */
int message_show(const struct message *m, struct buf *out, bool ascii,
    size_t *quote, size_t *body) MUST_CHECK;

#endif

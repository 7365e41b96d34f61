/* changes.h - what was said about messages (edits, deletions, reactions), and
 * which entries of the room's log were destroyed: kept so that a message that is
 * read from the history later looks as it does by now. Pure.
 *
 * They are in the order of the log, whatever the order in which they became
 * known. The newest CHANGES_MAX with at most CHANGES_BYTES of text are kept. */
#ifndef CONCLAVE_SESSION_CHANGES_H
#define CONCLAVE_SESSION_CHANGES_H

#include "client/session/event.h"
#include "shared/proto/content.h"

enum { CHANGES_MAX = 8192, CHANGES_BYTES = 2 << 20 };

struct change {
	enum content_type type; /* EDIT, DELETE, REACT */
	struct person person;
	uint8_t id[WIRE_ID], about[WIRE_ID];
	uint64_t seq, offset, ts_ms;
	uint32_t epoch;
	char *text; /* owned; NULL: none */
	size_t text_len;
};

struct changes;
struct changes *changes_new(void);
void changes_free(struct changes *c); /* wipes; NULL is a no-op */

/* Remembers what the event says of its person, number and time, unless it is
 * known already. ERR_NOMEM: nothing has changed. */
int changes_add(struct changes *c, const struct event *e,
    enum content_type type, const struct content_said *said) MUST_CHECK;
/* Whether it is known; forgets it. */
bool changes_has(const struct changes *c, const uint8_t who[WIRE_HASH],
    const uint8_t id[WIRE_ID]);
void changes_forget(
    struct changes *c, const uint8_t who[WIRE_HASH], const uint8_t id[WIRE_ID]);
/* The i-th, in order; NULL after the last. Borrowed until the next call that
 * changes something. */
const struct change *changes_at(const struct changes *c, size_t i);

/* The entry at `offset` was destroyed by somebody. The name, or NULL: it was
 * not, as far as is known. */
int changes_purged(
    struct changes *c, uint64_t offset, const char *by) MUST_CHECK;
const char *changes_purged_by(const struct changes *c, uint64_t offset);

#endif

/* asides.h - what the programs in a room tell each other beside what people say:
 * their views of the log (views.h), and that their user keeps a transcript.
 *
 * The second is a courtesy of honest clients (PROTOCOL.md section 5e): nobody can
 * be made to say it. */
#ifndef CONCLAVE_SESSION_ASIDES_H
#define CONCLAVE_SESSION_ASIDES_H

#include "client/session/events.h"
#include "client/session/views.h"
#include "shared/proto/content.h"

enum {
	ASIDES_KEEPERS = 1024, /* people of whom we remember it */
	ASIDES_MS = 5000,      /* the least time between two words of ours */
};

struct asides;
/* Borrowed; `events` is copied. */
struct asides *asides_new(const struct room_events *events, struct views *v);
void asides_free(struct asides *a); /* NULL is a no-op */

/* A member's content: its view; EVENT_KEEPS if the person keeps a transcript now
 * or no longer. ERR_BASE64, ERR_JSON, ERR_RANGE: it is no such content. */
int asides_take(struct asides *a, const struct person *p,
    const struct content *c) MUST_CHECK;

/* Our user keeps one now, or no longer; we have entered; somebody else has; what
 * we said of it was not accepted. Each is to be said, the newcomers' in time. */
void asides_keep(struct asides *a, bool on);
bool asides_keeps(const struct asides *a);
void asides_entered(struct asides *a);
void asides_joined(struct asides *a);
void asides_lost(struct asides *a);
/* Whether it is to be said now; it was said. */
bool asides_due(const struct asides *a, uint64_t now_ms);
void asides_said(struct asides *a, uint64_t now_ms);
uint64_t asides_deadline(const struct asides *a); /* UINT64_MAX: never */

#endif

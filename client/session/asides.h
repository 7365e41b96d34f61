/* asides.h - what the programs in a room tell each other beside what people say:
 * their views of the log (views.h), that their user keeps a transcript, and
 * receipts: a view that somebody has asked for.
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
	/* A request for receipts costs the room so many frames, and is answered
	 * again after so long. */
	ASIDES_RECEIPTS = 20,
	ASIDES_RECEIPT_MS = 60000,
	ASIDES_ASK_MS = 10000, /* between two requests of ours */
};

/* What is to be said. */
enum aside {
	ASIDE_NONE,
	ASIDE_KEEPS,   /* whether the user keeps a transcript */
	ASIDE_ASK,     /* a receipt that asks for those of others */
	ASIDE_RECEIPT, /* ours, which somebody has asked for */
	ASIDES,
};

struct asides;
/* Borrowed; `events` is copied. */
struct asides *asides_new(const struct room_events *events, struct views *v);
void asides_free(struct asides *a); /* NULL is a no-op */

/* A member's content: its view; EVENT_KEEPS if the person keeps a transcript now
 * or no longer; EVENT_RECEIPT. ERR_BASE64, ERR_JSON, ERR_RANGE: it is no such
 * content. */
int asides_take(struct asides *a, const struct person *p,
    const struct content *c) MUST_CHECK;

/* Our user keeps one now, or no longer; we have entered; somebody else has; what
 * we said of it was not accepted. Each is to be said, the newcomers' in time. */
void asides_keep(struct asides *a, bool on);
bool asides_keeps(const struct asides *a);
void asides_entered(struct asides *a);
void asides_joined(struct asides *a);
void asides_lost(struct asides *a);
/* The server's checkpoint: EVENT_RECEIPT, or EVENT_FORK if it is of another log
 * than we have. */
int asides_receipt(struct asides *a, const uint8_t server[WIRE_ED25519],
    const struct receipt *t) MUST_CHECK;
int asides_signed(struct asides *a, const uint8_t server[WIRE_ED25519],
    const struct content *c) MUST_CHECK;
/* Our user asks for the server's receipt, and for those of the others. */
void asides_ask(struct asides *a, bool all);
/* What is to be said now; it was said, or need not be. */
enum aside asides_due(const struct asides *a, uint64_t now_ms);
void asides_said(struct asides *a, enum aside what, uint64_t now_ms);
uint64_t asides_deadline(const struct asides *a); /* UINT64_MAX: never */

#endif

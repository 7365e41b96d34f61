/* views.h - the members of a room as witnesses of its log (PROTOCOL.md section
 * 4). What a member says carries its view: the chain at the newest entry that it
 * had. A view that differs from ours means that the server shows the two of us
 * different logs, or that the member's client lies. Also when it is our turn to
 * send a view although we have nothing to say. */
#ifndef CONCLAVE_SESSION_VIEWS_H
#define CONCLAVE_SESSION_VIEWS_H

#include "client/session/events.h"
#include "client/session/roomlog.h"
#include "shared/crypto/random.h"

enum {
	VIEWS_MS = 600000, /* from what somebody else said to our own view */
	VIEWS_PEOPLE = 5,  /* in a larger room about so many send one */
	VIEWS_NAMED = 256, /* people with other views of whom we tell */
};

struct views;
/* Borrowed; `events` is copied. */
struct views *views_new(
    const struct room_events *events, const struct roomlog *log);
void views_free(struct views *v); /* NULL is a no-op */
/* We have left the room, or lost it. What was found stays. */
void views_leave(struct views *v);

/* A member's view, from a content whose signature holds: EVENT_FORK, once for
 * each person, if it differs. One of another log, or too old to compare, says
 * nothing. One of entries that we do not have yet is kept, within bounds, until
 * views_compare finds that we have. */
int views_take(struct views *v, const struct person *p,
    const struct log_view *view) MUST_CHECK;
int views_compare(struct views *v) MUST_CHECK;
/* The same for what the server signs itself: p stands for it. */
int views_signed(struct views *v, const struct person *p,
    const struct log_head *head) MUST_CHECK;
/* The same for what was said earlier, and is read now: own is the chain there, NULL:
 * that is not known. */
int views_past(struct views *v, const struct person *p,
    const struct log_view *view, const uint8_t own[WIRE_HASH]) MUST_CHECK;
/* A view of our log with this head. */
int views_of_log(const struct views *v, const struct log_head *head,
    struct log_view *out) MUST_CHECK;
bool views_is(const struct views *v, const uint8_t log[WIRE_LOG]);
/* Whether the view is of our log and we have what it says. */
bool views_agrees(const struct views *v, const struct log_view *view);
/* Some view has differed, ever. */
bool views_forked(const struct views *v);

/* Somebody else has said something; we have sealed a content, which carries our
 * view. Whether we owe a view: somebody else has spoken since we have. */
void views_heard(struct views *v);
void views_said(struct views *v);
bool views_owed(const struct views *v);
/* Draws a lot, so that of many people only about `most` send one. */
bool views_drawn(const struct rng *rng, size_t people, unsigned most);
/* The time at which to look again: 0 when the wait is to begin. */
uint64_t views_deadline(const struct views *v);
/* Whether that time has come: if so, draw the lot. */
bool views_tick(struct views *v, uint64_t now_ms);

#endif

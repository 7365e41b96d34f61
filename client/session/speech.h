/* speech.h - what the user says in a room, from the call to the server's
 * acknowledgement: the outbox, with what is held (held.h), and
 * whether the user may speak at all.
 *
 * It lives as long as the room, through all connections. Sealing needs the
 * room's place, epochs and own member, which it only reads. */
#ifndef CONCLAVE_SESSION_SPEECH_H
#define CONCLAVE_SESSION_SPEECH_H

#include "client/session/asides.h"
#include "client/session/epochs.h"
#include "client/session/events.h"
#include "client/session/held_policy.h"
#include "client/session/offers.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "client/session/posts.h"
#include "client/session/record.h"
#include "client/session/rights.h"
#include "client/session/roster.h"
#include "client/session/topics.h"

struct speech_opts {
	const struct parties *parties; /* borrowed, like all pointers here */
	const struct group_place *place;
	const struct seals *seals;
	const struct epochs *epochs;
	const struct roster *roster;
	const struct rights *rights;
	struct posts *posts;
	struct roomlog *roomlog;
	struct views *views;
	struct asides *asides;
	struct topics *topics;
	struct record *record;
	const struct person *self;
	struct outgoing *out;
	struct room_events events;
	enum held_policy held;
};

struct speech;
struct speech *speech_new(const struct speech_opts *o);
void speech_free(struct speech *s); /* NULL is a no-op */

/* The room's life. lost: a room that was JOINED loses its connection; from an
 * honest server what is marked counts as acknowledged. restart: seqs begin at 1
 * again. leaving: before these people leave the list, which is complete if we are
 * JOINED. entered: we are in, and the list of people is complete. */
void speech_lost(struct speech *s, bool honest);
void speech_restart(struct speech *s);
void speech_leaving(struct speech *s, const struct notice *n, bool joined);
int speech_entered(struct speech *s) MUST_CHECK;
/* A fresh secret. */
int speech_fence(struct speech *s) MUST_CHECK;

/* Queues what the user says (session_post), under the id that it has. epoch: the
 * newest, 0 outside the room. */
int speech_say(struct speech *s, bool joined, uint32_t epoch, uint64_t wall_ms,
    enum content_type type, const struct offers_words *w) MUST_CHECK;
/* The same for a topic of a sealed room. */
int speech_topic(struct speech *s, bool joined, uint32_t epoch,
    uint64_t wall_ms, const struct content_topic *t) MUST_CHECK;
/* Whether something is not sealed; whether it may be sealed now, or has to be
 * judged by who is in the room (held.h). Only if the list of people agrees with
 * the epoch: speech_seal does the next of both. */
bool speech_waits(const struct speech *s);
bool speech_ready(const struct speech *s);
int speech_seal(struct speech *s) MUST_CHECK;
/* Seals our view of the log, with nothing said; not if something waits. */
int speech_view(struct speech *s) MUST_CHECK;
/* The same, where it is due, for the rest of asides.h. */
int speech_aside(struct speech *s, uint64_t now_ms) MUST_CHECK;
/* asides_ask */
void speech_ask(struct speech *s, bool all);
/* Whether these two would be sealed. */
bool speech_idle(const struct speech *s);
int speech_ack(struct speech *s, uint64_t seq, uint64_t offset) MUST_CHECK;

/* The log has our frame with this id: it was accepted, though the connection was
 * lost before the acknowledgement. Whether something is to be sealed that may be
 * in the log already: not before all of it has been read. */
int speech_found(struct speech *s, const uint8_t id[WIRE_ID], uint64_t seq,
    uint64_t offset) MUST_CHECK;
bool speech_resends(const struct speech *s);

/* The user's answer about held messages; the user quits. */
int speech_send_held(struct speech *s) MUST_CHECK;
int speech_drop_held(struct speech *s) MUST_CHECK;
/* The id of the i-th of what is not acknowledged, counted from the oldest, and
 * whether it is held. NULL: there are not so many. */
const uint8_t *speech_unsent(const struct speech *s, size_t i, bool *held);
size_t speech_held(const struct speech *s);
void speech_quit(struct speech *s, bool flush);

/* Drops what the server has not acknowledged, or of that what is not sealed, and
 * reports each as UNSAID. */
int speech_take_back(struct speech *s) MUST_CHECK;
int speech_drop_unsealed(struct speech *s) MUST_CHECK;
/* The user is out of the room: drops all, and reports as speech_take_back. */
int speech_left(struct speech *s) MUST_CHECK;

/* The server's word on whether we may speak. When we may not, nothing is sealed
 * before both a later word and a fresh secret have come; that secret takes back
 * what was not acknowledged until then. */
void speech_may(struct speech *s, bool may);
/* The same on entering, where the secret is fresh. */
void speech_mute(struct speech *s);
bool speech_may_speak(const struct speech *s);

/* How many messages still have to be acknowledged before a user who quits has
 * nothing more to wait for: those that are held, and what waits behind them,
 * are not among them. And how many are not acknowledged. */
size_t speech_due(const struct speech *s);
size_t speech_unacked(const struct speech *s);

#endif

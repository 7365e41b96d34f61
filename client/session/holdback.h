/* holdback.h - holds the user's messages back after a reconnect until the
 * others are back too.
 *
 * The first client back after a server's restart is alone in the room, and the
 * room has no history: what it sends then reaches nobody. So messages wait for
 * the people who were there before, as long as their own pauses and their way
 * in may still take, at most 45 s. The user is told, and only once there is a
 * message that waits. */
#ifndef CONCLAVE_SESSION_HOLDBACK_H
#define CONCLAVE_SESSION_HOLDBACK_H

#include "client/session/events.h"
#include "client/session/outbox.h"
#include "client/session/roster.h"

struct holdback;
/* All borrowed; `events` is copied. */
struct holdback *holdback_new(const struct room_events *events,
    struct outbox *outbox, const struct roster *roster);
void holdback_free(struct holdback *h); /* NULL is a no-op */

/* How long coming back may take the others: what we needed. */
struct holdback_pace {
	uint64_t pause_ms; /* the next pause between two attempts */
	uint64_t entry_ms; /* from dialling to being in the room */
	bool leaving;	   /* the user wants to quit: wait less */
};

/* The room was left because the connection is gone: remembers its people. The
 * server has passed on all that it acknowledged before `until_ms`
 * (UINT64_MAX: all). Call before the roster changes. */
void holdback_lost(struct holdback *h, uint64_t until_ms);
/* Back in the room, the roster is complete. */
int holdback_begin(struct holdback *h, const struct holdback_pace *pace,
    uint64_t now_ms) MUST_CHECK;
/* Somebody joined. */
int holdback_joined(
    struct holdback *h, const uint8_t identity[WIRE_ED25519]) MUST_CHECK;
/* The user said something: tells them once that it waits. */
int holdback_said(struct holdback *h, uint64_t now_ms) MUST_CHECK;
/* The user wants to quit: no more than 5 s from now. */
void holdback_hurry(struct holdback *h, uint64_t now_ms);

bool holdback_active(const struct holdback *h); /* seal nothing */
uint64_t holdback_deadline(const struct holdback *h);
int holdback_tick(struct holdback *h, uint64_t now_ms) MUST_CHECK;

#endif

/* holdback.h - holds the user's messages back after a reconnect until the other
 * members have returned.
 *
 * After a server restart the first client back is alone, and if the room has no
 * history, nobody would receive its messages. So they wait for the previous
 * members for as long as their pauses and joins may take, at most 45 s. The
 * user is told once there is a message that waits. */
#ifndef CONCLAVE_SESSION_HOLDBACK_H
#define CONCLAVE_SESSION_HOLDBACK_H

#include "client/session/events.h"
#include "client/session/missing.h"
#include "client/session/outbox.h"
#include "client/session/roster.h"

struct holdback;
/* All borrowed; `events` is copied. */
struct holdback *holdback_new(const struct room_events *events,
    struct outbox *outbox, const struct roster *roster);
void holdback_free(struct holdback *h); /* NULL is a no-op */

/* How long the others may need to return, estimated from our own times. */
struct holdback_pace {
	uint64_t pause_ms; /* the next pause between two attempts */
	uint64_t entry_ms; /* from the dial to being in the room */
	bool leaving;	   /* the user quits: wait less */
	bool kept; /* the room has a history, for those who are away */
};

/* The room was left because the connection was lost: remembers its people. The
 * server has passed on everything that it acknowledged before `until_ms`
 * (UINT64_MAX: everything). Call before the roster changes. */
void holdback_lost(struct holdback *h, uint64_t until_ms);
/* We are in the room again and the roster is complete. */
int holdback_begin(struct holdback *h, const struct holdback_pace *pace,
    uint64_t now_ms) MUST_CHECK;
/* Somebody joined. */
int holdback_joined(
    struct holdback *h, const uint8_t identity[WIRE_ED25519]) MUST_CHECK;
/* The user said something: reports once that it waits. */
int holdback_said(struct holdback *h, uint64_t now_ms) MUST_CHECK;
/* The user quits: wait at most 5 s from now. */
void holdback_hurry(struct holdback *h, uint64_t now_ms);

/* The people that messages wait for. */
const struct missing *holdback_missing(const struct holdback *h);
bool holdback_active(const struct holdback *h); /* true: seal nothing */
uint64_t holdback_deadline(const struct holdback *h);
int holdback_tick(struct holdback *h, uint64_t now_ms) MUST_CHECK;

#endif

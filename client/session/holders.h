/* holders.h - who holds the secret of a sealed room, as far as this client knows
 * by itself (PROTOCOL.md section 5f): identities whose frames have opened with a
 * secret that we have ourselves. The server's word that somebody is a member makes
 * nobody a holder. Its word that somebody has left, or was removed, takes them off. */
#ifndef CONCLAVE_SESSION_HOLDERS_H
#define CONCLAVE_SESSION_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire/wire.h"

/* Of one room. Past it the one who became one first is forgotten. */
enum { HOLDERS_MAX = 256 };

struct holder {
	char name[WIRE_NAME_MAX + 1]; /* as their newest frame was signed */
	uint8_t fingerprint[WIRE_HASH];
	uint8_t log[WIRE_LOG]; /* of the room in which they spoke */
	uint32_t number;       /* of the newest secret that they have: it opened
				  a frame of theirs, or we gave it to them, or
				  they to us */
	uint32_t removed; /* from the room, when this was its secret; 0: not */
	bool gone;	  /* they have left for good, and not come again */
	bool operator;	  /* of the room, by the server's word when they last
			     spoke live */
	/* The number of a secret that they have handed over, which is not the
	 * room's yet; 0: there is none. */
	uint32_t handed;
	uint8_t secret[WIRE_KEY];
};

/* What is kept of them, by room and fingerprint. */
struct holders_ops {
	/* The i-th of that room, the oldest first. False: there is none. */
	bool (*get)(void *arg, const char *room, size_t i, struct holder *out);
	/* The one with that fingerprint, whatever its log: for each frame that
	 * opens. False: there is none. */
	bool (*find)(void *arg, const char *room,
	    const uint8_t fingerprint[WIRE_HASH], struct holder *out);
	/* Adds one, or replaces the one with that fingerprint. */
	void (*put)(void *arg, const char *room, const struct holder *h);
	void *arg;
};

/* A room; all borrowed. */
struct holders {
	const struct holders_ops *ops; /* NULL members: nothing is known */
	const char *room;
	const uint8_t *log;
};

/* The one with that fingerprint, in this log of the room. */
bool holders_find(const struct holders *h, const uint8_t fingerprint[WIRE_HASH],
    struct holder *out);
/* A frame of theirs has opened with the secret of that number; 0: with one that no
 * mark has named, which does not count. Whoever was removed is a holder again once
 * they have a secret that is newer. */
void holders_spoke(const struct holders *h, const char *name,
    const uint8_t fingerprint[WIRE_HASH], uint32_t number);
/* Whether the server says now that they are an operator. */
void holders_operator(const struct holders *h,
    const uint8_t fingerprint[WIRE_HASH], bool operator);
/* They have the secret of that number because of one of us. */
void holders_has(const struct holders *h,
    const uint8_t fingerprint[WIRE_HASH], uint32_t number);
/* They have left for good, or come again. */
void holders_gone(
    const struct holders *h, const uint8_t fingerprint[WIRE_HASH], bool gone);
/* They have left, for the reason of EVENT_LEAVE. */
void holders_left(const struct holders *h, const char *name,
    const uint8_t fingerprint[WIRE_HASH], const char *reason, uint32_t number);
/* Everybody of that name was removed, when the room's secret had that number. */
void holders_removed(const struct holders *h, const char *name, uint32_t number);

#endif

/* person.h - a person in a room, and how well their identity is known. */
#ifndef CONCLAVE_SESSION_PERSON_H
#define CONCLAVE_SESSION_PERSON_H

#include <stdbool.h>
#include <stdint.h>

#include "client/session/holders.h"
#include "client/session/purges.h"
#include "client/session/topics_ops.h"
#include "shared/proto/logchain.h"
#include "shared/proto/room_info.h"
#include "shared/tls/certifier.h"
#include "shared/wire/wire.h"

/* How well a name's identity is known. */
enum trust {
	TRUST_NEW,	/* has not spoken before, or could not be pinned */
	TRUST_SEEN,	/* pinned by its first message */
	TRUST_CERTIFIED, /* a certificate says so, or said so before: people_ops */
	TRUST_VERIFIED, /* compared by the user */
	TRUST_CHANGED,	/* differs from the pinned one, or was certified and is
			   no longer */
};

/* What is known of a person's certificate (PROTOCOL.md section 5d). */
enum certified_state {
	CERTIFIED_UNKNOWN, /* nobody is trusted to certify, or it is of the past */
	CERTIFIED_ABSENT,  /* the card has none */
	CERTIFIED_WANTED,  /* to be asked for */
	CERTIFIED_ASKED,
	CERTIFIED_BAD, /* it is not good: fault */
	CERTIFIED_GOOD,
};

/* The store of pins. `meet` is asked about each user that appears, `spoke` is
 * told of a first message, which pins a new name. `server` is the server's
 * fingerprint. */
struct people_ops {
	enum trust (*meet)(void *arg, const uint8_t server[WIRE_HASH],
	    const char *name, const uint8_t identity_fp[WIRE_HASH]);
	void (*spoke)(void *arg, const uint8_t server[WIRE_HASH],
	    const char *name, const uint8_t identity_fp[WIRE_HASH]);
	void *arg;
	/* A certificate says that the identity has this name. From now on it is
	 * one of the name's, `meet` returns TRUST_CERTIFIED. */
	void (*certified)(void *arg, const uint8_t server[WIRE_HASH],
	    const char *name, const uint8_t identity_fp[WIRE_HASH]);
};

/* Whom the user trusts to certify people. `check` looks at a certificate now. */
struct certifier_ops {
	enum certifier_fault (*check)(void *arg, const struct buf *der,
	    const char *name, const uint8_t identity[WIRE_ED25519]);
	void *arg;
};

/* What is known of the logs of a server's rooms from earlier runs of the client:
 * false, or the log of that room and the newest entry that was shown. */
struct rooms_ops {
	bool (*known)(void *arg, const char *room, uint8_t log[WIRE_LOG],
	    struct log_head *shown);
	void *arg;
	struct purges_ops purges; /* what is to be destroyed in them */
};

/* The secrets of a server's sealed rooms (PROTOCOL.md section 5f), from earlier
 * runs of the client and for later ones. */
struct seal_secret {
	uint8_t secret[WIRE_KEY];
	uint32_t generation; /* its number; 0: no mark has named it yet */
};
struct seals_ops {
	/* The i-th of that room, the oldest first. False: there is none. */
	bool (*get)(void *arg, const char *room, size_t i,
	    struct seal_secret *out);
	/* Adds one, or changes the number of one that is there. */
	void (*put)(void *arg, const char *room, const struct seal_secret *s);
	void *arg;
	struct holders_ops holders; /* who else has them */
	struct topics_ops topics;   /* get, put NULL: not kept */
};

/* A person in the room. */
struct person {
	uint32_t member;
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519];
	uint8_t fingerprint[WIRE_HASH];
	uint8_t card[WIRE_HASH];
	enum trust trust;
	enum certified_state certified;
	enum certifier_fault fault; /* CERTIFIED_BAD */
	bool lapsed; /* TRUST_CHANGED: the key is known, but its certificate is
			missing or no longer good */
	enum role role; /* in this room; the server's word, like voice */
	bool voice;	/* false: muted */
	bool spoke; /* in this room, and people_ops knows it */
	bool self;
	bool keeps; /* what is said directly; by their own word */
	uint32_t since; /* in the room from this epoch on; 0: before us */
};

#endif

/* direct_ops.h - what a session keeps on disk for direct messages (PROTOCOL.md
 * section 6): the pairs of its own prekeys, and which messages were shown. */
#ifndef CONCLAVE_SESSION_DIRECT_OPS_H
#define CONCLAVE_SESSION_DIRECT_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire/wire.h"

/* An own prekey with its private half. Pairs are known by their public key,
 * which is random: no state of an earlier time can make the same one again. */
struct prekey_pair {
	uint8_t key[WIRE_X25519];	  /* public */
	uint8_t private_key[WIRE_X25519]; /* secret */
	uint64_t made_s;		  /* unix */
	uint64_t ends_s; /* erased then; 0: it is the one in use */
	bool once;
};

/* A message that was shown: who sent it, its id, and the prekey that opened it,
 * as long as which it is remembered. A prekey for one message that is used up: the
 * key in the place of the sender, an id of zeros, the key. */
struct direct_seen {
	uint8_t from[WIRE_HASH];
	uint8_t id[WIRE_ID];
	uint8_t key[WIRE_X25519];
};

/* Pairs to add (of a known key: to change), keys to erase, messages that were
 * shown. Borrowed. */
struct direct_change {
	const struct prekey_pair *add;
	size_t n_add;
	const uint8_t (*erase)[WIRE_X25519];
	size_t n_erase;
	const struct direct_seen *seen;
	size_t n_seen;
};

struct direct_ops {
	/* The i-th pair, the oldest first; NULL: there are not so many. Borrowed
	 * until the next change. */
	const struct prekey_pair *(*pair)(void *arg, size_t i);
	bool (*seen)(void *arg, const uint8_t from[WIRE_HASH],
	    const uint8_t id[WIRE_ID]);
	/* All of it is on disk when it returns 0, first what was shown. Else
	 * nothing may be relied on, and the sentence is kept for the program. */
	int (*change)(void *arg, const struct direct_change *c);
	uint64_t (*now_s)(void *arg); /* unix */
	void *arg;
};

#endif

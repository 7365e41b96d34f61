/* trust_find.h - a person by name, for the commands of trust.h: where they are, and
 * the keys of their devices. */
#ifndef CONCLAVE_TRUST_FIND_H
#define CONCLAVE_TRUST_FIND_H

#include "client/session/session.h"
#include "client/trust/ignored.h"
#include "client/trust/people.h"

/* Where the commands look names up; all borrowed. Names are unique on a server:
 * somebody who is not in the room is looked for in the user's other rooms, and then
 * among those with whom direct messages were exchanged, unless `here` is set. */
struct trust_scope {
	struct session *session;
	const struct chatroom *room;
	struct people *people;
	struct ignored *ignored;
	bool here;
};

/* "your rooms", or "that room". */
const char *trust_find_where(const struct trust_scope *in);

/* Somebody found by name: in a room, in known_people, or both. A person may be
 * there with several devices, whose keys differ: `person` is the connection whose
 * key needs the user most, a changed one first and the user's own last. */
struct trust_target {
	char name[WIRE_NAME_MAX + 1];
	const struct person *person; /* NULL: in no room. Borrowed until the
					next call of the session */
	const struct chatroom *room; /* of the person; NULL: met by a direct
					message only */
	bool known;
	struct pinned pinned; /* valid when known: the pin of the person's key,
				 or else the oldest of the name */
};
/* `name` is NAME, or NAME and the beginning of a key, which chooses one device.
 * False when there is none; the sentence says so. */
bool trust_find(struct trust_target *out, const struct trust_scope *in,
    const char *name, size_t n, char *sentence, size_t size);

/* The i-th key that is known under the name of the target: of its connections in
 * that room, then of known_people; each key once. */
struct trust_key {
	uint8_t identity[WIRE_HASH];
	const struct person *person; /* NULL: not in the room */
	bool pinned, verified;
	char since[RECORDS_DATE];
};
bool trust_find_key(struct trust_key *out, const struct trust_scope *in,
    const struct trust_target *w, size_t i);

/* Whether the user had compared a key that this name is pinned to. */
bool trust_find_verified(
    const struct session *s, struct people *people, const struct person *p);

#endif

/* trust.h - the commands /whois, /verify, /trust and /ignore, for all front ends: what
 * is known about a person, and what the user decides about them. */
#ifndef CONCLAVE_TRUST_H
#define CONCLAVE_TRUST_H

#include "client/session/session.h"
#include "client/trust/ignored.h"
#include "client/trust/people.h"
#include "shared/crypto/safety.h"

/* Where the commands look names up; all borrowed. Names are unique on a server:
 * somebody who is not in the room is looked for in the user's other rooms, unless
 * `here` is set. */
struct trust_scope {
	struct session *session;
	const struct chatroom *room;
	struct people *people;
	struct ignored *ignored;
	bool here;
};

/* Takes the lines of an answer. They hold names and numbers, never a peer's
 * text. */
struct trust_sink {
	void (*fn)(void *arg, const char *line);
	void *arg;
};

/* Somebody found by name: in a room, in known_people, or both. */
struct trust_target {
	const struct person *person; /* NULL: in no room. Borrowed until the
					next call of the session */
	const struct chatroom *room; /* of the person */
	bool known;
	struct pinned pinned; /* valid when known */
};
/* False when the name is in neither; the sentence says so. */
bool trust_find(struct trust_target *out, const struct trust_scope *in,
    const char *name, size_t n, char *sentence, size_t size);

/* Whether the user had compared the key that this name is pinned to. */
bool trust_was_verified(
    const struct session *s, struct people *people, const struct person *p);

/* /whois NAME: the key's fingerprint, whether it is verified, since when. */
void trust_whois(const struct trust_scope *in, const char *name, size_t n,
    const struct trust_sink *tell);

/* The code to compare with a person in the room. False: the sentence says why
 * there is none. */
bool trust_code(char out[SAFETY_LEN + 1], const struct trust_scope *in,
    const struct person *p, char *sentence, size_t size);

/* /verify NAME shows the code; /verify NAME yes marks the identity whose code
 * was shown as verified. If another identity took the name in between, nothing
 * is marked. A zeroed struct means that no code was shown yet. */
struct trust_compare {
	char name[WIRE_NAME_MAX + 1];
	uint8_t fingerprint[WIRE_HASH];
};
void trust_verify(struct trust_compare *c, const struct trust_scope *in,
    const char *text, size_t n, const struct trust_sink *tell);

/* Marks the person's present identity as verified, on disk too. The sentence
 * says what was done, or why it failed (false). */
bool trust_mark_verified(const struct trust_scope *in, const struct person *p,
    char *sentence, size_t size);

/* /trust NAME accepts a changed identity; an identity that has not changed
 * becomes verified. The sentence says what was done, or why not (false). */
bool trust_accept(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size);
/* The same for a person at a keyboard. When two identities have used the name,
 * the command may have been meant for the one that just left, or have been
 * typed twice: then it only accepts, and never verifies. */
bool trust_accept_typed(const struct trust_scope *in, const char *name,
    size_t n, char *sentence, size_t size);

/* /ignore NAME: shows no more messages of that person, by identity, on any
 * server; /unignore NAME: of everybody who was ignored under that name, or has
 * it now. The sentence says what was done, or why not (false). */
bool trust_ignore(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size);
bool trust_unignore(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size);
/* /ignore: who is ignored. */
void trust_ignored(const struct trust_scope *in, const struct trust_sink *tell);

/* --- the server ----------------------------------------------------------- */

/* The code of the server's key. False: there is none yet; the sentence says
 * why. */
bool trust_server_code(char out[SAFETY_LEN + 1], const struct session *s,
    char *sentence, size_t size);
/* /server: its key, its code, and how the link's keys were agreed. `server` is
 * its name as the user knows it. False: it has not proved its key yet, and
 * nothing is told. */
bool trust_server(
    const struct session *s, const char *server, const struct trust_sink *tell);

#endif

/* trust.h - the commands /whois, /verify, /trust and /ignore, for all front ends: what
 * is known about a person, and what the user decides about them. */
#ifndef CONCLAVE_TRUST_H
#define CONCLAVE_TRUST_H

#include "client/trust/trust_find.h"
#include "shared/crypto/safety.h"

/* Takes the lines of an answer. They hold names and numbers, never a peer's
 * text. */
struct trust_sink {
	void (*fn)(void *arg, const char *line);
	void *arg;
};

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

/* /trust NAME accepts a changed identity, beside those that were known; an
 * identity that has not changed becomes verified. The sentence says what was done, or why not (false). */
bool trust_accept(const struct trust_scope *in, const char *name, size_t n,
    char *sentence, size_t size);
/* The same for a person at a keyboard: it only accepts, and never verifies,
 * because one word is no comparison. */
bool trust_accept_typed(const struct trust_scope *in, const char *name,
    size_t n, char *sentence, size_t size);

/* /ignore NAME: shows no more messages of that person, by the identities of all
 * their devices that are known, on any server; /unignore NAME: of everybody who was ignored under that name, or has
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

/* who.h - what is known of a person, and what the user decides about them:
 * /whois, /verify and /trust, for all faces. */
#ifndef CONCLAVE_TRUST_H
#define CONCLAVE_TRUST_H

#include "client/ui/ui.h"
#include "client/trust/safety.h"

/* Where lines for the user go. They hold names and numbers, no peer's text. */
struct trust_sink {
	void (*fn)(void *arg, const char *line);
	void *arg;
};

/* Somebody by name: in the room, in known_people, or both. */
struct trust_target {
	const struct person *person; /* NULL: not in the room; borrowed until
					the next call of the session */
	bool known;
	struct pinned pinned; /* known */
};
/* False, with a sentence: there is nobody of that name in either. */
bool trust_find(struct trust_target *out, const struct ui_env *env, const char *name,
    size_t n, char *sentence, size_t size);

/* Several lines: the key's fingerprint, what is known of it and since when. */
void trust_tell(const struct ui_env *env, const char *name, size_t n,
    const struct trust_sink *tell);

/* The code to compare with a person in the room; false with a sentence. */
bool trust_code(char out[SAFETY_LEN + 1], const struct ui_env *env,
    const struct person *p, char *sentence, size_t size);

/* /verify NAME shows the code, /verify NAME yes marks as verified the identity
 * whose code was shown: if another came under that name meanwhile, nothing is
 * marked. */
struct verify {
	char name[WIRE_NAME_MAX + 1]; /* "": no code was shown yet */
	uint8_t fingerprint[WIRE_HASH];
};
void trust_verify(struct verify *v, const struct ui_env *env, const char *text,
    size_t n, const struct trust_sink *tell);

/* The person's identity, as it is now, is verified from now on. */
bool trust_verified(const struct ui_env *env, const struct person *p,
    char *sentence, size_t size);

/* /trust NAME. Somebody whose identity changed is accepted, somebody seen is
 * from now on verified. The sentence says what was done or why not; true when
 * it was done. */
bool trust_trust(const struct ui_env *env, const char *name, size_t n,
    char *sentence, size_t size);
/* The same as a person types it. Where two identities have had the name, it may
 * have been meant for the one that has just gone, or been typed twice: it
 * accepts then, and verifies nobody. */
bool trust_trust_typed(const struct ui_env *env, const char *name, size_t n,
    char *sentence, size_t size);

#endif

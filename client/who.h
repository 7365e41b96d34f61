/* who.h - what is known of a person, and what the user decides about them:
 * /whois, /verify and /trust, for all faces. */
#ifndef CONCLAVE_WHO_H
#define CONCLAVE_WHO_H

#include "client/face.h"
#include "client/safety.h"

/* Where lines for the user go. They hold names and numbers, no peer's text. */
struct teller {
	void (*fn)(void *arg, const char *line);
	void *arg;
};

/* Somebody by name: in the room, in known_people, or both. */
struct who {
	const struct person *person; /* NULL: not in the room; borrowed until
					the next call of the session */
	bool known;
	struct pinned pinned; /* known */
};
/* False, with a sentence: there is nobody of that name in either. */
bool who_find(struct who *out, const struct face_env *env, const char *name,
    size_t n, char *sentence, size_t size);

/* Several lines: the key's fingerprint, what is known of it and since when. */
void who_tell(const struct face_env *env, const char *name, size_t n,
    const struct teller *tell);

/* The code to compare with a person in the room; false with a sentence. */
bool who_code(char out[SAFETY_LEN + 1], const struct face_env *env,
    const struct person *p, char *sentence, size_t size);

/* /verify NAME shows the code, /verify NAME yes marks as verified the identity
 * whose code was shown: if another came under that name meanwhile, nothing is
 * marked. */
struct verify {
	char name[WIRE_NAME_MAX + 1]; /* "": no code was shown yet */
	uint8_t fingerprint[WIRE_HASH];
};
void who_verify(struct verify *v, const struct face_env *env, const char *text,
    size_t n, const struct teller *tell);

/* The person's identity, as it is now, is verified from now on. */
bool who_verified(const struct face_env *env, const struct person *p,
    char *sentence, size_t size);

/* /trust NAME. Somebody whose identity changed is accepted, somebody seen is
 * from now on verified. The sentence says what was done or why not; true when
 * it was done. */
bool who_trust(const struct face_env *env, const char *name, size_t n,
    char *sentence, size_t size);
/* The same as a person types it. Where two identities have had the name, it may
 * have been meant for the one that has just gone, or been typed twice: it
 * accepts then, and verifies nobody. */
bool who_trust_typed(const struct face_env *env, const char *name, size_t n,
    char *sentence, size_t size);

#endif

/* talks.h - with whom the user speaks directly: the devices of those people, how
 * well each is known, and who wrote what (posts.h). It outlives connections. */
#ifndef CONCLAVE_SESSION_TALKS_H
#define CONCLAVE_SESSION_TALKS_H

#include "client/session/parties.h"
#include "client/session/posts.h"

/* Past these the one that is longest unused is forgotten. */
enum { TALKS_MAX = 256, TALKS_DEVICES = 2048 };

struct talks;
struct talks *talks_new(const struct parties *p); /* borrowed */
void talks_free(struct talks *t);		  /* NULL is a no-op */

/* A device that the server names. Looks its pin and its certificate up, which may
 * be good for a key that is not pinned yet. *out is borrowed until the next call.
 * ERR_NOMEM, ERR_CRYPTO. */
struct talks_device {
	const char *name; /* of its account */
	const uint8_t *identity;
	const uint8_t *certificate; /* DER */
	size_t certificate_len;	    /* 0: none */
};
int talks_device(struct talks *t, const struct talks_device *d,
    const struct person **out) MUST_CHECK;
/* The device of that name with that fingerprint, or NULL. */
const struct person *talks_find(const struct talks *t, const char *name,
    const uint8_t fingerprint[WIRE_HASH]);
/* All of them, for commands about people. Borrowed likewise. */
const struct person *talks_people(const struct talks *t, size_t *n);
/* It has said something, or something is said to it: pins a new identity. */
void talks_spoke(struct talks *t, const struct person *who);
/* The user has decided about everybody of that name. */
void talks_meet_again(struct talks *t, const char *name);
/* The user was told that this identity has changed: true, once. */
bool talks_warn(struct talks *t, const struct person *who);
/* That device's user says that they keep a transcript, or no longer: whether that
 * is news. */
bool talks_keeps(struct talks *t, const struct person *who, bool on);
/* Our user keeps one. talks_tell: whether that person is still to be told, which is
 * taken as done. talks_untell: the name of one who was told, who is then as if they
 * had not been; NULL: nobody. talks_with: the i-th person. */
bool talks_tell(struct talks *t, const char *name);
const char *talks_untell(struct talks *t);
const char *talks_with(const struct talks *t, size_t i);
/* What was said with that person. NULL: no memory. */
struct posts *talks_posts(struct talks *t, const char *name);

#endif

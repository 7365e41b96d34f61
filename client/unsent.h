/* unsent.h - what was put in and not sent, for the end of the program. */
#ifndef CONCLAVE_UNSENT_H
#define CONCLAVE_UNSENT_H

#include "client/session/session.h"

struct unsent {
	size_t messages; /* that the server has not acknowledged */
	size_t held;	 /* of these, because of newcomers or another key */
	size_t keys;	 /* of those, because of a person's other key */
	size_t lines;	 /* of the input that were refused */
	size_t purges;	 /* edits of purged messages that are not purged yet */
	bool kept;	 /* and the next run does it */
};

enum { UNSENT_WORDS = 384 };

/* Adds the messages that wait in all rooms of the session; `purges` are those of
 * now. */
void unsent_waiting(struct unsent *u, const struct session *s);
/* The sentence about all that; false: everything was sent. */
bool unsent_words(const struct unsent *u, char *out, size_t size);
/* That about messages which were not sent so many seconds after the end of the
 * input. */
void unsent_late(
    const struct unsent *u, unsigned seconds, char *out, size_t size);

#endif

/* unsent.h - what was put in and not sent, for the end of the program. */
#ifndef CONCLAVE_UNSENT_H
#define CONCLAVE_UNSENT_H

#include "client/session/session.h"

struct unsent {
	size_t messages; /* that the server has not acknowledged */
	size_t held;	 /* of these, because of newcomers or another key */
	size_t keys;	 /* of those, because of a person's other key */
	size_t lines;	 /* of the input that were refused */
};

/* Adds the messages that wait in all rooms of the session. */
void unsent_waiting(struct unsent *u, const struct session *s);
/* The sentence about all that; false: everything was sent. */
bool unsent_words(const struct unsent *u, char *out, size_t size);

#endif

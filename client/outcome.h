/* outcome.h - how the program ends: its exit status, why, and what was not
 * sent. */
#ifndef CONCLAVE_OUTCOME_H
#define CONCLAVE_OUTCOME_H

#include "client/unsent.h"
#include "shared/os/errmsg.h"

struct outcome {
	int status;	      /* EXIT_... */
	const char *word;     /* of our own reason to end, else NULL */
	struct errmsg why;    /* for the end, "" when there is nothing */
	struct unsent unsent; /* given up, at the user's wish or not */
};

/* The first reason stays: later ones follow from it. `word` is static, NULL
 * when the session has one. */
void outcome_fail(
    struct outcome *o, int status, const char *word, const char *why);
/* So many lines of the output were lost. */
void outcome_dropped(struct outcome *o, size_t lines);
/* At the end: a failure, unless all that was put in was sent. */
void outcome_count(struct outcome *o, const struct session *s);
/* Puts our own reason into EVENT_CLOSED, before the session's. The text is
 * borrowed from o. */
void outcome_put(const struct outcome *o, struct event *closed);

#endif

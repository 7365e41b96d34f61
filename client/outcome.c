/* outcome.c - how the program ends. */
#include <stdio.h>
#include <string.h>

#include "client/outcome.h"
#include "shared/os/exit.h"

void outcome_fail(
    struct outcome *o, int status, const char *word, const char *why)
{
	if (o->status != 0)
		return;
	o->status = status;
	o->word = word;
	snprintf(o->why.text, sizeof(o->why.text), "%s", why);
}

void outcome_dropped(struct outcome *o, size_t lines)
{
	char text[128];

	snprintf(text, sizeof(text),
	    "%zu lines of output were dropped: it was not read in time", lines);
	outcome_fail(o, EXIT_FAILED, "output", text);
}

void outcome_count(struct outcome *o, const struct session *s)
{
	char text[UNSENT_WORDS];

	unsent_waiting(&o->unsent, s);
	if (unsent_words(&o->unsent, text, sizeof(text)))
		outcome_fail(o, EXIT_UNSENT, "unsent", text);
}

void outcome_put(const struct outcome *o, struct event *closed)
{
	closed->exit_status = o->status;
	if (o->word != NULL) {
		closed->code = CODE_NONE;
		closed->word = o->word;
	}
	if (o->why.text[0] != '\0') {
		closed->text = o->why.text;
		closed->text_len = strlen(o->why.text);
	}
}

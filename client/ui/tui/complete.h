/* complete.h - Tab completion.
 *
 * At the beginning of a line that starts with "/", commands; after a command
 * that takes a file, files; anywhere else names, the latest speaker first. Tab
 * again takes the next choice, Shift-Tab the previous; any other key ends it. */
#ifndef CONCLAVE_UI_TUI_COMPLETE_H
#define CONCLAVE_UI_TUI_COMPLETE_H

#include "client/session/session.h"
#include "client/ui/tui/editor.h"

enum { COMPLETE_SPEAKERS = 32, COMPLETE_CHOICES = 64, COMPLETE_WORD = 256 };

struct complete {
	/* Latest first. */
	char speakers[COMPLETE_SPEAKERS][WIRE_NAME_MAX + 1];
	size_t n_speakers;
	bool active;
	size_t from;	/* where the completed word begins */
	char choices[COMPLETE_CHOICES][COMPLETE_WORD];
	size_t n_choices, at;
};

/* Somebody else said something. */
void complete_spoke(struct complete *c, const char *name);

/* Completes at the cursor, or takes the next choice (`back`: the previous one).
 * False when nothing fits. */
bool complete_tab(struct complete *c, struct editor *e, bool back,
    const struct person *people, size_t n);
void complete_end(struct complete *c);

#endif

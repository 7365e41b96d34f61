/* complete.h - Tab completion.
 *
 * Completes commands at the start of a line that begins with "/", files after a
 * command that takes a file, and names elsewhere, the latest speaker first. Tab
 * again selects the next choice, Shift-Tab the previous one; any other key ends
 * the completion. */
#ifndef CONCLAVE_UI_TUI_COMPLETE_H
#define CONCLAVE_UI_TUI_COMPLETE_H

#include "client/session/session.h"
#include "client/ui/tui/editor.h"

enum { COMPLETE_SPEAKERS = 32, COMPLETE_CHOICES = 64, COMPLETE_WORD = 256 };

struct complete {
	const char *folder; /* of files; borrowed; NULL: working directory */
	/* Latest first. */
	char speakers[COMPLETE_SPEAKERS][WIRE_NAME_MAX + 1];
	size_t n_speakers;
	bool active;
	size_t from;	/* start of the word being completed */
	char choices[COMPLETE_CHOICES][COMPLETE_WORD];
	size_t n_choices, at;
};

/* Records that somebody else spoke. */
void complete_spoke(struct complete *c, const char *name);

/* Completes at the cursor, or selects the next choice (`back`: the previous
 * one). Returns false when nothing matches. */
bool complete_tab(struct complete *c, struct editor *e, bool back,
    const struct person *people, size_t n);
void complete_end(struct complete *c);

#endif

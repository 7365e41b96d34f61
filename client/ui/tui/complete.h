/* complete.h - Tab completion.
 *
 * Completes commands at the start of a line that begins with "/", files and
 * rooms after a command that takes one, and names elsewhere, the latest speaker
 * first. Tab again selects the next choice, Shift-Tab the previous one; any
 * other key ends the completion. */
#ifndef CONCLAVE_UI_TUI_COMPLETE_H
#define CONCLAVE_UI_TUI_COMPLETE_H

#include "client/session/session.h"
#include "client/ui/tui/editor.h"

enum { COMPLETE_SPEAKERS = 32, COMPLETE_CHOICES = 64, COMPLETE_WORD = 256 };

/* Who spoke in a room, the latest first. */
struct complete_speakers {
	char names[COMPLETE_SPEAKERS][WIRE_NAME_MAX + 1];
	size_t n;
};
/* Records that somebody else spoke. */
void complete_spoke(struct complete_speakers *s, const char *name);

/* What there is to choose from. All of it is borrowed for the call. */
struct complete_from {
	const struct complete_speakers *speakers;
	const struct person *people; /* in the room */
	size_t n_people;
	/* Calls `offer` with each room's name. */
	void (*rooms)(
	    void *arg, void (*offer)(void *to, const char *name), void *to);
	/* Calls `offer` with each person that a command may name who is not in
	 * the room; names may come twice. */
	void (*persons)(
	    void *arg, void (*offer)(void *to, const char *name), void *to);
	void *arg;
	const char *folder; /* of files; NULL: working directory */
};

struct complete {
	bool active;
	size_t from; /* start of the word being completed */
	char choices[COMPLETE_CHOICES][COMPLETE_WORD];
	size_t n_choices, at;
};

/* Completes at the cursor, or selects the next choice (`back`: the previous
 * one). Returns false when nothing matches. */
bool complete_tab(struct complete *c, struct editor *e, bool back,
    const struct complete_from *from);
void complete_end(struct complete *c);

/* Writes what there is to choose from as a row of at most `cols` cells, the choice
 * in brackets: " /help [/held]  /history +3"; of a file, its name without its
 * folder. More than fit are shown a row at a time, and the end counts the others.
 * "": Tab does not choose now. */
enum { COMPLETE_ROW = 1024 };
void complete_row(const struct complete *c, int cols, char out[COMPLETE_ROW]);

#endif

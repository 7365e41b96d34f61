/* hotlist.h - the rooms in which something is new, for the status line. Pure.
 *
 *   2 ops +5 @1  3 dev +14  6 dave draft
 *
 * A room is named by the digit that goes there with Alt, and by its name; +5 is
 * the number of unread lines, @1 how many of them mention the user, "draft" says
 * that a text waits in its input line. Rooms with mentions come first, then
 * those with unread lines, then those with only a draft. */
#ifndef CONCLAVE_UI_TUI_HOTLIST_H
#define CONCLAVE_UI_TUI_HOTLIST_H

#include <stdbool.h>
#include <stddef.h>

struct hot_room {
	unsigned slot;
	const char *name; /* passed text_filter */
	size_t lines, mentions;
	bool draft;
};

enum {
	HOTLIST_FORMS = 6, /* from the longest to the shortest */
	HOTLIST_MAX = 64,  /* rooms that are looked at */
	HOTLIST_BYTES = 320,
};

/* Writes the list in a form 0..HOTLIST_FORMS-1, NUL-terminated; "" when no room
 * has anything new. Every form says that there is a mention. */
void hotlist_text(
    char out[HOTLIST_BYTES], const struct hot_room *rooms, size_t n, int form);
/* Writes what is new in one room: "+5 @1", "draft", "". */
void hotlist_counts(char *out, size_t size, const struct hot_room *r);

#endif

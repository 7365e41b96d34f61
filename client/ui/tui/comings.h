/* comings.h - comings, goings and group keys in the lines of a room, as its
 * user wants them (client/ui/fold.h). */
#ifndef CONCLAVE_UI_TUI_COMINGS_H
#define CONCLAVE_UI_TUI_COMINGS_H

#include "client/ui/tui/tui.h"

/* EVENT_JOIN and EVENT_LEAVE; EVENT_EPOCH. */
void comings_person(struct tui *t, struct buffer *b, const struct event *e);
void comings_key(struct tui *t, struct buffer *b, const struct event *e);

/* /events WHICH in the current room; nothing: says which. False: the word is not
 * one. */
bool comings_mode(struct tui *t, const char *word, size_t n);
/* Alt-E: the next one. */
void comings_next(struct tui *t, int unused);

#endif

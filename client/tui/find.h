/* find.h - the search at the keyboard: the word grows in the place of the
 * input line and the view goes along. */
#ifndef CONCLAVE_TUI_FIND_H
#define CONCLAVE_TUI_FIND_H

#include "client/tui/input.h"
#include "client/tui/search.h"

struct tui;

struct find {
	bool on;
	int direction;
	bool failed; /* there is none, or no other one */
	struct search search;
	struct view saved; /* where Esc goes back to */
	uint64_t from_id;  /* where it began */
};

/* Begins, or goes on to the next one: up with direction -1. */
void find_open(struct tui *t, int direction);
/* /search WORD. False: it is nowhere, and nothing has changed. */
bool find_word(struct tui *t, const char *word, size_t n);
/* A key while it is on. False: it is over, and the key is to be done. */
bool find_key(struct tui *t, const struct input_event *k);
/* What stands in the place of the input line. */
size_t find_prompt(const struct tui *t, char *out, size_t size);

#endif

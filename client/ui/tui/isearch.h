/* isearch.h - incremental search: the user types the word in place of the input
 * line, and the view follows the match. */
#ifndef CONCLAVE_UI_TUI_ISEARCH_H
#define CONCLAVE_UI_TUI_ISEARCH_H

#include "client/ui/tui/input.h"
#include "client/ui/tui/search.h"

struct tui;

struct isearch {
	bool on;
	int direction;
	bool failed; /* no match, or no other one */
	struct search search;
	struct view saved; /* the view that Esc restores */
	uint64_t from_id;  /* line where the search started */
};

/* Starts a search, or goes to the next match; direction -1 is up. */
void isearch_open(struct tui *t, int direction);
/* /search WORD. False when there is no match: nothing has changed. */
bool isearch_word(struct tui *t, const char *word, size_t n);
/* Handles a key during the search. False: the search has ended, and the key
 * still has to be handled. */
bool isearch_key(struct tui *t, const struct input_event *k);
/* Writes the text shown in place of the input line; returns its length. */
size_t isearch_prompt(const struct tui *t, char *out, size_t size);

#endif

/* find.h - the search at the keyboard: the word grows in the place of the
 * input line and the view goes along. */
#ifndef CONCLAVE_UI_TUI_ISEARCH_H
#define CONCLAVE_UI_TUI_ISEARCH_H

#include "client/ui/tui/input.h"
#include "client/ui/tui/search.h"

struct tui;

struct isearch {
	bool on;
	int direction;
	bool failed; /* there is none, or no other one */
	struct search search;
	struct view saved; /* where Esc goes back to */
	uint64_t from_id;  /* where it began */
};

/* Begins, or goes on to the next one: up with direction -1. */
void isearch_open(struct tui *t, int direction);
/* /search WORD. False: it is nowhere, and nothing has changed. */
bool isearch_word(struct tui *t, const char *word, size_t n);
/* A key while it is on. False: it is over, and the key is to be done. */
bool isearch_key(struct tui *t, const struct input_event *k);
/* What stands in the place of the input line. */
size_t isearch_prompt(const struct tui *t, char *out, size_t size);

#endif

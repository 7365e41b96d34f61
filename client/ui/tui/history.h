/* history.h - earlier input lines. Pure. */
#ifndef CONCLAVE_UI_TUI_HISTORY_H
#define CONCLAVE_UI_TUI_HISTORY_H

#include <stddef.h>

#include "client/ui/tui/editor.h"

enum { HISTORY_MAX = 200, HISTORY_BYTES_MAX = 256 << 10 };

struct history {
	char *entries[HISTORY_MAX];	/* oldest first */
	size_t lens[HISTORY_MAX];
	size_t n, bytes;
	size_t at;			/* n: the draft is being written */
	char *draft;			/* kept while looking back */
	size_t draft_len;
};

void history_init(struct history *h);
void history_free(struct history *h);

/* Remembers a line, unless it equals the last one, and ends looking back.
 * Without memory the line is dropped. */
void history_add(struct history *h, const char *s, size_t n);

/* Puts the previous / next entry into the editor; after the newest entry comes
 * the draft. False at either end: nothing changed. */
bool history_older(struct history *h, struct editor *e);
bool history_newer(struct history *h, struct editor *e);

#endif

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
	size_t at;			/* entry shown; n: the draft */
	char *draft;			/* saved while browsing entries */
	size_t draft_len;
};

void history_init(struct history *h);
void history_free(struct history *h);

/* Adds a line, unless it equals the last one, and returns to the draft. Without
 * memory the line is dropped. */
void history_add(struct history *h, const char *s, size_t n);

/* Put the previous / next entry into the editor; the draft follows the newest
 * entry. False at either end: nothing changed. */
bool history_older(struct history *h, struct editor *e);
bool history_newer(struct history *h, struct editor *e);

#endif

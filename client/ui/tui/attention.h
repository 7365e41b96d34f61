/* attention.h - alerts a user who is looking elsewhere: the bell or a desktop
 * notification, and a number in the terminal's title. Pure: makes bytes for the
 * terminal, in which a peer's text cannot end the escape sequence. */
#ifndef CONCLAVE_UI_TUI_ATTENTION_H
#define CONCLAVE_UI_TUI_ATTENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "client/options.h"

enum {
	ATTENTION_MAX = 512,
	ATTENTION_TEXT = 160, /* bytes of a message that are shown */
	ATTENTION_MS = 2000,  /* least time between two alerts */
};

struct attention {
	bool focused;	    /* as the terminal reports; true at first */
	uint64_t called_ms; /* when the user was last alerted; 0: never */
};

void attention_init(struct attention *a);
void attention_focus(struct attention *a, bool focused);
/* Whether the user may be alerted now. If so, records the alert: the next one
 * is at least ATTENTION_MS later. */
bool attention_due(struct attention *a, uint64_t now_ms);

/* Writes the title, "(2) lobby - conclave". Returns its length. */
size_t attention_title(
    char out[ATTENTION_MAX], size_t mentions, const char *room, bool ascii);

/* Writes the escape sequence that alerts the user. Returns its length, 0 if
 * there is none. */
size_t attention_call(char out[ATTENTION_MAX], enum client_options_notify how,
    const char *name, const char *text, size_t n, bool ascii);

#endif

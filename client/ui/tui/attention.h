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

/* Without a key for so long, the user may be elsewhere. */
#define ATTENTION_IDLE_MS 60000
struct attention {
	bool focused;	    /* as the terminal reports, or as keys show */
	bool reports;	    /* the terminal does report it */
	uint64_t key_ms;    /* of the last key; 0: none yet */
	uint64_t called_ms; /* when the user was last alerted; 0: never */
};

void attention_init(struct attention *a);
void attention_focus(struct attention *a, bool focused);
/* The user has pressed a key, so the window has the focus, whatever it said. */
void attention_key(struct attention *a, uint64_t now_ms);
/* Whether the user reads what the window shows. A terminal that reports no focus,
 * as tmux does by default, leaves only the keys to tell. */
bool attention_reads(const struct attention *a, uint64_t now_ms);
/* For so long the user has not read: 0, but for the time without a key where only
 * the keys tell. */
uint64_t attention_gone_ms(const struct attention *a, uint64_t now_ms);
/* Whether to call the user: also if the window has the focus, but no key was
 * pressed for long. */
bool attention_away(const struct attention *a, uint64_t now_ms);
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

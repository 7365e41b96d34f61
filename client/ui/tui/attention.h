/* attention.h - what reaches somebody who looks elsewhere: the bell or a
 * message of the desktop, and a number in the terminal's title. Pure: bytes
 * for the terminal, in which nothing that a peer sent can end the sequence. */
#ifndef CONCLAVE_UI_TUI_ATTENTION_H
#define CONCLAVE_UI_TUI_ATTENTION_H

#include <stdint.h>

#include "client/options.h"

enum {
	ATTENTION_MAX = 512,
	ATTENTION_TEXT = 160, /* bytes of a message that are shown */
	ATTENTION_MS = 2000,  /* nobody is called more often */
};

/* The words of the title: "(2) lobby - conclave". Returns their length. */
size_t attention_title(
    char out[ATTENTION_MAX], size_t mentions, const char *room, bool ascii);

/* The sequence that calls the user; 0 for none. */
size_t attention_call(char out[ATTENTION_MAX], enum client_options_notify how,
    const char *name, const char *text, size_t n, bool ascii);

#endif

/* keymap.h - which key a complete sequence from the terminal stands for. Pure.
 *
 * Covers the cursor and function keys of xterm, rxvt, tmux, screen and the
 * Linux console with their modifiers, the keypad in application mode, xterm's
 * modifyOtherKeys (CSI 27 ; MODIFIERS ; CODE ~) and the kitty keyboard protocol
 * (CSI CODE ; MODIFIERS u, with event types, alternate keys and text). Whatever
 * is not in the tables, which includes every report, is no key. */
#ifndef CONCLAVE_UI_TUI_KEYMAP_H
#define CONCLAVE_UI_TUI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/ui/tui/input_key.h"

enum { KEYMAP_TEXT_MAX = 8 };	/* characters that one key can type */

struct keymap_key {
	enum input_key key;	/* INPUT_NONE: no key, or its release */
	char letter;		/* as in struct input_event */
	uint32_t text[KEYMAP_TEXT_MAX];	/* INPUT_TEXT: code points */
	int n;
};

/* The key of a control character (below 0x20, or 0x7f). */
struct keymap_key keymap_control(uint8_t c);
/* The key of ESC followed by one printable ASCII or control character. */
struct keymap_key keymap_alt(uint8_t c);
/* The key of CSI or SS3, n bytes of parameters and intermediates, and a final
 * byte. `alt`: another ESC came before it. */
struct keymap_key keymap_csi(
    const char *params, size_t n, char final, bool alt);
struct keymap_key keymap_ss3(
    const char *params, size_t n, char final, bool alt);

#endif

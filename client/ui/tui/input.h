/* input.h - decodes terminal input into keys. Pure: bytes and the time in, keys
 * out.
 *
 * Understands UTF-8, control characters, Alt as a leading ESC, bracketed paste,
 * focus reports, and the keys of keymap.h. Every other control sequence of
 * ECMA-48 (CSI, OSC, DCS, SOS, PM, APC, SS3), begun by ESC or by a C1 character,
 * and every mouse report is swallowed whole: no part of it becomes text, and no
 * report is a key. The result does not depend on how the bytes are split, with
 * the two exceptions below.
 *
 * A sequence, string or paste whose rest does not come ends after `wait_ms`
 * without bytes, and a string also after INPUT_STRING_MAX bytes; keys then work
 * again. A lone ESC becomes the Escape key, and an unfinished paste becomes
 * text. If the rest comes later still, as over a slow link, it is recognized by
 * the shape of a whole read, because nobody types that fast:
 *  - INPUT_LATE_MS after the Escape key, a string or half a character, a read
 *    that begins with the rest of a CSI sequence, contains the end of the string,
 *    or begins with the rest of the character;
 *  - INPUT_LATE_PASTE_MS after an unfinished paste, a read of several
 *    characters that is not one line with its Enter: it is pasted, so that its
 *    line breaks send nothing. The begin of another paste ends this one. */
#ifndef CONCLAVE_UI_TUI_INPUT_H
#define CONCLAVE_UI_TUI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/ui/tui/input_key.h"
#include "client/ui/tui/paste.h"

struct input_event {
	enum input_key key;
	char letter;
	const char *text;	/* valid until the next call */
	size_t n;
	size_t left_out;	/* PASTE: bytes behind the text; it was too long */
};

enum {
	INPUT_LATE_MS = 1000,
	INPUT_LATE_PASTE_MS = 5000,
	INPUT_STRING_MAX = 1 << 20,	/* bytes of a string or sequence */
	INPUT_SEQUENCE_MAX = 64,	/* bytes of a sequence that is a key */
};

enum input_state {
	INPUT_AT_GROUND,
	INPUT_AT_CHARACTER,	/* in a UTF-8 character */
	INPUT_AT_ESC,
	INPUT_AT_ESC_ESC,
	INPUT_AT_CSI,
	INPUT_AT_CONSOLE,	/* after ESC [ [ of the Linux console */
	INPUT_AT_SS3,
	INPUT_AT_MOUSE,		/* in the bytes after CSI M */
	INPUT_AT_STRING,
	INPUT_AT_STRING_ESC,	/* after ESC in a string */
	INPUT_AT_PASTE,
};

struct input {
	struct buf in;		/* read; decoded up to `at` */
	size_t at;
	enum input_state state;
	unsigned wait_ms;
	uint64_t last_ms;	/* when bytes last arrived */

	uint8_t intro;		/* what began the sequence: '[', ']', ... */
	uint8_t before;		/* and what came before that: ESC, 0xc2 or 0 */
	bool alt;		/* ... and before that another ESC */
	char seq[INPUT_SEQUENCE_MAX];	/* parameters, or a character */
	size_t seq_n;
	size_t swallowed;	/* bytes of the sequence or string */
	size_t left;		/* bytes of the mouse report or character that
				 * are due */
	uint8_t lead;		/* a lead byte in a string or mouse report */

	struct paste paste;
	struct buf filtered;	/* the text of the last event */

	enum input_state late;	/* what was given up at late_ms */
	uint64_t late_ms;
	size_t late_left;	/* bytes of a character that are due */
};

void input_init(struct input *in, unsigned wait_ms);
void input_free(struct input *in);

/* Adds the bytes of one read. First call input_next until it returns INPUT_NONE,
 * so that the silence before them counts. On ERR_NOMEM or ERR_LIMIT some are
 * lost. */
int input_feed(
    struct input *in, const void *p, size_t n, uint64_t now_ms) MUST_CHECK;
/* Returns the next key, or INPUT_NONE when more bytes or time are needed. */
void input_next(struct input *in, uint64_t now_ms, struct input_event *out);
/* When to call input_next if no bytes arrive; UINT64_MAX: never. */
uint64_t input_deadline(const struct input *in);

#endif

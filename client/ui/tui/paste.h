/* paste.h - collects a bracketed paste: everything between CSI 200 ~ and
 * CSI 201 ~. Pure. */
#ifndef CONCLAVE_UI_TUI_PASTE_H
#define CONCLAVE_UI_TUI_PASTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

/* Keep up to two messages' worth of a paste and drop the rest; the filter and
 * the editor cut it to the exact limit. */
enum { PASTE_MAX = 2 * WIRE_TEXT_MAX };

struct paste {
	struct buf text;
	size_t left_out;	/* bytes dropped: too many, or no memory */
	uint8_t before;		/* first byte of the markers */
	size_t matched;		/* bytes of the end marker */
};

void paste_init(struct paste *p);
void paste_free(struct paste *p);

/* Begins a paste. The markers begin with ESC [, with U+009B in UTF-8, or with
 * the byte 0x9b; `before` is ESC, 0xc2 or 0. */
void paste_begin(struct paste *p, uint8_t before);
/* Takes a byte. True when it completes the end marker. */
bool paste_byte(struct paste *p, uint8_t b);
/* True when more than the first byte of the end marker was taken, and b is the
 * next one. (A single ESC may have been the Escape key.) */
bool paste_ends(const struct paste *p, uint8_t b);
/* True when the last bytes that were taken are the marker that begins a paste; it
 * is removed from the text. */
bool paste_begins(struct paste *p);
/* Moves the text to `out` (at least 4 * PASTE_MAX), filtered, with line breaks
 * in any convention as \n. Unless the paste is `whole`, an unfinished character
 * stays. ERR_NOMEM: the text is lost. */
int paste_text(struct paste *p, bool whole, struct buf *out) MUST_CHECK;

#endif

/* late.h - whether the bytes of one read that comes after a silence are the rest of
 * what was given up, or were typed. Pure. See input.h for what follows. */
#ifndef CONCLAVE_UI_TUI_LATE_H
#define CONCLAVE_UI_TUI_LATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True for the rest of a CSI sequence, and nothing or another key after it. */
bool late_csi(const uint8_t *p, size_t n);
/* True when the read contains the end of a string. Only an OSC string ends with
 * BEL. after_esc: the string was given up after an ESC. */
bool late_string(const uint8_t *p, size_t n, bool osc, bool after_esc);
/* True for a read during a late paste (n > 0) that was typed: one key, a key that
 * types nothing, one line with its Enter, or another paste. */
bool late_typed(const uint8_t *p, size_t n);

#endif

/* pin_file.h - what is written to known_people, and what has to go for it.
 *
 * The file has a bound, and anybody with a room's password can speak under ever
 * new names. The rules keep such a flood from pushing out anybody's pin:
 *   - A pin with the mark "known" or "verified" is never removed.
 *   - A server's pins that are not "verified" get at most three quarters of the
 *     space that other servers' pins leave. What the user compares may use all
 *     of it.
 *   - A "seen" pin has never spoken. When space is short, they are removed in
 *     the order of the file: those of the same server first, and those of
 *     others only while this server has less than a quarter of the file.
 *   - A new pin that still does not fit is refused. */
#ifndef CONCLAVE_TRUST_PIN_FILE_H
#define CONCLAVE_TRUST_PIN_FILE_H

#include "client/trust/pins.h"
#include "shared/os/file.h"

/* How to write the WAITS pins of one server. */
struct pin_plan {
	uint8_t server[WIRE_HASH];
	/* Lines change or go: the file has to be rewritten. Otherwise the
	 * CHOSEN pins are appended. */
	bool rewrite;
	size_t drop_own, drop_others; /* bytes of "seen" lines to remove */
};
/* Plans for a file of `total` bytes, whose pins the table has as SAVED, beside
 * the new ones: marks each WAITS pin of the server as CHOSEN or REFUSED. */
void pin_file_plan(struct pin_plan *out, struct pins *t,
    const uint8_t server[WIRE_HASH], size_t total);

/* Appends the lines of all CHOSEN pins that replace none. */
int pin_file_append(struct buf *out, const struct pins *t) MUST_CHECK;
/* Writes the whole file anew, with the CHOSEN pins, by the plan. */
int pin_file_rewrite(struct buf *out, struct pins *t, struct pin_plan *plan,
    const char *path, const char *text, size_t n,
    struct errmsg *why) MUST_CHECK;

/* Writes the whole file with one decision of the user, in place of that key's
 * line of the name if there is one, or beside the name's other keys. "seen" lines go if the file would be too long. */
int pin_file_decide(struct buf *out, const struct pin *decision,
    const char *path, const char *text, size_t n,
    struct errmsg *why) MUST_CHECK;

#endif

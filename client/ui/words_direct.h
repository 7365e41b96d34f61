/* words_direct.h - sentences about direct messages, for all front ends. Pure. As in
 * words.h, they quote what peers sent as it came. */
#ifndef CONCLAVE_UI_WORDS_DIRECT_H
#define CONCLAVE_UI_WORDS_DIRECT_H

#include "client/ui/words.h"

/* An event with `with` as a sentence. False: it has none (what is said, SENT,
 * DELIVERED). */
bool words_direct(char out[WORDS_MAX], const struct event *e,
    const struct words_about *about);
/* Why session_direct refused the text. */
void words_direct_not_said(char *out, size_t size, int err, const char *name,
    const char *text, size_t n);

/* Takes the name that a text begins with, and the blanks after it. False: it does
 * not begin with one. */
bool words_direct_name(
    char name[WIRE_NAME_MAX + 1], const char **text, size_t *n);

/* What to say of no name; and when nothing is held for that person. */
extern const char words_direct_usage[];
extern const char words_direct_none_held[];

#endif

/* value.h - one function for each kind of value that a person types. Options,
 * settings, the environment, prompts and commands use the same one, so that the
 * same input means the same everywhere. Blanks around names and words have no
 * effect: people paste them. Addresses and invites: uri.h. Passwords: password.h.
 *
 * Each returns ERR_USAGE for what is not such a value, and leaves *out alone. */
#ifndef SHARED_OS_VALUE_H
#define SHARED_OS_VALUE_H

#include <stdbool.h>

#include "shared/os/errmsg.h"
#include "shared/wire/wire.h"

/* A person's or a room's name, as text.h defines them. */
int value_name(char out[WIRE_NAME_MAX + 1], const char *s) MUST_CHECK;
int value_room(char out[WIRE_ROOM_MAX + 1], const char *s) MUST_CHECK;

/* "yes" or "no". */
int value_yes(bool *out, const char *s) MUST_CHECK;
/* The index of one of these words; the last pointer is NULL. */
int value_word(
    unsigned *out, const char *const *words, const char *s) MUST_CHECK;

/* Decimal digits; min and max are bounds of the result. */
int value_number(
    uint64_t *out, const char *s, uint64_t min, uint64_t max) MUST_CHECK;
/* "200", or with the unit `per`, such as "200/s". */
int value_rate(uint64_t *out, const char *s, const char *per, uint64_t min,
    uint64_t max) MUST_CHECK;
/* "30s", "10m", "1h", "7d", or a number of seconds. Bounds and result in
 * seconds. */
int value_seconds(
    uint64_t *out, const char *s, uint64_t min, uint64_t max) MUST_CHECK;
/* "64K", "64M" or "2G", in binary units. Bounds and result in bytes. */
int value_bytes(
    uint64_t *out, const char *s, uint64_t min, uint64_t max) MUST_CHECK;
/* The same, also with "/s"; or 0, if the bounds allow it. */
int value_byte_rate(
    uint64_t *out, const char *s, uint64_t min, uint64_t max) MUST_CHECK;

/* The name of a file or a folder, which the caller frees. "~" and "~/" at the
 * beginning are the home directory. "~user" is refused, so that no file of that
 * name is made by mistake; "./~user" is one. A relative path is relative to
 * `base`, or to the working directory if that is NULL. ERR_USAGE and ERR_NOMEM
 * come with a sentence. */
int value_path(
    char **out, const char *s, const char *base, struct errmsg *why) MUST_CHECK;

#endif

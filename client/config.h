/* config.h - the settings file: lines of NAME = VALUE, read with inih.
 * What the names mean is options.c's. */
#ifndef CONCLAVE_CONFIG_H
#define CONCLAVE_CONFIG_H

#include "shared/wire/bytes.h"
#include "shared/os/errmsg.h"

/* The longest line; inih's own buffer ends there. */
enum { CONFIG_LINE_MAX = 190 };

/* One setting. On failure *why has the sentence, without a place. */
typedef int config_set(
    void *arg, const char *name, const char *value, struct errmsg *why);

/* Gives out the settings in order, up to the first that fails. A file that is
 * not there has none. Failures say FILE:LINE. Others must not be able to write
 * the file. ERR_USAGE, ERR_IO, ERR_NOMEM. */
int config_read(
    const char *path, config_set *set, void *arg, struct errmsg *why) MUST_CHECK;

/* Whether a line of this file can hold the value, and reading gives the same
 * one back. */
bool config_can_hold(const char *name, const char *value);

/* Makes the file and its folder. ERR_STATE: there is one; it stays. */
int config_write(
    const char *path, const struct buf *text, struct errmsg *why) MUST_CHECK;

#endif

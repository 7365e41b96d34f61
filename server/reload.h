/* reload.h - the config file read again while the server runs: takes over the
 * options that can change, and names those that cannot. */
#ifndef CONCLAVED_RELOAD_H
#define CONCLAVED_RELOAD_H

#include "server/option_sources.h"

/* Reads now->config. Values that can change are moved to *now and *from; the
 * caller applies them. `changed` gets their names, with commas between them, and
 * `notes` a sentence and a newline for every difference. ERR_USAGE, ERR_IO,
 * ERR_NOMEM, with a sentence that names the line: nothing has changed. */
int reload_options(struct server_options *now, struct option_origins *from,
    struct buf *changed, struct buf *notes, struct errmsg *why) MUST_CHECK;

/* Only says what is wrong with the file. */
int reload_check(const struct server_options *now,
    const struct option_origins *from, struct errmsg *why) MUST_CHECK;

#endif

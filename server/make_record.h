/* make_record.h - `conclaved --make-record`: asks for the room's password and
 * writes its record (auth/record_file.h), so that no file holds the password. */
#ifndef CONCLAVED_MAKE_RECORD_H
#define CONCLAVED_MAKE_RECORD_H

#include "server/options.h"
#include "shared/os/errmsg.h"

/* Writes options->make_record, or DIR/record of the state directory. An older
 * record there is replaced, and that is said; any other file stays. Started by
 * root, it works as the owner of the folder, like the server that will read it.
 * The password is that of the options; without one, it is asked for twice.
 * ERR_USAGE, ERR_OUTPUT and others, with a sentence. */
int make_record(struct server_options *options, const struct rng *rng,
    struct errmsg *why) MUST_CHECK;

#endif

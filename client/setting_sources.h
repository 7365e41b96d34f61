/* setting_sources.h - reads the client's options from the command line, the
 * environment and the settings file. Asks the user nothing and reads no key. */
#ifndef CONCLAVE_SETTING_SOURCES_H
#define CONCLAVE_SETTING_SOURCES_H

#include "client/options.h"

/* Reads the settings file, the environment and argv; later ones win. A password
 * is overwritten in place. Returns 0, or ERR_USAGE or ERR_IO with a sentence.
 * The caller always frees *o. */
int setting_sources_read(struct client_options *o, int argc, char **argv,
    struct errmsg *why) MUST_CHECK;

#endif

/* option_sources.h - reads the server's options from the command line, the
 * environment and the config file. One table drives all three and the help.
 * The command line wins over the environment, and the environment over the
 * config file. */
#ifndef CONCLAVED_OPTION_SOURCES_H
#define CONCLAVED_OPTION_SOURCES_H

#include "server/options.h"
#include "shared/os/opts.h"

/* Where each option's value came from, in the order of the table. */
struct option_origins {
	enum opts_source of[OPTS_ROWS_MAX];
};

enum option_sources_result {
	OPTION_SOURCES_RUN,
	OPTION_SOURCES_EXIT_OK,
	OPTION_SOURCES_EXIT_USAGE,
	OPTION_SOURCES_EXIT_FAILED
};
/* Reads argv, $CONCLAVE_PASSWORD and the config file. A password in argv or the
 * environment is overwritten in place. On an error, prints one sentence to
 * standard error that says what is wrong and how to fix it. --help, --version
 * and --check-config print to standard output and return
 * OPTION_SOURCES_EXIT_OK, or OPTION_SOURCES_EXIT_FAILED if that cannot be
 * written. The caller always frees *o. */
enum option_sources_result option_sources_read(struct server_options *o,
    struct option_origins *from, int argc, char **argv);

/* Reads the config file again, for a reload: *fresh has its values, and the
 * defaults where it says nothing, and where argv or the environment (`then`)
 * have said something; *now tells which. No other file is read. ERR_USAGE,
 * ERR_IO, ERR_NOMEM with a sentence that names the line. The caller always frees
 * *fresh. */
int option_sources_again(struct server_options *fresh,
    struct option_origins *now, const struct option_origins *then,
    const char *path, struct errmsg *why) MUST_CHECK;

#endif

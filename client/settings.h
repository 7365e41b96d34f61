/* settings.h - the client's table of options and settings, and the struct they
 * are read into. setting_sources.c uses it to read all sources. */
#ifndef CONCLAVE_SETTINGS_H
#define CONCLAVE_SETTINGS_H

#include "client/options.h"
#include "shared/os/opts.h"

/* The rows write here: the options, and values needed only while reading. */
struct settings_values {
	struct client_options o;
	char *server, *room, *password_file, *invite_file,
	    *forget; /* owned */
};
/* Initializes the parser for this table, and both values to the defaults. */
void settings_machine(struct opts *m, struct settings_values *values,
    struct settings_values *unused);
void settings_free(struct settings_values *v);

enum { SETTINGS_ROWS = 45 };
_Static_assert((int)SETTINGS_ROWS <= OPTS_ROWS_MAX, "getopt_table");
extern const struct opts_row settings_table[SETTINGS_ROWS];
/* Returns the i-th command line option; NULL after the last. */
const struct opts_row *settings_option(size_t i);

/* Appends the text of --help. */
int settings_help(struct buf *out) MUST_CHECK;

/* Appends the text of a new settings file: every setting with its description.
 * Those given on the command line are set; the others are commented out with
 * their defaults. ERR_USAGE: a value cannot be written in a file. */
int settings_text(
    const struct opts *m, struct buf *out, struct errmsg *why) MUST_CHECK;

/* Parses an invite or a server address into *out. */
int settings_server(
    struct uri *out, const char *s, struct errmsg *why) MUST_CHECK;

#endif

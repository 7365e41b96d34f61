/* option_table.h - the server's option table: names, short letters, valid
 * values and setters. option_sources.c uses it to read all sources. */
#ifndef CONCLAVED_OPTION_TABLE_H
#define CONCLAVED_OPTION_TABLE_H

#include "server/options.h"
#include "shared/os/opts.h"

/* The rows write here: the options, and values needed only while reading. */
struct server_options_values {
	struct server_options o;
	char *password_file; /* owned */
	bool making;	     /* --make-record */
	bool security_txt, check_config, version, help;
};
void server_options_defaults(struct server_options_values *v);
/* Initializes the parser for this table, and both values to the defaults. */
void server_options_machine(struct opts *m,
    struct server_options_values *values, struct server_options_values *unused);
void server_options_values_free(struct server_options_values *v);

enum { SERVER_OPTIONS_ROWS = 65 };
_Static_assert((int)SERVER_OPTIONS_ROWS <= OPTS_ROWS_MAX, "getopt_table");
extern const struct opts_row server_options_table[SERVER_OPTIONS_ROWS];

#endif

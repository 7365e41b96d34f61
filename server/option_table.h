/* option_table.h - the server's table of options: names, letters, what a value
 * has to be and how it is set. options.c reads the sources with it. */
#ifndef CONCLAVED_OPTION_TABLE_H
#define CONCLAVED_OPTION_TABLE_H

#include "server/options.h"
#include "shared/os/opts.h"

/* What the rows write to: the options, and what only the reading needs. */
struct server_options_values {
	struct server_options o;
	char *password_file, *config; /* owned */
	bool check_config, version, help;
};
void server_options_defaults(struct server_options_values *v);
/* A machine for this table, and defaults in both values. */
void server_options_machine(struct opts *m,
    struct server_options_values *values, struct server_options_values *unused);
void server_options_values_free(struct server_options_values *v);

enum { SERVER_OPTIONS_ROWS = 22 };
extern const struct opts_row server_options_table[SERVER_OPTIONS_ROWS];

#endif

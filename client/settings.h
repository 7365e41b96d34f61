/* settings.h - the client's table of options and settings, and what they are
 * read into. options.c reads the sources with it. */
#ifndef CONCLAVE_SETTINGS_H
#define CONCLAVE_SETTINGS_H

#include "client/options.h"

/* What the rows write to: the options, and what only the reading needs. */
struct settings_values {
	struct client_options o;
	char *server, *room, *password_file, *forget; /* owned */
};
/* A machine for this table, and defaults in both values. */
void settings_machine(struct opts *m, struct settings_values *values,
    struct settings_values *unused);
void settings_free(struct settings_values *v);

enum { SETTINGS_ROWS = 27 };
extern const struct opts_row settings_table[SETTINGS_ROWS];

/* A new settings file: every setting with what it is for. Those given on the
 * command line are set, the others are comments with their defaults.
 * ERR_USAGE: a value is one that no file can hold. */
int settings_text(
    const struct opts *m, struct buf *out, struct errmsg *why) MUST_CHECK;

/* Whether s is an invite or an address of a server; then *out is it. */
int settings_server(
    struct uri *out, const char *s, struct errmsg *why) MUST_CHECK;

#endif

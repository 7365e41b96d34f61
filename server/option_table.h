/* option_table.h - the one table of options: names, letters, what a value has
 * to be and how it is set. options.c reads the sources with it. */
#ifndef CONCLAVED_OPTION_TABLE_H
#define CONCLAVED_OPTION_TABLE_H

#include "server/options.h"

enum option_id {
	OPT_LISTEN,
	OPT_PASSWORD,
	OPT_PASSWORD_FILE,
	OPT_STATE,
	OPT_EPHEMERAL,
	OPT_ROOM,
	OPT_PUBLIC_NAME,
	OPT_SCRYPT_N,
	OPT_MAX_USERS,
	OPT_RATE,
	OPT_REKEY_INTERVAL,
	OPT_HANDSHAKES,
	OPT_USER,
	OPT_NO_SANDBOX,
	OPT_MAX_MEMORY,
	OPT_WORKERS,
	OPT_LOG_LEVEL,
	OPT_LOG_FORMAT,
	OPT_CONFIG,
	OPT_CHECK_CONFIG,
	OPT_VERSION,
	OPT_HELP,
	OPT_COUNT,
};

/* What is being read: the options, and what only the reading needs. */
struct option_values {
	struct server_options o;
	char *password_file, *config; /* owned */
	bool check_config, version, help;
};
void option_values_defaults(struct option_values *v);
void option_values_free(struct option_values *v);

enum {
	OPTION_ARGV_ONLY = 1, /* not in a config file */
	OPTION_REPEATS = 2,
	OPTION_SECRET = 4, /* the value is never shown */
};

struct option_row {
	const char *name;
	int letter;	 /* 0: none */
	const char *arg; /* what the help calls the value; NULL: a switch */
	unsigned flags;
	/* Checks s and puts it into *v. ERR_USAGE: it is not what `expects`
	 * says; ERR_LIMIT: too many of them; ERR_NOMEM. */
	int (*set)(struct option_values *v, const struct option_row *row,
	    const char *s);
	size_t offset; /* of the value in struct option_values */
	uint32_t min, max;
	const char *expects; /* "give a ..." */
	const char *help;
};
extern const struct option_row option_table[OPT_COUNT];

#endif

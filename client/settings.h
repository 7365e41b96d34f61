/* settings.h - what the settings file, the environment and the command line
 * have in common: the list of settings. Inside of options.c. */
#ifndef CONCLAVE_SETTINGS_H
#define CONCLAVE_SETTINGS_H

#include "client/options.h"

/* Later ones win. */
enum settings_from { FROM_NOWHERE, FROM_FILE, FROM_ENVIRONMENT, FROM_COMMAND };
enum { SETTINGS_MAX = 32 };

/* What is gathered before it is put together. */
struct reading {
	struct client_options *o;
	struct errmsg *why;		     /* borrowed */
	enum settings_from from;	     /* what is being read */
	bool alone;			     /* no argument at all */
	bool ui_given;		     /* by what is being read */
	char *server, *room, *password_file; /* owned */
	enum settings_from server_from, room_from, password_from;
	const char *forget; /* borrowed from argv */
	bool password_given;
	bool seen[SETTINGS_MAX];	 /* by what is being read */
	const char *given[SETTINGS_MAX]; /* on the command line, borrowed */
};

/* The values that follow are from there. */
void settings_begin(struct reading *r, enum settings_from from);
/* Frees what was gathered. */
void settings_end(struct reading *r);

/* ERR_USAGE with a sentence for what it cannot be. On the command line the
 * value has to outlive the reading. */
int settings_set(
    struct reading *r, const char *name, const char *value) MUST_CHECK;
/* The file, then CONCLAVE_NAME for each name; also finds o->config. */
int settings_below(struct reading *r) MUST_CHECK;
/* A new settings file: every setting with what it is for; those given on the
 * command line are set, the others are comments. */
int settings_text(struct reading *r, struct buf *out) MUST_CHECK;

/* CONFIG/conclave/FILE, the caller's to free. */
int client_options_path(
    char **out, const char *file, struct errmsg *why) MUST_CHECK;
int settings_server(struct uri *out, const char *s, struct errmsg *why) MUST_CHECK;

#endif

/* opts.h - table-driven options: one table of rows drives the command line
 * (getopt_long), the environment, the configuration file and --help. The
 * command line wins over the environment, and the environment over the file.
 *
 * Sources are read in that order, highest priority first, so that --help works
 * with a broken file and the command line can name the file. Overridden values
 * are checked too. */
#ifndef SHARED_OS_OPTS_H
#define SHARED_OS_OPTS_H

#include "shared/os/errmsg.h"
#include "shared/wire/bytes.h"

enum opts_source { OPTS_DEFAULT, OPTS_FILE, OPTS_ENVIRONMENT, OPTS_ARGV };
enum { OPTS_ROWS_MAX = 96 };

enum opts_flags {
	OPTS_NO_FILE = 1,    /* not in a config file */
	OPTS_NO_ARGV = 2,    /* not on the command line */
	OPTS_VARIABLE = 4,   /* also in the environment: PREFIX_NAME */
	OPTS_REPEATS = 8,    /* may occur several times in a file */
	OPTS_SECRET = 16,    /* never shown; wiped in place */
	OPTS_ONE_VALUE = 32, /* a second value in argv is an error */
	OPTS_OPTIONAL = 128, /* on the command line the value may be left out:
				`set` gets "" then */
	OPTS_PATH = 64,	     /* `set` gets what value_path makes of it; in a
				file, relative to the file's folder */
};

struct opts_row {
	const char *name; /* long option, and name in the file */
	char letter;	  /* 0: none */
	const char *arg;  /* value's name in --help; NULL: a switch */
	unsigned flags;
	/* A switch sets the row named `sets` (itself when NULL) to this value
	 * ("yes" when NULL). */
	const char *means, *sets;
	/* Checks a value and stores it in *values, the program's own struct.
	 * ERR_USAGE: it is not what `expects` says. ERR_LIMIT: there are
	 * already `max` of them. ERR_NOMEM. */
	int (*set)(void *values, const struct opts_row *row, const char *value);
	const char *expects; /* "give a ..." */
	/* Says what is wrong with a refused value; NULL, also as its result:
	 * `expects` says enough. */
	const char *(*wrong)(const char *value);
	/* Overwrites what is secret in a value, where it stands; NULL: nothing
	 * is. Every user on the machine can list a program's arguments. */
	void (*hide)(char *value);
	const char *help;    /* one paragraph */
	size_t offset;	     /* for `set`: offset in *values, ... */
	uint64_t min, max;   /* ... its bounds, ... */
	/* ... or the words for it, in the order of its enum, NULL last */
	const char *const *words;
};

/* A `set` for one of row->words. The value at row->offset is an enum of the size of
 * an unsigned. */
int opts_set_word(void *values, const struct opts_row *row, const char *value);

struct opts {
	const char *program;
	const struct opts_row *rows;
	size_t n_rows;
	void *values, *unused;	/* borrowed; unused receives overridden
				   values */
	const char *prefix;	/* of environment variables: "CONCLAVE_" */
	const char *positional; /* row of the positional argument; NULL: none */
	/* Or any arguments, up to rest_max, for a program with commands. */
	char **rest;
	int rest_max, n_rest;
	const char *surplus;	/* advice for an argument too many */
	const char *unknown;	/* advice for an unknown name in a file */

	/* Set while reading, one for each row. */
	enum opts_source from[OPTS_ROWS_MAX];
	unsigned line[OPTS_ROWS_MAX];	  /* in the file; 0: absent */
	const char *given[OPTS_ROWS_MAX]; /* value in argv; borrowed */
};

/* Each reads one source. ERR_USAGE, ERR_NOMEM or file_read's errors, with a
 * sentence that begins with the location: "--rate: ", "$CONCLAVE_NAME: " or
 * "FILE:3: rate: ". */
int opts_argv(
    struct opts *o, int argc, char **argv, struct errmsg *why) MUST_CHECK;
int opts_environment(struct opts *o, struct errmsg *why) MUST_CHECK;
/* `rules` are those of file_read; ERR_AGAIN: there is no such file. */
int opts_file(struct opts *o, const char *path, unsigned rules,
    struct errmsg *why) MUST_CHECK;

/* Returns the index of a row; n_rows when there is none. */
size_t opts_find(const struct opts *o, const char *name);
/* Returns the source of a row's value. */
enum opts_source opts_from(const struct opts *o, const char *name);
/* Chooses between two mutually exclusive rows: the one from the higher source
 * wins. Sets *first when that is a. ERR_USAGE: one source sets both. */
int opts_choose(const struct opts *o, const char *a, const char *b, bool *first,
    struct errmsg *why) MUST_CHECK;

/* Appends the text of --help: `before`, the options, `after`. Paragraphs are
 * wrapped at 79 columns. ERR_NOMEM, ERR_LIMIT. */
int opts_help(const struct opts *o, struct buf *out, const char *before,
    const char *after) MUST_CHECK;

/* Appends a text wrapped at 79 columns, from `column` on; its newlines stay. */
int opts_wrap(struct buf *out, const char *text, int column) MUST_CHECK;

#endif

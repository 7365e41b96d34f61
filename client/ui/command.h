/* command.h - what a person types, for the faces that read lines: the one list
 * of commands, and what each line means. /help, Tab, and the section of the
 * man page (a test holds it to this list) come from it. */
#ifndef CONCLAVE_UI_COMMAND_H
#define CONCLAVE_UI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum command_kind {
	COMMAND_NOTHING, /* an empty line */
	COMMAND_SAY,	 /* text; "//x" says "/x" */
	COMMAND_ME,	 /* text: an action */
	COMMAND_HELP,
	COMMAND_KEYS,
	COMMAND_NAMES,
	COMMAND_WHOIS,	/* text: a name */
	COMMAND_VERIFY, /* text: a name, or a name and "yes" */
	COMMAND_TRUST,	/* text: a name */
	COMMAND_SEARCH, /* text: a word */
	COMMAND_EXPORT, /* text: a file */
	COMMAND_QUIT,
	COMMAND_BAD, /* sentence: why, and the nearest command */
};

/* What stands after a command, for Tab too. */
enum command_arg { ARG_NONE, ARG_TEXT, ARG_NAME, ARG_FILE };

struct command_row {
	const char *word;  /* without its slash; "/" is what says a slash */
	const char *usage; /* what stands after it, "" for nothing */
	const char *help;
	enum command_kind kind;
	enum command_arg arg;
	bool may_lack; /* the argument may be missing */
	bool screen;   /* of the full screen only */
};
/* The i-th, NULL after the last. */
const struct command_row *command_row(size_t i);

struct command {
	enum command_kind kind;
	bool screen;	  /* of the full screen only */
	const char *text; /* into the line */
	size_t n;
	char sentence[160]; /* not filtered: it quotes the line */
};
void command_parse(struct command *out, const char *line, size_t n);

/* The i-th line of /help; false after the last. */
enum { COMMAND_HELP_MAX = 128 };
bool command_help(char out[COMMAND_HELP_MAX], size_t i);

#endif

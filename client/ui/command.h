/* command.h - the commands that a person types: the only list of them, and the
 * parser of lines. /help, Tab and the man page (a test compares it) are made
 * from the list. */
#ifndef CONCLAVE_UI_COMMAND_H
#define CONCLAVE_UI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command_kind {
	COMMAND_NOTHING, /* an empty line */
	COMMAND_SAY,	 /* text; "//x" says "/x" */
	COMMAND_ME,	 /* text: an action */
	COMMAND_LAST,	/* text: a number, or empty */
	COMMAND_REPLY,	/* text: a number of /last, and a text */
	COMMAND_EDIT,	/* text: perhaps a number, and perhaps a text */
	COMMAND_DELETE, /* text: a number */
	COMMAND_REACT,	/* text: a number, and perhaps a character */
	COMMAND_INFO,	/* text: a number */
	COMMAND_EDITOR, /* text: to begin with, or empty */
	COMMAND_HELP,
	COMMAND_KEYS,
	COMMAND_NAMES,
	COMMAND_WHOIS,	  /* text: a name */
	COMMAND_VERIFY,	  /* text: a name, or a name and "yes" */
	COMMAND_TRUST,	  /* text: a name */
	COMMAND_IGNORE,	  /* text: a name, or empty: list them */
	COMMAND_UNIGNORE, /* text: a name */
	COMMAND_SERVER,
	COMMAND_SEARCH,	  /* text: a word */
	COMMAND_EXPORT,	  /* text: a file */
	COMMAND_TRANSCRIPT, /* text: "on", "off", either after "direct ", or empty */
	COMMAND_RECEIPT,    /* text: "all", or empty */
	COMMAND_JOIN,	  /* text: a room */
	COMMAND_LEAVE,	  /* text: a room, or empty: the one shown */
	COMMAND_ROOMS,	  /* text: a room, or empty */
	COMMAND_TOPIC,	  /* text: the topic, none, or empty: show it */
	COMMAND_NEW,	  /* text: a room, or a room and settings */
	COMMAND_HISTORY,  /* text: what is kept, a number, or empty */
	COMMAND_OLDER,	  /* text: a number, or empty */
	COMMAND_PURGE,	  /* text: a number, or empty: the last own one */
	COMMAND_GO,	  /* text: a room's number or name, "up", "down" */
	COMMAND_NEXT,
	COMMAND_BACK,
	COMMAND_READ,	  /* text: "all", or empty: this room */
	COMMAND_ACT,	  /* word: which; text: a name and more; of "invite"
			     also options, or empty: see account_commands.h */
	COMMAND_PASSWORD, /* text: "none", or empty */
	COMMAND_DEVICES,
	COMMAND_FORGET,	  /* text: the beginning of a device's key */
	COMMAND_INVITES,
	COMMAND_REVOKE,	  /* text: an invite's id */
	COMMAND_UNREAD,
	COMMAND_MENTIONS, /* text: "back", or empty */
	COMMAND_BARE,
	COMMAND_EVENTS,	  /* text: which, or empty */
	COMMAND_ROOM,
	COMMAND_SEAL,	  /* text: "new", "give", "send" and names, or empty */
	COMMAND_MSG,	  /* text: a name, and perhaps a text */
	COMMAND_BLOCK,	  /* text: a name, or empty: list them */
	COMMAND_UNBLOCK,  /* text: a name */
	COMMAND_KNOWN,	  /* text: a name */
	COMMAND_HELD,
	COMMAND_SEND,	  /* text: a file, or empty: the held messages */
	COMMAND_FILES,
	COMMAND_GET,	  /* text: a number, and perhaps a name */
	COMMAND_CANCEL,	  /* text: a number */
	COMMAND_DROP,	  /* text: a name, or empty: those of the room */
	COMMAND_QUIT,
	COMMAND_BAD, /* sentence: why, and the closest command */
};

/* What follows a command; Tab uses it too. */
enum command_arg {
	ARG_NONE,
	ARG_TEXT,
	ARG_NAME,
	ARG_FILE,
	ARG_ROOM,
	ARG_TOPIC,   /* a text, or none */
	ARG_HISTORY, /* a word of /history */
	ARG_SEAL,    /* a word of /seal, and names behind it */
};

struct command_row {
	const char *word;  /* without its slash; "/" says a slash */
	const char *usage; /* what follows it, "" for nothing */
	const char *help;
	enum command_kind kind;
	enum command_arg arg;
	bool may_lack; /* the argument may be missing */
	bool screen;   /* only the full screen has it */
};
/* The i-th command; NULL after the last. */
const struct command_row *command_row(size_t i);

struct command {
	enum command_kind kind;
	bool screen;	  /* only the full screen has it */
	const char *word; /* of its row; NULL: none */
	const char *text; /* into the line */
	size_t n;
	char sentence[160]; /* quotes the line, unfiltered */
};
void command_parse(struct command *out, const char *line, size_t n);

/* What /topic TEXT sets, without the blanks around it; *n 0: it is cleared, by /topic
 * none. Borrowed from the line. */
const char *command_topic(const struct command *c, size_t *n);

/* Takes the number that a text begins with, and the blanks after it. False: it
 * does not begin with a number from 1 to 9999 and then a blank or its end. */
bool command_number(const char **text, size_t *n, size_t *number);

/* The seconds of "10m", "2h", "3d", "1w" or "90s"; 0: that is no time. */
uint32_t command_seconds(const char *text, size_t n);

/* The i-th line of /help; false after the last. */
enum { COMMAND_HELP_MAX = 128 };
bool command_help(char out[COMMAND_HELP_MAX], size_t i);

#endif

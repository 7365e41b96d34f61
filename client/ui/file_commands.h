/* file_commands.h - /send, /files, /get and /cancel: files, as the user has to do
 * with them. The full screen and the plain lines share it. */
#ifndef CONCLAVE_UI_FILE_COMMANDS_H
#define CONCLAVE_UI_FILE_COMMANDS_H

#include "client/ui/account_commands.h"

/* Whether it is one of them: /send without a file is about held messages. */
bool file_commands_is(const struct command *c);
/* Where it was entered: a room, or what is said with one person. */
struct file_place {
	struct session *session;
	const struct chatroom *room;
	const char *with; /* "": the room */
};
/* Does it, and says what there is to say. False: it was refused, and the last of
 * these lines says why. */
bool file_command(const struct file_place *at, const struct command *c,
    const struct account_commands_sink *tell);

/* How far files are, for a front end that says it in lines: a quarter at a time. */
struct file_progress {
	struct {
		uint32_t number;
		unsigned quarter;
	} of[8];
};
/* True: the file of EVENT_PROGRESS has come to another quarter, which `line` says. */
bool file_progress_line(
    char line[WORDS_MAX], struct file_progress *p, const struct event *e);

#endif

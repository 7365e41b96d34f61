/* keep_command.h - /transcript and /receipt. The full screen and the plain lines share it. */
#ifndef CONCLAVE_UI_KEEP_COMMAND_H
#define CONCLAVE_UI_KEEP_COMMAND_H

#include "client/ui/command.h"
#include "client/ui/ui.h"
#include "client/ui/words.h"

/* Turns transcripts on or off, which is told as EVENT_TRANSCRIPT; without a word,
 * `line` says whether they are on. False: `line` says why not. */
bool keep_command(
    char line[WORDS_MAX], const struct ui_env *env, const struct command *c);
/* Asks for receipts, of the server or of everybody in the room, which are told as
 * EVENT_RECEIPT. False: `line` says why not. */
/* Why session_receipt failed. */
const char *keep_receipt_refused(int err);
bool keep_receipt(char line[WORDS_MAX], struct session *s,
    const struct chatroom *room, const struct command *c);

#endif

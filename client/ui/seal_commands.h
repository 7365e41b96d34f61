/* seal_commands.h - /seal: the invite of a sealed room, a new secret for it, and
 * a secret that the user was given. The full screen, the plain lines and the JSON
 * front end share it. */
#ifndef CONCLAVE_UI_SEAL_COMMANDS_H
#define CONCLAVE_UI_SEAL_COMMANDS_H

#include "client/ui/account_commands.h"

/* A room, and the server's address for its invite; all borrowed. */
struct seal_place {
	struct session *session;
	const struct chatroom *room;
	const struct uri *uri;
};

/* Does what follows /seal. True: the secret is to be asked for, without showing
 * it (password_entry_seal). */
bool seal_command(const struct seal_place *at, const char *text, size_t n,
    const struct account_commands_sink *tell);
/* Hands the room's secret over: to those names, or with none to everybody who has
 * spoken under the last one. Says as WORDS_ALERT who does not get it. */
void seal_send(const struct seal_place *at, const char *names, size_t n,
    const struct account_commands_sink *tell);
/* Sets the room's topic, under the seal. False: why not. */
bool seal_topic(const struct seal_place *at, uint64_t wall_ms,
    const char *text, size_t n, char why[WORDS_MAX]);
/* What EVENT_SEAL has besides its sentence: the invite, after a new secret, and who
 * can be handed it. */
void seal_event(const struct seal_place *at, const struct event *e,
    const struct account_commands_sink *tell);
/* Takes a line that was typed or read: the room's whole invite, or its secret.
 * False: why not. */
bool seal_give(const struct seal_place *at, const char *line, size_t n,
    char why[WORDS_MAX]);
/* Appends the invite that holds the room's secret. False: there is none, or no
 * memory. */
bool seal_invite(struct buf *out, const struct seal_place *at);

#endif

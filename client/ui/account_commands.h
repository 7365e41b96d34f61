/* account_commands.h - the part of room_commands.h that is about accounts: the
 * user's devices, and invites for others. */
#ifndef CONCLAVE_UI_ACCOUNT_COMMANDS_H
#define CONCLAVE_UI_ACCOUNT_COMMANDS_H

#include "client/ui/command.h"
#include "client/ui/words.h"
#include "shared/wire/uri.h"

/* Whether the command is one of these: /devices, /forget-device, /invites,
 * /revoke, /block, /unblock, and /invite that names nobody. */
bool account_commands_is(const struct command *c);
/* Makes its request; of /forget-device the list of devices, to find the one that
 * is meant. False: `why` says what is wrong with the command. */
bool account_commands_request(struct request *out, const struct command *c,
    const struct session_room_status *status, char why[WORDS_MAX]);
/* "/devices" */
void account_commands_describe(
    char *out, size_t size, const struct request *q);

/* The lines of an answer. */
struct account_commands_sink {
	void (*fn)(void *arg, enum words_weight weight, const char *line);
	void *arg;
};
void account_commands_devices(
    const struct event *e, const struct account_commands_sink *tell);
void account_commands_invites(
    const struct event *e, const struct account_commands_sink *tell);
/* The new invite, to the server of `uri` with that fingerprint, and a room; seal:
 * the room's secret, if it is sealed, or NULL. */
struct account_commands_room {
	const char *name;
	const uint8_t *seal;
};
void account_commands_invite(const struct event *e, const struct uri *uri,
    const uint8_t server[WIRE_HASH], const struct account_commands_room *room,
    const struct account_commands_sink *tell);
void account_commands_blocks(
    const struct event *e, const struct account_commands_sink *tell);
/* What the server has done, of these. "": nothing to say. */
void account_commands_done(char out[WORDS_MAX], const struct event *e);

/* The device whose key begins so, as a request to forget it. False: `why` says
 * why not. */
bool account_commands_forget(struct request *out, const struct event *e,
    const char *key, char why[WORDS_MAX]);

#endif

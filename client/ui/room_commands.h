/* room_commands.h - what a user asks of the server by commands: a list of rooms,
 * a new room, a topic, and the acts of operators. The full screen and the plain
 * lines share it. It knows no terminal: sentences go to a sink. */
#ifndef CONCLAVE_UI_ROOM_COMMANDS_H
#define CONCLAVE_UI_ROOM_COMMANDS_H

#include "client/ui/account_commands.h"

enum {
	ROOM_COMMANDS_OPEN = 64,   /* that wait for an answer */
	ROOM_COMMANDS_KNOWN = 128, /* names of rooms for Tab */
	ROOM_COMMANDS_PAGES = 3,   /* of a list that are shown at once */
	ROOM_COMMANDS_QUESTION = 128,
};

struct room_commands {
	/* What was asked, until the answer: "/kick carol". */
	struct {
		uint32_t req;		     /* 0: free */
		const struct chatroom *room; /* in which it was asked */
		char what[80];
		char name[WIRE_ROOM_MAX + 1]; /* /new, /invite: of the
						 room */
		char key[48]; /* /forget-device: the beginning of its key */
		unsigned pages;		      /* /rooms: shown so far */
		bool quiet; /* only `known` is to learn the answer */
	} open[ROOM_COMMANDS_OPEN];
	/* Rooms that the server has named, the latest list. */
	char known[ROOM_COMMANDS_KNOWN][WIRE_ROOM_MAX + 1];
	size_t n_known;
};

/* Makes a request of /rooms, /new, /topic TEXT, /history WHAT or an act. False: `why` says what
 * is wrong with the command. `status` is that of the room in which it is
 * typed. */
bool room_commands_request(struct request *out, const struct command *c,
    const struct session_room_status *status, char why[WORDS_MAX]);
/* /purge: asks the server to destroy a message. False: `why` says why not. */
bool room_commands_purge(struct room_commands *a, struct session *s,
    const struct chatroom *room, const uint8_t id[WIRE_ID],
    char why[WORDS_MAX]);
/* The question before that, if somebody else wrote it. */
void room_commands_purge_question(
    char *out, size_t size, const char *author);
/* The question before an act that cannot be taken back: "Remove carol from
 * lobby?"; false: there is none to ask. */
bool room_commands_question(
    char *out, size_t size, const struct request *q, const char *room);
/* Sends it. False: `why` says why not. `key` is what /forget-device names, else
 * "". */
bool room_commands_ask(struct room_commands *a, struct session *s,
    const struct chatroom *room, const struct request *q, const char *key,
    char why[WORDS_MAX]);

/* Asks for the list of rooms, to know their names. Nothing is shown, also when
 * it fails. */
void room_commands_learn(struct room_commands *a, struct session *s,
    const struct chatroom *room);

/* /room: says the sentences of words_room_state about a room. */
void room_commands_state(const struct session *s, const struct chatroom *room,
    const char *server, void (*say)(void *arg, const char *line), void *arg);

struct room_commands_sink {
	/* A line for the room in which it was asked. */
	void (*tell)(void *arg, const struct chatroom *room,
	    enum words_weight weight, const char *line);
	/* A room that the user has made: enter it. */
	void (*made)(void *arg, const char *name);
	/* A request that the user is to confirm. */
	void (*ask)(void *arg, const struct chatroom *room,
	    const struct request *q);
	void *arg;
	const struct uri *uri; /* of the server, for invites */
};
/* Takes EVENT_DONE, EVENT_FAILED, EVENT_ROOMS, EVENT_DEVICES and EVENT_INVITES.
 * False: another event, or the answer to something else. */
bool room_commands_answer(struct room_commands *a, struct session *s,
    const struct event *e, const struct room_commands_sink *sink);

/* A sentence about a room whose name looks like another that one is in; ""
 * there is none. A server makes no such rooms, unless it lies. */
void room_commands_like(
    char out[WORDS_MAX], const struct session *s, const char *name);

#endif

/* recent.h - the newest messages of all rooms and people, as front ends name them: by the
 * numbers that /last gives, by a quotation, or as the user's own last one. Pure.
 *
 * A number stays with its message until /last is used again, so that a message
 * that arrives meanwhile does not change whom an answer is for. */
#ifndef CONCLAVE_UI_RECENT_H
#define CONCLAVE_UI_RECENT_H

#include "client/session/session.h"
#include "client/ui/command.h"

enum { RECENT_MAX = 1000, RECENT_QUOTE = 96 };

/* Where it was said: in a room, or directly with a person. */
struct recent_of {
	const struct chatroom *room;
	const char *with; /* "": in the room */
};

struct recent_message {
	const struct chatroom *room;
	char with[WIRE_NAME_MAX + 1]; /* as in struct recent_of */
	uint8_t id[WIRE_ID], author[WIRE_HASH];
	char name[WIRE_NAME_MAX + 1];
	bool own, deleted;
	size_t number;		      /* 0: none */
	char quote[RECENT_QUOTE + 4]; /* its first line, cut after some
					  characters, which "..." shows; as it
					  came, so filter it */
};

struct recent;
struct recent *recent_new(void);
void recent_free(struct recent *r); /* wipes; NULL is a no-op */

/* Notes what an event changes; events of other kinds are ignored. Call it after
 * the event was shown, so that it can quote the text of before. Without memory
 * there is none: all functions take a NULL recent. */
void recent_event(struct recent *r, const struct event *e);

/* A message by its id and author (NULL: of anybody); NULL when it is too old.
 * Borrowed, like what
 * the others return, until the next recent_event. */
const struct recent_message *recent_find(const struct recent *r,
    struct recent_of of, const uint8_t id[WIRE_ID],
    const uint8_t author[WIRE_HASH]);
/* The message that an event is about. */
const struct recent_message *recent_about(
    const struct recent *r, const struct event *e);
/* The user's newest message there that is not deleted. */
const struct recent_message *recent_own(
    const struct recent *r, struct recent_of of);

/* /last: gives numbers from 1 to the newest messages there that are not
 * deleted, 10 or as many as the command says, the oldest first, and calls fn
 * with each. Returns NULL, or a sentence: why there are none. */
const char *recent_last(struct recent *r, struct recent_of of,
    const struct command *c,
    void (*fn)(void *arg, const struct recent_message *m), void *arg);
/* The sentence for a number that no message has. */
extern const char recent_no_number[];
/* The message there with a number; NULL: there is none. */
const struct recent_message *recent_number(
    const struct recent *r, struct recent_of of, size_t number);
/* /purge [N]: the message with the number, or the user's last one. NULL, and *why
 * is a sentence. */
const struct recent_message *recent_purge(const struct recent *r,
    struct recent_of of, const struct command *c, const char **why);
/* /reply, /edit, /delete, /react: what to say; it points into the line and to
 * the recent message. Returns NULL, or a sentence: why it cannot be said. An
 * /edit without /last before is about the user's last message, whatever its new
 * text begins with; its text may be empty. */
const char *recent_post(struct session_post *out, const struct recent *r,
    struct recent_of of, const struct command *c);

#endif

/* words_acts.h - what happens to rooms and to people's rights, as sentences: the
 * rows of words.h's table for these events. Pure, like words.h. */
#ifndef CONCLAVE_UI_WORDS_ACTS_H
#define CONCLAVE_UI_WORDS_ACTS_H

#include "client/ui/words_rooms.h"

/* What sentences mention beside the event itself. All strings are borrowed. */
struct words_about {
	const char *server; /* HOST:PORT as the user knows it */
	const char *name;   /* the user's own */
	size_t people;	    /* in the event's room, the user included */
	enum words_invite invite; /* CONNECTED */
	bool again;	    /* the user has been in a room before */
	uint64_t now_ms;    /* Unix time */
	bool was_verified;  /* CHANGED: the user had compared the old key */
};

/* Each writes a sentence to out, WORDS_MAX bytes. */
void words_failed(
    char *out, const struct event *e, const struct words_about *about);
void words_unsaid(
    char *out, const struct event *e, const struct words_about *about);
void words_left(
    char *out, const struct event *e, const struct words_about *about);
void words_room(
    char *out, const struct event *e, const struct words_about *about);
void words_seal(
    char *out, const struct event *e, const struct words_about *about);
void words_topic_set(
    char *out, const struct event *e, const struct words_about *about);
void words_act(
    char *out, const struct event *e, const struct words_about *about);
void words_voice(
    char *out, const struct event *e, const struct words_about *about);
void words_keeps(
    char *out, const struct event *e, const struct words_about *about);
void words_receipt(
    char *out, const struct event *e, const struct words_about *about);
void words_transcript(
    char *out, const struct event *e, const struct words_about *about);
void words_fork(
    char *out, const struct event *e, const struct words_about *about);
void words_role(
    char *out, const struct event *e, const struct words_about *about);
void words_history(
    char *out, const struct event *e, const struct words_about *about);
void words_purge(
    char *out, const struct event *e, const struct words_about *about);
void words_gone(
    char *out, const struct event *e, const struct words_about *about);
void words_rewritten(
    char *out, const struct event *e, const struct words_about *about);
void words_storage(
    char *out, const struct event *e, const struct words_about *about);

#endif

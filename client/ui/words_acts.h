/* words_acts.h - what happens to rooms and to people's rights, as sentences: the
 * rows of words.h's table for these events. Pure, like words.h. */
#ifndef CONCLAVE_UI_WORDS_ACTS_H
#define CONCLAVE_UI_WORDS_ACTS_H

#include "client/session/session.h"

/* The longest sentence of any event. */
enum { WORDS_MAX = 1024 };
struct words_about;

/* Each writes a sentence to out, WORDS_MAX bytes. */
void words_failed(
    char *out, const struct event *e, const struct words_about *about);
void words_left(
    char *out, const struct event *e, const struct words_about *about);
void words_room(
    char *out, const struct event *e, const struct words_about *about);
void words_act(
    char *out, const struct event *e, const struct words_about *about);
void words_voice(
    char *out, const struct event *e, const struct words_about *about);
void words_fork(
    char *out, const struct event *e, const struct words_about *about);
void words_role(
    char *out, const struct event *e, const struct words_about *about);

#endif

/* letters.h - what the user says to people directly, from the call until the server
 * keeps it: for each message the prekeys of all devices of the recipient and of the
 * user's own other ones are asked for, checked and judged, and a frame is sealed
 * for each.
 *
 * A letter that a changed key holds back waits until the user has accepted the key
 * or decided otherwise, and so does what was said to that person after it. Frames
 * without an answer are sent again, the same, on the next connection. */
#ifndef CONCLAVE_SESSION_LETTERS_H
#define CONCLAVE_SESSION_LETTERS_H

#include "client/session/letter.h"

enum { LETTERS_MAX = 4096, LETTERS_BYTES = 4 << 20 };

struct letters;
struct letters *letters_new(const struct direct_env *e); /* borrowed */
void letters_free(struct letters *l); /* NULL is a no-op */

void letters_linked(struct letters *l);
void letters_lost(struct letters *l);
/* The account has other devices than before. */
void letters_devices(struct letters *l);

/* Takes a content, made for the recipient and for the user's own devices; both are
 * copied. The id is what is reported. ERR_LIMIT, ERR_NOMEM. */
int letters_put(struct letters *l, const struct letter_new *n) MUST_CHECK;
/* The person is told that these messages were shown. Without memory they are not. */
void letters_delivered(
    struct letters *l, const char *name, const uint8_t id[WIRE_ID]);

/* The person is told that the user keeps a transcript, or no longer. Without memory
 * they are not. */
void letters_keeps(struct letters *l, const char *name, bool on);

bool letters_ready(const struct letters *l);
int letters_step(struct letters *l) MUST_CHECK;
/* An answer; *ours: it is to one of these. Peer errors: it does not answer what was
 * asked. */
int letters_answer(
    struct letters *l, const struct answer *a, bool *ours) MUST_CHECK;

/* The user has accepted a key of that person, or wants what is held to go to the
 * devices that are known (send), or nowhere. ERR_STATE: nothing is held; of send
 * also: no device of theirs is known. */
void letters_meet_again(struct letters *l, const char *name);
int letters_decide(struct letters *l, const char *name, bool send) MUST_CHECK;

/* Of the user's own messages: how many wait that are not held, and how many are.
 * all: with what tells that messages were shown. */
size_t letters_due(const struct letters *l, bool all);
size_t letters_held(const struct letters *l);
/* The id of the newer-th of what was said to that person and is not kept by the server,
 * counted from the newest, and whether a changed key holds it. NULL: there are not so
 * many. Borrowed until the next call. */
const uint8_t *letters_waiting(
    const struct letters *l, const char *name, size_t newer, bool *held);
/* Requests that the server has not answered. */
size_t letters_open(const struct letters *l);
/* The user quits: nothing more is sent. */
void letters_clear(struct letters *l);

#endif

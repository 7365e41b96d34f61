/* words.h - what front ends say: every event of a session as a sentence, once,
 * so that the full screen and the plain lines use the same words. Pure.
 *
 * Sentences have no end mark and no new line of their own. They quote what
 * peers and the server sent as it came: whoever shows one filters it first
 * (shared/wire/text.h). */
#ifndef CONCLAVE_UI_WORDS_H
#define CONCLAVE_UI_WORDS_H

#include "client/ui/words_acts.h"

/* Whether a sentence asks the user to do something. */
enum words_weight { WORDS_NOTICE, WORDS_ALERT };
enum words_weight words_weight(const struct event *e);

/* The event as a sentence. False for one that is shown in another way
 * (MESSAGE to REACT, SENT, DONE, ROOMS; UNSAID, if HELD says it), and for attempts
 * to connect after the first. */
bool words_event(char out[WORDS_MAX], const struct event *e,
    const struct words_about *about);

/* A JOIN or LEAVE without its name: "joined", "left", ... A constant. */
const char *words_came_or_went(const struct event *e);
/* Why there is a new group key, from the reason of an EPOCH event, when nobody
 * is named: "somebody left". "" when the reason is not known. */
const char *words_epoch_reason(const char *reason);
/* The sentence about a new group key; `why` may be "". */
void words_epoch(char *out, size_t size, uint32_t epoch, const char *why);

/* Why a line from a terminal that edits lines itself is not said. */
extern const char words_line_cut[];
/* Why session_say or session_post refused `n` bytes with `err`; and why it
 * refused a reaction with ERR_TEXT. */
void words_not_said(
    char *out, size_t size, int err, const char *text, size_t n);
extern const char words_not_reaction[];

/* The answer to /send and /drop when there is nothing to send or drop; to /quit
 * while messages are held; and to another message when too many wait behind
 * them. */
extern const char words_none_held[];
void words_quit_held(char *out, size_t size, size_t held);
extern const char words_full_held[];

/* What is wrong with a line that json_parse refused. A constant. */
const char *words_not_json(const char *line, size_t n);

/* How far clocks and networks differ without anything being wrong. */
#define WORDS_CLOCK_SLACK_MS UINT64_C(300000)
/* True when a message that `name` sent just now is dated further than that from
 * `now_ms`, both in ms of Unix time. The sentence says by how much, and what to
 * do. */
bool words_clock(
    char *out, size_t size, const char *name, uint64_t ts_ms, uint64_t now_ms);

/* For programs: the reason of an ERROR or CLOSED event as one stable word, the
 * server's code where it gave one. */
const char *words_code(const struct event *e);

/* A trust as one stable word: "new", "seen", "verified", "changed". */
const char *words_trust(enum trust trust);
/* " verified", " certified" or " KEY CHANGED"; "" for what is usual. */
const char *words_trust_note(enum trust trust);

/* What to do about the server's reason to end; NULL: nothing helps. `account` is
 * whose password was proved: hello.account. */
const char *words_advice(enum wire_code code, const char *account);

#endif

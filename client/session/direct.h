/* direct.h - direct messages of a session, in both directions (PROTOCOL.md section
 * 6). It ties letters.h, direct_in.h, direct_keys.h and talks.h together. */
#ifndef CONCLAVE_SESSION_DIRECT_H
#define CONCLAVE_SESSION_DIRECT_H

#include "client/session/direct_env.h"
#include "client/session/offers.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"

struct direct;
/* Everything in *e is borrowed but `talks`, which is made here. */
struct direct *direct_new(const struct direct_env *e);
void direct_free(struct direct *d); /* NULL is a no-op */

void direct_linked(struct direct *d);
void direct_lost(struct direct *d);
/* Takes a control frame that is about direct messages; *ours says whether it is. */
int direct_control(
    struct direct *d, const struct control *c, bool *ours) MUST_CHECK;
int direct_frame(struct direct *d, const uint8_t *body, size_t n) MUST_CHECK;

/* Asks, publishes and sends what is ready. */
bool direct_ready(const struct direct *d);
int direct_step(struct direct *d) MUST_CHECK;
void direct_tick(struct direct *d);
/* session_direct_shown. linked: the link is up. */
int direct_shown(struct direct *d, bool linked) MUST_CHECK;

/* session_direct, under the id that it has; session_direct_decide, session_people, session_meet_again. */
int direct_say(struct direct *d, const char *name, uint64_t wall_ms,
    enum content_type type, const struct offers_words *w) MUST_CHECK;
int direct_decide(struct direct *d, const char *name, bool send) MUST_CHECK;
/* session_seal_send: hands the secret over, to one device of that person. */
int direct_hand(struct direct *d, const char *name,
    const struct direct_hand *to, const struct content_seal *c) MUST_CHECK;
const struct person *direct_people(const struct direct *d, size_t *n);
void direct_meet_again(struct direct *d, const char *name);
/* session_keep_direct. */
void direct_keep(struct direct *d, bool on);
bool direct_keeps(const struct direct *d);
/* As letters_due, letters_held and letters_waiting. */
size_t direct_due(const struct direct *d, bool linked);
size_t direct_held(const struct direct *d);
const uint8_t *direct_waiting(
    const struct direct *d, const char *name, size_t newer, bool *held);
void direct_quit(struct direct *d);

#endif

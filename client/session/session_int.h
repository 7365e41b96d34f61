/* session_int.h - what the other files of session.h's functions need of a
 * session. For client/session only. */
#ifndef CONCLAVE_SESSION_SESSION_INT_H
#define CONCLAVE_SESSION_SESSION_INT_H

#include "client/session/direct.h"
#include "client/session/new_seals.h"
#include "client/session/roomlist.h"
#include "client/session/session.h"
#include "client/session/transfers.h"

struct roomlist *session_roomlist(struct session *s);
struct new_seals *session_new_seals(struct session *s);
struct direct *session_direct_part(const struct session *s);
/* The link is up. Nothing more can be said: it ends. */
bool session_linked(const struct session *s);
bool session_over(const struct session *s);
/* session_ask, after its checks: ERR_REFUSED: it would show the server something
 * of a sealed room, or change its mark. */
int session_seal_ask(
    struct session *s, const struct request *q, uint32_t *req) MUST_CHECK;
/* direct_env.h: `arg` is the session. */
int session_handed(void *arg, const struct person *who,
    const struct content_seal *c) MUST_CHECK;
int session_handed_over(void *arg, const struct direct_hand *h,
    const char *who, enum wire_code code, const char *why) MUST_CHECK;
/* The content of a post. ERR_TEXT: it is not a text. */
int session_post_text(
    struct content_said *out, const struct session_post *p) MUST_CHECK;
struct requests *session_requests(struct session *s);
struct transfers *session_transfers(const struct session *s);
/* Makes them for session_new. NULL: no memory. */
struct transfers *session_transfers_new(
    struct session *s, const struct session_opts *o);
const struct parties *session_parties(const struct session *s);
/* Seals and asks what is ready, and takes what has failed. */
void session_settle(struct session *s, int err);

#endif

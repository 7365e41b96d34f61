/* reads.h - what is read of a room's log beyond what is live: what was missed
 * (catchup.h), and what the user asks for (older.h). One request is open for each
 * room at a time; what was missed comes first. Also the user's wish to destroy
 * what is in the log. */
#ifndef CONCLAVE_SESSION_READS_H
#define CONCLAVE_SESSION_READS_H

#include "client/session/catchup.h"
#include "client/session/older.h"
#include "client/session/requests.h"

struct reads {
	struct catchup *catchup; /* borrowed, like all pointers here */
	struct older *older;
	struct posts *posts;
	struct purges *purges;
};

/* older_enter; the server can write, or not; how many purges have no answer; and the
 * answer to one. */
void reads_enter(const struct reads *r, uint32_t room,
    const uint8_t log[WIRE_LOG], uint64_t since);
void reads_storage(const struct reads *r, bool ok);
size_t reads_due(const struct reads *r);
void reads_purged(
    const struct reads *r, uint64_t offset, const struct answer *a);
/* There is something to ask for; the answer is due. */
bool reads_wants(const struct reads *r);
bool reads_waits(const struct reads *r);
int reads_ask(const struct reads *r, struct requests *requests,
    struct chatroom *room, uint64_t now_ms) MUST_CHECK;

/* What comes. Errors as past.h's; ERR_STATE: it was not asked for. */
int reads_head(const struct reads *r, const struct log_batch *h) MUST_CHECK;
int reads_entry(
    const struct reads *r, const uint8_t *body, size_t n) MUST_CHECK;
int reads_flush(const struct reads *r) MUST_CHECK; /* past_flush */
int reads_answer(const struct reads *r, const struct answer *a,
    uint64_t now_ms) MUST_CHECK;

/* session_history and session_purge; r NULL: there is no such room. */
int reads_older(const struct reads *r, struct requests *requests,
    const struct older_range *range, uint32_t *req) MUST_CHECK;
int reads_purge(const struct reads *r, struct requests *requests,
    const uint8_t id[WIRE_ID], uint32_t *req) MUST_CHECK;

#endif

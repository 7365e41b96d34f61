/* requests.h - what the client has asked of the server and has no answer to yet:
 * the user's requests, and those by which rooms are entered and left. It gives
 * them their numbers, sends at most WIRE_REQUESTS at once, and finds what an
 * answer is to.
 *
 * The user's requests wait here while there is no connection. When one is lost,
 * a list that was asked for is asked for again; everything else may have been
 * done, so it is reported as failed, with the word "lost". Rooms ask again by
 * themselves. */
#ifndef CONCLAVE_SESSION_REQUESTS_H
#define CONCLAVE_SESSION_REQUESTS_H

#include "client/session/events.h"
#include "client/session/outgoing.h"
#include "client/session/parties.h"
#include "shared/proto/request.h"

enum { REQUESTS_MAX = 256 };

struct requests;
/* Borrowed. */
struct requests *requests_new(
    struct events *events, struct outgoing *out, const struct parties *parties);
void requests_free(struct requests *r); /* NULL is a no-op */

/* A number for a request that is queued later. */
uint32_t requests_number(struct requests *r);
/* Whether a user may ask for this; the rest is asked by rooms. */
bool requests_may_ask(enum request_type type);
/* Queues a request; its number is set here, unless it has one. room: the one that a join or a
 * leave is for; NULL: the user asks, or transfers.h does. ERR_LIMIT: REQUESTS_MAX are open. */
int requests_put(struct requests *r, const struct request *q,
    struct chatroom *room, uint32_t *number) MUST_CHECK;
/* Sends what may be sent. Only on a link that the server has confirmed. */
int requests_send(struct requests *r) MUST_CHECK;
bool requests_ready(const struct requests *r);
/* How many are sent and have no answer; and how many of others are (direct
 * messages), which the server counts too. */
size_t requests_sent(const struct requests *r);
void requests_others(struct requests *r, size_t n);
bool requests_full(const struct requests *r);

/* The server answers. The room's own request, or the user's, which is reported
 * (EVENT_DONE, EVENT_ROOMS, EVENT_DEVICES, EVENT_INVITES, EVENT_FAILED) and has no room in *out. ERR_STATE:
 * nothing with this number is open. ERR_JSON, ERR_RANGE: it does not answer
 * what was asked. */
struct asked {
	enum request_type type;
	struct chatroom *room;
	uint32_t number; /* of the room in the request; 0: none */
	uint64_t offset; /* in the request */
};
int requests_answer(
    struct requests *r, const struct answer *a, struct asked *out) MUST_CHECK;
/* The connection is lost: what was sent fails (EVENT_FAILED, "lost"), but a list is
 * asked for once more. Or nobody waits for answers any more. */
void requests_lost(struct requests *r);
void requests_clear(struct requests *r);
/* How many of the user's requests have no answer. */
size_t requests_open(const struct requests *r);

#endif

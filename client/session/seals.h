/* seals.h - the secrets of one room, if it is sealed (PROTOCOL.md section 5f):
 * which of them the room has now, what is sealed and opened with them, and
 * whether the server has taken the seal away or set it back.
 *
 * Whether a room is sealed is our own knowledge: it is if we have a secret for
 * its name. All of it is in secure memory. */
#ifndef CONCLAVE_SESSION_SEALS_H
#define CONCLAVE_SESSION_SEALS_H

#include "client/session/person.h"
#include "client/session/session_status.h"
#include "shared/proto/content.h"
#include "shared/proto/seal.h"

/* Of one room. Above it one that was only given is forgotten, or the oldest. */
enum { SEALS_MAX = 16 };

struct seals;
/* Borrowed; `ops` is copied. */
struct seals *seals_new(struct crypto *c, const struct seals_ops *ops);
void seals_free(struct seals *s); /* wipes; NULL is a no-op */

/* The room's name, as soon as it is known: takes the secrets that were kept for
 * it. */
void seals_name(struct seals *s, const char *name);
/* The user gives a secret. It is kept once the room's mark has its check. */
void seals_add(struct seals *s, const uint8_t secret[WIRE_KEY]);

/* The room's log is known. */
int seals_log(struct seals *s, const uint8_t log[WIRE_LOG]) MUST_CHECK;
/* What the server says of the room, at the entry and in each notice that
 * changes it: its setting and the text in the place of its topic.
 * ERR_UNSEALED: it is not sealed, and we know it as sealed. ERR_SEAL_BACK: its
 * mark is older than what we know. */
int seals_look(struct seals *s, bool sealed, const char *topic) MUST_CHECK;
/* The stay in the room has ended. */
void seals_leave(struct seals *s);

/* Whether a room that we have just entered has a newer secret than the newest that
 * was marked of ours: somebody can hand it over. False: of a room with this mark
 * we never had a secret. */
bool seals_behind(const struct seals *s);

enum seal_state seals_state(const struct seals *s);
/* The highest number that a mark gave to a secret of ours; 0: none did. */
uint32_t seals_known(const struct seals *s);
uint32_t seals_generation(const struct seals *s); /* 0: not marked */
/* The secret that the room has now. False: there is none. */
bool seals_secret(const struct seals *s, uint8_t secret[WIRE_KEY]);
/* Whether our messages may be sealed now: not if the room has a secret that we
 * do not have. */
bool seals_may_speak(const struct seals *s);

/* The epoch for our own frames in *out, or a copy of *plain if the room is not
 * sealed. ERR_STATE: not seals_may_speak. */
int seals_epoch(const struct seals *s, struct group_epoch *out,
    const struct group_epoch *plain) MUST_CHECK;
/* A copy of what opens frames, which the caller wipes. s NULL: the room is not
 * sealed. */
struct seals_keys {
	bool open; /* not sealed */
	size_t n;
	uint8_t key[SEALS_MAX][WIRE_KEY]; /* the oldest first */
	uint32_t number[SEALS_MAX];	  /* of each; 0: no mark has named it */
};
/* What has opened a frame. */
struct seals_used {
	struct group_epoch epoch; /* secret */
	uint32_t number;	  /* 0 also if the room is not sealed */
};
void seals_keys(const struct seals *s, struct seals_keys *out);
/* group_open of a member's frame, whose context has the room's plain epoch: with
 * each of the keys, the newest first. On 0, g->epoch is that of *used. May run in
 * any thread, with its own c. */
int seals_open(const struct seals_keys *k, struct crypto *c, struct buf *out,
    struct group_context *g, struct seals_used *used, const uint8_t *body,
    size_t n) MUST_CHECK;

/* --- a new secret --------------------------------------------------------- */

/* Makes one, which is to become the room's: ERR_STATE: it is not sealed, or
 * somebody else's secret is its newest. */
int seals_renew(struct seals *s, const struct rng *rng) MUST_CHECK;
/* Whether the server is to be told a mark; operator: we are one. The first one
 * is told without being asked for by the user. seals_asked: it is being told.
 * seals_answered: it was refused, or done, when the notice has come before. */
bool seals_wants(const struct seals *s, bool operator);
void seals_asked(struct seals *s, char mark[SEAL_MARK]);
void seals_answered(struct seals *s, bool done);
/* Whether the last change was the user's own new secret; false from then on. */
bool seals_renewed(struct seals *s);

/* --- a secret that somebody hands over (section 6) ------------------------- */

enum seals_offer {
	SEALS_KEPT, /* it is used as soon as the room's mark has its check */
	SEALS_HAD,	/* we have it already: nothing to say */
	SEALS_NO_ROOM,	/* we have no secret of a room of that name and log */
	SEALS_UNPINNED, /* their key is not pinned, or has changed */
	SEALS_STRANGER, /* they have not spoken under our newest secret */
	SEALS_REMOVED,	/* they were removed from the room */
	SEALS_OLD,	/* its number is not higher than our newest one's */
};
/* What `who` has handed over; in any other case than SEALS_KEPT it changes
 * nothing. Whoever can hand one over can read what we say now, so a false one gains
 * them nothing. The room need not be entered. */
enum seals_offer seals_take(struct seals *s, const struct person *who,
    const struct content_seal *c);
/* The name of the one whose secret the room has now, once, after seals_look; ""
 * else. */
void seals_taken(struct seals *s, char name[WIRE_NAME_MAX + 1]);

#endif

/* purges.h - what the user has asked to be destroyed in a room's log, until the
 * server has answered: entries whose offset is known, and edits of the user's own
 * that are on their way, by their ids. An edit is asked for when the log has it,
 * whether this program said it or one that was killed before the server had
 * acknowledged it.
 *
 * Through purges_ops a later run of the client knows them too. An edit that never
 * reached the server stays there until newer ones push it out. */
#ifndef CONCLAVE_SESSION_PURGES_H
#define CONCLAVE_SESSION_PURGES_H

#include "shared/proto/request.h"

/* Of one room, and of those that are kept in all rooms; past it the oldest goes. */
enum { PURGES_MAX = 512 };

struct purge_wish {
	uint8_t log[WIRE_LOG]; /* of the room */
	uint64_t offset;       /* of the entry; 0: the edit with this id: */
	uint8_t id[WIRE_ID];   /* zero where the offset is known */
};
/* What is kept of them, by room. All or none NULL. */
struct purges_ops {
	/* The i-th of that room, the oldest first. False: there is none. */
	bool (*get)(void *arg, const char *room, size_t i,
	    struct purge_wish *out);
	void (*put)(void *arg, const char *room, const struct purge_wish *w);
	void (*drop)(void *arg, const char *room, const struct purge_wish *w);
	void *arg;
};

struct purges_opts {
	const struct purges_ops *ops; /* borrowed, like all pointers here */
	const char *room;	      /* changes with the room's key */
	const uint8_t *log;	      /* the same */
};
struct purges;
struct purges *purges_new(const struct purges_opts *o);
void purges_free(struct purges *p); /* NULL is a no-op */

/* We are in the room: all that has no answer is asked for, also what an earlier
 * run wanted. Without memory that one is not. */
void purges_enter(struct purges *p);
/* We are no longer in it, or cannot ask. */
void purges_leave(struct purges *p);
/* The server can write again. */
void purges_again(struct purges *p);

/* The user wants it, and has asked for it already if its offset is known. Its log
 * is set here. ERR_NOMEM. */
int purges_add(struct purges *p, const struct purge_wish *w) MUST_CHECK;
/* An entry of the user's own is there in the log. */
void purges_placed(
    struct purges *p, const uint8_t id[WIRE_ID], uint64_t offset);
/* It will never be there. */
void purges_forget(struct purges *p, const uint8_t id[WIRE_ID]);

/* Something is to be asked for; its offset, which is asked for from then on (0: it
 * was nothing); the answer. */
bool purges_due(const struct purges *p);
uint64_t purges_next(struct purges *p);
void purges_answer(struct purges *p, uint64_t offset, const struct answer *a);
/* How many of them wait for an answer, or for their turn to be asked. */
size_t purges_open(const struct purges *p);
/* How many edits of this run are not in the log yet; and whether a later run will
 * know of them. */
size_t purges_waiting(const struct purges *p);
bool purges_kept(const struct purges *p);

#endif

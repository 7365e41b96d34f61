/* past.h - what was said in a room while the user was not in it: opens the
 * batches of its history (PROTOCOL.md section 5b) and checks them as if they
 * were live, but for one thing: that a sender's numbers have no gap is checked
 * within a batch only, since the chain covers the order.
 *
 * A batch comes in parts: past_head, past_entry for each of its offsets, and
 * past_end. An error is the server's fault (err_is_peer), or ours; the room
 * cannot be read then, and past_clear ends it. */
#ifndef CONCLAVE_SESSION_PAST_H
#define CONCLAVE_SESSION_PAST_H

#include "client/session/parties.h"
#include "client/session/seals.h"
#include "client/session/trail.h"
#include "shared/proto/content.h"
#include "shared/proto/group.h"
#include "shared/proto/logbatch.h"

/* An entry, in order. Everything is borrowed for the call. */
struct past_proof { /* where a frame belongs that opened and verified */
	struct group_place place;
	struct group_sender from;
	const struct group_epoch *epoch;
	const uint8_t *roster;
	const uint8_t *body; /* the group frame, from its offset on */
	size_t n;
};
struct past_entry {
	struct group_head head;	       /* a mark: its offset only */
	const struct log_head *at;     /* the log up to it */
	const uint8_t *before;	       /* the chain before it */
	const struct trail *trail;     /* the chain further back */
	const uint8_t *digest;	       /* D */
	uint32_t seal; /* the number of the secret that opened it; 0: none */
	const struct past_proof *proof; /* NULL: it did not open and verify */
	const struct person *person;   /* NULL: the server, or a mark */
	const struct content *content; /* NULL: not shown, because of: */
	const char *reason; /* "mark": it is not given; "signature", "does not
			       open", "replayed", "not a message": dropped */
	uint64_t missing; /* so many of the sender's before it are not there */
};

struct past_opts {
	const struct parties *parties;	 /* borrowed, like all pointers here */
	const struct group_place *place; /* the room's, but for the session */
	const struct seals *seals;	 /* NULL: the room is not sealed */
	/* The chain at an offset, as the client knows it, or NULL. */
	const uint8_t *(*known)(void *arg, uint64_t offset);
	int (*entry)(void *arg, const struct past_entry *e);
	void *arg;
};

struct past;
struct past *past_new(const struct past_opts *o);
void past_free(struct past *p); /* wipes; NULL is a no-op */

/* What is asked for, of the room with this number. ERR_STATE: the last batch
 * has not ended. */
struct past_range {
	uint64_t
	    offset; /* entries after this one, or, with `before`, before it */
	bool before;
	uint32_t count;
};
int past_ask(
    struct past *p, uint32_t room, const struct past_range *range) MUST_CHECK;
bool past_waits(const struct past *p); /* asked, and not ended */

/* ERR_STATE: not asked for, or the second
 * head; ERR_RANGE: other entries than asked for; ERR_LOG: the chain is not what
 * the client knows; ERR_COMMIT, ERR_KEY. */
int past_head(struct past *p, const struct log_batch *h) MUST_CHECK;
/* A frame of kind 6. ERR_STATE: none is due; ERR_GAP: another offset is;
 * ERR_RANGE, ERR_ROOM, ERR_EPOCH, ERR_MEMBER; ERR_LOG as above; and what
 * past_flush returns.
 *
 * Where the parties have several threads, opening frames and checking signatures is
 * left to them, for up to PAST_TOGETHER entries at once. They open these while the
 * caller's thread passes on those before, in order; so up to twice as many wait,
 * until past_flush or the next past_head. An error ends the batch: past_clear. */
enum { PAST_TOGETHER = 64 };
int past_entry(struct past *p, const uint8_t *frame, size_t n) MUST_CHECK;
/* Passes on what waits. ERR_OPEN, ERR_SIGNATURE, ...: the server's own entry is not
 * right; the entries before it were passed on. */
int past_flush(struct past *p) MUST_CHECK;
/* The request was answered, with `done` or, refused, with `failed`. Entries may
 * still wait, so that the next batch can be asked for meanwhile. ERR_STATE: not
 * after a whole batch. *got: what it was; first is 0 without an entry. */
struct past_got {
	uint64_t first, last, oldest;
};
int past_end(struct past *p, bool done, struct past_got *got) MUST_CHECK;
/* The connection is lost: what waits is dropped. */
void past_clear(struct past *p);

#endif

/* logbatch.h - what was said while somebody was away (PROTOCOL.md section 5b):
 * the head of a batch, a control frame that tells what its entries are opened
 * and checked with, and the frames of kind 6 that follow it. request.h has
 * what a client asks. Pure. */
#ifndef SHARED_PROTO_LOGBATCH_H
#define SHARED_PROTO_LOGBATCH_H

#include "shared/proto/logchain.h"
#include "shared/proto/users.h"
#include "shared/wire/json.h"

/* An epoch of a run. */
struct log_batch_epoch {
	uint32_t epoch;
	uint8_t base[WIRE_KEY]; /* secret; opens the epoch's frames, and not
				 * those of a later one */
	uint8_t roster[WIRE_HASH];
};
/* A run is one start of the server, with its own epochs and member numbers. */
struct log_batch_run {
	uint8_t session[WIRE_NONCE];
	struct log_batch_epoch *epoch; /* ascending */
	struct user *user;	       /* ascending by member */
	size_t n_epochs, n_users;
};
/* Entries first .. last of a room's log. No entries: both are 0. */
struct log_batch {
	uint32_t number; /* of the request */
	uint32_t room;
	uint64_t first, last;
	uint64_t oldest;	  /* the oldest that is kept; 0: none */
	uint8_t chain[WIRE_HASH]; /* before the first; zeros without entries */
	struct log_batch_run *run;
	size_t n_runs;
};
/* At most WIRE_HISTORY_RUNS runs, WIRE_HISTORY_EPOCHS epochs and WIRE_PAGE
 * users in all. */

/* Appends one padded object, which holds secrets. ERR_LIMIT: too much of
 * something, or the object would pass WIRE_JSON_MAX: the batch must be cut. On
 * an error out is unchanged. */
int log_batch_encode(struct buf *out, const struct log_batch *h) MUST_CHECK;
/* *out is to be given to log_batch_free, also after an error. Errors:
 * ERR_JSON, ERR_BASE64, ERR_RANGE (also: not ascending, first behind last, or
 * more than WIRE_HISTORY_MAX entries), ERR_NAME, ERR_KEY, ERR_NOMEM. */
int log_batch_decode(struct log_batch *out, const json_t *o) MUST_CHECK;
void log_batch_free(struct log_batch *h); /* wipes it; harmless if zeroed */

/* The body of a frame of kind 6:
 *   u16 run || a group frame's body        (run: an index into the head's)
 *   u16 LOG_BATCH_MARK || a mark             (the entry is not given) */
enum { LOG_BATCH_MARK = 0xffff, LOG_BATCH_HEAD = 2 };
struct log_batch_entry {
	bool is_mark;
	struct log_mark mark; /* is_mark */
	uint16_t run;	      /* else; below WIRE_HISTORY_RUNS */
	const uint8_t *body;  /* borrowed; its head was checked */
	size_t n;
};
/* The first LOG_BATCH_HEAD bytes; the group frame's body follows. */
void log_batch_entry_head(uint8_t out[LOG_BATCH_HEAD], uint16_t run);
/* ERR_RANGE, with *out unchanged: not such a frame. */
int log_batch_entry_decode(
    struct log_batch_entry *out, const uint8_t *frame, size_t n) MUST_CHECK;

#endif

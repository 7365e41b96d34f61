/* blob_store.h - the files that people have sent, as the relay sees them: questions
 * to the process that has them (blob_keeper.h), asked from any thread and answered
 * in their order by a thread of its own.
 *
 * If that process dies, what it was asked is answered with BLOB_FAILED, and the
 * next one is started. Nothing here is bounded: who asks bounds what it asks
 * (room/blob_flow.c), and counts the pieces in quota.h. */
#ifndef CONCLAVED_STORE_BLOB_STORE_H
#define CONCLAVED_STORE_BLOB_STORE_H

#include <stdbool.h>
#include <sys/queue.h>

#include "server/logger.h"
#include "server/store/blob_wire.h"

/* Embedded in what asks; everything but `got` and `body` is the store's until got
 * is called. */
struct blob_ask_item {
	STAILQ_ENTRY(blob_ask_item) next;
	/* The question, but for its id; then the answer. */
	struct blob_message m;
	/* Of the question: m.bytes, which must live until the answer. Of the
	 * answer: a copy of its bytes, for whoever asked to free; NULL: none. */
	uint8_t *body;
	/* From the store's thread, without a lock. */
	void (*got)(struct blob_ask_item *i);
};

struct blob_store;
/* warden: warden_start's; closed by blob_store_free. Starts the thread, and
 * returns when it has its priority. NULL: no memory or no thread, and the socket is
 * closed. */
struct blob_store *blob_store_start(
    int warden, const struct blob_limits *l, const struct logger *log);
/* Ends the thread and the process; answers what waits with BLOB_FAILED. NULL is
 * a no-op. */
void blob_store_free(struct blob_store *b);

/* From any thread. Gives the question its id, which it returns. */
uint64_t blob_store_ask(struct blob_store *b, struct blob_ask_item *i);
/* From any thread: all files of this owner. What it cannot erase is logged.
 * ERR_NOMEM. */
int blob_store_erase(
    struct blob_store *b, const uint8_t owner[BLOB_OWNER]) MUST_CHECK;
/* From any thread: files whose owner is not known are deleted, now and whenever
 * there is another process: whoever asked for that may have died before it was done.
 * known: asked in the store's thread, without a lock, until blob_store_free; arg is
 * borrowed. */
void blob_store_owners(struct blob_store *b,
    bool (*known)(void *arg, const uint8_t owner[BLOB_OWNER]), void *arg);
/* From any thread: how things stood at the last answer, and the limit. The
 * process is asked at least once a minute. */
struct blob_counts {
	uint64_t files, bytes, limit; /* bytes: as the limit counts them */
};
void blob_store_counts(struct blob_store *b, struct blob_counts *out);
/* From any thread: from now on. */
void blob_store_limit(struct blob_store *b, const struct blob_limits *l);

#endif

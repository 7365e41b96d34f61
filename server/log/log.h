/* log.h - the one order of the entries of each room, and where they are
 * kept.
 *
 * A room appends what one of its members sent, and acts on it only when the
 * entry comes back as appended. It judges the entry then, counts its offset,
 * delivers it and acknowledges it: order first, then judge. The log does not
 * look into entries, and a room does not know which log it has. A new log is
 * a new struct log_ops; log_memory.h is the one that keeps nothing.
 *
 * Each entry comes back once, through `appended` or `failed`. Entries of one
 * stream come back in one order. They come back inside log_append
 * (log_memory), or later from a thread of the log's own. */
#ifndef CONCLAVED_LOG_LOG_H
#define CONCLAVED_LOG_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/err.h"

struct crypto;

/* A log that keeps an entry beyond the call copies this struct; `bytes` stay
 * where they are until the entry has come back. */
struct log_entry {
	uint32_t room, sender;
	const uint8_t *bytes; /* a frame's body; borrowed */
	size_t len;
	struct crypto *crypto; /* the appending thread's; during log_append */
	void *cookie; /* the appender's own: whatever keeps `bytes` alive */
};

/* Describes the context in which an entry comes back. */
struct log_caller {
	bool in_append; /* the appender's lock is held: do not take it */
	struct crypto *crypto; /* the calling thread's own */
};

/* Callbacks to a room. */
struct log_events {
	/* Returns the room's judgement: 0, also for an entry it ignores, or
	 * a negative error, which a log that calls this inside log_append
	 * returns from there. */
	int (*appended)(
	    void *arg, const struct log_entry *e, const struct log_caller *by);
	/* The entry is not in the log and never will be. */
	void (*failed)(void *arg, const struct log_entry *e, int err,
	    const struct log_caller *by);
	void *arg;
};

/* For log_read: one entry that is kept. False ends the reading. */
typedef bool log_reader(void *arg, uint64_t offset, const struct log_entry *e);

struct log;
struct log_stream;

/* A log's functions; the calls below document them. */
struct log_ops {
	struct log_stream *(*open)(
	    struct log *l, uint32_t room, const struct log_events *events);
	void (*close)(struct log_stream *s);
	int (*append)(struct log_stream *s, const struct log_entry *e);
	int (*read)(struct log_stream *s, uint64_t from, size_t max,
	    log_reader *fn, void *arg);
	void (*free)(struct log *l);
};

/* The first member of what a log allocates. */
struct log {
	const struct log_ops *ops;
};
struct log_stream {
	struct log *log; /* borrowed */
	struct log_events events;
};

void log_free(struct log *l); /* after its streams; NULL is a no-op */

/* Opens the log of one room. NULL: no memory. */
struct log_stream *log_open(
    struct log *l, uint32_t room, const struct log_events *events);
void log_close(struct log_stream *s); /* NULL is a no-op */

/* Never blocks. Call it with the room's lock held: the order of the calls is
 * the order of the entries. Returns 0 if the entry is taken; it may have come
 * back already. A negative error means that it has come back already, and is
 * the error of the judge or the log. */
int log_append(struct log_stream *s, const struct log_entry *e) MUST_CHECK;

/* Passes at most max kept entries, from offset `from` on, to fn in order.
 * Returns 0, even if there are none, or a negative error. */
int log_read(struct log_stream *s, uint64_t from, size_t max, log_reader *fn,
    void *arg) MUST_CHECK;

#endif

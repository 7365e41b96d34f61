/* logger.h - the log on standard error, as text or as one JSON object per line.
 * It never contains a message, password or key. Every line passes the text
 * filter, so that a peer's name cannot forge a line.
 *
 * Nobody may read it, so no call blocks: up to LOGGER_QUEUE_MAX bytes wait for
 * the reader. Later lines are lost; a line says how many as soon as there is
 * room again. */
#ifndef CONCLAVED_LOGGER_H
#define CONCLAVED_LOGGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/base/err.h"

enum { LOGGER_QUEUE_MAX = 64 << 10, LOGGER_CLOSE_MS = 1000 };

enum logger_level { LOGGER_ERROR, LOGGER_WARN, LOGGER_INFO, LOGGER_DEBUG };

struct logger {
	/* A reload changes these while other threads write. */
	_Atomic(enum logger_level) level;
	atomic_bool json;
	atomic_bool anonymous;	    /* callers leave people's addresses out */
	struct logger_queue *queue; /* owned; NULL: lines do not wait */
};

/* Creates the queue with all its memory, so that a line that says that there is
 * no memory needs none. Call it before there are threads and before the
 * sandbox. ERR_NOMEM: there is no queue, and lines are written all the same. */
int logger_open(struct logger *l) MUST_CHECK;
/* Waits up to LOGGER_CLOSE_MS for a reader, and frees the queue. */
void logger_close(struct logger *l);
/* The descriptor to poll for room. */
int logger_fd(const struct logger *l);
/* Writes waiting lines, when standard error has room again. From any thread. */
void logger_flush(const struct logger *l);

/* `what` is a constant word or two for machines ("join", "handshake"); the rest
 * is a sentence for people. From any thread. Keeps errno. */
void logger_write(const struct logger *l, enum logger_level level,
    const char *what, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The time as both logs write it: "2026-11-29T16:48:00Z". */
void logger_stamp(char *out, size_t size);

#define logger_error(l, ...) logger_write(l, LOGGER_ERROR, __VA_ARGS__)
#define logger_warn(l, ...)  logger_write(l, LOGGER_WARN, __VA_ARGS__)
#define logger_info(l, ...)  logger_write(l, LOGGER_INFO, __VA_ARGS__)
#define logger_debug(l, ...) logger_write(l, LOGGER_DEBUG, __VA_ARGS__)

#endif

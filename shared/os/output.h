/* output.h - writes to what others share with us and perhaps nobody reads: a
 * terminal, a pipe, the journal's socket. No call waits longer than its caller
 * allows.
 *
 * poll(2) promises room for one byte only, and another process may take it, so
 * a blocking descriptor can block even after poll. O_NONBLOCK belongs to the
 * open file description, which we share with the shell and with others in the
 * pipeline: set there it would break them, and would stay when we are gone.
 * Therefore output_own opens the terminal or pipe anew: the new description is
 * ours alone. A socket cannot be opened anew, but send(2) has MSG_DONTWAIT. A
 * regular file never blocks in this sense.
 *
 * Where opening anew is refused (the terminal of another user, after su), a pipe
 * is polled and written to in pieces that it takes whole; it blocks only if
 * another writer fills it between the two calls. For a terminal no piece is
 * small enough, since a newline becomes two bytes: a thread writes to it, which
 * may block, and gets its bytes through a socket, which does not. */
#ifndef SHARED_OS_OUTPUT_H
#define SHARED_OS_OUTPUT_H

#include "shared/wire/bytes.h"

/* Replaces fd by a description of our own that does not block, where that is
 * possible. Call it for standard output and error when the program starts: a
 * sandbox forbids it later. */
void output_own(int fd);

/* A bounded queue in front of a descriptor. Not thread-safe. */
struct output;
/* Borrows fd, whose kind must not change. The queue holds at most `max` bytes.
 * NULL: no memory. */
struct output *output_new(int fd, size_t max);
/* The same for secrets: the queue is wiped. */
struct output *output_new_secret(int fd, size_t max);
/* Drops what is pending. NULL is a no-op. */
void output_free(struct output *o);
/* The end: waits up to wait_ms until all is written. Append no more.
 * ERR_AGAIN: time is up. */
int output_finish(struct output *o, unsigned wait_ms) MUST_CHECK;

/* Append here; an append that fails with ERR_LIMIT is for the caller to
 * count. */
struct buf *output_buf(struct output *o);
size_t output_pending(const struct output *o);
/* To poll for POLLOUT while output is pending. */
int output_fd(const struct output *o);

/* Writes what can be written now, in whole lines where they fit into PIPE_BUF.
 * ERR_LOST: the reader is gone; ERR_IO: see errno. Both drop all that is
 * pending. A descriptor that was closed when the program started takes
 * everything. */
int output_write(struct output *o) MUST_CHECK;
/* The same, and waits up to wait_ms for room. 0 even if some is still
 * pending. */
int output_drain(struct output *o, unsigned wait_ms) MUST_CHECK;

/* Writes one text, and waits for room up to wait_ms, or as long as it takes if
 * that is negative. ERR_AGAIN: time is up and the rest is lost. ERR_LOST,
 * ERR_IO: with errno, also if the descriptor was closed at the start. */
int output_once(int fd, const void *p, size_t n, int wait_ms) MUST_CHECK;
#endif

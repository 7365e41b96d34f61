/* outgoing.h - output to the server: frames that wait for a record, and bytes
 * that wait for the socket. All frames of one loop step share a record. */
#ifndef CONCLAVE_SESSION_OUTGOING_H
#define CONCLAVE_SESSION_OUTGOING_H

#include "shared/proto/link.h"

enum {
	/* No more messages are sealed above HIGH bytes. Answers to what the
	 * server sends still are, up to MAX: past it the server is not reading
	 * what it asks for (ERR_SLOW). */
	OUTGOING_HIGH = 256 << 10,
	OUTGOING_MAX = 2 << 20,
	OUTGOING_FRAMES = 64, /* in a record */
};

struct outgoing;
struct outgoing *outgoing_new(void);
void outgoing_free(struct outgoing *o); /* NULL is a no-op */
/* Drops everything, and the link. */
void outgoing_clear(struct outgoing *o);

/* The handshake appends its messages here; they are sent unencrypted. */
struct buf *outgoing_raw(struct outgoing *o);
/* Makes records with this link from now on; borrowed until _clear. */
void outgoing_link(struct outgoing *o, struct link *l);

/* Adds a control frame. */
int outgoing_control(struct outgoing *o, const struct buf *json) MUST_CHECK;
/* Adds a direct frame (direct.h). */
int outgoing_direct(struct outgoing *o, const struct buf *frame) MUST_CHECK;
/* For a frame that the caller seals: begin makes room for a body of at most n
 * bytes and returns the buffer to append to; end adds the frame, of that kind.
 * If sealing fails, do not call end. */
int outgoing_begin(struct outgoing *o, size_t n, struct buf **body) MUST_CHECK;
void outgoing_end(struct outgoing *o, uint8_t kind);
/* Below OUTGOING_HIGH. */
bool outgoing_has_room(const struct outgoing *o);
/* Makes a record of the frames, if there are any and a link. */
int outgoing_close(struct outgoing *o) MUST_CHECK;

/* Bytes for the socket, valid until the next call. */
const uint8_t *outgoing_bytes(const struct outgoing *o, size_t *n);
void outgoing_consume(struct outgoing *o, size_t n);

#endif

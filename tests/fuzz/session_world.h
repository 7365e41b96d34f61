/* session_world.h - the parts of the session's target: the line between the
 * client and a server (session_line.c), and what the server says
 * (session_server.c). */
#ifndef CONCLAVE_SESSION_WORLD_H
#define CONCLAVE_SESSION_WORLD_H

#include "client/session/session.h"
#include "shared/proto/link.h"
#include "shared/proto/logchain.h"
#include "tests/fuzz/fuzz.h"

enum op {
	OP_KEY,	  /* the wrapped epoch key for the client */
	OP_LIST,  /* the member list */
	OP_FRESH, /* a fresh secret */
	OP_JOIN,
	OP_LEAVE,
	OP_EVENT,   /* a notice unknown to this version */
	OP_MESSAGE, /* a message from another member */
	OP_ACK,
	OP_PING,
	OP_PONG,
	OP_BYE,
	OP_ERROR,
	OP_CONTROL, /* a piece as JSON */
	OP_CONTENT, /* a piece as a member's or a notice's content */
	OP_GROUP,   /* a piece as a group frame's body after a header */
	OP_FRAME,   /* a piece as a frame of some kind */
	OP_RAW,	    /* a piece as raw bytes */
	OP_SAY,
	OP_READ, /* the server reads the client's output */
	OP_TICK,
	OP_LOST, /* the connection */
	OP_QUIT,
	OPS,
	BEND = 0x20, /* the next byte says what to damage */
	HOLD = 0x40, /* put into one record with the next frame */
};

enum { USERS = 6, SAID = 64, ROOM = 1 };

struct user_at {
	uint32_t member; /* 0: not in the room */
	uint64_t seq;
};

struct world {
	struct session *s;
	struct link *link; /* the server's end; NULL: none */
	struct fuzz f;
	uint64_t now, seed;
	unsigned connections;
	bool honest, ending, quitting;
	/* when the client last received data, and when its login last
	 * advanced */
	uint64_t heard_ms, step_ms;
	bool step_due; /* a frame that advances the login is pending */
	uint8_t session_no;
	/* the server's view of the room */
	uint32_t epoch, fence, member, last_member;
	uint8_t secret[WIRE_KEY];
	bool keyed, listed;
	uint64_t notice_seq;
	struct log_head head; /* of its log */
	struct user_at users[USERS];
	/* message counters, from 0 */
	unsigned said, acked, accepted;
	bool has_own; /* the id of the newest message of our own */
	uint8_t own[WIRE_ID];
	uint64_t last, last_acked; /* seqs of this connection */
	/* The client's frames that are accepted and not marked, and the offset
	 * of the last mark. */
	struct log_mark marks[SAID + 1];
	size_t n_marks;
	uint64_t marked_offset;
	/* frames for the next record */
	struct buf bodies, wire, json, bare;
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[16];
	size_t n_frames;
};

/* --- session_line.c -------------------------------------------------------- */

/* A new connection, past its handshake; the end of one. */
void line_connect(struct world *w);
void line_hang_up(struct world *w);
/* Makes a record of the frames and gives it to the client. */
void line_flush(struct world *w);
/* Whether another frame may be put: makes room for it. */
bool line_ready(struct world *w);
/* w->bodies from `off` on is a frame. */
void line_frame(struct world *w, uint8_t kind, size_t off);

/* --- session_server.c ------------------------------------------------------ */

/* Says something; bend: what to damage, or 0. */
void server_says(struct world *w, enum op op, uint8_t bend);
/* Accepts the client's frame `seq`: its mark goes out before the next frame. */
void server_accepts(
    struct world *w, uint64_t seq, const uint8_t *body, size_t n);

#endif

/* server_members.h - the members in the server's target. Each logs in and
 * reads as a client does, in several rooms, and while it is honest itself
 *   - every record and frame opens, epochs and offsets only rise,
 *   - each sender's frames arrive once and in order, its own never,
 *   - nothing of a room arrives before its key, or after it is out of it,
 *   - each request is answered once,
 *   - it is not accused of a protocol error.
 * A violation aborts the program. */
#ifndef CONCLAVE_SERVER_MEMBERS_H
#define CONCLAVE_SERVER_MEMBERS_H

#include "shared/proto/handshake.h"
#include "shared/proto/link.h"
#include "tests/fuzz/fuzz.h"

enum {
	SLOTS = 10,
	SENDERS = 32,
	ROOMS = 4, /* numbers 1 to 4 are checked */
	ASKED_MAX = 63,
};

/* A member in one room. */
struct fuzz_seat {
	uint32_t id; /* 0: not in it */
	uint32_t first_epoch, epoch;
	uint64_t seq, acked; /* of its own frames */
	uint64_t offset;     /* last seen */
	uint64_t notice_seq;
	bool listed, mute;
	bool leaving; /* it has asked to leave */
	struct {
		uint32_t id;
		uint64_t seq;
	} heard[SENDERS];
};

struct fuzz_member {
	struct handshake *shaking;
	bool quick;	   /* single-byte handshake in progress */
	struct link *link; /* NULL: not logged in yet */
	unsigned who;
	bool honest, slow, stays;
	bool quit;  /* it sent a bye */
	bool ended; /* it received a bye or an error */
	bool begun; /* it has read the first record */
	struct fuzz_seat
	    seat[ROOMS + 1]; /* by the room's number; 0 is unused */
	unsigned room;	     /* where it speaks; 0: the first */
	uint32_t asked;	     /* the number of its last request */
	uint64_t answered;   /* its requests, a bit each */
	uint8_t
	    leaves[ASKED_MAX + 1]; /* by request: the room it leaves, or 0 */
};

struct fuzz_members {
	struct fuzz_member member[SLOTS];
	size_t n;
	bool real;    /* real handshakes, not single bytes */
	bool scarce;  /* low memory: any member may be evicted */
	bool stopped; /* the server was told to stop */
	struct buf json;
};

/* Starts the login of a zeroed member as `who` (fuzz_quick_who) on a new
 * connection. */
void fuzz_member_join(struct fuzz_member *m, unsigned who, uint64_t *seed,
    bool real, struct fuzz_socket *s);
/* Reads the server's output, and answers during a handshake. */
void fuzz_member_read(
    struct fuzz_members *all, struct fuzz_member *m, struct fuzz_socket *s);
/* True: it is in the room and may send member frames. */
bool fuzz_member_ready(const struct fuzz_member *m, unsigned room);
/* True: it has logged in, and the server has not ended its connection. */
bool fuzz_member_linked(const struct fuzz_member *m);
/* The room that it speaks in. */
unsigned fuzz_member_room(const struct fuzz_member *m);
void fuzz_member_forget(struct fuzz_member *m); /* zeroes the member */

#endif

/* server_members.h - the members in the server's target. Each logs in and
 * reads as a client does, and while it is honest itself
 *   - every record and frame opens, epochs and offsets only rise,
 *   - each sender's frames arrive once and in order, its own never,
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
	uint32_t id, first_epoch, epoch;
	uint64_t seq, acked; /* of its own frames */
	uint64_t offset;     /* last seen */
	uint64_t notice_seq;
	bool listed;
	uint32_t asked; /* the number of its last request */
	uint64_t answered; /* its first 64 requests, a bit each */
	struct {
		uint32_t id;
		uint64_t seq;
	} heard[SENDERS];
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
bool fuzz_member_ready(const struct fuzz_member *m);
void fuzz_member_forget(struct fuzz_member *m); /* zeroes the member */

#endif

/* server_members.h - the people in the target of the server: each comes in and
 * reads as a client would, and as long as it was honest itself
 *   - every record and frame opens, epochs only rise, offsets only rise,
 *   - each sender's frames come once and in order, its own never,
 *   - it is not accused of anything.
 * What is not so ends the program. */
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
	bool quick;	   /* its handshake is under way */
	struct link *link; /* NULL: not in yet */
	unsigned who;
	bool honest, slow, stays;
	bool quit;  /* it said bye */
	bool ended; /* it was told so */
	bool begun; /* the first record was read */
	uint32_t id, first_epoch, epoch;
	uint64_t seq, acked; /* of what it said itself */
	uint64_t offset;     /* last seen */
	uint64_t notice_seq;
	bool listed;
	struct {
		uint32_t id;
		uint64_t seq;
	} heard[SENDERS];
};

struct fuzz_members {
	struct fuzz_member member[SLOTS];
	size_t n;
	bool real;    /* handshakes, not single bytes */
	bool scarce;  /* memory: anybody may be let go */
	bool stopped; /* the server was told to */
	struct buf json;
};

/* A zeroed one, at a connection just made, begins to come in as `who`
 * (fuzz_quick_who). */
void fuzz_member_join(struct fuzz_member *m, unsigned who, uint64_t *seed,
    bool real, struct fuzz_socket *s);
/* Reads what has come, and answers in a handshake. */
void fuzz_member_read(
    struct fuzz_members *all, struct fuzz_member *m, struct fuzz_socket *s);
/* May it say what only a member may say who is in the room? */
bool fuzz_member_ready(const struct fuzz_member *m);
void fuzz_member_forget(struct fuzz_member *m); /* zeroes it */

#endif

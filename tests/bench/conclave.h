/* conclave.h - what the generator's conclave/1 members consist of. For
 * proto_conclave.c, conclave_record.c and rooms.c. */
#ifndef BENCH_CONCLAVE_H
#define BENCH_CONCLAVE_H

#include "shared/proto/content_view.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake.h"
#include "tests/bench/load.h"

enum { BODIES = 512 }; /* more than can be in flight */

/* The bytes of a frame as its first receiver got them, and their digest. */
struct body {
	uint64_t offset;
	uint8_t *p;
	size_t len, cap;
	uint8_t digest[WIRE_HASH];
};

struct world {
	struct crypto *crypto;
	struct identity *identity;
	struct kem_rsa *wrap;
	struct dh *agree;
	bool stretched_once;
	uint8_t stretched[PAKE_STRETCHED];
	/* the senders' view of the room */
	uint8_t server[WIRE_ED25519], session[WIRE_NONCE];
	/* What the server's signatures cover. */
	uint8_t fingerprint[WIRE_HASH], log[WIRE_LOG], roster[WIRE_HASH];
	uint32_t roster_epoch; /* whose list `roster` is */
	char room_name[WIRE_ROOM_MAX + 1];
	uint32_t room;
	uint8_t secret[WIRE_KEY];
	struct group_epoch epoch;
	uint32_t fence; /* the newest epoch with a fresh secret */
	uint32_t member[LOAD_SENDERS];
	struct body body[BODIES];
	struct buf bare, json, mac; /* bare: a content without a view */
};

struct member {
	struct handshake *shake;
	struct link *link; /* for our records, and control frames */
	struct mac *mac;   /* for received records */
	uint64_t seq;
	uint64_t said_ns; /* when it last sent */
	uint8_t th5[WIRE_HASH];
	/* only for senders: */
	uint32_t acked, framed; /* seq: accepted; in a record */
	uint32_t told;		/* newest fence it knows of */
	struct buf bodies;	/* frames not yet in a record */
	struct link_frame *frame;
	size_t n_frames;
	size_t bytes; /* length of its texts */
};

/* Where a message is said: the room, an epoch of it, and the sender's number. */
struct say_in {
	uint32_t room, epoch, member;
};
/* Puts a message of a sender into its next record; conclave_flush makes it. */
int conclave_say_in(
    struct conn *c, const struct say_in *in, uint32_t seq, size_t bytes);
int conclave_flush(struct conn *c);
int conclave_control(struct conn *c, const struct buf *json);

/* Checks the number and the MAC of a whole, contiguous record. */
int record_check(struct conn *c, const uint8_t *p, size_t n, struct rd *frames);

/* rooms.c, once load->rooms is set: what a member has read of its rooms. */
void rooms_key(struct conn *c, const struct key_exchange *k);
void rooms_answer(struct conn *c, const struct answer *a);
void rooms_got(struct conn *c, const struct group_head *h);

#endif

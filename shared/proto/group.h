/* group.h - sections 4 and 5 of PROTOCOL.md: epochs, sender keys, and
 * sealing and opening of group frames. Pure; owns no memory of its own.
 *
 * Body of a group frame, integers big-endian:
 *   0 u64 offset   8 u32 room   12 u32 epoch   16 u32 sender   20 u64 seq
 *  28 AES-256-GCM of (signature(64) || content), then its tag(16) */
#ifndef SHARED_PROTO_GROUP_H
#define SHARED_PROTO_GROUP_H

#include "shared/crypto/crypto.h"
#include "shared/crypto/keys.h"

struct group_head {
	uint64_t offset;
	uint32_t room, epoch, sender;
	uint64_t seq;
};
/* ERR_RANGE, with *out unchanged: n is outside the bounds of WIRE_KINDS, or
 * offset or seq exceeds 2^63-1, which JSON cannot carry in an ack. */
/*@ requires \valid(out) && \valid_read(body + (0 .. n - 1));
    assigns *out;
    ensures \result == 0 || \result == ERR_RANGE;
    ensures \result == 0 ==> n >= WIRE_GROUP_HEAD + WIRE_SIGNATURE + WIRE_TAG;
*/
int group_head_decode(struct group_head *out, const uint8_t *body, size_t n)
    MUST_CHECK;
/* The offset is the only field of a member's frame that the server changes.
 * The digest of a frame begins behind it. */
/*@ requires \valid(body + (0 .. 7));
    assigns body[0 .. 7]; */
void group_set_offset(uint8_t *body, uint64_t offset);

/* The next secret after a join: Expand(secret, "conclave/1 join"., 32). */
/*@ requires \valid(next + (0 .. WIRE_KEY - 1));
    requires \valid_read(secret + (0 .. WIRE_KEY - 1));
    assigns next[0 .. WIRE_KEY - 1]; */
int group_join_step(struct crypto *c, uint8_t next[WIRE_KEY],
    const uint8_t secret[WIRE_KEY]) MUST_CHECK;

/* The keys derived from one epoch's secret. Wipe it when the epoch ends. */
struct group_epoch {
	uint32_t room, epoch;
	uint8_t base[WIRE_KEY];
	uint8_t commit[WIRE_HASH];
};
/*@ requires \valid(out) && \valid_read(secret + (0 .. WIRE_KEY - 1));
    assigns *out; */
int group_epoch_make(struct crypto *c, struct group_epoch *out, uint32_t room,
    uint32_t epoch, const uint8_t secret[WIRE_KEY]) MUST_CHECK;
/* The same of a base that was kept (section 5b). */
/*@ requires \valid(out) && \valid_read(base + (0 .. WIRE_KEY - 1));
    requires \separated(out, base + (0 .. WIRE_KEY - 1));
    assigns *out; */
int group_epoch_of_base(struct crypto *c, struct group_epoch *out,
    uint32_t room, uint32_t epoch, const uint8_t base[WIRE_KEY]) MUST_CHECK;
/*@ requires \valid(e);
    assigns *e; */
void group_epoch_wipe(struct group_epoch *e);

/* The sender. For the server: id 0, name "", card 32 zero bytes. */
struct group_sender {
	uint32_t id;
	const char *name;	 /* borrowed, terminated */
	const uint8_t *identity; /* 32, borrowed */
	const uint8_t *card;	 /* H(card bytes), 32, borrowed */
};

/* key(32) || iv(12) of a sender in an epoch. */
/*@ requires \valid(out + (0 .. WIRE_KEY_IV - 1)) && \valid_read(e);
    requires \valid_read(card + (0 .. WIRE_HASH - 1));
    assigns out[0 .. WIRE_KEY_IV - 1];
    ensures \result <= 0; */
int group_sender_key(struct crypto *c, uint8_t out[WIRE_KEY_IV],
    const struct group_epoch *e, uint32_t sender, const uint8_t card[WIRE_HASH])
    MUST_CHECK;

/*@ predicate sender_ok(struct group_sender *s) =
      \valid_read(s) && valid_read_string(s->name) &&
      \valid_read(s->identity + (0 .. WIRE_ED25519 - 1)) &&
      \valid_read(s->card + (0 .. WIRE_HASH - 1)); */

/* Where a room is: a frame that is shown in any other place does not verify.
 * Everything is borrowed. */
struct group_place {
	const uint8_t *server;	/* H(SPKI of the server), WIRE_HASH bytes */
	const uint8_t *session; /* WIRE_NONCE bytes: this run of the server */
	const uint8_t *log;	/* WIRE_LOG bytes */
	const char *room;	/* its name */
};
/*@ predicate place_ok(struct group_place *p) =
      \valid_read(p) && valid_read_string(p->room) &&
      \valid_read(p->server + (0 .. WIRE_HASH - 1)) &&
      \valid_read(p->session + (0 .. WIRE_NONCE - 1)) &&
      \valid_read(p->log + (0 .. WIRE_LOG - 1)); */

/* The place and the sender of a frame. Everything is borrowed. */
struct group_context {
	const struct group_place *place;
	const struct group_epoch *epoch;
	const uint8_t *roster; /* of that epoch (roster_hash.h), WIRE_HASH bytes */
	const struct group_sender *from;
	const struct identity *signer; /* of the sender; group_seal only */
};
/*@ predicate context_ok(struct group_context *g) =
      \valid_read(g) && \valid_read(g->epoch) && sender_ok(g->from) &&
      place_ok(g->place) && \valid_read(g->roster + (0 .. WIRE_HASH - 1)); */

/* Appends a whole body with offset 0. ERR_LIMIT: n > WIRE_JSON_MAX.
 * ERR_USAGE: the sender's name is longer than WIRE_NAME_MAX. The caller must
 * not seal two frames with the same sender, epoch and seq: the nonce would
 * repeat. */
/*@ requires buf_ok(out) && context_ok(g);
    requires \valid_read((uint8_t *)content + (0 .. n - 1));
    requires \separated(out, g, g->from, g->epoch, g->place) && \separated(
      out->p + (0 .. out->cap - 1), (uint8_t *)content + (0 .. n - 1));
    ensures buf_ok(out) && \result <= 0;
    ensures out->len == \old(out->len) + (\result == 0 ?
      WIRE_GROUP_HEAD + WIRE_SIGNATURE + n + WIRE_TAG : 0); */
int group_seal(struct crypto *c, struct buf *out,
    const struct group_context *g, uint64_t seq, const void *content, size_t n)
    MUST_CHECK;

/* Opens a body of g's room, epoch and sender, checks the signature and
 * appends the content to out. ERR_RANGE, ERR_OPEN (also if the head names
 * another room, epoch or sender) and ERR_SIGNATURE leave out unchanged.
 * While opening, out also holds the signature: a buffer with a maximum below
 * GROUP_OPEN_MAX gives ERR_LIMIT for the largest frames that a member may
 * send. */
enum { GROUP_OPEN_MAX = WIRE_SIGNATURE + WIRE_JSON_MAX };
/*@ requires buf_ok(out) && context_ok(g);
    requires \valid_read(body + (0 .. n - 1));
    requires \separated(out, g, g->from, g->epoch, g->place);
    ensures buf_ok(out) && \result <= 0;
    ensures out->len == \old(out->len) + (\result == 0 ?
      n - WIRE_GROUP_HEAD - WIRE_SIGNATURE - WIRE_TAG : 0); */
int group_open(struct crypto *c, struct buf *out,
    const struct group_context *g, const uint8_t *body, size_t n) MUST_CHECK;
/* The same with the sender's key || iv (group_sender_key), for somebody who does
 * not have the epoch's base: of g->epoch only room, epoch and commit count. */
/*@ requires buf_ok(out) && context_ok(g);
    requires \valid_read(key + (0 .. WIRE_KEY_IV - 1));
    requires \valid_read(body + (0 .. n - 1));
    requires \separated(out, g, g->from, g->epoch, g->place);
    ensures buf_ok(out) && \result <= 0;
    ensures out->len == \old(out->len) + (\result == 0 ?
      n - WIRE_GROUP_HEAD - WIRE_SIGNATURE - WIRE_TAG : 0); */
int group_open_with(struct crypto *c, struct buf *out,
    const struct group_context *g, const uint8_t key[WIRE_KEY_IV],
    const uint8_t *body, size_t n) MUST_CHECK;

#endif

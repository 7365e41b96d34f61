/* link.h - section 3 of PROTOCOL.md: records of frames on a confirmed link.
 *
 *   record  0 u32 length (of the rest, <= WIRE_RECORD_MAX)   4 u64 seq
 *          12 frames, then HMAC-SHA-256-128 over
 *             seq || for each frame: u8 kind || H(body), and for a group
 *             frame u8 kind || u64 offset || H(body behind the offset)
 *   frame   0 u32 length (of kind and body)   4 u8 kind   5 body
 *
 * No I/O. Pointers are borrowed for the call. ERR_NOMEM and ERR_LIMIT change
 * nothing. Any other error makes that direction unusable (ERR_STATE from
 * then on); the other direction can still carry a bye. A link takes only
 * about 800 bytes, since a server has ten thousand. A crypto can build only
 * one record at a time. */
#ifndef SHARED_PROTO_LINK_H
#define SHARED_PROTO_LINK_H

#include "shared/crypto/crypto.h"

enum link_dir { LINK_C2S, LINK_S2C };
enum link_role { LINK_CLIENT, LINK_SERVER };

struct link_keys { /* by enum link_dir */
	uint8_t seal[2][WIRE_KEY], iv[2][WIRE_IV], mac[2][WIRE_KEY];
};
/*@ requires \valid(k);
    assigns *k; */
void link_keys_wipe(struct link_keys *k);

struct link;
/* Copies the keys; the crypto is borrowed. */
struct link *link_new(struct crypto *c, const struct link_keys *k,
    enum link_role role);
void link_free(struct link *l);

struct link_frame {
	uint8_t kind;
	const uint8_t *body; /* borrowed from the record */
	size_t len;
};

/* The smallest record (one frame without a body) and the largest, in full. */
#define LINK_RECORD_MIN (WIRE_RECORD_HEAD + WIRE_FRAME_HEAD + WIRE_RECORD_MAC)
#define LINK_RECORD_MAX (WIRE_LENGTH + WIRE_RECORD_MAX)

/* Receiving. link_length reads the first bytes of a record. It returns 0 and
 * sets *total to the size of the whole record, including the length field;
 * or returns ERR_AGAIN or ERR_RANGE. */
/*@ requires \valid_read(in + (0 .. n - 1)) && \valid(total);
    assigns *total;
    ensures \result \in {0, ERR_AGAIN, ERR_RANGE};
    ensures \result == ERR_AGAIN <==> n < WIRE_LENGTH;
    ensures \result == 0 ==> LINK_RECORD_MIN <= *total <= LINK_RECORD_MAX; */
int link_length(const uint8_t *in, size_t n, size_t *total) MUST_CHECK;
/* Checks one whole record: shape and bounds, MAC in constant time, then seq
 * (ERR_REPLAYED below, ERR_GAP above the next). It must have at least one
 * frame. On 0 *frames covers them, and link_next reads one at a time
 * (ERR_AGAIN: no more). Body sizes are checked against WIRE_KINDS for known
 * kinds (ERR_RANGE). */
/* *frames stays within the record; link.c has the proof. */
int link_open(struct link *l, const uint8_t *record, size_t n,
    struct rd *frames) MUST_CHECK;
/* The same, and keeps the digests of the first frames for who needs them again:
 * of a group frame that of its body behind the offset. */
enum { LINK_DIGESTS = 64 };
struct link_digests {
	size_t n;
	uint8_t p[LINK_DIGESTS][WIRE_HASH];
};
int link_open_keep(struct link *l, const uint8_t *record, size_t n,
    struct rd *frames, struct link_digests *d) MUST_CHECK;
/*@ requires rd_ok(frames) && \valid(out) && \separated(frames, out);
    assigns *frames, *out;
    ensures rd_ok(frames) && \result \in {0, ERR_AGAIN, ERR_TRUNC, ERR_RANGE};
    ensures \result == ERR_AGAIN <==> \old(frames->left) == 0;
    ensures \result != 0 ==> *frames == \old(*frames) && *out == \old(*out);
    ensures \result == 0 ==> \valid_read(out->body + (0 .. out->len - 1));
    ensures \result == 0 ==>
      rd_moved{Pre, Post}(frames, WIRE_FRAME_HEAD + out->len); */
int link_next(struct rd *frames, struct link_frame *out) MUST_CHECK;

/* Opens a control frame's body and appends its JSON to out, which should be
 * a secret buffer. After a frame with a key_exchange, call link_stepped,
 * which advances the receiving seal key, before opening the next body. */
int link_control_open(struct link *l, struct buf *out, const uint8_t *body,
    size_t n) MUST_CHECK;
int link_stepped(struct link *l) MUST_CHECK;
/* The same for a direct frame, whose head (direct.h) says who writes to whom. */
int link_direct_open(struct link *l, struct buf *out, const uint8_t *body,
    size_t n) MUST_CHECK;

/* Sending. link_control_seal appends the body of a control frame. `step`
 * says that it carries a key_exchange, and advances the sending seal key.
 * Bodies must be sent in the order in which they were sealed. */
int link_control_seal(struct link *l, struct buf *out, const void *json,
    size_t n, bool step) MUST_CHECK;
int link_direct_seal(struct link *l, struct buf *out, const uint8_t *body,
    size_t n) MUST_CHECK;

/* Builds a record from frames whose digests are known: link_record_begin,
 * link_record_frame for each, link_record_end. frames_len is the length of
 * all frames with their heads. `head` precedes the frames, `mac` follows
 * them. ERR_RANGE if the record would be too long: keep frames_len <=
 * LINK_FRAMES_MAX. */
#define LINK_FRAMES_MAX (WIRE_RECORD_MAX - 8 - WIRE_RECORD_MAC)
int link_record_begin(struct link *l) MUST_CHECK;
/* A frame of any kind but KIND_GROUP. */
int link_record_frame(struct link *l, uint8_t kind,
    const uint8_t digest[WIRE_HASH]) MUST_CHECK;
/* n group frames: n times u8 kind || u64 offset || digest, contiguous. The
 * digest does not cover the offset, so it can be made before there is one. */
#define LINK_ENTRY (1 + WIRE_OFFSET + WIRE_HASH)
int link_record_frames(struct link *l, const uint8_t *entries, size_t n)
    MUST_CHECK;
int link_record_end(struct link *l, size_t frames_len,
    uint8_t head[WIRE_RECORD_HEAD], uint8_t mac[WIRE_RECORD_MAC]) MUST_CHECK;
/* u32 length || u8 kind, before a body of n bytes. */
/*@ requires \valid(out + (0 .. WIRE_FRAME_HEAD - 1));
    assigns out[0 .. WIRE_FRAME_HEAD - 1]; */
void link_frame_head(uint8_t out[WIRE_FRAME_HEAD], uint8_t kind, size_t n);

/* Appends one record in a single call, for callers that have whole bodies. */
int link_record(struct link *l, struct buf *out, const struct link_frame *frames,
    size_t n_frames) MUST_CHECK;

#endif

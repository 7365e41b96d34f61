/* store_wire.h - the messages between the relay (store.c) and the keeper
 * (keeper.c). Pure. Both ends are one program on one machine, but neither
 * trusts the other: each decoder checks every length and number, and requires
 * that nothing is left over.
 *
 *   u32 length of what follows | u8 kind | body         integers big-endian
 *
 * A string is u32 length | bytes | a zero byte. Decoded pointers point into
 * the message. Encoders return 0, ERR_NOMEM or ERR_LIMIT, and then leave the
 * buffer as it was; decoders 0, or ERR_RANGE or ERR_TRUNC. */
#ifndef CONCLAVED_STORE_WIRE_H
#define CONCLAVED_STORE_WIRE_H

#include "server/store/kept.h"
#include "shared/proto/group.h"
#include "shared/wire/bytes.h"

enum {
	STORE_FRAME_HEAD = 5,
	STORE_FRAME_MAX = 80 << 10, /* length: an entry and what is with it */
	STORE_PERSON_MAX = 32 << 10,
	STORE_SENTENCE_MAX = 1000,
	STORE_COUNT_MAX = 500, /* entries of an answer */
	STORE_ANSWER_MAX = 8 << 20,
};

enum store_kind {
	/* From the relay. */
	STORE_RUN = 1, /* session(32): answered by RUNNING */
	STORE_LOAD,    /* answered by ROOM, RIGHT, PEOPLE and KEPT_DIRECT for each,
		        * then LOADED */
	STORE_READ,   /* u64 id, the question: answered by RANGE to RANGE_END */
	STORE_BACKUP, /* with a descriptor: answered by BACKED_UP */
	/* What is written: u64 ticket, then a body. */
	STORE_PUT_ROOM,
	STORE_PUT_RIGHT,
	STORE_PUT_EPOCH,
	STORE_PUT_PERSON,
	STORE_PUT_ENTRY,
	STORE_PURGE,
	STORE_FORGET_ROOM,
	STORE_FORGET_ENTRIES,
	STORE_CHANGE, /* of accounts, devices, invites */
	STORE_DIRECT, /* of prekeys, queues of direct messages, blocks */
	/* From the keeper. */
	STORE_RUNNING,	 /* u32 run, u64 ticket: written of this run so far */
	STORE_FAILED,	 /* a sentence: it cannot start, and ends */
	STORE_COMMITTED, /* u64 ticket */
	STORE_STUCK,	 /* a sentence; "": it goes on */
	STORE_REFUSED,	 /* u64 ticket, a sentence: skipped */
	STORE_ROOM,
	STORE_RIGHT,
	STORE_PEOPLE, /* as STORE_CHANGE: one account, device or invite */
	STORE_KEPT_DIRECT, /* as STORE_DIRECT: loaded, or in an answer */
	STORE_LOADED,
	STORE_RANGE,
	STORE_KEPT,
	STORE_KEPT_RUN,
	STORE_KEPT_EPOCH,
	STORE_KEPT_PERSON,
	STORE_RANGE_END,
	STORE_BACKED_UP, /* u32 failed, a sentence */
};
static inline bool store_is_put(uint8_t kind)
{
	return kind >= STORE_PUT_ROOM && kind <= STORE_DIRECT;
}

/* --- frames -------------------------------------------------------------- */

struct store_frame {
	uint8_t kind;
	struct rd body;
	size_t size; /* with its head */
};
/* ERR_AGAIN: it is not complete. ERR_RANGE: no kind, or too long. */
int store_frame_next(
    struct store_frame *out, const uint8_t *p, size_t n) MUST_CHECK;
/* Appends a head and returns where; _end sets its length, for a body that is
 * `more` bytes longer than what is in the buffer. */
int store_frame_begin(struct buf *b, uint8_t kind, size_t *at) MUST_CHECK;
int store_frame_end(struct buf *b, size_t at, size_t more) MUST_CHECK;
/* A frame of up to two numbers and a sentence, for those kinds above; either is
 * left out by its flag. */
int store_frame_ticket(struct buf *b, uint8_t kind, uint64_t n) MUST_CHECK;
int store_frame_sentence(
    struct buf *b, uint8_t kind, const char *text) MUST_CHECK;

/* --- bodies -------------------------------------------------------------- */

int store_string_put(struct buf *b, const char *s) MUST_CHECK;
/* Checks that there is no other zero byte in it. */
int store_string_get(struct rd *r, const char **out, size_t max) MUST_CHECK;

int store_room_put(struct buf *b, const struct store_room *r) MUST_CHECK;
int store_room_get(struct rd *r, struct store_room *out) MUST_CHECK;
int store_head_put(struct buf *b, const struct log_head *h) MUST_CHECK;
int store_head_get(struct rd *r, struct log_head *out) MUST_CHECK;
int store_right_put(struct buf *b, const struct store_right *r) MUST_CHECK;
int store_right_get(struct rd *r, struct store_right *out) MUST_CHECK;
/* The same, with more behind it. */
int store_right_take(struct rd *r, struct store_right *out) MUST_CHECK;
int store_epoch_put(struct buf *b, const struct store_epoch *e) MUST_CHECK;
int store_epoch_get(struct rd *r, struct store_epoch *out) MUST_CHECK;
int store_person_put(struct buf *b, const struct store_person *p) MUST_CHECK;
int store_person_get(struct rd *r, struct store_person *out) MUST_CHECK;
/* Without the entry's bytes, which follow and are the rest of the frame. */
int store_entry_put(struct buf *b, const struct store_entry *e) MUST_CHECK;
int store_entry_get(
    struct rd *r, struct store_entry *out, struct group_head *head) MUST_CHECK;
int store_question_put(
    struct buf *b, const struct store_question *q) MUST_CHECK;
int store_question_get(struct rd *r, struct store_question *out) MUST_CHECK;

/* A change, and the space that its parts are decoded into. */
struct store_change_space {
	struct store_change change;
	struct store_account account;
	struct store_secret password, secret;
	struct store_device device, gone_device;
	struct store_invite invite;
	struct store_right role, invited;
};
int store_change_put(struct buf *b, const struct store_change *c) MUST_CHECK;
int store_change_get(struct rd *r, struct store_change_space *s) MUST_CHECK;

int store_direct_put(struct buf *b, const struct store_direct *d) MUST_CHECK;
int store_direct_get(struct rd *r, struct store_direct *out) MUST_CHECK;

/* The parts of an answer. */
struct store_range_head {
	uint64_t id;
	bool failed;
	uint64_t oldest;
	uint8_t before[WIRE_HASH];
};
int store_range_put(struct buf *b, const struct store_range_head *h) MUST_CHECK;
int store_range_get(struct rd *r, struct store_range_head *out) MUST_CHECK;
/* k->run: the run itself. */
struct store_kept_entry {
	uint64_t offset;
	uint32_t run;
	const uint8_t *digest, *bytes; /* bytes NULL: purged */
	size_t len;
};
int store_kept_put(struct buf *b, const struct store_kept_entry *k) MUST_CHECK;
int store_kept_get(struct rd *r, struct store_kept_entry *out) MUST_CHECK;
struct store_kept_session {
	uint32_t run;
	const uint8_t *session; /* WIRE_NONCE bytes */
};
int store_kept_run_put(
    struct buf *b, const struct store_kept_session *k) MUST_CHECK;
int store_kept_run_get(struct rd *r, struct store_kept_session *out) MUST_CHECK;

#endif

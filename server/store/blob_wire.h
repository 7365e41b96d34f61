/* blob_wire.h - the messages between the relay (blob_store.c) and the process that
 * has the files (blob_keeper.c). Pure. Neither trusts the other: every length and
 * kind is checked. Both ways a message is
 *
 *    0 u32 length of what follows   4 u8 kind     5 u64 id      13 u8 code
 *   14 u8 flags                    15 blob(16)   31 owner(32)   63 u64 size
 *   71 u32 number                  75 u64 time   83 u32 files     87 u64 held
 *   95 bytes
 *
 * with zeros where a kind has no use for a field. Questions are answered in their
 * order, each once, with the same id. */
#ifndef CONCLAVED_STORE_BLOB_WIRE_H
#define CONCLAVED_STORE_BLOB_WIRE_H

#include "shared/wire/bytes.h"
#include "shared/wire/wire.h"

enum {
	BLOB_WIRE_HEAD = 95,
	BLOB_WIRE_MAX = BLOB_WIRE_HEAD + WIRE_PIECE_SEALED,
	BLOB_OWNER = WIRE_KEY, /* names an account */
};

enum blob_wire_kind {
	/* Questions. `time` of those that change something is now, in unix ms. */
	BLOB_ASK_LIMITS = 1, /* bytes: blob_limits */
	BLOB_ASK_NEW,	     /* owner, size, time; bytes: the owner's name */
	/* owner. The answer's id is what each PUT has in `size`: who asked last
	 * is the one that sends. */
	BLOB_ASK_HAVE,
	BLOB_ASK_PUT,  /* number: its index; size: see HAVE; bytes: the piece */
	BLOB_ASK_END,  /* owner; number: pieces; time */
	BLOB_ASK_GET,  /* number: an index. The answer's bytes: the piece */
	BLOB_ASK_GONE, /* owner */
	BLOB_ASK_NEXT, /* the first one after `blob`, or with BLOB_FIRST of all */
	BLOB_ASK_ERASE, /* owner: all that are its. The answer's number: so many */
	BLOB_ANSWER,   /* files, held; size, number: pieces; flags; of NEXT also blob, time
			* and, as bytes, the owner's name */
};
enum blob_flag {
	BLOB_IS_ENDED = 1, /* it is whole */
	BLOB_FIRST = 2,
	BLOB_ANYBODY = 4, /* GONE: whoever's it is */
};
enum blob_code {
	BLOB_OK,
	BLOB_NONE,   /* there is no such blob */
	BLOB_QUOTA,  /* of the file, the person, or all */
	BLOB_FULL,   /* the disk is full */
	BLOB_DENIED, /* it is another's, or sent by another */
	BLOB_BAD,    /* no such piece, or not all of them */
	BLOB_FAILED, /* the disk or the process failed */
	BLOB_CODES
};

struct blob_message {
	uint8_t kind, code, flags;
	uint64_t id;
	uint8_t blob[WIRE_BLOB];
	uint8_t owner[BLOB_OWNER];
	uint64_t size, time;
	uint32_t number;
	/* Of an answer: how many files there are, and the bytes they count for. */
	uint32_t files;
	uint64_t held;
	const uint8_t *bytes; /* borrowed */
	size_t len;
};
/* The head; the bytes follow it. */
void blob_message_head(
    uint8_t out[BLOB_WIRE_HEAD], const struct blob_message *m);
/* The first message of n bytes, and how many it takes. ERR_AGAIN: it is not
 * complete. ERR_RANGE: it is none. */
int blob_message_next(struct blob_message *out, size_t *used, const uint8_t *p,
    size_t n) MUST_CHECK;

/* What may be kept; 0: any number. Sizes are those of blobs; for the limits of a
 * person and of all, a small one counts as BLOB_DIR_COST. */
struct blob_limits {
	uint64_t file, person, all; /* bytes */
	uint64_t keep_ms;	    /* of a whole one, from its beginning */
};
enum { BLOB_LIMITS_BYTES = 4 * 8 };
void blob_limits_put(
    uint8_t out[BLOB_LIMITS_BYTES], const struct blob_limits *l);
int blob_limits_get(
    struct blob_limits *out, const uint8_t *p, size_t n) MUST_CHECK;

#endif

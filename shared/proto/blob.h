/* blob.h - files, sealed for whoever has the key in their offer, and stored by
 * the server in pieces (PROTOCOL.md section 6a). Pure; owns no memory.
 *
 *   kind 4   0 blob(16)   16 u32 index   20 sealed piece
 *   sealed   0 iv(12), random, new at each sealing
 *           12 AEAD(file key, iv, aad = "conclave/1 piece". || u64 size ||
 *              u32 index, piece)                     size: of the file
 *
 * A file is filled up with zeros to a blob, of a multiple of WIRE_BLOB_STEP, and
 * cut into pieces of WIRE_PIECE bytes, the last of which may be shorter. An
 * index without its file and its size does not open, so a piece can be neither
 * moved nor left out, and the file neither cut nor made longer.
 *
 * A file key is for one file, yet its pieces may be sealed more than once, and
 * a file can change in between: the random iv sees to it that no two plaintexts
 * share key and iv. */
#ifndef SHARED_PROTO_BLOB_H
#define SHARED_PROTO_BLOB_H

#include "shared/crypto/crypto.h"
#include "shared/wire/json.h"

/* Sizes, for a file of at most WIRE_BLOB_MAX - WIRE_BLOB_STEP bytes. */
uint64_t blob_size(uint64_t file);   /* of its blob: at least one step */
bool blob_size_ok(uint64_t blob);    /* whether a blob can have this size */
uint32_t blob_pieces(uint64_t blob); /* how many it has */
/* Of a piece with index < blob_pieces: the bytes of it, and how many of them are
 * the file's. The others are zeros. */
size_t blob_piece(uint64_t blob, uint32_t index);
size_t blob_piece_file(uint64_t file, uint32_t index);
/* What a piece of n bytes is when it is sealed. */
#define BLOB_SEALED(n) (WIRE_PIECE_IV + (n) + WIRE_TAG)

struct blob_key {
	uint8_t key[WIRE_KEY]; /* secret */
	uint64_t file;	       /* bytes of the file */
};
/* Seals the piece with that index: `in` has its blob_piece_file bytes. *out_len is
 * at most WIRE_PIECE_SEALED, the size of out. ERR_USAGE: no such piece. */
int blob_seal(struct crypto *c, uint8_t out[WIRE_PIECE_SEALED], size_t *out_len,
    const struct blob_key *k, uint32_t index, const uint8_t iv[WIRE_PIECE_IV],
    const void *in) MUST_CHECK;
/* Writes its blob_piece bytes to out, of which *out_len are the file's.
 * ERR_RANGE: no such piece, or not of its length. ERR_OPEN: not of this file or
 * place, or changed. Then *out_len is 0 and out has nothing of it. */
int blob_open(struct crypto *c, uint8_t out[WIRE_PIECE], size_t *out_len,
    const struct blob_key *k, uint32_t index, const uint8_t *sealed,
    size_t sealed_len) MUST_CHECK;

/* A body of kind 4. */
struct blob_frame {
	const uint8_t *blob; /* WIRE_BLOB bytes; borrowed, as is the next */
	uint32_t index;
	const uint8_t *sealed;
	size_t len;
};
/* ERR_RANGE: outside of the bounds in WIRE_KINDS; *out is unchanged. */
/*@ requires \valid_read(body + (0 .. n - 1)) && \valid(out);
    assigns *out;
    ensures \result \in {0, ERR_RANGE}; */
int blob_frame_decode(
    struct blob_frame *out, const uint8_t *body, size_t n) MUST_CHECK;
/* The head of a body: the sealed piece follows. */
void blob_frame_head(
    uint8_t out[WIRE_BLOB_HEAD], const uint8_t blob[WIRE_BLOB], uint32_t index);

/* --- JSON ------------------------------------------------------------------ */

/* What a client asks of blobs, in a request. */
enum blob_ask_type {
	BLOB_NEW,
	BLOB_HAVE, /* how many pieces the server has: to go on */
	BLOB_END,
	BLOB_GET,
	BLOB_GONE, /* forget it */
};
struct blob_ask {
	uint8_t blob[WIRE_BLOB]; /* all but NEW */
	uint64_t size;		 /* NEW: of the blob */
	uint32_t pieces;	 /* END: how many were sent */
	uint32_t from, count;	 /* GET: count is 1 .. WIRE_BLOB_GET */
};
/* *refuse becomes CODE_BAD_VALUE where a value cannot be. ERR_JSON, ERR_RANGE,
 * ERR_BASE64. */
int blob_ask_decode(struct blob_ask *out, enum blob_ask_type type,
    enum wire_code *refuse, const json_t *o) MUST_CHECK;
void blob_ask_encode(
    struct json_w *w, enum blob_ask_type type, const struct blob_ask *a);

/* What the server has of a blob: in `done` after NEW and HAVE, and in the control
 * frames blob_have and blob_gone. */
struct blob_state {
	uint8_t blob[WIRE_BLOB];
	uint64_t size;	 /* in `done` */
	uint32_t pieces; /* not in blob_gone */
	bool ended;	 /* in `done`: it is whole, and others may get it */
};
/* Its keys in an answer; ERR_RANGE: they contradict each other. */
void blob_state_put(struct json_w *w, const struct blob_state *s);
int blob_state_get(struct blob_state *out, const json_t *o) MUST_CHECK;
/* The control frames. encode appends one padded object. */
int blob_have_encode(struct buf *out, const struct blob_state *s) MUST_CHECK;
int blob_have_decode(struct blob_state *out, const json_t *o) MUST_CHECK;
int blob_gone_encode(struct buf *out, const uint8_t blob[WIRE_BLOB]) MUST_CHECK;
int blob_gone_decode(struct blob_state *out, const json_t *o) MUST_CHECK;

/* The offer of a file: a content (content.h). */
struct blob_offer {
	uint8_t id[WIRE_ID];
	char name[WIRE_FILE_NAME_MAX + 1]; /* not filtered; may have a path */
	uint8_t blob[WIRE_BLOB];
	struct blob_key key;	 /* with the size of the file */
	uint8_t hash[WIRE_HASH]; /* of the file */
	/* Content alone: with whom a direct offer is, in the copy for the sender's
	 * own devices; else "". */
	char peer[WIRE_NAME_MAX + 1];
};
void blob_offer_put(struct json_w *w, const struct blob_offer *f);
/* ERR_TEXT: no name, or too long. ERR_RANGE: no such size. */
int blob_offer_get(struct blob_offer *out, const json_t *o) MUST_CHECK;

#endif

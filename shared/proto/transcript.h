/* transcript.h - a transcript: what was said in a room, or directly with a person,
 * with what somebody needs to check it who was not there (PROTOCOL.md section 5e).
 * Pure.
 *
 * It is JSON Lines, chained by their hashes (hashline.h): before the first line of
 * the first file the hash is 32 zero bytes. */
#ifndef SHARED_PROTO_TRANSCRIPT_H
#define SHARED_PROTO_TRANSCRIPT_H

#include "shared/crypto/crypto.h"
#include "shared/proto/logchain.h"

#define TRANSCRIPT_FORMAT	 "conclave/1 transcript"
#define TRANSCRIPT_FORMAT_DIRECT "conclave/1 direct transcript"

enum {
	TRANSCRIPT_LINE_MAX = 96 << 10, /* bytes, with its end */
};

enum transcript_type {
	TRANSCRIPT_HEAD,   /* the first line of a file and of each start */
	TRANSCRIPT_RUN,	   /* a run of the server begins */
	TRANSCRIPT_EPOCH,  /* an epoch of that run */
	TRANSCRIPT_PERSON, /* a connection in that run */
	TRANSCRIPT_FROM,   /* what lies before this was not recorded */
	TRANSCRIPT_ENTRY,  /* an entry of the log */
	TRANSCRIPT_END,	   /* the writer stopped in order */
	TRANSCRIPT_DEVICE, /* direct: a key of one of the two people */
	TRANSCRIPT_DIRECT, /* direct: a frame */
};

/* A line; by type, as the comments say. */
struct transcript_line {
	enum transcript_type type;
	/* HEAD */
	uint32_t number;	     /* of the file, from 1 */
	uint8_t previous[WIRE_HASH]; /* the hash of the line before it */
	uint8_t server[WIRE_ED25519];
	uint8_t log[WIRE_LOG];
	char room[WIRE_ROOM_MAX + 1];
	/* HEAD, END: of direct messages, without a log; HEAD: with whom */
	bool direct;
	char with[WIRE_NAME_MAX + 1];
	/* HEAD: who wrote it; PERSON, DEVICE */
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519];
	/* PERSON */
	uint32_t member;
	uint8_t card[WIRE_HASH];
	/* RUN */
	uint8_t session[WIRE_NONCE];
	/* EPOCH */
	uint32_t epoch;
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	/* HEAD, FROM: the entry before the next one; END: the last one. ENTRY: the
	 * offset only. */
	struct log_head at;
	uint64_t ts; /* HEAD, END: unix ms */
	/* ENTRY */
	bool opened;		   /* it has the frame and a key; else: */
	uint8_t digest[WIRE_HASH]; /* D */
	/* ENTRY, DIRECT */
	uint8_t key[WIRE_KEY_IV]; /* of the sender, or of the frame: key || iv */
	const uint8_t *body; /* the frame, from its offset or number on (which is
				0 then); borrowed */
	size_t n_body;
};

/* Appends the line and a line feed. *hash is that of the line before, and becomes
 * its own. On an error nothing changes. */
int transcript_put(struct crypto *c, struct buf *out, uint8_t hash[WIRE_HASH],
    const struct transcript_line *l) MUST_CHECK;

/* Decodes a line without its line feed. The body of a frame goes to `body`,
 * which is emptied first, and l->body points there. ERR_JSON, ERR_BASE64,
 * ERR_RANGE, ERR_TEXT, ERR_NAME, ERR_KEY, ERR_TRUNC: it is no such line. */
int transcript_get(struct transcript_line *l, struct buf *body,
    const char *line, size_t n) MUST_CHECK;

/* --- what the lines since the last `run` have named ------------------------ */

/* An entry is about the newest of these that are kept; a writer names again what
 * is no longer kept. */
enum { TRANSCRIPT_EPOCHS = 64, TRANSCRIPT_PEOPLE = 256 };

struct transcript_epoch {
	uint32_t epoch;
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
};
struct transcript_person {
	uint32_t member;
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519], card[WIRE_HASH];
	/* For the reader: their newest entry, 0: there is none. */
	uint32_t last_epoch;
	uint64_t last_seq, last_offset;
};
struct transcript_named {
	bool run;
	uint8_t session[WIRE_NONCE];
	struct transcript_epoch epoch[TRANSCRIPT_EPOCHS];
	struct transcript_person person[TRANSCRIPT_PEOPLE];
	size_t n_epochs, n_people, next_epoch, next_person;
};
/* Takes a line of the types RUN, EPOCH and PERSON. */
void transcript_name(
    struct transcript_named *k, const struct transcript_line *l);
const struct transcript_epoch *transcript_epoch(
    const struct transcript_named *k, uint32_t epoch); /* or NULL */
struct transcript_person *transcript_person(
    struct transcript_named *k, uint32_t member); /* or NULL */

/* --- what the DEVICE lines since the last head have named -------------------- */

enum { TRANSCRIPT_DEVICES = 64 }; /* that are kept: the newest */

struct transcript_device {
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519], fingerprint[WIRE_HASH];
};
struct transcript_devices {
	struct transcript_device device[TRANSCRIPT_DEVICES];
	size_t n, next;
};
/* Takes a DEVICE line. ERR_CRYPTO, ERR_NOMEM. */
int transcript_device_add(struct crypto *c, struct transcript_devices *k,
    const struct transcript_line *l) MUST_CHECK;
const struct transcript_device *transcript_device(
    const struct transcript_devices *k,
    const uint8_t fingerprint[WIRE_HASH]); /* or NULL */

#endif

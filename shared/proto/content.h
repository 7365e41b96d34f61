/* content.h - encodes and checks the JSON inside group frames (sections 4
 * and 5): what members say, and notices from the server. An error in a
 * member's content is that member's fault: the content is dropped and
 * reported, and the connection continues. */
#ifndef SHARED_PROTO_CONTENT_H
#define SHARED_PROTO_CONTENT_H

#include "shared/proto/blob.h"
#include "shared/wire/json.h"
#include "shared/proto/notice.h"
#include "shared/wire/wire.h"

enum content_type {
	CONTENT_UNKNOWN,
	CONTENT_MESSAGE,
	CONTENT_EDIT,	/* another text for an earlier message */
	CONTENT_DELETE, /* takes an earlier message back */
	CONTENT_REACT,	/* one character about an earlier message */
	CONTENT_KEEPS,	/* the sender keeps a transcript, or no longer */
	CONTENT_RECEIPT, /* the sender signs the log, by its view */
	CONTENT_FILE,	/* offers a file (section 6a) */
	CONTENT_DELIVERED, /* direct only: messages were shown */
	CONTENT_SEAL, /* direct only: the new secret of a sealed room */
	CONTENT_TOPIC, /* of a sealed room */
	CONTENT_NOTICE,
};

/* What a member says: a message, or something about an earlier one. */
struct content_said {
	uint8_t id[WIRE_ID]; /* its own */
	/* The message that it answers, edits, deletes or reacts to. Only a
	 * message may have none. */
	bool has_about;
	uint8_t about[WIRE_ID];
	/* MESSAGE, EDIT: 1..WIRE_TEXT_MAX bytes. REACT: one grapheme cluster of
	 * at most WIRE_REACTION_MAX bytes, or nothing, which takes an earlier
	 * reaction back. DELETE: nothing. Borrowed. */
	const char *text;
	size_t text_len;
	bool action; /* MESSAGE: "style":"action", as /me makes */
	/* Direct only, to the sender's own other devices: with whom it speaks;
	 * or "". */
	char peer[WIRE_NAME_MAX + 1];
};

/* Messages of the one that it is sent to, which its sender has shown. */
struct content_delivered {
	uint8_t id[WIRE_ID]; /* its own */
	uint8_t ids[WIRE_DELIVERED][WIRE_ID];
	size_t n; /* 1 .. WIRE_DELIVERED */
	char peer[WIRE_NAME_MAX + 1]; /* as above */
};

/* The new secret of a sealed room (section 5f), from somebody who has it. */
struct content_seal {
	uint8_t id[WIRE_ID]; /* its own */
	char room[WIRE_ROOM_MAX + 1];
	uint8_t log[WIRE_LOG];
	uint32_t number; /* 1 .. SEAL_GENERATION_MAX */
	uint8_t secret[WIRE_KEY];
};

/* The topic of a sealed room, which the server does not see (section 5f). */
struct content_topic {
	uint8_t id[WIRE_ID]; /* its own */
	const char *text;    /* 0 .. WIRE_SHORT_TEXT_MAX bytes; borrowed */
	size_t text_len;
};

struct content {
	enum content_type type;
	uint64_t ts;		/* unix, ms */
	union {
		struct notice notice;
		struct content_said said; /* text points into json */
		struct blob_offer file; /* secret; content_free wipes it */
		struct content_delivered delivered;
		struct content_topic topic; /* text points into json */
		struct content_seal seal; /* secret; the same */
		bool keeps;
		bool ask; /* RECEIPT: and asks the others to do the same */
	} u;
	json_t *json;		/* owned; content_free */
};
/* Rooms and direct frames have the same contents, but for what is said to be
 * direct only: a room's reader passes over that.
 *
 * sender 0 may send only notices and unknown types, members anything but
 * notices; otherwise ERR_STATE. Other errors: ERR_JSON,
 * ERR_BASE64, ERR_RANGE, ERR_KEY, ERR_NAME or ERR_TEXT. After a failure *out
 * is empty and need not be freed, but content_free is harmless. */
int content_decode(struct content *out, bool from_server, const void *json,
    size_t n) MUST_CHECK;
void content_free(struct content *c);
/* Whether it is what people say: then it has u.said. */
static inline bool content_is_said(enum content_type type)
{
	return type >= CONTENT_MESSAGE && type <= CONTENT_REACT;
}

/* Each appends one padded object to out, or fails and leaves out unchanged.
 * ERR_TEXT: the text is not what the type may have, not UTF-8 without U+0000,
 * or has so many control characters that the object would exceed WIRE_JSON_MAX.
 * content_said: ERR_USAGE for UNKNOWN and NOTICE, and without `about` where
 * there has to be one; content_message is for a message about nothing. */
int content_said(struct buf *out, enum content_type type,
    const struct content_said *s, uint64_t ts) MUST_CHECK;
/* An aside of a client: whether its user keeps a transcript (section 5e). */
int content_keeps(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    bool keeps) MUST_CHECK;
int content_receipt(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    bool ask) MUST_CHECK;
/* ERR_TEXT: the name. */
int content_file(
    struct buf *out, const struct blob_offer *f, uint64_t ts) MUST_CHECK;
int content_delivered(struct buf *out, const struct content_delivered *d,
    uint64_t ts) MUST_CHECK;
/* ERR_TEXT: the text. */
int content_topic(
    struct buf *out, const struct content_topic *t, uint64_t ts) MUST_CHECK;
/* out should be a secret buffer. ERR_NAME: the room; ERR_RANGE: the number. */
int content_seal(
    struct buf *out, const struct content_seal *s, uint64_t ts) MUST_CHECK;
int content_message(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    const char *text, size_t text_len, bool action) MUST_CHECK;

#endif

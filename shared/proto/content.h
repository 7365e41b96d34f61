/* content.h - the JSON inside group frames (sections 4 and 5): messages of
 * members and notices of the server, made and checked here. What is wrong in a
 * member's content is that member's doing: it is dropped and reported, and the
 * connection goes on. */
#ifndef SHARED_PROTO_CONTENT_H
#define SHARED_PROTO_CONTENT_H

#include "shared/wire/json.h"
#include "shared/proto/users.h"
#include "shared/wire/wire.h"

enum content_type { CONTENT_UNKNOWN, CONTENT_MESSAGE, CONTENT_NOTICE };

/* event of a notice; an event that this version does not know still carries
 * its epoch and commit. */
enum notice_event { NOTICE_OTHER, NOTICE_JOIN, NOTICE_LEAVE, NOTICE_KICK };

struct content {
	enum content_type type;
	uint64_t ts;		/* unix, ms */
	union {
		struct {
			uint8_t id[WIRE_ID];
			const char *text; /* 1..WIRE_TEXT_MAX, in json */
			size_t text_len;
			bool action;	  /* "style":"action", what /me makes */
		} message;
		struct {
			enum notice_event event;
			char word[WIRE_CODE_MAX + 1];
			uint32_t epoch;
			uint8_t commit[WIRE_HASH];
			struct user users[WIRE_PAGE];
			size_t n_users;
		} notice;
	} u;
	json_t *json;		/* owned; content_free */
};
/* sender 0 may send only notices and unknown types, members only messages and
 * unknown types; else ERR_STATE. Otherwise ERR_JSON, ERR_BASE64, ERR_RANGE,
 * ERR_KEY, ERR_NAME or ERR_TEXT. After a failure *out is empty: there is
 * nothing to free, and content_free does no harm. */
int content_decode(struct content *out, bool from_server, const void *json,
    size_t n) MUST_CHECK;
void content_free(struct content *c);

/* Each appends one object to out, or fails and leaves out as it was. ERR_TEXT:
 * not 1..WIRE_TEXT_MAX bytes of UTF-8 without U+0000, or so full of control
 * characters that the object would be longer than WIRE_JSON_MAX. ERR_LIMIT: a
 * notice of an event without a word, or not about 1..WIRE_PAGE users. */
int content_message(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    const char *text, size_t text_len, bool action) MUST_CHECK;
int content_notice(struct buf *out, enum notice_event event, uint32_t epoch,
    const uint8_t commit[WIRE_HASH], const struct user *users, size_t n_users,
    uint64_t ts) MUST_CHECK;

#endif

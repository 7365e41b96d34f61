/* content.h - encodes and checks the JSON inside group frames (sections 4
 * and 5): messages from members and notices from the server. An error in a
 * member's content is that member's fault: the content is dropped and
 * reported, and the connection continues. */
#ifndef SHARED_PROTO_CONTENT_H
#define SHARED_PROTO_CONTENT_H

#include "shared/wire/json.h"
#include "shared/proto/notice.h"
#include "shared/wire/wire.h"

enum content_type { CONTENT_UNKNOWN, CONTENT_MESSAGE, CONTENT_NOTICE };

struct content {
	enum content_type type;
	uint64_t ts;		/* unix, ms */
	union {
		struct {
			uint8_t id[WIRE_ID];
			const char *text; /* 1..WIRE_TEXT_MAX, in json */
			size_t text_len;
			bool action;	  /* "style":"action", as /me makes */
		} message;
		struct notice notice;
	} u;
	json_t *json;		/* owned; content_free */
};
/* sender 0 may send only notices and unknown types, members only messages
 * and unknown types; otherwise ERR_STATE. Other errors: ERR_JSON,
 * ERR_BASE64, ERR_RANGE, ERR_KEY, ERR_NAME or ERR_TEXT. After a failure *out
 * is empty and need not be freed, but content_free is harmless. */
int content_decode(struct content *out, bool from_server, const void *json,
    size_t n) MUST_CHECK;
void content_free(struct content *c);

/* Appends one padded object to out, or fails and leaves out unchanged.
 * ERR_TEXT: not 1..WIRE_TEXT_MAX bytes of UTF-8 without U+0000, or so many
 * control characters that the object would exceed WIRE_JSON_MAX. */
int content_message(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    const char *text, size_t text_len, bool action) MUST_CHECK;

#endif

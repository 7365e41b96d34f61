/* status.h - what the server tells a client about the client's own place:
 * its role, that it is out of a room, whether it may speak in one, and whether
 * what is said there can be kept (PROTOCOL.md sections 5a and 5b). control.h decodes them with all other control
 * frames. Decoding: ERR_JSON, ERR_RANGE, ERR_TEXT, ERR_NAME. */
#ifndef SHARED_PROTO_STATUS_H
#define SHARED_PROTO_STATUS_H

#include "shared/proto/room_info.h"

struct welcome {	/* the first control frame */
	char account[WIRE_NAME_MAX + 1]; /* its name, as first written */
	bool password;	/* the account has a password of its own */
	enum role role; /* on the server */
	uint32_t rooms; /* how many it may be in at once */
	uint32_t text;	/* bytes of a message's text */
};
struct room_left { /* it is no longer in that room */
	uint32_t room;
	enum wire_code code;
	char word[WIRE_CODE_MAX + 1];
	char by[WIRE_NAME_MAX + 1]; /* or "" */
	char text[WIRE_SHORT_TEXT_MAX + 1];
};
struct voice { /* whether it may speak in that room */
	uint32_t room;
	bool may;
	uint64_t until_ms;	    /* unix; 0: without an end */
	char by[WIRE_NAME_MAX + 1]; /* or "" */
};
struct storage { /* whether the server can keep what is said in that room */
	uint32_t room;
	bool ok;
};
struct device { /* another identity is now a device of the account */
	uint8_t identity[WIRE_ED25519];
	uint64_t first_s; /* since then, unix */
};
int welcome_decode(struct welcome *out, const json_t *o) MUST_CHECK;
int welcome_encode(struct buf *out, const struct welcome *w) MUST_CHECK;
int room_left_decode(struct room_left *out, const json_t *o) MUST_CHECK;
int room_left_encode(struct buf *out, const struct room_left *l) MUST_CHECK;
int voice_decode(struct voice *out, const json_t *o) MUST_CHECK;
int voice_encode(struct buf *out, const struct voice *v) MUST_CHECK;
int storage_decode(struct storage *out, const json_t *o) MUST_CHECK;
int storage_encode(struct buf *out, const struct storage *s) MUST_CHECK;
int device_decode(struct device *out, const json_t *o) MUST_CHECK;
int device_encode(struct buf *out, const struct device *d) MUST_CHECK;

#endif

/* control.h - encodes and checks the JSON of control frames (sections 2, 5
 * and 7), with one struct for each. content.h has the contents of group
 * frames. Decoding returns ERR_JSON, ERR_BASE64, ERR_RANGE, ERR_KEY,
 * ERR_NAME or ERR_TEXT for a protocol error; unknown types decode to
 * .._UNKNOWN. */
#ifndef SHARED_PROTO_CONTROL_H
#define SHARED_PROTO_CONTROL_H

#include "shared/wire/json.h"
#include "shared/proto/logbatch.h"
#include "shared/proto/logchain.h"
#include "shared/proto/prekeys.h"
#include "shared/proto/request.h"
#include "shared/proto/status.h"
#include "shared/proto/users.h"
#include "shared/wire/wire.h"

enum control_type {
	CONTROL_UNKNOWN,
	CONTROL_KEY_EXCHANGE,
	CONTROL_USER_LIST,
	CONTROL_ACK,
	CONTROL_IDENTITY,
	CONTROL_ERROR, /* {"type":"system","event":"error",...} */
	CONTROL_BYE,
	CONTROL_PING,
	CONTROL_PONG,
	CONTROL_TICKET,
	CONTROL_REQUEST, /* from a client, also one of an unknown type */
	CONTROL_ANSWER,	 /* done, failed */
	CONTROL_WELCOME,
	CONTROL_ROOM_LEFT,
	CONTROL_VOICE,
	CONTROL_HISTORY,
	CONTROL_STORAGE,
	CONTROL_DEVICE,
	CONTROL_BLOB_HAVE, /* from the server; from a client they are requests */
	CONTROL_BLOB_GONE,
	CONTROL_DIRECT_FROM,
	CONTROL_DIRECT_ACK,
	CONTROL_PREKEYS_LOW,
};
enum control_from { FROM_CLIENT, FROM_SERVER };

/* {"type":"key_exchange",...}: a wrapped key for a newcomer, or a fresh
 * secret. */
struct key_exchange {
	uint32_t room, epoch;
	uint8_t commit[WIRE_HASH];
	bool is_wrapped;
	/* is_wrapped: */
	char name[WIRE_ROOM_MAX + 1];
	uint8_t log[WIRE_LOG];
	uint32_t member;
	uint8_t wrapped[WIRE_RSA_MAX];
	size_t wrapped_len;
	/* It was a member before, and may read what is kept after this
	 * entry (section 5b). */
	bool has_since;
	uint64_t since;
	/* else: */
	uint8_t secret[WIRE_KEY];
	uint8_t roster[WIRE_HASH]; /* of the epoch */
	char reason[WIRE_CODE_MAX + 1];
};

/* What a newcomer learns of the room with the first page of its people. */
struct room_entry {
	struct log_head head; /* the newest entry of its log */
	char topic[WIRE_SHORT_TEXT_MAX + 1];
	struct room_settings settings;
};

struct user_list {
	uint32_t room;
	uint32_t after;		   /* in the request; 0 in an answer */
	uint64_t total, seq;	   /* in the answer */
	uint8_t roster[WIRE_HASH]; /* in the answer; of the newest epoch */
	bool has_entry;		   /* in the answer: it is the first page */
	struct room_entry entry;
	struct user users[WIRE_PAGE];
	size_t n_users;
};

struct control {
	enum control_type type;
	union {
		struct key_exchange key_exchange;
		struct user_list user_list;
		struct {
			uint32_t room;
			uint64_t seq, offset;
		} ack;
		struct {
			uint32_t member;
			/* in the answer: */
			uint8_t card[WIRE_HANDSHAKE_MAX];
			size_t card_len;
			uint8_t signature[WIRE_SIGNATURE];
		} identity;
		struct { /* bye, error */
			enum wire_code code;
			char word[WIRE_CODE_MAX + 1]; /* the code as received */
			char text[WIRE_SHORT_TEXT_MAX + 1]; /* not filtered */
			uint32_t member; /* no_member only; else 0 */
		} end;
		int64_t ping; /* the id of a ping or pong */
		struct {      /* for the next hello */
			uint8_t ticket[WIRE_TICKET];
			uint32_t seconds; /* it is valid so long */
		} ticket;
		struct {
			struct request request;
			struct prekeys_set prekeys; /* REQUEST_PREKEYS */
		};
		struct answer answer;
		struct welcome welcome;
		struct room_left room_left;
		struct voice voice;
		struct log_batch history; /* owned */
		struct storage storage;
		struct device device;
		struct blob_state blob; /* BLOB_HAVE, BLOB_GONE */
		struct direct_sender direct_from;
		uint64_t direct_upto; /* DIRECT_ACK */
		uint32_t prekeys_left; /* PREKEYS_LOW */
	} u;
};
void control_wipe(struct control *c); /* frees what it owns */

/* Checks and decodes a frame that `from` may send. A type that only the
 * other side may send (key_exchange from a client) is ERR_STATE. After a
 * failure *out is wiped. */
int control_decode(struct control *out, enum control_from from,
    const void *json, size_t n) MUST_CHECK;

/* Each appends one padded object to out, or fails and leaves out unchanged. */
int control_key_exchange(
    struct buf *out, const struct key_exchange *k) MUST_CHECK;
int control_user_list(struct buf *out, const struct user_list *l) MUST_CHECK;
int control_user_list_ask(
    struct buf *out, uint32_t room, uint32_t after) MUST_CHECK;
int control_ack(
    struct buf *out, uint32_t room, uint64_t seq, uint64_t offset) MUST_CHECK;
int control_identity(struct buf *out, uint32_t member, const void *card,
    size_t card_len, const uint8_t sig[WIRE_SIGNATURE]) MUST_CHECK;
int control_identity_ask(struct buf *out, uint32_t member) MUST_CHECK;
/* member: the member that left, with CODE_NO_MEMBER; otherwise 0 */
int control_error(struct buf *out, enum wire_code code, const char *text,
    uint32_t member) MUST_CHECK;
int control_bye(
    struct buf *out, enum wire_code code, const char *text) MUST_CHECK;
int control_ticket(struct buf *out, const uint8_t ticket[WIRE_TICKET],
    uint32_t seconds) MUST_CHECK;
int control_ping(struct buf *out, bool pong, int64_t id) MUST_CHECK;

#endif

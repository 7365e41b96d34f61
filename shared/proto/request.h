/* request.h - what a client asks of the server, and the answers (PROTOCOL.md
 * section 5a). Each request has a number, and is answered once with `done` or
 * `failed`. control.h decodes them with all other control frames.
 *
 * A value that is well-typed but not valid (a name that no room can have) is
 * no protocol error: the request is decoded with the code for its answer in
 * `refuse`. */
#ifndef SHARED_PROTO_REQUEST_H
#define SHARED_PROTO_REQUEST_H

#include "shared/proto/account.h"
#include "shared/proto/blob.h"
#include "shared/proto/prekeys.h"
#include "shared/proto/receipt.h"

enum request_type {
	REQUEST_UNKNOWN, /* to be answered with CODE_UNKNOWN_REQUEST */
	REQUEST_ROOM_LIST,
	REQUEST_ROOM_NEW,
	REQUEST_ROOM_SET,
	REQUEST_ROOM_JOIN,
	REQUEST_ROOM_LEAVE,
	REQUEST_ACT,
	REQUEST_HISTORY,
	REQUEST_PURGE,
	REQUEST_RECEIPT,
	REQUEST_ACCOUNT_PASSWORD,
	REQUEST_ACCOUNT_DEVICES,
	REQUEST_ACCOUNT_FORGET,
	REQUEST_INVITE_NEW,
	REQUEST_INVITE_LIST,
	REQUEST_INVITE_REVOKE,
	REQUEST_BLOB_NEW,
	REQUEST_BLOB_HAVE,
	REQUEST_BLOB_END,
	REQUEST_BLOB_GET,
	REQUEST_BLOB_GONE,
	REQUEST_PREKEYS,
	REQUEST_PREKEYS_MINE,
	REQUEST_PREKEYS_GET,
	REQUEST_BLOCK,
	REQUEST_BLOCKS,
};

struct request {
	enum request_type type;
	uint32_t number;       /* "req": 1 .. WIRE_REQ_MAX */
	enum wire_code refuse; /* CODE_NONE: every value is valid */
	/* ROOM_SET, ROOM_LEAVE, HISTORY, PURGE, RECEIPT, ACT (0: the server) */
	uint32_t room;
	/* ROOM_NEW, ROOM_JOIN; ROOM_LIST: the last name of the page before, or
	 * "". */
	char name[WIRE_ROOM_MAX + 1];
	/* ROOM_NEW, ROOM_SET: what changes. */
	bool has_topic;
	char topic[WIRE_SHORT_TEXT_MAX + 1];
	struct room_settings settings;
	unsigned settings_named; /* a set of enum setting_bit */
	/* ACT; and PREKEYS_GET and BLOCK have `who` */
	enum act act;
	char who[WIRE_NAME_MAX + 1];
	uint32_t seconds; /* 0: without an end */
	char reason[WIRE_SHORT_TEXT_MAX + 1];
	enum role role; /* ACT_ROLE */
	/* HISTORY: at most `count` entries after `offset`, or the newest of those
	 * before it. PURGE: that entry. */
	uint64_t offset;
	bool before;
	uint32_t count; /* 1 .. WIRE_HISTORY_MAX */
	struct account_password password; /* ACCOUNT_PASSWORD: secret */
	/* ACCOUNT_FORGET: a device. PREKEYS_GET: the last of the page before */
	uint8_t identity[WIRE_ED25519];
	struct account_invite_ask invite; /* INVITE_NEW */
	/* INVITE_REVOKE; INVITE_LIST: the last of the page before, or "" */
	char id[WIRE_INVITE_ID + 1];
	struct blob_ask blob; /* BLOB_* */
	/* PREKEYS: borrowed; of a decoded request, in its struct control. */
	const struct prekeys_set *prekeys;
	bool on; /* BLOCK: or no longer */
	/* PREKEYS_GET: the devices after the one in `identity`. */
	bool has_after;
};
/* Of a client's object with a "req". An unknown type is REQUEST_UNKNOWN.
 * ERR_JSON, ERR_RANGE. */
int request_decode(struct request *out, const json_t *o) MUST_CHECK;
/* Appends one padded object to out, or fails and leaves it unchanged. */
int request_encode(struct buf *out, const struct request *q) MUST_CHECK;
/* "req": 1 to WIRE_REQ_MAX; otherwise ERR_RANGE, or ERR_JSON. */
int request_number(const json_t *o, uint32_t *out) MUST_CHECK;
/* Whether an object of this type is a request: its "req" is then required. */
bool request_is(const char *type);

/* `done` or `failed`. */
struct answer {
	uint32_t number;
	bool done;
	/* failed: */
	enum wire_code code;
	char word[WIRE_CODE_MAX + 1];	    /* the code as received */
	char text[WIRE_SHORT_TEXT_MAX + 1]; /* not filtered */
	/* done: */
	uint32_t room;	/* ROOM_NEW, ROOM_JOIN; else 0 */
	/* One of the lists: */
	bool has_rooms, has_devices, has_invites, has_page, has_mine, has_blocks;
	union {
		struct room_info rooms[WIRE_ROOM_PAGE];	     /* ROOM_LIST */
		struct account_device devices[WIRE_DEVICES]; /* .._DEVICES */
		struct account_invite invites[WIRE_PAGE];    /* INVITE_LIST */
		struct prekeys_page page;		     /* PREKEYS_GET */
		struct prekeys_mine mine;		     /* PREKEYS_MINE */
		struct blocks blocks;			     /* BLOCKS */
	};
	size_t n_rooms, n_devices, n_invites;
	uint64_t total; /* ROOM_LIST, INVITE_LIST */
	bool has_receipt;
	struct receipt receipt; /* RECEIPT; not verified */
	bool has_blob;
	struct blob_state blob; /* BLOB_NEW, BLOB_HAVE */
	/* INVITE_NEW, or "": */
	char id[WIRE_INVITE_ID + 1];
	char secret[WIRE_INVITE_SECRET + 1]; /* secret */
};
int answer_decode(struct answer *out, bool done, const json_t *o) MUST_CHECK;
int answer_done(struct buf *out, uint32_t number, uint32_t room) MUST_CHECK;
int answer_rooms(struct buf *out, uint32_t number,
    const struct room_info *rooms, size_t n, uint64_t total) MUST_CHECK;
int answer_devices(struct buf *out, uint32_t number,
    const struct account_device *devices, size_t n) MUST_CHECK;
int answer_invites(struct buf *out, uint32_t number,
    const struct account_invite *invites, size_t n, uint64_t total) MUST_CHECK;
int answer_invite(struct buf *out, uint32_t number,
    const char id[WIRE_INVITE_ID + 1],
    const char secret[WIRE_INVITE_SECRET + 1]) MUST_CHECK;
int answer_receipt(struct buf *out, uint32_t number,
    const struct receipt *r) MUST_CHECK;
int answer_blob(struct buf *out, uint32_t number,
    const struct blob_state *s) MUST_CHECK;
int answer_prekeys(
    struct buf *out, uint32_t number, const struct prekeys_page *p) MUST_CHECK;
int answer_prekeys_mine(
    struct buf *out, uint32_t number, const struct prekeys_mine *m) MUST_CHECK;
int answer_blocks(
    struct buf *out, uint32_t number, const struct blocks *b) MUST_CHECK;
int answer_failed(struct buf *out, uint32_t number, enum wire_code code,
    const char *text) MUST_CHECK;

#endif

/* order.h - what conclavectl asks of a running server: one JSON object on a
 * line, at most ORDER_MAX bytes. No socket. "do" says what; the table in
 * order.c says which other keys it needs and which it may have. Any other key
 * is an error, so that no wish of an administrator is passed over in silence.
 *
 *   {"do":"people","room":"lobby"}
 *
 * The answers are lines too: any number of objects, then one of
 *   {"type":"done"}
 *   {"type":"failed","code":WORD,"text":SENTENCE} */
#ifndef CONCLAVED_ADMIN_ORDER_H
#define CONCLAVED_ADMIN_ORDER_H

#include "server/auth/record_file.h"
#include "shared/proto/room_info.h"
#include "shared/wire/b64.h"
#include "shared/wire/wire.h"

enum {
	ORDER_MAX = 8 << 10,
	ORDER_ROWS_MAX = 1000,
	ORDER_SECONDS_MAX = 10 * 365 * 86400,
};

enum order_what {
	ORDER_STATUS,
	ORDER_ROOMS,
	ORDER_PEOPLE,
	ORDER_INVITE,
	ORDER_PASSWORD,
	ORDER_AUDIT,
	ORDER_RELOAD,
	ORDER_METRICS,
	ORDER_BACKUP, /* with a descriptor (SCM_RIGHTS) of a new file */
	ORDER_KICK,
	ORDER_BAN,
	ORDER_UNBAN,
	ORDER_MUTE,
	ORDER_UNMUTE,
	ORDER_ROLE,
	ORDER_INVITES,
	ORDER_REVOKE,
	ORDER_RECOVER, /* an invite for who has forgotten a password */
	ORDER_ACCOUNTS,
	ORDER_FORGET, /* an account, or one of its devices */
	ORDER_FILES,
	ORDER_FILE_DELETE,
	ORDERS
};

struct order {
	enum order_what what;
	char room[WIRE_ROOM_MAX + 1]; /* "": not given */
	uint32_t count;		      /* rows; 0: not given */
	bool follow;
	/* Of the acts: */
	char who[WIRE_NAME_MAX + 1];
	char reason[WIRE_SHORT_TEXT_MAX + 1];
	uint32_t seconds; /* 0: without an end */
	enum role role;
	bool has_role;
	/* Of invites; uses 0: not given, the invite has no secret. */
	uint32_t uses;
	char id[WIRE_INVITE_ID + 1];
	char device[B64URL_32 + 1]; /* the beginning of its fingerprint */
	char file[2 * WIRE_BLOB + 1]; /* its id, as it was written, ... */
	uint8_t blob[WIRE_BLOB];      /* ... and as bytes */
	struct record_file record; /* secret; only of ORDER_PASSWORD */
	bool has_record;
};

/* Reads a line without its newline. Otherwise *wrong is a sentence: ERR_JSON,
 * ERR_USAGE, ERR_NOMEM, ERR_CRYPTO. Whatever it returns, wipe it in the end. */
int order_parse(struct order *out, const void *line, size_t n,
    const char **wrong) MUST_CHECK;
void order_wipe(struct order *r);

/* The word after "do". */
const char *order_word(enum order_what what);

#endif

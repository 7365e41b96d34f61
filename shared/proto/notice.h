/* notice.h - what the server says in a room (PROTOCOL.md section 5): the
 * contents of group frames of sender 0. content.h decodes them with all other
 * contents. */
#ifndef SHARED_PROTO_NOTICE_H
#define SHARED_PROTO_NOTICE_H

#include "shared/proto/room_info.h"
#include "shared/proto/users.h"

/* The event of a notice. An event that this version does not know still
 * carries its epoch and commit. */
enum notice_event {
	NOTICE_OTHER,
	NOTICE_JOIN,
	NOTICE_LEAVE,
	NOTICE_KICK,
	NOTICE_ACT,   /* somebody has used a role */
	NOTICE_ROOM,  /* topic and settings are new */
	NOTICE_PURGE, /* an entry of the log was destroyed */
	NOTICE_DEVICE, /* an account has another device */
	NOTICE_CHECKPOINT, /* the server signs the log */
};

/* What a notice says beyond its epoch and users. */
struct notice_more {
	bool quit;		    /* LEAVE: their membership has ended */
	char by[WIRE_NAME_MAX + 1]; /* ACT, ROOM, PURGE; "server": its owner */
	/* ACT: */
	enum act act; /* ACT_NONE: one that we do not know */
	char who[WIRE_NAME_MAX + 1]; /* also DEVICE: whose */
	enum role role;			      /* ACT_ROLE */
	uint64_t until_ms;		      /* unix; 0: without an end */
	char reason[WIRE_SHORT_TEXT_MAX + 1]; /* not filtered, or "" */
	bool server;			      /* on the whole server */
	/* ROOM: */
	char topic[WIRE_SHORT_TEXT_MAX + 1]; /* not filtered */
	struct room_settings settings;
	uint64_t offset; /* PURGE: the entry, never 0; CHECKPOINT: the newest */
	uint8_t chain[WIRE_HASH];	/* CHECKPOINT: of the log at `offset` */
	uint8_t identity[WIRE_ED25519]; /* DEVICE: the raw key */
};

struct notice {
	enum notice_event event;
	char word[WIRE_CODE_MAX + 1];
	uint32_t epoch;
	uint8_t commit[WIRE_HASH], roster[WIRE_HASH];
	struct user users[WIRE_PAGE];
	size_t n_users;
	struct notice_more more;
	uint64_t ts; /* unix, ms */
};
/* Into zeroed *out. ERR_JSON, ERR_BASE64, ERR_RANGE, ERR_KEY, ERR_NAME,
 * ERR_TEXT. */
int notice_decode(struct notice *out, const json_t *o) MUST_CHECK;

struct notice_of {
	enum notice_event event;
	uint32_t epoch;	       /* the newest */
	const uint8_t *commit; /* its commit, WIRE_HASH bytes */
	const uint8_t *roster; /* its roster, WIRE_HASH bytes */
	const struct user *users;
	size_t n_users;
	const struct notice_more *more; /* NULL: nothing */
	uint64_t ts;
};
/* Appends one padded object to out, or fails and leaves it unchanged. ERR_LIMIT:
 * an event without a word, more than WIRE_PAGE users, or nobody where the event
 * needs somebody. */
int notice_encode(struct buf *out, const struct notice_of *n) MUST_CHECK;

#endif

/* account.h - people on the wire (PROTOCOL.md section 5c): the words of
 * hello.account, and what a client asks about its account: a password of its
 * own, its devices, and invites. request.h has the requests themselves. Pure.
 *
 * Decoding: ERR_JSON, ERR_BASE64 and ERR_RANGE for a protocol error. A value
 * that is well-typed but cannot be is noted in *refuse, for `failed`. */
#ifndef SHARED_PROTO_ACCOUNT_H
#define SHARED_PROTO_ACCOUNT_H

#include "shared/crypto/crypto.h"
#include "shared/proto/room_info.h"

/* --- hello.account ------------------------------------------------------- */

enum account_kind {
	ACCOUNT_NONE,	/* no such word */
	ACCOUNT_GATE,	/* "*": the gate's password */
	ACCOUNT_OWN,	/* a name in lower case: the account's own password */
	ACCOUNT_INVITE, /* "+" and an invite's id: its secret */
};
enum account_kind account_kind_of(const char *word, size_t n);

/* The one cost of all own passwords, and that of all invites: a cost that
 * differed would tell names that exist from those that do not. */
extern const struct kdf account_kdf_own, account_kdf_invite;

/* --- a password of one's own --------------------------------------------- */

struct account_password {
	bool none; /* the account has none any more; the rest is zeros */
	uint8_t salt[WIRE_NONCE];
	uint8_t w0[WIRE_SCALAR], l[WIRE_SHARE]; /* secret */
};
void account_password_encode(
    struct json_w *w, const struct account_password *p);
/* Does not look whether l is a point and w0 below the order: that is
 * pake_record_from_l. */
int account_password_decode(struct account_password *out,
    enum wire_code *refuse, const json_t *o) MUST_CHECK;

/* --- devices ------------------------------------------------------------- */

struct account_device {
	uint8_t identity[WIRE_ED25519]; /* the raw public key */
	uint64_t first_s, last_s;	/* unix seconds: first and last seen */
	bool here;			/* connected now */
};
/* The array "devices", at most WIRE_DEVICES. */
void account_devices_encode(
    struct json_w *w, const struct account_device *d, size_t n);
int account_devices_decode(struct account_device out[WIRE_DEVICES], size_t *n,
    const json_t *o) MUST_CHECK;

/* --- invites ------------------------------------------------------------- */

/* What a new invite is to be. */
struct account_invite_ask {
	uint32_t room;	  /* the newcomer is invited there as well; 0: none */
	uint32_t uses;	  /* 1 .. WIRE_INVITE_USES */
	uint32_t seconds; /* it is valid so long; 0: without an end */
	enum role role;	  /* of the new account */
};
void account_invite_ask_encode(
    struct json_w *w, const struct account_invite_ask *a);
int account_invite_ask_decode(struct account_invite_ask *out,
    enum wire_code *refuse, const json_t *o) MUST_CHECK;

/* One in a list. */
struct account_invite {
	char id[WIRE_INVITE_ID + 1];
	uint32_t uses, left; /* at first, and still */
	uint64_t until_s;    /* unix seconds; 0: without an end */
	enum role role;
	char room[WIRE_ROOM_MAX + 1]; /* or "" */
	char by[WIRE_NAME_MAX + 1];   /* "server": its owner */
	/* It lets its user in as this account, and makes no new one; or "". */
	char account[WIRE_NAME_MAX + 1];
};
/* The array "invites", ascending by id, at most WIRE_PAGE. Also ERR_NAME. */
void account_invites_encode(
    struct json_w *w, const struct account_invite *invites, size_t n);
int account_invites_decode(struct account_invite out[WIRE_PAGE], size_t *n,
    const json_t *o) MUST_CHECK;

#endif

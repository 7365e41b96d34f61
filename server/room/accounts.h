/* accounts.h - the people of the server: accounts, their devices, passwords of
 * their own, and invites (PROTOCOL.md section 5c). With a store they outlast
 * the server; every change is one message to it.
 *
 * An account has a key of 32 bytes, by which the rooms know a person: rights,
 * memberships and limits are its, whatever device it uses.
 *
 * Any thread may call any function. Its lock is taken before standing.h's, and
 * never while the directory's or a room's is held. Times are unix seconds. */
#ifndef CONCLAVED_ROOM_ACCOUNTS_H
#define CONCLAVED_ROOM_ACCOUNTS_H

#include "server/room/directs.h"
#include "server/room/invite_stock.h"
#include "server/room/standing.h"
#include "server/store/kept.h"
#include "shared/crypto/pake.h"
#include "shared/proto/account.h"

enum registration { REGISTRATION_OPEN, REGISTRATION_INVITE, REGISTRATION_CLOSED };
enum account_inviters { INVITERS_OPERATORS, INVITERS_MEMBERS, INVITERS_NOBODY };

enum {
	ACCOUNTS_INVITES = 1000,
	ACCOUNTS_ADDRESSES = 1 << 12, /* that are counted for new accounts */
	ACCOUNTS_HOUR = 3600,
	ACCOUNTS_SEEN_S = 600, /* last seen is stored this often at most */
};

struct accounts;
struct accounts_limits {
	enum registration registration;
	enum account_inviters inviters;
	uint32_t accounts_max;	/* 0: any number */
	uint32_t per_hour;	/* new ones of one address; 0: any number */
};
/* key: WIRE_KEY bytes, from which the salts of unknown names are made (ours: the
 * tickets'); it must last as long as the accounts. NULL: no memory or no random
 * bytes. */
struct accounts *accounts_new(const struct rng *rng,
    const uint8_t key[WIRE_KEY], struct standing *standing);
/* Starts the thread that makes invites (invite_stock.h), before the sandbox. Without
 * one, where no more threads may be, they are made when they are asked for. */
void accounts_start(struct accounts *t);
/* Ends that thread: those who wait for an invite are told so (NULL is a no-op). */
void accounts_stop(struct accounts *t);
void accounts_free(struct accounts *t);
void accounts_limit(struct accounts *t, const struct accounts_limits *l);
size_t accounts_count(struct accounts *t);
/* What their devices have for direct messages; owned by the accounts. */
struct directs *accounts_directs(struct accounts *t);

/* One part of what was stored, before accounts_keep. ERR_NOMEM; ERR_LIMIT: it
 * belongs to nothing, and is left out. */
int accounts_restore(struct accounts *t, const struct store_change *c) MUST_CHECK;
/* Each change is put there from now on; borrowed. What direct messages need is
 * restored before: what belongs to no device is forgotten. */
void accounts_keep(struct accounts *t, struct store *s);

/* --- passwords ------------------------------------------------------------ */

/* What is kept of one password, shared by the exchanges that use it. */
struct account_record;
/* For a word of hello.account other than "*": *out is a reference, the real
 * record or, for a word that lets nobody in, one that no password opens; it
 * cannot be told from the other by anything that a client sees. ERR_CRYPTO. */
int accounts_record(struct accounts *t, struct crypto *c, const char *word,
    uint64_t now_s, struct account_record **out) MUST_CHECK;
void account_record_unref(struct account_record *r); /* NULL is a no-op */
const struct kdf *account_record_kdf(const struct account_record *r);
/* The challenge's salt for this word. */
void account_record_salt(
    const struct account_record *r, uint8_t out[WIRE_NONCE]);
/* For one exchange, which costs the same for each record. NULL: no memory. */
struct pake_record *account_record_open(const struct account_record *r);

/* --- coming in ------------------------------------------------------------ */

struct accounts_entry {
	const char *word; /* hello.account, whose password was proved */
	const char *name; /* the card's, a valid one */
	const uint8_t *identity;
	const uint8_t *address; /* 32 bytes; NULL: not counted */
	uint64_t now_s;
	/* Asked, with the accounts locked, before anything changes: CODE_NONE if
	 * this account, perhaps a new one that would be invited to a room (0:
	 * none), may come in. */
	enum wire_code (*may)(void *arg, const uint8_t account[WIRE_KEY],
	    bool made, uint32_t invited);
	void *arg;
	/* CODE_NONE: it is let in. Else `text` says more, or is "". */
	enum wire_code code;
	char text[WIRE_SHORT_TEXT_MAX + 1];
	uint8_t account[WIRE_KEY];
	char written[WIRE_NAME_MAX + 1]; /* as the account was first written */
	bool made;			 /* it is a new account */
	bool device;			 /* of an account that was there: new */
	bool password;			 /* it has one of its own */
	uint64_t seen_s; /* when its device was last here; 0: it is a new one */
	uint64_t ticket; /* nobody is told of it before; 0: nothing changed */
};
/* The table of section 5c. ERR_NOMEM, ERR_CRYPTO: nothing has changed. */
int accounts_enter(struct accounts *t, struct accounts_entry *e) MUST_CHECK;

/* --- asking --------------------------------------------------------------- */

/* The account with this name, whatever its case. False: there is none. */
bool accounts_named(struct accounts *t, const char *name,
    uint8_t key[WIRE_KEY], char written[WIRE_NAME_MAX + 1]);
/* The name of this account, and whether it has a password of its own. */
bool accounts_about(struct accounts *t, const uint8_t key[WIRE_KEY],
    char written[WIRE_NAME_MAX + 1], bool *password);
/* arg: the accounts. Whether there is one with this key. */
bool accounts_known(void *arg, const uint8_t key[WIRE_KEY]);
bool accounts_has_device(struct accounts *t, const uint8_t key[WIRE_KEY],
    const uint8_t identity[WIRE_ED25519]);
/* True if an account with this device is banned from the room; 0: from the
 * server. */
bool accounts_banned(struct accounts *t, uint32_t room,
    const uint8_t identity[WIRE_ED25519], uint64_t wall_ms);

/* Its devices; here is false. Their number. */
size_t accounts_devices(struct accounts *t, const uint8_t key[WIRE_KEY],
    struct account_device out[WIRE_DEVICES]);
/* Whether it may make invites by its role on the server. */
bool accounts_may_invite(struct accounts *t, enum role role);
/* A page of invites in the order of their ids, of this account or (NULL) all.
 * *total of them, without those that have ended. */
size_t accounts_invites(struct accounts *t, const uint8_t *by,
    const char *after, uint64_t now_s, struct account_invite out[WIRE_PAGE],
    uint32_t room[WIRE_PAGE], uint64_t *total);
/* For an administrator: the account after this name ("": the first). */
struct accounts_row {
	char name[WIRE_NAME_MAX + 1];
	uint8_t key[WIRE_KEY];
	bool password;
	uint64_t made_s;
	struct account_device devices[WIRE_DEVICES];
	size_t n_devices;
};
bool accounts_after(
    struct accounts *t, const char *after, struct accounts_row *out);
/* The one with this name, whatever its case. */
bool accounts_find(
    struct accounts *t, const char *name, struct accounts_row *out);

/* --- changing; *ticket is of the store ------------------------------------ */

/* ERR_SHARE: w0 or l cannot be. ERR_STATE: there is no such account.
 * ERR_NOMEM. In each case nothing has changed. */
int accounts_password(struct accounts *t, const uint8_t key[WIRE_KEY],
    const struct account_password *p, uint64_t *ticket) MUST_CHECK;
/* This device has been told of every other one that there is now: it was here. */
void accounts_told(struct accounts *t, const uint8_t key[WIRE_KEY],
    const uint8_t identity[WIRE_ED25519], uint64_t now_s);
/* ERR_STATE: it is no device of that account. */
int accounts_forget_device(struct accounts *t, const uint8_t key[WIRE_KEY],
    const uint8_t identity[WIRE_ED25519], uint64_t *ticket) MUST_CHECK;
int accounts_forget(struct accounts *t, const uint8_t key[WIRE_KEY],
    uint64_t *ticket) MUST_CHECK;
/* A new invite. by: NULL: the server's owner. whose: it is for that account, or
 * NULL. ERR_AGAIN: it takes a moment to make one: call it again when `wait` has
 * been served, or (NULL) later. ERR_LIMIT: there are as many as may be, or (busy)
 * too many are being made. */
struct accounts_invite_of {
	uint32_t room, uses;
	uint64_t until_s;
	enum role role;
	const uint8_t *by, *whose;
	uint64_t now_s;
	struct invite_wait *wait;
	bool busy;
	char id[WIRE_INVITE_ID + 1];	     /* answers */
	char secret[WIRE_INVITE_SECRET + 1]; /* secret */
	uint64_t ticket;
};
int accounts_invite(struct accounts *t, struct accounts_invite_of *v) MUST_CHECK;
/* by: only one of this account; NULL: any. ERR_STATE: there is no such. */
int accounts_revoke(struct accounts *t, const char *id, const uint8_t *by,
    uint64_t *ticket) MUST_CHECK;

#endif

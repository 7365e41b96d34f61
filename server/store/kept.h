/* kept.h - what outlasts the server, as it is handed over: to the store
 * (store.h), to the database (db.h), and between the two (store_wire.h).
 * Everything that is pointed to is borrowed. */
#ifndef CONCLAVED_STORE_KEPT_H
#define CONCLAVED_STORE_KEPT_H

#include "shared/proto/logchain.h"
#include "shared/proto/room_info.h"

/* --- what is written ----------------------------------------------------- */

struct store_room {
	uint32_t id;		  /* never 0 */
	const char *name, *topic; /* topic: "" for none */
	struct room_settings settings;
	bool entered; /* somebody was in it once */
	const uint8_t *maker; /* WIRE_ED25519 bytes; NULL: the server's own */
	const uint8_t *log;   /* WIRE_LOG bytes */
};

/* Everything that an account has in a room, or (room 0) on the server. One
 * that has nothing is forgotten. */
struct store_right {
	uint32_t room;
	const uint8_t *identity; /* the account's key, WIRE_KEY bytes */
	const char *name;	 /* as it was last seen */
	bool has_role, invited, banned, muted, member;
	enum role role;
	uint64_t ban_until, mute_until; /* unix ms; 0: without an end */
	/* A member may read from the entry after `since` on; of those only what
	 * is not older than its first epoch. */
	uint64_t since;
	uint32_t since_run, since_epoch;
};

/* What the server keeps of a password or an invite's secret: SPAKE2+. Encrypted
 * before it is written. */
struct store_secret {
	const uint8_t *salt, *w0, *l; /* WIRE_NONCE, .._SCALAR, .._SHARE */
};
struct store_account {
	const uint8_t *key; /* WIRE_KEY bytes; its number in rights */
	const char *name;   /* as first written */
	uint64_t made_s;    /* unix */
	const struct store_secret *password; /* NULL: none of its own */
};
struct store_device {
	const uint8_t *account, *identity;
	uint64_t first_s, last_s; /* seen, unix */
};
struct store_invite {
	const char *id;
	uint32_t uses, left;
	uint64_t until_s; /* 0: without an end */
	enum role role;
	uint32_t room;		   /* 0: none */
	const uint8_t *by, *whose; /* accounts; by NULL: the server's owner;
				    * whose NULL: makes new accounts */
	const struct store_secret *secret;
};
/* One change of these, which is written as a whole or not at all. Every part
 * may be NULL. */
struct store_change {
	const struct store_account *account;
	const struct store_device *device;
	const struct store_invite *invite;
	const struct store_right *role;	   /* on the server; of `account` */
	const struct store_right *invited; /* to a room; of `account` */
	const struct store_device *gone_device;
	const char *gone_invite;
	const uint8_t *gone_account; /* with its devices, rights, and the
				      * invites that are for it */
};

/* A run is one start of the server: its epochs and member numbers are its own.
 * An epoch's secrets are encrypted before they are written. */
struct store_epoch {
	uint32_t room, epoch;
	const uint8_t *base, *roster; /* WIRE_KEY, WIRE_HASH bytes */
};
struct store_person {
	uint32_t member;
	const char *json; /* a user object (users.h), without role and mute */
	size_t len;
};

/* An entry of a room's log, with its offset. */
struct store_entry {
	uint32_t room;
	uint64_t ts_ms;		   /* when the server took it */
	struct log_head head;	   /* its offset, and the chain there */
	uint8_t before[WIRE_HASH]; /* the chain before it */
	const uint8_t *bytes;	   /* a group frame's body; not copied */
	size_t len;
	void (*done)(void *owner); /* gives `bytes` back; from any thread */
	void *owner;
};

/* Of direct messages (PROTOCOL.md section 6). Which fields count is said at
 * each; the others are NULL or 0. */
enum store_direct_what {
	/* A device's prekeys: `lasting` takes the place of the one before, `once`
	 * are added (or, with `replace`, are all). identity, account. */
	STORE_DIRECT_KEYS = 1,
	STORE_DIRECT_GIVEN, /* one was given out: identity, key */
	/* A frame in a device's queue: identity, account (of the sender), sender,
	 * name, number, ts_s, bytes (NULL in a list: only the length). */
	STORE_DIRECT_FRAME,
	STORE_DIRECT_GONE,   /* its frames up to `number` */
	STORE_DIRECT_FORGET, /* the device, with all this: identity */
	STORE_DIRECT_BLOCK,  /* account blocks other */
	STORE_DIRECT_UNBLOCK,
	STORE_DIRECT_UNBLOCK_ALL, /* every block of and by this account */
};
enum { STORE_PREKEY = WIRE_X25519 + 8 + WIRE_SIGNATURE }; /* key, made, signature */
struct store_direct {
	enum store_direct_what what;
	const uint8_t *identity; /* the device's, WIRE_ED25519 bytes */
	const uint8_t *account, *other; /* WIRE_KEY bytes */
	/* FRAME, GONE; KEYS: the newest that the queue has had, when it is read */
	uint64_t number;
	bool replace;
	const uint8_t *lasting; /* STORE_PREKEY bytes */
	const uint8_t *once;	/* n_once times as many */
	size_t n_once;
	const uint8_t *certificate; /* or NULL */
	size_t certificate_len;
	const uint8_t *key; /* WIRE_X25519 bytes */
	uint64_t ts_s;	    /* unix */
	const uint8_t *sender; /* its identity, WIRE_ED25519 bytes */
	const char *name;      /* of its account, then */
	const uint8_t *bytes;
	size_t len;
};

/* --- what is read -------------------------------------------------------- */

/* Part of a room's log, as it is kept. Borrowed during the call. */
struct store_kept {
	uint64_t offset;
	uint16_t run;	      /* index into runs, unless purged */
	const uint8_t *bytes; /* a group frame's body; NULL: purged */
	size_t len;
	uint8_t digest[WIRE_HASH];
};
struct store_kept_epoch {
	uint32_t epoch;
	uint8_t base[WIRE_KEY], roster[WIRE_HASH]; /* base: secret */
};
struct store_kept_person {
	uint32_t member;
	const char *json;
	size_t len;
};
struct store_kept_run {
	uint32_t run;
	uint8_t session[WIRE_NONCE];
	const struct store_kept_epoch *epoch; /* those that the entries need */
	const struct store_kept_person *person;
	size_t n_epochs, n_people;
};
struct store_range {
	int err;	 /* 0, or ERR_IO: it cannot be read at present */
	uint64_t oldest; /* the room's oldest kept entry; 0: none */
	uint8_t before[WIRE_HASH];	/* the chain before entry[0] */
	const struct store_kept *entry; /* offsets without a gap */
	const struct store_kept_run *run;
	size_t n_entries, n_runs;
	const struct store_direct *direct; /* of a device's queue */
	size_t n_direct;
};
/* Asks for at most count entries (1 to 500) from `first` on, or, with `before`,
 * for the newest of those before `first`. Fewer come where they would pass
 * `bytes`, but one. With `of_device` for that many
 * frames of this device's queue, from the number `first` on. `got` is called once, from the store's thread, or (err) from
 * store_free. */
struct store_question {
	uint32_t room, count;
	bool of_device;
	uint8_t device[WIRE_ED25519];
	uint64_t first;
	bool before;
	size_t bytes;
	void (*got)(void *arg, const struct store_range *r);
	void *arg;
};
#endif

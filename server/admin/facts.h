/* facts.h - what the running server tells an administrator, and what it does for
 * one. The folders above fill these in. */
#ifndef CONCLAVED_ADMIN_FACTS_H
#define CONCLAVED_ADMIN_FACTS_H

#include <sys/queue.h>

#include "server/auth/record_file.h"
#include "server/auth/throttle.h"
#include "server/net/counters.h"
#include "shared/proto/account.h"
#include "shared/wire/json.h"

struct blob_ask_item;

/* How things stand at this moment. */
struct gauges {
	uint64_t uptime_ms;
	unsigned workers;
	size_t conns;  /* of all workers, those in transit included */
	size_t people; /* clients that are in a room, or wait for it */
	size_t people_max;
	size_t rooms;
	uint64_t memory, memory_max; /* buffered for peers, in bytes */
	size_t places_max;	     /* of each door */
	struct throttle_counts door, ticket_door;
	/* Of direct messages: devices with prekeys; frames that wait. */
	uint64_t direct_devices, direct_frames, direct_bytes;
	/* People's files; their bytes as the limit counts them, which is 0 if none
	 * are kept. */
	uint64_t files, file_bytes, file_bytes_max;
	uint64_t audit_rows; /* since the start, with those that it found */
};

/* Of all workers together. */
struct totals {
	struct counters counters;
	uint64_t frames_out;
	size_t open, logging_in, closing; /* connections */
	size_t paused;			  /* not read at the moment */
	size_t queued;			  /* bytes that wait for readers, ... */
	size_t queued_most; /* ... and for the one with the most */
	size_t queues_full; /* readers whose queue is full */
};

struct room_facts {
	uint32_t id, epoch;
	char name[WIRE_ROOM_MAX + 1];
	size_t people;
};

/* Asks the workers, each in its own thread. Embedded in its owner, who keeps it
 * until `done`. */
struct inquiry {
	enum { INQUIRY_TOTALS, INQUIRY_PEOPLE } what;
	/* INQUIRY_TOTALS: of all workers. */
	struct totals totals;
	/* INQUIRY_PEOPLE: of this worker, some of its clients, the newest first,
	 * from the one below `before` on: a line of JSON for each. */
	unsigned worker;
	uint64_t before;
	char room[WIRE_ROOM_MAX + 1]; /* only those in this one; "": all */
	struct buf lines;
	bool more; /* this worker has more; continue at `before` */
	int err;   /* ERR_NOMEM, ERR_LIMIT: a line is missing */
	void (*done)(struct inquiry *q);
	STAILQ_ENTRY(inquiry) next; /* loop's */
};

/* Something done to somebody. */
struct admin_act {
	enum act act;
	const char *by;			 /* for the audit log */
	const char *who, *room, *reason; /* room "": the server */
	enum role role;			 /* ACT_ROLE */
	uint32_t seconds;		 /* 0: without an end */
};

/* A new invite. */
struct admin_invite {
	const char *by;		/* for the audit log */
	const char *room, *who; /* "": none; who: for that account alone */
	uint32_t uses, seconds; /* seconds 0: without an end */
	enum role role;
	char id[WIRE_INVITE_ID + 1]; /* answers; secret is secret */
	char secret[WIRE_INVITE_SECRET + 1];
};
struct admin_account {
	char name[WIRE_NAME_MAX + 1];
	enum role role;
	bool password; /* it has one of its own */
	uint64_t made_s;
	struct account_device devices[WIRE_DEVICES];
	uint8_t fingerprint[WIRE_DEVICES][WIRE_HASH]; /* theirs */
	size_t n_devices;
};
/* Accounts and invites. Errors: ERR_ROOM, ERR_NAME: there is no such room or
 * account; ERR_STATE: no such invite or device; ERR_RANGE: several such devices;
 * ERR_LIMIT: too many invites; ERR_AGAIN, of invite: it is being made, ask again a
 * moment later; ERR_NOMEM, ERR_CRYPTO. */
struct admin_accounts {
	int (*invite)(void *arg, struct admin_invite *v);
	/* A page of those after this id. */
	size_t (*invites)(void *arg, const char *after,
	    struct account_invite out[WIRE_PAGE]);
	int (*revoke)(void *arg, const char *by, const char *id);
	/* The one after this name, and the one with this name. ERR_NAME: there
	 * is none. */
	int (*account_after)(
	    void *arg, const char *after, struct admin_account *out);
	int (*account_named)(
	    void *arg, const char *name, struct admin_account *out);
	/* device: the beginning of its fingerprint; "": the whole account. */
	int (*forget)(void *arg, const char *by, const char *who,
	    const char *device);
	void *arg;
};

/* What the loop does for an administrator; arg is its own. */
struct admin_loop {
	void (*gauges)(void *arg, struct gauges *out);
	/* The room with the lowest number above `after`; false: none. */
	bool (*room_after)(void *arg, uint32_t after, struct room_facts *out);
	void (*ask)(void *arg, struct inquiry *q);
	/* *code is CODE_NONE if it is done; text: why it is not, or "". ERR_NOMEM:
	 * perhaps it was done in some of the rooms. */
	int (*act)(void *arg, const struct admin_act *act, enum wire_code *code,
	    char text[WIRE_SHORT_TEXT_MAX + 1]);
	void *arg;
	struct admin_accounts accounts;
};

/* What main does for one. */
struct admin_main {
	/* Puts what does not change while the server runs: version, listeners,
	 * paths, the key exchange, ... */
	void (*about)(void *arg, struct json_w *w);
	/* Appends the invite for a room. */
	int (*invite)(void *arg, const char *room, struct buf *out);
	/* Uses another password for those who enter from now on. */
	int (*password)(void *arg, const struct record_file *f);
	/* Reads the configuration again. `notes` gets a sentence for each
	 * option that has changed or cannot; ERR_USAGE, ERR_IO: nothing has
	 * changed, and *why says what is wrong. */
	int (*reload)(
	    void *arg, const char *by, struct buf *notes, struct errmsg *why);
	/* Copies the database into fd, which is closed in any case. `done` is
	 * called once, from another thread, with a sentence if err is not 0.
	 * ERR_STATE: there is no database; ERR_NOMEM: it is not called. */
	int (*backup)(void *arg, int fd,
	    void (*done)(void *arg, int err, const char *text), void *done_arg);
	/* Asks the process that has people's files, if has_files. */
	bool (*has_files)(void *arg);
	uint64_t (*files)(void *arg, struct blob_ask_item *i);
	void *arg;
};

#endif

/* store.h - what outlasts this server: its rooms, who has which rights and is a
 * member where, and the entries of rooms with a history. This is the relay's
 * side; keeper.h is the process that has the files.
 *
 * A put never waits for a disk. It queues, and gets a ticket: 1, 2, ... in the
 * order of the calls, which is the order of writing. What happened may be
 * shown to anybody only when store_committed has reached its ticket. If
 * nothing can be written (a full disk, an I/O error, a keeper that died), what
 * is queued stays queued, and is written when it can be: nothing is lost and
 * nothing changes its order. The queue is bounded: while store_full, nobody
 * who could add to it is read. A put is accepted even then, so that what has
 * begun can end.
 *
 * Any thread may call any function but store_start and store_free. Puts into
 * one room are made with the room's lock held. Borrowed arguments are copied,
 * except an entry's bytes. */
#ifndef CONCLAVED_STORE_STORE_H
#define CONCLAVED_STORE_STORE_H

#include "server/logger.h"
#include "shared/base/secret.h"
#include "shared/proto/logchain.h"
#include "shared/proto/room_info.h"

struct store;

/* From the store's own thread, without any of its locks. */
struct store_events {
	/* store_committed has grown. */
	void (*committed)(void *arg);
	/* Nothing can be written since now (why: a word for the log), or it
	 * goes on (NULL). Said once for each change. */
	void (*stuck)(void *arg, const char *why);
	void *arg;
};

/* Starts the thread that speaks with the keeper. fd: keeper_start's; it is
 * closed by store_free. NULL: no memory, or no thread. */
struct store *store_start(
    int fd, const struct store_events *events, const struct logger *log);
/* Writes what is queued, waits at most wait_ms for that, and ends the keeper.
 * NULL is a no-op. False: something could not be written. */
bool store_free(struct store *s, uint32_t wait_ms);

/* --- what is written ----------------------------------------------------- */

struct store_room {
	uint32_t id;		  /* never 0 */
	const char *name, *topic; /* topic: "" for none */
	struct room_settings settings;
	const uint8_t *maker; /* WIRE_ED25519 bytes; NULL: the server's own */
	const uint8_t *log;   /* WIRE_LOG bytes */
};

/* Everything that an identity has in a room, or (room 0) on the server. One
 * that has nothing is forgotten. */
struct store_right {
	uint32_t room;
	const uint8_t *identity; /* WIRE_ED25519 bytes */
	const char *name;	 /* as it was last seen */
	bool has_role, invited, banned, muted, member;
	enum role role;
	uint64_t ban_until, mute_until; /* unix ms; 0: without an end */
	/* A member may read from the entry after `since` on; of those only what
	 * is not older than its first epoch. */
	uint64_t since;
	uint32_t since_run, since_epoch;
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
	uint64_t ts_ms;	      /* when the server took it */
	struct log_head head; /* its offset, and the chain there */
	const uint8_t *bytes; /* a group frame's body; not copied */
	size_t len;
	void (*done)(void *owner); /* gives `bytes` back; from any thread */
	void *owner;
};

/* 0, or ERR_NOMEM and nothing is queued (an entry's bytes are still the
 * caller's). *ticket may be NULL. */
int store_put_room(
    struct store *s, const struct store_room *r, uint64_t *ticket) MUST_CHECK;
/* With its rights, epochs and entries. */
int store_forget_room(
    struct store *s, uint32_t room, uint64_t *ticket) MUST_CHECK;
int store_put_right(
    struct store *s, const struct store_right *r, uint64_t *ticket) MUST_CHECK;
/* Of this run. Before the first entry that needs it. */
int store_put_epoch(struct store *s, const struct store_epoch *e) MUST_CHECK;
int store_put_person(struct store *s, const struct store_person *p) MUST_CHECK;
int store_put_entry(
    struct store *s, const struct store_entry *e, uint64_t *ticket) MUST_CHECK;
/* Destroys the bytes of one entry; its digest stays, a mark takes its place. */
int store_purge(struct store *s, uint32_t room, uint64_t offset,
    uint64_t *ticket) MUST_CHECK;
/* Destroys all entries of the room, and the secrets of its epochs. */
int store_forget_entries(
    struct store *s, uint32_t room, uint64_t *ticket) MUST_CHECK;

uint64_t store_committed(const struct store *s); /* a ticket; no lock */
bool store_full(const struct store *s);		 /* no lock */
uint32_t store_run(const struct store *s);	 /* this run; from 1 */

/* --- what is read -------------------------------------------------------- */

/* At the start, before other threads. Calls back for each room, in ascending
 * order of ids, and then for each right. `head` is the newest kept entry, or
 * offset 0 for a room that keeps none. ERR_IO: logged. */
struct store_loader {
	int (*room)(
	    void *arg, const struct store_room *r, const struct log_head *head);
	int (*right)(void *arg, const struct store_right *r);
	void *arg;
};
int store_load(struct store *s, const struct store_loader *l,
    const uint8_t session[WIRE_NONCE] /* of this run */) MUST_CHECK;

/* Part of a room's log, as it is kept. Borrowed during the call. */
struct store_kept {
	uint64_t offset;
	uint16_t run;	      /* index into runs */
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
};
/* Asks for at most count entries (1 to 500) from `first` on, or, with `before`,
 * for the newest of those before `first`. Fewer come where they would pass
 * `bytes`. `got` is called once, from the store's thread, or (err) from
 * store_free. ERR_NOMEM: it is not called. */
struct store_question {
	uint32_t room, count;
	uint64_t first;
	bool before;
	size_t bytes;
	void (*got)(void *arg, const struct store_range *r);
	void *arg;
};
int store_read(struct store *s, const struct store_question *q) MUST_CHECK;

/* Writes a consistent copy of the database to fd (a regular file), which is
 * closed. `done`, from the store's thread: err, and a sentence for the log. */
int store_backup(struct store *s, int fd,
    void (*done)(void *arg, int err, const char *text), void *arg) MUST_CHECK;

#endif

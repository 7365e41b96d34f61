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
#include "server/store/kept.h"
#include "shared/base/secret.h"

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

/* fd: warden_start's; it is closed by store_free. events (or NULL) are copied.
 * NULL: no memory, and fd is closed. The thread that speaks with the keeper
 * starts at the end of store_load. */
struct store *store_start(
    int fd, const struct store_events *events, const struct logger *log);
/* Writes what is queued, waits at most wait_ms for that, and ends the keeper.
 * NULL is a no-op. False: something could not be written. */
bool store_free(struct store *s, uint32_t wait_ms);

/* --- what is written (kept.h) -------------------------------------------- */

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
/* Sends the entries that wait for it, together: at the end of each loop step, so
 * that a burst is one transaction. Anything else put sends them too. */
void store_flush(struct store *s);
/* Destroys the bytes of one entry; its digest stays, a mark takes its place. */
int store_purge(struct store *s, uint32_t room, uint64_t offset,
    uint64_t *ticket) MUST_CHECK;
/* Destroys all entries of the room, and the secrets of its epochs. */
int store_forget_entries(
    struct store *s, uint32_t room, uint64_t *ticket) MUST_CHECK;

int store_put_change(
    struct store *s, const struct store_change *c, uint64_t *ticket) MUST_CHECK;

/* A frame's bytes are copied as well. */
int store_put_direct(
    struct store *s, const struct store_direct *d, uint64_t *ticket) MUST_CHECK;

uint64_t store_committed(const struct store *s); /* a ticket; no lock */
bool store_settled(struct store *s);		 /* nothing waits to be */
bool store_full(const struct store *s);		 /* no lock */
uint32_t store_run(const struct store *s);	 /* this run; from 1 */
/* Whether nothing can be written at present, and why. */
enum { STORE_WHY_MAX = 256 };
bool store_stuck(struct store *s, char why[STORE_WHY_MAX]);

/* --- what is read -------------------------------------------------------- */

/* At the start, once, before other threads and before any put. Calls back for each room, in ascending
 * order of ids, and then for each right, account, device and invite, and for what direct
 * messages need. `head` is the newest kept entry, or
 * offset 0 for a room that keeps none. ERR_IO: logged. */
struct store_loader {
	int (*room)(
	    void *arg, const struct store_room *r, const struct log_head *head);
	int (*right)(void *arg, const struct store_right *r);
	int (*people)(void *arg, const struct store_change *c); /* one part */
	/* KEYS of a device before its FRAMEs, which have no bytes; BLOCKs. */
	int (*direct)(void *arg, const struct store_direct *d);
	void *arg;
};
int store_load(struct store *s, const struct store_loader *l,
    const uint8_t session[WIRE_NONCE] /* of this run */) MUST_CHECK;

/* Answered once (kept.h). ERR_NOMEM: `got` is not called. */
int store_read(struct store *s, const struct store_question *q) MUST_CHECK;

/* Writes a consistent copy of the database to fd (a regular file), which is
 * closed. `done`, from the store's thread: err, and a sentence. ERR_NOMEM: it is
 * not called, and fd stays the caller's. */
int store_backup(struct store *s, int fd,
    void (*done)(void *arg, int err, const char *text), void *arg) MUST_CHECK;

#endif

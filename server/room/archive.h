/* archive.h - puts into the store what outlasts the server: a room, and of one
 * with a history its entries, the epochs that open them, the people who sent
 * them, and since when each member may read. Without a store, or a history, all
 * of this does nothing. Inner header of server/room; the room is locked, or
 * nobody else has it yet.
 *
 * Order: the people, the epoch, the entry. What is put for a history gates the
 * room's mailboxes (mailbox.h). */
#ifndef CONCLAVED_ROOM_ARCHIVE_H
#define CONCLAVED_ROOM_ARCHIVE_H

#include "server/net/frame.h"
#include "shared/proto/group.h"
#include "shared/proto/logchain.h"

struct member;
struct room;

/* With its topic and settings as they are; r->ticket. ERR_NOMEM. */
int archive_room(struct room *r) MUST_CHECK;
/* The room will not be there after a restart, nor anything of it. */
int archive_forget(struct room *r) MUST_CHECK;

/* Whether it has a history. */
bool archive_on(const struct room *r);
/* An entry, numbered and not shared yet; `before` is the head before it. On an
 * error it is not kept, and must not be delivered. */
int archive_entry(struct room *r, const struct log_head *before,
    const struct log_head *head, struct frame *p) MUST_CHECK;
int archive_epoch(struct room *r, const struct group_epoch *e,
    const uint8_t roster[WIRE_HASH]) MUST_CHECK;
/* Of all its rooms in this run. */
int archive_person(struct room *r, const struct member *m) MUST_CHECK;
/* Its membership begins with the entry after `head`, unless it is a member
 * already. If that cannot be kept, it may read nothing when it comes back. */
void archive_member(
    struct room *r, const struct member *m, const struct log_head *head);
/* Of a newcomer: it may read what comes after *out. False: nothing that was said
 * before it came. */
bool archive_since(const struct room *r, const struct member *m, uint64_t *out);
/* The room's history is about to begin or to end: with its epoch and those who
 * are in it, or by destroying all that is kept. */
int archive_begin(struct room *r) MUST_CHECK;
int archive_end(struct room *r) MUST_CHECK;
/* Destroys the bytes of one entry; a mark takes its place. */
int archive_purge(struct room *r, uint64_t offset) MUST_CHECK;
#endif

/* room.h - one room: its members, its epochs, and the order of its frames.
 * PROTOCOL.md sections 4 and 5. No socket and no clock: members are reached
 * through their queues, and the time is an argument.
 *
 * The threads of the server share a room. Each thread has a shard of it: the
 * members that are its own connections. Everything that happens in a room
 * happens under the room's lock and is posted there to every shard, as one
 * reference for each shard, so that all see one order. A function here may
 * be called from the member's own thread only, unless it says otherwise.
 *
 * A newcomer waits (room_enter) until the next rekey makes an epoch that
 * includes it. A member who leaves gets nothing from then on, but stays in
 * lists and totals until the next rekey's notice. */
#ifndef CONCLAVED_ROOM_ROOM_H
#define CONCLAVED_ROOM_ROOM_H

#include "server/net/outq.h"
#include "server/room/member.h"
#include "server/room/room_opts.h"
#include "server/room/room_thread.h"

/* Adds it to the directory, and is the reference that room_free gives back.
 * Errors as directory_add_room. */
int room_make(const struct room_opts *o, struct room **out,
    char alike[WIRE_ROOM_MAX + 1]) MUST_CHECK;
struct room *room_new(const struct room_opts *o); /* NULL: an error */
/* Closes it: it is out of the directory, everybody in it is put out
 * (CODE_CLOSED), and nobody enters any more. It is freed when the last reference
 * to it (room_ref.h) is given back. Before, or long after, its threads are
 * freed. NULL is a no-op. */
void room_free(struct room *r);

/* From any thread, without a lock. */
const char *room_name(const struct room *r);
uint32_t room_id(const struct room *r);
size_t room_people(const struct room *r); /* members and newcomers */
bool room_entered(const struct room *r);  /* somebody was in it once */
/* True if one of its shards has too much to deliver: its members are not
 * read until the shard has caught up, which wakes the room's threads. */
bool room_backlogged(const struct room *r);
/* True if the queue of one of its members is full (outq.h): who sends it much
 * must wait until that member has taken it (member_taken_up). */
bool room_full(const struct room *r);
/* True if it has a history: what is said in it is kept. */
bool room_keeps(const struct room *r);
/* From any thread; takes the lock. Tells the members of a room with a history
 * whether the server can keep what they say. */
void room_storage(struct room *r, bool ok);
void rooms_storage(struct directory *d, bool ok); /* of all rooms */
/* From any thread; takes the lock. 0: no epoch yet. */
uint32_t room_epoch(struct room *r);
/* From any thread: another limit on its people, who stay, and another longest
 * time between its keys. */
void room_tune(struct room *r, uint32_t users_max, uint32_t rekey_ms);

/* The room that it has entered, even after it has left. */
uint32_t member_room_id(const struct member *m);
const char *member_room_name(const struct member *m);
bool member_backlogged(const struct member *m); /* its room is */
bool member_room_full(const struct member *m);
bool member_keeps(const struct member *m);
/* What has happened in its room is shown to nobody before the store has committed
 * this ticket. Takes the lock. */
uint64_t member_pending(const struct member *m);
/* Its queue was full, and is no longer. */
void member_taken_up(struct member *m);
/* Its connection gives back what it has made for room_enter, and has left. NULL
 * is a no-op. */
void member_forget(struct member *m);

/* A newcomer whose handshake is done. A member of the same name and identity
 * is put out at once (room_thread_opts.ended). *refused: CODE_NAME_TAKEN
 * (the name is another identity's, in this or another room, or kept for it),
 * CODE_FULL (the room, its identity or its address has no place),
 * CODE_BANNED, CODE_NOT_INVITED, CODE_NO_ROOM (it is closed, or must not be
 * known), or CODE_NONE and the newcomer waits. member and out live until
 * it has left. The queue also stands for the client: two
 * members with one queue have one member number. ERR_NOMEM; ERR_LIMIT:
 * no member number is left. */
/* Whether somebody may enter, before they do: from any thread. invited: they
 * will be. made: they are new, and replace nobody. CODE_NONE: yes. */
enum wire_code room_would(
    struct room *r, const struct standing_who *who, bool invited, bool made);
struct room_newcomer {
	struct entrant *person; /* it adds a reference */
	struct outq *out;
	struct member *member;	 /* that has never entered a room */
	const uint8_t *address;	 /* TALLY_KEY bytes; NULL: not counted */
	enum directory_met *met; /* gets the limit behind CODE_FULL; or NULL */
};
int room_enter(struct room *r, struct room_thread *t,
    const struct room_newcomer *n, enum wire_code *refused) MUST_CHECK;
/* Stops all sending to it: frames that its room has accepted but not
 * delivered are lost to it. Delivers nothing to any member. A no-op on a
 * member that is not taken, and on NULL. */
void room_leave(struct member *m);
/* The same, on purpose, after an ack of all that its room has accepted; call it
 * when nothing is pending (member_pending). */
void room_quit(struct member *m);

/* Handles a member's frame. Peer errors are protocol errors; after ERR_NOMEM
 * and ERR_CRYPTO the connection cannot continue. If a queue cannot take the
 * answer, it has failed and its member has left. */
int room_group(struct member *m, const uint8_t *body, size_t n,
    const uint8_t *digest /* frame_group */) MUST_CHECK;
int room_user_list(struct member *m, uint32_t room, uint32_t after) MUST_CHECK;
bool room_has(const struct member *m, uint32_t number); /* is in it */
int room_identity(struct member *m, uint32_t number /* not 0 */) MUST_CHECK;

#endif

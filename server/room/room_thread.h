/* room_thread.h - one thread's work for all rooms: it delivers their events
 * to its own members, wraps keys for its own newcomers, and runs the rekeys
 * of the rooms that it owns. An idle room costs a loop step nothing.
 *
 * Only the owning thread may call these functions, except room_thread_new
 * and room_thread_free. */
#ifndef CONCLAVED_ROOM_ROOM_THREAD_H
#define CONCLAVED_ROOM_ROOM_THREAD_H

#include <stdbool.h>

#include "server/room/directory.h"

struct crypto;
struct laters;
struct member;
struct room_out;
struct room_thread;

struct room_thread_opts {
	struct directory *directory; /* borrowed, like all pointers here */
	struct crypto *crypto;	     /* the thread's own */
	/* NULL: none. When more is committed, the thread must be woken. */
	struct store *store;
	/* There is work for the thread. From any thread, with a room's lock
	 * held: it must not call back. */
	void (*wake)(void *arg);
	/* The room has removed this member (CODE_REPLACED). It has left;
	 * frames accepted before that are queued. In room_thread_deliver. */
	void (*ended)(void *arg, struct member *s, enum wire_code code);
	/* The member is out of this room; its connection goes on. In
	 * room_thread_deliver. */
	void (*left)(void *arg, struct member *s, const struct room_out *out);
	/* A newcomer has become a member: its key and its first page are queued.
	 * NULL: no callback. */
	void (*admitted)(void *arg, struct member *s);
	/* What one of its requests has caused in this room is queued. True: the
	 * answer may follow. */
	bool (*answered)(void *arg, struct member *s, uint32_t number);
	/* A client (directory_stay) is to be told this. NULL: nobody is. */
	void (*told)(
	    void *arg, const void *client, const struct directory_word *word);
	/* A due rekey has run, or failed (err, our own: the next one tries
	 * again). Called in rooms_run. NULL: no callback. */
	void (*rekeyed)(void *arg, struct room *r, int err);
	void *arg;
};
/* NULL: no memory, or there are ROOM_THREADS_MAX. */
struct room_thread *room_thread_new(const struct room_thread_opts *o);
/* None of its memberships may be taken. NULL is a no-op. */
void room_thread_free(struct room_thread *t);

/* What waits for the store; run by room_thread_deliver. */
struct laters *room_thread_laters(struct room_thread *t);
struct crypto *room_thread_crypto(const struct room_thread *t);

/* Where the directory finds the thread's clients (directory_stay). */
struct directory_inbox *room_thread_inbox(struct room_thread *t);

/* Queues the events that rooms have posted, and then one ack for each member
 * whose frames were accepted. Called at the end of each loop step. */
void room_thread_deliver(struct room_thread *t);

/* At most this many newcomers' keys are wrapped in a step: each costs an RSA
 * operation, and members talk meanwhile. */
enum { ROOM_THREAD_WRAPS = 1 };
/* Wraps keys for newcomers. True: more are left. */
bool room_thread_work(struct room_thread *t);

/* When rooms_run has something to do (maybe long ago), or UINT64_MAX. Takes no
 * room's lock. */
uint64_t rooms_deadline(struct room_thread *t);
/* See rekeys_renew. */
void rooms_renew(struct room_thread *t);
/* Once, before the thread ends: has the logs of its rooms signed (rekeys_sign). */
void rooms_sign(struct room_thread *t);
/* Whether that is done, in all threads of the directory, and what they had to
 * deliver to each other is posted. Once in each loop step. */
bool rooms_signed(struct room_thread *t, uint64_t now_ms);
/* The thread waits for that no longer, nor does another wait for this thread. */
void rooms_sign_end(struct room_thread *t);
/* Runs the rekeys that are due. now_ms is monotonic; wall_ms is Unix time, for
 * the notices. */
void rooms_run(struct room_thread *t, uint64_t now_ms, uint64_t wall_ms);

#endif

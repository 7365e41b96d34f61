/* mailbox.h - the events of a room on their way to its shards. Inner header of
 * server/room.
 *
 * A room posts each event to the mailboxes of its shards, under its lock, so
 * that all shards have one order. A mailbox with events is on the list of its
 * thread, which empties it. An idle room is on no list.
 *
 * What a room has put into the store may be shown to nobody before it is on disk,
 * nor what came after it: each event has the ticket of the room's newest put,
 * and a shard gets only events whose ticket is committed. A room that puts
 * nothing waits for nothing. Only the end of a member does not wait, as nothing
 * more is sent to somebody who was put out, nor what is said of the store. */
#ifndef CONCLAVED_ROOM_MAILBOX_H
#define CONCLAVED_ROOM_MAILBOX_H

#include <pthread.h>

#include "server/net/outq.h"
#include "server/room/epoch_update.h"

struct room_event {
	enum {
		ROOM_EVENT_FRAME,
		ROOM_EVENT_EPOCH,
		ROOM_EVENT_PAGE,   /* the page of the list for one member */
		ROOM_EVENT_GIVE,   /* a control frame for one member */
		ROOM_EVENT_STORAGE, /* one for all members, at once */
		ROOM_EVENT_ANSWER, /* the same, to its request `number` */
		ROOM_EVENT_WRAP,   /* wrap this newcomer's key */
		ROOM_EVENT_END	   /* the room has removed this member */
	} what;
	uint32_t from, epoch;	     /* frame */
	union {			     /* a reference */
		struct frame *frame; /* frame, page, give, storage, answer */
		struct epoch_update *update;
		struct member *member; /* wrap, end */
	} u;
	/* Frame: its sender, in the sender's own shard only. Page, give, answer:
	 * its reader. A reference. */
	struct member *sender;
	uint64_t seq, offset;
	enum wire_code code; /* end */
	struct frame *last;  /* end: its last words of the room, a reference;
			      * NULL: the whole connection ends */
	uint32_t number;     /* answer */
	uint64_t ticket;     /* room_mail_post sets it */
};
void room_event_drop(struct room_event *e); /* its references */

struct room_events {
	struct room_event *p; /* owned */
	size_t n, cap;
	size_t bytes; /* of frames */
	size_t n_ends;
};
void room_events_empty(struct room_events *l); /* drops no references */
void room_events_free(struct room_events *l);

/* A room is backlogged from this many bytes of frames in one mailbox on. */
enum { MAILBOX_BACKLOG = LIMIT_BACKLOG };

struct mailbox;

/* A thread's list of mailboxes to empty. */
struct mailboxes {
	pthread_mutex_t lock;
	STAILQ_HEAD(mailbox_list, mailbox) ready;
	/* Wakes the thread. From any thread, with a room locked: it must not
	 * call back. */
	void (*wake)(void *arg);
	void *arg;
	/* Its own: with events that wait for the store. */
	LIST_HEAD(, mailbox) waiting;
	uint64_t committed; /* when it last looked there */
};
int mailboxes_init(
    struct mailboxes *t, void (*wake)(void *arg), void *arg) MUST_CHECK;
void mailboxes_free(struct mailboxes *t);
/* Moves all that are ready to *out, which need not be initialised. */
void mailboxes_take(struct mailboxes *t, struct mailbox_list *out);

/* A shard's. Under the room's lock. */
struct mailbox {
	struct mailboxes *thread; /* borrowed */
	struct room_events events;
	bool backlogged;
	bool ready; /* on the thread's list, or just taken off it */
	STAILQ_ENTRY(mailbox) of_thread;
	LIST_ENTRY(mailbox) of_room;
	/* Its thread's: */
	bool waiting;	/* on the thread's list */
	uint64_t until; /* the ticket of its first event */
	LIST_ENTRY(mailbox) of_waiting;
};

/* A room's: the mailboxes of all its shards. */
struct room_mail {
	LIST_HEAD(, mailbox) boxes;
	atomic_uint backlogged; /* how many mailboxes are backlogged */
	uint64_t ticket;	/* of the newest put; 0: none */
	struct store *store;	/* borrowed; NULL: none */
};

/* Up to which ticket its events may be shown. */
uint64_t room_mail_committed(const struct room_mail *m);
void mailbox_add(
    struct room_mail *m, struct mailbox *b, struct mailboxes *thread);
void mailbox_remove(struct room_mail *m, struct mailbox *b); /* drops events */
/* Puts it on its thread's list even if it is empty. */
void mailbox_touch(struct mailbox *b);
/* Moves its events, as far as they need not wait, to the empty *out, and ends
 * its backlog. Called by its own thread, after mailboxes_take. */
void mailbox_take(
    struct room_mail *m, struct mailbox *b, struct room_events *out);

/* Makes room for n events in one or in all mailboxes, so that posting them
 * cannot fail. */
int mailbox_reserve(struct mailbox *b, size_t n) MUST_CHECK;
int room_mail_reserve(struct room_mail *m, size_t n) MUST_CHECK;
/* Takes over the references of *e. */
void room_mail_post_one(
    struct room_mail *m, struct mailbox *b, const struct room_event *e);
/* Posts a frame or an epoch update to all shards. Only `own`, the mailbox of
 * the sender's shard, gets the sender. */
void room_mail_post(
    struct room_mail *m, const struct room_event *e, const struct mailbox *own);

#endif

/* room_state.h - what room.c, shard.c and turn.c share, and nobody else
 * includes. Everything but what says otherwise is under room->lock. */
#ifndef CONCLAVED_ROOM_INT_H
#define CONCLAVED_ROOM_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/room/rekey.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"

/* What a newcomer's key is wrapped with; goes once it is in. */
struct arrival {
	uint8_t th5[WIRE_HASH];
	uint8_t wrap[WIRE_RSA_SPKI_MAX];
	size_t wrap_len;
	bool wanted;	      /* part of the turn that is under way */
	struct frame *hello; /* its key_exchange; owned; NULL: not yet */
};

struct member {
	atomic_uint refs;  /* the room's lists, its membership, mail */
	struct shard *shard; /* never changes */
	struct membership *membership; /* its shard's alone, without the lock */
	struct member *wrap_next; /* the same */
	bool left;
	struct user user; /* member 0: it has no id yet */
	uint32_t first_epoch;
	uint64_t seq;		  /* last accepted */
	struct member *name_next; /* in the bucket of its name */
	struct arrival *arrival;  /* owned; while it waits */
	uint8_t *card;		  /* owned; NULL once it left */
	size_t card_len;
	size_t held; /* what memory.h knows of it */
	uint8_t signature[WIRE_SIGNATURE];
};

/* In memory for secrets. A room keeps its newest secret only, and while a turn
 * is under way the next. */
struct room_keys {
	uint8_t secret[WIRE_KEY];
	struct group_epoch epoch;
};

struct people {
	struct member **p; /* owned; a reference each */
	size_t n, cap;
};

/* By name without regard to case: all who have not left. */
struct names {
	struct member **bucket; /* cap of them, a power of two, or none */
	size_t n, cap;
};

/* What a turn came to: made once, then never changed, shared by the shards. */
struct epoch_update {
	atomic_uint refs;
	uint32_t epoch;
	struct frame *rekey; /* the fresh secret, for who remains, or NULL */
	struct frame **notice;
	size_t n_notices;
	struct frame *page; /* the first of the list, for newcomers */
	size_t n_new;
	struct {
		struct member *member; /* a reference */
		struct frame *hello;
	} newcomer[];
};

/* What the room says to a shard. */
struct room_event {
	enum { ROOM_EVENT_FRAME, ROOM_EVENT_EPOCH, ROOM_EVENT_WRAP, ROOM_EVENT_END } what;
	uint32_t from, epoch; /* group */
	union {		      /* a reference */
		struct frame *frame;
		struct epoch_update *news;
		struct member *member; /* wrap, end */
	} u;
	struct membership *membership; /* group: the sender's, in its own shard only */
	uint64_t seq, offset;
	enum wire_code code; /* end */
};
struct room_events {
	struct room_event *p; /* owned */
	size_t n, cap;
	size_t bytes; /* of frames */
};

/* Frames on their way to a shard's memberships: members who did not speak are all
 * sent the same bytes, so they get them as one packet. */
enum { BATCH_FRAMES = 256, BATCH_BYTES = 128 << 10 };
struct batch {
	struct frame *p[BATCH_FRAMES]; /* references */
	uint32_t from[BATCH_FRAMES], epoch[BATCH_FRAMES];
	size_t n, bytes;
	uint32_t epoch_min;
};

enum { SHARD_BACKLOG = 8 << 20 }; /* bytes of frames: see room_backlogged */

struct shard {
	struct shard_opts o;
	struct room_events box; /* under the room's lock */
	bool backlogged;	  /* the same */
	/* The thread's own. */
	struct room_events taken;
	struct membership **membership; /* NULL where one left; owned, the memberships are not */
	size_t n, cap, holes;
	bool delivering;
	struct membership *acks; /* who is owed one */
	struct batch batch;
	struct member *wraps, **wraps_end; /* references */
	struct room_keys *wrap_keys;	   /* zeros between wraps */
	struct buf json;		   /* scratch for what is not secret */
};

enum { PAGES = 64 };

struct room {
	pthread_mutex_t lock;
	struct room_opts o; /* never changes */
	char name[WIRE_ROOM_MAX + 1];
	struct shard *shard[SHARDS_MAX];
	size_t n_lanes;
	atomic_uint backlogged;	/* shards that are */
	struct people in;	/* ascending by member, leavers included */
	struct people waiting;	/* in the order of their coming */
	struct names names;	/* of both */
	size_t n_left;		/* of `in` */
	uint32_t last_member;	/* the newest id given */
	struct room_keys *keys; /* NULL: nobody has any */
	uint32_t epoch, fence;
	uint64_t offset;	    /* the room's running number */
	uint64_t seq;		    /* the server's own */
	uint64_t frames;	    /* under this fence */
	uint64_t fresh_ms, last_rekey_ms; /* the last fresh secret, the last turn */
	bool rekeyed;		    /* last_rekey_ms is set */
	struct room_keys *next;	    /* of the turn that is under way */
	bool next_fresh;
	size_t unwrapped; /* of its newcomers */
	/* Pages of the list that somebody asked for since the last turn. */
	struct room_page {
		size_t first;
		struct frame *frame; /* a reference */
	} page[PAGES];
	uint64_t rekeys; /* so far: a page of another is no longer true */
};

void room_lock(struct room *r);
void room_unlock(struct room *r);

/* Room for n room_events to every shard, so that room_post cannot fail. */
int room_post_reserve(struct room *r, size_t n) MUST_CHECK;
/* Takes over as many references as there are shards, `only` one: one. */
void room_post(struct room *r, const struct room_event *m, struct shard *only);
void room_event_drop(struct room_event *m);

void room_keys_free(struct room_keys *k);
struct member *member_ref(struct member *m);
void member_unref(struct member *m);
/* Its name is free, its queue is its shard's to close. */
void member_out(struct room *r, struct member *m);
struct member *room_find_name(const struct room *r, const char *name);
/* The list from `first`, an index into r->in. */
int room_page_make(struct user_list *l, struct shard *shard, struct frame **out)
    MUST_CHECK;
void room_page_fill(const struct room *r, size_t first, struct user_list *l);
void room_pages_drop(struct room *r);

/* Lane's thread. */
int shard_add(struct shard *l, struct membership *s) MUST_CHECK;
void shard_remove(struct membership *s);
struct epoch_update *epoch_update_ref(struct epoch_update *t);
void epoch_update_unref(struct epoch_update *t);

#endif

/* room_state.h - what room.c, lane.c and turn.c share, and nobody else
 * includes. Everything but what says otherwise is under room->lock. */
#ifndef CONCLAVED_ROOM_STATE_H
#define CONCLAVED_ROOM_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/turn.h"
#include "shared/content.h"
#include "shared/control.h"
#include "shared/group.h"

/* What a newcomer's key is wrapped with; goes once it is in. */
struct arrival {
	uint8_t th5[WIRE_HASH];
	uint8_t wrap[WIRE_RSA_SPKI_MAX];
	size_t wrap_len;
	bool wanted;	      /* part of the turn that is under way */
	struct packet *hello; /* its key_exchange; owned; NULL: not yet */
};

struct member {
	atomic_uint refs;  /* the room's lists, its seat, mail */
	struct lane *lane; /* never changes */
	struct seat *seat; /* its lane's alone, without the lock */
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

/* What a turn came to: made once, then never changed, shared by the lanes. */
struct turn_news {
	atomic_uint refs;
	uint32_t epoch;
	struct packet *rekey; /* the fresh secret, for who remains, or NULL */
	struct packet **notice;
	size_t n_notices;
	struct packet *page; /* the first of the list, for newcomers */
	size_t n_new;
	struct {
		struct member *member; /* a reference */
		struct packet *hello;
	} newcomer[];
};

/* What the room says to a lane. */
struct mail {
	enum { MAIL_GROUP, MAIL_TURN, MAIL_WRAP, MAIL_END } what;
	uint32_t from, epoch; /* group */
	union {		      /* a reference */
		struct packet *packet;
		struct turn_news *news;
		struct member *member; /* wrap, end */
	} u;
	struct seat *seat; /* group: the sender's, in its own lane only */
	uint64_t seq, offset;
	enum wire_code code; /* end */
};
struct mails {
	struct mail *p; /* owned */
	size_t n, cap;
	size_t bytes; /* of frames */
};

/* Frames on their way to a lane's seats: members who did not speak are all
 * sent the same bytes, so they get them as one packet. */
enum { TRAIN_FRAMES = 256, TRAIN_BYTES = 128 << 10 };
struct train {
	struct packet *p[TRAIN_FRAMES]; /* references */
	uint32_t from[TRAIN_FRAMES], epoch[TRAIN_FRAMES];
	size_t n, bytes;
	uint32_t epoch_min;
};

enum { LANE_CROWD = 8 << 20 }; /* bytes of frames: see room_crowded */

struct lane {
	struct lane_opts o;
	struct mails box; /* under the room's lock */
	bool crowded;	  /* the same */
	/* The thread's own. */
	struct mails taken;
	struct seat **seat; /* NULL where one left; owned, the seats are not */
	size_t n, cap, holes;
	bool delivering;
	struct seat *acks; /* who is owed one */
	struct train train;
	struct member *wraps, **wraps_end; /* references */
	struct room_keys *wrap_keys;	   /* zeros between wraps */
	struct buf json;		   /* scratch for what is not secret */
};

enum { PAGES = 64 };

struct room {
	pthread_mutex_t lock;
	struct room_opts o; /* never changes */
	char name[WIRE_ROOM_MAX + 1];
	struct lane *lane[LANES_MAX];
	size_t n_lanes;
	atomic_uint crowded;	/* lanes that are */
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
	uint64_t fresh_ms, turn_ms; /* the last fresh secret, the last turn */
	bool turned;		    /* turn_ms is set */
	struct room_keys *next;	    /* of the turn that is under way */
	bool next_fresh;
	size_t unwrapped; /* of its newcomers */
	/* Pages of the list that somebody asked for since the last turn. */
	struct room_page {
		size_t first;
		struct packet *packet; /* a reference */
	} page[PAGES];
	uint64_t turns; /* so far: a page of another is no longer true */
};

void room_lock(struct room *r);
void room_unlock(struct room *r);

/* Room for n mails to every lane, so that room_post cannot fail. */
int room_post_reserve(struct room *r, size_t n) MUST_CHECK;
/* Takes over as many references as there are lanes, `only` one: one. */
void room_post(struct room *r, const struct mail *m, struct lane *only);
void mail_drop(struct mail *m);

void room_keys_free(struct room_keys *k);
struct member *member_ref(struct member *m);
void member_unref(struct member *m);
/* Its name is free, its queue is its lane's to close. */
void member_out(struct room *r, struct member *m);
struct member *room_find_name(const struct room *r, const char *name);
/* The list from `first`, an index into r->in. */
int room_page_make(struct user_list *l, struct lane *lane, struct packet **out)
    MUST_CHECK;
void room_page_fill(const struct room *r, size_t first, struct user_list *l);
void room_pages_drop(struct room *r);

/* Lane's thread. */
int lane_sit(struct lane *l, struct seat *s) MUST_CHECK;
void lane_unseat(struct seat *s);
struct turn_news *turn_news_ref(struct turn_news *t);
void turn_news_unref(struct turn_news *t);

#endif

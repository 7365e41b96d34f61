/* room_state.h - what room.c and turn.c share, and nobody else includes. */
#ifndef CONCLAVED_ROOM_STATE_H
#define CONCLAVED_ROOM_STATE_H

#include "server/room.h"
#include "shared/content.h"
#include "shared/control.h"
#include "shared/group.h"

/* What a newcomer's key is wrapped with; goes once it is in. */
struct arrival {
	uint8_t th5[WIRE_HASH];
	uint8_t wrap[WIRE_RSA_SPKI_MAX];
	size_t wrap_len;
};

struct member {
	/* What a delivery looks at. */
	bool left;
	bool spoke; /* in this turn's train */
	bool ack_due;
	uint32_t first_epoch;
	struct outq *out;	  /* borrowed; NULL once it left */
	struct user user;	  /* member 0: it waits */
	struct member **slot;	  /* borrowed */
	void *owner;		  /* borrowed */
	uint64_t seq, offset;	  /* last accepted, and where it stands */
	struct member *ack_next;  /* while ack_due */
	struct member *name_next; /* in the bucket of its name */
	struct arrival *arrival;  /* owned; while it waits */
	uint8_t *card;		  /* owned; NULL once it left */
	size_t card_len;
	uint8_t signature[WIRE_SIGNATURE];
};

/* In memory for secrets. A room keeps its newest secret only. */
struct room_keys {
	uint8_t secret[WIRE_KEY];
	struct group_epoch epoch;
};

struct people {
	struct member **p; /* owned, as what it points to */
	size_t n, cap;
};

/* By name without regard to case: all who have not left. */
struct names {
	struct member **bucket; /* cap of them, a power of two, or none */
	size_t n, cap;
};

/* What was accepted in this turn and nobody has been given yet: members who did
 * not speak are all sent the same bytes, so they get them as one packet. */
enum { TRAIN_FRAMES = 256, TRAIN_BYTES = 128 << 10 };
struct train {
	struct packet *p[TRAIN_FRAMES]; /* references */
	uint32_t from[TRAIN_FRAMES], epoch[TRAIN_FRAMES];
	size_t n, bytes;
	uint32_t epoch_min;
	bool ending;
};

struct room {
	struct room_opts o;
	char name[WIRE_ROOM_MAX + 1];
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
	struct member *acks;	    /* who is owed one */
	struct train train;
	struct buf json; /* scratch for what is not secret */
};

void room_keys_free(struct room_keys *k);
void member_free(struct member *m);
/* A page of the list from `first`, an index into r->in. */
int room_page(struct room *r, size_t first, struct packet **out) MUST_CHECK;

#endif

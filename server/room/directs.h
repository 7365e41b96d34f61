/* directs.h - what the server keeps for direct messages (PROTOCOL.md section 6):
 * the prekeys that devices publish, the queue of frames of each device, and who
 * blocks whom. With a store they outlast the server, and the frames' bytes are
 * there alone; without one they are here.
 *
 * A device has a box from its first prekeys on, and loses it with its account.
 * Times are unix seconds. Any thread may call any function; its lock is taken
 * last of all. *ticket is of the store: nobody is told before; 0: at once. */
#ifndef CONCLAVED_ROOM_DIRECTS_H
#define CONCLAVED_ROOM_DIRECTS_H

#include "server/store/kept.h"
#include "shared/proto/prekeys.h"

enum {
	DIRECTS_FRAMES = 1000,	/* in a box */
	DIRECTS_OF_SENDER = 100, /* of one account in a box */
	DIRECTS_BYTES = 4 << 20, /* in a box */
	DIRECTS_SENT = 16 << 20, /* of one account in all boxes */
	/* In all, without a store; and only while quota_fits says so. */
	DIRECTS_IN_MEMORY = 64 << 20,
	/* `once` keys that one account is given of one device: at a time, and one
	 * more each so many seconds. */
	DIRECTS_GIVE = 10,
	DIRECTS_GIVE_S = 60,
	/* Keys that a device publishes: at a time, and one more each so many
	 * seconds. Each costs a verified signature. */
	DIRECTS_PUBLISH = 300,
	DIRECTS_PUBLISH_S = 10,
	DIRECTS_SWEEP_S = 3600,
};
#define DIRECTS_IN_STORE (UINT64_C(1) << 30) /* in all, with one */

struct directs;
struct store;
struct directs *directs_new(void); /* NULL: no memory */
void directs_free(struct directs *t);
/* One part of what was stored, before directs_keep. ERR_NOMEM; ERR_LIMIT: it
 * belongs to nothing, and is left out. */
int directs_restore(struct directs *t, const struct store_direct *d) MUST_CHECK;
void directs_keep(struct directs *t, struct store *s); /* borrowed */

struct directs_counts {
	size_t devices; /* with prekeys */
	size_t frames;	/* that wait */
	uint64_t bytes;
};
void directs_counts(struct directs *t, struct directs_counts *out);

/* --- prekeys --------------------------------------------------------------- */

/* What a device publishes; its signatures are verified already. `refused` is
 * CODE_NONE, CODE_QUOTA, or CODE_BAD_VALUE: it has one of these keys already.
 * ERR_NOMEM: nothing has changed. */
struct directs_device {
	const uint8_t *identity, *account;
};
int directs_publish(struct directs *t, const struct directs_device *d,
    const struct prekeys_set *s, enum wire_code *refused,
    uint64_t *ticket) MUST_CHECK;
/* Whether it may publish so many keys at this time. It then counts as done. */
bool directs_may_publish(struct directs *t,
    const uint8_t identity[WIRE_ED25519], size_t n, uint64_t now_s);
void directs_mine(struct directs *t, const uint8_t identity[WIRE_ED25519],
    struct prekeys_mine *out);
/* A key of this device for somebody: one that is used once, if there is one and
 * the asker has not been given too many. out->has_key is false if the device has
 * published none. ERR_NOMEM. */
int directs_give(struct directs *t, const uint8_t identity[WIRE_ED25519],
    const uint8_t asker[WIRE_KEY], uint64_t now_s, struct prekeys_device *out,
    uint64_t *ticket) MUST_CHECK;

/* --- blocks ----------------------------------------------------------------- */

/* ERR_LIMIT: it blocks as many as it may. ERR_NOMEM. */
int directs_block(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY], bool on, uint64_t *ticket) MUST_CHECK;
bool directs_blocks(struct directs *t, const uint8_t account[WIRE_KEY],
    const uint8_t other[WIRE_KEY]);
/* Whom it blocks. */
size_t directs_blocked(struct directs *t, const uint8_t account[WIRE_KEY],
    uint8_t out[WIRE_BLOCKS][WIRE_KEY]);

/* --- frames ------------------------------------------------------------------ */

struct directs_letter {
	const uint8_t *to; /* fingerprint of the recipient's identity */
	const uint8_t *identity, *account; /* the sender's */
	const char *name;		   /* of its account */
	const uint8_t *body;
	size_t len;
	uint64_t now_s;
};
/* Takes a frame. `refused` is CODE_NONE, _NO_ACCOUNT, _BLOCKED or _QUOTA.
 * ERR_NOMEM: it is not taken. */
int directs_put(struct directs *t, const struct directs_letter *l,
    enum wire_code *refused, uint64_t *ticket) MUST_CHECK;

/* Whoever gets a device's frames: the last that asked, but never an older connection
 * while a newer one reads. (What a connection that is lost had asked can be read after
 * the next one has, by another thread.) news is called with the
 * lock held, from any thread: there are frames, or few keys are left. */
struct directs_reader {
	void (*news)(struct directs_reader *r);
	uint64_t came_ms; /* when its connection did */
	/* directs.c's: */
	uint8_t identity[WIRE_ED25519];
	bool low; /* few keys are left, so many: */
	uint32_t left;
};
/* False: the device has no box, or another one reads. With `take` it takes the place
 * of one whose connection is not newer. */
bool directs_read(struct directs *t, struct directs_reader *r,
    const uint8_t identity[WIRE_ED25519], uint64_t now_s, bool take);
/* It is on no list then, and no news is on its way. */
void directs_stop(struct directs *t, struct directs_reader *r);
/* Whether it is still the one that reads. *low: so many keys are left, said
 * once; UINT32_MAX: nothing new. */
bool directs_reads(struct directs *t, struct directs_reader *r, uint32_t *low);
/* The first frame behind this number: its number and ticket. False: none. */
bool directs_next(struct directs *t, struct directs_reader *r, uint64_t after,
    uint64_t *number, uint64_t *ticket);
/* Without a store: calls `each` for frames from this number on, until it says
 * false. */
void directs_each(struct directs *t, struct directs_reader *r, uint64_t from,
    bool (*each)(void *arg, const struct store_direct *d), void *arg);
/* The certificate that a device has published; 0: none. */
size_t directs_certificate(struct directs *t,
    const uint8_t identity[WIRE_ED25519], uint8_t out[WIRE_CERTIFICATE_MAX]);
/* The device has all up to this number. ERR_NOMEM. */
int directs_ack(struct directs *t, struct directs_reader *r,
    uint64_t upto) MUST_CHECK;

/* --- the end ------------------------------------------------------------------ */

/* The device is no longer this account's. */
void directs_forget_device(struct directs *t,
    const uint8_t identity[WIRE_ED25519], const uint8_t account[WIRE_KEY]);
/* The account is gone: its devices' boxes, and blocks of and by it. */
void directs_forget(struct directs *t, const uint8_t account[WIRE_KEY]);
/* Drops the boxes of devices of which `is` says false. */
void directs_filter(struct directs *t,
    bool (*is)(void *arg, const uint8_t identity[WIRE_ED25519],
	const uint8_t account[WIRE_KEY]),
    void *arg);

#endif

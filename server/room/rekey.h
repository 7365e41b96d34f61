/* rekey.h - a rekey: a new epoch of a room because members joined or left or
 * the key is old, and the notices about it. Inner header of server/room.
 *
 * A rekey has two steps. The first decides its kind, makes the key, and lets
 * the threads wrap it for their newcomers, a few in each loop step. When all
 * are wrapped, the second posts the epoch update to all shards. Nothing is
 * sent before that. The room's owning thread runs both.
 *
 * A rekey for a leave is due at once, or WIRE_EPOCH_MS after the last fresh
 * secret. It waits for no wrap: if keys are being wrapped, a join step is
 * discarded (the leaver can compute it), and a fresh secret is posted with the
 * newcomers whose keys are ready. The others are wrapped anew right after it,
 * now with a fresh secret, so that the next leave takes along those who are
 * ready by then and nobody waits forever. Any other rekey is due
 * WIRE_EPOCH_MS after the last of its sort, and takes members who left along.
 *
 * A kick does not wait for WIRE_EPOCH_MS either. When somebody may no longer
 * speak, or may again (voice), a fresh secret is due as for a leave, so that
 * what they had on its way falls behind the fence.
 *
 * What has to be said in the room beside joins and leaves waits as a struct
 * rekey_say, in order, and goes out after the rekey that it is about, or at
 * once in the current epoch.
 *
 * A checkpoint is a notice with the newest entry of the log and the chain there,
 * which the server signs like every notice. A rekey with a fresh secret makes one
 * if the last is older than the longest time between two keys, and the log has
 * grown since. */
#ifndef CONCLAVED_ROOM_REKEY_H
#define CONCLAVED_ROOM_REKEY_H

#include <pthread.h>

#include "server/net/timer.h"
#include "server/room/mailbox.h"
#include "server/room/members.h"
#include "server/room/pages.h"
#include "shared/proto/notice.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"

/* Newcomers per rekey; others wait for the next. */
enum { REKEY_NEWCOMERS_MAX = 1024 };

/* The reason for a fresh secret, in PROTOCOL.md's words. */
enum rekey_reason {
	REKEY_TIMER,
	REKEY_LEAVE,
	REKEY_JOIN,
	REKEY_KICK,
	REKEY_VOICE,
};

/* The least time between two checkpoints that members ask for. */
enum { REKEY_SIGN_MS = 10000 };

enum rekey_state {
	REKEY_IDLE,
	REKEY_WRAPPING, /* `next` is made; newcomers' keys are being wrapped */
};

/* In memory for secrets. A room keeps only its newest secret, and the next
 * one during a rekey. */
struct room_keys {
	uint8_t secret[WIRE_KEY];
	struct group_epoch epoch;
};
void room_keys_free(struct room_keys *k);

/* What a room with a history keeps: archive.h. Locked. */
struct rekey_archive {
	bool (*on)(const struct room *r);
	int (*entry)(struct room *r, const struct log_head *before,
	    const struct log_head *head, struct frame *p);
	int (*epoch)(struct room *r, const struct group_epoch *e,
	    const uint8_t roster[WIRE_HASH]);
	int (*person)(struct room *r, const struct member *m);
	void (*member)(struct room *r, const struct member *m,
	    const struct log_head *head);
	bool (*since)(
	    const struct room *r, const struct member *m, uint64_t *out);
	/* Entries were kept that cannot be delivered: puts everybody out. */
	void (*broken)(struct room *r);
};

/* The room that is rekeyed. All borrowed; what the pointers point to, except
 * the first three, is under the lock. */
struct rekey_opts {
	struct directory *directory;
	const struct identity *identity; /* the server's */
	pthread_mutex_t *lock;		 /* the room's */
	struct members *members;
	struct room_mail *mail;
	struct pages *pages;
	struct log_head *head; /* the newest entry of the log */
	struct room *room;     /* only for callbacks */
	/* What a newcomer learns of the room, but its log's head. Locked. */
	void (*entry)(const struct room *r, struct room_entry *out);
	/* The control frame for one that may not speak. NULL: no memory. */
	struct frame *(*voice)(
	    const struct room *r, const struct member *m, const char *by);
	/* A mute may have ended (rekey_voice_at). Locked. */
	void (*voices)(struct room *r, uint64_t now_ms);
	const struct rekey_archive *archive;
	struct rng rng;
	struct group_place place;
	uint32_t id; /* of the room */
	uint32_t rekey_ms;
};

/* Something to say in the room, once. Whoever asked for it is answered after
 * it, if still there. */
struct rekey_say {
	STAILQ_ENTRY(rekey_say) next;
	enum notice_event event;
	struct notice_more more;
	bool after_fresh;     /* after the next fresh secret */
	struct member *asker; /* a reference, or NULL */
	struct frame *answer; /* owned */
	uint32_t number;      /* of the request */
};
void rekey_say_free(struct rekey_say *s); /* NULL is a no-op */

/* A room's. Only rekey*.c assigns, except `frames`
 * and `said`; under the room's lock. */
struct rekey {
	struct rekey_opts o;	/* never changes */
	enum rekey_state state; /* the driver's alone */
	struct room_keys *keys; /* owned; NULL: no member has one */
	uint32_t epoch, fence;	/* the newest; the newest with a fresh secret */
	uint8_t roster[WIRE_HASH]; /* of the newest */
	uint64_t frames;	   /* since the fence */
	uint64_t seq;		   /* of the server's notices */
	uint64_t fresh_ms;	   /* when the last fresh secret was made */
	uint64_t next_ms;	   /* earliest time of the next but a leave's */
	uint64_t retry_ms;	   /* earliest time of any, after an error */
	bool interrupted;	   /* wraps were discarded; the next is fresh */
	bool renew;	   /* the next secret has to be fresh, and is due */
	bool kicked;	   /* somebody who left was put out */
	bool voice;	   /* somebody's voice has changed */
	uint64_t voice_ms; /* when to call o.voices; UINT64_MAX: never */
	/* The newest checkpoint: its own offset in the log, when it was made, and
	 * when one was asked for. */
	uint64_t signed_at, signed_ms, sign_asked_ms;
	bool said; /* a member has said something since then */
	STAILQ_HEAD(, rekey_say) say; /* owned; empty if no member stays */

	/* REKEY_WRAPPING: */
	struct room_keys *next; /* owned */
	bool next_fresh;
	size_t unwrapped; /* newcomers whose keys are not wrapped yet */
	uint64_t attempt; /* number of this rekey; detects stale wraps */

	/* The schedule's: */
	struct rekeys *owner; /* borrowed; NULL until the first member */
	bool looked_at;	      /* on owner->look */
	bool held;	      /* looked at or with a timer: a reference */
	STAILQ_ENTRY(rekey) look;
	struct timer due; /* used by the owner's thread only */
};
void rekey_init(struct rekey *k, const struct rekey_opts *o);
void rekey_free(struct rekey *k); /* frees what it owns */

/* Arguments of a rekey. */
struct rekey_run {
	struct crypto *crypto;
	struct buf *json; /* scratch, not for secrets */
	uint64_t now_ms, wall_ms;
};
/* Runs one step, or both if there is nothing to wrap. On an error (our own)
 * nothing was sent and nothing has changed; the next rekey tries again.
 * Takes the room's lock. */
int rekey_run(struct rekey *k, const struct rekey_run *run) MUST_CHECK;
/* The newest epoch; 0: none yet. Takes the room's lock. */
uint32_t rekey_epoch(struct rekey *k);
/* When rekey_run is due (maybe long ago). UINT64_MAX: never, or not until
 * newcomers' keys are wrapped. Takes the room's lock. */
uint64_t rekey_deadline(struct rekey *k);

/* The second step, in rekey_post.c. The room is locked. */
int rekey_post(struct rekey *k, const struct rekey_run *run) MUST_CHECK;
/* Says in the current epoch what is to be said there. The room is locked. */
int rekey_post_said(struct rekey *k, const struct rekey_run *run) MUST_CHECK;

/* --- from other threads; the room is locked ------------------------------ */

/* The deadline may have changed. */
void rekey_look(struct rekey *k);
/* A member or newcomer leaves, because of m->cause. The next rekey announces
 * it. */
void rekey_leave(struct rekey *k, struct member *m);
/* Somebody's voice has changed. */
void rekey_voice(struct rekey *k);
/* o.voices is to be called then, or earlier. */
void rekey_voice_at(struct rekey *k, uint64_t at_ms);
/* Whether a member may have a checkpoint made now; if so, that is noted. */
bool rekey_may_sign(struct rekey *k, uint64_t now_ms);
/* Takes over *s. The offset and chain of a NOTICE_CHECKPOINT are filled in when
 * it is sealed. */
void rekey_say(struct rekey *k, struct rekey_say *s);

/* The data to wrap for a newcomer. Its own, since the newcomer may leave and
 * the rekey be cancelled meanwhile. */
struct rekey_wrap {
	struct entrant *person; /* a reference */
	uint32_t member;
	uint64_t attempt;
	bool has_since; /* it may read the log behind `since` */
	uint64_t since;
};
/* Takes the room's lock itself. False: the key is no longer wanted. Otherwise
 * *keys must be wiped afterwards, and w->person given back. */
bool rekey_wrap_begin(struct rekey *k, const struct member *m,
    struct rekey_wrap *w, struct room_keys *keys);
/* Takes over the welcome's reference. Takes the room's lock itself. */
void rekey_wrap_end(struct rekey *k, struct member *m,
    const struct rekey_wrap *w, struct frame *welcome);

/* --- the schedule: rekey_schedule.c -------------------------------------- */

/* A thread's: the rekeys of the rooms that it owns. */
struct rekeys {
	pthread_mutex_t lock;
	STAILQ_HEAD(rekey_list, rekey) look; /* rooms with a new deadline */
	atomic_bool looking;		     /* `look` is not empty */
	atomic_size_t n_rooms;		     /* held */
	void (*wake)(void *arg);
	void *arg;
	/* The thread's own. */
	struct timers timers;
	uint64_t retry_ms; /* retry timers then, after ERR_NOMEM; 0: no */
	struct rekeys_run *running;
};
struct rekeys_run {
	struct rekey_run run;
	void (*done)(void *arg, struct room *r, int err); /* NULL: none */
	void *arg;
};
int rekeys_init(
    struct rekeys *t, void (*wake)(void *arg), void *arg) MUST_CHECK;
void rekeys_free(struct rekeys *t);
uint64_t rekeys_deadline(struct rekeys *t);
void rekeys_run(struct rekeys *t, struct rekeys_run *run);
/* Makes a fresh secret in each room of this thread before anything else is
 * sealed there: the machine may be a copy of another that has the same
 * secrets. */
void rekeys_renew(struct rekeys *t);
/* Has the server sign the log of each room of this thread in which something was
 * said since it did so last: the next rekeys_run. */
void rekeys_sign(struct rekeys *t);
/* This thread runs the room's rekeys. The room is locked. */
void rekeys_own(struct rekeys *t, struct rekey *k);

#endif

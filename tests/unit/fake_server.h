/* fake_server.h - a server built from shared/ for tests of the client: it does
 * what a test orders, right or wrong, and records as lines of text what the
 * client sent. Also the client's session connected to it (struct world). */
#ifndef CONCLAVE_FAKE_SERVER_H
#define CONCLAVE_FAKE_SERVER_H

#include "client/session/session.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake.h"
#include "shared/proto/link.h"
#include "shared/proto/logchain.h"
#include "tests/unit/check.h"

enum {
	FAKE_PEOPLE = 512,
	FAKE_EPOCHS = 64,
	FAKE_LINES = 1024,
	FAKE_KEPT = 1024, /* entries of its history */
	FAKE_OWN = 1024, /* frames of the client without a mark */
	FAKE_BODIES = 8, /* the newest of them, as they came */
};

struct lines {
	char *text[FAKE_LINES];
	size_t n, next;
};
void lines_add(struct lines *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void lines_free(struct lines *l);

/* Another member, simulated by the fake. */
struct peer {
	struct user user;
	struct identity *id;
	uint64_t seq;
};

struct fake_roster {
	bool set;
	uint8_t hash[WIRE_HASH];
};

/* The client's frames in a room. */
struct fake_own {
	uint8_t digest[FAKE_OWN][WIRE_HASH]; /* by seq */
	uint64_t sent, marked;		     /* seqs */
	uint64_t offset;		     /* of the last mark */
	struct {
		uint8_t p[4096];
		size_t n;
	} body[FAKE_BODIES]; /* by seq */
	struct user as;	     /* whose they are in the history */
};

struct fake {
	struct crypto *crypto;
	struct rng rng;
	struct identity *id;
	uint8_t session[WIRE_NONCE];
	struct pake_record *record;
	uint8_t salt; /* its first byte; the fake's record fits any */
	struct handshake *handshake;
	struct link *link;
	enum wire_code refuse; /* instead of `confirm` */
	enum wire_code hint;   /* an error message after `finish` */
	bool open;	       /* a socket is open */
	/* the tickets that hello showed */
	uint8_t shown[WIRE_TICKET]; /* the last one */
	size_t n_shown;
	/* the client */
	uint32_t member;
	struct user self;
	char asked_room[WIRE_ROOM_MAX + 1];
	uint8_t th5[WIRE_HASH];
	struct buf wrap_spki;
	/* the room */
	uint32_t room, epoch;
	const char *room_name;
	uint8_t secret[WIRE_KEY];
	struct group_epoch epochs[FAKE_EPOCHS];
	struct fake_roster rosters[FAKE_EPOCHS]; /* of the epochs */
	size_t n_epochs;
	uint8_t server[WIRE_HASH], log[WIRE_LOG];
	uint64_t notice_seq, offset;
	struct group_place place;
	struct user people[FAKE_PEOPLE]; /* ascending, with the client */
	size_t n_people;
	struct peer peers[8];
	size_t n_peers;
	/* frames for the next record; records for the client */
	struct buf bodies, in, out;
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[256];
	size_t n_frames;
	size_t records;	  /* number received */
	struct lines got; /* their contents */
	uint8_t last_id[WIRE_ID];
	/* The room's log; and its history, if it has one (fake_keep). */
	struct log_head head;
	bool keeps;
	uint64_t since; /* told to the client, if it keeps */
	struct fake_kept {
		uint8_t *body; /* owned; NULL: a mark is given for it */
		size_t n;
		uint8_t digest[WIRE_HASH];
		struct log_head before;
	} kept[FAKE_KEPT];
	size_t n_kept;
	struct fake_own own;
	bool has_view; /* in the client's last frame */
	struct log_view view;
};

struct peer *fake_peer(struct fake *f, uint32_t member, const char *name);
void fake_person(struct fake *f, const struct user *u);

/* Control frames. fill: makes the correct contents; put: queues it as is. */
void fake_control(struct fake *f, struct buf *json, bool step);
void fake_fill_key(struct fake *f, struct key_exchange *k);   /* wraps */
void fake_fill_fresh(struct fake *f, struct key_exchange *k); /* makes it */
void fake_put_key(struct fake *f, const struct key_exchange *k);
void fake_fill_list(struct fake *f, struct user_list *l, uint32_t after);
void fake_put_list(struct fake *f, const struct user_list *l);
/* Accepts the client's frames up to seq: marks, then an acknowledgement. It
 * says seq even if there are not so many frames. */
void fake_ack(struct fake *f, uint64_t seq);
void fake_put_ack(struct fake *f, uint64_t seq, uint64_t offset); /* as it is */
void fake_bye(struct fake *f, enum wire_code code);
void fake_ping(struct fake *f, bool pong, int64_t id);
void fake_json(struct fake *f, const char *json);
/* Answers a request; room: 0 unless the answer has one. */
void fake_done(struct fake *f, uint32_t number, uint32_t room);
void fake_failed(
    struct fake *f, uint32_t number, enum wire_code code, const char *text);

/* Begins the log of the room anew; there is one from the start. */
void fake_log(struct fake *f);
void fake_mark(struct fake *f, const struct log_mark *m); /* as it is */
/* An entry of somebody else that the client is not given. */
void fake_pass(struct fake *f);
/* A view of the log as it is, as JSON's "view" in a member's content. */
const char *fake_view(struct fake *f, const struct log_head *head);

/* fake_history.c: the room has a history from now on. */
void fake_keep(struct fake *f);
/* The server signs that this is the log. */
void fake_checkpoint(struct fake *f, const struct log_head *head);
/* The next entry of the log, with the head before it. body: NULL for a mark. */
void fake_kept_add(
    struct fake *f, const uint8_t *body, size_t n, const uint8_t *digest);
void fake_kept_free(struct fake *f);
/* The client's frame is in the log, and it is not told. */
void fake_logged(struct fake *f, uint64_t seq);
/* The frame that was put last is a mark for the client. */
void fake_unseen(struct fake *f);
/* Forgets the frames put: the client is not there, but the log has them. */
void fake_away(struct fake *f);
/* A batch in answer to a request, without the `done`: its head, which `change`
 * may bend, and its entries. */
void fake_batch(struct fake *f, uint32_t number, uint64_t first, uint64_t last,
    void (*change)(struct log_batch *h));

/* Puts the client in the room: sends the key and the first page. */
void fake_admit(struct fake *f);
void fake_fresh(struct fake *f, const char *reason);

/* Steps the room's secret without a notice. */
void fake_step(struct fake *f);
const struct group_epoch *fake_epoch(struct fake *f, uint32_t epoch);
/* The roster of an epoch: of those who are in f->people when it is first
 * needed. */
const uint8_t *fake_roster(struct fake *f, uint32_t epoch);
/* Where the room is. Valid until the next call. */
const struct group_place *fake_place(struct fake *f);
/* A notice: sealed in one epoch, naming another, with the next seq. */
void fake_notice(struct fake *f, enum notice_event e, uint32_t sealed_in,
    uint32_t names, const struct user *users, size_t n);
void fake_notice_json(
    struct fake *f, uint32_t sealed_in, uint64_t seq, const char *json);
/* A notice of a later version; its commit is the epoch's, or damaged. */
void fake_notice_event(
    struct fake *f, uint64_t seq, const char *event, uint32_t names, int spoil);
/* Takes somebody off f->people. */
void fake_gone(struct fake *f, uint32_t member);
void fake_join(struct fake *f, const struct peer *p);
/* reason: leave, kick, quit */
void fake_leave(struct fake *f, const struct peer *p, const char *reason);

/* A member's frame. say: uses the next seq, the newest epoch, a new id. */
void fake_say(struct fake *f, struct peer *p, const char *text);
struct saying {
	uint32_t room, epoch, member;
	uint64_t seq;
	const uint8_t *id;	       /* NULL: made from the seq */
	const char *text;	       /* or json */
	const char *json;	       /* in place of a message */
	const struct identity *signer; /* NULL: the peer's own */
	size_t flip;		       /* a byte of the body to flip; 0: none */
};
void fake_say_as(struct fake *f, struct peer *p, const struct saying *s);
/* The text "x", with this view of the log. */
void fake_say_view(
    struct fake *f, struct peer *p, const struct log_head *head);

void fake_flush(struct fake *f); /* makes a record of the frames put */
void fake_input(struct fake *f, const uint8_t *p, size_t n);

/* --- the client's side -------------------------------------------------- */

struct world {
	struct fake fake;
	struct crypto *crypto;
	struct identity *id;
	struct session *s;
	struct session_opts opts;
	uint8_t pin[WIRE_HASH];
	uint8_t stretched[80];
	uint64_t now, seed;
	size_t split; /* input in pieces of this size; 0: whole */
	const char
	    *spoil;	/* flips a bit after these characters to the client */
	bool no_kdf;	/* the password is never stretched */
	bool late_wrap; /* no RSA pair yet */
	bool deaf;	/* the server reads nothing */
	struct lines events;
	uint32_t wait_ms, rtt_ms;
	const char *changed, *verified; /* names with that trust */
	const char *fresh;		/* TRUST_NEW until it has spoken */
	char met[256], spoke[256];
};

struct world *world_new(void);
void world_free(struct world *w);
/* Starts the session, if world_join has not yet. */
void world_start(struct world *w);
/* Takes the events that there are. */
void world_drain(struct world *w);
/* Opens a socket and pumps until both sides are idle. */
void world_connect(struct world *w);
/* Moves bytes both ways until idle; the fake flushes the frames put. */
void world_pump(struct world *w);
/* Connects and joins with `n` peers (members 1..n), the client as n + 1; checks
 * and consumes the events up to CONNECTED. */
void world_join(struct world *w, size_t n);
void world_lose(struct world *w, const char *why);
void world_tick(struct world *w, uint64_t ms);
/* After a loss: the client rejoins as a new member, in a later epoch of the same
 * session. */
void world_come_back(struct world *w);
void world_say(struct world *w, const char *text);
/* Of a room, the first one if NULL. */
struct session_room_status world_status(
    const struct world *w, const struct chatroom *room);

/* The events (or what the fake got) since the last check are exactly these. */
void check_events(struct world *w, ...) __attribute__((sentinel));
void check_got(struct world *w, ...) __attribute__((sentinel));
/* The connection has ended with bye protocol and exit status 6. */
void check_breach(struct world *w, int err);
/* The same, and that was all of the test: frees the world. */
static inline void check_lie(struct world *w, int err)
{
	world_pump(w);
	check_breach(w, err);
	world_free(w);
}

#endif

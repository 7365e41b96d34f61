/* fake_server.h - a server made of shared/ for tests of the client: it does
 * what a test tells it, right or wrong, and writes down as lines of text what
 * the client sent. And the client's session beside it (struct world). */
#ifndef CONCLAVE_FAKE_SERVER_H
#define CONCLAVE_FAKE_SERVER_H

#include "client/session/session.h"
#include "shared/proto/content.h"
#include "shared/proto/control.h"
#include "shared/proto/group.h"
#include "shared/proto/handshake.h"
#include "shared/proto/link.h"
#include "tests/unit/check.h"

enum { FAKE_PEOPLE = 512, FAKE_EPOCHS = 64, FAKE_LINES = 1024 };

struct lines {
	char *text[FAKE_LINES];
	size_t n, next;
};
void lines_add(struct lines *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void lines_free(struct lines *l);

/* Another member, played by the fake. */
struct peer {
	struct user user;
	struct identity *id;
	uint64_t seq;
};

struct fake {
	struct crypto *crypto;
	struct rng rng;
	struct identity *id;
	uint8_t session[WIRE_NONCE];
	struct pake_record *record;
	struct handshake *handshake;
	struct link *link;
	enum wire_code refuse; /* instead of `confirm` */
	enum wire_code hint;   /* an error message after `finish` */
	bool open;	       /* there is a socket */
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
	size_t n_epochs;
	uint64_t notice_seq, offset;
	struct user people[FAKE_PEOPLE]; /* ascending, the client too */
	size_t n_people;
	struct peer peers[8];
	size_t n_peers;
	/* frames that make the next record, records for the client */
	struct buf bodies, in, out;
	struct {
		uint8_t kind;
		size_t off, len;
	} frames[256];
	size_t n_frames;
	size_t records;	  /* that came */
	struct lines got; /* what came in them */
	uint8_t last_id[WIRE_ID];
};

struct peer *fake_peer(struct fake *f, uint32_t member, const char *name);
void fake_person(struct fake *f, const struct user *u);

/* Control frames. fill: the right contents; put: as they are. */
void fake_control(struct fake *f, struct buf *json, bool step);
void fake_fill_key(struct fake *f, struct key_exchange *k);   /* wrapped */
void fake_fill_fresh(struct fake *f, struct key_exchange *k); /* makes it */
void fake_put_key(struct fake *f, const struct key_exchange *k);
void fake_fill_list(struct fake *f, struct user_list *l, uint32_t after);
void fake_put_list(struct fake *f, const struct user_list *l);
void fake_ack(struct fake *f, uint64_t seq);
void fake_bye(struct fake *f, enum wire_code code);
void fake_ping(struct fake *f, bool pong, int64_t id);
void fake_json(struct fake *f, const char *json);

/* Puts the client in the room: the key, the first page. */
void fake_admit(struct fake *f);
void fake_fresh(struct fake *f, const char *reason);

/* A step of the room's own secret, without telling anyone. */
void fake_step(struct fake *f);
const struct group_epoch *fake_epoch(struct fake *f, uint32_t epoch);
/* A notice: sealed in one epoch, naming another, with the next seq. */
void fake_notice(struct fake *f, enum notice_event e, uint32_t sealed_in,
    uint32_t names, const struct user *users, size_t n);
void fake_notice_json(
    struct fake *f, uint32_t sealed_in, uint64_t seq, const char *json);
/* One of a later version; the commit is that of the epoch or spoilt. */
void fake_notice_event(
    struct fake *f, uint64_t seq, const char *event, uint32_t names, int spoil);
void fake_join(struct fake *f, const struct peer *p);
void fake_leave(struct fake *f, const struct peer *p, const char *reason);

/* A member's frame. say: the next seq, the newest epoch, a new id. */
void fake_say(struct fake *f, struct peer *p, const char *text);
struct saying {
	uint32_t room, epoch, member;
	uint64_t seq;
	const uint8_t *id;	       /* NULL: made from the seq */
	const char *text;	       /* or: */
	const char *json;	       /* instead of a message */
	const struct identity *signer; /* NULL: the peer's own */
	size_t flip;		       /* a byte of the body to change; 0: no */
};
void fake_say_as(struct fake *f, struct peer *p, const struct saying *s);

void fake_flush(struct fake *f); /* what was put becomes a record */
void fake_input(struct fake *f, const uint8_t *p, size_t n);

/* --- the client beside it --------------------------------------------------
 */

struct world {
	struct fake fake;
	struct crypto *crypto;
	struct identity *id;
	struct session *s;
	struct session_opts opts;
	uint8_t pin[WIRE_HASH];
	uint8_t stretched[80];
	uint64_t now, seed;
	size_t split; /* input in pieces of so many bytes; 0: whole */
	const char
	    *spoil;	/* flips a bit after these characters to the client */
	bool no_kdf;	/* the password is not stretched */
	bool late_wrap; /* no RSA pair yet */
	bool deaf;	/* the server reads nothing */
	struct lines events;
	uint32_t wait_ms, rtt_ms;
	const char *changed, *verified; /* names whose trust is that */
	char met[256];
};

struct kem_rsa *world_wrap(void);
struct world *world_new(void);
void world_free(struct world *w);
/* The session, made by world_join if it is not there yet. */
void world_start(struct world *w);
/* A socket, and everything until nobody has anything to say. */
void world_connect(struct world *w);
/* Both directions until quiet; the fake flushes what was put. */
void world_pump(struct world *w);
/* Connected and in the room with `n` peers (members 1..n), client n + 1;
 * events up to CONNECTED are checked and gone. */
void world_join(struct world *w, size_t n);
void world_lose(struct world *w, const char *why);
void world_tick(struct world *w, uint64_t ms);
void world_say(struct world *w, const char *text);

/* All events (what the fake got) since the last check are exactly these. */
void check_events(struct world *w, ...) __attribute__((sentinel));
void check_got(struct world *w, ...) __attribute__((sentinel));
/* The connection has ended with bye protocol and exit status 6. */
void check_breach(struct world *w, int err);

#endif

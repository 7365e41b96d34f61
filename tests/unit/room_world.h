/* room_world.h - a room without sockets, for tests. Each peer is a queue, a
 * link and a minimal client. It opens and checks its frames as a client does,
 * and reports them in words, so a test reads as a list of a member's events. */
#ifndef CONCLAVE_ROOM_WORLD_H
#define CONCLAVE_ROOM_WORLD_H

#include "server/log/log_memory.h"
#include "server/room/memberships.h"
#include "server/room/registry.h"
#include "server/room/room.h"
#include "server/room/room_thread_int.h"
#include "tests/unit/check.h"

enum { ROOM_ID = 1, PEERS = 1100, SECOND = 1000, STORY = 1 << 14 };

enum { PEER_PEOPLE = 256 };
struct peer {
	struct world *w;
	struct outq q;
	struct link *server, *client;
	struct memberships rooms;
	struct member *member; /* of `rooms`; NULL: it has never come */
	struct identity *identity;
	struct hs_result result;
	struct entrant *person; /* of that result */
	uint32_t id;
	uint64_t seq; /* of its last frame */
	uint64_t server_seq;
	struct group_epoch old, now; /* the epochs it can open */
	uint8_t secret[WIRE_KEY];
	uint8_t log[WIRE_LOG], roster[WIRE_HASH];
	struct group_place place;
	struct log_head head;	/* of its log, with what it was sent */
	struct log_head before; /* of its last entry */
	struct user people[PEER_PEOPLE]; /* ascending; if n_people is not 0 */
	size_t n_people;
	bool listed; /* has its first page */
	uint8_t *wire;
	size_t n_wire, allowance;
	char story[STORY];
	size_t n_story;
};

struct world {
	struct crypto *crypto;
	struct identity *identity;
	struct kem_rsa *wrap; /* shared by all peers: making one is slow */
	struct buf spki;
	struct outq_ready ready;
	struct outq_work work;
	struct directory *directory;
	struct standing *standing;
	struct registry registry;
	struct log *log;
	struct room_opts o;
	struct room *room;
	struct room_thread *thread[2]; /* one real thread runs both */
	size_t at;		       /* index of the newcomers' thread */
	struct member *left; /* last member that was put out of a room ... */
	enum wire_code left_code; /* ... and why */
	bool left_unseen;	  /* ... as in struct room_out */
	uint32_t left_unanswered;
	struct member *ended; /* last member that a room ended */
	enum wire_code ended_code; /* the expected reason */
	uint64_t now_ms;
	struct peer *peer[PEERS];
	size_t n;
};

/* For cmocka: *state is the struct world. */
int world_up(void **state);
int world_down(void **state);
struct peer *peer_new(struct world *w, const char *name);
/* What its handshake has proved: p->result as it is now. Borrowed, until the next
 * call. */
struct entrant *peer_card(struct peer *p);
/* Enters the room. Returns the reason of a refusal, or CODE_NONE. */
enum wire_code peer_comes(struct world *w, struct peer *p);
/* Makes a peer and enters it; it waits for a rekey. */
struct peer *peer_enter(struct world *w, const char *name);

/* Leaves, if it is in the room. */
void peer_free(struct peer *p);
/* A rekey with both its steps, and others that are then due, at w->now_ms;
 * returns as rekey_run. */
int world_rekey_all(struct world *w);
/* One step of a rekey at w->now_ms, if it is due; returns as rekey_run. */
int world_rekey(struct world *w);
/* A thread of w->directory, or NULL. */
struct room_thread *world_thread(struct world *w);
/* The mailbox of w->thread[i] in w->room, or NULL if no member is there. */
const struct mailbox *world_mailbox(const struct world *w, size_t i);
const struct mailbox *world_mailbox_of(
    const struct world *w, const struct room *r, size_t i);
/* From now on its room has this history in this store (borrowed). */
void world_keeps(struct world *w, struct store *s, enum room_history h);
/* Its room waits for the store. */
bool world_pending(const struct world *w);
/* Ends a loop step. */
void world_deliver(struct world *w);

/* Writes the queue and reads it as the client. Returns the events since the
 * last call, in words; valid until the next call. */
const char *peer_reads(struct peer *p);
#define READS(p, words) assert_string_equal(peer_reads(p), words)

#endif

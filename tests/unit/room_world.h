/* room_world.h - a room without a socket, for tests. Each peer is a queue, a link
 * and the few things that a client keeps. What it receives is opened and checked
 * as a client would, and retold in words: a test reads as what a member lives
 * through. */
#ifndef CONCLAVE_ROOM_WORLD_H
#define CONCLAVE_ROOM_WORLD_H

#include "server/log/log_memory.h"
#include "server/room/shard.h"
#include "tests/unit/check.h"

enum { ROOM_ID = 1, PEERS = 1100, SECOND = 1000, STORY = 1 << 14 };

struct peer {
	struct world *w;
	struct outq q;
	struct link *server, *client;
	struct membership membership;
	struct identity *identity;
	struct hs_result result;
	uint32_t id;
	uint64_t seq; /* its own */
	uint64_t server_seq;
	struct group_epoch old, now; /* what it can open */
	uint8_t secret[WIRE_KEY];
	uint8_t *wire;
	size_t n_wire, allowance;
	char story[STORY];
	size_t n_story;
};

struct world {
	struct crypto *crypto;
	struct identity *identity;
	struct kem_rsa *wrap; /* of all peers: making one is slow */
	struct buf spki;
	struct outq_ready ready;
	struct outq_work work;
	struct directory *directory;
	struct log *log;
	struct room_opts o;
	struct room *room;
	struct room_thread *thread[2]; /* one real thread runs both */
	size_t at;		       /* index of the newcomers' thread */
	struct membership *ended; /* the last that a room put out */
	enum wire_code ended_code; /* the reason that is expected */
	uint64_t now_ms;
	struct peer *peer[PEERS];
	size_t n;
};

/* For cmocka: *state is the struct world. */
int world_up(void **state);
int world_down(void **state);
struct peer *peer_new(struct world *w, const char *name);
/* Enters the room: why it is refused, or CODE_NONE. */
enum wire_code peer_comes(struct world *w, struct peer *p);
/* Made and entered: it waits for a rekey. */
struct peer *peer_enter(struct world *w, const char *name);

/* It leaves, if it is there. */
void peer_free(struct peer *p);
/* A rekey with both its steps, at w->now_ms; as rekey_run. */
int world_rekey_all(struct world *w);
/* One step of a rekey at w->now_ms, if it is due; as rekey_run. */
int world_rekey(struct world *w);
/* One of w->directory, or NULL. */
struct room_thread *world_thread(struct world *w);
/* The mailbox of w->thread[i] in w->room, or NULL: nobody sits there. */
const struct mailbox *world_mailbox(const struct world *w, size_t i);
const struct mailbox *world_mailbox_of(
    const struct world *w, const struct room *r, size_t i);
/* The end of a loop step. */
void world_deliver(struct world *w);

/* Writes what is queued and reads it. What it lived through since the last
 * call, in words; valid until the next. */
const char *peer_reads(struct peer *p);
#define READS(p, words) assert_string_equal(peer_reads(p), words)

#endif

/* store_world.h - a store with a real warden and keeper on a folder of a test's
 * own, and rooms whose entries it makes. */
#ifndef CONCLAVE_TEST_STORE_WORLD_H
#define CONCLAVE_TEST_STORE_WORLD_H

#include <pthread.h>

#include "server/store/store.h"
#include "server/store/warden.h"
#include "tests/unit/check.h"

enum { STORE_WORLD_ROOMS = 4, STORE_WORLD_BODY = 300 };

/* A room of a test: its log, as the relay has it. */
struct world_room {
	uint32_t id;
	struct room_settings settings;
	uint8_t log[WIRE_LOG];
	struct log_head head;
};

struct store_world {
	const char *dir;
	struct crypto *crypto;
	struct store *s;
	uint8_t session[WIRE_NONCE];
	uint8_t runs;				       /* sessions so far */
	struct world_room room[STORE_WORLD_ROOMS + 1]; /* by id */
	uint64_t newest;			       /* ticket */
	uint64_t now_ms;	/* of the next entry; 0: the clock's */
	uint32_t epoch, member; /* of the next entry */
	bool holds;		/* store_world_entry does not flush the store */
	unsigned given_back;	/* entries' bytes */
	/* What the store's thread says. */
	pthread_mutex_t lock;
	unsigned stuck, unstuck, commits;
	char why[256];
};

extern const struct logger store_world_quiet;

/* dir is borrowed. */
void store_world_init(struct store_world *w, const char *dir);
void store_world_free(struct store_world *w);
/* Starts the processes and loads with l (or nothing). Returns what store_load
 * did; then there is no store if that failed. */
int store_world_try(struct store_world *w, const struct store_loader *l);
void store_world_start(struct store_world *w); /* must work */
/* Ends it; must be clean. */
void store_world_stop(struct store_world *w);
/* The pid of the warden, or of the keeper; 0: none now. */
int store_world_warden(void), store_world_keeper(void);
void store_world_kill_keeper(void); /* if there is one */

/* A room with a history, put. */
void store_world_room(struct store_world *w, uint32_t id);
/* An epoch of the room (base is the byte `fill`, 32 times) and a person. */
void store_world_epoch(
    struct store_world *w, uint32_t room, uint32_t epoch, uint8_t fill);
void store_world_person(struct store_world *w, uint32_t member);
/* An entry of n bytes (0: STORE_WORLD_BODY) after the head of its room; its
 * bytes behind the head are `text` again and again. */
void store_world_entry(
    struct store_world *w, uint32_t room, const char *text, size_t n);
/* Waits for all that was put. */
void store_world_commit(struct store_world *w);
/* What a counter of the world is now: the store's thread counts. */
unsigned store_world_count(struct store_world *w, const unsigned *n);
/* Waits until *n has reached `least`. */
void store_world_until(
    struct store_world *w, const unsigned *n, unsigned least);

/* Asks, and waits for the answer. What `look` (or NULL) gets is borrowed. */
void store_world_read(struct store_world *w, const struct store_question *q,
    void (*look)(void *arg, const struct store_range *r), void *arg);
/* How many entries the room has kept, after checking that they are whole: the
 * chain leads from the oldest to the room's head, without a gap. */
uint64_t store_world_audit(struct store_world *w, uint32_t room);

#endif

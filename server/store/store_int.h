/* store_int.h - the relay's side of the store: what store.c (the queue),
 * store_start.c (the start), store_link.c (the thread) and store_range.c
 * (answers) share. */
#ifndef CONCLAVED_STORE_INT_H
#define CONCLAVED_STORE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/store/store.h"
#include "server/store/store_wire.h"

enum {
	STORE_FULL = 8 << 20, /* bytes that wait, from which it is full */
	STORE_LOST_MS = 1000, /* without a keeper, until anybody is told */
	STORE_START_MS = 60000,
	STORE_IN_MAX = 1 << 20,
	STORE_RANGE_BYTES = STORE_ANSWER_MAX + (4 << 20),
};

/* Something that is to be written. */
struct store_item {
	struct store_item *next;
	uint64_t ticket;
	struct buf head; /* the frame, but for an entry's bytes */
	const uint8_t *bytes;
	size_t len;
	void (*done)(void *owner); /* NULL: none */
	void *owner;
};

/* A question, or a backup. */
struct store_ask {
	struct store_ask *next;
	uint64_t id;
	struct store_question q; /* got NULL: a backup */
	int fd;			 /* of a backup until it is sent, or -1 */
	unsigned deaths;	 /* of keepers that had it */
	void (*done)(void *arg, int err, const char *text);
	void *arg;
};
struct store_asks {
	struct store_ask *first, **end;
};
void store_asks_init(struct store_asks *l);
void store_asks_add(struct store_asks *l, struct store_ask *a);
struct store_ask *store_asks_take(struct store_asks *l); /* NULL: none */

enum store_link_state {
	STORE_NO_LINK,
	STORE_ASKED_RUN, /* RUN was sent */
	STORE_UP,
};

struct store {
	const struct logger *log;
	struct store_events events;
	int warden, wake; /* a socket; an eventfd */
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t lock;		 /* of what follows */
	struct store_item *first, **end; /* not committed, in order */
	struct store_item *unsent;	 /* in that list, or NULL */
	size_t bytes;
	uint64_t last_ticket;
	struct store_asks waiting; /* not yet sent */
	uint64_t last_ask;
	bool stopping;
	char stuck_why[STORE_WHY_MAX]; /* "": it is not stuck */
	uint64_t stop_ms;	       /* then it ends, whatever waits */

	_Atomic uint64_t committed;
	atomic_bool full, awake;
	atomic_bool held; /* entries wait for store_flush */

	/* The thread's own. */
	int link; /* -1: none */
	enum store_link_state state;
	uint8_t session[WIRE_NONCE];
	uint32_t run;
	struct buf in;	  /* secret */
	struct buf range; /* secret: the frames of one answer */
	bool in_range;
	struct buf ask_out; /* a question that is being sent */
	int ask_fd;	    /* goes with its first byte; -1: none */
	struct store_asks asked;
	size_t sent; /* of `unsent` */
	bool keeper_stuck, told_stuck;
	char why[STORE_SENTENCE_MAX + 1];
	uint64_t lost_ms;
};

/* --- store.c ----------------------------------------------------------------- */

void store_wake(struct store *s);
/* Takes what is committed up to this ticket off the queue, gives its bytes back
 * and says so. In the thread, or before it. */
void store_done(struct store *s, uint64_t ticket);
void store_answer_failed(struct store_ask *a);

/* --- store_start.c ------------------------------------------------------------ */

/* Drops the one before. */
void store_use_link(struct store *s, int link);
int store_send_run(struct store *s) MUST_CHECK;
void store_drop_link(struct store *s);

/* --- store_link.c --------------------------------------------------------------- */

void *store_thread(void *arg);
/* Takes the whole messages that are in `in`. An error: no keeper says that. */
int store_hear(struct store *s) MUST_CHECK;

/* --- store_range.c --------------------------------------------------------------- */

/* Answers a question from the frames of one answer. */
void store_range_answer(const struct store_ask *a, const struct buf *frames);

#endif

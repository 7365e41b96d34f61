/* worker.h - a thread of the server: its loop, its clients, its timers, its
 * libcrypto context. What workers share (rooms, throttle) locks itself.
 *
 * A worker knows nothing of the server above it. Descriptors that others want
 * watched come with a struct source (worker_watch); a stop comes by
 * worker_stop. */
#ifndef CONCLAVED_LOOP_WORKER_H
#define CONCLAVED_LOOP_WORKER_H

#include <stdatomic.h>

#include "server/auth/client.h"

/* All pointers are borrowed. */
struct worker_opts {
	const struct logger *log;
	const struct registry *registry;
	struct throttle *throttle;
	struct throttle *door; /* for people with a ticket */
	struct tickets *tickets;
	const struct proxies *proxies;
	struct tls_door *tls_door; /* NULL: no listener has TLS */
	struct certify *certify;   /* NULL: nobody needs a certificate */
	struct gate *gate;
	enum hs_pq pq;
	const struct identity *identity;
	struct rng rng; /* for several threads */
	uint8_t session[WIRE_NONCE];
	uint32_t rate, rate_bytes; /* per second, of one client */
	uint64_t rate_burst;	   /* bytes of one client at once */
	uint64_t memory_max;	   /* bytes, all workers together */
	unsigned index;
	unsigned n_workers;
};

struct worker;
/* Logs nothing. NULL: errno is the reason, 0 if out of memory. */
struct worker *worker_new(const struct worker_opts *o);
/* Once it has ended. First all workers are closed, then freed: a room reaches
 * into all of them until the last client has left it. */
void worker_close(struct worker *w);
void worker_free(struct worker *w);

/* Runs until worker_stop and the last writes to its clients. ERR_IO: the
 * loop itself cannot continue. */
int worker_run(struct worker *w) MUST_CHECK;

/* From its own thread, or before worker_run. */
int worker_watch(struct worker *w, int fd, struct source *s) MUST_CHECK;
/* Reports each time that fd gets room for output. ERR_IO: it is a file. */
int worker_watch_room(struct worker *w, int fd, struct source *s) MUST_CHECK;
/* Starts or stops watching fd, after worker_watch. */
void worker_watch_set(struct worker *w, int fd, struct source *s, bool on);
void worker_timer_set(struct worker *w, struct timer *t, uint64_t at_ms);
uint64_t worker_now(const struct worker *w);
struct conn_loop *worker_loop(struct worker *w);
/* Limits that may change while it runs; those of worker_opts at first. */
struct worker_limits {
	uint32_t rate, rate_bytes;
	uint64_t rate_burst, memory_max;
	struct proxies proxies;
};
void worker_limit(struct worker *w, const struct worker_limits *l);

/* From any thread: */
/* Makes it check for new work at once. */
void worker_wake(struct worker *w);
/* Has its thread call fn(w, arg) in its next step. One at a time: not again
 * before fn was called. */
void worker_ask(
    struct worker *w, void (*fn)(struct worker *w, void *arg), void *arg);
/* Call this when throttle_ready may have an attempt for it. */
void worker_throttle_moved(struct worker *w);
/* 1: sends a bye to all clients and ends once they are written. More: at
 * once. */
void worker_stop(struct worker *w, unsigned how);
size_t worker_conns(const struct worker *w);
/* Hands over an accepted socket; tls: of a listener with TLS. False: its handoff is full. */
bool worker_give(struct worker *w, int fd, const struct sockaddr_storage *sa,
    bool tls) MUST_CHECK;
/* The same, from its own thread. False: no memory, and the socket is closed. */
bool worker_accept(struct worker *w, int fd, const struct sockaddr_storage *sa,
    bool tls) MUST_CHECK;

#endif

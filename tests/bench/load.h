/* load.h - the load generator: thousands of members in one process and one
 * epoll, whatever the server's protocol, so that what is measured with is the
 * same for all targets.
 *
 * Every delivery is counted by (receiver, sender, seq): a gap is a loss, a
 * number seen before a repetition. Senders speak in bursts; a burst is over
 * when each receiver has all of it, and two are under way at a time, so that
 * the pipe is full and no queue grows without bound. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>

#include "shared/wire/bytes.h"

enum {
	LOAD_SENDERS = 8,
	LOAD_RING = 4096,      /* messages under way of one sender, at most */
	LOAD_READ = 256 << 10, /* bytes taken from one connection at a time */
	LOAD_STAMP = 16,       /* what a plain message begins with */
	LOAD_OUT_MAX = 64 << 20,
};

struct load;
struct conn;
struct ssl_st; /* libssl's */
struct ssl_ctx_st;

/* A server's language. Errors end the run: nothing here is hostile. */
struct proto {
	const char *name;
	bool tls;
	/* Senders are connections of their own and hear nothing, because a
	 * member of this one cannot speak, or would hear himself. */
	bool outside;
	size_t bytes_max; /* of a message; 0: any */
	int (*setup)(struct load *l);
	/* The connection is there. It calls load_waits when all that we do
	 * to log in is done, and load_in when it is in the room. */
	int (*start)(struct conn *c);
	int (*input)(struct conn *c, const uint8_t *p, size_t n, size_t *used);
	int (*say)(struct conn *c, uint32_t seq, size_t bytes);
	int (*flush)(struct conn *c); /* after the last of a burst */
	void (*free)(struct conn *c);
};
extern const struct proto proto_conclave, proto_plain, proto_redis, proto_irc,
    proto_mqtt, proto_reverse;

struct conn {
	struct load *load;
	uint32_t id;
	int fd;
	enum {
		CONN_OFF,
		CONN_OPENING, /* TCP, then TLS */
		CONN_LOGIN,
		CONN_WAITS, /* said all, not in the room yet */
		CONN_IN,
		CONN_GONE,
	} state;
	bool sender, receiver, mute;
	uint32_t watched;
	struct buf in, out;
	struct ssl_st *ssl;
	void *p;		      /* the protocol's own */
	uint32_t said;		      /* the last seq, from 1 */
	uint32_t heard[LOAD_SENDERS]; /* the last seq of each sender */
	bool answered;		      /* scene_rekey, scene_join: has it */
};

/* Latencies in ns: 64 steps to each power of two, so 1.6 % at worst. */
enum { HIST_STEPS = 64, HIST_SIZE = 40 * HIST_STEPS };
struct hist {
	uint64_t n, count[HIST_SIZE];
};
void hist_add(struct hist *h, uint64_t ns);
double hist_us(const struct hist *h, double quantile);

struct options {
	const struct proto *proto;
	struct sockaddr_in addr;
	int pid; /* the server's */
	uint32_t members, senders, at_once;
	uint32_t per_second; /* arrivals; 0: as many as can be */
	uint32_t first_id;   /* of names, when there are others */
	uint32_t burst;	     /* messages, of all senders */
	double seconds;
	const char *cert, *key; /* ours, for a server that wants one */
};

struct load {
	struct options o;
	int epoll_fd;
	struct conn *conns;
	uint32_t n_conns;  /* all that there may be */
	uint32_t n_opened; /* 0..n_opened have been begun */
	uint32_t n_busy;   /* of these, in CONN_OPENING or CONN_LOGIN */
	uint32_t n_in, n_waits, n_lost; /* lost: cut by the server */
	struct ssl_ctx_st *ssl;
	void *p; /* the protocol's own */
	uint8_t *input;
	char *text; /* a filler of LOAD_READ bytes */
	bool polls; /* it does not sleep while it waits */
	uint64_t now;

	/* bursts */
	uint32_t receivers_each; /* of one message */
	uint32_t per_burst;	 /* messages of each sender in a burst */
	uint32_t n_speak;	 /* senders that speak in this scene */
	uint32_t base[LOAD_SENDERS];
	uint64_t left[4]; /* deliveries left of a burst, by number mod 4 */
	uint64_t bursts;  /* begun */
	uint64_t ended;	  /* done */
	size_t bytes;
	uint64_t sent_ns[LOAD_SENDERS][LOAD_RING];
	uint64_t deliveries, messages, repeated, gaps;
	uint64_t answers; /* scene_rekey */
	struct hist hist;
};

/* net.c */
int net_init(struct load *l);
void net_free(struct load *l);
int net_open(struct load *l, struct conn *c);
void net_close(struct conn *c);
void net_mute(struct conn *c); /* reads no more from it */
int net_flush(struct conn *c);
/* One turn: waits, reads, writes. */
int net_turn(struct load *l, int timeout_ms);

/* tls.c */
int tls_init(struct load *l);
int tls_open(struct conn *c);
/* Like recv and send: -1 and EAGAIN. tls_shake: 1 done, 0 goes on, -1. */
int tls_shake(struct conn *c);
ssize_t tls_read(struct conn *c, void *p, size_t n);
ssize_t tls_write(struct conn *c, const void *p, size_t n);

/* load.c */
void load_waits(struct conn *c);
void load_in(struct conn *c);
void load_got(struct conn *c, uint32_t sender, uint32_t seq);
/* "ssssssssnnnnnnnn", letters a..p: sender and seq of a plain message. */
void load_stamp(char out[LOAD_STAMP], uint32_t sender, uint32_t seq);
void load_stamped(struct conn *c, const uint8_t *p, size_t n);
int load_fail(const struct conn *c, const char *why);
uint64_t load_clock(void);
double load_cpu(const struct load *l); /* the server's, in us */
double load_rss(const struct load *l); /* in bytes */

/* scene.c: each prints one JSON object. */
int scene_join(struct load *l);
int scene_run(struct load *l, const char *what);

/* conclave's own, for the scenes */
uint32_t conclave_epoch(const struct load *l);

#endif

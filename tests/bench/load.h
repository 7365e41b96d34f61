/* load.h - the load generator: thousands of members in one process with one
 * epoll, and the same measuring code for every server protocol.
 *
 * Every delivery is counted by (receiver, sender, seq): a gap is a loss, an
 * old number is a duplicate. Senders send in bursts. A burst is complete when
 * every receiver has all of it. Two bursts are in flight at a time, so that
 * the pipe is full and no queue grows without bound. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>

#include "shared/wire/bytes.h"

enum {
	LOAD_SENDERS = 8,
	LOAD_PIDS = 8,
	LOAD_RING = 4096,      /* most messages in flight per sender */
	LOAD_READ = 256 << 10, /* bytes read from a connection at a time */
	LOAD_STAMP = 16,       /* stamp at the start of a plain message */
	LOAD_OUT_MAX = 64 << 20,
};

struct load;
struct conn;
struct rooms;
struct ssl_st; /* libssl's */
struct ssl_ctx_st;

/* A server's protocol. Errors end the run: no peer is hostile here. */
struct proto {
	const char *name;
	bool tls;
	bool greets; /* the server says a line before TLS */
	/* Senders are separate connections that receive nothing, because a
	 * member of this protocol cannot send, or would receive its own
	 * messages. */
	bool outside;
	size_t bytes_max; /* limit per message; 0: none */
	int (*setup)(struct load *l);
	/* Called when connected. It calls load_waits after its last login
	 * message, and load_in when it is in the room. */
	int (*start)(struct conn *c);
	int (*input)(struct conn *c, const uint8_t *p, size_t n, size_t *used);
	int (*say)(struct conn *c, uint32_t seq, size_t bytes);
	int (*flush)(struct conn *c); /* after the last message of a burst */
	void (*free)(struct conn *c);
};
extern const struct proto proto_conclave, proto_plain, proto_redis, proto_irc,
    proto_mqtt, proto_nats, proto_reverse, proto_conclave_tls,
    proto_plain_tls;

struct conn {
	struct load *load;
	uint32_t id;
	int fd;
	enum {
		CONN_OFF,
		CONN_OPENING, /* TCP, then TLS */
		CONN_LOGIN,
		CONN_WAITS, /* login sent, not in the room yet */
		CONN_IN,
		CONN_GONE,
	} state;
	bool sender, receiver, mute;
	bool greeting; /* connected: it waits for the server's line */
	bool opens; /* its control frames; every sender does */
	uint32_t watched;
	struct buf in, out;
	struct ssl_st *ssl;
	void *p;		      /* state of the protocol */
	uint32_t said;		      /* last seq sent, from 1 */
	uint32_t heard[LOAD_SENDERS]; /* last seq from each sender */
	bool answered;		      /* scene_rekey, scene_join: has the key */
};

/* Latencies in ns: 64 steps per power of two, an error of at most 1.6 %. */
enum { HIST_STEPS = 64, HIST_SIZE = 40 * HIST_STEPS };
struct hist {
	uint64_t n, count[HIST_SIZE];
};
void hist_add(struct hist *h, uint64_t ns);
double hist_us(const struct hist *h, double quantile);

struct options {
	const struct proto *proto;
	struct sockaddr_in addr;
	/* The server's: first the relay's, then its other processes'. */
	int pid[LOAD_PIDS];
	size_t n_pids;
	uint32_t members, senders, at_once;
	uint32_t per_second; /* join rate; 0: unlimited */
	uint32_t first_id;   /* first name, to avoid existing ones */
	uint32_t burst;	     /* messages, summed over senders */
	uint32_t rooms;	     /* rooms.c: how many; 0: only the first one */
	double seconds;
	const char *cert, *key; /* ours, for servers that require one */
	const char *heap;	/* heap.c's file; NULL: none */
};

struct load {
	struct options o;
	int epoll_fd;
	struct conn *conns;
	uint32_t n_conns;  /* capacity */
	uint32_t n_opened; /* 0..n_opened-1 have been started */
	uint32_t n_busy;   /* those in CONN_OPENING or CONN_LOGIN */
	uint32_t n_in, n_waits, n_lost; /* lost: closed by the server */
	struct ssl_ctx_st *ssl;
	void *p; /* state of the protocol */
	uint8_t *input;
	char *text; /* a filler of LOAD_READ bytes */
	bool polls; /* busy-waits instead of sleeping */
	uint64_t now;

	/* bursts */
	uint32_t receivers_each; /* receivers per message */
	uint32_t per_burst;	 /* messages per sender per burst */
	uint32_t n_speak;	 /* active senders in this scene */
	uint32_t base[LOAD_SENDERS];
	uint64_t left[4]; /* deliveries left per burst, by number mod 4 */
	uint64_t bursts;  /* started */
	uint64_t ended;	  /* completed */
	size_t bytes;
	uint64_t sent_ns[LOAD_SENDERS][LOAD_RING];
	uint64_t deliveries, messages, repeated, gaps;
	uint64_t answers;    /* scene_rekey */
	uint64_t past;	     /* scene_past: entries of a history */
	struct rooms *rooms; /* owned; NULL: rooms.c has nothing to do yet */
	struct hist hist;
};

/* net.c */
int net_init(struct load *l);
void net_free(struct load *l);
int net_open(struct load *l, struct conn *c);
void net_close(struct conn *c);
void net_mute(struct conn *c); /* stops reading from it */
int net_flush(struct conn *c);
/* One loop step: waits, reads, writes. */
int net_turn(struct load *l, int timeout_ms);

/* tls.c */
int tls_init(struct load *l);
int tls_open(struct conn *c);
/* Like recv and send: -1 and EAGAIN. tls_shake: 1 done, 0 in progress, -1
 * error. */
int tls_shake(struct conn *c);
/* The exporter of RFC 9266. */
int tls_channel(struct conn *c, uint8_t out[32]);
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
double load_cpu(const struct load *l); /* of all its processes, us */
/* What of it the server spent outside of the kernel, by its clock's ticks. */
double load_user_cpu(const struct load *l);
double load_rss(const struct load *l);	/* the relay's RSS, bytes */
double load_heap(const struct load *l); /* its heap in use; 0: not known */

/* scene.c: each prints one JSON object. */
int scene_join(struct load *l);
int scene_run(struct load *l, const char *what);
/* rooms.c: the same, of scenes in many rooms. ERR_USAGE: it is none of them. */
int rooms_run(struct load *l, const char *what, size_t bytes);
void rooms_free(struct load *l);
enum { ROOMS_PEOPLE = 20 }; /* in a room */
/* A delivery in the room with this index. */
void rooms_heard(struct conn *c, uint32_t room, uint32_t sender, uint64_t seq);
/* Whether the connection with this number speaks in its rooms. */
bool rooms_speaks(uint32_t id);

/* Only conclave has these; used by the scenes. */
uint32_t conclave_epoch(const struct load *l);
/* Asks for the newest entries of the room's history, for load->past. */
int conclave_ask_past(struct conn *c, uint32_t count);

#endif

/* direct_world.h - people who send direct messages, and a server between them, in
 * one process: the client's struct direct for each device, and a server of this test
 * that keeps prekeys and frames, and lies when it is told to. */
#ifndef CONCLAVE_TESTS_DIRECT_WORLD_H
#define CONCLAVE_TESTS_DIRECT_WORLD_H

#include "client/session/direct.h"
#include "tests/unit/link_ends.h"
#include "tests/unit/check.h"

enum { DW_DEVICES = 6, DW_FRAMES = 4096, DW_LINES = 512, DW_PAIRS = 300 };

/* What one device keeps on its disk. */
struct dw_disk {
	struct prekey_pair pair[DW_PAIRS];
	size_t n;
	struct direct_seen *seen; /* owned */
	size_t n_seen;
};

struct dw;
struct dw_device {
	struct dw *world;
	const char *account;
	struct identity *id;
	struct parties parties;
	struct whoami whoami;
	struct events *events;
	struct outgoing *out;
	struct requests *requests;
	struct direct *direct;
	struct link *server; /* the server's end; the client's is outgoing's */
	struct link *client;
	struct dw_disk disk;
	bool full; /* the disk */
	bool no_keys, no_receipts;
	char *line[DW_LINES]; /* its events as text */
	size_t n_lines;
	uint8_t last_id[WIRE_ID]; /* of the last MESSAGE */
	uint8_t last_secret[WIRE_KEY]; /* that was handed over */
	/* at the server */
	bool asked; /* prekeys_mine on this connection: gets frames */
	bool has_lasting;
	struct prekey lasting, once[WIRE_PREKEYS_KEPT];
	size_t n_once;
	uint64_t number;
	struct {
		uint64_t number;
		size_t from;
		struct buf body;
		bool sent;
	} queue[DW_FRAMES];
	size_t n_queue;
};

struct dw {
	struct crypto *crypto;
	struct ends ends;
	uint64_t seed, now_s;
	uint8_t server[WIRE_HASH];
	struct dw_device device[DW_DEVICES];
	size_t n;
	const char *changed; /* "name": people_ops says so of all their keys */
	const struct dw_device *changed_device; /* and of this one's key */
	size_t frames;	     /* that the server took */
	size_t published;    /* requests that published keys */
	/* The server's lies and refusals. */
	enum wire_code refuse;	 /* every frame */
	bool no_more_keys;	 /* what is published */
	bool deaf;		 /* frames are taken, and not answered */
	bool acks_lost;		 /* of the recipients */
	size_t flip;		 /* a bit of each frame's body; 0: none */
	bool wrong_key;		 /* the key of another device */
	bool withhold;		 /* no keys */
	uint64_t older_s;	 /* keys are signed as made so long ago */
};

struct dw *dw_new(void);
/* One with alice and bob, both connected. */
struct dw *dw_two(struct dw_device **alice, struct dw_device **bob);
void dw_free(struct dw *w);
/* A device of that account, not connected. */
struct dw_device *dw_device(struct dw *w, const char *account);
void dw_connect(struct dw_device *d);
void dw_lose(struct dw_device *d);
/* The program starts again with what its disk holds. */
void dw_restart(struct dw_device *d);
/* Moves everything until nothing moves. Events are taken, and shown. */
void dw_run(struct dw *w);
/* The same without telling that anything was shown. */
void dw_run_unseen(struct dw *w);
void dw_say(struct dw_device *d, const char *to, const char *text, int want);
/* How many events of the device are this line; forgets all lines. */
size_t dw_count(const struct dw_device *d, const char *line);
void dw_forget(struct dw_device *d);
/* direct_world_server.c: takes what the device has written, and gives it what waits for
 * it. False: there was nothing. */
bool dw_receive(struct dw_device *d);
bool dw_deliver(struct dw_device *d);
/* The events of the device since the last check are exactly these. */
void dw_expect(struct dw_device *d, ...) __attribute__((sentinel));

#endif

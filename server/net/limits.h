/* limits.h - limits on the cost of one peer, and of all peers together.
 * Bytes unless a name says otherwise; "step" is one iteration of a worker's
 * loop. shared/wire/wire.h has the protocol's own limits. */
#ifndef CONCLAVED_NET_LIMITS_H
#define CONCLAVED_NET_LIMITS_H

enum {
	/* Bytes read from one connection at a time. */
	LIMIT_READ = 64 << 10,
	/* While members' bytes come in, a step looks for more so many times,
	 * unless this many bytes have come from all of them. */
	LIMIT_LOOKS = 4,
	LIMIT_LOOKS_BYTES = 128 << 10,
	/* The same while large backlogs wait to be written. Small messages
	 * still get through, and a flood does not evict the outgoing data
	 * from the cache. */
	LIMIT_READ_BEHIND = 4 << 10,
	/* Handshake steps in one step of the loop. Each costs elliptic-curve
	 * work, and members are talking meanwhile. */
	LIMIT_LOGIN_STEPS = 1,
	/* Connections still in the handshake that one step looks at. */
	LIMIT_LOGIN_EVENTS = 32,

	/* Bytes queued for one reader; a reader with more is dropped. */
	LIMIT_QUEUE = 4 << 20,
	/* With more than this a queue is full: whoever sent more than
	 * LIMIT_FAIR within a second to one of its reader's rooms is not read.
	 * A reader is dropped whose queue stays full for LIMIT_FULL_MS. */
	LIMIT_QUEUE_FULL = 1 << 20,
	LIMIT_FULL_MS = 10000,
	LIMIT_FAIR = 4 << 10,
	LIMIT_FAIR_MS = 20, /* until one that is not read is looked at again */
	/* Bytes that a room's threads may owe their members. With more, none of
	 * the room's members is read. */
	LIMIT_BACKLOG = 1 << 20,
	LIMIT_WRITE = 1 << 20, /* to one reader in one step */
	/* Bytes that the kernel may hold unsent (TCP_NOTSENT_LOWAT). By default
	 * a bye would queue behind megabytes in the socket buffer. */
	LIMIT_UNSENT = 128 << 10,

	/* Connections. */
	LIMIT_ACCEPTS = 32, /* accepted from one listener in one step */
	LIMIT_HANDOFF =
	    128, /* accepted and not yet picked up by their worker */
	/* In transit to a worker, or still to be refused by it. */
	LIMIT_IN_TRANSIT = 16,
	/* Waiting for the peer to read our last words, in all workers. */
	LIMIT_CLOSING = 256,
	LIMIT_CLOSING_MS = 3000, /* one of them */
	LIMIT_BROKEN_MS = 500,	 /* quiet after a failed write, then closed */

	/* Log lines per second and worker that strangers can cause. */
	LIMIT_LOG_LINES = 50,

	/* A name stays with its identity after its client was lost. */
	LIMIT_NAME_KEPT_MS = 10 * 60 * 1000,

	/* Seconds of a rate in frames or lines that may come at once. */
	LIMIT_BURST_S = 5,
};

#endif

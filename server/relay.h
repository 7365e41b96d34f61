/* relay.h - the server's state at run time, for server.c, conn.c, greet.c and
 * talk.c. The others know nothing of it. */
#ifndef CONCLAVED_RELAY_H
#define CONCLAVED_RELAY_H

#include <signal.h>

#include "server/conn.h"
#include "server/server.h"
#include "server/turn.h"

enum {
	RELAY_READ = 64 << 10,	 /* bytes taken from one connection a turn */
	RELAY_GREETINGS = 8,	 /* handshake steps a turn: each is some
				  * elliptic curve work, and people talk
				  * meanwhile */
	RELAY_CLOSING_MAX = 256, /* connections that we wait for to hear us */
};

struct server {
	struct server_opts o;
	uint8_t session[WIRE_NONCE];
	uint64_t now_ms; /* monotonic; read once a turn */

	int epoll_fd, signal_fd;
	sigset_t old_signals;
	bool signals_set;
	struct timers timers;

	/* Listeners: off while there are no descriptors left. */
	enum conn_source *listener; /* one tag each, for epoll */
	bool accepting;
	struct timer accept_timer;
	uint64_t accept_said_ms; /* 0: not yet */

	/* Who has not proved the password. */
	struct gate *gate;
	bool gate_moved; /* gate_ready may have someone */
	size_t gate_waiting;
	struct timer gate_timer;
	unsigned greetings; /* left of RELAY_GREETINGS in this turn */

	struct room *room;
	struct conn *conns; /* all that are open */
	struct conn *dead;  /* freed at the end of the turn */
	size_t n_conns, n_closing;

	struct outq_ready ready;
	struct outq_work work;
	uint8_t *input;	 /* RELAY_READ bytes */
	struct buf json; /* a control frame, opened; secret */
	bool stopping;
};

#endif

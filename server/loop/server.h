/* server.h - the running relay: listeners, connections, the room. */
#ifndef CONCLAVED_LOOP_SERVER_H
#define CONCLAVED_LOOP_SERVER_H

#include "server/auth/accounts.h"
#include "server/auth/throttle.h"
#include "server/net/listener.h"
#include "server/logger.h"
#include "server/options.h"

struct server;
struct server_opts {
	const struct server_options *options; /* all borrowed, outlive the server */
	const struct logger *log;
	struct rng rng; /* for several threads */
	const struct identity *identity;
	const struct accounts *accounts;
	const struct listener *listeners;
	size_t n_listeners;
};
/* Blocks SIGTERM, SIGINT and SIGHUP, once, before there is a second thread and
 * before server_new: only server_run takes them. */
int server_block_signals(void) MUST_CHECK;
struct server *server_new(const struct server_opts *o);
void server_free(struct server *s);
/* Serves until SIGTERM, SIGINT or SIGHUP (a signalfd of its own), says bye to all,
 * flushes for a bounded time. 0 then; a negative error when it cannot go on.
 * The other workers are threads of its own, made by server_new. */
int server_run(struct server *s) MUST_CHECK;

#endif

/* server.h - the running relay: listeners, connections, the room. */
#ifndef CONCLAVED_SERVER_H
#define CONCLAVED_SERVER_H

#include "server/account.h"
#include "server/gate.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/options.h"

struct server;
struct server_opts {
	const struct options *options; /* all borrowed, outlive the server */
	const struct log *log;
	struct crypto *crypto;
	struct rng rng;
	const struct identity *identity;
	struct accounts *accounts;
	const struct listener *listeners;
	size_t n_listeners;
};
struct server *server_new(const struct server_opts *o);
void server_free(struct server *s);
/* Serves until SIGTERM, SIGINT or SIGHUP (a signalfd of its own), says bye to all,
 * flushes for a bounded time. 0 then; a negative error when it cannot go on. */
int server_run(struct server *s) MUST_CHECK;

#endif

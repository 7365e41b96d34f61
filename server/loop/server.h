/* server.h - the running relay: listeners, workers, the room. */
#ifndef CONCLAVED_LOOP_SERVER_H
#define CONCLAVED_LOOP_SERVER_H

#include "server/admin/control.h"
#include "server/audit.h"
#include "server/auth/gate.h"
#include "server/logger.h"
#include "server/net/listener.h"
#include "server/options.h"
#include "shared/os/output.h"

struct blob_store;
struct server;
struct store;
struct store_events;

/* What outlasts the server. The events are copied; they come from a thread of the
 * store's own, until `end` returns. */
struct server_store {
	/* *out NULL: nothing outlasts it. ERR_NOMEM. */
	int (*open)(void *arg, const struct store_events *events,
	    struct store **out);
	/* The same of people's files; NULL: none. */
	int (*open_files)(void *arg, struct blob_store **out);
	void (*end)(void *arg);
	void *arg;
};
/* All pointers are borrowed and outlive the server. */
struct server_opts {
	const struct server_options *options;
	const struct logger *log;
	struct rng rng; /* for several threads */
	enum hs_pq pq;
	const struct identity *identity;
	struct gate *gate;
	const uint8_t *ticket_key; /* WIRE_KEY bytes; copied */
	struct server_store store; /* open NULL: none */
	struct audit *audit;
	struct tls_door *tls_door; /* NULL: no listener has TLS */
	struct certify *certify;   /* NULL: nobody needs a certificate */
	const struct listener *listeners;
	size_t n_listeners;
	const struct control_socket *control; /* its fd may be -1 */
	/* What main does for an administrator; copied. */
	struct admin_main admin;
	bool reloads; /* SIGHUP calls admin.reload; else it ends the server */
};
/* Blocks SIGTERM, SIGINT and SIGHUP, which server_run handles. Call it once,
 * before server_new and before a second thread exists. */
int server_block_signals(void) MUST_CHECK;
/* Starts all threads except the first worker's. NULL: it cannot start and
 * has logged why. */
struct server *server_new(const struct server_opts *o);
void server_free(struct server *s);
/* Serves until one of those signals arrives (SIGHUP: see server_opts), then sends a bye to all clients
 * and writes for a bounded time; a second signal ends it at once. Returns 0
 * then, or an error if a worker cannot continue. Meanwhile it writes log lines
 * that wait, and `words` (borrowed, or NULL), when their readers take them. */
int server_run(struct server *s, struct output *words) MUST_CHECK;
/* Takes over the limits of o (the options that it was made with, or others) that
 * can change while it runs. In the thread of server_run. */
void server_limit(struct server *s, const struct server_options *o);
bool server_has_room(struct server *s, const char *name);

#endif

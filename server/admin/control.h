/* control.h - the control socket: administrators of this machine ask the running
 * server, with conclavectl. A Unix stream socket; order.h has the lines.
 *
 * The kernel says who has connected (SO_PEERCRED): root, the server's own user,
 * and members of the group of --control-group may ask; anybody else is told so
 * and closed. Everything here runs in the first worker's loop and never waits:
 * CONTROL_CLIENTS at most, a request of ORDER_MAX bytes, CONTROL_OUT bytes of
 * answers that nobody has read yet, CONTROL_IDLE_MS without a request and
 * CONTROL_STALL_MS without a read. When all places are taken, the client that
 * has been without a request for longest loses its own. */
#ifndef CONCLAVED_ADMIN_CONTROL_H
#define CONCLAVED_ADMIN_CONTROL_H

#include <sys/types.h>

#include "server/admin/facts.h"
#include "server/audit.h"
#include "server/logger.h"
#include "server/net/conn.h"

enum {
	CONTROL_CLIENTS = 16,
	CONTROL_OUT = 256 << 10,
	CONTROL_OUT_LOW = 64 << 10, /* below this, a long answer goes on */
	CONTROL_IDLE_MS = 60000,
	CONTROL_STALL_MS = 10000,
	CONTROL_GROUPS = 256, /* of one peer, that are looked at */
};

/* The socket, which main opens before it gives up its rights. */
struct control_socket {
	int fd;	    /* -1: there is none */
	char *path; /* owned; removed by control_close */
	gid_t group;
	bool has_group; /* --control-group */
};
/* Opens it at `path`. A socket that nobody listens on any more is replaced; a
 * living one is an error. group NULL: root and our user alone. Logs its
 * failures: ERR_USAGE, ERR_IO, ERR_NOMEM. */
int control_listen(struct control_socket *s, const char *path,
    const char *group, const struct logger *log) MUST_CHECK;
void control_close(struct control_socket *s);

struct control_opts {
	const struct control_socket *socket; /* borrowed, like all here */
	struct conn_loop *loop;
	const struct logger *log;
	struct audit *audit;
	struct admin_loop server;
	struct admin_main main;
};
struct control;
/* Starts to watch the socket. NULL: no memory, or errno. */
struct control *control_new(const struct control_opts *o);
/* The loop has ended. */
void control_free(struct control *c);

#endif

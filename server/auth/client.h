/* client.h - one client of the server, from its first byte to its last: its
 * connection, its login, and then the rooms that it is in. */
#ifndef CONCLAVED_AUTH_CLIENT_H
#define CONCLAVED_AUTH_CLIENT_H

#include "server/auth/login.h"
#include "server/net/conn.h"
#include "server/room/dispatch.h"

/* What the clients of one worker share. All pointers are borrowed. */
struct clients_opts {
	struct conn_loop *loop;
	const struct logger *log;
	struct crypto *crypto; /* the thread's own */
	struct directory *directory;
	struct room_thread *rooms;
	uint32_t rate;	     /* frames per second of one client; 0: any */
	uint64_t memory_max; /* see quota.h: at this nobody is read */
};
struct clients {
	struct clients_opts o;
	struct loginer login;
	struct buf json; /* scratch for opened control frames; secret */
};
/* clients_free undoes it, once all clients are gone. */
void clients_init(struct clients *k, const struct clients_opts *o,
    const struct loginer_opts *login);
void clients_free(struct clients *k);

struct client {
	struct clients *all; /* borrowed */
	struct link *link;   /* owned; NULL until the login is done */
	struct login login;
	struct dispatch dispatch;
	struct conn conn;
	char peer[TRANSPORT_PEER];    /* its address, for the log */
	char name[WIRE_NAME_MAX + 1]; /* "" before it is validated */
};

/* Bytes that one client costs while nothing waits, with its link or its
 * handshake. */
enum { CLIENT_COST = sizeof(struct client) + 1024 };

/* Takes over a connected socket, which loop->n_conns already counts. False: no
 * memory, and the socket is closed. */
bool client_new(
    struct clients *k, int fd, const struct sockaddr *sa) MUST_CHECK;
struct client *client_of(struct conn *c);

/* login.c has given it a link: what follows is for the rooms. */
void client_linked(struct client *cl);

/* Ends, from the gentlest to the hardest; each in any state. The client has
 * left its rooms afterwards. */
/* Sends all that is queued, then a bye with this code. What its rooms have
 * accepted and not delivered yet is not sent: deliver first. */
void client_finish(struct client *cl, enum wire_code code);
/* Sends a bye and nothing else but the rest of a record already begun. */
void client_end(struct client *cl, enum wire_code code);
/* The same during the login: an error message. */
void client_refuse(struct client *cl, enum wire_code code, const char *text);

/* The server stops: says so to everyone. */
void clients_stop(struct clients *k);
/* A room has put out this membership's client. It has left already. */
void client_put_out(struct client *cl, enum wire_code code);
struct client *client_of_membership(struct membership *s);
/* Ends a client that holds too much memory, and frees what it had sent. */
void client_evict(struct client *cl);

#endif

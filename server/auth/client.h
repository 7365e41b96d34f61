/* client.h - one client of the server, from its first byte to its last: its
 * connection, its login, and then the rooms that it is in. */
#ifndef CONCLAVED_AUTH_CLIENT_H
#define CONCLAVED_AUTH_CLIENT_H

#include "server/auth/certify.h"
#include "server/auth/login.h"
#include "server/net/conn.h"
#include "server/net/proxy.h"
#include "server/room/dispatch.h"
#include "server/room/registry.h"

/* Shared by the clients of one worker. All pointers are borrowed. */
struct clients_opts {
	struct conn_loop *loop;
	const struct logger *log;
	struct crypto *crypto; /* the thread's own */
	const struct registry *registry;
	struct room_thread *rooms;
	uint32_t rate;	     /* frames per second of one client; 0: any */
	uint32_t rate_bytes; /* bytes per second of one client; 0: any ... */
	uint64_t rate_burst; /* ... and so many at once */
	uint64_t memory_max; /* quota.h: at this no client is read */
	const struct proxies *proxies; /* NULL: none */
	struct tls_door *tls_door; /* NULL: no TLS */
	struct certify *certify; /* NULL: nobody needs a certificate */
};
struct clients {
	struct clients_opts o;
	struct loginer login;
	struct presence_opts presence;
	struct buf json; /* scratch for opened control frames; secret */
	struct link_digests digests; /* scratch, of an opened record */
	uint64_t n_made; /* clients so far; each has its number */
};
/* Sets login's callback. clients_free undoes it, once all clients are
 * freed. */
void clients_init(struct clients *k, const struct clients_opts *o,
    const struct loginer_opts *login);
void clients_free(struct clients *k);
/* Other limits from now on, also for those who are here. */
void clients_limit(struct clients *k, uint32_t rate, uint32_t rate_bytes,
    uint64_t rate_burst, uint64_t memory_max);

struct client {
	struct clients *all; /* borrowed */
	struct link *link;   /* owned; NULL until the login is done */
	struct login login;
	struct dispatch dispatch;
	struct conn conn;
	uint64_t number;   /* of the thread's clients; later ones have higher */
	uint64_t since_ms; /* unix milliseconds of its connection */
	char peer[TRANSPORT_PEER]; /* its name in the log: the address */
	bool tls;		   /* its listener has TLS */
	bool behind_proxy;	   /* its proxy has not named its address yet */
	char name[WIRE_NAME_MAX + 1]; /* "" before it is validated */
	enum exchange exchange;	      /* of its link */
	bool new_device;       /* of its account; nobody has been told */
	uint64_t seen_s; /* when its device was last here; 0: it is new */
	struct room *entering; /* a reference, while it comes in */
	uint64_t ticket_ms; /* when it was given its last ticket; 0: never */
	uint64_t certified_ms; /* when its certificate was looked at */
};

/* Bytes that one idle client costs, with its link or its handshake. */
enum { CLIENT_COST = sizeof(struct client) + 1024 };

/* Takes over a connected socket, which loop->n_conns already counts. False: no
 * memory, and the socket is closed. tls: of a listener with TLS. */
bool client_new(struct clients *k, int fd, const struct sockaddr *sa,
    bool tls) MUST_CHECK;
struct client *client_of(struct conn *c);

/* For client.c: the log's name for it; the bytes before the login, which may be a
 * proxy's. Returns how many of them were used. */
void client_peer_set(struct client *cl, const struct sockaddr *sa);
size_t client_peer_input(struct client *cl, const uint8_t *in, size_t n);

/* It has a link, and its login is over: from now on its input is for the
 * rooms. */
void client_linked(struct client *cl);

/* Ways to end a client, from the gentlest to the hardest, in any state; see
 * login_refuse as well. It has left its rooms when they return. */
/* Sends everything queued, then a bye with this code. Frames that its rooms
 * have accepted but not delivered yet are not sent: deliver first. */
void client_finish(struct client *cl, enum wire_code code);
/* Sends only the rest of a record already begun, then a bye. */
void client_end(struct client *cl, enum wire_code code);

/* What is wrong with its certificate (certify.h). */
enum { CLIENT_CERTIFY_MS = 3600000 }; /* how often it is looked at again */
enum certifier_fault client_certificate(struct client *cl);
/* Looks again if it was not looked at for so long. False: it has ended, because
 * its certificate is no longer good. */
bool client_certified(struct client *cl, uint64_t after_ms);
void clients_certify(struct clients *k); /* all of them, now */

/* The server stops: sends a bye to all clients. */
void clients_stop(struct clients *k);
/* A room has removed this member, a client, which has already left it. */
void client_put_out(struct client *cl, enum wire_code code);
/* Ends a client for what it is, with a sentence. */
void client_dismiss(struct client *cl, enum wire_code code, const char *text);
/* As room_thread_opts.told. */
void client_told(struct client *cl, const struct directory_word *word);
/* Ends a client that holds too much memory, and frees its input buffer. */
void client_evict(struct client *cl);

#endif

/* hostile_peer.h - a connection to a running server that takes what the server
 * sends as a client does. What the server may not do ends the program: be silent
 * for 30 seconds, send a record that is not valid, let nobody in. */
#ifndef CONCLAVE_FUZZ_HOSTILE_PEER_H
#define CONCLAVE_FUZZ_HOSTILE_PEER_H

#include <netinet/in.h>
#include <stdbool.h>

#include "shared/proto/link.h"

enum { SILENCE_S = 30 };

struct peer {
	int fd;
	struct link *link;
	struct buf in, out;
	uint32_t member, epoch, room;
	uint64_t seq;
	int64_t ping, pong;
};

/* Ends the program with errno's words. OK: unless it is 0. */
_Noreturn void peer_die(const char *what);
#define OK(x) ((x) == 0 ? (void)0 : peer_die(#x))

/* Connects from an address of its own, because guesses are counted by address. */
void peer_dial(struct peer *p, const struct sockaddr_in *to, uint64_t *seed);
void peer_hang_up(struct peer *p);

/* False: the server has ended the connection. */
bool peer_send(struct peer *p, const void *b, size_t n);
bool peer_receive(struct peer *p, int flags);
/* Stops sending, and reads until the server closes. */
void peer_until_end(struct peer *p);

/* In a room: takes the records that were received; adds a control frame to the
 * output; waits until the server has let it into the room. */
void peer_records(struct peer *p);
void peer_control(struct peer *p, const void *json, size_t n);
void peer_in_room(struct peer *p);
/* Sends the pending output and a ping after it. True: the server answered.
 * False: the server ended the connection. */
bool peer_answered(struct peer *p);

#endif

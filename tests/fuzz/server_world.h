/* server_world.h - a server of two workers in one thread, without a socket, a
 * clock or a listener: what the target of the server knows of it. */
#ifndef CONCLAVE_SERVER_WORLD_H
#define CONCLAVE_SERVER_WORLD_H

#include "tests/fuzz/fuzz.h"

enum { SERVER_WORKERS = 2 };

/* A new room with nobody in it, at now_ms. The rest is made once. */
void server_world_begin(uint32_t users_max, uint32_t rate, uint64_t now_ms);
void server_world_end(void);
/* A connection of that worker, at socket `no` of fuzz_sockets. */
void server_world_accept(unsigned worker, size_t no);
/* One turn of a worker's loop: what epoll would tell of the n sockets, timers,
 * the gate, the room's turn (the first worker), and what is ready to be sent. */
void server_world_turn(unsigned worker, struct fuzz_socket *s, size_t n);
void server_world_time(uint64_t now_ms);

#endif

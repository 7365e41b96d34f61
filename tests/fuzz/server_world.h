/* server_world.h - a server of two workers in one thread, without a socket, a
 * clock or a listener: what the target of the server knows of it. */
#ifndef CONCLAVE_SERVER_WORLD_H
#define CONCLAVE_SERVER_WORLD_H

#include "tests/fuzz/fuzz.h"

enum { SERVER_WORKERS = 2 };

struct server_world_opts {
	uint32_t users_max, rate, exchanges_max;
	uint64_t memory_max, now_ms;
};
/* A new room with nobody in it. The rest is made once. */
void server_world_begin(const struct server_world_opts *o);
void server_world_end(void);
/* A connection of that worker, at socket `no` of fuzz_sockets; those at the
 * door find their own. */
void server_world_accept(unsigned worker, size_t no, struct fuzz_socket *s);
/* One turn of a worker's loop, with what epoll would tell of the n sockets and
 * the door; how many ms it would sleep before. */
void server_world_turn(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door);
int server_world_wait(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door);
void server_world_time(uint64_t now_ms);
/* As a signal to stop does. */
void server_world_stop(void);

#endif

/* server_world.h - a server of two workers in one thread, without sockets,
 * clock or listener: the interface for the server's target. */
#ifndef CONCLAVE_SERVER_WORLD_H
#define CONCLAVE_SERVER_WORLD_H

#include "tests/fuzz/fuzz.h"

enum { SERVER_WORKERS = 2 };

struct server_world_opts {
	uint32_t users_max, rate, exchanges_max;
	uint64_t memory_max, now_ms;
	bool people; /* with accounts, direct messages and files */
};
/* Creates an empty room. Everything else is created once. */
void server_world_begin(const struct server_world_opts *o);
void server_world_end(void);
/* Adds a connection to the worker, at socket `no` of fuzz_sockets. Connections
 * from the listener are assigned to a worker by the server. */
void server_world_accept(unsigned worker, size_t no, struct fuzz_socket *s);
/* Runs one loop step of a worker with the epoll events of the n sockets and the
 * listener. Returns how many ms the worker would sleep first. */
void server_world_turn(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door);
int server_world_wait(
    unsigned worker, const struct fuzz_socket *s, size_t n, size_t at_door);
void server_world_time(uint64_t now_ms);
/* Acts like a stop signal. */
void server_world_stop(void);

#endif

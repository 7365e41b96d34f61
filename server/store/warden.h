/* warden.h - the process between the relay, which has the network, and the
 * keeper, which has the state directory. It has the directory too, so that it
 * can start a keeper again when one dies, but no network, and it reads nothing
 * that anybody sends.
 *
 *   conclaved (relay) --- socket ---> warden ---> keeper
 *          \________________ link __________________/
 *
 * For each keeper it makes a socket pair, and passes the relay its end. It ends
 * when the relay does, after the keeper. */
#ifndef CONCLAVED_STORE_WARDEN_H
#define CONCLAVED_STORE_WARDEN_H

#include "server/store/keeper.h"

struct warden_opts {
	struct keeper_opts keeper;
	/* What the process does, keeper_run or one like it, its names, and what
	 * the log calls it. */
	int (*run)(int fd, const struct keeper_opts *o,
	    int (*confine)(void *arg), void *arg);
	const char *title, *name, *who;
	/* Called in the new processes; NULL: nothing. Each gives up what its
	 * process does not need, and logs what it cannot. A failure ends it. */
	struct warden_limits {
		int (*begin)(
		    void *arg); /* secrets, user, files: in the warden */
		int (*warden)(void *arg); /* its system calls */
		int (*keeper)(void *arg); /* the keeper's */
		void *arg;
	} limits;
	/* main's: the memory in which ps finds the name. NULL: it stays. */
	char **argv;
};

/* Forks the warden, before any key is in memory and before there is a second
 * thread. *fd: for store_start. Logs its failures: ERR_IO. */
int warden_start(const struct warden_opts *o, int *fd) MUST_CHECK;

#endif

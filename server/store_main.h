/* store_main.h - main's part with the processes of the state directory: forks
 * them, loads what they kept, and ends them. */
#ifndef CONCLAVED_STORE_MAIN_H
#define CONCLAVED_STORE_MAIN_H

#include "server/sandbox.h"
#include "server/store/store.h"
#include "shared/crypto/random.h"

struct store_main {
	struct server_options *options; /* all borrowed */
	const struct server_sandbox_user *user;
	const struct logger *log;
	char **argv;
	int fd;		     /* of the warden, until store has it; -1: none */
	struct store *store; /* NULL: nothing is kept */
};

/* Forks the warden. The password of the options is wiped in its memory, and its
 * arguments are overwritten. */
int store_main_fork(struct store_main *m) MUST_CHECK;
/* Starts the store of a warden that was forked, and logs what failed. */
int store_main_load(struct store_main *m, const struct rng *rng) MUST_CHECK;
/* False, and logged: something was not written. Safe in every state. */
bool store_main_end(struct store_main *m);

#endif

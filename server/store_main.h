/* store_main.h - main's part with the processes of the state directory: forks
 * them, loads what they kept, and ends them. */
#ifndef CONCLAVED_STORE_MAIN_H
#define CONCLAVED_STORE_MAIN_H

#include "server/loop/server.h"
#include "server/sandbox.h"
#include "server/store/store.h"

struct store_main {
	struct server_options *options; /* all borrowed */
	const struct server_sandbox_user *user;
	const struct logger *log;
	char **argv;
	int fd;		     /* of the warden, until store has it; -1: none */
	struct store *store; /* NULL: nothing is kept */
	/* The same of people's files. */
	int files_fd;
	struct blob_store *files; /* NULL: none are kept */
	char *files_dir;	  /* owned */
	bool failed;		  /* at the end: something was not written */
};

/* Forks the warden, and the one of the files if any are to be kept. The password of the options is wiped in its memory, and its
 * arguments are overwritten. */
int store_main_fork(struct store_main *m) MUST_CHECK;
/* server_opts.store: of the warden that was forked, if there is one. */
struct server_store store_main_of(struct store_main *m);
/* Safe in every state. */
void store_main_end(struct store_main *m);

#endif

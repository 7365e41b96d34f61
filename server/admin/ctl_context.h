/* ctl_context.h - conclavectl: its options, its commands, what they share. */
#ifndef CONCLAVED_ADMIN_CTL_CONTEXT_H
#define CONCLAVED_ADMIN_CTL_CONTEXT_H

#include <stdbool.h>

#include "shared/os/errmsg.h"
#include "shared/os/exit.h"
#include "shared/wire/bytes.h"

#define CTL_PROGRAM "conclavectl"

enum { CTL_ARGS_MAX = 8 };

/* The options as given; all strings are owned. */
struct ctl_options {
	char *state, *control; /* NULL: the default */
	char *config, *password_file, *user, *reason;
	char *role, *room;	    /* of `invite` */
	char *ca, *name, *identity; /* of `ca` */
	bool ed25519;
	bool json, follow, all, verify, help, version;
	uint32_t count, uses; /* 0: not given */
	uint64_t seconds;     /* of an act or an invite; 0: without an end */
};

struct ctl {
	struct ctl_options o;
	char *args[CTL_ARGS_MAX]; /* behind the command; borrowed from argv */
	int n_args;
	const char *command;
	const char *state; /* the state directory in use; NULL: none */
	const char *socket;
	struct errmsg why; /* of a command that failed */
};

/* Each returns an exit status, with a sentence in c->why unless it is
 * EXIT_DONE. */
int ctl_status(struct ctl *c);
int ctl_rooms(struct ctl *c);
int ctl_people(struct ctl *c);
int ctl_invite(struct ctl *c);
int ctl_invites(struct ctl *c);
int ctl_revoke(struct ctl *c);
int ctl_accounts(struct ctl *c);
int ctl_forget(struct ctl *c);
int ctl_files(struct ctl *c);
/* `password NAME`; ctl_password comes here. */
int ctl_recover(struct ctl *c);
int ctl_audit(struct ctl *c);
int ctl_audit_verify(struct ctl *c, const struct buf *older,
    const struct buf *newer); /* of the texts of its files */
int ctl_reload(struct ctl *c);
int ctl_metrics(struct ctl *c);
int ctl_password(struct ctl *c);
int ctl_check(struct ctl *c);
int ctl_backup(struct ctl *c);
int ctl_ca(struct ctl *c);
int ctl_act(struct ctl *c); /* kick, ban, ...: the word is c->command */

#endif

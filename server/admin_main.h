/* admin_main.h - what main does for an administrator of the running server:
 * says what it was started with, makes invites, exchanges the password, reads
 * the configuration again. */
#ifndef CONCLAVED_ADMIN_MAIN_H
#define CONCLAVED_ADMIN_MAIN_H

#include "server/admin/control.h"
#include "server/loop/server.h"
#include "server/option_sources.h"
#include "server/tls_main.h"

/* All pointers are borrowed, and belong to main. */
struct admin_program {
	struct logger *log;
	struct audit *audit;
	struct server_options *options;
	struct option_origins *from;
	const struct listener *listeners;
	size_t n_listeners;
	const struct control_socket *control;
	struct gate *gate;
	struct tls_main *tls;
	struct server *server; /* NULL until it runs */
	struct store *store;   /* NULL: nothing is kept */
	struct blob_store *files; /* NULL: no files are */
	const char *exchange;  /* its sentence */
	uint8_t fingerprint[WIRE_HASH];
	/* The invite, split around the name of the room: no address can be
	 * looked up in the sandbox. */
	struct buf before, after;
	char *state, *record; /* owned; absolute paths, or NULL */
};
/* Resolves the paths, for a reader in another folder. */
void admin_main_paths(struct admin_program *p);
/* Keeps the parts of the invite. ERR_NOMEM. */
int admin_main_invite(struct admin_program *p, const void *invite, size_t n,
    const char *room) MUST_CHECK;
void admin_main_free(struct admin_program *p);

/* The table for server_opts; arg is an admin_program. */
struct admin_main admin_main_of(struct admin_program *p);

/* Reads the record, and uses it from now on. Failures are logged. */
int admin_main_record(const struct logger *log, const struct server_options *o,
    struct gate **gate,
    struct errmsg *why) MUST_CHECK;

#endif

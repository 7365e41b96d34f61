/* options.h - the command line, the environment and the config file: one table
 * of options drives all of them and the help. The command line wins over the
 * environment, the environment over the config file. */
#ifndef CONCLAVED_OPTIONS_H
#define CONCLAVED_OPTIONS_H

#include "shared/crypto/crypto.h"
#include "server/logger.h"

enum { SERVER_OPTIONS_LISTEN_MAX = 16, WORKERS_MAX = 64 };

struct server_options {
	char *listen[SERVER_OPTIONS_LISTEN_MAX]; /* owned */
	size_t n_listen;
	struct buf password; /* secret, NFC; len 0: none was given */
	bool password_made;  /* it has to be printed */
	char *state_dir;     /* NULL when ephemeral */
	bool ephemeral;
	char room[33];
	char *public_name; /* HOST[:PORT] or NULL */
	uint64_t scrypt_n;
	uint32_t users_max;	 /* members and newcomers */
	uint32_t rate;		 /* messages a second per sender; 0: no limit */
	uint32_t rekey_ms;	 /* a fresh group key at least this often */
	uint32_t handshakes_max; /* exchanges at once, in all */
	char *user;		 /* whom root becomes; NULL: see sandbox.h */
	bool no_sandbox;
	uint64_t memory_max; /* bytes held for peers: see memory.h */
	uint32_t workers;    /* threads, each with its connections */
	enum logger_level logger_level;
	bool log_json;
};

/* What main should do next. */
enum server_options_result {
	SERVER_OPTIONS_RUN,
	SERVER_OPTIONS_EXIT_OK,
	SERVER_OPTIONS_EXIT_USAGE
};
/* Reads argv, $CONCLAVE_PASSWORD and the config file; a password in the first
 * two is overwritten where it stood. Says what is wrong on standard error, in
 * one sentence that says what to do. --help, --version and --check-config are
 * answered on standard output (SERVER_OPTIONS_EXIT_OK). *o is always to be freed. */
enum server_options_result server_options_read(
    struct server_options *o, int argc, char **argv);
/* Makes a password of 120 random bits: six groups of four, none of whose
 * characters can be taken for another. */
int server_options_make_password(
    struct server_options *o, const struct rng *rng) MUST_CHECK;
void server_options_free(struct server_options *o);

#endif

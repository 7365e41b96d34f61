/* conclaved - opens a chat room and relays its messages. This file starts the
 * server as a table of steps, and shuts it down. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/admin_main.h"
#include "server/announce.h"
#include "server/make_record.h"
#include "server/option_sources.h"
#include "server/priority.h"
#include "server/sandbox.h"
#include "server/store/state.h"
#include "server/store_main.h"
#include "server/strength.h"
#include "server/tls_main.h"
#include "shared/os/exit.h"
#include "shared/os/harden.h"
#include "shared/crypto/library.h"
#include "shared/os/output.h"
#include "shared/wire/json.h"
#include "shared/wire/version.h"
#include "shared/base/secret.h"
#include "shared/base/oom.h"

enum {
	WORDS_MAX = 64 << 10,
	ANNOUNCE_MS = 1000, /* for a reader of standard output */
};

/* The whole program's state. */
struct program {
	int argc;
	char **argv;
	bool done; /* exit without serving: --help etc. */
	int status;
	struct server_options options;
	struct option_origins from;
	struct logger log;
	struct server_sandbox_user user;
	struct rng rng;
	struct crypto *crypto;
	struct state *state;
	bool forgets; /* the state directory cannot be written */
	struct store_main keeper;
	struct tls_main tls;
	struct audit *audit;
	uint8_t *ticket_key; /* secret, WIRE_KEY bytes */
	enum hs_pq pq;
	struct identity *identity;
	struct gate *gate;
	struct listener listeners[LISTENERS_MAX];
	size_t n_listeners;
	struct server *server;
	struct control_socket control;
	struct admin_program admin;
	struct output *words; /* the startup announcement; secret */
};

static int step_stdio(struct program *p)
{
	int r = harden_descriptors();

	if (r != 0)
		return r;
	output_own(STDOUT_FILENO);
	output_own(STDERR_FILENO);
	return logger_open(&p->log);
}

/* Runs before any secret is in memory. */
static int step_process(struct program *p)
{
	int r;

	if ((r = harden_process()) != 0)
		return r;
	priority_prompt();
	/* With `stty tostop`, a log line would stop a server in the background
	 * and with it the room. */
	if (signal(SIGTTOU, SIG_IGN) == SIG_ERR)
		return ERR_IO;
	json_setup();
	if (!oom_setup()) /* must precede libcrypto's first allocation */
		return ERR_NOMEM;
	if ((r = library_setup()) == ERR_CRYPTO)
		logger_error(&p->log, "start", "%s", library_no_provider);
	return r;
}

/* Must run before the first key is made, and after the options, which set the
 * number of concurrent handshakes. */
static int step_locked(struct program *p)
{
	int r = secret_setup(2 * (size_t)p->options.handshakes_max);

	if (r == ERR_AGAIN)
		logger_warn(&p->log, "limits",
		    "the limit on locked memory is too low: keys may be "
		    "written to the swap space; raise it (ulimit -l, "
		    "LimitMEMLOCK=) or encrypt that");
	return r == ERR_AGAIN ? 0 : r;
}

static int step_options(struct program *p)
{
	enum option_sources_result result =
	    option_sources_read(&p->options, &p->from, p->argc, p->argv);

	p->done = result != OPTION_SOURCES_RUN;
	if (result == OPTION_SOURCES_EXIT_USAGE)
		p->status = EXIT_USAGE;
	else if (result == OPTION_SOURCES_EXIT_FAILED)
		p->status = EXIT_FAILED;
	p->log.level = p->options.logger_level;
	p->log.json = p->options.log_json;
	p->log.anonymous = !p->options.log_addresses;
	return 0;
}

static int step_crypto(struct program *p)
{
	p->rng = random_system();
	return (p->crypto = crypto_new()) != NULL ? 0 : ERR_CRYPTO;
}

/* --make-record: the file is all that is asked for. */
static int step_make_record(struct program *p)
{
	struct errmsg why;
	int r;

	if (p->options.make_record == NULL)
		return 0;
	p->done = true;
	if ((r = make_record(&p->options, &p->rng, &why)) == 0) {
		strength_warn(
		    &p->options.password, p->options.guesses.all, &p->log);
		return 0;
	}
	errmsg_print("conclaved", why.text);
	p->status = r == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
	return 0;
}

/* Says what this machine has, and refuses to start without what is required. */
static int step_exchange(struct program *p)
{
	int r = handshake_pq(&p->pq, p->crypto, p->options.require_pq);

	if (r != 0) {
		logger_error(&p->log, "start", "%s",
		    r == ERR_WEAK ? library_no_mlkem : err_str(r));
		return r;
	}
	logger_info(&p->log, "start", "key exchange: %s%s",
	    exchange_str(
		p->pq == HS_PQ_ABSENT ? EXCHANGE_CLASSICAL : EXCHANGE_HYBRID),
	    p->pq == HS_PQ_OFFERED
		? ", classical with clients that have no ML-KEM-768"
		: "");
	return 0;
}

static int step_user(struct program *p)
{
	return server_sandbox_user_find(&p->user, p->options.user, &p->log);
}

static int open_audit(struct program *p)
{
	const struct audit_opts o = {
	    .dir = p->options.state_dir, .log = &p->log};
	int r = audit_open(&p->audit, &o);

	if (r == ERR_NOMEM)
		logger_error(&p->log, "audit", "%s", err_str(r));
	return r;
}

/* Locks the directory. What is in it is read by step_identity. */
static int step_state(struct program *p)
{
	const char *dir = p->options.state_dir;
	int r = server_sandbox_state_begin(&p->user, dir, &p->log);

	if (r == 0 && (r = state_open(&p->state, dir, &p->log)) == 0 &&
	    dir != NULL && faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) != 0) {
		logger_warn(&p->log, "store",
		    "cannot write into %s (%s): rooms, rights and history are "
		    "forgotten when this server ends",
		    dir, strerror(errno));
		p->forgets = true;
	}
	if (server_sandbox_state_end(&p->user, &p->log) != 0)
		return ERR_IO;
	return r;
}

/* Before any key is in memory: the new processes have none of them. */
static int step_keeper(struct program *p)
{
	p->keeper.options = &p->options;
	p->keeper.user = &p->user;
	p->keeper.log = &p->log;
	p->keeper.argv = p->argv;
	return p->options.state_dir != NULL && !p->forgets
		   ? store_main_fork(&p->keeper)
		   : 0;
}

/* Likewise. */
static int step_tls_files(struct program *p)
{
	const struct tls_files_opts o = {
	    &p->options, &p->user, &p->log, p->argv};

	return tls_main_start(&p->tls, &o);
}

static int step_tls(struct program *p)
{
	return tls_main_open(&p->tls);
}

static int step_identity(struct program *p)
{
	const char *dir = p->options.state_dir;
	int r;

	if ((r = server_sandbox_state_begin(&p->user, dir, &p->log)) != 0 ||
	    (r = state_identity(p->state, &p->identity, &p->log)) != 0)
		return r;
	if ((p->ticket_key = secret_alloc(WIRE_KEY)) == NULL) {
		logger_error(&p->log, "state", "%s", err_str(ERR_NOMEM));
		return ERR_NOMEM;
	}
	if ((r = state_ticket_key(p->state, p->ticket_key, &p->log)) != 0 ||
	    (r = open_audit(p)) != 0)
		return r;
	return server_sandbox_state_end(&p->user, &p->log);
}

static int step_listen(struct program *p)
{
	size_t i;
	int r = 0;

	for (i = 0; i < p->options.n_listen && r == 0; i++)
		r = listener_open(p->listeners, &p->n_listeners,
		    p->options.listen[i], false, &p->log);
	for (i = 0; i < p->options.n_tls_listen && r == 0; i++)
		r = listener_open(p->listeners, &p->n_listeners,
		    p->options.tls_listen[i], true, &p->log);
	return r;
}

static int listen_control(struct program *p, const char *path)
{
	return control_listen(
	    &p->control, path, p->options.control_group, &p->log);
}

/* STATE/control.sock belongs to whom the state does. A directory that is
 * read-only (a mount of the key alone) has none. */
static int default_control(struct program *p)
{
	const char *dir = p->options.state_dir;
	char *path;
	int r;

	if (asprintf(&path, "%s/control.sock", dir) < 0)
		return ERR_NOMEM;
	if ((r = server_sandbox_state_begin(&p->user, dir, &p->log)) == 0) {
		if (faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0)
			r = listen_control(p, path);
		else
			logger_warn(&p->log, "control",
			    "cannot write into %s (%s), so conclavectl cannot "
			    "ask this server: give it a socket elsewhere with "
			    "--control PATH",
			    dir, strerror(errno));
		if (server_sandbox_state_end(&p->user, &p->log) != 0)
			r = ERR_IO;
	}
	free(path);
	return r;
}

static int step_control(struct program *p)
{
	const struct server_options *o = &p->options;

	if (o->control == NULL)
		return o->state_dir != NULL ? default_control(p) : 0;
	return strcmp(o->control, "none") != 0 ? listen_control(p, o->control)
					       : 0;
}

/* From here on, a signal shuts the server down cleanly, even if it arrives
 * right after the invite is printed. */
static int step_signals(struct program *p)
{
	(void)p;
	return server_block_signals();
}

static int read_record(struct program *p)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(p->options.record, '/');
	struct errmsg why;
	int r;

	snprintf(folder, sizeof(folder), "%.*s",
	    slash == NULL ? 1 : (int)(slash - p->options.record) + 1,
	    slash == NULL ? "." : p->options.record);
	if ((r = server_sandbox_state_begin(&p->user, folder, &p->log)) != 0)
		return r;
	r = admin_main_record(
	    &p->log, &p->options, &p->gate, &why);
	return server_sandbox_state_end(&p->user, &p->log) != 0 ? ERR_IO : r;
}

static int step_password(struct program *p)
{
	struct kdf kdf = {.n = p->options.scrypt_n, .r = 8, .p = 1};
	struct buf *pw = &p->options.password;
	int r;

	if (p->options.record != NULL)
		return read_record(p);
	if (pw->len == 0 &&
	    (r = server_options_make_password(&p->options, &p->rng)) != 0)
		return r;
	if (!p->options.password_made)
		strength_warn(pw, p->options.guesses.all, &p->log);
	r = gate_new(&p->gate, &p->rng, pw->p, pw->len, &kdf);
	if (r != 0 && r != ERR_NOMEM)
		logger_error(&p->log, "start", "cannot use the password: %s",
		    err_str(r));
	else if (r != 0)
		logger_error(&p->log, "start",
		    "there is not enough memory to stretch the password, which "
		    "takes %llu MiB: close other programs, raise the limit "
		    "(ulimit -v, MemoryMax=), or give a smaller --scrypt-n",
		    (unsigned long long)(128 * kdf.n * kdf.r) >> 20);
	return r;
}

static void warn_unreadable(
    const struct program *p, const char *what, const char *path)
{
	logger_warn(&p->log, what,
	    "%s cannot be read again after SIGHUP by the user that this "
	    "server runs as: %s; put it into a folder that belongs to "
	    "that user, with its owner",
	    path, strerror(errno));
}

/* Everything that needs root is open or read by now, and no peer has sent
 * anything yet. */
static int step_become(struct program *p)
{
	int r;

	if (harden_measured())
		return 0; /* coverage data is written at exit */
	if ((r = server_sandbox_become(&p->user, &p->log)) == 0 &&
	    p->options.record != NULL &&
	    faccessat(AT_FDCWD, p->options.record, R_OK, AT_EACCESS) != 0)
		warn_unreadable(p, "record", p->options.record);
	if (r == 0 && p->options.config != NULL &&
	    faccessat(AT_FDCWD, p->options.config, R_OK, AT_EACCESS) != 0)
		warn_unreadable(p, "config", p->options.config);
	return r;
}

static bool sandboxed(const struct program *p)
{
	return !p->options.no_sandbox && !harden_measured();
}

static int step_files(struct program *p)
{
	if (p->options.no_sandbox)
		logger_warn(&p->log, "sandbox",
		    "--no-sandbox: an attacker who takes over this process "
		    "can do everything that its user can");
	return sandboxed(p) ? server_sandbox_enter_fs(&p->options, &p->log) : 0;
}

/* The server's threads, and the store's, come after Landlock, and before the
 * filter of system calls. */
static int step_server(struct program *p)
{
	struct server_opts o = {
	    .options = &p->options,
	    .log = &p->log,
	    .rng = p->rng,
	    .pq = p->pq,
	    .identity = p->identity,
	    .gate = p->gate,
	    .ticket_key = p->ticket_key,
	    .store = store_main_of(&p->keeper),
	    .audit = p->audit,
	    .tls_door = p->tls.ready ? &p->tls.door : NULL,
	    .certify = p->tls.certifies ? &p->tls.members : NULL,
	    .listeners = p->listeners,
	    .n_listeners = p->n_listeners,
	    .control = &p->control,
	    .admin = admin_main_of(&p->admin),
	    .reloads = p->options.record != NULL ||
		       p->options.config != NULL || p->tls.fd >= 0,
	};

	int r = audit_start(p->audit);

	if (r != 0)
		return r;
	p->admin = (struct admin_program){.log = &p->log,
	    .audit = p->audit,
	    .options = &p->options,
	    .from = &p->from,
	    .listeners = p->listeners,
	    .n_listeners = p->n_listeners,
	    .control = &p->control,
	    .gate = p->gate,
	    .tls = &p->tls,
	    .exchange = exchange_str(
		p->pq == HS_PQ_ABSENT ? EXCHANGE_CLASSICAL : EXCHANGE_HYBRID)};
	admin_main_paths(&p->admin);
	p->server = p->admin.server = server_new(&o);
	p->admin.store = p->keeper.store; /* which that has opened */
	p->admin.files = p->keeper.files;
	return p->server != NULL ? 0 : ERR_NOMEM;
}

/* Looks up this machine's addresses, so it runs before the system call
 * filter. */
static int step_words(struct program *p)
{
	int r = ERR_NOMEM;

	p->words = output_new_secret(STDOUT_FILENO, WORDS_MAX);
	if (p->words != NULL)
		r = announce(output_buf(p->words), &p->admin, p->crypto,
		    identity_public(p->identity));
	/* The gate holds the password's record; the password itself is no
	 * longer needed. */
	buf_free(&p->options.password);
	return r;
}

static int step_calls(struct program *p)
{
	return sandboxed(p) ? server_sandbox_enter_calls(&p->options, &p->log)
			    : 0;
}

/* Clients can join from now on: a user or a script waits for this output. Stdio
 * is avoided because it would keep a copy of the password in its buffer. If
 * nobody reads it, the room opens all the same: server_run writes the rest when
 * there is room. */
static int step_announce(struct program *p)
{
	if (output_drain(p->words, ANNOUNCE_MS) != 0) {
		logger_error(&p->log, "start",
		    "cannot write the invite to standard output: %s",
		    strerror(errno));
		return ERR_IO;
	}
	if (output_pending(p->words) > 0) {
		logger_warn(&p->log, "start",
		    "nobody reads standard output: the invite waits there");
		return 0;
	}
	output_free(p->words);
	p->words = NULL;
	return 0;
}

static int step_serve(struct program *p)
{
	int r;

	audit_write(p->audit,
	    &(struct audit_row){.act = "start", .text = CONCLAVE_VERSION});
	r = server_run(p->server, p->words);
	audit_write(p->audit, &(struct audit_row){.act = "stop",
				  .text = r != 0 ? err_str(r) : NULL});
	return r;
}

/* No secret is read before the process is hardened. No byte from a peer is read
 * before the last step, which runs in the sandbox. */
static const struct step {
	const char *name;
	int (*fn)(struct program *);
	bool speaks; /* the step logs its own failure */
} steps[] = {
    {"stdio", step_stdio, false},
    {"process", step_process, false},
    {"options", step_options, false},
    {"locked", step_locked, false},
    {"crypto", step_crypto, false},
    {"make-record", step_make_record, false},
    {"exchange", step_exchange, true},
    {"user", step_user, true},
    {"state", step_state, true},
    {"keeper", step_keeper, true},
    {"tls files", step_tls_files, true},
    {"tls", step_tls, true},
    {"identity", step_identity, true},
    {"listen", step_listen, true},
    {"control", step_control, true},
    {"signals", step_signals, false},
    {"password", step_password, true},
    {"become", step_become, true},
    {"files", step_files, true},
    {"server", step_server, true},
    {"words", step_words, false},
    {"calls", step_calls, true},
    {"announce", step_announce, false},
    {"serve", step_serve, false},
};

static void program_free(struct program *p)
{
	size_t i;

	server_free(p->server);
	store_main_end(&p->keeper);
	tls_main_free(&p->tls);
	if (p->keeper.failed)
		p->status = EXIT_FAILED;
	for (i = 0; i < p->n_listeners; i++)
		listener_close(&p->listeners[i]);
	control_close(&p->control);
	admin_main_free(&p->admin);
	gate_free(p->gate);
	identity_free(p->identity);
	secret_free(p->ticket_key, WIRE_KEY);
	audit_close(p->audit);
	state_free(p->state);
	crypto_free(p->crypto);
	server_options_free(&p->options);
	output_free(p->words);
	logger_close(&p->log);
}

int main(int argc, char **argv)
{
	struct program p = {.argc = argc, .argv = argv, .control = {.fd = -1},
	    .keeper = {.fd = -1, .files_fd = -1},
	    .tls = {.fd = -1}};
	size_t i;
	int r;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !p.done; i++) {
		if ((r = steps[i].fn(&p)) == 0)
			continue;
		if (!steps[i].speaks)
			logger_error(&p.log, "start",
			    "the step \"%s\" failed: %s", steps[i].name,
			    err_str(r));
		p.status = EXIT_FAILED;
		break;
	}
	program_free(&p);
	return p.status;
}

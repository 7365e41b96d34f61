/* server.c - the running relay: its workers and their threads, its room, the
 * signals that stop it. */
#include "server/loop/server.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "server/loop/acceptor.h"
#include "server/loop/administer.h"
#include "server/loop/descriptors.h"
#include "server/net/limits.h"
#include "server/net/quota.h"
#include "server/log/log_memory.h"
#include "server/room/remember.h"
#include "server/room/room_ref.h"
#include "server/store/blob_store.h"
#include "server/store/store.h"
#include "shared/os/signals.h"

enum {
	SERVER_NOTES = 16 << 10, /* bytes of what a reload says */
	MINUTE_MS = 60000,
};

_Static_assert((int)WORKERS_MAX <= (int)ROOM_THREADS_MAX &&
		   (int)WORKERS_MAX <= (int)THROTTLE_WORKERS,
    "a place in the rooms and in the throttle for each worker");

struct server_thread {
	struct server *server;
	struct worker *worker;
	pthread_t thread; /* unused for the first worker */
	bool started;
	int failed; /* why its loop ended early, or 0 */
};

struct server {
	struct server_opts o;
	struct throttle *throttle, *door;
	struct tickets *tickets;
	struct directory *directory;
	struct standing *standing;
	struct accounts *accounts;
	struct store *store; /* o.store's; NULL: nothing outlasts the server */
	struct blob_store *files; /* the same */
	struct registry registry;
	struct log *log;
	struct worker **worker; /* n_workers of them */
	struct server_thread *thread;
	unsigned n_workers;
	atomic_uint n_wakeable; /* the same, for other threads */
	atomic_uint stop; /* stop signals received so far */

	/* Used by the first worker. */
	struct acceptor acceptor;
	struct administer *administer;
	struct source signal_source;
	int signal_fd;
	struct source log_source, words_source;
	struct output *words; /* borrowed; NULL: all is written */
};

/* --- stopping ------------------------------------------------------------ */

static void server_stop(struct server *s)
{
	unsigned how = atomic_fetch_add(&s->stop, 1) + 1, i;

	for (i = 0; i < s->n_workers; i++)
		worker_stop(s->worker[i], how);
}

/* SIGHUP: there is nobody to tell but the log. */
static void server_reload(struct server *s)
{
	const struct admin_main *m = &s->o.admin;
	struct errmsg why;
	struct buf notes;

	buf_init(&notes, SERVER_NOTES);
	(void)!m->reload(m->arg, "SIGHUP", &notes, &why);
	buf_free(&notes);
}

static void server_signal(struct source *source, uint32_t events)
{
	struct server *s =
	    (struct server *)(void *)((char *)source -
				      offsetof(struct server, signal_source));
	struct signalfd_siginfo info;

	(void)events;
	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGHUP && s->o.reloads) {
		server_reload(s);
		return;
	}
	if (atomic_load(&s->stop) == 0) {
		logger_info(s->o.log, "stop", "signal %u: saying bye to %zu",
		    info.ssi_signo, acceptor_conns(&s->acceptor));
		acceptor_stop(&s->acceptor);
	}
	server_stop(s);
}

static void server_signal_set(sigset_t *set)
{
	/* SIGHUP: the terminal was closed; or see server_opts.reloads. */
	static const int stops[] = {SIGTERM, SIGINT, SIGHUP};

	sigemptyset(set);
	signals_take(set, stops, sizeof(stops) / sizeof(stops[0]));
}

int server_block_signals(void)
{
	sigset_t set;

	server_signal_set(&set);
	return pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 ? 0 : ERR_IO;
}

static int server_signals(struct server *s)
{
	sigset_t set;

	server_signal_set(&set);
	s->signal_source.ready = server_signal;
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signal_fd < 0)
		return ERR_IO;
	return worker_watch(s->worker[0], s->signal_fd, &s->signal_source);
}

/* --- output that waits for its reader ------------------------------------ */

static void server_log_ready(struct source *source, uint32_t events)
{
	const struct server *s =
	    (struct server *)(void *)((char *)source -
				      offsetof(struct server, log_source));

	(void)events;
	logger_flush(s->o.log);
}

static void server_words_ready(struct source *source, uint32_t events)
{
	struct server *s =
	    (struct server *)(void *)((char *)source -
				      offsetof(struct server, words_source));

	(void)events;
	if (s->words != NULL && output_write(s->words) != 0)
		logger_error(s->o.log, "start",
		    "cannot write the invite to standard output: %s",
		    strerror(errno));
}

/* A file has no readers, and epoll refuses it. */
static void server_outputs(struct server *s)
{
	s->log_source = (struct source){server_log_ready, .repeats = true};
	s->words_source = (struct source){server_words_ready, .repeats = true};
	(void)!worker_watch_room(
	    s->worker[0], logger_fd(s->o.log), &s->log_source);
	if (s->words != NULL)
		(void)!worker_watch_room(
		    s->worker[0], output_fd(s->words), &s->words_source);
}

/* --- set-up -------------------------------------------------------------- */

static void server_throttle_wake(void *arg, unsigned home)
{
	const struct server *s = arg;

	worker_throttle_moved(s->worker[home]);
}

static void server_quota_crossed(void *arg)
{
	const struct server *s = arg;
	unsigned i;

	for (i = 0; i < s->n_workers; i++)
		worker_wake(s->worker[i]);
}

static int server_workers(struct server *s, const uint8_t session[WIRE_NONCE])
{
	const struct server_options *o = s->o.options;
	struct worker_opts w = {.log = s->o.log,
	    .registry = &s->registry,
	    .throttle = s->throttle,
	    .door = s->door,
	    .tickets = s->tickets,
	    .proxies = &o->proxies,
	    .tls_door = s->o.tls_door,
	    .certify = s->o.certify,
	    .gate = s->o.gate,
	    .pq = s->o.pq,
	    .identity = s->o.identity,
	    .rng = s->o.rng,
	    .rate = o->rate,
	    .rate_bytes = (uint32_t)o->rate_bytes,
	    .rate_burst = o->rate_burst,
	    .memory_max = o->memory_max,
	    .n_workers = o->workers};

	memcpy(w.session, session, sizeof(w.session));
	s->worker = calloc(o->workers, sizeof(*s->worker));
	s->thread = calloc(o->workers, sizeof(*s->thread));
	if (s->worker == NULL || s->thread == NULL)
		return ERR_NOMEM;
	for (; w.index < o->workers; w.index++) {
		if ((s->worker[w.index] = worker_new(&w)) == NULL)
			return errno == 0 ? ERR_NOMEM : ERR_IO;
		s->thread[w.index].server = s;
		s->thread[w.index].worker = s->worker[w.index];
		s->n_workers++;
		atomic_store(&s->n_wakeable, s->n_workers);
	}
	return 0;
}

static int server_administer(struct server *s)
{
	const struct server_options *o = s->o.options;
	struct administer_opts a = {.log = s->o.log,
	    .audit = s->o.audit,
	    .socket = s->o.control,
	    .main = &s->o.admin,
	    .workers = s->worker,
	    .n_workers = s->n_workers,
	    .directory = s->directory,
	    .registry = &s->registry,
	    .throttle = s->throttle,
	    .door = s->door,
	    .people_max = o->users_max,
	    .places_max = o->handshakes_max,
	    .memory_max = o->memory_max};

	errno = 0;
	s->administer = administer_new(&a);
	return s->administer != NULL ? 0 : errno == 0 ? ERR_NOMEM : ERR_IO;
}

static int server_acceptor(struct server *s)
{
	const struct server_options *o = s->o.options;
	struct acceptor_opts a = {.log = s->o.log,
	    .listeners = s->o.listeners,
	    .n_listeners = s->o.n_listeners,
	    .workers = s->worker,
	    .n_workers = s->n_workers,
	    .directory = s->directory,
	    .handshakes_max = 2 * o->handshakes_max, /* two doors */
	    .memory_max = o->memory_max};

	return acceptor_init(&s->acceptor, &a);
}

/* --- threads ------------------------------------------------------------- */

static void *server_thread(void *arg)
{
	struct server_thread *t = arg;

	/* Without this thread its members would get nothing, so all threads
	 * stop. */
	if ((t->failed = worker_run(t->worker)) != 0)
		server_stop(t->server);
	return NULL;
}

/* The first worker runs in server_run's thread. The others start here,
 * because the sandbox forbids starting threads. ERR_LIMIT: it has said why. */
static int server_threads(struct server *s)
{
	struct server_thread *t;
	unsigned i;
	int error;

	accounts_start(s->accounts);
	for (i = 1; i < s->n_workers; i++) {
		t = &s->thread[i];
		error = pthread_create(&t->thread, NULL, server_thread, t);
		if (error != 0) {
			logger_error(s->o.log, "start",
			    "cannot start %u threads: %s; give --workers 1, or "
			    "raise the limit on processes (ulimit -u, "
			    "TasksMax=)",
			    s->n_workers, strerror(error));
			return ERR_LIMIT;
		}
		t->started = true;
	}
	return 0;
}

/* Waits for all threads. Returns the error of the first that failed. */
static int server_join(struct server *s)
{
	struct server_thread *t;
	unsigned i;
	int err = 0;

	for (i = 1; i < s->n_workers; i++) {
		t = &s->thread[i];
		if (!t->started)
			continue;
		(void)pthread_join(t->thread, NULL);
		t->started = false;
		if (err == 0)
			err = t->failed;
	}
	return err;
}

/* --- the server ---------------------------------------------------------- */

/* A row in the log of acts for each. */
static void server_acted(void *arg, const struct registry_act *a)
{
	const struct server *s = arg;
	const struct audit_row row = {.act = a->act,
	    .by = a->by,
	    .room = a->room,
	    .who = a->who,
	    .text = a->text,
	    .seconds = a->seconds};

	audit_write(s->o.audit, &row);
}

/* From the store's thread. */
static void server_committed(void *arg)
{
	const struct server *s = arg;
	unsigned i;

	for (i = 0; i < atomic_load(&s->n_wakeable); i++)
		worker_wake(s->worker[i]);
}

static void server_stuck(void *arg, const char *why)
{
	struct server *s = arg;

	rooms_storage(s->directory, why == NULL);
	if (why != NULL)
		logger_error(s->o.log, "store",
		    "cannot write: %s; what is said in rooms with a history "
		    "waits until it can be kept",
		    why);
	else
		logger_info(s->o.log, "store", "writes again");
}

static int server_store(struct server *s)
{
	const struct store_events events = {
	    server_committed, server_stuck, s};

	int err;

	if (s->o.store.open == NULL)
		return 0;
	err = s->o.store.open(s->o.store.arg, &events, &s->store);
	if (err == 0 && s->o.store.open_files != NULL)
		err = s->o.store.open_files(s->o.store.arg, &s->files);
	return err;
}

/* Creates the rooms that were stored and the one that the options name. */
static int server_rooms(struct server *s, const uint8_t session[WIRE_NONCE])
{
	const struct server_options *o = s->o.options;
	struct registry *g = &s->registry;
	struct crypto *c = crypto_new();
	int err = ERR_CRYPTO;

	*g = (struct registry){.directory = s->directory,
	    .standing = s->standing,
	    .accounts = s->accounts,
	    .room = {.directory = s->directory,
		.log = s->log,
		.rng = s->o.rng,
		.identity = s->o.identity,
		.standing = s->standing,
		.store = s->store,
		.rekey_ms = o->rekey_ms,
		.users_max = o->users_max},
	    .creation = o->room_creation,
	    .retention = o->retention,
	    .files = s->files,
	    .acted = server_acted,
	    .arg = s};
	if (c != NULL)
		err = ed25519_fingerprint(
		    c, g->room.server, identity_public(s->o.identity));
	crypto_free(c);
	if (err != 0)
		return err;
	memcpy(g->room.session, session, sizeof(g->room.session));
	retention_settings(&o->retention, s->store != NULL, &g->fresh);
	if ((err = remember_load(g, s->o.log)) != 0)
		return err == ERR_IO ? ERR_LIMIT : err; /* said already */
	if (s->files != NULL) /* all accounts are there now */
		blob_store_owners(s->files, accounts_known, s->accounts);
	return remember_home(g, o->room, s->o.log);
}

/* The longest pause after wrong guesses of one address. */
static uint32_t server_pause_ms(const struct server_options *o)
{
	return o->guesses_address > 0 ? MINUTE_MS / o->guesses_address : 0;
}

static void server_people(struct server *s, const struct server_options *o)
{
	const struct directory_limits people = {.per_account = o->per_account,
	    .per_address = o->per_address,
	    .rooms = o->rooms_max,
	    .rooms_per_identity = o->rooms_per_identity,
	    .room_people = o->users_max,
	    .room_rekey_ms = o->rekey_ms};

	directory_limit(s->directory, &people);
	accounts_limit(s->accounts, &o->people);
}

static int server_parts(struct server *s)
{
	const struct server_options *o = s->o.options;
	struct throttle_limits limits = {.exchanges_max = o->handshakes_max,
	    .addresses_max = THROTTLE_ADDRESSES,
	    .pause_max_ms = server_pause_ms(o),
	    .guesses = o->guesses,
	    .wake = server_throttle_wake,
	    .arg = s};
	uint8_t session[WIRE_NONCE];
	int err;

	if ((err = s->o.rng.fill(s->o.rng.arg, session, sizeof(session))) != 0)
		return err;
	if ((s->throttle = throttle_new(&limits)) == NULL)
		return ERR_NOMEM;
	/* The door for tickets has identities instead of addresses. */
	limits.pause_max_ms = MINUTE_MS;
	limits.guesses = (struct budget_limits){.name = o->guesses.name};
	if ((s->door = throttle_new(&limits)) == NULL ||
	    (s->tickets = tickets_new(s->o.ticket_key)) == NULL ||
	    (s->directory = directory_new(0)) == NULL ||
	    (s->standing = standing_new(&s->o.rng, o->newcomers)) == NULL ||
	    (s->log = log_memory_new()) == NULL)
		return ERR_NOMEM;
	s->accounts = accounts_new(&s->o.rng, s->o.ticket_key, s->standing);
	if (s->accounts == NULL)
		return ERR_NOMEM;
	if ((err = server_store(s)) != 0 ||
	    (err = server_rooms(s, session)) != 0)
		return err;
	server_people(s, o); /* after it: stored rooms are there in any case */
	if ((err = server_workers(s, session)) != 0)
		return err;
	quota_watch(o->memory_max, server_quota_crossed, s);
	if ((err = server_signals(s)) != 0 || (err = server_acceptor(s)) != 0 ||
	    (err = server_administer(s)) != 0)
		return err;
	return server_threads(s);
}

struct server *server_new(const struct server_opts *o)
{
	struct server *s = calloc(1, sizeof(*s));
	int err;

	if (s == NULL) {
		logger_error(
		    o->log, "start", "cannot start: %s", err_str(ERR_NOMEM));
		return NULL;
	}
	s->o = *o;
	s->signal_fd = -1;
	descriptors_raise(o->options, o->log);
	if ((err = server_parts(s)) != 0) {
		if (err != ERR_LIMIT)
			logger_error(o->log, "start", "cannot start: %s%s%s",
			    err_str(err), err == ERR_IO ? ": " : "",
			    err == ERR_IO ? strerror(errno) : "");
		server_free(s);
		return NULL;
	}
	return s;
}

void server_free(struct server *s)
{
	struct room *r;
	unsigned i;

	if (s == NULL)
		return;
	server_stop(s);
	(void)server_join(s);
	quota_watch(SIZE_MAX, NULL, NULL);
	/* What it was asked it answers before what waits for it is freed. */
	if (s->o.store.end != NULL)
		s->o.store.end(s->o.store.arg);
	accounts_stop(s->accounts);
	for (i = 0; i < s->n_workers; i++)
		worker_close(s->worker[i]);
	administer_free(s->administer); /* it is in a worker's loop */
	for (i = 0; i < s->n_workers; i++)
		worker_free(s->worker[i]);
	acceptor_free(&s->acceptor);
	free(s->worker);
	free(s->thread);
	while (s->directory != NULL &&
	       (r = directory_find(s->directory, "")) != NULL) {
		room_free(r);
		room_unref(r);
	}
	log_free(s->log);
	directory_free(s->directory);
	accounts_free(s->accounts);
	standing_free(s->standing);
	throttle_free(s->throttle);
	throttle_free(s->door);
	tickets_free(s->tickets);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	free(s);
}

int server_run(struct server *s, struct output *words)
{
	int err, others;

	s->words = words;
	server_outputs(s);
	if ((err = worker_run(s->worker[0])) != 0)
		server_stop(s);
	others = server_join(s);
	return err != 0 ? err : others;
}

void server_limit(struct server *s, const struct server_options *o)
{
	const struct budget_limits by_name = {.name = o->guesses.name};
	const struct worker_limits limits = {.rate = o->rate,
	    .rate_bytes = (uint32_t)o->rate_bytes,
	    .rate_burst = o->rate_burst,
	    .memory_max = o->memory_max,
	    .proxies = o->proxies};
	const struct blob_limits files = server_options_files(o);
	struct room *r = NULL, *next;

	if (s->files != NULL)
		blob_store_limit(s->files, &files);
	server_people(s, o);
	throttle_guesses(s->throttle, server_pause_ms(o), &o->guesses);
	throttle_guesses(s->door, MINUTE_MS, &by_name);
	while ((next = directory_after(
		    s->directory, r != NULL ? room_id(r) : 0)) != NULL) {
		room_unref(r);
		r = next;
		room_tune(r, o->users_max, o->rekey_ms);
	}
	room_unref(r);
	acceptor_limit(&s->acceptor, o->memory_max);
	quota_limit(o->memory_max);
	administer_limit(s->administer, &limits, o->users_max);
}

bool server_has_room(struct server *s, const char *name)
{
	struct room *r = directory_find(s->directory, name);

	room_unref(r);
	return r != NULL;
}

/* admin_main.c - what main does for an administrator of the running server. */
#include "server/admin_main.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/reload.h"
#include "server/store/blob_store.h"
#include "server/store/store.h"
#include "shared/base/secret.h"
#include "shared/crypto/safety.h"
#include "shared/wire/text.h"
#include "shared/wire/version.h"

enum { INVITE_MAX = 4096, CHANGED_MAX = 1024 };

/* --- what it was started with --------------------------------------------- */

static void put_path(struct json_w *w, const char *key, const char *path)
{
	char text[1024];

	if (path == NULL)
		return;
	/* A name of a file may be anything, JSON may not. */
	text_filter_fixed(text, sizeof(text), path, strlen(path));
	json_put_str(w, key, text);
}

static void put_listeners(
    struct json_w *w, const struct admin_program *p, const char *key, bool tls)
{
	size_t i;

	json_open_arr(w, key);
	for (i = 0; i < p->n_listeners; i++)
		if (p->listeners[i].tls == tls)
			put_path(w, NULL, p->listeners[i].name);
	json_close(w, ']');
}

static void about(void *arg, struct json_w *w)
{
	const struct admin_program *p = arg;
	const struct server_options *o = p->options;
	char code[SAFETY_LEN + 1], why[STORE_WHY_MAX];

	json_put_str(w, "version", CONCLAVE_VERSION);
	json_put_int(w, "pid", getpid());
	json_put_u63(w, "uid", geteuid());
	json_put_str(w, "room", o->room);
	put_listeners(w, p, "listening", false);
	if (p->tls->ready)
		put_listeners(w, p, "listening_tls", true);
	if (safety_server_code(code, p->fingerprint) == 0)
		json_put_str(w, "code", code);
	json_put_str(w, "exchange", p->exchange);
	put_path(w, "state", p->state);
	put_path(w, "config", o->config);
	put_path(w, "record", p->record);
	json_put_u63(w, "scrypt_n", o->scrypt_n);
	json_put_u63(w, "guesses", o->guesses.all);
	json_put_u63(w, "rate", o->rate);
	json_put_bool(w, "sandbox", !o->no_sandbox);
	json_put_bool(w, "database", p->store != NULL);
	if (p->store != NULL && store_stuck(p->store, why))
		put_path(w, "stuck", why);
}

/* --- invites -------------------------------------------------------------- */

int admin_main_invite(
    struct admin_program *p, const void *invite, size_t n, const char *room)
{
	size_t len = strlen(room);
	const char *s = invite;
	size_t at;
	int r;

	buf_init(&p->before, INVITE_MAX);
	buf_init(&p->after, INVITE_MAX);
	/* The name stands before the fingerprint's '#', as "/ROOM" or
	 * "?room=ROOM". */
	for (at = n; at > 0 && s[at - 1] != '#'; at--)
		;
	if (at < len + 2 || memcmp(s + at - 1 - len, room, len) != 0)
		return ERR_USAGE;
	if ((r = buf_put(&p->before, s, at - 1 - len)) != 0)
		return r;
	return buf_put(&p->after, s + at - 1, n - at + 1);
}

static int invite(void *arg, const char *room, struct buf *out)
{
	const struct admin_program *p = arg;
	int r;

	if (room[0] == '\0')
		room = p->options->room;
	else if (!server_has_room(p->server, room))
		return ERR_ROOM;
	if ((r = buf_put(out, p->before.p, p->before.len)) != 0 ||
	    (r = buf_str(out, room)) != 0)
		return r;
	return buf_put(out, p->after.p, p->after.len);
}

/* --- the password --------------------------------------------------------- */

static int password(void *arg, const struct record_file *f)
{
	const struct admin_program *p = arg;
	int r = gate_change(p->gate, f);

	if (r == 0)
		logger_info(p->log, "record",
		    "the password was changed: who joins from now on needs the "
		    "new one; members stay");
	return r;
}

int admin_main_record(const struct logger *log, const struct server_options *o,
    struct gate **gate, struct errmsg *why)
{
	struct record_file *f = secret_alloc(sizeof(*f));
	bool running = *gate != NULL;
	int r = ERR_NOMEM;

	errmsg_set(why, r, "out of memory");
	if (f != NULL && (r = record_file_read(f, o->record, why)) == 0) {
		r = running ? gate_change(*gate, f)
			    : gate_of_record(gate, f);
		if (r != 0)
			errmsg_set(why, r, "cannot use the record %s: %s",
			    o->record, err_str(r));
	}
	secret_free(f, sizeof(*f));
	if (r != 0)
		logger_error(log, "record", "%s%s", why->text,
		    running ? "; the password stays as it was" : "");
	return r;
}

/* --- the configuration ---------------------------------------------------- */

static void apply(const struct admin_program *p)
{
	const struct server_options *o = p->options;

	p->log->level = o->logger_level;
	p->log->json = o->log_json;
	p->log->anonymous = !o->log_addresses;
	server_limit(p->server, o);
}

/* Each sentence once more in the log. */
static void log_notes(const struct logger *log, const struct buf *notes)
{
	const char *s = (const char *)notes->p, *end;
	size_t left = notes->len;

	for (; left > 0 && (end = memchr(s, '\n', left)) != NULL;
	     left -= (size_t)(end - s) + 1, s = end + 1)
		logger_info(log, "reload", "%.*s", (int)(end - s), s);
}

static int reload_record(const struct admin_program *p, struct errmsg *why)
{
	struct gate *gate = p->gate;
	int r = admin_main_record(p->log, p->options, &gate, why);

	if (r == 0)
		logger_info(p->log, "record",
		    "read again: who joins from now on needs its password; "
		    "members stay");
	return r;
}

static int reload_config(const struct admin_program *p, struct buf *notes,
    struct buf *changed, struct errmsg *why)
{
	int r = reload_options(p->options, p->from, changed, notes, why);

	if (r != 0)
		return r;
	apply(p);
	log_notes(p->log, notes);
	return buf_u8(changed, '\0');
}

static int reload_tls(const struct admin_program *p, struct errmsg *why)
{
	int r = tls_main_reload(p->tls, why);

	if (r != 0) {
		logger_error(p->log, "tls",
		    "%s; certificates and keys stay as they were", why->text);
		return r;
	}
	if (p->tls->ready)
		logger_info(p->log, "tls",
		    "certificate and key were read again: who connects from now "
		    "on is shown them");
	if (p->tls->certifies) {
		logger_info(p->log, "tls",
		    "whom the server trusts to certify members was read again: "
		    "who has no good certificate any more is put out");
		server_limit(p->server, p->options); /* looks at everybody */
	}
	return 0;
}

/* A fault in one file leaves what it and the ones after it say as it was. */
static int reload_files(const struct admin_program *p, struct buf *notes,
    struct buf *changed, struct errmsg *why)
{
	const struct server_options *o = p->options;
	int r;

	if (o->config != NULL && (r = reload_check(o, p->from, why)) != 0) {
		logger_error(p->log, "reload",
		    "%s; the options stay as they were", why->text);
		return r;
	}
	if (p->tls->fd >= 0 && (r = reload_tls(p, why)) != 0)
		return r;
	if (o->record != NULL && (r = reload_record(p, why)) != 0)
		return r;
	return o->config != NULL ? reload_config(p, notes, changed, why) : 0;
}

static int reload(
    void *arg, const char *by, struct buf *notes, struct errmsg *why)
{
	const struct admin_program *p = arg;
	const struct server_options *o = p->options;
	struct buf changed;
	int r;

	if (o->config == NULL && o->record == NULL && p->tls->fd < 0)
		return errmsg_set(why, ERR_USAGE,
		    "this server was started without --config, --record, "
		    "--tls-listen and --require-certificate: there is nothing "
		    "to read again");
	buf_init(&changed, CHANGED_MAX);
	r = reload_files(p, notes, &changed, why);
	audit_write(p->audit,
	    &(struct audit_row){.act = r == 0 ? "reload" : "reload failed",
		.by = by,
		.text = r != 0		  ? why->text
			: changed.len > 1 ? (const char *)changed.p
					  : NULL});
	if (r == 0 && o->config != NULL && notes->len == 0)
		(void)!buf_str(notes, "no option has changed\n");
	if (r == 0 && p->tls->ready)
		(void)!buf_str(
		    notes, "certificate and key of TLS were read again\n");
	if (r == 0 && p->tls->certifies)
		(void)!buf_str(notes,
		    "the CA of members' certificates was read again\n");
	if (r == 0 && o->record != NULL)
		(void)!buf_str(notes, "the password's record was read again\n");
	buf_free(&changed);
	return r;
}

/* --- the database ----------------------------------------------------------- */

static int backup(void *arg, int fd,
    void (*done)(void *arg, int err, const char *text), void *done_arg)
{
	const struct admin_program *p = arg;
	int r = ERR_STATE;

	if (p->store != NULL)
		r = store_backup(p->store, fd, done, done_arg);
	if (r != 0)
		close(fd);
	return r;
}

static bool has_files(void *arg)
{
	const struct admin_program *p = arg;

	return p->files != NULL;
}

static uint64_t files(void *arg, struct blob_ask_item *i)
{
	const struct admin_program *p = arg;

	return blob_store_ask(p->files, i);
}

/* -------------------------------------------------------------------------- */

void admin_main_free(struct admin_program *p)
{
	buf_free(&p->before);
	buf_free(&p->after);
	free(p->state);
	free(p->record);
}

void admin_main_paths(struct admin_program *p)
{
	const struct server_options *o = p->options;

	if (o->state_dir != NULL)
		p->state = realpath(o->state_dir, NULL);
	if (o->record != NULL)
		p->record = realpath(o->record, NULL);
}

struct admin_main admin_main_of(struct admin_program *p)
{
	return (struct admin_main){
	    about, invite, password, reload, backup, has_files, files, p};
}

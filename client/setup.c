/* setup.c - prepares for joining: identity, pins, server and password. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/print.h"
#include "shared/wire/b64.h"
#include "shared/base/secret.h"
#include "shared/os/value.h"
#include "shared/wire/text.h"
#include "client/trust/identity_file.h"
#include "client/trust/last_server.h"
#include "shared/os/prompt.h"
#include "client/setup.h"
#include "client/tls_setup.h"
#include "client/trust/server_files.h"
#include "client/trust/tickets.h"
#include "shared/os/clock.h"

static int ask_passphrase(
    void *arg, struct buf *out, const char *prompt, struct errmsg *why)
{
	int r = prompt_secret(out, prompt, why);

	(void)arg;
	if (r == ERR_USAGE)
		errmsg_set(why, r,
		    "the identity has a passphrase and there is no terminal "
		    "to ask it on: use an identity without one (--identity)");
	return r;
}

static const struct identity_file_ask ask_terminal = {ask_passphrase, NULL};

/* Formats `conclave --forget-server X`, quoted for a shell. */
static void forget_command(
    char *out, size_t size, const char *server, const struct client_options *o)
{
	snprintf(out, size, "conclave --forget-server '%s'%s%s%s", server,
	    o->known_servers_given ? " --known-servers '" : "",
	    o->known_servers_given ? o->known_servers : "",
	    o->known_servers_given ? "'" : "");
}

void setup_pin_differs(const struct setup *s, const struct client_options *o,
    const uint8_t *shown, struct errmsg *why)
{
	char pin[B64URL_32 + 1], now[B64URL_32 + 1] = "(not shown)";
	char command[1536];
	b64url_encode32(pin, s->pin);
	if (shown != NULL)
		b64url_encode32(now, shown);
	forget_command(command, sizeof(command), s->server, o);
	errmsg_set(why, ERR_PIN,
	    "the key of %s %s: somebody may be intercepting the connection.\n"
	    "  pinned, %s: %s\n"
	    "  shown now: %s\n"
	    "Ask the server's owner, in another way, whether its key has "
	    "changed. If so, %s",
	    s->server,
	    s->known ? "has changed" : "is not the one in the invite",
	    s->known ? "in known_servers" : "by the invite", pin, now,
	    s->known ? "take the old one out, and use a new invite:\n  "
		     : "use a new invite.");
	if (s->known)
		strncat(why->text, command,
		    sizeof(why->text) - strlen(why->text) - 1);
}

static void invite_differs(const struct setup *s,
    const struct client_options *o, const uint8_t file[WIRE_HASH],
    struct errmsg *why)
{
	char pin[B64URL_32 + 1], invite[B64URL_32 + 1];
	char command[1536];

	b64url_encode32(pin, file);
	b64url_encode32(invite, o->server.fingerprint);
	forget_command(command, sizeof(command), s->server, o);
	errmsg_set(why, ERR_PIN,
	    "the invite is for another server than the one known as %s.\n"
	    "  in known_servers: %s\n"
	    "  in the invite:    %s\n"
	    "Ask the server's owner, in another way, whether its key has "
	    "changed. If so, take the old one out:\n  %s",
	    s->server, pin, invite, command);
}

static int find_pin(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	int r;

	servers_name(s->server, &o->server);
	if ((r = servers_find(
		 o->known_servers, s->server, &s->known, s->pin, why)) != 0)
		return r;
	s->pinned = s->known || o->server.has_fingerprint;
	if (!o->server.has_fingerprint)
		return 0;
	if (!s->known) {
		memcpy(s->pin, o->server.fingerprint, WIRE_HASH);
		return 0;
	}
	if (secret_equal(s->pin, o->server.fingerprint, WIRE_HASH))
		return 0;
	invite_differs(s, o, s->pin, why);
	return ERR_PIN;
}

/* What uri_parse says of a text; *invite: it is a whole one. */
static int look_at(const char *text, bool *invite)
{
	struct uri u = {.has_fingerprint = false};
	int r = uri_parse(&u, text);

	*invite = r == 0 && u.has_fingerprint;
	uri_wipe(&u);
	return r;
}

/* Reads an answer, without its newline and with a null byte at its end. Reads
 * further lines while they may belong to an invite that a mail program wrapped:
 * otherwise its end would answer the next question, or be taken for a host. */
static int read_answer(struct buf *b, const char *prompt, struct errmsg *why)
{
	const char *asked = prompt;
	size_t had = 0;
	bool cut, invite;
	int r;

	buf_clear(b);
	for (;;) {
		if ((r = prompt_line(b, asked, why)) == 0 &&
		    (r = buf_u8(b, 0)) != 0)
			errmsg_set(why, r, "%s", err_str(r));
		if (r != 0)
			return r;
		if (had > 0 && b->len == had + 1) {
			buf_clear(b);
			had = 0;
			asked = prompt;
			continue;
		}
		/* The whole invite, pasted again. */
		if (had > 0 &&
		    look_at((const char *)b->p + had, &invite) == 0 && invite)
			buf_consume(b, had);
		if (!uri_unfinished((const char *)b->p))
			return 0;
		cut = look_at((const char *)b->p, &invite) == ERR_TRUNC;
		if (!prompt_waits()) {
			if (!cut)
				return 0;
			prompt_say("This invite is cut: paste its other line. "
				   "Enter alone begins again.");
		}
		b->p[b->len - 1] = '\n';
		had = b->len;
		asked = cut ? "The rest of it: " : "";
	}
}

/* Asks until the answer is valid: `take` checks it and reports what is wrong.
 * `normal` is the answer when the user just presses Enter; "" for none. */
static int ask_for(struct client_options *o, const char *help, const char *what,
    const char *normal,
    int (*take)(
	struct client_options *o, const char *answer, struct errmsg *why),
    struct errmsg *why)
{
	char prompt[SERVERS_NAME_MAX + 64];
	struct buf b;
	int r;

	snprintf(prompt, sizeof(prompt),
	    normal[0] != '\0' ? "%s [%s]: " : "%s: ", what, normal);
	if (help != NULL)
		prompt_say(help);
	buf_init_secret(&b, 1024);
	for (;;) {
		if ((r = read_answer(&b, prompt, why)) == 0)
			r = take(
			    o, b.p[0] == 0 ? normal : (const char *)b.p, why);
		/* Ask again after a wrong answer, but not at end of input. */
		if (r != ERR_USAGE || !prompt_possible())
			break;
		prompt_say(why->text);
	}
	buf_free(&b);
	return r;
}

static int take_server(
    struct client_options *o, const char *s, struct errmsg *why)
{
	char room[sizeof(o->server.room)];

	memcpy(room, o->server.room, sizeof(room));
	if (uri_parse(&o->server, s) != 0)
		return errmsg_set(why, ERR_USAGE, "That is no server: %s.",
		    uri_wrong(s) != NULL
			? uri_wrong(s)
			: "paste the whole invite (conclave://...), or type "
			  "HOST or HOST:PORT");
	if (o->server.room[0] == '\0')
		memcpy(o->server.room, room, sizeof(room));
	return 0;
}

static int take_name(
    struct client_options *o, const char *s, struct errmsg *why)
{
	if (value_name(o->name, s) != 0)
		return errmsg_set(why, ERR_USAGE,
		    "That is not a name: %suse 1 to %d of A-Z a-z 0-9 . _ -, "
		    "beginning with a letter or digit.",
		    text_reserved(s) ? "it is reserved; " : "", WIRE_NAME_MAX);
	return 0;
}

/* Who was on that server last has that name again, unless one was given. */
static void name_again(
    struct client_options *o, const struct last_server *last)
{
	char name[SERVERS_NAME_MAX], last_name[SERVERS_NAME_MAX];
	struct uri u = {.host = ""};

	if (o->name_given || uri_parse(&u, last->address) != 0)
		return;
	servers_name(name, &o->server);
	servers_name(last_name, &u);
	uri_wipe(&u);
	if (strcmp(name, last_name) == 0)
		memcpy(o->name, last->name, sizeof(last->name));
}

/* Asks for the server if none was given and there is a terminal. */
static int ask_where(struct client_options *o, struct errmsg *why)
{
	struct last_server last;
	bool again;
	int r;

	if (!o->ask_server || !isatty(STDIN_FILENO) || !prompt_possible())
		return 0;
	again = last_server_read(&last, o->known_servers);
	r = ask_for(o,
	    again ? "Which server? Your invite, or HOST:PORT; Enter alone: the "
		    "one you were on last."
		  : "Which server? Your invite, or HOST:PORT; Enter alone: this "
		    "machine.",
	    "Server", again ? last.address : "localhost:2528", take_server,
	    why);
	if (r == 0 && again)
		name_again(o, &last);
	return r;
}

/* The same for the name. Whoever has an account with a password on this server has
 * that name again. */
static int ask_who(
    const struct setup *s, struct client_options *o, struct errmsg *why)
{
	static const char who[] = "Your name in the room";
	bool person = isatty(STDIN_FILENO) && prompt_possible();
	char normal[sizeof(o->name)];

	if (!o->name_given && own_accounts_newest(s->own_path, o->name))
		return 0;
	if (o->name[0] == '\0' && !prompt_possible())
		return errmsg_set(why, ERR_USAGE,
		    "you have no name here: give one with --name");
	memcpy(normal, o->name, sizeof(normal));
	if (person &&
	    (o->ask_name || (!o->name_given && o->server.invite[0] != '\0')))
		return ask_for(o,
		    "Who are you? Others see this name; letters and digits, 24 "
		    "at most.",
		    who, normal, take_name, why);
	return o->name[0] != '\0' ? 0
				  : ask_for(o, NULL, who, "", take_name, why);
}

static int load_identity(
    struct setup *s, struct client_options *o, struct errmsg *why)
{
	struct rng rng = random_system();
	struct errmsg note;
	bool made;
	int r;

	r = identity_file_open(
	    &s->identity, &made, o->identity, &rng, &ask_terminal, why);
	if (r == 0 && made && isatty(STDERR_FILENO)) {
		errmsg_set(&note, 0, "your identity was made: %s", o->identity);
		errmsg_print("conclave", note.text);
	}
	return r;
}

static int files_path(const struct setup *s, const struct client_options *o,
    const char *folder, char **out, struct errmsg *why)
{
	const struct server_files of = {
	    o->known_servers, s->server, identity_public(s->identity)};

	return server_files_path(out, folder, &of, why);
}

/* Without this file the client goes on, and only knows what it sees itself. */
static int find_rooms(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	char *path;
	int r = files_path(s, o, "rooms", &path, why);

	if (r == 0)
		r = known_rooms_open(&s->rooms, path, why);
	free(path);
	if (r == ERR_IO || r == ERR_USAGE)
		errmsg_print("conclave", why->text);
	return r == ERR_IO || r == ERR_USAGE ? 0 : r;
}

/* Where the folder cannot be made, nothing was ever kept there. */
static bool nothing_there(const char *path)
{
	return path != NULL && access(path, F_OK) != 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

/* Without this file a purge may be forgotten if the client is killed. */
static int find_purges(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	char *path;
	int r = files_path(s, o, "purges", &path, why);

	if (r == 0)
		r = purge_file_open(&s->purges, path, s->identity, why);
	if (r == ERR_USAGE || (r == ERR_IO && !nothing_there(path)))
		errmsg_print("conclave", why->text);
	free(path);
	return r == ERR_IO || r == ERR_USAGE ? 0 : r;
}

struct rooms_ops setup_rooms(const struct setup *s)
{
	struct rooms_ops ops = known_rooms_ops(s->rooms);

	ops.purges = purge_file_ops(s->purges);
	return ops;
}

/* What the user knows as sealed must not pass for open: if this file cannot be
 * read there is no going on. The invite's secret is written when the room has
 * it. */
static int find_sealed(
    struct setup *s, struct client_options *o, struct errmsg *why)
{
	char *path;
	int r = files_path(s, o, "sealed", &path, why);

	if (r == ERR_IO && nothing_there(path))
		r = sealed_rooms_open(&s->sealed, NULL, NULL, why);
	else if (r == 0)
		r = sealed_rooms_open(&s->sealed, path, s->identity, why);
	free(path);
	if (r == 0 && o->server.has_seal)
		sealed_rooms_give(s->sealed, o->server.room, o->server.seal);
	secret_wipe(o->server.seal, sizeof(o->server.seal));
	o->server.has_seal = false;
	return r;
}

static int find_holders(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	char *path;
	int r = files_path(s, o, "holders", &path, why);

	if (r == ERR_IO && nothing_there(path))
		r = seal_holders_open(&s->holders, NULL, NULL, why);
	else if (r == 0)
		r = seal_holders_open(&s->holders, path, s->identity, why);
	free(path);
	return r;
}

struct seals_ops setup_seals(const struct setup *s)
{
	struct seals_ops ops = sealed_rooms_ops(s->sealed);

	ops.holders = seal_holders_ops(s->holders);
	ops.topics = seal_topics_ops(seal_holders_topics(s->holders));
	return ops;
}

int setup_keep_seals(const struct setup *s, struct errmsg *why)
{
	if (sealed_rooms_failed(s->sealed, why))
		return ERR_IO;
	return seal_holders_flush(s->holders, why);
}

/* Without its keys there are no direct messages. Another program that has them is
 * no fault: the user is told when they want to send one. */
static int find_prekeys(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	char *path;
	int r = files_path(s, o, "direct", &path, why);

	if (r == 0)
		r = prekeys_open(&s->prekeys, path, s->identity, why);
	free(path);
	if (r == ERR_USAGE)
		errmsg_print("conclave", why->text);
	return r == ERR_IO || r == ERR_USAGE || r == ERR_STATE ? 0 : r;
}

/* A ticket that cannot be read is as good as none; where its folder cannot be
 * made, none is kept. */
static int find_ticket(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	int r = files_path(s, o, "tickets", &s->ticket_path, why);

	s->has_ticket = r == 0 && tickets_load(s->ticket_path, s->ticket,
				      clock_real_ms() / 1000) == 0;
	if (r != ERR_IO)
		return r;
	free(s->ticket_path);
	s->ticket_path = NULL;
	return 0;
}

/* Where it cannot be kept, it is not known the next time. */
static int find_own(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	int r = files_path(s, o, "accounts", &s->own_path, why);

	if (r != ERR_IO)
		return r;
	free(s->own_path);
	s->own_path = NULL;
	return 0;
}

/* Where they cannot be kept, a file is sent or fetched in one run or not at
 * all. */
static int find_unfinished(
    struct setup *s, const struct client_options *o, struct errmsg *why)
{
	char *path;
	int r = files_path(s, o, "transfers", &path, why);

	if (r == 0)
		r = unfinished_open(
		    &s->unfinished, path, s->identity, why);
	else if (r == ERR_IO)
		r = unfinished_open(
		    &s->unfinished, NULL, NULL, why);
	free(path);
	return r;
}

int setup_run(struct setup *s, struct client_options *o, struct errmsg *why)
{
	int r;

	memset(s, 0, sizeof(*s));
	buf_init_secret(&s->login.own, WIRE_PASSWORD_MAX);
	if ((r = ask_where(o, why)) != 0 || (r = find_pin(s, o, why)) != 0 ||
	    (r = load_identity(s, o, why)) != 0 ||
	    (r = tls_setup(&s->tls, o, s->identity, s->pinned, why)) != 0 ||
	    (r = find_own(s, o, why)) != 0 || (r = ask_who(s, o, why)) != 0 ||
	    (r = find_ticket(s, o, why)) != 0 ||
	    (r = find_rooms(s, o, why)) != 0 ||
	    (r = find_purges(s, o, why)) != 0 ||
	    (r = find_sealed(s, o, why)) != 0 ||
	    (r = find_holders(s, o, why)) != 0 ||
	    (r = find_prekeys(s, o, why)) != 0 ||
	    (r = find_unfinished(s, o, why)) != 0 ||
	    (r = people_open(&s->people, o->known_people, why)) != 0 ||
	    (r = ignored_path(&s->ignored_path, o->known_people, why)) != 0 ||
	    (r = ignored_open(&s->ignored, s->ignored_path, why)) != 0)
		return r;
	s->login.server = s->server;
	s->login.own_path = s->own_path;
	return setup_password(&s->login, o, why);
}

void setup_free(struct setup *s)
{
	tls_setup_free(&s->tls);
	known_rooms_free(s->rooms);
	purge_file_free(s->purges);
	sealed_rooms_free(s->sealed);
	seal_holders_free(s->holders);
	prekeys_free(s->prekeys);
	identity_free(s->identity);
	unfinished_free(s->unfinished);
	people_free(s->people);
	ignored_free(s->ignored);
	free(s->ignored_path);
	free(s->ticket_path);
	free(s->own_path);
	buf_free(&s->login.own);
	secret_wipe(s->ticket, sizeof(s->ticket));
	memset(s, 0, sizeof(*s));
}

int setup_save_pin(struct setup *s, const struct client_options *o,
    const uint8_t fingerprint[WIRE_HASH], struct errmsg *why)
{
	char comment[RECORDS_DATE + 16], date[RECORDS_DATE];
	int r;

	if (s->known)
		return 0;
	records_date(date);
	snprintf(comment, sizeof(comment), "%s %s",
	    o->server.has_fingerprint ? "by invite" : "first seen", date);
	r = servers_add(o->known_servers, s->server, fingerprint, comment, why);
	s->known = r == 0;
	/* Even if it could not be saved, pin this server's identity for the
	 * rest of this run. */
	if (r != ERR_PIN) {
		s->pinned = true;
		memcpy(s->pin, fingerprint, WIRE_HASH);
	}
	return r;
}

void setup_keep_last(const struct client_options *o)
{
	if (isatty(STDIN_FILENO))
		last_server_keep(o->known_servers, &o->server, o->name);
}

int setup_new_passphrase(const struct client_options *o, struct errmsg *why)
{
	struct rng rng = random_system();
	int r =
	    identity_file_new_passphrase(o->identity, &rng, &ask_terminal, why);

	if (r == 0)
		r = print_line(why, "%s has its new passphrase\n", o->identity);
	return r;
}

int setup_forget_server(const struct client_options *o, struct errmsg *why)
{
	char name[SERVERS_NAME_MAX];
	size_t n;
	int r;

	servers_name(name, &o->server);
	if ((r = servers_forget(o->known_servers, name, &n, why)) != 0)
		return r;
	return print_line(why,
	    n == 0 ? "%s is not in %s\n" : "%s is no longer in %s\n", name,
	    o->known_servers);
}

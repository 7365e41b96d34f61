/* options.c - merges the client's options from all sources. */
#include "client/options.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/settings.h"
#include "shared/os/file.h"
#include "shared/os/password.h"
#include "shared/wire/text.h"

const struct opts_row *client_options_row(size_t i)
{
	size_t k;

	for (k = 0; k < SETTINGS_ROWS; k++)
		if ((settings_table[k].flags & OPTS_NO_ARGV) == 0 && i-- == 0)
			return &settings_table[k];
	return NULL;
}

bool client_options_name_from(char out[WIRE_NAME_MAX + 1], const char *user)
{
	static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t n = 0;

	while (*user == '.' || *user == '_' || *user == '-')
		user++;
	for (; *user != '\0' && n < WIRE_NAME_MAX; user++) {
		if (strchr(ok, *user) != NULL)
			out[n++] = *user;
		else if (n > 0 && out[n - 1] != '_')
			out[n++] = '_';
	}
	out[n] = '\0';
	return text_name(out, n);
}

static void default_name(char out[WIRE_NAME_MAX + 1])
{
	const char *user = getenv("USER");
	const struct passwd *pw;

	if (user != NULL && client_options_name_from(out, user))
		return;
	if ((user = getenv("LOGNAME")) != NULL &&
	    client_options_name_from(out, user))
		return;
	if ((pw = getpwuid(getuid())) == NULL ||
	    !client_options_name_from(out, pw->pw_name))
		out[0] = '\0';
}

/* Sets *out to $XDG_CONFIG_HOME/conclave/FILE unless it was given. */
static int default_path(char **out, const char *file, struct errmsg *why)
{
	char name[64];

	if (*out != NULL)
		return 0;
	snprintf(name, sizeof(name), "conclave/%s", file);
	return file_user_path(out, FILE_CONFIG_HOME, name, why);
}

static int resolve_room(
    const struct opts *m, struct settings_values *v, struct errmsg *why)
{
	struct client_options *o = &v->o;

	if (v->room == NULL)
		return 0;
	if (o->server.room[0] != '\0') {
		/* An invite names its own room; ignore a room from a
		 * lower-priority source. */
		if (opts_from(m, "room") < opts_from(m, "server"))
			return 0;
		if (!text_same_name(v->room, o->server.room))
			return errmsg_set(why, ERR_USAGE,
			    "the invite is for the room \"%s\", --room says "
			    "\"%s\": leave one out",
			    o->server.room, v->room);
	}
	snprintf(o->server.room, sizeof(o->server.room), "%s", v->room);
	return 0;
}

static int resolve_password(
    const struct opts *m, struct settings_values *v, struct errmsg *why)
{
	bool file_wins;
	int r;

	if ((r = opts_choose(
		 m, "password-file", "password", &file_wins, why)) != 0 ||
	    !file_wins)
		return r;
	return password_file(&v->o.password, v->password_file,
	    PASSWORD_FIRST_LINE, m->program, why);
}

static int resolve(const struct opts *m, struct settings_values *v, bool alone,
    struct errmsg *why)
{
	struct client_options *o = &v->o;
	int r;

	if ((r = settings_server(&o->server,
		 v->forget != NULL   ? v->forget
		 : v->server != NULL ? v->server
				     : "localhost",
		 why)) != 0 ||
	    (r = resolve_room(m, v, why)) != 0)
		return r;
	o->known_servers_given = o->known_servers != NULL;
	o->alone = alone;
	o->ask_name = alone && o->name[0] == '\0';
	o->ask_server = alone && v->server == NULL;
	if (o->name[0] == '\0')
		default_name(o->name);
	if ((r = default_path(&o->identity, "identity.pem", why)) != 0 ||
	    (r = default_path(&o->known_servers, "known_servers", why)) != 0 ||
	    (r = default_path(&o->known_people, "known_people", why)) != 0)
		return r;
	return resolve_password(m, v, why);
}

static int read_all(struct opts *m, int argc, char **argv, struct errmsg *why)
{
	struct settings_values *v = m->values;
	int r;

	if ((r = opts_argv(m, argc, argv, why)) != 0)
		return r;
	/* A broken settings file must not prevent --help. */
	if (v->o.task == TASK_HELP || v->o.task == TASK_VERSION)
		return 0;
	if ((r = opts_environment(m, why)) != 0 ||
	    (r = default_path(&v->o.config, "config", why)) != 0)
		return r;
	r = opts_file(m, v->o.config, FILE_OWN, why);
	if (r != 0 && r != ERR_AGAIN)
		return r;
	if (v->o.task == TASK_WRITE_CONFIG)
		return settings_text(m, &v->o.config_text, why);
	return resolve(m, v, argc <= 1, why);
}

int client_options_read(
    struct client_options *o, int argc, char **argv, struct errmsg *why)
{
	struct settings_values values, unused;
	struct opts m;
	int r;

	settings_machine(&m, &values, &unused);
	r = read_all(&m, argc, argv, why);
	*o = values.o; /* ownership moves to the caller */
	memset(&values.o, 0, sizeof(values.o));
	settings_free(&values);
	settings_free(&unused);
	return r;
}

void client_options_free(struct client_options *o)
{
	buf_free(&o->password);
	buf_free(&o->config_text);
	free(o->identity);
	free(o->known_servers);
	free(o->known_people);
	free(o->config);
	memset(o, 0, sizeof(*o));
}

int client_options_write_config(
    const struct client_options *o, struct errmsg *why)
{
	int r = file_write(
	    o->config, o->config_text.p, o->config_text.len, FILE_NEW, why);

	if (r == ERR_STATE)
		errmsg_set(why, r,
		    "%s exists already and stays as it is: edit it, or move it "
		    "away first",
		    o->config);
	return r;
}

static const char before[] =
    "Usage: conclave [options] [INVITE | HOST[:PORT]]\n"
    "Chat in a private room. An invite is "
    "conclave://HOST:PORT/ROOM#FINGERPRINT,"
    " as conclaved prints it. Without a server: localhost.\n";
static const char after[] =
    "Defaults are in parentheses. The password comes from -p, --password-file, "
    "$CONCLAVE_PASSWORD or the terminal; settings from the command line, "
    "$CONCLAVE_NAME and the like, or ~/.config/conclave/config.\n"
    "In the room: /help.\n"
    "Exit status: 0 ended by you, 2 wrong usage, 3 cannot connect or the "
    "connection was lost, 4 refused, 5 not the server that it was, 6 the "
    "server broke the protocol. See conclave(1).\n";

int client_options_help(struct buf *out)
{
	struct settings_values values, unused;
	struct opts m;
	int r;

	settings_machine(&m, &values, &unused);
	r = opts_help(&m, out, before, after);
	settings_free(&values);
	settings_free(&unused);
	return r;
}

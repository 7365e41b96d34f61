/* setting_sources.c - merges the client's options from all sources. */
#include "client/setting_sources.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/settings.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/os/password.h"
#include "shared/wire/text.h"

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

/* Sets *out to $XDG_CONFIG_HOME/conclave/FILE unless it was given. `option`
 * gives it; NULL: there is none. ERR_USAGE: there is no home directory. */
static int default_path(
    char **out, const char *file, const char *option, struct errmsg *why)
{
	char name[64];
	int r;

	if (*out != NULL)
		return 0;
	snprintf(name, sizeof(name), "conclave/%s", file);
	r = file_user_path(out, FILE_CONFIG_HOME, name, why);
	if (r == ERR_USAGE && option != NULL)
		errmsg_set(why, r,
		    "there is no home directory to keep %s in: give %s FILE, "
		    "or set HOME",
		    file, option);
	return r;
}

/* Only the files that the task needs: a service account without a home directory
 * can name them all. */
static int default_paths(struct client_options *o, struct errmsg *why)
{
	const struct {
		char **path;
		const char *file, *option;
		bool needed;
	} rows[] = {
	    {&o->identity, "identity.pem", "--identity",
		o->task != TASK_FORGET_SERVER},
	    {&o->known_servers, "known_servers", "--known-servers",
		o->task != TASK_NEW_PASSPHRASE},
	    {&o->known_people, "known_people", "--known-people",
		o->task == TASK_CHAT},
	};
	size_t i;
	int r = 0;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && r == 0; i++)
		if (rows[i].needed)
			r = default_path(
			    rows[i].path, rows[i].file, rows[i].option, why);
	return r;
}

/* A folder, absolute so that it stays the same wherever a helper goes, or NAME in
 * the home directory. Without one there is none: the commands say so. */
static int default_folder(char **folder, const char *name, struct errmsg *why)
{
	char cwd[PATH_MAX], *whole = NULL;
	const char *home = file_home();
	size_t n = *folder != NULL ? strlen(*folder) : 0;

	while (n > 1 && (*folder)[n - 1] == '/')
		(*folder)[--n] = '\0';
	if (n > 0 && **folder == '/')
		return 0;
	if (n > 0 && getcwd(cwd, sizeof(cwd)) == NULL)
		return errmsg_errno(
		    why, ERR_IO, errno, "cannot find the folder %s", *folder);
	if (n == 0 && home == NULL)
		return 0;
	if (asprintf(&whole, "%s/%s", n > 0 ? cwd : home,
		n > 0 ? *folder : name) < 0)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	free(*folder);
	*folder = whole;
	return 0;
}

/* $XDG_DOWNLOAD_DIR or ~/Downloads, and in it a folder of our own. */
static int save_folder(char **folder, struct errmsg *why)
{
	const char *base = getenv("XDG_DOWNLOAD_DIR");

	if (*folder == NULL && base != NULL && base[0] == '/' &&
	    asprintf(folder, "%s/conclave", base) < 0) {
		*folder = NULL;
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	return default_folder(folder, "Downloads/conclave", why);
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

/* One line of standard input, and not a byte more: the rest is for the user
 * interface. */
static int read_line(struct buf *out, struct errmsg *why)
{
	uint8_t c;
	ssize_t n;
	int r = 0;

	while (r == 0) {
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errmsg_errno(why, ERR_IO, errno,
			    "the invite cannot be read from standard input");
		if (n == 0 || c == '\n')
			return 0;
		r = buf_u8(out, c);
	}
	return errmsg_set(why, ERR_USAGE, "standard input: %s",
	    "the first line is too long for an invite");
}

/* --invite-file, in the place of the argument. */
static int read_invite(
    const struct opts *m, struct settings_values *v, struct errmsg *why)
{
	struct buf text;
	int r;

	if (v->invite_file == NULL)
		return 0;
	if (v->server != NULL && opts_from(m, "server") == OPTS_ARGV)
		return errmsg_set(why, ERR_USAGE,
		    "give the server or --invite-file, not both");
	buf_init_secret(&text, URI_TEXT_MAX);
	r = strcmp(v->invite_file, "-") == 0
		? read_line(&text, why)
		: file_read(v->invite_file, FILE_ANY, &text, why);
	if (r == 0 && (r = buf_u8(&text, 0)) != 0)
		r = errmsg_set(why, ERR_USAGE,
		    "%s: it is too long for an invite", v->invite_file);
	if (r == ERR_AGAIN)
		r = errmsg_set(
		    why, ERR_USAGE, "%s: there is no such file", v->invite_file);
	if (r == 0) {
		if (v->server != NULL)
			secret_wipe(v->server, strlen(v->server));
		free(v->server);
		v->server = strdup((const char *)text.p);
		if (v->server == NULL)
			r = errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	buf_free(&text);
	return r;
}

static int resolve(const struct opts *m, struct settings_values *v, bool alone,
    struct errmsg *why)
{
	struct client_options *o = &v->o;
	int r;

	if ((r = read_invite(m, v, why)) != 0 ||
	    (r = settings_server(&o->server,
		 v->forget != NULL   ? v->forget
		 : v->server != NULL ? v->server
				     : "localhost",
		 why)) != 0 ||
	    (r = resolve_room(m, v, why)) != 0)
		return r;
	o->known_servers_given = o->known_servers != NULL;
	o->alone = alone;
	o->name_given = o->name[0] != '\0';
	o->ask_name = alone && !o->name_given;
	o->ask_server = alone && v->server == NULL;
	if (o->name[0] == '\0')
		default_name(o->name);
	if ((r = default_paths(o, why)) != 0 ||
	    (r = default_folder(
		 &o->export_folder, "conclave-exports", why)) != 0)
		return r;
	if ((r = save_folder(&o->save_folder, why)) != 0 ||
	    (o->send_folder != NULL &&
		(r = default_folder(&o->send_folder, "", why)) != 0))
		return r;
	o->keeps = o->transcript != NULL;
	r = default_folder(&o->transcript, "conclave-transcripts", why);
	if (r != 0)
		return r;
	return password_resolve(
	    &o->password, m, v->password_file, PASSWORD_FIRST_LINE, why);
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
	if ((r = opts_environment(m, why)) != 0)
		return r;
	r = default_path(&v->o.config, "config", NULL, why);
	/* Without a home directory there is no settings file either. */
	if (r == ERR_USAGE && v->o.task != TASK_WRITE_CONFIG)
		r = 0;
	if (r == 0 && v->o.config != NULL)
		r = opts_file(m, v->o.config, FILE_OWN, why);
	if (r != 0 && r != ERR_AGAIN)
		return r;
	if (v->o.task == TASK_WRITE_CONFIG)
		return settings_text(m, &v->o.config_text, why);
	return resolve(m, v, argc <= 1, why);
}

int setting_sources_read(
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

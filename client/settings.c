#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/wire/text.h"
#include "client/config.h"
#include "client/settings.h"
#include "shared/os/file.h"

struct setting {
	const char *name, *normal; /* NULL: there is no normal value */
	int (*set)(struct reading *r, const char *name, const char *v);
	const char *comment;
};

static int keep(struct reading *r, char **to, const char *v)
{
	char *copy = strdup(v);

	if (copy == NULL)
		return errmsg_set(r->why, ERR_NOMEM, "out of memory");
	free(*to);
	*to = copy;
	return 0;
}

int settings_server(struct uri *out, const char *s, struct errmsg *why)
{
	if (uri_parse(out, s) == 0)
		return 0;
	return errmsg_set(why, ERR_USAGE,
	    "\"%s\" is neither an invite (conclave://HOST:PORT/ROOM#...), nor "
	    "HOST[:PORT], [IPv6]:PORT or unix:/PATH",
	    s);
}

static int set_server(struct reading *r, const char *name, const char *v)
{
	struct uri uri;
	int e;

	(void)name;
	if ((e = settings_server(&uri, v, r->why)) != 0)
		return e;
	r->server_from = r->from;
	return keep(r, &r->server, v);
}

static int set_name(struct reading *r, const char *name, const char *v)
{
	(void)name;
	if (!text_name(v, strlen(v)))
		return errmsg_set(r->why, ERR_USAGE,
		    "\"%s\" is not a name: use 1 to %d of A-Z a-z 0-9 . _ -, "
		    "beginning with a letter or digit, and not \"server\" or "
		    "\"system\"",
		    v, WIRE_NAME_MAX);
	snprintf(r->o->name, sizeof(r->o->name), "%s", v);
	return 0;
}

static int set_room(struct reading *r, const char *name, const char *v)
{
	(void)name;
	if (!text_room(v, strlen(v)))
		return errmsg_set(r->why, ERR_USAGE,
		    "\"%s\" is not a room's name: use 1 to %d of A-Z a-z 0-9 . "
		    "_ -, beginning with a letter or digit",
		    v, WIRE_ROOM_MAX);
	r->room_from = r->from;
	return keep(r, &r->room, v);
}

static int set_path(struct reading *r, const char *name, const char *v)
{
	char **to = strcmp(name, "identity") == 0	 ? &r->o->identity
		    : strcmp(name, "known-servers") == 0 ? &r->o->known_servers
		    : strcmp(name, "known-people") == 0	 ? &r->o->known_people
							 : &r->password_file;

	if (*v == '\0')
		return errmsg_set(
		    r->why, ERR_USAGE, "%s needs the name of a file", name);
	if (to == &r->o->known_servers)
		r->o->known_servers_given = true;
	if (to == &r->password_file)
		r->password_from = r->from;
	return keep(r, to, v);
}

static int set_rsa_bits(struct reading *r, const char *name, const char *v)
{
	static const unsigned sizes[] = {2048, 3072, 4096};
	char text[8];
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(text, sizeof(text), "%u", sizes[i]);
		if (strcmp(v, text) == 0) {
			r->o->rsa_bits = sizes[i];
			return 0;
		}
	}
	return errmsg_set(
	    r->why, ERR_USAGE, "%s is 2048, 3072 or 4096, not \"%s\"", name, v);
}

/* The place of v in words, or -1. */
static int word(const char *const *words, const char *v)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], v) == 0)
			return i;
	return -1;
}

static int set_face(struct reading *r, const char *name, const char *v)
{
	static const char *const words[] = {[UI_AUTO] = "auto",
	    [UI_TUI] = "tui",
	    [UI_PLAIN] = "plain",
	    [UI_JSON] = "json",
	    NULL};
	int i = word(words, v);

	if (i < 0)
		return errmsg_set(r->why, ERR_USAGE,
		    "%s is auto, tui, plain or json, not \"%s\"", name, v);
	if (r->ui_given && r->o->ui != (enum client_options_ui)i)
		return errmsg_set(r->why, ERR_USAGE,
		    "use only one of --tui, --plain and --json");
	r->ui_given = true;
	r->o->ui = (enum client_options_ui)i;
	return 0;
}

static int set_notify(struct reading *r, const char *name, const char *v)
{
	static const char *const words[] = {[NOTIFY_NONE] = "none",
	    [NOTIFY_BELL] = "bell",
	    [NOTIFY_OSC9] = "osc9",
	    [NOTIFY_OSC777] = "osc777",
	    NULL};
	int i = word(words, v);

	if (i < 0)
		return errmsg_set(r->why, ERR_USAGE,
		    "%s is bell, osc9, osc777 or none, not \"%s\"", name, v);
	r->o->notify = (enum client_options_notify)i;
	return 0;
}

static int set_switch(struct reading *r, const char *name, const char *v)
{
	bool yes = strcmp(v, "yes") == 0;

	if (!yes && strcmp(v, "no") != 0)
		return errmsg_set(
		    r->why, ERR_USAGE, "%s is yes or no, not \"%s\"", name, v);
	if (strcmp(name, "ascii") == 0)
		r->o->ascii = yes;
	else if (strcmp(name, "color") == 0)
		r->o->no_color = !yes;
	else if (strcmp(name, "title") == 0)
		r->o->no_title = !yes;
	else if (strcmp(name, "sandbox") == 0)
		r->o->no_sandbox = !yes;
	else
		r->o->no_reconnect = !yes;
	return 0;
}

static const struct setting settings[] = {
    {"server", "localhost:2528", set_server,
	"Where to go without an argument: an invite, or HOST[:PORT]."},
    {"room", NULL, set_room, "Which room, when no invite names one."},
    {"name", NULL, set_name, "What others call you. Normally: your user."},
    {"password-file", NULL, set_path,
	"The first line of this file is the password. Normally it is asked."},
    {"identity", NULL, set_path,
	"Your key. Normally: identity.pem beside this file."},
    {"known-servers", NULL, set_path,
	"Servers seen. Normally: known_servers beside this file."},
    {"known-people", NULL, set_path,
	"People seen. Normally: known_people beside this file."},
    {"rsa-bits", "3072", set_rsa_bits,
	"The size of the key that receives group keys: 2048, 3072 or 4096."},
    {"face", "auto", set_face,
	"auto: the whole screen on a terminal, else lines; or tui, plain, "
	"json."},
    {"ascii", "no", set_switch, "Show nothing but ASCII."},
    {"color", "yes", set_switch,
	"Colours, where the terminal has them and NO_COLOR is not set."},
    {"notify", "bell", set_notify,
	"When your name is said and you look elsewhere: bell; osc9 or osc777, "
	"a\n# message of the desktop, if the terminal knows it; or none."},
    {"title", "yes", set_switch,
	"Count in the terminal's title how often your name was said."},
    {"sandbox", "yes", set_switch,
	"Give up files and system calls that are not needed; see conclave(1)."},
    {"reconnect", "yes", set_switch, "Connect again when it was lost."},
};
enum { N_SETTINGS = sizeof(settings) / sizeof(settings[0]) };
_Static_assert((int)N_SETTINGS <= (int)SETTINGS_MAX, "see struct reading");

void settings_begin(struct reading *r, enum settings_from from)
{
	r->from = from;
	r->ui_given = false;
	memset(r->seen, 0, sizeof(r->seen));
}

void settings_end(struct reading *r)
{
	free(r->server);
	free(r->room);
	free(r->password_file);
	r->server = r->room = r->password_file = NULL;
}

int settings_set(struct reading *r, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < N_SETTINGS; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		if (r->from == FROM_FILE && r->seen[i])
			return errmsg_set(r->why, ERR_USAGE,
			    "%s is there twice (a line that begins with a "
			    "blank belongs to the one before)",
			    name);
		r->seen[i] = true;
		if (r->from == FROM_COMMAND)
			r->given[i] = value;
		return settings[i].set(r, name, value);
	}
	return errmsg_set(r->why, ERR_USAGE,
	    "there is no setting \"%s\": conclave --write-config makes a file "
	    "that has all of them",
	    name);
}

static int from_file(
    void *arg, const char *name, const char *value, struct errmsg *why)
{
	struct reading *r = arg;
	struct errmsg *outer = r->why;
	int e;

	r->why = why;
	e = settings_set(r, name, value);
	r->why = outer;
	return e;
}

static int from_environment(struct reading *r)
{
	char name[40];
	const char *value;
	struct errmsg why;
	size_t i, k;
	int e;

	for (i = 0; i < N_SETTINGS; i++) {
		snprintf(name, sizeof(name), "CONCLAVE_%s", settings[i].name);
		for (k = 0; name[k] != '\0'; k++)
			if (name[k] == '-')
				name[k] = '_';
			else if (name[k] >= 'a' && name[k] <= 'z')
				name[k] = (char)(name[k] - 'a' + 'A');
		value = getenv(name);
		if (value == NULL || *value == '\0')
			continue;
		if ((e = settings_set(r, settings[i].name, value)) != 0) {
			why = *r->why;
			return errmsg_set(r->why, e, "%s: %s", name, why.text);
		}
	}
	return 0;
}

int settings_below(struct reading *r)
{
	int e;

	settings_begin(r, FROM_FILE);
	if ((e = client_options_path(&r->o->config, "config", r->why)) != 0 ||
	    (e = config_read(r->o->config, from_file, r, r->why)) != 0)
		return e;
	settings_begin(r, FROM_ENVIRONMENT);
	return from_environment(r);
}

int settings_text(struct reading *r, struct buf *out)
{
	const struct setting *s;
	const char *v;
	char line[512];
	size_t i;
	int e;

	if ((e = buf_str(out,
		 "# conclave's settings: NAME = VALUE. What begins with # is\n"
		 "# not in effect. The command line and the environment\n"
		 "# (CONCLAVE_NAME=..., for any of these) win over this file.\n"
		 "# A password never belongs in here.\n")) != 0)
		return e;
	for (i = 0; i < N_SETTINGS; i++) {
		s = &settings[i];
		v = r->given[i];
		if (v != NULL && !config_can_hold(s->name, v))
			return errmsg_set(r->why, ERR_USAGE,
			    "a settings file cannot hold this %s: \"%s\"",
			    s->name, v);
		snprintf(line, sizeof(line), "\n# %s\n%s%s =%s%s\n", s->comment,
		    v != NULL ? "" : "# ", s->name,
		    v != NULL || s->normal != NULL ? " " : "",
		    v != NULL		? v
		    : s->normal != NULL ? s->normal
					: "");
		if ((e = buf_str(out, line)) != 0)
			return errmsg_set(r->why, e, "out of memory");
	}
	return 0;
}

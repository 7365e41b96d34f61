#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/crypto/secret.h"
#include "shared/wire/text.h"
#include "client/password.h"
#include "client/settings.h"
#include "shared/os/file.h"

/* One option: it gives a setting its value, or the one that it stands for; or
 * it is a task; or the password, which is no setting. */
struct option {
	char letter; /* 0: it has only a long name */
	const char *name, *value, *help;
	const char *setting, *means;
	enum client_options_task task; /* when there is no setting */
};

static const struct option table[] = {
    {'n', "name", "NAME", "what others call you (default: your user)", "name",
	NULL, 0},
    {'p', "password", "PW", "the room's password (default: it is asked)", NULL,
	NULL, TASK_CHAT},
    {0, "password-file", "FILE", "the first line of FILE is the password",
	"password-file", NULL, 0},
    {'i', "identity", "FILE",
	"your key; made when it is not there (default:\n"
	"~/.config/conclave/identity.pem)",
	"identity", NULL, 0},
    {'P', "new-passphrase", NULL, "give your key another passphrase, and end",
	NULL, NULL, TASK_NEW_PASSPHRASE},
    {0, "rsa-bits", "N", "2048, 3072 (default) or 4096", "rsa-bits", NULL, 0},
    {0, "room", "NAME", "which room, when no invite names one", "room", NULL,
	0},
    {0, "known-servers", "FILE",
	"servers seen (default:\n~/.config/conclave/known_servers)",
	"known-servers", NULL, 0},
    {0, "known-people", "FILE",
	"people seen (default:\n~/.config/conclave/known_people)",
	"known-people", NULL, 0},
    {0, "forget-server", "HOST[:PORT]",
	"take a server out of the known ones, and end", NULL, NULL,
	TASK_FORGET_SERVER},
    {0, "tui", NULL, "the whole screen (default on a terminal)", "face", "tui",
	0},
    {0, "plain", NULL, "lines in, lines out: screen readers, pipes", "face",
	"plain", 0},
    {0, "json", NULL, "JSON in, JSON out; for programs", "face", "json", 0},
    {0, "ascii", NULL, "show nothing but ASCII", "ascii", "yes", 0},
    {0, "notify", "HOW",
	"when your name is said and you look elsewhere:\n"
	"bell (default), osc9, osc777, none",
	"notify", NULL, 0},
    {0, "no-title", NULL, "leave the terminal's title alone", "title", "no", 0},
    {0, "no-sandbox", NULL, "keep all files and system calls within reach",
	"sandbox", "no", 0},
    {0, "no-reconnect", NULL, "end when the connection is lost", "reconnect",
	"no", 0},
    {0, "write-config", NULL,
	"make ~/.config/conclave/config, with what else is\n"
	"given here, and end",
	NULL, NULL, TASK_WRITE_CONFIG},
    {'V', "version", NULL, "print the version, and end", NULL, NULL,
	TASK_VERSION},
    {'h', "help", NULL, "print this, and end", NULL, NULL, TASK_HELP},
};
enum { N_OPTIONS = sizeof(table) / sizeof(table[0]) };

bool client_options_row(struct client_options_row *out, size_t i)
{
	if (i >= N_OPTIONS)
		return false;
	*out = (struct client_options_row){
	    table[i].letter, table[i].name, table[i].value, table[i].help};
	return true;
}

static const struct option *by_name(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < N_OPTIONS; i++)
		if (strlen(table[i].name) == n &&
		    memcmp(table[i].name, name, n) == 0)
			return &table[i];
	return NULL;
}

static const struct option *by_letter(char c)
{
	size_t i;

	for (i = 0; i < N_OPTIONS; i++)
		if (c != 0 && table[i].letter == c)
			return &table[i];
	return NULL;
}

static int set_password(struct reading *r, char *v)
{
	int e = password_take(&r->o->password, v, strlen(v), r->why);

	/* Off the process list. */
	secret_wipe(v, strlen(v));
	r->password_given = true;
	return e;
}

static int set_option(struct reading *r, const struct option *op, char *v)
{
	if (op->setting != NULL)
		return settings_set(
		    r, op->setting, op->means != NULL ? op->means : v);
	/* Neither a setting nor a task: the password. */
	if (op->task == TASK_CHAT && v != NULL)
		return set_password(r, v);
	r->o->task = op->task;
	if (op->task == TASK_FORGET_SERVER)
		r->forget = v;
	return 0;
}

static int missing_value(const struct reading *r, const struct option *op)
{
	return errmsg_set(r->why, ERR_USAGE, "--%s needs a value: --%s %s",
	    op->name, op->name, op->value);
}

/* --name, --name VALUE, --name=VALUE. *next is the argument after it, which is
 * set to NULL when it was the value. */
static int read_long(struct reading *r, char *arg, char **next)
{
	char *eq = strchr(arg, '='), *value = NULL;
	size_t n = eq != NULL ? (size_t)(eq - arg) : strlen(arg);
	const struct option *op = by_name(arg, n);

	if (op == NULL)
		return errmsg_set(r->why, ERR_USAGE,
		    "there is no option --%.*s: see conclave --help", (int)n,
		    arg);
	if (op->value == NULL && eq != NULL)
		return errmsg_set(
		    r->why, ERR_USAGE, "--%s takes no value", op->name);
	if (op->value != NULL) {
		value = eq != NULL ? eq + 1 : *next;
		if (value == NULL)
			return missing_value(r, op);
		if (eq == NULL)
			*next = NULL;
	}
	return set_option(r, op, value);
}

/* -x, -xy, -nVALUE, -n VALUE. */
static int read_short(struct reading *r, char *arg, char **next)
{
	const struct option *op;
	char *value;
	int e;

	for (; *arg != '\0'; arg++) {
		if ((op = by_letter(*arg)) == NULL)
			return errmsg_set(r->why, ERR_USAGE,
			    "there is no option -%c: see conclave --help",
			    *arg);
		if (op->value == NULL) {
			if ((e = set_option(r, op, NULL)) != 0)
				return e;
			continue;
		}
		value = arg[1] != '\0' ? arg + 1 : *next;
		if (value == NULL)
			return missing_value(r, op);
		if (arg[1] == '\0')
			*next = NULL;
		return set_option(r, op, value);
	}
	return 0;
}

static int read_args(struct reading *r, int argc, char **argv)
{
	bool only_server = false;
	const char *server = NULL;
	char *next;
	int i, e;

	for (i = 1; i < argc; i++) {
		next = i + 1 < argc ? argv[i + 1] : NULL;
		e = 0;
		if (only_server || argv[i][0] != '-' || argv[i][1] == '\0') {
			if (server != NULL)
				return errmsg_set(r->why, ERR_USAGE,
				    "\"%s\" and \"%s\": give one server or "
				    "invite",
				    server, argv[i]);
			server = argv[i];
			if ((e = settings_set(r, "server", server)) != 0)
				return e;
			continue;
		}
		if (strcmp(argv[i], "--") == 0)
			only_server = true;
		else if (argv[i][1] == '-')
			e = read_long(r, argv[i] + 2, &next);
		else
			e = read_short(r, argv[i] + 1, &next);
		if (e != 0)
			return e;
		if (next == NULL && i + 1 < argc)
			i++; /* it was the value */
	}
	return 0;
}

/* The command line's, else the environment's, else the file's. */
static int find_password(struct reading *r)
{
	char *env = getenv("CONCLAVE_PASSWORD");
	bool env_has = env != NULL && *env != '\0';
	int e = 0;

	if (r->password_given && r->password_from == FROM_COMMAND)
		return errmsg_set(r->why, ERR_USAGE,
		    "use only one of --password and --password-file");
	if (r->password_given)
		e = 0;
	else if (env_has && r->password_from != FROM_COMMAND)
		e = password_take(&r->o->password, env, strlen(env), r->why);
	else if (r->password_file != NULL)
		e = password_file(&r->o->password, r->password_file, r->why);
	if (env != NULL) {
		/* Out of what ps e and a child would see. */
		secret_wipe(env, strlen(env));
		unsetenv("CONCLAVE_PASSWORD");
	}
	return e;
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
	if ((user = getenv("LOGNAME")) != NULL && client_options_name_from(out, user))
		return;
	if ((pw = getpwuid(getuid())) == NULL ||
	    !client_options_name_from(out, pw->pw_name))
		out[0] = '\0';
}

int client_options_path(char **out, const char *file, struct errmsg *why)
{
	char name[64];

	snprintf(name, sizeof(name), "conclave/%s", file);
	return file_user_path(out, FILE_CONFIG_HOME, name, why);
}

/* What was read becomes what is to be done. */
static int put_together(struct reading *r)
{
	struct client_options *o = r->o;
	int e;

	if ((e = settings_server(&o->server,
		 r->forget != NULL   ? r->forget
		 : r->server != NULL ? r->server
				     : "localhost",
		 r->why)) != 0)
		return e;
	/* An invite given here is for its own room, whatever the file says. */
	if (r->room != NULL && o->server.room[0] != '\0' &&
	    r->room_from < r->server_from)
		r->room[0] = '\0';
	if (r->room != NULL && r->room[0] != '\0' &&
	    o->server.room[0] != '\0' &&
	    !text_same_name(r->room, o->server.room))
		return errmsg_set(r->why, ERR_USAGE,
		    "the invite is for the room \"%s\", --room says \"%s\": "
		    "leave one out",
		    o->server.room, r->room);
	if (r->room != NULL && r->room[0] != '\0')
		snprintf(o->server.room, sizeof(o->server.room), "%s", r->room);
	o->alone = r->alone;
	o->ask_name = r->alone && o->name[0] == '\0';
	o->ask_server = r->alone && r->server == NULL;
	if (o->name[0] == '\0')
		default_name(o->name);
	if ((o->identity == NULL &&
		(e = client_options_path(&o->identity, "identity.pem", r->why)) != 0) ||
	    (o->known_servers == NULL && (e = client_options_path(&o->known_servers,
					      "known_servers", r->why)) != 0) ||
	    (o->known_people == NULL && (e = client_options_path(&o->known_people,
					     "known_people", r->why)) != 0))
		return e;
	return find_password(r);
}

int client_options_read(struct client_options *o, int argc, char **argv, struct errmsg *why)
{
	struct errmsg below_why = {""}; /* of what is below the command line */
	struct reading r = {.o = o, .why = &below_why, .alone = argc <= 1};
	int e, below;

	memset(o, 0, sizeof(*o));
	buf_init_secret(&o->password, WIRE_PASSWORD_MAX);
	buf_init(&o->config_text, 1 << 16);
	o->rsa_bits = 3072;
	o->notify = NOTIFY_BELL;
	below = settings_below(&r);
	r.why = why;
	settings_begin(&r, FROM_COMMAND);
	if ((e = read_args(&r, argc, argv)) != 0)
		goto out;
	if (o->task == TASK_HELP || o->task == TASK_VERSION)
		goto out;
	/* With a file that is in the way one can still ask for help, but not
	 * for another one. */
	if (below != 0) {
		e = errmsg_set(why, below, "%s", below_why.text);
		goto out;
	}
	e = o->task == TASK_WRITE_CONFIG ? settings_text(&r, &o->config_text)
					 : put_together(&r);
out:
	settings_end(&r);
	return e;
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

static const char before[] =
    "usage: conclave [options] [INVITE | HOST[:PORT]]\n"
    "Chat in a private room: conclave://HOST:PORT/ROOM#FINGERPRINT is an\n"
    "invite as conclaved prints it; without any server: localhost.\n\n";
static const char after[] =
    "\nThe password comes from -p, --password-file, $CONCLAVE_PASSWORD, or "
    "the\n"
    "terminal; settings from here, $CONCLAVE_..., or ~/.config/conclave/config."
    "\nIn the room: /help. Exit status: 0 ended by you, 2 usage,\n"
    "3 cannot connect or connection lost, 4 refused, 5 the server is not the\n"
    "one it was, 6 the server broke the protocol. See conclave(1).\n";

int client_options_help(struct buf *out)
{
	enum { COLUMN = 30 };
	const char *h, *nl;
	char left[64];
	size_t i;
	int e, n;

	if ((e = buf_str(out, before)) != 0)
		return e;
	for (i = 0; i < N_OPTIONS; i++) {
		n = snprintf(left, sizeof(left), "  %c%c%c --%s%s%s",
		    table[i].letter ? '-' : ' ',
		    table[i].letter ? table[i].letter : ' ',
		    table[i].letter ? ',' : ' ', table[i].name,
		    table[i].value ? " " : "",
		    table[i].value ? table[i].value : "");
		if ((e = buf_str(out, left)) != 0)
			return e;
		if (n >= COLUMN && (e = buf_u8(out, '\n')) != 0)
			return e;
		n = n >= COLUMN ? 0 : n;
		for (h = table[i].help; h != NULL; h = nl) {
			nl = strchr(h, '\n');
			for (; n < COLUMN; n++)
				if ((e = buf_u8(out, ' ')) != 0)
					return e;
			if ((e = buf_put(out, h,
				 nl ? (size_t)(nl - h) : strlen(h))) != 0 ||
			    (e = buf_u8(out, '\n')) != 0)
				return e;
			nl = nl != NULL ? nl + 1 : NULL;
			n = 0;
		}
	}
	return buf_str(out, after);
}

/* settings.c - the client's option table, a setter for each kind of value, the
 * help, and the text of a new settings file. */
#include "client/settings.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/secret.h"
#include "shared/os/conf.h"
#include "shared/os/password.h"
#include "shared/os/value.h"
#include "shared/wire/text.h"

static void settings_defaults(struct settings_values *v)
{
	memset(v, 0, sizeof(*v));
	buf_init_secret(&v->o.password, WIRE_PASSWORD_MAX);
	buf_init(&v->o.config_text, 1 << 16);
	v->o.rsa_bits = 3072;
	v->o.transcript_size = TRANSCRIPT_SIZE;
	v->o.notify = NOTIFY_BELL;
	v->o.escape_wait_ms = ESCAPE_WAIT_MS;
}

void settings_free(struct settings_values *v)
{
	client_options_free(&v->o);
	/* An invite may hold a secret. */
	if (v->server != NULL)
		secret_wipe(v->server, strlen(v->server));
	if (v->forget != NULL)
		secret_wipe(v->forget, strlen(v->forget));
	free(v->server);
	free(v->room);
	free(v->password_file);
	free(v->invite_file);
	free(v->forget);
	v->server = v->room = v->password_file = v->forget = NULL;
	v->invite_file = NULL;
}

void settings_machine(struct opts *m, struct settings_values *values,
    struct settings_values *unused)
{
	settings_defaults(values);
	settings_defaults(unused);
	*m = (struct opts){.program = "conclave",
	    .rows = settings_table,
	    .n_rows = SETTINGS_ROWS,
	    .values = values,
	    .unused = unused,
	    .prefix = "CONCLAVE_",
	    .positional = "server",
	    .surplus = "give one server or invite",
	    .unknown =
		"conclave --write-config writes a file with all of them"};
}

/* --- setters -------------------------------------------------------------- */

static void *field(void *values, const struct opts_row *row)
{
	return (char *)values + row->offset;
}

static int keep(void *values, const struct opts_row *row, const char *s)
{
	char **to = field(values, row), *copy = strdup(s);

	if (copy == NULL)
		return ERR_NOMEM;
	if (*to != NULL)
		secret_wipe(*to, strlen(*to));
	free(*to);
	*to = copy;
	return 0;
}

static int set_server(void *values, const struct opts_row *row, const char *s)
{
	struct uri uri;

	if (uri_parse(&uri, s) != 0)
		return ERR_USAGE;
	uri_wipe(&uri);
	return keep(values, row, s);
}

static int set_name(void *values, const struct opts_row *row, const char *s)
{
	struct settings_values *v = values;

	(void)row;
	return value_name(v->o.name, s);
}

static int set_password(void *values, const struct opts_row *row, const char *s)
{
	struct settings_values *v = values;

	(void)row;
	return password_take(&v->o.password, s, strlen(s));
}

/* Names with commas between them; empty: nobody. */
static int set_accept(void *values, const struct opts_row *row, const char *s)
{
	const char *p = s;
	size_t n;

	while (*p != '\0') {
		n = strcspn(p, ",");
		if (!text_name(p, n) || (p[n] == ',' && p[n + 1] == '\0'))
			return ERR_USAGE;
		p += n + (p[n] != '\0');
	}
	return keep(values, row, s);
}

static int set_room(void *values, const struct opts_row *row, const char *s)
{
	char room[WIRE_ROOM_MAX + 1];
	int r = value_room(room, s);

	return r == 0 ? keep(values, row, room) : r;
}

static const char *name_wrong(const char *s)
{
	return text_reserved(s) ? "that name is reserved, so that nobody can "
				  "pose as the server: choose another"
				: NULL;
}

static const char *pw_wrong(const char *s)
{
	return password_wrong(s, strlen(s));
}

static int set_path(void *values, const struct opts_row *row, const char *s)
{
	return *s != '\0' ? keep(values, row, s) : ERR_USAGE;
}

/* No OPTS_PATH: two words are no files of a folder. */
static int set_ca(void *values, const struct opts_row *row, const char *s)
{
	struct errmsg why;
	char *path;
	int r;

	if (*s == '\0')
		return ERR_USAGE;
	if ((r = value_path(&path, s, NULL, &why)) != 0)
		return r;
	r = keep(values, row, path);
	free(path);
	return r;
}

static int set_rsa_bits(void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {"2048", "3072", "4096", NULL};
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(unsigned *)field(values, row) = 2048 + 1024 * i;
	return r;
}

_Static_assert(sizeof(enum client_options_ui) == sizeof(unsigned) &&
		   sizeof(enum client_options_notify) == sizeof(unsigned) &&
		   sizeof(enum held_policy) == sizeof(unsigned) &&
		   sizeof(enum client_options_account) == sizeof(unsigned),
    "opts_set_word");
static const char *const faces[] = {[UI_AUTO] = "auto",
    [UI_TUI] = "tui",
    [UI_PLAIN] = "plain",
    [UI_JSON] = "json",
    NULL};

static const char *const notifies[] = {[NOTIFY_NONE] = "none",
    [NOTIFY_BELL] = "bell",
    [NOTIFY_OSC9] = "osc9",
    [NOTIFY_OSC777] = "osc777",
    NULL};

static const char *const accounts[] = {[PASSWORD_AUTO] = "auto",
    [PASSWORD_OWN] = "own",
    [PASSWORD_GATE] = "gate",
    [PASSWORD_INVITE] = "invite",
    NULL};

static const char *const held_policies[] = {
    [HELD_ASK] = "ask", [HELD_SEND] = "send", [HELD_DROP] = "drop", NULL};

static int set_yes(void *values, const struct opts_row *row, const char *s)
{
	return value_yes(field(values, row), s);
}

/* Sets a field with the inverse meaning of the option. */
static int set_no(void *values, const struct opts_row *row, const char *s)
{
	int r = set_yes(values, row, s);
	bool *at = field(values, row);

	if (r == 0)
		*at = !*at;
	return r;
}

static int set_ms(void *values, const struct opts_row *row, const char *s)
{
	uint64_t ms;

	if (value_number(&ms, s, row->min, row->max) != 0)
		return ERR_USAGE;
	*(unsigned *)field(values, row) = (unsigned)ms;
	return 0;
}

static int set_size(void *values, const struct opts_row *row, const char *s)
{
	return value_bytes(field(values, row), s, row->min, row->max);
}

static int set_task(void *values, const struct opts_row *row, const char *s)
{
	struct settings_values *v = values;

	(void)s;
	v->o.task = (enum client_options_task)row->min;
	return 0;
}

static int set_forget(void *values, const struct opts_row *row, const char *s)
{
	int r = set_server(values, row, s);

	return r == 0 ? set_task(values, row, s) : r;
}

/* --- the table ------------------------------------------------------------ */

#define IN(member) offsetof(struct settings_values, member)
#define GIVE_SERVER                                                            \
	"give an invite (conclave://HOST:PORT/ROOM#...), HOST[:PORT], "        \
	"[IPv6]:PORT or unix:/PATH"
#define GIVE_PATH "give the name of a file"
#define GIVE_YES  "give yes or no"

/* Settings appear only in a file or the environment; the command line has its
 * own options for them. */
enum { SETTING = OPTS_NO_ARGV | OPTS_VARIABLE, OPTION = OPTS_NO_FILE };

/* clang-format off */
const struct opts_row settings_table[SETTINGS_ROWS] = {
{
	.name = "server", .arg = "SERVER", .flags = SETTING,
	.set = set_server, .offset = IN(server), .expects = GIVE_SERVER,
	.wrong = uri_wrong, .hide = uri_hide,
}, {
	.name = "name", .letter = 'n', .arg = "NAME", .flags = OPTS_VARIABLE,
	.set = set_name, .wrong = name_wrong,
	.expects = "give 1 to 24 of A-Z a-z 0-9 . _ - that begin with a letter "
	    "or digit, not server or system",
	.help = "your name in the room (your user name)",
}, {
	.name = "password", .letter = 'p', .arg = "PW",
	.flags = OPTS_NO_FILE | OPTS_VARIABLE | OPTS_SECRET,
	.set = set_password, .expects = password_expects,
	.wrong = pw_wrong,
	.help = "the room's password (asked for)",
}, {
	.name = "password-file", .arg = "FILE",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(password_file), .expects = GIVE_PATH,
	.help = "read the password from the first line of FILE",
}, {
	.name = "invite-file", .arg = "FILE", .flags = OPTION,
	.set = set_path, .offset = IN(invite_file), .expects = GIVE_PATH,
	.help = "read the invite from FILE, or one line of it from standard "
	    "input (-): arguments can be seen by others",
}, {
	.name = "account", .arg = "WHOSE", .flags = OPTS_VARIABLE,
	.set = opts_set_word, .offset = IN(o.account), .words = accounts,
	.expects = "give auto, own, gate or invite",
	.help = "whose password it is: your own account's, the server's "
	    "(gate), or a new one for the account that an invite lets you into "
	    "(auto: as the last time)",
}, {
	.name = "identity", .letter = 'i', .arg = "FILE",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.identity), .expects = GIVE_PATH,
	.help = "your key; made if it does not exist "
	    "(~/.config/conclave/identity.pem)",
}, {
	.name = "new-passphrase", .letter = 'P', .flags = OPTION,
	.set = set_task, .min = TASK_NEW_PASSPHRASE,
	.help = "change the passphrase of your key, and exit",
}, {
	.name = "rsa-bits", .arg = "N", .flags = OPTS_VARIABLE,
	.set = set_rsa_bits, .offset = IN(o.rsa_bits),
	.expects = "give 2048, 3072 or 4096",
	.help = "size of your RSA key: 2048, 3072 or 4096 (3072)",
}, {
	.name = "room", .arg = "NAME", .flags = OPTS_VARIABLE,
	.set = set_room, .offset = IN(room), .wrong = name_wrong,
	.expects = "give 1 to 32 of A-Z a-z 0-9 . _ - that begin with a letter "
	    "or digit",
	.help = "the room to join, unless the invite names it",
}, {
	.name = "ca", .arg = "FILE|system|none", .flags = OPTS_VARIABLE,
	.set = set_ca, .offset = IN(o.ca),
	.expects = "give the name of a PEM file, system or none",
	.help = "whose certificates of conclaves:// servers to trust, and with "
	    "a FILE of people too; none: the fingerprint of an invite is "
	    "enough (system)",
}, {
	.name = "certificate", .arg = "FILE",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.certificate), .expects = GIVE_PATH,
	.help = "your certificate, for servers that ask for one and for the "
	    "other people",
}, {
	.name = "key", .arg = "FILE", .flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.tls_key), .expects = GIVE_PATH,
	.help = "its private key (your identity)",
}, {
	.name = "known-servers", .arg = "FILE",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.known_servers), .expects = GIVE_PATH,
	.help = "servers seen before (~/.config/conclave/known_servers)",
}, {
	.name = "known-people", .arg = "FILE",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.known_people), .expects = GIVE_PATH,
	.help = "people seen before (~/.config/conclave/known_people)",
}, {
	.name = "export-folder", .arg = "DIR",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.export_folder),
	.expects = "give the name of a folder",
	.help = "where /export writes files (~/conclave-exports)",
}, {
	.name = "save-folder", .arg = "DIR",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.save_folder),
	.expects = "give the name of a folder",
	.help = "where /get saves files (~/Downloads/conclave)",
}, {
	.name = "send-folder", .arg = "DIR",
	.flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.send_folder),
	.expects = "give the name of a folder",
	.help = "/send sends files from below DIR only (your home, and the "
	    "folder where you start)",
}, {
	.name = "accept", .arg = "NAMES", .flags = OPTS_VARIABLE,
	.set = set_accept, .offset = IN(o.accept),
	.expects = "give names with commas between them: carol,dave",
	.help = "save what these people offer without being asked, up to 1G "
	    "(nobody)",
}, {
	.name = "transcript", .arg = "DIR", .flags = OPTS_VARIABLE | OPTS_PATH,
	.set = set_path, .offset = IN(o.transcript), .expects = "give a folder",
	.help = "keep a transcript of every room in DIR, for conclave verify "
	    "(/transcript on: ~/conclave-transcripts)",
}, {
	.name = "transcript-direct", .flags = OPTS_VARIABLE,
	.set = set_yes, .offset = IN(o.keeps_direct), .expects = GIVE_YES,
	.help = "keep transcripts of direct messages, one for each person "
	    "(/transcript direct on)",
}, {
	.name = "transcript-size", .arg = "SIZE", .flags = OPTS_VARIABLE,
	.set = set_size, .offset = IN(o.transcript_size), .min = 16 << 10,
	.max = UINT64_C(1) << 40, .expects = "give a size from 16K on: 64M",
	.help = "when a file of a transcript is longer, begin the next (64M)",
}, {
	.name = "forget-server", .arg = "HOST[:PORT]", .flags = OPTION,
	.set = set_forget, .min = TASK_FORGET_SERVER, .offset = IN(forget),
	.expects = GIVE_SERVER, .wrong = uri_wrong, .hide = uri_hide,
	.help = "remove a server from the known servers, and exit",
}, {
	.name = "face", .arg = "HOW", .flags = SETTING | OPTS_ONE_VALUE,
	.set = opts_set_word, .offset = IN(o.ui), .words = faces,
	.expects = "give auto, tui, plain or json",
}, {
	.name = "tui", .flags = OPTION, .sets = "face", .means = "tui",
	.help = "full screen (default on a terminal)",
}, {
	.name = "plain", .flags = OPTION, .sets = "face", .means = "plain",
	.help = "lines in, lines out: for screen readers and pipes",
}, {
	.name = "json", .flags = OPTION, .sets = "face", .means = "json",
	.help = "JSON in, JSON out: for programs",
}, {
	.name = "ascii", .flags = OPTS_VARIABLE,
	.set = set_yes, .offset = IN(o.ascii), .expects = GIVE_YES,
	.help = "show ASCII only",
}, {
	.name = "color", .arg = "YES", .flags = SETTING,
	.set = set_no, .offset = IN(o.no_color), .expects = GIVE_YES,
}, {
	.name = "notify", .arg = "HOW", .flags = OPTS_VARIABLE,
	.set = opts_set_word, .offset = IN(o.notify), .words = notifies,
	.expects = "give bell, osc9, osc777 or none",
	.help = "alert for a mention of your name while you look elsewhere: "
	    "bell, osc9, osc777 or none (bell)",
}, {
	.name = "held", .arg = "HOW", .flags = OPTS_VARIABLE,
	.set = opts_set_word, .offset = IN(o.held), .words = held_policies,
	.expects = "give ask, send or drop",
	.help = "what to do with a message that is not sent yet when somebody "
	    "is in the room who was not there when you wrote it: ask, send or "
	    "drop (ask)",
}, {
	.name = "delivery-receipts", .arg = "YES", .flags = SETTING,
	.set = set_no, .offset = IN(o.no_receipts), .expects = GIVE_YES,
}, {
	.name = "no-delivery-receipts", .flags = OPTION,
	.sets = "delivery-receipts", .means = "no",
	.help = "do not tell people that their direct messages were shown",
}, {
	.name = "title", .arg = "YES", .flags = SETTING,
	.set = set_no, .offset = IN(o.no_title), .expects = GIVE_YES,
}, {
	.name = "no-title", .flags = OPTION, .sets = "title", .means = "no",
	.help = "leave the terminal's title alone",
}, {
	.name = "escape-wait", .arg = "MS", .flags = OPTS_VARIABLE,
	.set = set_ms, .offset = IN(o.escape_wait_ms),
	.min = ESCAPE_WAIT_MIN_MS, .max = ESCAPE_WAIT_MAX_MS,
	.expects = "give 10 to 5000 milliseconds",
	.help = "time to wait for the rest of a key that begins with Escape, "
	    "in ms; more for a slow link (180)",
}, {
	.name = "sandbox", .arg = "YES", .flags = SETTING,
	.set = set_no, .offset = IN(o.no_sandbox), .expects = GIVE_YES,
}, {
	.name = "no-sandbox", .flags = OPTION, .sets = "sandbox",
	.means = "no",
	.help = "run without the sandbox: keep access to all files and "
	    "system calls",
}, {
	.name = "require-pq", .flags = OPTS_VARIABLE,
	.set = set_yes, .offset = IN(o.require_pq), .expects = GIVE_YES,
	.help = "join only with a post-quantum key exchange: both sides need "
	    "OpenSSL 3.5",
}, {
	.name = "strict", .flags = OPTS_VARIABLE,
	.set = set_yes, .offset = IN(o.strict), .expects = GIVE_YES,
	.help = "exit with status 6 when somebody has another log of a room "
	    "than you",
}, {
	.name = "reconnect", .arg = "YES", .flags = SETTING,
	.set = set_no, .offset = IN(o.no_reconnect), .expects = GIVE_YES,
}, {
	.name = "no-reconnect", .flags = OPTION, .sets = "reconnect",
	.means = "no",
	.help = "exit when the connection is lost",
}, {
	.name = "write-config", .flags = OPTION,
	.set = set_task, .min = TASK_WRITE_CONFIG,
	.help = "write ~/.config/conclave/config with the other options given "
	    "here, and exit",
}, {
	.name = "version", .letter = 'V', .flags = OPTION,
	.set = set_task, .min = TASK_VERSION,
	.help = "print the version, and exit",
}, {
	.name = "help", .letter = 'h', .flags = OPTION,
	.set = set_task, .min = TASK_HELP,
	.help = "print this help, and exit",
},
};
/* clang-format on */

const struct opts_row *settings_option(size_t i)
{
	size_t k;

	for (k = 0; k < SETTINGS_ROWS; k++)
		if ((settings_table[k].flags & OPTS_NO_ARGV) == 0 && i-- == 0)
			return &settings_table[k];
	return NULL;
}

/* --- the help --------------------------------------------------------------- */

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
    "connection was lost, 4 refused, 5 the server's key has changed or was "
    "not accepted, 6 the server broke the protocol, 7 some of the input was not "
    "sent; 1 the output could not be written. See conclave(1).\n";

int settings_help(struct buf *out)
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

int settings_server(struct uri *out, const char *s, struct errmsg *why)
{
	const char *wrong = uri_wrong(s);
	char shown[101];

	if (uri_parse(out, s) == 0)
		return 0;
	/* It may be one from a file, with secrets. */
	snprintf(shown, sizeof(shown), "%.*s", (int)strcspn(s, "\r\n"), s);
	uri_hide(shown);
	return errmsg_set(why, ERR_USAGE, "\"%s\" is not valid: %s", shown,
	    wrong != NULL ? wrong : GIVE_SERVER);
}

#include "server/options.h"

#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/config.h"
#include "server/option_table.h"
#include "shared/crypto/secret.h"
#include "shared/wire/text.h"
#include "shared/wire/version.h"

#define LISTEN_DEFAULT "localhost:" WIRE_PORT
#define PASSWORD_ENV   "CONCLAVE_PASSWORD"

enum {
	PASSWORD_FILE_MAX = 4096, /* before NFC, which may make it shorter */
	GROUPS = 6,
	GROUP_LEN = 4,
	LONG_BASE = 256, /* getopt's value of a row: this plus its id */
};

/* Where a value comes from; the higher wins. */
enum source { SOURCE_DEFAULT, SOURCE_CONFIG, SOURCE_ENV, SOURCE_ARGV };

struct reader {
	struct option_values values;
	struct option_values unused; /* what a higher source overrules: it is
					checked all the same */
	enum source from[OPT_COUNT];
	unsigned line[OPT_COUNT]; /* of the config file */
};

static void complain(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* One sentence on standard error. Arguments and files can hold anything, so
 * it passes the filter like all else. */
static void complain(const char *fmt, ...)
{
	char raw[1024], text[3072];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_filter_fixed(text, sizeof(text), raw, strlen(raw));
	fprintf(stderr, "%s\n", text);
}

/* --- one value --------------------------------------------------------- */

/* `where` is what stands before the sentence: "conclaved: --rate". */
static int apply(struct reader *rd, enum option_id id, const char *value,
    enum source source, const char *where)
{
	const struct option_row *row = &option_table[id];
	bool overruled = rd->from[id] > source;
	int r = row->set(overruled ? &rd->unused : &rd->values, row, value);

	if (r == 0) {
		if (!overruled)
			rd->from[id] = source;
		return 0;
	}
	if (r == ERR_LIMIT)
		complain(
		    "%s: at most %d may be given", where, SERVER_OPTIONS_LISTEN_MAX);
	else if (r != ERR_USAGE)
		complain("%s: %s", where, err_str(r));
	else if ((row->flags & OPTION_SECRET) != 0)
		complain("%s: this is not a password: %s", where, row->expects);
	else
		complain("%s: \"%.100s\" is not valid: %s", where, value,
		    row->expects);
	return ERR_USAGE;
}

/* --- the command line -------------------------------------------------- */

struct getopt_table {
	struct option longs[OPT_COUNT + 1];
	char shorts[2 * OPT_COUNT + 2];
};

static void getopt_table(struct getopt_table *t)
{
	const struct option_row *row;
	char *s = t->shorts;
	int i;

	memset(t, 0, sizeof(*t));
	*s++ = ':'; /* a missing value is told apart */
	for (i = 0; i < OPT_COUNT; i++) {
		row = &option_table[i];
		t->longs[i].name = row->name;
		t->longs[i].has_arg =
		    row->arg != NULL ? required_argument : no_argument;
		t->longs[i].val = LONG_BASE + i;
		if (row->letter == 0)
			continue;
		*s++ = (char)row->letter;
		if (row->arg != NULL)
			*s++ = ':';
	}
}

/* The row of what getopt returned; OPT_COUNT when there is none. */
static enum option_id row_of(int c)
{
	int i;

	if (c >= LONG_BASE && c < LONG_BASE + OPT_COUNT)
		return (enum option_id)(c - LONG_BASE);
	for (i = 0; i < OPT_COUNT; i++)
		if (c != 0 && option_table[i].letter == c)
			break;
	return (enum option_id)i;
}

static int bad_option(int c, char **argv)
{
	enum option_id id = row_of(optopt);
	const char *word = argv[optind - 1];

	if (id < OPT_COUNT && c == ':')
		complain("conclaved: --%s needs a value: %s",
		    option_table[id].name, option_table[id].expects);
	else if (id < OPT_COUNT)
		complain(
		    "conclaved: --%s takes no value", option_table[id].name);
	else if (optopt != 0)
		complain("conclaved: there is no option -%c; see conclaved "
			 "--help",
		    optopt);
	else /* without its value: it may be a misspelt --password */
		complain("conclaved: there is no option %.*s; see conclaved "
			 "--help",
		    (int)strcspn(word, "="), word);
	return ERR_USAGE;
}

static int read_argv(struct reader *rd, int argc, char **argv)
{
	struct getopt_table t;
	char where[64];
	enum option_id id;
	int c, r;

	getopt_table(&t);
	optind = 0; /* from the beginning, also the second time */
	opterr = 0;
	while ((c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return bad_option(c, argv);
		id = row_of(c);
		snprintf(where, sizeof(where), "conclaved: --%s",
		    option_table[id].name);
		r = apply(rd, id, option_table[id].arg != NULL ? optarg : "yes",
		    SOURCE_ARGV, where);
		/* Everybody on the machine can list our arguments. */
		if (id == OPT_PASSWORD)
			secret_wipe(optarg, strlen(optarg));
		if (r != 0)
			return r;
	}
	if (optind < argc) {
		complain("conclaved: \"%s\" is one argument too many: to "
			 "listen on it say --listen; see conclaved --help",
		    argv[optind]);
		return ERR_USAGE;
	}
	return 0;
}

static int read_env(struct reader *rd)
{
	char *pw = getenv(PASSWORD_ENV);
	int r;

	if (pw == NULL || *pw == '\0')
		return 0;
	r = apply(
	    rd, OPT_PASSWORD, pw, SOURCE_ENV, "conclaved: $" PASSWORD_ENV);
	secret_wipe(pw, strlen(pw));
	return r;
}

/* --- the config file --------------------------------------------------- */

static enum option_id row_named(const char *name)
{
	int i;

	for (i = 0; i < OPT_COUNT; i++)
		if (strcmp(name, option_table[i].name) == 0)
			break;
	return (enum option_id)i;
}

static int read_entry(struct reader *rd, const char *path,
    const struct config *c, const struct config_entry *e)
{
	enum option_id id = row_named(e->key);
	const struct option_row *row;
	char where[512];

	snprintf(where, sizeof(where), "%s:%u: %.64s", path, c->line, e->key);
	if (id == OPT_COUNT) {
		complain("%s: there is no such option; conclaved --help lists "
			 "them, written here without the dashes",
		    where);
		return ERR_USAGE;
	}
	row = &option_table[id];
	if ((row->flags & OPTION_ARGV_ONLY) != 0) {
		complain("%s: this works on the command line only; take the "
			 "line out",
		    where);
		return ERR_USAGE;
	}
	if (rd->line[id] != 0 && (row->flags & OPTION_REPEATS) == 0) {
		complain("%s: line %u says it already; take one of them out",
		    where, rd->line[id]);
		return ERR_USAGE;
	}
	/* Half a password would be taken without a word. */
	if ((row->flags & OPTION_SECRET) != 0 && e->hash) {
		complain("%s: put the value in quotes, for there is a # in it",
		    where);
		return ERR_USAGE;
	}
	rd->line[id] = c->line;
	return apply(rd, id, e->value, SOURCE_CONFIG, where);
}

/* ERR_IO and the like of a file that could not be read, as a sentence. */
static const char *why(int r)
{
	return r == ERR_IO	? strerror(errno)
	       : r == ERR_LIMIT ? "it is too long"
				: err_str(r);
}

static int read_config(struct reader *rd)
{
	const char *path = rd->values.config;
	struct config_entry e;
	struct config c;
	int r;

	if ((r = config_open(&c, path)) != 0) {
		complain("conclaved: cannot read %s: %s", path, why(r));
		goto out;
	}
	while ((r = config_next(&c, &e)) == 0)
		if ((r = read_entry(rd, path, &c, &e)) != 0)
			goto out;
	if (r == ERR_USAGE)
		complain("%s:%u: %s", path, c.line, c.problem);
	else
		r = 0;
	if (r == 0 && rd->line[OPT_PASSWORD] != 0 && c.others_read)
		complain("conclaved: warning: everybody on this machine can "
			 "read the password in %s: chmod 600 %s",
		    path, path);
out:
	config_close(&c);
	return r != 0 ? ERR_USAGE : 0;
}

/* --- what only all sources together can say ---------------------------- */

/* Two options that exclude each other: the one from the higher source stays.
 * Sets *first when a is the one; ERR_USAGE when one source has both. */
static int choose(
    const struct reader *rd, enum option_id a, enum option_id b, bool *first)
{
	*first = rd->from[a] > rd->from[b];
	if (rd->from[a] != rd->from[b] || rd->from[a] == SOURCE_DEFAULT)
		return 0;
	complain("conclaved: %s and %s exclude each other: give one of them",
	    option_table[a].name, option_table[b].name);
	return ERR_USAGE;
}

static int read_password_file(struct reader *rd)
{
	const char *path = rd->values.password_file;
	struct server_options *o = &rd->values.o;
	bool others_read = false;
	struct buf text;
	size_t n;
	int r;

	buf_init_secret(&text, PASSWORD_FILE_MAX);
	buf_free(&o->password);
	if ((r = config_read_file(&text, path, &others_read)) != 0) {
		complain("conclaved: cannot read the password in %s: %s", path,
		    why(r));
		goto out;
	}
	n = text.len;
	if (n > 0 && text.p[n - 1] == '\n')
		n--;
	if (n > 0 && text.p[n - 1] == '\r')
		n--;
	r = text_password(&o->password, (const char *)text.p, n);
	if (r == ERR_USAGE)
		complain("conclaved: %s has to hold the password on one line, "
			 "1 to 1024 bytes of UTF-8 without control characters",
		    path);
	else if (r != 0)
		complain("conclaved: %s: %s", path, err_str(r));
	else if (others_read)
		complain("conclaved: warning: everybody on this machine can "
			 "read the password in %s: chmod 600 %s",
		    path, path);
out:
	buf_free(&text);
	return r != 0 ? ERR_USAGE : 0;
}

/* $XDG_STATE_HOME/conclaved, or where that is by default. */
static char *default_state_dir(void)
{
	const char *xdg, *home;
	const struct passwd *pw;
	char *dir = NULL;

	if (geteuid() == 0)
		return strdup("/var/lib/conclaved");
	xdg = getenv("XDG_STATE_HOME");
	/* The specification has it that relative ones are ignored. */
	if (xdg != NULL && xdg[0] == '/')
		return asprintf(&dir, "%s/conclaved", xdg) < 0 ? NULL : dir;
	home = getenv("HOME");
	if ((home == NULL || home[0] != '/') &&
	    (pw = getpwuid(geteuid())) != NULL)
		home = pw->pw_dir;
	if (home == NULL || home[0] != '/')
		return NULL;
	if (asprintf(&dir, "%s/.local/state/conclaved", home) < 0)
		return NULL;
	return dir;
}

static int resolve_state(struct reader *rd)
{
	struct server_options *o = &rd->values.o;
	bool state_wins;

	if (o->ephemeral &&
	    choose(rd, OPT_STATE, OPT_EPHEMERAL, &state_wins) != 0)
		return ERR_USAGE;
	if (o->ephemeral && !state_wins) {
		free(o->state_dir);
		o->state_dir = NULL;
		return 0;
	}
	o->ephemeral = false;
	if (o->state_dir == NULL)
		o->state_dir = default_state_dir();
	if (o->state_dir == NULL) {
		complain("conclaved: no home directory to keep the identity "
			 "in: give --state DIR, or --ephemeral");
		return ERR_USAGE;
	}
	return 0;
}

static int resolve(struct reader *rd)
{
	struct server_options *o = &rd->values.o;
	bool file_wins;

	if (choose(rd, OPT_PASSWORD_FILE, OPT_PASSWORD, &file_wins) != 0)
		return ERR_USAGE;
	if (file_wins && read_password_file(rd) != 0)
		return ERR_USAGE;
	if (o->n_listen == 0) {
		if ((o->listen[0] = strdup(LISTEN_DEFAULT)) == NULL) {
			complain("conclaved: %s", err_str(ERR_NOMEM));
			return ERR_NOMEM;
		}
		o->n_listen = 1;
	}
	return resolve_state(rd);
}

/* --- everything -------------------------------------------------------- */

/* Words from `column` on, in lines of at most 79. */
static void print_wrapped(const char *text, int column)
{
	int at = column, n;

	while (*text != '\0') {
		n = (int)strcspn(text, " ");
		if (at > column && at + 1 + n > 79) {
			printf("\n%*s", column, "");
			at = column;
		}
		at += printf("%s%.*s", at > column ? " " : "", n, text);
		text += n;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_help(void)
{
	enum { COLUMN = 27 };
	const struct option_row *row;
	int i, at;

	printf("Usage: conclaved [options]\n");
	print_wrapped("Opens a room that one password lets people into, and "
		      "relays what they say. It prints an invite: give it, "
		      "and the password, to those who may come.",
	    0);
	putchar('\n');
	for (i = 0; i < OPT_COUNT; i++) {
		row = &option_table[i];
		if (row->letter != 0)
			at = printf("  -%c, ", row->letter);
		else
			at = printf("      ");
		at += printf("--%s%s%s", row->name, row->arg != NULL ? " " : "",
		    row->arg != NULL ? row->arg : "");
		if (at >= COLUMN - 1) {
			putchar('\n');
			at = 0;
		}
		printf("%*s", COLUMN - at, "");
		print_wrapped(row->help, COLUMN);
	}
	putchar('\n');
	print_wrapped("Defaults are in parentheses. The command line wins over "
		      "the environment, and that over the file of --config.",
	    0);
	print_wrapped(
	    "Exit status: 0 ended by SIGTERM, SIGINT or SIGHUP, 1 failed, 2 "
	    "wrong usage.",
	    0);
}

static enum server_options_result read_all(struct reader *rd, int argc, char **argv)
{
	if (read_argv(rd, argc, argv) != 0)
		return SERVER_OPTIONS_EXIT_USAGE;
	if (rd->values.help) {
		print_help();
		return SERVER_OPTIONS_EXIT_OK;
	}
	if (rd->values.version) {
		printf("conclaved " CONCLAVE_VERSION " (" WIRE_PROTOCOL ")\n");
		return SERVER_OPTIONS_EXIT_OK;
	}
	if (read_env(rd) != 0 ||
	    (rd->values.config != NULL && read_config(rd) != 0) ||
	    resolve(rd) != 0)
		return SERVER_OPTIONS_EXIT_USAGE;
	if (rd->values.check_config) {
		printf("the configuration is valid\n");
		return SERVER_OPTIONS_EXIT_OK;
	}
	return SERVER_OPTIONS_RUN;
}

enum server_options_result server_options_read(struct server_options *o, int argc, char **argv)
{
	struct reader rd = {0};
	enum server_options_result result;

	option_values_defaults(&rd.values);
	option_values_defaults(&rd.unused);
	result = read_all(&rd, argc, argv);
	*o = rd.values.o; /* ownership moves to the caller */
	memset(&rd.values.o, 0, sizeof(rd.values.o));
	option_values_free(&rd.values);
	option_values_free(&rd.unused);
	return result;
}

int server_options_make_password(struct server_options *o, const struct rng *rng)
{
	/* 32 of them, so that five random bits choose one without bias; no
	 * l, o, 0 or 1. */
	static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t random[GROUPS * GROUP_LEN];
	size_t i;
	int r;

	buf_free(&o->password);
	if ((r = rng->fill(rng->arg, random, sizeof(random))) != 0)
		goto out;
	for (i = 0; i < sizeof(random) && r == 0; i++) {
		if (i > 0 && i % GROUP_LEN == 0)
			r = buf_u8(&o->password, '-');
		if (r == 0)
			r = buf_u8(
			    &o->password, (uint8_t)alphabet[random[i] & 31]);
	}
	o->password_made = r == 0;
out:
	secret_wipe(random, sizeof(random));
	return r;
}

void server_options_free(struct server_options *o)
{
	while (o->n_listen > 0)
		free(o->listen[--o->n_listen]);
	buf_free(&o->password);
	free(o->state_dir);
	free(o->public_name);
	free(o->user);
	o->state_dir = o->public_name = o->user = NULL;
}

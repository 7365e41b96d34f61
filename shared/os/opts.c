/* opts.c - parses options by table, from all sources. */
#include "shared/os/opts.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/os/conf.h"
#include "shared/os/value.h"

enum {
	LONG_BASE = 256
}; /* getopt's return value for a row: this plus its
			     index */

size_t opts_find(const struct opts *o, const char *name)
{
	size_t i;

	for (i = 0; i < o->n_rows; i++)
		if (strcmp(o->rows[i].name, name) == 0)
			break;
	return i;
}

enum opts_source opts_from(const struct opts *o, const char *name)
{
	size_t i = opts_find(o, name);

	return i < o->n_rows ? o->from[i] : OPTS_DEFAULT;
}

/* --- one value ------------------------------------------------------------ */

int opts_set_word(void *values, const struct opts_row *row, const char *value)
{
	unsigned i;
	int r = value_word(&i, row->words, value);

	if (r == 0)
		memcpy((char *)values + row->offset, &i, sizeof(i));
	return r;
}

/* The sentence for a refused value. */
static int refuse(const struct opts_row *row, const char *value,
    const char *where, struct errmsg *why)
{
	const char *wrong = row->wrong != NULL ? row->wrong(value) : NULL;
	char shown[101];

	if ((row->flags & OPTS_SECRET) != 0)
		return errmsg_set(why, ERR_USAGE,
		    "%s: this is not a password: %s%s%s", where,
		    wrong != NULL ? wrong : "", wrong != NULL ? ": " : "",
		    row->expects);
	if (wrong == NULL)
		wrong = row->expects;
	snprintf(shown, sizeof(shown), "%s", value);
	if (row->hide != NULL)
		row->hide(shown);
	return errmsg_set(
	    why, ERR_USAGE, "%s: \"%s\" is not valid: %s", where, shown, wrong);
}

/* Passes a value to the row's setter. `base` is that of value_path. */
static int set(void *values, const struct opts_row *row, const char *value,
    const char *base, struct errmsg *path_why)
{
	char *path;
	int r;

	path_why->text[0] = '\0';
	if ((row->flags & OPTS_PATH) == 0 || *value == '\0')
		return row->set(values, row, value);
	if ((r = value_path(&path, value, base, path_why)) != 0)
		return r;
	r = row->set(values, row, path);
	free(path);
	return r;
}

/* Applies one value. `where` begins the error sentence. */
static int apply(struct opts *o, size_t i, const char *value, const char *base,
    enum opts_source source, const char *where, struct errmsg *why)
{
	const struct opts_row *row = &o->rows[i];
	struct errmsg path_why;
	bool overruled;
	int r;

	if (row->arg == NULL && row->means != NULL && source == OPTS_ARGV)
		value = row->means;
	if (row->sets != NULL)
		row = &o->rows[i = opts_find(o, row->sets)];
	overruled = o->from[i] > source;
	if ((row->flags & OPTS_ONE_VALUE) != 0 && source == OPTS_ARGV &&
	    o->given[i] != NULL && strcmp(o->given[i], value) != 0)
		return errmsg_set(why, ERR_USAGE,
		    "%s: %s is \"%s\" already: give one of them", where,
		    row->name, o->given[i]);
	r = set(overruled ? o->unused : o->values, row, value, base, &path_why);
	if (r == 0 && !overruled) {
		o->from[i] = source;
		if (source == OPTS_ARGV)
			o->given[i] = value;
	}
	if (r == 0)
		return 0;
	if (r == ERR_LIMIT)
		return errmsg_set(why, ERR_USAGE, "%s: at most %u may be given",
		    where, (unsigned)row->max);
	if (path_why.text[0] != '\0')
		return errmsg_set(why, r, "%s: %s", where, path_why.text);
	if (r != ERR_USAGE)
		return errmsg_set(why, r, "%s: %s", where, err_str(r));
	return refuse(row, value, where, why);
}

/* Overwrites a value that was applied, in argv or in the environment. */
static void hide(const struct opts_row *row, char *value)
{
	if ((row->flags & OPTS_SECRET) != 0)
		explicit_bzero(value, strlen(value));
	else if (row->hide != NULL)
		row->hide(value);
}

static bool optional(const struct opts_row *row)
{
	return (row->flags & OPTS_OPTIONAL) != 0;
}

/* --- the command line ----------------------------------------------------- */

struct getopt_table {
	struct option longs[OPTS_ROWS_MAX + 1];
	char shorts[2 * OPTS_ROWS_MAX + 2];
};

static void getopt_table(struct getopt_table *t, const struct opts *o)
{
	struct option *l = t->longs;
	char *s = t->shorts;
	size_t i;

	memset(t, 0, sizeof(*t));
	*s++ = ':'; /* makes getopt report a missing value as ':' */
	for (i = 0; i < o->n_rows; i++) {
		const struct opts_row *row = &o->rows[i];
		bool arg = row->arg != NULL;

		if ((row->flags & OPTS_NO_ARGV) != 0)
			continue;
		*l++ = (struct option){.name = row->name,
		    .has_arg = !arg	       ? no_argument
			       : optional(row) ? optional_argument
					       : required_argument,
		    .val = LONG_BASE + (int)i};
		if (row->letter == 0)
			continue;
		*s++ = row->letter;
		if (arg)
			*s++ = ':';
	}
}

/* The row for getopt's return value; n_rows when there is none. */
static size_t row_of(const struct opts *o, int c)
{
	size_t i;

	if (c >= LONG_BASE)
		return (size_t)(c - LONG_BASE);
	for (i = 0; i < o->n_rows; i++)
		if (c != 0 && o->rows[i].letter == c)
			break;
	return i;
}

static int bad_option(
    const struct opts *o, int c, const char *word, struct errmsg *why)
{
	size_t i = row_of(o, optopt);

	if (i < o->n_rows && c == ':')
		return errmsg_set(why, ERR_USAGE, "--%s needs a value: %s",
		    o->rows[i].name, o->rows[i].expects);
	if (i < o->n_rows)
		return errmsg_set(
		    why, ERR_USAGE, "--%s takes no value", o->rows[i].name);
	if (optopt != 0)
		return errmsg_set(why, ERR_USAGE,
		    "there is no option -%c; see %s --help", optopt,
		    o->program);
	/* Omit its value, which may be that of a misspelt --password. */
	return errmsg_set(why, ERR_USAGE,
	    "there is no option %.*s; see %s --help", (int)strcspn(word, "="),
	    word, o->program);
}

static int positional(struct opts *o, int argc, char **argv, struct errmsg *why)
{
	int left = argc - optind;
	size_t i;
	int r;

	if (o->rest != NULL && left <= o->rest_max) {
		memcpy(o->rest, argv + optind, (size_t)left * sizeof(*argv));
		o->n_rest = left;
		return 0;
	}
	if (left > (o->positional != NULL ? 1 : 0))
		return errmsg_set(why, ERR_USAGE,
		    "\"%s\" is one argument too many: %s; see %s --help",
		    argv[argc - 1], o->surplus, o->program);
	if (left == 0)
		return 0;
	i = opts_find(o, o->positional);
	r = apply(o, i, argv[optind], NULL, OPTS_ARGV, o->rows[i].name, why);
	hide(&o->rows[i], argv[optind]);
	return r;
}

int opts_argv(struct opts *o, int argc, char **argv, struct errmsg *why)
{
	struct getopt_table t;
	const char *value;
	char where[64];
	size_t i;
	int c, r;

	getopt_table(&t, o);
	optind = 0; /* 0 makes getopt restart on each call */
	opterr = 0;
	while ((c = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		if (c == '?' || c == ':')
			return bad_option(o, c, argv[optind - 1], why);
		i = row_of(o, c);
		snprintf(where, sizeof(where), "--%s", o->rows[i].name);
		value = o->rows[i].arg != NULL ? optarg : "yes";
		/* getopt sees an optional value only behind an equals sign. */
		if (value == NULL)
			value = optind < argc && argv[optind][0] != '-'
				    ? argv[optind++]
				    : "";
		r = apply(o, i, value, NULL, OPTS_ARGV, where, why);
		if (optarg != NULL)
			hide(&o->rows[i], optarg);
		if (r != 0)
			return r;
	}
	return positional(o, argc, argv, why);
}

/* --- the environment ------------------------------------------------------ */

/* Formats the "$PREFIX_NAME" of a row. */
static void variable(char *out, size_t size, const struct opts *o, size_t i)
{
	char *p;

	snprintf(out, size, "$%s%s", o->prefix, o->rows[i].name);
	for (p = out; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
		else if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
}

int opts_environment(struct opts *o, struct errmsg *why)
{
	char name[64];
	char *value;
	size_t i;
	int r = 0;

	for (i = 0; i < o->n_rows && r == 0; i++) {
		if ((o->rows[i].flags & OPTS_VARIABLE) == 0)
			continue;
		variable(name, sizeof(name), o, i);
		value = getenv(name + 1);
		if (value != NULL && *value != '\0')
			r = apply(
			    o, i, value, NULL, OPTS_ENVIRONMENT, name, why);
		if (value == NULL)
			continue;
		/* Hide it from ps and from child processes. */
		hide(&o->rows[i], value);
		if ((o->rows[i].flags & OPTS_SECRET) != 0)
			unsetenv(name + 1);
	}
	return r;
}

/* --- the file ------------------------------------------------------------- */

/* The folder of a file; NULL: the working directory. A path too long for a
 * file could not have been opened. */
static const char *folder_of(char *out, size_t size, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n;

	if (slash == NULL || (n = (size_t)(slash - path)) >= size)
		return NULL;
	memcpy(out, path, n);
	out[n] = '\0';
	return out;
}

static int on_entry(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	struct opts *o = arg;
	size_t i = opts_find(o, e->name);
	const struct opts_row *row = &o->rows[i];
	char where[512], folder[PATH_MAX];

	if (i == o->n_rows)
		return errmsg_set(why, ERR_USAGE,
		    "%s:%u: there is no setting \"%.64s\": %s", e->path,
		    e->line, e->name, o->unknown);
	snprintf(where, sizeof(where), "%.400s:%u: %.64s", e->path, e->line,
	    e->name);
	if ((row->flags & OPTS_NO_FILE) != 0)
		return errmsg_set(why, ERR_USAGE,
		    "%s: this works on the command line only; remove the line",
		    where);
	if (o->line[i] != 0 && (row->flags & OPTS_REPEATS) == 0)
		return errmsg_set(why, ERR_USAGE,
		    "%s: line %u sets it already; remove one of them", where,
		    o->line[i]);
	/* Otherwise a truncated password would be accepted silently. */
	if ((row->flags & OPTS_SECRET) != 0 && e->doubtful)
		return errmsg_set(why, ERR_USAGE,
		    "%s: put the value in quotes: there is a # or ; in the "
		    "line",
		    where);
	o->line[i] = e->line;
	return apply(o, i, e->value, folder_of(folder, sizeof(folder), e->path),
	    OPTS_FILE, where, why);
}

int opts_file(
    struct opts *o, const char *path, unsigned rules, struct errmsg *why)
{
	return conf_read(path, rules, on_entry, o, why);
}

/* --- all sources together ------------------------------------------------- */

int opts_choose(const struct opts *o, const char *a, const char *b, bool *first,
    struct errmsg *why)
{
	enum opts_source fa = opts_from(o, a), fb = opts_from(o, b);

	*first = fa > fb;
	if (fa != fb || fa == OPTS_DEFAULT)
		return 0;
	return errmsg_set(why, ERR_USAGE,
	    "%s and %s exclude each other: give one of them", a, b);
}

/* --- the help ------------------------------------------------------------- */

enum { COLUMN = 28, WIDTH = 79 };

static int put_blanks(struct buf *out, int n)
{
	int r = 0;

	while (r == 0 && n-- > 0)
		r = buf_u8(out, ' ');
	return r;
}

/* Wraps words between `column` and WIDTH. Newlines in the text are kept. */
int opts_wrap(struct buf *out, const char *text, int column)
{
	int at = column, n, r = 0;

	while (r == 0 && *text != '\0') {
		n = (int)strcspn(text, " \n");
		if (at > column && at + 1 + n > WIDTH) {
			if ((r = buf_u8(out, '\n')) == 0)
				r = put_blanks(out, column);
			at = column;
		}
		if (r == 0 && at > column && (r = buf_u8(out, ' ')) == 0)
			at++;
		if (r == 0)
			r = buf_put(out, text, (size_t)n);
		at += n;
		text += n;
		if (r == 0 && *text == '\n') {
			if ((r = buf_u8(out, '\n')) == 0)
				r = put_blanks(
				    out, text[1] != '\0' ? column : 0);
			at = column;
			text++;
		}
		text += strspn(text, " ");
	}
	return r == 0 && at > column ? buf_u8(out, '\n') : r;
}

static int put_row(struct buf *out, const struct opts_row *row)
{
	char head[80];
	int n, r;

	n = snprintf(head, sizeof(head), "  %c%c%c --%s%s%s",
	    row->letter != 0 ? '-' : ' ', row->letter != 0 ? row->letter : ' ',
	    row->letter != 0 ? ',' : ' ', row->name,
	    row->arg != NULL ? " " : "", row->arg != NULL ? row->arg : "");
	if ((r = buf_str(out, head)) != 0)
		return r;
	if (n >= COLUMN - 1) {
		if ((r = buf_u8(out, '\n')) != 0)
			return r;
		n = 0;
	}
	if ((r = put_blanks(out, COLUMN - n)) != 0)
		return r;
	return opts_wrap(out, row->help, COLUMN);
}

int opts_help(const struct opts *o, struct buf *out, const char *before,
    const char *after)
{
	size_t i;
	int r;

	if ((r = opts_wrap(out, before, 0)) != 0 ||
	    (r = buf_u8(out, '\n')) != 0)
		return r;
	for (i = 0; i < o->n_rows; i++)
		if ((o->rows[i].flags & OPTS_NO_ARGV) == 0 &&
		    (r = put_row(out, &o->rows[i])) != 0)
			return r;
	if ((r = buf_u8(out, '\n')) != 0)
		return r;
	return opts_wrap(out, after, 0);
}

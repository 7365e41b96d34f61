#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "client/config.h"
#include "shared/os/file.h"

/* A file while it is read. inih asks for lines one by one and calls back for
 * each before it asks for the next: so the number of the line is known. */
struct reader {
	const char *text;
	size_t n;
	unsigned line;
	bool too_long;
	config_set *set;
	void *arg;
	int err; /* the first failure ... */
	unsigned err_line;
	struct errmsg why;
};

/* As fgets does. */
static char *next_line(char *out, int size, void *stream)
{
	struct reader *r = stream;
	const char *nl;
	size_t n;

	if (r->n == 0 || r->err != 0 || r->too_long)
		return NULL;
	nl = memchr(r->text, '\n', r->n);
	n = nl != NULL ? (size_t)(nl - r->text) + 1 : r->n;
	r->line++;
	/* inih would take the rest for a line of its own. */
	if (n > CONFIG_LINE_MAX || n >= (size_t)size) {
		r->too_long = true;
		return NULL;
	}
	memcpy(out, r->text, n);
	out[n] = '\0';
	r->text += n;
	r->n -= n;
	return out;
}

/* inih's way: 0 is a failure. */
static int on_setting(
    void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;

	if (r->err == 0 && section[0] != '\0')
		r->err = errmsg_set(&r->why, ERR_USAGE,
		    "there are no [sections] here: take that line out");
	else if (r->err == 0)
		r->err = r->set(r->arg, name, value, &r->why);
	else
		return 0;
	if (r->err != 0)
		r->err_line = r->line;
	return r->err == 0;
}

static int parse(struct reader *r, const char *path, struct errmsg *why)
{
	int at;

	if (memchr(r->text, '\0', r->n) != NULL)
		return errmsg_set(why, ERR_USAGE,
		    "%s is not text: move it away and make a new one with "
		    "conclave --write-config",
		    path);
	at = ini_parse_stream(next_line, r, on_setting, r);
	if (at < 0)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	if (at > 0 && (r->err == 0 || (unsigned)at < r->err_line))
		return errmsg_set(why, ERR_USAGE,
		    "%s:%d: a line is NAME = VALUE, or begins with #", path,
		    at);
	if (r->err != 0)
		return errmsg_set(
		    why, r->err, "%s:%u: %s", path, r->err_line, r->why.text);
	if (r->too_long)
		return errmsg_set(why, ERR_USAGE,
		    "%s:%u: a line has at most %d bytes", path, r->line,
		    CONFIG_LINE_MAX);
	return 0;
}

int config_read(const char *path, config_set *set, void *arg, struct errmsg *why)
{
	struct reader r = {.set = set, .arg = arg};
	struct buf text;
	int e;

	buf_init(&text, FILE_MAX);
	e = file_read(path, FILE_OWN, &text, why);
	if (e == ERR_AGAIN) {
		e = 0;
	} else if (e == 0 && text.len > 0) {
		r.text = (const char *)text.p;
		r.n = text.len;
		e = parse(&r, path, why);
	}
	buf_free(&text);
	return e;
}

static int same_value(
    void *arg, const char *name, const char *value, struct errmsg *why)
{
	const char *const *want = arg;

	(void)why;
	return strcmp(name, want[0]) == 0 && strcmp(value, want[1]) == 0
		   ? 0
		   : ERR_USAGE;
}

/* Asked of inih itself: it knows what a comment or a blank does. */
bool config_can_hold(const char *name, const char *value)
{
	const char *want[2] = {name, value};
	struct reader r = {.set = same_value, .arg = want};
	char line[CONFIG_LINE_MAX + 2];
	struct errmsg why;
	int n = snprintf(line, sizeof(line), "%s = %s\n", name, value);

	if (n < 0 || n > CONFIG_LINE_MAX || strchr(value, '\n') != NULL)
		return false;
	r.text = line;
	r.n = (size_t)n;
	return parse(&r, "", &why) == 0;
}

int config_write(const char *path, const struct buf *text, struct errmsg *why)
{
	int e = file_write(path, text->p, text->len, FILE_NEW, why);

	if (e == ERR_STATE)
		errmsg_set(why, e,
		    "%s is there already and stays as it is: change it with "
		    "an editor, or move it away first",
		    path);
	return e;
}

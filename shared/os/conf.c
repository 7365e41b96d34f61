/* conf.c - the parser of configuration files. inih splits the lines; a reader
 * passes them to it one by one, so that line numbers are known. Quotes and a #
 * after a value are handled here. */
#include "shared/os/conf.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "shared/os/file.h"
#include "shared/wire/text.h"

struct reader {
	const char *path;
	const char *text; /* the text not yet read */
	size_t n;
	unsigned line;
	bool marks; /* the line contains a # or ; */
	conf_fn *fn;
	void *arg;
	struct errmsg *why;
	int err; /* the first failure, at err_line */
	unsigned err_line;
};

static int problem(struct reader *r, const char *sentence)
{
	r->err_line = r->line;
	return r->err = errmsg_set(
		   r->why, ERR_USAGE, "%s:%u: %s", r->path, r->line, sentence);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Says what no line may hold, not even a comment; or returns NULL. */
static const char *line_wrong(const char *line, size_t n)
{
	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (n == 0)
		return NULL;
	if (memchr(line, '\0', n) != NULL)
		return "there is a zero byte in this line";
	if (!text_utf8(line, n))
		return "this line is not UTF-8 text";
	/* Otherwise all lines of a file with CR alone would be one, which may
	 * begin with a comment. */
	if (memchr(line, '\r', n) != NULL)
		return "there is a carriage return inside this line; lines end "
		       "with LF or CR LF";
	return NULL;
}

/* Reads a line like fgets(3), but strips leading blanks, which inih would take
 * for a continuation line. */
static char *next_line(char *out, int size, void *stream)
{
	struct reader *r = stream;
	const char *line = r->text, *nl, *wrong;
	size_t n;

	if (r->n == 0 || r->err != 0)
		return NULL;
	nl = memchr(line, '\n', r->n);
	n = nl != NULL ? (size_t)(nl - line) : r->n;
	r->line++;
	r->text += n + (nl != NULL);
	r->n -= n + (nl != NULL);
	if ((wrong = line_wrong(line, n)) != NULL) {
		problem(r, wrong);
		return NULL;
	}
	for (; n > 0 && is_blank(*line); n--)
		line++;
	r->marks = memchr(line, '#', n) != NULL || memchr(line, ';', n) != NULL;
	if (n > 0 && (*line == '#' || *line == ';'))
		n = 0; /* a comment may have any length */
	/* inih would parse the rest as a separate line. */
	if (n > CONF_LINE_MAX || n + 2 > (size_t)size) {
		problem(r, "this line is too long: 190 bytes are the most");
		return NULL;
	}
	memcpy(out, line, n);
	out[n] = '\n';
	out[n + 1] = '\0';
	return out;
}

/* Parses a quoted value into `to`; s points to the opening quote. */
static int quoted_value(struct reader *r, char *to, const char *s)
{
	char quote = *s++;

	for (; *s != quote; s++) {
		if (quote == '"' && *s == '\\' && (s[1] == '"' || s[1] == '\\'))
			s++;
		if (*s == '\0')
			return problem(r,
			    r->marks
				? "the quote is not closed, or it has a blank "
				  "and a ; in it, which no value can hold"
				: "the quote is not closed");
		*to++ = *s;
	}
	*to = '\0';
	for (s++; is_blank(*s); s++)
		;
	if (*s != '\0' && *s != '#')
		return problem(
		    r, "only a comment may follow the closing quote");
	return 0;
}

/* Copies an unquoted value; a # after a blank begins a comment. */
static void plain_value(char *to, const char *s)
{
	const char *p;
	size_t n = strlen(s);

	for (p = strchr(s, '#'); p != NULL; p = strchr(p + 1, '#')) {
		if (p == s || is_blank(p[-1])) {
			n = (size_t)(p - s);
			break;
		}
	}
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	memcpy(to, s, n);
	to[n] = '\0';
}

/* inih's callback: returns 0 on failure. */
static int on_setting(
    void *arg, const char *section, const char *name, const char *value)
{
	struct reader *r = arg;
	char plain[CONF_LINE_MAX + 2];
	struct conf_entry e = {
	    .path = r->path, .line = r->line, .name = name, .value = plain};

	if (r->err != 0)
		return 0;
	if (section[0] != '\0')
		return problem(r,
			   "there are no [sections] here: take that line "
			   "out") == 0;
	if (name[0] == '\0')
		return problem(r, "a line has to be: name = value") == 0;
	if (value[0] == '"' || value[0] == '\'') {
		if (quoted_value(r, plain, value) != 0)
			return 0;
	} else {
		plain_value(plain, value);
		e.doubtful = r->marks;
	}
	if ((r->err = r->fn(r->arg, &e, r->why)) != 0)
		r->err_line = r->line;
	explicit_bzero(plain, sizeof(plain));
	return r->err == 0;
}

/* Overwrites the stack frames that inih used: it buffered each line there, and
 * a line may hold a password. */
static __attribute__((noinline)) void wipe_stack(void)
{
	char dead[4096];

	explicit_bzero(dead, sizeof(dead));
}

int conf_parse(const char *path, const struct buf *text, conf_fn *fn, void *arg,
    struct errmsg *why)
{
	struct reader r = {.path = path,
	    .text = (const char *)text->p,
	    .n = text->len,
	    .fn = fn,
	    .arg = arg,
	    .why = why};
	size_t bom;
	int at;

	if (text->len == 0)
		return 0;
	if (text_utf16(text->p, text->len))
		return errmsg_set(why, ERR_USAGE,
		    "%s is UTF-16 text: save it as UTF-8", path);
	bom = text_bom(text->p, text->len);
	r.text += bom;
	r.n -= bom;
	at = ini_parse_stream(next_line, &r, on_setting, &r);
	wipe_stack();
	if (at == -2 && r.err == 0)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	/* inih continues after a line without a value. */
	if (at > 0 && (r.err == 0 || (unsigned)at < r.err_line))
		return errmsg_set(why, ERR_USAGE,
		    "%s:%d: a line has to be: name = value", path, at);
	return r.err;
}

int conf_read(const char *path, unsigned rules, conf_fn *fn, void *arg,
    struct errmsg *why)
{
	struct buf text;
	int r;

	buf_init_secret(&text, CONF_FILE_MAX);
	if ((r = file_read(path, rules, &text, why)) == 0)
		r = conf_parse(path, &text, fn, arg, why);
	buf_free(&text);
	return r;
}

static int same_value(void *arg, const struct conf_entry *e, struct errmsg *why)
{
	const char *const *want = arg;

	(void)why;
	return strcmp(e->name, want[0]) == 0 && strcmp(e->value, want[1]) == 0
		   ? 0
		   : ERR_USAGE;
}

bool conf_can_hold(const char *name, const char *value)
{
	const char *want[2] = {name, value};
	char line[CONF_LINE_MAX + 2];
	struct errmsg why;
	struct buf text;
	int n = snprintf(line, sizeof(line), "%s = %s\n", name, value);
	bool same;

	if (n < 0 || n > CONF_LINE_MAX || strchr(value, '\n') != NULL)
		return false;
	buf_init(&text, sizeof(line));
	same = buf_put(&text, line, (size_t)n) == 0 &&
	       conf_parse("", &text, same_value, want, &why) == 0;
	buf_free(&text);
	return same;
}

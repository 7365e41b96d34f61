/* records.c - splits known_servers and known_people into lines and words. */
#include "client/trust/records.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/wire/text.h"

void records_date(char out[RECORDS_DATE])
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(out, RECORDS_DATE, "%Y-%m-%d", &tm) == 0)
		snprintf(out, RECORDS_DATE, "-");
}

bool records_since(char out[RECORDS_DATE], const char *word, size_t len)
{
	size_t i;

	if (len >= RECORDS_DATE)
		return false;
	for (i = 0; i < len; i++)
		if ((word[i] < '0' || word[i] > '9') && word[i] != '-')
			return false;
	memcpy(out, word, len);
	out[len] = '\0';
	return true;
}

int records_begin(struct records *r, const char *path, const void *text,
    size_t n, struct errmsg *why)
{
	size_t bom = text_bom(text, n);

	*r = (struct records){path, text, n, 0};
	if (n > 0 && text_utf16(text, n))
		return errmsg_set(why, ERR_USAGE,
		    "%s is UTF-16 text: save it as UTF-8 or ASCII", path);
	if (bom > 0)
		r->text += bom;
	r->n -= bom;
	return 0;
}

bool records_line(struct records *r, const char **line, size_t *n)
{
	const char *nl;

	if (r->n == 0)
		return false;
	nl = memchr(r->text, '\n', r->n);
	*line = r->text;
	*n = nl != NULL ? (size_t)(nl - r->text) : r->n;
	r->text += *n + (nl != NULL);
	r->n -= *n + (nl != NULL);
	r->line++;
	return true;
}

const char *records_wrong(const char *line, size_t n)
{
	if (n > 0 && line[n - 1] == '\r')
		n--;
	if (n > 0 && memchr(line, '\0', n) != NULL)
		return "there is a zero byte in it";
	/* Otherwise all lines of a file with CR alone would be one, which may
	 * begin with a comment. */
	if (n > 0 && memchr(line, '\r', n) != NULL)
		return "there is a carriage return inside it; lines end with "
		       "LF or CR LF";
	return NULL;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool records_word(const char **line, size_t *n, const char **word, size_t *len)
{
	while (*n > 0 && blank(**line)) {
		(*line)++;
		(*n)--;
	}
	if (*n > 0 && **line == '#')
		*n = 0;
	*word = *line;
	while (*n > 0 && !blank(**line)) {
		(*line)++;
		(*n)--;
	}
	*len = (size_t)(*line - *word);
	return *len > 0;
}

bool records_number(const char *word, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t v = 0, digit;
	size_t i;

	if (len == 0 || (len > 1 && word[0] == '0'))
		return false;
	for (i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		digit = (uint64_t)(word[i] - '0');
		if (digit > max || v > (max - digit) / 10)
			return false;
		v = 10 * v + digit;
	}
	*out = v;
	return true;
}

int records_refuse(
    const struct records *r, const char *what, struct errmsg *why)
{
	return errmsg_set(why, ERR_USAGE,
	    "%s line %u: %s: correct the line, or take it out if you do "
	    "not need it",
	    r->path, r->line, what);
}

static bool is_blank(const char *line, size_t n)
{
	const char *word;
	size_t len;

	return !records_word(&line, &n, &word, &len);
}

int records_each(const char *path, const void *text, size_t n, records_fn *fn,
    void *arg, struct errmsg *why)
{
	const char *line, *wrong;
	struct records lines;
	size_t len;
	int r = records_begin(&lines, path, text, n, why);

	while (r == 0 && records_line(&lines, &line, &len)) {
		if ((wrong = records_wrong(line, len)) != NULL)
			return records_refuse(&lines, wrong, why);
		if (is_blank(line, len))
			continue;
		r = fn(arg, line, len, &wrong);
		if (r == ERR_USAGE)
			return records_refuse(&lines, wrong, why);
		if (r != 0)
			(void)errmsg_set(why, r, "%s: %s", path, err_str(r));
	}
	return r;
}

/* records.c - splits lines of known_servers and known_people into words. */
#include "client/trust/records.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/os/errmsg.h"

void records_complain(
    const struct complain *c, const char *path, unsigned line, const char *what)
{
	struct errmsg w;

	if (c == NULL || c->fn == NULL)
		return;
	errmsg_set(
	    &w, 0, "%s line %u: %s; the line is ignored", path, line, what);
	c->fn(c->arg, w.text);
}

void records_date(char out[RECORDS_DATE])
{
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	    strftime(out, RECORDS_DATE, "%Y-%m-%d", &tm) == 0)
		snprintf(out, RECORDS_DATE, "-");
}

bool records_line(const char **text, size_t *n, const char **line, size_t *len)
{
	const char *nl;

	if (*n == 0)
		return false;
	nl = memchr(*text, '\n', *n);
	*line = *text;
	*len = nl != NULL ? (size_t)(nl - *text) : *n;
	*text += *len + (nl != NULL);
	*n -= *len + (nl != NULL);
	return true;
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
	*word = *line;
	while (*n > 0 && !blank(**line)) {
		(*line)++;
		(*n)--;
	}
	*len = (size_t)(*line - *word);
	return *len > 0;
}

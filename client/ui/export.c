/* export.c - writes the scrollback to a file, as text or JSON lines. */
#include "client/ui/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "client/export_helper.h"
#include "client/ui/words.h"
#include "shared/os/value.h"
#include "shared/wire/json.h"
#include "shared/wire/uri.h"

/* A line grows to at most six times its bytes (every one as \uXXXX), plus its
 * other fields. */
enum { EXPORT_MAX = 6 * SCROLLBACK_BYTES_MAX + SCROLLBACK_MAX * 256 };

/* Programs get UTC, people get local time. */
enum { DATE_MAX = 32 };

static void date(char out[DATE_MAX], uint64_t at_ms, bool utc)
{
	time_t s = (time_t)(at_ms / 1000);
	size_t n = 0;
	struct tm tm;

	if (utc && gmtime_r(&s, &tm) != NULL)
		n = strftime(out, DATE_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm);
	else if (!utc && localtime_r(&s, &tm) != NULL)
		n = strftime(out, DATE_MAX, "%Y-%m-%d %H:%M", &tm);
	if (n == 0)
		snprintf(out, DATE_MAX, "-");
}

/* The bytes to write. An invite is as good as a password, and stands alone in its
 * line: what is behind its fingerprint is left out. */
static size_t text_len(const struct line *l)
{
	struct buf copy;
	size_t n = l->len;

	if (l->kind != LINE_NOTICE)
		return n;
	buf_init_secret(&copy, l->len + 1);
	if (buf_put(&copy, l->text, l->len) == 0 && buf_u8(&copy, 0) == 0) {
		uri_hide((char *)copy.p);
		n = strlen((char *)copy.p);
	}
	buf_free(&copy);
	return n;
}

static int put_json(struct buf *out, const struct line *l)
{
	static const char *const kinds[] = {[LINE_CHAT] = "message",
	    [LINE_ACTION] = "action",
	    [LINE_NOTICE] = "notice",
	    [LINE_ALERT] = "alert",
	    [LINE_DATE] = "notice"};
	char at[DATE_MAX];
	struct json_w w;
	int r;

	date(at, l->at_ms, true);
	json_begin(&w, out);
	json_put_str(&w, "kind", kinds[l->kind]);
	json_put_str(&w, "time", at);
	if (l->name[0] != '\0') {
		json_put_str(&w, "from", l->name);
		json_put_bool(&w, "own", l->own);
		json_put_bool(&w, "verified", true); /* its signature */
		json_put_str(&w, "trust", words_trust(l->trust));
	}
	if (l->pending)
		json_put_bool(&w, "pending", true);
	if (l->unsaid)
		json_put_bool(&w, "unsaid", true);
	json_put_strn(&w, "text", l->text, text_len(l));
	if ((r = json_end(&w)) == 0)
		r = buf_u8(out, '\n');
	return r;
}

/* Writes a line as the plain front end does: text after a newline is indented,
 * so that it cannot pass for another line. */
static int put_text(struct buf *out, const struct line *l)
{
	bool said = l->kind == LINE_CHAT || l->kind == LINE_ACTION;
	const char *s = l->text, *end = l->text + text_len(l), *nl;
	char at[DATE_MAX], head[128];
	int r;

	date(at, l->at_ms, false);
	snprintf(head, sizeof(head), "%s %s%s%s%s", at,
	    l->kind == LINE_ACTION   ? "* "
	    : l->kind == LINE_NOTICE || l->kind == LINE_DATE ? "-- "
	    : l->kind == LINE_ALERT  ? "!! "
				     : "",
	    l->name,
	    l->trust == TRUST_CHANGED ? " (key changed)"
	    : l->unsaid		      ? " (dropped)"
				      : "",
	    !said		   ? ""
	    : l->kind == LINE_CHAT ? ": "
				   : " ");
	r = buf_str(out, head);
	while (r == 0 && (nl = memchr(s, '\n', (size_t)(end - s))) != NULL) {
		if ((r = buf_put(out, s, (size_t)(nl - s))) == 0)
			r = buf_str(out, "\n      ");
		s = nl + 1;
	}
	if (r == 0)
		r = buf_put(out, s, (size_t)(end - s));
	return r == 0 ? buf_u8(out, '\n') : r;
}

static bool ends_in(const char *s, const char *tail)
{
	size_t n = strlen(s), k = strlen(tail);

	return n >= k && strcmp(s + n - k, tail) == 0;
}

/* The name below the folder. "~/" is the home directory, and "./" is nothing. */
static int below(
    char **out, const char *folder, const char *name, struct errmsg *why)
{
	size_t n = strlen(folder);
	char *whole;
	int r;

	while (strncmp(name, "./", 2) == 0)
		name += 2;
	if (*name != '/' && *name != '~') {
		*out = strdup(name);
		return *out != NULL
			   ? 0
			   : errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	if ((r = value_path(&whole, name, NULL, why)) != 0)
		return r;
	if (strncmp(whole, folder, n) == 0 && whole[n] == '/') {
		memmove(whole, whole + n + 1, strlen(whole + n));
		*out = whole;
		return 0;
	}
	free(whole);
	return errmsg_set(why, ERR_USAGE,
	    "files go into %s: give a name in there, such as lobby.txt; the "
	    "setting export-folder names another folder",
	    folder);
}

static int put_lines(struct buf *out, const struct scrollback *ls, bool json)
{
	uint64_t id, last = scrollback_end(ls);
	int r = 0;

	for (id = scrollback_first(ls); r == 0 && id < last; id++)
		r = json ? put_json(out, scrollback_at(ls, id))
			 : put_text(out, scrollback_at(ls, id));
	return r;
}

int export_lines(size_t *n, char **path, const struct scrollback *ls,
    struct helper *helper, const char *folder, const char *name,
    struct errmsg *why)
{
	char *file = NULL;
	struct buf b;
	int r;

	*n = 0;
	*path = NULL;
	if (folder == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "there is no home directory to keep files in: set HOME, or "
		    "give --export-folder DIR");
	if ((r = below(&file, folder, name, why)) != 0)
		return r;
	buf_init_secret(&b, EXPORT_MAX);
	if ((r = put_lines(&b, ls, ends_in(file, ".jsonl"))) != 0)
		errmsg_set(why, r, "there is not enough memory to write it");
	else
		r = export_helper_write(helper, folder, file, b.p, b.len, why);
	if (r == 0 && asprintf(path, "%s/%s", folder, file) < 0) {
		*path = NULL;
		r = errmsg_set(why, ERR_NOMEM, "out of memory");
	}
	if (r == 0)
		*n = (size_t)(scrollback_end(ls) - scrollback_first(ls));
	buf_free(&b);
	free(file);
	return r;
}

/* ctl_ca_index.c - the list of certificates that conclavectl's CA has issued. */
#include "server/admin/ctl_ca.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "shared/os/file.h"

enum { LINE_MAX_LEN = CTL_CA_NAME_MAX + 100 };

static int put_row(struct buf *out, const struct ctl_ca_row *r)
{
	char line[LINE_MAX_LEN];

	snprintf(line, sizeof(line), "%s %s %" PRId64 " %" PRId64 " %s\n",
	    r->serial, r->kind, (int64_t)r->until, (int64_t)r->revoked,
	    r->name);
	return buf_str(out, line);
}

/* The next line of *text. ERR_AGAIN: there is none. */
static int get_row(struct ctl_ca_row *r, struct rd *text)
{
	const char *end = text->left > 0 ? memchr(text->p, '\n', text->left)
					 : NULL;
	char line[LINE_MAX_LEN];
	int64_t until, revoked;
	size_t n;

	if (text->left == 0)
		return ERR_AGAIN;
	n = end != NULL ? (size_t)(end - (const char *)text->p) : text->left;
	if (n >= sizeof(line))
		return ERR_USAGE;
	memcpy(line, text->p, n);
	line[n] = '\0';
	text->p += n + (end != NULL);
	text->left -= n + (end != NULL);
	if (sscanf(line, "%32s %7s %" SCNd64 " %" SCNd64 " %255s", r->serial,
		r->kind, &until, &revoked, r->name) != 5)
		return ERR_USAGE;
	r->until = (time_t)until;
	r->revoked = (time_t)revoked;
	return 0;
}

static int broken(struct ctl *c, const char *path)
{
	return errmsg_set(&c->why, ERR_USAGE,
	    "%s has a line that is not understood: put a copy of it back", path);
}

static int append(void *arg, const char *text, size_t n, struct buf *out)
{
	(void)text;
	(void)n;
	return put_row(out, arg);
}

int ctl_ca_index_add(
    struct ctl *c, const char *path, const struct ctl_ca_row *row)
{
	struct ctl_ca_row copy = *row;

	return file_append(path, append, &copy, &c->why);
}

int ctl_ca_index_each(struct ctl *c, const char *path,
    void (*fn)(void *arg, const struct ctl_ca_row *row), void *arg)
{
	struct ctl_ca_row row;
	struct buf text;
	struct rd rd;
	int r;

	buf_init(&text, FILE_MAX);
	r = file_read(path, FILE_OWN, &text, &c->why);
	if (r == ERR_AGAIN) {
		buf_free(&text);
		return 0; /* nothing was issued yet */
	}
	rd = (struct rd){text.p, text.len};
	while (r == 0 && (r = get_row(&row, &rd)) == 0)
		fn(arg, &row);
	if (r == ERR_USAGE)
		r = broken(c, path);
	buf_free(&text);
	return r == ERR_AGAIN ? 0 : r;
}

struct revoking {
	const char *what;
	time_t at;
	size_t n;
};

static int revoke(void *arg, const char *text, size_t n, struct buf *out)
{
	struct rd rd = {(const uint8_t *)text, n};
	struct revoking *v = arg;
	struct ctl_ca_row row;
	int r;

	while ((r = get_row(&row, &rd)) == 0) {
		if (row.revoked == 0 && (strcasecmp(row.name, v->what) == 0 ||
					    strcmp(row.serial, v->what) == 0)) {
			row.revoked = v->at;
			v->n++;
		}
		if ((r = put_row(out, &row)) != 0)
			return r;
	}
	return r == ERR_AGAIN ? 0 : r;
}

int ctl_ca_index_revoke(struct ctl *c, const char *path, const char *what,
    time_t at, size_t *n)
{
	struct revoking v = {what, at, 0};
	int r = file_rewrite(path, revoke, &v, &c->why);

	*n = v.n;
	if (r == ERR_AGAIN)
		return 0; /* nothing was issued yet */
	return r == ERR_USAGE ? broken(c, path) : r;
}

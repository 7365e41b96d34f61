/* ignored.c - reads, searches and updates the ignored_people file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/trust/ignored.h"
#include "shared/os/file.h"
#include "shared/os/vec.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

struct ignored {
	const char *path; /* borrowed */
	struct ignored_person *all;
	size_t n, cap;
};

enum { LINE_BYTES = B64URL_32 + WIRE_NAME_MAX + RECORDS_DATE + 4 };

int ignored_path(char **out, const char *known_people, struct errmsg *why)
{
	static const char name[] = "ignored_people";
	const char *slash = strrchr(known_people, '/');
	size_t n = slash != NULL ? (size_t)(slash - known_people) + 1 : 0;

	if ((*out = malloc(n + sizeof(name))) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	memcpy(*out, known_people, n);
	memcpy(*out + n, name, sizeof(name));
	return 0;
}

/* --- reading -------------------------------------------------------------- */

/* ERR_AGAIN: the line is blank. ERR_USAGE: *what says what is wrong. */
static int parse(
    struct ignored_person *out, const char *line, size_t n, const char **what)
{
	const char *w;
	size_t len;

	memset(out, 0, sizeof(*out));
	if ((*what = records_wrong(line, n)) != NULL)
		return ERR_USAGE;
	if (!records_word(&line, &n, &w, &len))
		return ERR_AGAIN;
	*what = "the identity is not base64url of 32 bytes";
	if (b64url_decode32(out->identity, w, len) != 0)
		return ERR_USAGE;
	*what = "no name follows the identity";
	if (!records_word(&line, &n, &w, &len) || !text_name(w, len))
		return ERR_USAGE;
	memcpy(out->name, w, len);
	*what = "its last word is not a date, YYYY-MM-DD";
	if (records_word(&line, &n, &w, &len) &&
	    !records_since(out->since, w, len))
		return ERR_USAGE;
	*what = "there is more than a date at its end";
	return records_word(&line, &n, &w, &len) ? ERR_USAGE : 0;
}

static int put(struct buf *out, const struct ignored_person *p)
{
	char line[LINE_BYTES], id[B64URL_32 + 1];

	b64url_encode32(id, p->identity);
	snprintf(line, sizeof(line), "%s %s %s\n", id, p->name, p->since);
	return buf_str(out, line);
}

static int add(struct ignored *g, const struct ignored_person *p)
{
	if (ignored_has(g, p->identity))
		return 0;
	if (g->n == IGNORED_MAX)
		return ERR_LIMIT;
	if (vec_reserve(&g->all, &g->cap, g->n + 1, sizeof(*g->all)) != 0)
		return ERR_NOMEM;
	g->all[g->n++] = *p;
	return 0;
}

/* Replaces the list by that of the text. After a failure it is as it was. */
static int take(
    struct ignored *g, const void *text, size_t n, struct errmsg *why)
{
	struct ignored now = {.path = g->path};
	struct ignored_person p;
	struct records records;
	const char *line, *what;
	size_t len;
	int r;

	if ((r = records_begin(&records, g->path, text, n, why)) != 0)
		return r;
	while (r == 0 && records_line(&records, &line, &len)) {
		r = parse(&p, line, len, &what);
		if (r == ERR_USAGE)
			(void)records_refuse(&records, what, why);
		else if (r == ERR_AGAIN)
			r = 0;
		else if ((r = add(&now, &p)) != 0)
			errmsg_set(why, r,
			    r == ERR_LIMIT
				? "%s names more than %d people: take lines out"
				: "%s: out of memory",
			    g->path, IGNORED_MAX);
	}
	free(r == 0 ? g->all : now.all);
	if (r == 0)
		*g = now;
	return r;
}

int ignored_open(struct ignored **out, const char *path, struct errmsg *why)
{
	struct ignored *g = calloc(1, sizeof(*g));
	struct buf b;
	int r;

	*out = g;
	if (g == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	g->path = path;
	buf_init(&b, FILE_MAX + 4096);
	r = file_read(path, FILE_OWN, &b, why);
	if (r == 0)
		r = take(g, b.p, b.len, why);
	buf_free(&b);
	if (r == 0 || r == ERR_AGAIN)
		return 0;
	ignored_free(g);
	*out = NULL;
	return r;
}

void ignored_free(struct ignored *g)
{
	if (g == NULL)
		return;
	free(g->all);
	free(g);
}

bool ignored_has(const struct ignored *g, const uint8_t identity[WIRE_HASH])
{
	size_t i;

	for (i = 0; g != NULL && i < g->n; i++)
		if (memcmp(g->all[i].identity, identity, WIRE_HASH) == 0)
			return true;
	return false;
}

bool ignored_event(const struct ignored *g, const struct event *e)
{
	return e->type >= EVENT_MESSAGE && e->type <= EVENT_REFUSED &&
	       !e->own && e->person != NULL &&
	       ignored_has(g, e->person->fingerprint);
}

const struct ignored_person *ignored_at(const struct ignored *g, size_t i)
{
	return g != NULL && i < g->n ? &g->all[i] : NULL;
}

/* --- changing ------------------------------------------------------------- */

struct change {
	struct ignored *g;
	struct ignored_person person;
	struct errmsg *why;
};

static int append(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct change *c = arg;
	int r = take(c->g, text, n, c->why);

	if (r != 0 || ignored_has(c->g, c->person.identity))
		return r;
	if (c->g->n == IGNORED_MAX)
		return errmsg_set(c->why, ERR_LIMIT,
		    "you ignore %d people already: /unignore some",
		    IGNORED_MAX);
	/* Before the line is written: then add needs no memory. */
	if (vec_reserve(&c->g->all, &c->g->cap, c->g->n + 1,
		sizeof(*c->g->all)) != 0)
		return ERR_NOMEM;
	return put(out, &c->person);
}

int ignored_add(struct ignored *g, const uint8_t identity[WIRE_HASH],
    const char *name, struct errmsg *why)
{
	struct change c = {.g = g, .why = why};
	int r;

	memcpy(c.person.identity, identity, WIRE_HASH);
	snprintf(c.person.name, sizeof(c.person.name), "%s", name);
	records_date(c.person.since);
	if ((r = file_append(g->path, append, &c, why)) != 0)
		return r;
	return add(g, &c.person);
}

/* Writes all lines but those of the person. */
static int without(void *arg, const char *text, size_t n, struct buf *out)
{
	const struct change *c = arg;
	const char *line, *what;
	struct ignored_person p;
	struct records records;
	size_t len;
	int r = take(c->g, text, n, c->why);

	if (r == 0)
		r = records_begin(&records, c->g->path, text, n, c->why);
	while (r == 0 && records_line(&records, &line, &len)) {
		if (parse(&p, line, len, &what) == 0 &&
		    memcmp(p.identity, c->person.identity, WIRE_HASH) == 0)
			continue;
		if ((r = buf_put(out, line, len)) == 0)
			r = buf_u8(out, '\n');
	}
	return r;
}

int ignored_remove(
    struct ignored *g, const uint8_t identity[WIRE_HASH], struct errmsg *why)
{
	struct change c = {.g = g, .why = why};
	size_t i;
	int r;

	memcpy(c.person.identity, identity, WIRE_HASH);
	r = file_rewrite(g->path, without, &c, why);
	if (r != 0 && r != ERR_AGAIN)
		return r;
	for (i = 0; i < g->n; i++)
		if (memcmp(g->all[i].identity, identity, WIRE_HASH) == 0)
			g->all[i--] = g->all[--g->n];
	return 0;
}

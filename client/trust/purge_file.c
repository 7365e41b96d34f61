/* purge_file.c - reads, changes and writes the list of what is to be purged. */
#include "client/trust/purge_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/trust/records.h"
#include "client/trust/sealed_file.h"
#include "shared/os/file.h"
#include "shared/os/vec.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

static const struct sealed_file_kind kind = {"conclave purges 1\n",
    "conclave/1 purges file",
    "it says what you have asked to be purged and the server has not answered. "
    "Look whether that is still in the history"};

struct row {
	char room[WIRE_ROOM_MAX + 1];
	struct purge_wish of;
};

struct change {
	struct row row;
	bool put; /* or drop */
};

struct list {
	struct row *row; /* owned; the oldest first */
	size_t n, cap;
};

struct purge_file {
	char *path;
	struct sealed_file *file; /* owned */
	struct list all;
	/* What is not written yet. The file may be another client's meanwhile, so
	 * it is read again, and changed by these. */
	struct change *change; /* owned */
	size_t n_changes, changes_cap;
	bool changed; /* since the last attempt */
};

/* --- the list -------------------------------------------------------------- */

static bool same(const struct row *a, const struct row *b)
{
	return a->of.offset == b->of.offset &&
	       memcmp(a->of.log, b->of.log, WIRE_LOG) == 0 &&
	       memcmp(a->of.id, b->of.id, WIRE_ID) == 0 &&
	       text_same_name(a->room, b->room);
}

static int put_row(struct list *l, const struct row *row)
{
	size_t i;
	int r;

	for (i = 0; i < l->n; i++)
		if (same(&l->row[i], row))
			return 0;
	if (l->n == PURGES_MAX)
		memmove(&l->row[0], &l->row[1], --l->n * sizeof(*row));
	r = vec_reserve(&l->row, &l->cap, l->n + 1, sizeof(*row));
	if (r == 0)
		l->row[l->n++] = *row;
	return r;
}

static void drop_row(struct list *l, const struct row *row)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (same(&l->row[i], row)) {
			l->n--;
			memmove(&l->row[i], &l->row[i + 1],
			    (l->n - i) * sizeof(*row));
			return;
		}
}

static int apply(struct list *l, const struct change *c)
{
	if (c->put)
		return put_row(l, &c->row);
	drop_row(l, &c->row);
	return 0;
}

/* --- for the session ------------------------------------------------------- */

/* Without memory it is not kept. Where it cannot be written for long, the oldest
 * changes are forgotten. */
static void change(struct purge_file *f, const char *room,
    const struct purge_wish *w, bool put)
{
	struct change c = {.row.of = *w, .put = put};

	memcpy(c.row.room, room, strlen(room) + 1);
	if (f->n_changes == 2 * PURGES_MAX)
		memmove(&f->change[0], &f->change[1],
		    --f->n_changes * sizeof(c));
	if (vec_reserve(&f->change, &f->changes_cap, f->n_changes + 1,
		sizeof(c)) != 0 ||
	    apply(&f->all, &c) != 0)
		return;
	f->change[f->n_changes++] = c;
	f->changed = true;
}

static void put(void *arg, const char *room, const struct purge_wish *w)
{
	change(arg, room, w, true);
}

static void drop(void *arg, const char *room, const struct purge_wish *w)
{
	change(arg, room, w, false);
}

static bool get(void *arg, const char *room, size_t i, struct purge_wish *out)
{
	const struct purge_file *f = arg;
	size_t k;

	for (k = 0; k < f->all.n; k++)
		if (text_same_name(f->all.row[k].room, room) && i-- == 0) {
			*out = f->all.row[k].of;
			return true;
		}
	return false;
}

struct purges_ops purge_file_ops(struct purge_file *f)
{
	if (f == NULL)
		return (struct purges_ops){.get = NULL};
	return (struct purges_ops){get, put, drop, f};
}

/* --- reading --------------------------------------------------------------- */

static bool parse_row(struct row *row, const char *line, size_t n)
{
	const char *word;
	size_t len;

	memset(row, 0, sizeof(*row));
	if (!records_word(&line, &n, &word, &len) || len > WIRE_ROOM_MAX ||
	    !text_room(word, len))
		return false;
	memcpy(row->room, word, len);
	if (!records_word(&line, &n, &word, &len) ||
	    b64url_decode32(row->of.log, word, len) != 0 ||
	    !records_word(&line, &n, &word, &len) ||
	    !records_number(word, len, INT64_MAX, &row->of.offset))
		return false;
	if (row->of.offset == 0 &&
	    (!records_word(&line, &n, &word, &len) ||
		b64_decode(row->of.id, WIRE_ID, word, len) != 0))
		return false;
	return !records_word(&line, &n, &word, &len);
}

/* A records_fn: adds the row of a line to a struct list. */
static int parse(void *arg, const char *line, size_t n, const char **wrong)
{
	struct row row;

	*wrong = "it does not say what is to be purged";
	return parse_row(&row, line, n) ? put_row(arg, &row) : ERR_USAGE;
}

static int load(struct purge_file *f, struct errmsg *why)
{
	struct buf text;
	int r;

	buf_init_secret(&text, FILE_MAX);
	r = sealed_file_read(f->file, f->path, &text, NULL, why);
	if (r == 0)
		r = records_each(
		    f->path, text.p, text.len, parse, &f->all, why);
	if (r == ERR_USAGE)
		f->all.n = 0;
	buf_free(&text);
	return r;
}

/* --- writing --------------------------------------------------------------- */

static int put_line(struct buf *out, const struct row *e)
{
	char log[B64URL_32 + 1], id[B64_LEN(WIRE_ID) + 1];
	char line[WIRE_ROOM_MAX + B64URL_32 + B64_LEN(WIRE_ID) + 32];

	b64url_encode32(log, e->of.log);
	b64_encode(id, e->of.id, WIRE_ID);
	snprintf(line, sizeof(line), "%s %s %" PRIu64 "%s%s\n", e->room, log,
	    e->of.offset, e->of.offset == 0 ? " " : "",
	    e->of.offset == 0 ? id : "");
	return buf_str(out, line);
}

static int encode(struct purge_file *f, const struct list *l, struct buf *out)
{
	struct buf text;
	size_t i;
	int r = 0;

	buf_init_secret(&text, FILE_MAX);
	for (i = 0; r == 0 && i < l->n; i++)
		r = put_line(&text, &l->row[i]);
	if (r == 0)
		r = sealed_file_seal(f->file, out, text.p, text.len);
	buf_free(&text);
	return r;
}

/* What the file has now. One that cannot be read has nothing, and is replaced. */
static int read_again(
    struct purge_file *f, struct list *l, const char *file, size_t n)
{
	struct errmsg ignored;
	struct buf text;
	int r;

	buf_init_secret(&text, FILE_MAX);
	r = sealed_file_open(f->file, &text, (const uint8_t *)file, n);
	if (r == 0)
		r = records_each(
		    f->path, text.p, text.len, parse, l, &ignored);
	if (r != 0)
		l->n = 0;
	buf_free(&text);
	return r == ERR_NOMEM || r == ERR_CRYPTO ? r : 0;
}

static int edit(void *arg, const char *file, size_t n, struct buf *out)
{
	struct purge_file *f = arg;
	struct list now = {.n = 0};
	size_t i;
	int r = read_again(f, &now, file, n);

	for (i = 0; r == 0 && i < f->n_changes; i++)
		r = apply(&now, &f->change[i]);
	if (r == 0)
		r = encode(f, &now, out);
	if (r == 0) {
		free(f->all.row);
		f->all = now;
	} else {
		free(now.row);
	}
	return r;
}

static int write_new(struct purge_file *f, struct errmsg *why)
{
	struct buf file;
	int r;

	buf_init(&file, FILE_MAX);
	if ((r = edit(f, "", 0, &file)) != 0)
		(void)errmsg_set(why, r, "%s: %s", f->path, err_str(r));
	else
		r = file_write(f->path, file.p, file.len, FILE_NEW, why);
	buf_free(&file);
	return r;
}

int purge_file_flush(struct purge_file *f, struct errmsg *why)
{
	int r;

	if (f == NULL || !f->changed)
		return 0;
	f->changed = false;
	r = file_rewrite(f->path, edit, f, why);
	/* Another client may make it between. */
	if (r == ERR_AGAIN && (r = write_new(f, why)) == ERR_STATE)
		r = file_rewrite(f->path, edit, f, why);
	if (r == 0)
		f->n_changes = 0;
	return r;
}

/* --- opening --------------------------------------------------------------- */

int purge_file_open(struct purge_file **out, const char *path,
    const struct identity *identity, struct errmsg *why)
{
	struct purge_file *f = calloc(1, sizeof(*f));
	int r;

	*out = NULL;
	if (f == NULL || (f->path = strdup(path)) == NULL)
		r = errmsg_set(why, ERR_NOMEM, "out of memory");
	else if ((r = sealed_file_new(&f->file, &kind, identity)) != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	else
		r = load(f, why);
	if (r == 0 || r == ERR_USAGE)
		*out = f;
	else
		purge_file_free(f);
	return r;
}

void purge_file_free(struct purge_file *f)
{
	if (f == NULL)
		return;
	sealed_file_free(f->file);
	free(f->all.row);
	free(f->change);
	free(f->path);
	free(f);
}

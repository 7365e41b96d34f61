/* seal_holders.c - reads and writes who holds the secrets of sealed rooms. */
#include "client/trust/seal_holders.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/trust/records.h"
#include "client/trust/sealed_file.h"
#include "shared/base/secret.h"
#include "shared/os/file.h"
#include "shared/proto/seal.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

#define MAGIC "conclave seal holders 1\n"
#define LABEL "conclave/1 seal holders file"

struct row {
	char room[WIRE_ROOM_MAX + 1];
	struct holder of;
};

struct seal_holders {
	char *path;		  /* or NULL */
	struct sealed_file *file; /* owned; NULL without a path */
	struct row *row; /* owned, in secure memory; the oldest first */
	size_t n, cap;
	bool changed;
};

/* --- the list -------------------------------------------------------------- */

static void drop(struct seal_holders *s, size_t i)
{
	s->n--;
	memmove(&s->row[i], &s->row[i + 1], (s->n - i) * sizeof(*s->row));
}

/* Makes room for one more of that room. */
static int reserve(struct seal_holders *s, const char *room)
{
	size_t cap = s->cap == 0 ? 16 : 2 * s->cap, i, first = 0, n = 0;
	struct row *all;

	for (i = s->n; i > 0; i--)
		if (text_same_name(s->row[i - 1].room, room)) {
			first = i - 1;
			n++;
		}
	if (n >= HOLDERS_MAX)
		drop(s, first);
	else if (s->n == SEAL_HOLDERS_MAX)
		drop(s, 0);
	if (s->n < s->cap)
		return 0;
	if ((all = secret_alloc(cap * sizeof(*all))) == NULL)
		return ERR_NOMEM;
	if (s->n > 0)
		memcpy(all, s->row, s->n * sizeof(*all));
	secret_free(s->row, s->cap * sizeof(*all));
	s->row = all;
	s->cap = cap;
	return 0;
}

static struct row *find_row(const struct seal_holders *s, const char *room,
    const uint8_t fingerprint[WIRE_HASH])
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (memcmp(s->row[i].of.fingerprint, fingerprint, WIRE_HASH) ==
			0 &&
		    text_same_name(s->row[i].room, room))
			return &s->row[i];
	return NULL;
}

/* The place of that holder, in the list already or new; NULL: no memory. */
static struct row *place(struct seal_holders *s, const char *room,
    const uint8_t fingerprint[WIRE_HASH])
{
	struct row *e = find_row(s, room, fingerprint);

	if (e != NULL)
		return e;
	if (reserve(s, room) != 0)
		return NULL;
	e = &s->row[s->n++];
	memset(e, 0, sizeof(*e));
	memcpy(e->room, room, strlen(room) + 1);
	return e;
}

static bool get(void *arg, const char *room, size_t i, struct holder *out)
{
	const struct seal_holders *s = arg;
	size_t k;

	for (k = 0; k < s->n; k++)
		if (text_same_name(s->row[k].room, room) && i-- == 0) {
			*out = s->row[k].of;
			return true;
		}
	return false;
}

static bool find(void *arg, const char *room,
    const uint8_t fingerprint[WIRE_HASH], struct holder *out)
{
	const struct row *e = find_row(arg, room, fingerprint);

	if (e != NULL)
		*out = e->of;
	return e != NULL;
}

/* Without memory they are no holder. */
static void put(void *arg, const char *room, const struct holder *h)
{
	struct seal_holders *s = arg;
	struct row *e = place(s, room, h->fingerprint);

	if (e == NULL)
		return;
	e->of = *h;
	s->changed = true;
}

struct holders_ops seal_holders_ops(struct seal_holders *s)
{
	if (s == NULL)
		return (struct holders_ops){.get = NULL};
	return (struct holders_ops){get, find, put, s};
}

/* --- reading --------------------------------------------------------------- */

/* What is left of a line. */
struct words {
	const char *line;
	size_t n;
	const char *word;
	size_t len;
};

static bool next(struct words *w)
{
	return records_word(&w->line, &w->n, &w->word, &w->len);
}

static bool number_of(struct words *w, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (!next(w))
		return false;
	for (i = 0; i < w->len && i < 11 && w->word[i] >= '0' &&
		    w->word[i] <= '9';
	     i++)
		v = 10 * v + (uint64_t)(w->word[i] - '0');
	*out = (uint32_t)v;
	return w->len > 0 && i == w->len && v <= max;
}

static bool bytes_of(struct words *w, uint8_t out[32])
{
	return next(w) && b64url_decode32(out, w->word, w->len) == 0;
}

/* False: the line is not one of these. */
static bool parse_row(struct row *e, struct words *w)
{
	uint32_t gone;

	if (w->len > WIRE_ROOM_MAX || !text_room(w->word, w->len))
		return false;
	memcpy(e->room, w->word, w->len);
	if (!bytes_of(w, e->of.log) || !next(w) ||
	    !text_name(w->word, w->len))
		return false;
	memcpy(e->of.name, w->word, w->len);
	if (!bytes_of(w, e->of.fingerprint) ||
	    !number_of(w, SEAL_GENERATION_MAX, &e->of.number) ||
	    !number_of(w, SEAL_GENERATION_MAX, &e->of.removed) ||
	    !number_of(w, 1, &gone) ||
	    !number_of(w, SEAL_GENERATION_MAX, &e->of.handed) ||
	    !bytes_of(w, e->of.secret))
		return false;
	e->of.gone = gone == 1;
	return !next(w);
}

static const char *parse(
    struct seal_holders *s, const char *line, size_t n, bool *nomem)
{
	struct words w = {line, n, NULL, 0};
	const char *wrong = records_wrong(line, n);
	struct row e = {.room = ""}, *to;

	if (wrong != NULL)
		return wrong;
	if (!next(&w))
		return NULL;
	if (!parse_row(&e, &w)) {
		wrong = "it does not say who holds the secret of a room";
	} else if ((to = place(s, e.room, e.of.fingerprint)) == NULL) {
		*nomem = true;
	} else {
		*to = e;
	}
	secret_wipe(&e, sizeof(e));
	return wrong;
}

static int read_all(
    struct seal_holders *s, const struct buf *text, struct errmsg *why)
{
	struct records lines;
	const char *line, *wrong;
	bool nomem = false;
	size_t n;
	int r;

	r = records_begin(&lines, s->path, text->p, text->len, why);
	while (r == 0 && !nomem && records_line(&lines, &line, &n))
		if ((wrong = parse(s, line, n, &nomem)) != NULL)
			r = records_refuse(&lines, wrong, why);
	return nomem ? errmsg_set(why, ERR_NOMEM, "out of memory") : r;
}

static int load(struct seal_holders *s, struct errmsg *why)
{
	struct buf file, text;
	int r;

	buf_init(&file, FILE_MAX + 1);
	buf_init_secret(&text, FILE_MAX);
	r = file_read(s->path, FILE_PRIVATE | FILE_NO_LINK, &file, why);
	if (r == ERR_AGAIN) {
		r = 0;
	} else if (r == 0) {
		r = sealed_file_open(s->file, &text, file.p, file.len);
		if (r == 0)
			r = read_all(s, &text, why);
		else
			r = errmsg_set(why,
			    r == ERR_NOMEM || r == ERR_CRYPTO ? r : ERR_USAGE,
			    "%s is damaged, or is another identity's: it says "
			    "who has the secrets of sealed rooms. Put it back "
			    "from a copy; without it those people have to speak "
			    "there again before a new secret can go to them",
			    s->path);
	}
	buf_free(&file);
	buf_free(&text);
	return r;
}

/* --- writing --------------------------------------------------------------- */

static int put_line(struct buf *out, const struct row *e)
{
	char log[B64URL_32 + 1], who[B64URL_32 + 1], secret[B64URL_32 + 1];
	char line[WIRE_ROOM_MAX + WIRE_NAME_MAX + 3 * B64URL_32 + 64];
	int r;

	b64url_encode32(log, e->of.log);
	b64url_encode32(who, e->of.fingerprint);
	b64url_encode32(secret, e->of.secret);
	snprintf(line, sizeof(line),
	    "%s %s %s %s %" PRIu32 " %" PRIu32 " %d %" PRIu32 " %s\n", e->room,
	    log, e->of.name, who, e->of.number, e->of.removed, e->of.gone,
	    e->of.handed, secret);
	r = buf_str(out, line);
	secret_wipe(line, sizeof(line));
	secret_wipe(secret, sizeof(secret));
	return r;
}

int seal_holders_flush(struct seal_holders *s, struct errmsg *why)
{
	struct buf text, file;
	size_t i;
	int r = 0;

	if (s == NULL || !s->changed || s->path == NULL)
		return 0;
	s->changed = false;
	buf_init_secret(&text, FILE_MAX);
	buf_init(&file, sealed_file_more(s->file) + FILE_MAX);
	for (i = 0; r == 0 && i < s->n; i++)
		r = put_line(&text, &s->row[i]);
	if (r == 0)
		r = sealed_file_seal(s->file, &file, text.p, text.len);
	if (r != 0)
		(void)errmsg_set(why, r, "%s: %s", s->path, err_str(r));
	else
		r = file_write(s->path, file.p, file.len, FILE_REPLACE, why);
	buf_free(&text);
	buf_free(&file);
	return r;
}

/* --- opening --------------------------------------------------------------- */

int seal_holders_open(struct seal_holders **out, const char *path,
    const struct identity *identity, struct errmsg *why)
{
	struct seal_holders *s = calloc(1, sizeof(*s));
	int r = s != NULL ? 0 : ERR_NOMEM;

	*out = NULL;
	if (r == 0 && path != NULL) {
		s->path = strdup(path);
		r = s->path == NULL
			? ERR_NOMEM
			: sealed_file_new(&s->file, MAGIC, LABEL, identity);
	}
	if (r != 0)
		(void)errmsg_set(why, r, "%s", err_str(r));
	else if (path != NULL)
		r = load(s, why);
	if (r == 0)
		*out = s;
	else
		seal_holders_free(s);
	return r;
}

void seal_holders_free(struct seal_holders *s)
{
	if (s == NULL)
		return;
	secret_free(s->row, s->cap * sizeof(*s->row));
	sealed_file_free(s->file);
	free(s->path);
	free(s);
}

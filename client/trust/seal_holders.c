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
#include "shared/os/vec.h"
#include "shared/proto/seal.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

static const struct sealed_file_kind kind = {"conclave seal holders 1\n",
    "conclave/1 seal holders file",
    "it says who has the secrets of sealed rooms. Put it back from a copy; "
    "without it those people have to speak there again before a new secret "
    "can go to them"};

enum { GONE = 1, OPERATOR = 2 };

struct row {
	char room[WIRE_ROOM_MAX + 1];
	struct holder of;
};

struct seal_holders {
	char *path;		  /* or NULL */
	struct sealed_file *file; /* owned; NULL without a path */
	struct row *row; /* owned, in secure memory; the oldest first */
	size_t n, cap;
	struct seal_topics *topics; /* owned */
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
	size_t i, first = 0, n = 0;

	for (i = s->n; i > 0; i--)
		if (text_same_name(s->row[i - 1].room, room)) {
			first = i - 1;
			n++;
		}
	if (n >= HOLDERS_MAX)
		drop(s, first);
	else if (s->n == SEAL_HOLDERS_MAX)
		drop(s, 0);
	return vec_reserve_secret(&s->row, &s->cap, s->n + 1, sizeof(*s->row));
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

struct seal_topics *seal_holders_topics(struct seal_holders *s)
{
	return s != NULL ? s->topics : NULL;
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

static bool next_number(struct words *w, uint64_t max, uint64_t *out)
{
	return next(w) && records_number(w->word, w->len, max, out);
}

static bool next_bytes(struct words *w, uint8_t out[32])
{
	return next(w) && b64url_decode32(out, w->word, w->len) == 0;
}

/* The words after the room and its log. False: they say nothing of a holder. */
static bool parse_holder(struct holder *h, struct words *w)
{
	uint64_t number, removed, flags, handed;

	if (!text_name(w->word, w->len))
		return false;
	memcpy(h->name, w->word, w->len);
	if (!next_bytes(w, h->fingerprint) ||
	    !next_number(w, SEAL_GENERATION_MAX, &number) ||
	    !next_number(w, SEAL_GENERATION_MAX, &removed) ||
	    !next_number(w, GONE | OPERATOR, &flags) ||
	    !next_number(w, SEAL_GENERATION_MAX, &handed) ||
	    !next_bytes(w, h->secret))
		return false;
	h->number = (uint32_t)number;
	h->removed = (uint32_t)removed;
	h->handed = (uint32_t)handed;
	h->gone = (flags & GONE) != 0;
	h->operator = (flags & OPERATOR) != 0;
	return !next(w);
}

static int read_holder(struct seal_holders *s, const char *room,
    const uint8_t log[WIRE_LOG], struct words *w)
{
	struct holder one = {.number = 0};
	struct row *e = NULL;
	bool good;

	memcpy(one.log, log, WIRE_LOG);
	good = parse_holder(&one, w);
	if (good && (e = place(s, room, one.fingerprint)) != NULL)
		e->of = one;
	secret_wipe(&one, sizeof(one));
	if (!good)
		return ERR_USAGE;
	return e != NULL ? 0 : ERR_NOMEM;
}

/* A records_fn: a holder, or a topic. */
static int parse(void *arg, const char *line, size_t n, const char **wrong)
{
	struct seal_holders *s = arg;
	struct words w = {line, n, NULL, 0};
	char room[WIRE_ROOM_MAX + 1] = "";
	uint8_t log[WIRE_LOG];

	*wrong = "it does not say who holds the secret of a room, or what its "
		 "topic is";
	if (!next(&w) || w.len > WIRE_ROOM_MAX || !text_room(w.word, w.len))
		return ERR_USAGE;
	memcpy(room, w.word, w.len);
	if (!next_bytes(&w, log) || !next(&w))
		return ERR_USAGE;
	if (w.len == 1 && w.word[0] == '=')
		return seal_topics_read(s->topics, room, log, w.line, w.n);
	return read_holder(s, room, log, &w);
}

static int load(struct seal_holders *s, struct errmsg *why)
{
	struct buf text;
	int r;

	buf_init_secret(&text, FILE_MAX);
	r = sealed_file_read(s->file, s->path, &text, NULL, why);
	if (r == 0)
		r = records_each(
		    s->path, text.p, text.len, parse, s, why);
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
	    log, e->of.name, who, e->of.number, e->of.removed,
	    (e->of.gone ? GONE : 0) | (e->of.operator ? OPERATOR : 0), e->of.handed,
	    secret);
	r = buf_str(out, line);
	secret_wipe(line, sizeof(line));
	secret_wipe(secret, sizeof(secret));
	return r;
}

int seal_holders_flush(struct seal_holders *s, struct errmsg *why)
{
	struct buf text;
	size_t i;
	int r = 0;

	if (s == NULL || s->path == NULL)
		return 0;
	s->changed |= seal_topics_changed(s->topics);
	if (!s->changed)
		return 0;
	s->changed = false;
	buf_init_secret(&text, FILE_MAX);
	for (i = 0; r == 0 && i < s->n; i++)
		r = put_line(&text, &s->row[i]);
	if (r == 0)
		r = seal_topics_write(s->topics, &text);
	if (r != 0)
		(void)errmsg_set(why, r, "%s: %s", s->path, err_str(r));
	else
		r = sealed_file_write(s->file, s->path, &text, why);
	buf_free(&text);
	return r;
}

/* --- opening --------------------------------------------------------------- */

int seal_holders_open(struct seal_holders **out, const char *path,
    const struct identity *identity, struct errmsg *why)
{
	struct seal_holders *s = calloc(1, sizeof(*s));
	int r = s != NULL && (s->topics = seal_topics_new()) != NULL
		    ? 0
		    : ERR_NOMEM;

	*out = NULL;
	if (r == 0 && path != NULL) {
		s->path = strdup(path);
		r = s->path == NULL
			? ERR_NOMEM
			: sealed_file_new(&s->file, &kind, identity);
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
	seal_topics_free(s->topics);
	sealed_file_free(s->file);
	free(s->path);
	free(s);
}

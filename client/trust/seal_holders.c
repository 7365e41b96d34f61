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

static const struct sealed_file_kind kind = {"conclave seal holders 1\n",
    "conclave/1 seal holders file",
    "it says who has the secrets of sealed rooms. Put it back from a copy; "
    "without it those people have to speak there again before a new secret "
    "can go to them"};

enum { GONE = 1, CHIEF = 2 };

struct row {
	char room[WIRE_ROOM_MAX + 1];
	struct holder of;
};

struct topic {
	char room[WIRE_ROOM_MAX + 1];
	struct sealed_topic of;
};

struct seal_holders {
	char *path;		  /* or NULL */
	struct sealed_file *file; /* owned; NULL without a path */
	struct row *row; /* owned, in secure memory; the oldest first */
	size_t n, cap;
	struct topic *topic; /* the same */
	size_t n_topics, topics_cap;
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

/* The place of that room's topic, in the list already or new; NULL: no memory. */
static struct topic *topic_place(struct seal_holders *s, const char *room)
{
	size_t cap = s->topics_cap == 0 ? 4 : 2 * s->topics_cap, i;
	struct topic *all;

	for (i = 0; i < s->n_topics; i++)
		if (text_same_name(s->topic[i].room, room))
			return &s->topic[i];
	if (s->n_topics == SEAL_TOPICS_MAX)
		memmove(&s->topic[0], &s->topic[1],
		    --s->n_topics * sizeof(*s->topic));
	if (s->n_topics == s->topics_cap) {
		if ((all = secret_alloc(cap * sizeof(*all))) == NULL)
			return NULL;
		if (s->n_topics > 0)
			memcpy(all, s->topic, s->n_topics * sizeof(*all));
		secret_free(s->topic, s->topics_cap * sizeof(*all));
		s->topic = all;
		s->topics_cap = cap;
	}
	memset(&s->topic[s->n_topics], 0, sizeof(*s->topic));
	memcpy(s->topic[s->n_topics].room, room, strlen(room) + 1);
	return &s->topic[s->n_topics++];
}

static bool get_topic(void *arg, const char *room, struct sealed_topic *out)
{
	const struct seal_holders *s = arg;
	size_t i;

	for (i = 0; i < s->n_topics; i++)
		if (text_same_name(s->topic[i].room, room)) {
			*out = s->topic[i].of;
			return true;
		}
	return false;
}

static void put_topic(
    void *arg, const char *room, const struct sealed_topic *t)
{
	struct seal_holders *s = arg;
	struct topic *e = topic_place(s, room);

	if (e == NULL)
		return;
	e->of = *t;
	s->changed = true;
}

struct holders_ops seal_holders_ops(struct seal_holders *s)
{
	if (s == NULL)
		return (struct holders_ops){.get = NULL};
	return (struct holders_ops){
	    get, find, put, s, get_topic, put_topic};
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

static bool number_of(struct words *w, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	size_t i;

	if (!next(w))
		return false;
	for (i = 0; i < w->len && i < 19 && w->word[i] >= '0' &&
		    w->word[i] <= '9';
	     i++)
		v = 10 * v + (uint64_t)(w->word[i] - '0');
	*out = v;
	return w->len > 0 && i == w->len && v <= max;
}

static bool bytes_of(struct words *w, uint8_t out[32])
{
	return next(w) && b64url_decode32(out, w->word, w->len) == 0;
}

/* What follows the room and its log. False: the line is none of these. */
static bool parse_holder(struct holder *h, struct words *w)
{
	uint64_t number, removed, flags, handed;

	if (!text_name(w->word, w->len))
		return false;
	memcpy(h->name, w->word, w->len);
	if (!bytes_of(w, h->fingerprint) ||
	    !number_of(w, SEAL_GENERATION_MAX, &number) ||
	    !number_of(w, SEAL_GENERATION_MAX, &removed) ||
	    !number_of(w, GONE | CHIEF, &flags) ||
	    !number_of(w, SEAL_GENERATION_MAX, &handed) ||
	    !bytes_of(w, h->secret))
		return false;
	h->number = (uint32_t)number;
	h->removed = (uint32_t)removed;
	h->handed = (uint32_t)handed;
	h->gone = (flags & GONE) != 0;
	h->chief = (flags & CHIEF) != 0;
	return !next(w);
}

static bool parse_topic(struct sealed_topic *t, struct words *w)
{
	uint64_t number;
	size_t n = 0;

	if (!number_of(w, INT64_MAX, &t->offset) ||
	    !number_of(w, SEAL_GENERATION_MAX, &number) || !next(w) ||
	    !text_name(w->word, w->len))
		return false;
	memcpy(t->name, w->word, w->len);
	t->number = (uint32_t)number;
	if (!next(w))
		return false;
	if (w->len == 1 && w->word[0] == '-')
		return !next(w);
	return b64_decode_max(t->text, WIRE_SHORT_TEXT_MAX, &n, w->word,
		   w->len) == 0 &&
	       n > 0 && text_utf8(t->text, n) &&
	       memchr(t->text, 0, n) == NULL && !next(w);
}

/* A line that is not blank. */
static bool parse_row(struct seal_holders *s, struct words *w, bool *nomem)
{
	char room[WIRE_ROOM_MAX + 1] = "";
	struct sealed_topic topic = {.number = 0};
	struct holder one = {.number = 0};
	struct topic *t = NULL;
	struct row *e = NULL;
	uint8_t log[WIRE_LOG];
	bool ok, is_topic;

	if (w->len > WIRE_ROOM_MAX || !text_room(w->word, w->len))
		return false;
	memcpy(room, w->word, w->len);
	if (!bytes_of(w, log) || !next(w))
		return false;
	memcpy(one.log, log, WIRE_LOG);
	memcpy(topic.log, log, WIRE_LOG);
	is_topic = w->len == 1 && w->word[0] == '=';
	ok = is_topic ? parse_topic(&topic, w) : parse_holder(&one, w);
	if (ok && is_topic && (t = topic_place(s, room)) != NULL)
		t->of = topic;
	else if (ok && !is_topic &&
		 (e = place(s, room, one.fingerprint)) != NULL)
		e->of = one;
	*nomem = ok && t == NULL && e == NULL;
	secret_wipe(&one, sizeof(one));
	secret_wipe(&topic, sizeof(topic));
	return ok;
}

static const char *parse(
    struct seal_holders *s, const char *line, size_t n, bool *nomem)
{
	struct words w = {line, n, NULL, 0};
	const char *wrong = records_wrong(line, n);

	if (wrong != NULL)
		return wrong;
	if (!next(&w) || parse_row(s, &w, nomem))
		return NULL;
	return "it does not say who holds the secret of a room";
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
	struct buf text;
	int r;

	buf_init_secret(&text, FILE_MAX);
	r = sealed_file_read(s->file, s->path, &text, NULL, why);
	if (r == 0)
		r = read_all(s, &text, why);
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
	    (e->of.gone ? GONE : 0) | (e->of.chief ? CHIEF : 0), e->of.handed,
	    secret);
	r = buf_str(out, line);
	secret_wipe(line, sizeof(line));
	secret_wipe(secret, sizeof(secret));
	return r;
}

static int put_topic_line(struct buf *out, const struct topic *e)
{
	char log[B64URL_32 + 1], text[B64_LEN(WIRE_SHORT_TEXT_MAX) + 1] = "-";
	char line[sizeof(text) + WIRE_ROOM_MAX + WIRE_NAME_MAX + B64URL_32 + 64];
	int r;

	b64url_encode32(log, e->of.log);
	if (e->of.text[0] != '\0')
		b64_encode(text, e->of.text, strlen(e->of.text));
	snprintf(line, sizeof(line), "%s %s = %" PRIu64 " %" PRIu32 " %s %s\n",
	    e->room, log, e->of.offset, e->of.number, e->of.name, text);
	r = buf_str(out, line);
	secret_wipe(line, sizeof(line));
	secret_wipe(text, sizeof(text));
	return r;
}

int seal_holders_flush(struct seal_holders *s, struct errmsg *why)
{
	struct buf text;
	size_t i;
	int r = 0;

	if (s == NULL || !s->changed || s->path == NULL)
		return 0;
	s->changed = false;
	buf_init_secret(&text, FILE_MAX);
	for (i = 0; r == 0 && i < s->n; i++)
		r = put_line(&text, &s->row[i]);
	for (i = 0; r == 0 && i < s->n_topics; i++)
		r = put_topic_line(&text, &s->topic[i]);
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
	int r = s != NULL ? 0 : ERR_NOMEM;

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
	secret_free(s->topic, s->topics_cap * sizeof(*s->topic));
	sealed_file_free(s->file);
	free(s->path);
	free(s);
}

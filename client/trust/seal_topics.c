/* seal_topics.c - the topics of sealed rooms, and their lines. */
#include "client/trust/seal_topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/trust/records.h"
#include "shared/base/secret.h"
#include "shared/os/vec.h"
#include "shared/proto/seal.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

struct row {
	char room[WIRE_ROOM_MAX + 1];
	struct sealed_topic of;
};

struct seal_topics {
	struct row *row; /* owned, in secure memory; the oldest first */
	size_t n, cap;
	bool changed;
};

struct seal_topics *seal_topics_new(void)
{
	return calloc(1, sizeof(struct seal_topics));
}

void seal_topics_free(struct seal_topics *s)
{
	if (s == NULL)
		return;
	secret_free(s->row, s->cap * sizeof(*s->row));
	free(s);
}

/* --- the list -------------------------------------------------------------- */

static struct row *find(const struct seal_topics *s, const char *room)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (text_same_name(s->row[i].room, room))
			return &s->row[i];
	return NULL;
}

static int set(
    struct seal_topics *s, const char *room, const struct sealed_topic *t)
{
	struct row *e = find(s, room);

	if (e == NULL) {
		if (s->n == SEAL_TOPICS_MAX)
			memmove(&s->row[0], &s->row[1],
			    --s->n * sizeof(*s->row));
		if (vec_reserve_secret(
			&s->row, &s->cap, s->n + 1, sizeof(*e)) != 0)
			return ERR_NOMEM;
		e = &s->row[s->n++];
		memset(e, 0, sizeof(*e));
		memcpy(e->room, room, strlen(room) + 1);
	}
	e->of = *t;
	return 0;
}

static bool get(void *arg, const char *room, struct sealed_topic *out)
{
	const struct row *e = find(arg, room);

	if (e != NULL)
		*out = e->of;
	return e != NULL;
}

static void put(void *arg, const char *room, const struct sealed_topic *t)
{
	struct seal_topics *s = arg;

	if (set(s, room, t) == 0)
		s->changed = true;
}

struct topics_ops seal_topics_ops(struct seal_topics *s)
{
	if (s == NULL)
		return (struct topics_ops){.get = NULL};
	return (struct topics_ops){get, put, s};
}

bool seal_topics_changed(struct seal_topics *s)
{
	const bool changed = s->changed;

	s->changed = false;
	return changed;
}

/* --- lines ----------------------------------------------------------------- */

/* The last word of a line. */
static bool parse_text(
    char text[WIRE_SHORT_TEXT_MAX + 1], const char *word, size_t len)
{
	size_t n = 0;

	if (len == 1 && word[0] == '-')
		return true;
	return b64_decode_max(text, WIRE_SHORT_TEXT_MAX, &n, word, len) == 0 &&
	       n > 0 && text_utf8(text, n) && memchr(text, 0, n) == NULL;
}

static bool parse(struct sealed_topic *t, const char *line, size_t n)
{
	const char *word;
	uint64_t number;
	size_t len;

	if (!records_word(&line, &n, &word, &len) ||
	    !records_number(word, len, INT64_MAX, &t->offset) ||
	    !records_word(&line, &n, &word, &len) ||
	    !records_number(word, len, SEAL_GENERATION_MAX, &number) ||
	    !records_word(&line, &n, &word, &len) || !text_name(word, len))
		return false;
	t->number = (uint32_t)number;
	memcpy(t->name, word, len);
	return records_word(&line, &n, &word, &len) &&
	       parse_text(t->text, word, len) &&
	       !records_word(&line, &n, &word, &len);
}

int seal_topics_read(struct seal_topics *s, const char *room,
    const uint8_t log[WIRE_LOG], const char *line, size_t n)
{
	struct sealed_topic t = {.number = 0};
	int r;

	memcpy(t.log, log, WIRE_LOG);
	r = parse(&t, line, n) ? set(s, room, &t) : ERR_USAGE;
	secret_wipe(&t, sizeof(t));
	return r;
}

static int put_line(struct buf *out, const struct row *e)
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

int seal_topics_write(const struct seal_topics *s, struct buf *out)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < s->n; i++)
		r = put_line(out, &s->row[i]);
	return r;
}

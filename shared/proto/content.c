/* content.c - encodes and decodes what members say as JSON. */
#include "shared/proto/content.h"

#include <string.h>

#include "shared/base/secret.h"
#include "shared/proto/seal.h"
#include "shared/wire/cluster.h"
#include "shared/wire/text.h"

/* The types of what members say: their words, the names of their fields ("" for
 * none), and whether they must name another message. */
static const struct said_type {
	const char *word, *about, *text;
	bool must;
} said_types[] = {
    [CONTENT_MESSAGE] = {"message", "re", "text", false},
    [CONTENT_EDIT] = {"edit", "of", "text", true},
    [CONTENT_DELETE] = {"delete", "of", "", true},
    [CONTENT_REACT] = {"react", "to", "with", true},
};
enum { N_SAID = sizeof(said_types) / sizeof(said_types[0]) };

static bool text_fits(enum content_type type, const struct content_said *s)
{
	switch (type) {
	case CONTENT_DELETE:
		return s->text_len == 0;
	case CONTENT_REACT:
		return s->text_len == 0 ||
		       (s->text_len <= WIRE_REACTION_MAX &&
			   cluster_one(s->text, s->text_len));
	default:
		return s->text_len >= 1 && s->text_len <= WIRE_TEXT_MAX;
	}
}

/* "peer", or nothing. */
static int get_peer(char out[WIRE_NAME_MAX + 1], const json_t *o)
{
	int r;

	if (json_object_get(o, "peer") == NULL)
		return 0;
	if ((r = json_text(o, "peer", out, WIRE_NAME_MAX)) != 0)
		return r == ERR_TEXT ? ERR_NAME : r;
	return text_name(out, strlen(out)) ? 0 : ERR_NAME;
}

static int on_said(struct content *c, enum content_type type, const json_t *o)
{
	const struct said_type *t = &said_types[type];
	struct content_said *s = &c->u.said;
	int r;

	c->type = type;
	s->has_about = t->must || json_object_get(o, t->about) != NULL;
	if ((r = json_b64(o, "id", s->id, WIRE_ID)) != 0 ||
	    (s->has_about &&
		(r = json_b64(o, t->about, s->about, WIRE_ID)) != 0) ||
	    (t->text[0] != '\0' &&
		(r = json_str(o, t->text, &s->text, &s->text_len)) != 0) ||
	    (r = json_u63(o, "ts", &c->ts)) != 0 ||
	    (r = get_peer(s->peer, o)) != 0)
		return r;
	if (!text_fits(type, s))
		return ERR_TEXT;
	if (type != CONTENT_MESSAGE || json_object_get(o, "style") == NULL)
		return 0;
	/* A style unknown to this version is a plain message. */
	if (!json_is_string(json_object_get(o, "style")))
		return ERR_JSON;
	s->action = json_is(o, "style", "action");
	return 0;
}

/* An aside of a client: its id, its time, and a word that is yes or no. */
static int on_aside(struct content *c, enum content_type type,
    const char *key, bool *out, const json_t *o)
{
	const json_t *word = json_object_get(o, key);
	uint8_t id[WIRE_ID];
	int r;

	c->type = type;
	if (!json_is_boolean(word))
		return ERR_JSON;
	*out = json_is_true(word);
	if ((r = json_b64(o, "id", id, WIRE_ID)) != 0)
		return r;
	return json_u63(o, "ts", &c->ts);
}

static int on_file(struct content *c, const json_t *o)
{
	int r = blob_offer_get(&c->u.file, o);

	c->type = CONTENT_FILE;
	if (r == 0)
		r = get_peer(c->u.file.peer, o);
	return r != 0 ? r : json_u63(o, "ts", &c->ts);
}

static int on_delivered(struct content *c, const json_t *o)
{
	struct content_delivered *d = &c->u.delivered;
	const json_t *array;
	size_t i, n;
	int r;

	c->type = CONTENT_DELIVERED;
	if ((r = json_b64(o, "id", d->id, WIRE_ID)) != 0 ||
	    (r = json_u63(o, "ts", &c->ts)) != 0 ||
	    (r = get_peer(d->peer, o)) != 0 ||
	    (r = json_arr(o, "ids", &array)) != 0)
		return r;
	n = json_array_size(array);
	if (n < 1 || n > WIRE_DELIVERED)
		return ERR_RANGE;
	for (i = 0; i < n; i++)
		if ((r = json_b64_in(array, i, d->ids[i], WIRE_ID)) != 0)
			return r;
	d->n = n;
	return 0;
}

static int on_topic(struct content *c, const json_t *o)
{
	struct content_topic *t = &c->u.topic;
	int r;

	c->type = CONTENT_TOPIC;
	if ((r = json_b64(o, "id", t->id, WIRE_ID)) != 0 ||
	    (r = json_u63(o, "ts", &c->ts)) != 0 ||
	    (r = json_str(o, "text", &t->text, &t->text_len)) != 0)
		return r;
	return t->text_len <= WIRE_SHORT_TEXT_MAX ? 0 : ERR_TEXT;
}

static bool seal_fits(const struct content_seal *s)
{
	return s->number >= 1 && s->number <= SEAL_GENERATION_MAX;
}

static int on_seal(struct content *c, const json_t *o)
{
	struct content_seal *s = &c->u.seal;
	uint64_t number;
	int r;

	c->type = CONTENT_SEAL;
	if ((r = json_b64(o, "id", s->id, WIRE_ID)) != 0 ||
	    (r = json_u63(o, "ts", &c->ts)) != 0)
		return r;
	if ((r = json_text(o, "room", s->room, WIRE_ROOM_MAX)) != 0)
		return r == ERR_TEXT ? ERR_NAME : r;
	if (!text_room(s->room, strlen(s->room)))
		return ERR_NAME;
	if ((r = json_b64(o, "log", s->log, WIRE_LOG)) != 0 ||
	    (r = json_u63(o, "number", &number)) != 0 ||
	    (r = json_b64(o, "secret", s->secret, WIRE_KEY)) != 0)
		return r;
	s->number = number <= UINT32_MAX ? (uint32_t)number : 0;
	return seal_fits(s) ? 0 : ERR_RANGE;
}

static int on_notice(struct content *c, const json_t *o)
{
	int r = notice_decode(&c->u.notice, o);

	c->type = CONTENT_NOTICE;
	c->ts = c->u.notice.ts;
	return r;
}

static int decode(struct content *c, bool from_server, const json_t *o)
{
	const char *type;
	size_t len, i;
	int r;

	if ((r = json_str(o, "type", &type, &len)) != 0)
		return r;
	for (i = CONTENT_MESSAGE; i < N_SAID; i++)
		if (strcmp(type, said_types[i].word) == 0)
			return from_server
				   ? ERR_STATE
				   : on_said(c, (enum content_type)i, o);
	if (strcmp(type, "file") == 0)
		return from_server ? ERR_STATE : on_file(c, o);
	if (strcmp(type, "keeps") == 0)
		return from_server ? ERR_STATE
				   : on_aside(c, CONTENT_KEEPS, "on",
					 &c->u.keeps, o);
	if (strcmp(type, "receipt") == 0)
		return from_server ? ERR_STATE
				   : on_aside(c, CONTENT_RECEIPT, "ask",
					 &c->u.ask, o);
	if (strcmp(type, "delivered") == 0)
		return from_server ? ERR_STATE : on_delivered(c, o);
	if (strcmp(type, "topic") == 0)
		return from_server ? ERR_STATE : on_topic(c, o);
	if (strcmp(type, "seal") == 0)
		return from_server ? ERR_STATE : on_seal(c, o);
	if (strcmp(type, "system") == 0)
		return from_server ? on_notice(c, o) : ERR_STATE;
	return 0;
}

int content_decode(
    struct content *out, bool from_server, const void *json, size_t n)
{
	int r;

	memset(out, 0, sizeof(*out));
	if (n > WIRE_JSON_MAX)
		return ERR_RANGE;
	if ((r = json_parse(&out->json, json, n)) == 0)
		r = decode(out, from_server, out->json);
	if (r != 0)
		content_free(out);
	return r;
}

void content_free(struct content *c)
{
	json_decref(c->json);
	secret_wipe(c, sizeof(*c));
}

int content_said(struct buf *out, enum content_type type,
    const struct content_said *s, uint64_t ts)
{
	const size_t start = out->len;
	const struct said_type *t;
	struct json_w w;
	int r;

	if (type < CONTENT_MESSAGE || (size_t)type >= N_SAID)
		return ERR_USAGE;
	t = &said_types[type];
	if (t->must && !s->has_about)
		return ERR_USAGE;
	if (!text_fits(type, s))
		return ERR_TEXT;
	json_begin(&w, out);
	json_put_str(&w, "type", t->word);
	json_put_b64(&w, "id", s->id, WIRE_ID);
	if (s->has_about)
		json_put_b64(&w, t->about, s->about, WIRE_ID);
	if (t->text[0] != '\0')
		json_put_strn(
		    &w, t->text, s->text_len > 0 ? s->text : "", s->text_len);
	if (s->action && type == CONTENT_MESSAGE)
		json_put_str(&w, "style", "action");
	if (s->peer[0] != '\0')
		json_put_str(&w, "peer", s->peer);
	json_put_u63(&w, "ts", ts);
	if ((r = json_end_padded(&w)) != 0)
		return r;
	/* Escaping makes a text of control characters six times as long. */
	if (out->len - start > WIRE_JSON_MAX) {
		buf_truncate(out, start);
		return ERR_TEXT;
	}
	return 0;
}

static int put_aside(struct buf *out, const char *type,
    const uint8_t id[WIRE_ID], uint64_t ts, const char *key, bool word)
{
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", type);
	json_put_b64(&w, "id", id, WIRE_ID);
	json_put_bool(&w, key, word);
	json_put_u63(&w, "ts", ts);
	return json_end_padded(&w);
}

int content_delivered(
    struct buf *out, const struct content_delivered *d, uint64_t ts)
{
	struct json_w w;
	size_t i;

	if (d->n < 1 || d->n > WIRE_DELIVERED)
		return ERR_USAGE;
	json_begin(&w, out);
	json_put_str(&w, "type", "delivered");
	json_put_b64(&w, "id", d->id, WIRE_ID);
	json_open_arr(&w, "ids");
	for (i = 0; i < d->n; i++)
		json_put_b64(&w, NULL, d->ids[i], WIRE_ID);
	json_close(&w, ']');
	if (d->peer[0] != '\0')
		json_put_str(&w, "peer", d->peer);
	json_put_u63(&w, "ts", ts);
	return json_end_padded(&w);
}

int content_keeps(
    struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts, bool keeps)
{
	return put_aside(out, "keeps", id, ts, "on", keeps);
}

int content_receipt(
    struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts, bool ask)
{
	return put_aside(out, "receipt", id, ts, "ask", ask);
}

int content_file(struct buf *out, const struct blob_offer *f, uint64_t ts)
{
	struct json_w w;

	if (f->name[0] == '\0')
		return ERR_TEXT;
	json_begin(&w, out);
	json_put_str(&w, "type", "file");
	blob_offer_put(&w, f);
	if (f->peer[0] != '\0')
		json_put_str(&w, "peer", f->peer);
	json_put_u63(&w, "ts", ts);
	return json_end_padded(&w);
}

int content_topic(
    struct buf *out, const struct content_topic *t, uint64_t ts)
{
	struct json_w w;

	if (t->text_len > WIRE_SHORT_TEXT_MAX)
		return ERR_TEXT;
	json_begin(&w, out);
	json_put_str(&w, "type", "topic");
	json_put_b64(&w, "id", t->id, WIRE_ID);
	json_put_strn(&w, "text", t->text_len > 0 ? t->text : "", t->text_len);
	json_put_u63(&w, "ts", ts);
	return json_end_padded(&w);
}

int content_seal(struct buf *out, const struct content_seal *s, uint64_t ts)
{
	struct json_w w;

	if (!text_room(s->room, strlen(s->room)))
		return ERR_NAME;
	if (!seal_fits(s))
		return ERR_RANGE;
	json_begin(&w, out);
	json_put_str(&w, "type", "seal");
	json_put_b64(&w, "id", s->id, WIRE_ID);
	json_put_str(&w, "room", s->room);
	json_put_b64(&w, "log", s->log, WIRE_LOG);
	json_put_u63(&w, "number", s->number);
	json_put_b64(&w, "secret", s->secret, WIRE_KEY);
	json_put_u63(&w, "ts", ts);
	return json_end_padded(&w);
}

int content_message(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    const char *text, size_t text_len, bool action)
{
	struct content_said s = {
	    .text = text, .text_len = text_len, .action = action};

	memcpy(s.id, id, WIRE_ID);
	return content_said(out, CONTENT_MESSAGE, &s, ts);
}

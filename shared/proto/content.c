/* content.c - encodes and decodes messages and notices as JSON. */
#include <string.h>

#include "shared/proto/content.h"

static const char *const event_words[] = {
    [NOTICE_JOIN] = "join",
    [NOTICE_LEAVE] = "leave",
    [NOTICE_KICK] = "kick",
};
enum { N_EVENTS = sizeof(event_words) / sizeof(event_words[0]) };

static int on_message(struct content *c, const json_t *o)
{
	int r;

	c->type = CONTENT_MESSAGE;
	if ((r = json_b64(o, "id", c->u.message.id, WIRE_ID)) != 0 ||
	    (r = json_str(
		 o, "text", &c->u.message.text, &c->u.message.text_len)) != 0 ||
	    (r = json_u63(o, "ts", &c->ts)) != 0)
		return r;
	if (c->u.message.text_len < 1 || c->u.message.text_len > WIRE_TEXT_MAX)
		return ERR_TEXT;
	if (json_object_get(o, "style") == NULL)
		return 0;
	/* A style unknown to this version is a plain message. */
	if (!json_is_string(json_object_get(o, "style")))
		return ERR_JSON;
	c->u.message.action = json_is(o, "style", "action");
	return 0;
}

static int on_notice(struct content *c, const json_t *o)
{
	size_t i;
	int r;

	c->type = CONTENT_NOTICE;
	if ((r = json_text(o, "event", c->u.notice.word, WIRE_CODE_MAX)) != 0 ||
	    (r = json_u32(o, "epoch", &c->u.notice.epoch)) != 0 ||
	    (r = json_b64(o, "commit", c->u.notice.commit, WIRE_HASH)) != 0 ||
	    (r = json_b64(o, "roster", c->u.notice.roster, WIRE_HASH)) != 0 ||
	    (r = json_u63(o, "ts", &c->ts)) != 0)
		return r;
	for (i = NOTICE_OTHER + 1; i < N_EVENTS; i++)
		if (strcmp(c->u.notice.word, event_words[i]) == 0)
			c->u.notice.event = (enum notice_event)i;
	/* Future events may name no user. */
	if (c->u.notice.event == NOTICE_OTHER &&
	    json_object_get(o, "users") == NULL)
		return 0;
	return users_decode(c->u.notice.users, &c->u.notice.n_users, o);
}

static int decode(struct content *c, bool from_server, const json_t *o)
{
	const char *type;
	size_t len;
	int r;

	if ((r = json_str(o, "type", &type, &len)) != 0)
		return r;
	if (strcmp(type, "message") == 0)
		return from_server ? ERR_STATE : on_message(c, o);
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
	memset(c, 0, sizeof(*c));
}

int content_message(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts,
    const char *text, size_t text_len, bool action)
{
	const size_t start = out->len;
	struct json_w w;
	int r;

	if (text_len < 1 || text_len > WIRE_TEXT_MAX)
		return ERR_TEXT;
	json_begin(&w, out);
	json_put_str(&w, "type", "message");
	json_put_b64(&w, "id", id, WIRE_ID);
	json_put_strn(&w, "text", text, text_len);
	if (action)
		json_put_str(&w, "style", "action");
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

int content_notice(struct buf *out, const struct notice_of *n)
{
	struct json_w w;

	if (n->event == NOTICE_OTHER || n->n_users < 1 ||
	    n->n_users > WIRE_PAGE)
		return ERR_LIMIT;
	json_begin(&w, out);
	json_put_str(&w, "type", "system");
	json_put_str(&w, "event", event_words[n->event]);
	json_put_int(&w, "epoch", n->epoch);
	json_put_b64(&w, "commit", n->commit, WIRE_HASH);
	json_put_b64(&w, "roster", n->roster, WIRE_HASH);
	users_encode(&w, n->users, n->n_users);
	json_put_u63(&w, "ts", n->ts);
	return json_end_padded(&w);
}

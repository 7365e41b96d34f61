/* content.c - encodes and decodes what members send as JSON. */
#include "shared/proto/content.h"

#include <string.h>

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
	int r = notice_decode(&c->u.notice, o);

	c->type = CONTENT_NOTICE;
	c->ts = c->u.notice.ts;
	return r;
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

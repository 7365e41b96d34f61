/* content_view.c - puts views into contents, and finds them there. */
#include "shared/proto/content_view.h"

#include <string.h>

#include "shared/wire/b64.h"

#define VIEW_KEY "\"view\":\""
enum { VIEW_B64 = (WIRE_VIEW + 2) / 3 * 4 };

/* The length of a content without its last brace and without the padding before
 * it. In a string every quote is escaped, so neither is found in one. */
static size_t without_pad(const uint8_t *p, size_t n)
{
	static const char key[] = ",\"pad\":\"";
	const size_t key_len = sizeof(key) - 1;
	size_t end = n - 1, i;

	if (end == 0 || p[end - 1] != '"')
		return end;
	for (i = end - 1; i > 0 && p[i - 1] == '.'; i--)
		;
	if (i < key_len || memcmp(p + i - key_len, key, key_len) != 0)
		return end;
	return i - key_len;
}

/* The same fields again, then the view. */
static int finish(struct json_w *w, size_t start)
{
	static const uint8_t empty[WIRE_VIEW];
	int r;

	json_put_b64(w, "view", empty, sizeof(empty));
	if ((r = json_end_padded(w)) != 0)
		return r;
	if (w->out->len - start <= WIRE_JSON_MAX)
		return 0;
	buf_truncate(w->out, start);
	return ERR_LIMIT;
}

int content_view_add(struct buf *out, const uint8_t *content, size_t n)
{
	const size_t start = out->len;
	struct json_w w;
	size_t body;

	if (n < 2 || content[0] != '{' || content[n - 1] != '}')
		return ERR_USAGE;
	body = without_pad(content, n);
	json_begin(&w, out);
	if (w.err == 0 && body > 1) {
		w.err = buf_put(out, content + 1, body - 1);
		w.comma = true;
	}
	return finish(&w, start);
}

int content_view_alone(struct buf *out, const uint8_t id[WIRE_ID], uint64_t ts)
{
	const size_t start = out->len;
	struct json_w w;

	json_begin(&w, out);
	json_put_str(&w, "type", "view");
	json_put_b64(&w, "id", id, WIRE_ID);
	json_put_u63(&w, "ts", ts);
	return finish(&w, start);
}

int content_view_fill(uint8_t *content, size_t n, const uint8_t view[WIRE_VIEW])
{
	const size_t key_len = sizeof(VIEW_KEY) - 1;
	char b64[VIEW_B64 + 1];
	uint8_t *p = memmem(content, n, VIEW_KEY, key_len);

	if (p == NULL || n - (size_t)(p - content) < key_len + VIEW_B64)
		return ERR_USAGE;
	b64_encode(b64, view, WIRE_VIEW);
	memcpy(p + key_len, b64, VIEW_B64);
	return 0;
}

int content_view_get(const struct content *c, bool *has, struct log_view *out)
{
	uint8_t view[WIRE_VIEW];
	int r;

	*has = json_object_get(c->json, "view") != NULL;
	if (!*has)
		return content_view_only(c) ? ERR_JSON : 0;
	if ((r = json_b64(c->json, "view", view, sizeof(view))) != 0)
		return r;
	return log_view_decode(out, view);
}

bool content_view_only(const struct content *c)
{
	return c->type == CONTENT_UNKNOWN && json_is(c->json, "type", "view");
}

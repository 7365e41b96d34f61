/* escape.c - escapes JSON for terminals, and text that may not be UTF-8. */
#include <stdio.h>
#include <string.h>

#include "shared/wire/text.h"
#include "client/ui/escape.h"
#include "shared/os/errmsg.h"

/* Decodes one code point of valid UTF-8 and returns its length. */
static size_t decode(const uint8_t *s, uint32_t *cp)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4, i;

	*cp = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (i = 1; i < n; i++)
		*cp = *cp << 6 | (s[i] & 0x3f);
	return n;
}

static int put_u16(struct buf *out, uint32_t v)
{
	char text[8];

	snprintf(text, sizeof(text), "\\u%04x", v & 0xffff);
	return buf_str(out, text);
}

int escape_json(struct buf *out, size_t from)
{
	struct buf line, one;
	size_t i, n;
	uint32_t cp;
	int r;

	buf_init_secret(&line, out->max);
	buf_init_secret(&one, 16);
	r = buf_put(&line, out->p + from, out->len - from);
	if (r == 0)
		buf_truncate(out, from);
	for (i = 0; r == 0 && i < line.len; i += n) {
		n = decode(line.p + i, &cp);
		buf_clear(&one);
		r = text_filter(&one, line.p + i, n, TEXT_STRICT);
		if (r == 0 && one.len == n && memcmp(one.p, line.p + i, n) == 0)
			r = buf_put(out, line.p + i, n);
		else if (r == 0 && cp < 0x10000)
			r = put_u16(out, cp);
		else if (r == 0 && (r = put_u16(out, 0xd7c0 + (cp >> 10))) == 0)
			r = put_u16(out, 0xdc00 + (cp & 0x3ff));
	}
	buf_free(&line);
	buf_free(&one);
	return r;
}

void escape_sentence(struct json_w *w, const char *key, const char *sentence)
{
	char safe[3 * sizeof(struct errmsg)];
	size_t n = strlen(sentence);

	if (text_utf8(sentence, n)) {
		json_put_strn(w, key, sentence, n);
		return;
	}
	text_filter_fixed(safe, sizeof(safe), sentence, n);
	json_put_str(w, key, safe);
}

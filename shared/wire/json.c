/* json.c - checked JSON on top of jansson. */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "shared/wire/b64.h"
#include "shared/wire/json.h"
#include "shared/base/secret.h"
#include "shared/wire/text.h"

/* The header of each jansson block, padded to the strictest alignment. */
union block {
	struct {
		size_t n;	   /* its size, needed to wipe it */
		union block *next; /* of the same parse, while that runs */
		bool freed;
	} head;
	max_align_t align;
};

/* The parse that runs on this thread. jansson goes on when it cannot make a
 * token's buffer longer: it drops characters. If the closing quote of a string
 * is one of them, it copies the string past its end; if it is the character
 * after a number, an assertion fails. So the first failed allocation ends the
 * parse with a jump, and no code of jansson runs after it. Until then all that
 * it allocated is in a list. */
static _Thread_local struct {
	bool on;
	union block *blocks;
	jmp_buf shortage;
} parse;

static void *wiping_malloc(size_t n)
{
	union block *b;

	if (n > SIZE_MAX - sizeof(*b))
		return NULL;
	if ((b = malloc(sizeof(*b) + n)) == NULL) {
		if (parse.on)
			longjmp(parse.shortage, 1);
		return NULL;
	}
	b->head.n = n;
	b->head.freed = false;
	if (parse.on) {
		b->head.next = parse.blocks;
		parse.blocks = b;
	}
	return b + 1;
}

static void wiping_free(void *p)
{
	union block *b = p;

	if (b == NULL)
		return;
	b--;
	secret_wipe(b + 1, b->head.n);
	if (parse.on)
		b->head.freed = true; /* it is still in the list */
	else
		free(b);
}

/* Frees what the parse freed, or all that it allocated. */
static void parse_end(bool all)
{
	union block *b, *next;

	parse.on = false;
	for (b = parse.blocks; b != NULL; b = next) {
		next = b->head.next;
		if (b->head.freed)
			free(b);
		else if (all)
			wiping_free(b + 1);
	}
	parse.blocks = NULL;
}

static int parse_object(json_t **out, const char *s, size_t n)
{
	parse.on = true;
	if (setjmp(parse.shortage) != 0) {
		parse_end(true);
		*out = NULL;
		return ERR_NOMEM;
	}
	/* Without JSON_ALLOW_NUL the parser refuses U+0000, escaped or not. */
	*out = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	parse_end(false);
	return *out != NULL ? 0 : ERR_JSON;
}

void json_setup(void)
{
	size_t seed;

	json_set_alloc_funcs(wiping_malloc, wiping_free);
	/* jansson would otherwise seed itself at the first object. In the
	 * sandbox, or without a free descriptor, it cannot open the random
	 * device and would fall back to the time of day. A peer who knows when
	 * we started could then choose keys that all fall into one hash
	 * bucket. */
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = 0; /* jansson's own choice */
	json_object_seed(seed);
}

/* Measures the nesting before the parser runs, because jansson's own limit
 * is a compile-time constant. The result may be wrong for text that is not
 * JSON, which the parser refuses anyway. */
static bool depth_ok(const char *s, size_t n)
{
	bool in_string = false;
	size_t i, depth = 0;

	for (i = 0; i < n; i++) {
		if (in_string) {
			if (s[i] == '\\')
				i++; /* escaped: cannot end the string */
			else if (s[i] == '"')
				in_string = false;
			continue;
		}
		if (s[i] == '"')
			in_string = true;
		else if (s[i] == '{' || s[i] == '[')
			depth++;
		else if ((s[i] == '}' || s[i] == ']') && depth > 0)
			depth--;
		if (depth > WIRE_JSON_DEPTH)
			return false;
	}
	return true;
}

/* depth_ok bounds the recursion. */
static bool has_real(const json_t *v)
{
	const char *key;
	json_t *child;
	size_t i;

	switch (json_typeof(v)) {
	case JSON_REAL:
		return true;
	case JSON_ARRAY:
		json_array_foreach(v, i, child)
		{
			if (has_real(child))
				return true;
		}
		return false;
	case JSON_OBJECT:
		/* The macro takes no const pointer, but changes nothing. */
		json_object_foreach((json_t *)(uintptr_t)v, key, child)
		{
			if (has_real(child))
				return true;
		}
		return false;
	default:
		return false;
	}
}

int json_parse(json_t **out, const void *text, size_t n)
{
	const char *s = text;
	json_t *o;
	int r;

	*out = NULL;
	/* The parser would allow white space around the object. */
	if (n < 2 || s[0] != '{' || s[n - 1] != '}' || !depth_ok(s, n))
		return ERR_JSON;
	if ((r = parse_object(&o, s, n)) != 0)
		return r;
	if (!json_is_object(o) || has_real(o)) {
		json_decref(o);
		return ERR_JSON;
	}
	*out = o;
	return 0;
}

int json_str(const json_t *o, const char *key, const char **out, size_t *len)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_string(v))
		return ERR_JSON;
	*out = json_string_value(v);
	*len = json_string_length(v);
	return 0;
}

int json_text(const json_t *o, const char *key, char *out, size_t max)
{
	const char *s;
	size_t len;
	int r;

	if ((r = json_str(o, key, &s, &len)) != 0)
		return r;
	if (len > max)
		return ERR_TEXT;
	memcpy(out, s, len + 1);
	return 0;
}

int json_i64(const json_t *o, const char *key, int64_t *out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_integer(v))
		return ERR_JSON;
	*out = json_integer_value(v);
	return 0;
}

int json_u63(const json_t *o, const char *key, uint64_t *out)
{
	int64_t v;
	int r;

	if ((r = json_i64(o, key, &v)) != 0)
		return r;
	if (v < 0)
		return ERR_RANGE;
	*out = (uint64_t)v;
	return 0;
}

int json_u32(const json_t *o, const char *key, uint32_t *out)
{
	int64_t v;
	int r;

	if ((r = json_i64(o, key, &v)) != 0)
		return r;
	if (v < 0 || v > (int64_t)UINT32_MAX)
		return ERR_RANGE;
	*out = (uint32_t)v;
	return 0;
}

int json_member(const json_t *o, const char *key, uint32_t *out)
{
	uint32_t v;
	int r;

	if ((r = json_u32(o, key, &v)) != 0)
		return r;
	if (v == 0)
		return ERR_RANGE;
	*out = v;
	return 0;
}

int json_obj(const json_t *o, const char *key, const json_t **out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_object(v))
		return ERR_JSON;
	*out = v;
	return 0;
}

int json_arr(const json_t *o, const char *key, const json_t **out)
{
	const json_t *v = json_object_get(o, key);

	if (!json_is_array(v))
		return ERR_JSON;
	*out = v;
	return 0;
}

int json_b64(const json_t *o, const char *key, void *out, size_t n)
{
	const char *s;
	size_t len;
	int r;

	if ((r = json_str(o, key, &s, &len)) != 0)
		return r;
	return b64_decode(out, n, s, len);
}

int json_b64_max(
    const json_t *o, const char *key, void *out, size_t max, size_t *len)
{
	const char *s;
	size_t n;
	int r;

	if ((r = json_str(o, key, &s, &n)) != 0)
		return r;
	return b64_decode_max(out, max, len, s, n);
}

int json_b64_in(const json_t *array, size_t i, void *out, size_t n)
{
	const json_t *s = json_array_get(array, i);

	if (!json_is_string(s))
		return ERR_JSON;
	return b64_decode(out, n, json_string_value(s), json_string_length(s));
}

bool json_is(const json_t *o, const char *key, const char *s)
{
	const char *v;
	size_t len;

	return json_str(o, key, &v, &len) == 0 && strcmp(v, s) == 0;
}

/* --- the writer --- */

static void put(struct json_w *w, const char *p, size_t n)
{
	if (w->err == 0)
		w->err = buf_put(w->out, p, n);
}

static void put_cstr(struct json_w *w, const char *s)
{
	put(w, s, strlen(s));
}

static void put_escaped(struct json_w *w, const char *s, size_t n)
{
	static const char short_forms[] = "btn?fr"; /* 08..0d; 0b has none */
	static const char hex[] = "0123456789abcdef";
	char esc[6] = {'\\', 'u', '0', '0', 0, 0};
	size_t i, from = 0;
	uint8_t c;

	for (i = 0; i < n; i++) {
		c = (uint8_t)s[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		put(w, s + from, i - from);
		from = i + 1;
		if (c >= 0x20) {
			put(w, (const char[]){'\\', (char)c}, 2);
		} else if (c >= '\b' && c <= '\r' && c != '\v') {
			put(w, (const char[]){'\\', short_forms[c - '\b']}, 2);
		} else {
			esc[4] = hex[c >> 4];
			esc[5] = hex[c & 15];
			put(w, esc, sizeof(esc));
		}
	}
	put(w, s + from, n - from);
}

/* Writes what precedes a value: a comma unless it is the first, and its key. */
static void put_key(struct json_w *w, const char *key)
{
	if (w->comma)
		put(w, ",", 1);
	w->comma = true;
	if (key == NULL)
		return;
	put(w, "\"", 1);
	put_cstr(w, key);
	put(w, "\":", 2);
}

void json_begin(struct json_w *w, struct buf *out)
{
	*w = (struct json_w){.out = out, .start = out->len};
	put(w, "{", 1);
}

int json_end(struct json_w *w)
{
	put(w, "}", 1);
	if (w->err != 0)
		buf_truncate(w->out, w->start);
	return w->err;
}

static void put_dots(struct json_w *w, size_t n)
{
	if (w->err == 0)
		w->err = buf_reserve(w->out, n);
	if (w->err != 0)
		return;
	memset(w->out->p + w->out->len, '.', n);
	w->out->len += n;
}

int json_end_padded(struct json_w *w)
{
	size_t n = w->out->len - w->start + sizeof("}") - 1;

	if (n == wire_padded(n))
		return json_end(w);
	put_key(w, "pad");
	put(w, "\"", 1);
	n = w->out->len - w->start + sizeof("\"}") - 1;
	put_dots(w, wire_padded(n) - n);
	put(w, "\"", 1);
	return json_end(w);
}

void json_put_strn(struct json_w *w, const char *key, const char *s, size_t n)
{
	/* Our own parser would refuse both. */
	if (w->err == 0 &&
	    (!text_utf8(s, n) || (n > 0 && memchr(s, 0, n) != NULL)))
		w->err = ERR_TEXT;
	put_key(w, key);
	put(w, "\"", 1);
	put_escaped(w, s, n);
	put(w, "\"", 1);
}

void json_put_str(struct json_w *w, const char *key, const char *s)
{
	json_put_strn(w, key, s, strlen(s));
}

void json_put_int(struct json_w *w, const char *key, int64_t v)
{
	uint64_t left = v < 0 ? -(uint64_t)v : (uint64_t)v;
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	put_key(w, key);
	if (v < 0)
		put(w, "-", 1);
	put(w, digits + i, sizeof(digits) - i);
}

void json_put_u63(struct json_w *w, const char *key, uint64_t v)
{
	if (v > INT64_MAX) {
		if (w->err == 0)
			w->err = ERR_LIMIT;
		return;
	}
	json_put_int(w, key, (int64_t)v);
}

void json_put_bool(struct json_w *w, const char *key, bool v)
{
	put_key(w, key);
	put_cstr(w, v ? "true" : "false");
}

void json_put_b64(struct json_w *w, const char *key, const void *p, size_t n)
{
	put_key(w, key);
	put(w, "\"", 1);
	if (w->err == 0 && n > w->out->max)
		w->err = ERR_LIMIT; /* so B64_LEN cannot overflow */
	/* Encode in place, so that no copy of a key is left elsewhere. The
	 * encoder's zero byte is overwritten by the closing quote. */
	if (w->err == 0)
		w->err = buf_reserve(w->out, B64_LEN(n) + 1);
	if (w->err != 0)
		return;
	b64_encode((char *)w->out->p + w->out->len, p, n);
	w->out->len += B64_LEN(n);
	put(w, "\"", 1);
}

void json_open_obj(struct json_w *w, const char *key)
{
	put_key(w, key);
	put(w, "{", 1);
	w->comma = false;
}

void json_open_arr(struct json_w *w, const char *key)
{
	put_key(w, key);
	put(w, "[", 1);
	w->comma = false;
}

void json_close(struct json_w *w, char bracket)
{
	put(w, &bracket, 1);
	w->comma = true;
}

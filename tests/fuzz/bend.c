/* bend.c - damages protocol messages: JSON trees, JSON text, raw bytes. */
#include "tests/fuzz/bend.h"

size_t bend_below(uint64_t *seed, size_t n)
{
	return (size_t)(fuzz_random(seed) >> 20) % n;
}

/* --- the tree ------------------------------------------------------------ */

static json_t *deep(size_t n)
{
	json_t *o = json_array();

	while (n-- > 0) {
		json_t *outer = json_array();

		json_array_append_new(outer, o);
		o = outer;
	}
	return o;
}

static json_t *long_text(uint64_t *seed)
{
	static const char *const pieces[] = {"A", "\xe2\x80\xae", "\x1b[31m",
	    "\xf0\x9f\x98\x80", "\"\\", "=", "\n"};
	const char *piece = pieces[bend_below(seed, 7)];
	size_t n = 1 + bend_below(seed, 1200), k = strlen(piece), i;
	char *text = malloc(n * k);
	json_t *o;

	if (text == NULL)
		abort();
	for (i = 0; i < n; i++)
		memcpy(text + i * k, piece, k);
	o = json_stringn(text, n * k);
	free(text);
	return o;
}

/* A value that almost no field accepts. */
static json_t *odd_value(uint64_t *seed)
{
	static const json_int_t ints[] = {0, -1, 1, INT32_MAX, UINT32_MAX,
	    (json_int_t)UINT32_MAX + 1, INT64_MAX, INT64_MIN};

	switch (bend_below(seed, 9)) {
	case 0:
		return json_null();
	case 1:
		return json_boolean(bend_below(seed, 2));
	case 2:
		return json_real(0.5);
	case 3:
		return json_string("");
	case 4:
		return long_text(seed);
	case 5:
		return json_object();
	case 6:
		return deep(bend_below(seed, 6));
	default:
		return json_integer(ints[bend_below(seed, 8)]);
	}
}

/* A value of the right kind, but a different one. */
static json_t *near_value(uint64_t *seed, const json_t *old)
{
	static const char *const words[] = {"ping", "pong", "bye", "ack",
	    "identity", "user_list", "key_exchange", "system", "error", "hello",
	    "share", "finish", "quit", "x"};
	const char *s = json_string_value(old);
	json_t *o;

	if (json_is_integer(old)) /* also at the limits of its range */
		return json_integer(
		    (json_int_t)((uint64_t)json_integer_value(old) +
				 bend_below(seed, 7) - 3));
	if (s == NULL)
		return odd_value(seed);
	if (bend_below(seed, 2) == 0)
		return json_string(words[bend_below(seed, 14)]);
	o = json_stringn(s, bend_below(seed, strlen(s) + 1));
	return o;
}

static void bend_object(uint64_t *seed, json_t *o)
{
	size_t n = json_object_size(o), k;
	const char *key;
	char name[16];
	json_t *v;
	void *at = json_object_iter(o);

	if (n == 0)
		return;
	for (k = bend_below(seed, n); k > 0; k--)
		at = json_object_iter_next(o, at);
	key = json_object_iter_key(at);
	v = json_object_iter_value(at);
	if (json_is_object(v) && bend_below(seed, 2) == 0) {
		bend_object(seed, v);
		return;
	}
	switch (bend_below(seed, 5)) {
	case 0:
		json_object_iter_set_new(o, at, odd_value(seed));
		break;
	case 1:
	case 2:
		json_object_iter_set_new(o, at, near_value(seed, v));
		break;
	case 3: /* add an unknown field */
		snprintf(name, sizeof(name), "k%zu", bend_below(seed, 100));
		json_object_set_new(o, name, odd_value(seed));
		break;
	default:
		json_object_del(o, key);
	}
}

/* --- the text ------------------------------------------------------------ */

static void put(struct buf *b, const void *p, size_t n)
{
	if (buf_put(b, p, n) != 0)
		abort();
}

static void insert(struct buf *b, size_t at, const char *s)
{
	size_t n = strlen(s);

	put(b, s, n);
	memmove(b->p + at + n, b->p + at, b->len - n - at);
	memcpy(b->p + at, s, n);
}

/* Damage that a JSON tree cannot represent. */
static void bend_text(struct buf *b, uint64_t *seed, size_t from)
{
	static const char *const bits[] = {" ", "\t", ",", "}", "{", "\"",
	    "\\u0000", "\\ud800", "\xff", "\xc0\x80", "\xed\xa0\x80", "1e9",
	    ".5", "00", "-", "[[[[", "null", "\"type\":\"ping\",",
	    "\xef\xbb\xbf"};
	size_t n = b->len - from;

	switch (bend_below(seed, 4)) {
	case 0:
		insert(b, b->len, bits[bend_below(seed, 19)]);
		break;
	case 1:
		insert(b, from, bits[bend_below(seed, 19)]);
		break;
	case 2:
		insert(
		    b, from + bend_below(seed, n), bits[bend_below(seed, 19)]);
		break;
	default:
		bend_bytes(b, seed, from);
	}
}

void bend_json(struct buf *out, uint64_t *seed, const char *json)
{
	json_t *o = json_loads(json, 0, NULL);
	size_t from = out->len, n, k = 1 + bend_below(seed, 3);
	bool text = bend_below(seed, 3) == 0;

	if (o == NULL)
		abort();
	while (k-- > 0)
		bend_object(seed, o);
	n = json_dumpb(o, NULL, 0, JSON_COMPACT);
	if (buf_reserve(out, n) != 0)
		abort();
	(void)json_dumpb(o, (char *)out->p + out->len, n, JSON_COMPACT);
	out->len += n;
	json_decref(o);
	if (text && out->len > from)
		bend_text(out, seed, from);
}

void bend_bytes(struct buf *b, uint64_t *seed, size_t from)
{
	size_t n = b->len - from, at, k;
	uint8_t bytes[64];

	if (n == 0)
		return;
	at = from + bend_below(seed, n);
	switch (bend_below(seed, 5)) {
	case 0:
		b->p[at] ^= (uint8_t)(1u << bend_below(seed, 8));
		break;
	case 1:
		b->p[at] = (uint8_t)fuzz_random(seed);
		break;
	case 2: /* truncate */
		buf_truncate(b, at);
		break;
	case 3: /* repeat */
		k = b->len - at < sizeof(bytes) ? b->len - at : sizeof(bytes);
		memcpy(bytes, b->p + at, k);
		put(b, bytes, k);
		break;
	default: /* extend */
		for (k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)(fuzz_random(seed) >> 9);
		put(b, bytes, 1 + bend_below(seed, sizeof(bytes)));
	}
}

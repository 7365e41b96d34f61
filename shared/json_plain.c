#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "shared/json_plain.h"
#include "shared/wire.h"

enum { KEY_MAX = 31, DIGITS_MAX = 18 /* no 18 digits leave an int64_t */ };

/* What is left of the text. Each step takes what it reads off the front. */
struct plain {
	const char *p, *end;
};

static json_t *plain_value(struct plain *t, unsigned depth);

static bool plain_take(struct plain *t, char c)
{
	if (t->p == t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

/* Eight bytes of which none is a quote, a backslash, below 20 or above 7f? The
 * first of such bytes is always seen; ones behind it need not be. */
static bool plain_eight(const char *p)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t x, quote, backslash;

	memcpy(&x, p, sizeof(x));
	quote = x ^ ones * '"';
	backslash = x ^ ones * '\\';
	return ((x | (x - ones * 0x20) | ((quote - ones) & ~quote) |
		    ((backslash - ones) & ~backslash)) &
		   tops) == 0;
}

/* The inside of a string; the closing quote is taken as well. */
static bool plain_string(struct plain *t, const char **s, size_t *n)
{
	const char *p = t->p;

	while (t->end - p >= 8 && plain_eight(p))
		p += 8;
	while (p < t->end && (uint8_t)*p >= 0x20 && (uint8_t)*p < 0x80 &&
	       *p != '"' && *p != '\\')
		p++;
	if (p == t->end || *p != '"')
		return false;
	*s = t->p;
	*n = (size_t)(p - t->p);
	t->p = p + 1;
	return true;
}

static json_t *plain_text(struct plain *t)
{
	const char *s;
	size_t n;

	return plain_string(t, &s, &n) ? json_stringn_nocheck(s, n) : NULL;
}

static json_t *plain_integer(struct plain *t)
{
	bool minus = plain_take(t, '-');
	const char *from = t->p;
	json_int_t v = 0;

	while (t->p < t->end && *t->p >= '0' && *t->p <= '9' &&
	       t->p - from < DIGITS_MAX)
		v = 10 * v + (*t->p++ - '0');
	/* "01" is none; nor is a longer one, whose next digit is no ',' */
	if (t->p == from || (*from == '0' && t->p - from > 1))
		return NULL;
	return json_integer(minus ? -v : v);
}

static json_t *plain_word(struct plain *t, const char *word, json_t *v)
{
	size_t n = strlen(word);

	if ((size_t)(t->end - t->p) < n || memcmp(t->p, word, n) != 0)
		return NULL;
	t->p += n;
	return v; /* these have no owner */
}

/* "key":value, and no key twice. */
static bool plain_member(struct plain *t, json_t *o, unsigned depth)
{
	char key[KEY_MAX + 1];
	const char *s;
	size_t n;

	if (!plain_take(t, '"') || !plain_string(t, &s, &n) || n > KEY_MAX ||
	    !plain_take(t, ':'))
		return false;
	memcpy(key, s, n);
	key[n] = '\0';
	return json_object_get(o, key) == NULL &&
	       json_object_set_new_nocheck(o, key, plain_value(t, depth)) == 0;
}

static bool plain_element(struct plain *t, json_t *a, unsigned depth)
{
	return json_array_append_new(a, plain_value(t, depth)) == 0;
}

/* Behind the opening bracket. Takes over `v`. */
static json_t *plain_list(struct plain *t, json_t *v, unsigned depth,
    char close, bool (*one)(struct plain *, json_t *, unsigned))
{
	bool ok = v != NULL && depth < WIRE_JSON_DEPTH;

	if (ok && !plain_take(t, close)) {
		do {
			ok = one(t, v, depth + 1);
		} while (ok && plain_take(t, ','));
		ok = ok && plain_take(t, close);
	}
	if (ok)
		return v;
	json_decref(v);
	return NULL;
}

/* depth: of what is around it. */
static json_t *plain_value(struct plain *t, unsigned depth)
{
	if (plain_take(t, '"'))
		return plain_text(t);
	if (plain_take(t, '{'))
		return plain_list(t, json_object(), depth, '}', plain_member);
	if (plain_take(t, '['))
		return plain_list(t, json_array(), depth, ']', plain_element);
	if (t->p == t->end)
		return NULL;
	switch (*t->p) {
	case 't':
		return plain_word(t, "true", json_true());
	case 'f':
		return plain_word(t, "false", json_false());
	case 'n':
		return plain_word(t, "null", json_null());
	default:
		return plain_integer(t);
	}
}

json_t *json_plain(const char *text, size_t n)
{
	struct plain t = {text, text + n};
	json_t *o = NULL;

	if (plain_take(&t, '{'))
		o = plain_list(&t, json_object(), 0, '}', plain_member);
	if (o != NULL && t.p == t.end)
		return o;
	json_decref(o);
	return NULL;
}

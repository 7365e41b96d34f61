/* Tests of the JSON writer: its output is read back by the parser, and padded as
 * control frames are. */
#include "tests/unit/check.h"

#include "shared/wire/json.h"
#include "shared/wire/text.h"

#define N(s) (s), sizeof(s) - 1

static void test_writer(void **state)
{
	static const char want[] =
	    "before{\"s\":\"x\",\"i\":-9223372036854775808,\"u\":0,"
	    "\"o\":{},\"a\":[{\"k\":1,\"l\":true},{\"m\":false}],\"z\":[],"
	    "\"b\":\"AQI=\",\"e\":\"\"}";
	struct json_w w;
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_str(&b, "before"), 0);
	json_begin(&w, &b);
	json_put_str(&w, "s", "x");
	json_put_int(&w, "i", INT64_MIN);
	json_put_u63(&w, "u", 0);
	json_open_obj(&w, "o");
	json_close(&w, '}');
	json_open_arr(&w, "a");
	json_open_obj(&w, NULL);
	json_put_int(&w, "k", 1);
	json_put_bool(&w, "l", true);
	json_close(&w, '}');
	json_open_obj(&w, NULL);
	json_put_bool(&w, "m", false);
	json_close(&w, '}');
	json_close(&w, ']');
	json_open_arr(&w, "z");
	json_close(&w, ']');
	json_put_b64(&w, "b", "\1\2", 2);
	json_put_b64(&w, "e", "", 0);
	assert_int_equal(json_end(&w), 0);
	assert_int_equal(b.len, sizeof(want) - 1);
	assert_memory_equal(b.p, want, b.len);
	buf_free(&b);
}

/* Writes one object with the text; the caller frees *b. */
static int write_text(struct buf *b, const char *s, size_t n)
{
	struct json_w w;

	json_begin(&w, b);
	json_put_strn(&w, "t", s, n);
	return json_end(&w);
}

static void test_writer_escapes(void **state)
{
	static const char want[] =
	    "{\"t\":\"a\\\"b\\\\c/"
	    "\\b\\t\\n\\u000b\\f\\r\\u0001\\u001f\x7f\xc2\x80"
	    "\xf0\x9f\x98\x80\"}";
	static const char text[] =
	    "a\"b\\c/\b\t\n\v\f\r\x01\x1f\x7f\xc2\x80\xf0\x9f\x98\x80";
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(write_text(&b, text, sizeof(text) - 1), 0);
	assert_int_equal(b.len, sizeof(want) - 1);
	assert_memory_equal(b.p, want, b.len);
	buf_free(&b);
}

/* Every code point of the BMP, and some above, survives a round trip. */
static void test_writer_round_trip(void **state)
{
	const char *s;
	char text[4];
	struct buf b;
	json_t *o;
	uint32_t cp;
	size_t n, len;

	(void)state;
	buf_init(&b, 1000);
	for (cp = 1; cp < 0x11000; cp++) {
		if (cp >= 0xd800 && cp < 0xe000)
			continue;
		n = 0;
		if (cp < 0x80) {
			text[n++] = (char)cp;
		} else if (cp < 0x800) {
			text[n++] = (char)(0xc0 | cp >> 6);
		} else if (cp < 0x10000) {
			text[n++] = (char)(0xe0 | cp >> 12);
			text[n++] = (char)(0x80 | (cp >> 6 & 63));
		} else {
			text[n++] = (char)(0xf0 | cp >> 18);
			text[n++] = (char)(0x80 | (cp >> 12 & 63));
			text[n++] = (char)(0x80 | (cp >> 6 & 63));
		}
		if (cp >= 0x80)
			text[n++] = (char)(0x80 | (cp & 63));
		buf_clear(&b);
		assert_int_equal(write_text(&b, text, n), 0);
		assert_int_equal(json_parse(&o, b.p, b.len), 0);
		assert_int_equal(json_str(o, "t", &s, &len), 0);
		assert_int_equal(len, n);
		assert_memory_equal(s, text, n);
		json_decref(o);
	}
	buf_free(&b);
}

static void test_writer_refuses(void **state)
{
	static const struct {
		const char *text;
		size_t n;
	} texts[] = {{N("\xff")}, {N("a\0b")}, {N("\xed\xa0\x80")},
	    {N("\xc0\xaf")}, {N("\xe2\x82")}, {N("\0")}};
	struct json_w w;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_str(&b, "kept"), 0);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(
		    write_text(&b, texts[i].text, texts[i].n), ERR_TEXT);
		assert_int_equal(b.len, 4);
	}
	json_begin(&w, &b);
	json_put_u63(&w, "u", (uint64_t)INT64_MAX + 1);
	assert_int_equal(json_end(&w), ERR_LIMIT);
	assert_int_equal(b.len, 4);
	assert_memory_equal(b.p, "kept", 4);
	buf_free(&b);
}

/* Whatever the maximum, the writer adds the whole text or nothing. */
static void test_writer_limit(void **state)
{
	static const char want[] = "{\"s\":\"a\\nb\",\"b\":\"AQID\",\"i\":12}";
	struct json_w w;
	struct buf b;
	size_t max;
	int r;

	(void)state;
	for (max = 0; max < sizeof(want) + 8; max++) {
		buf_init(&b, max);
		json_begin(&w, &b);
		json_put_str(&w, "s", "a\nb");
		json_put_b64(&w, "b", "\1\2\3", 3);
		json_put_int(&w, "i", 12);
		r = json_end(&w);
		if (max < sizeof(want) - 1) {
			assert_int_equal(r, ERR_LIMIT);
			assert_int_equal(b.len, 0);
		} else {
			assert_int_equal(r, 0);
			assert_int_equal(b.len, sizeof(want) - 1);
			assert_memory_equal(b.p, want, b.len);
		}
		buf_free(&b);
	}
}

/* Writes {"t":text} padded. */
static int write_padded(struct buf *b, const char *s, size_t n)
{
	struct json_w w;

	json_begin(&w, b);
	json_put_strn(&w, "t", s, n);
	return json_end_padded(&w);
}

static bool is_step(size_t n)
{
	static const size_t small[] = {64, 128, 256, 384};
	size_t i;

	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++)
		if (n == small[i])
			return true;
	return n > 0 && n % 512 == 0;
}

/* Whatever its length, an object gets the size of a step: its own, or the
 * first that has room for the key. */
static void test_writer_pads(void **state)
{
	enum { AROUND = 8, PAD_KEY = 9 }; /* {"t":""} and ,"pad":"" */
	char *text = malloc(WIRE_JSON_MAX);
	size_t n, len, size, smallest;
	const char *s;
	struct buf b;
	json_t *o;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', WIRE_JSON_MAX);
	buf_init(&b, WIRE_JSON_MAX);
	for (n = 0; n + AROUND <= WIRE_JSON_MAX; n += n < 9000 ? 1 : 1021) {
		buf_clear(&b);
		assert_int_equal(write_padded(&b, text, n), 0);
		assert_true(is_step(b.len));
		size = n + AROUND;
		smallest = is_step(size) ? size : size + PAD_KEY;
		assert_true(b.len >= smallest);
		assert_true(b.len == 64 || b.len - smallest < 512);
		assert_true(b.len <= 64 || b.len < 2 * smallest);
		assert_true(b.len > 512 || b.len - smallest < 128);
		assert_int_equal(json_parse(&o, b.p, b.len), 0);
		assert_int_equal(json_str(o, "t", &s, &len), 0);
		assert_int_equal(len, n);
		assert_memory_equal(s, text, n);
		json_decref(o);
	}
	buf_free(&b);
	free(text);
}

/* The limit holds for the padded size. An object that fills it needs no pad;
 * one that leaves no room for the key is too long. */
static void test_writer_pads_to_the_limit(void **state)
{
	enum { AROUND = 8, PAD_KEY = 9, MAX = WIRE_JSON_MAX - AROUND };
	char *text = malloc(WIRE_JSON_MAX);
	struct buf b;
	size_t n;
	int r;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', WIRE_JSON_MAX);
	buf_init(&b, WIRE_JSON_MAX);
	for (n = MAX - 20; n <= MAX + 1; n++) {
		buf_clear(&b);
		r = write_padded(&b, text, n);
		if (n == MAX || n <= MAX - PAD_KEY) {
			assert_int_equal(r, 0);
			assert_int_equal(b.len, WIRE_JSON_MAX);
		} else {
			assert_int_equal(r, ERR_LIMIT);
			assert_int_equal(b.len, 0);
		}
	}
	buf_free(&b);
	free(text);
}

int main(void)
{
	struct check_group g = {0};

	json_setup();
	check_add(&g, test_writer, NULL, "writer: every kind of value");
	check_add(&g, test_writer_escapes, NULL, "writer: escapes");
	check_add(&g, test_writer_round_trip, NULL, "writer: each code point");
	check_add(&g, test_writer_refuses, NULL, "writer: what it refuses");
	check_add(&g, test_writer_limit, NULL, "writer: every limit");
	check_add(&g, test_writer_pads, NULL, "writer: every length is padded");
	check_add(&g, test_writer_pads_to_the_limit, NULL,
	    "writer: padding at the limit");
	return check_run("json writer", &g);
}

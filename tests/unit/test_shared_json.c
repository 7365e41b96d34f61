/* A named test case for every rule of "JSON, everywhere", and checked access. The
 * writer's tests are in test_shared_json_writer.c. */
#include "tests/unit/check.h"

#include "shared/wire/json.h"
#include "shared/wire/text.h"

struct text_case {
	const char *name, *text;
	size_t len; /* 0: strlen */
};
#define N(s)	   (s), sizeof(s) - 1
#define LONG_ARRAY "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]"

static const struct text_case good[] = {
    {"an empty object", "{}", 0},
    {"white space inside", "{ \"a\" :\t1 ,\r\n\"b\" : [ ] }", 0},
    {"nesting of 2", "{\"a\":{}}", 0},
    {"nesting of 6, objects", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{}}}}}}",
	0},
    {"nesting of 6, arrays", "{\"a\":[[[[[]]]]]}", 0},
    {"nesting of 6, mixed", "{\"a\":[{\"b\":[{\"c\":[1]}]}]}", 0},
    {"nesting of 6 twice", "{\"a\":[[[[[]]]]],\"b\":[[[[[]]]]]}", 0},
    {"many siblings", "{\"a\":[{},{},{},{},{},{}],\"b\":[[],[],[],[]]}", 0},
    {"brackets in a string", "{\"a\":\"[[[[[[{{{{{{\"}", 0},
    {"brackets in a key", "{\"[[[[[[\":1}", 0},
    {"brackets after an escaped quote", "{\"a\":\"\\\"[[[[[[\"}", 0},
    {"an escaped backslash at the end", "{\"a\":\"\\\\\",\"b\":[[[]]]}", 0},
    {"closing brackets in a string", "{\"a\":\"]]]]}}}}\"}", 0},
    {"the smallest integer", "{\"a\":-9223372036854775808}", 0},
    {"the largest integer", "{\"a\":9223372036854775807}", 0},
    {"zero", "{\"a\":0}", 0},
    {"minus zero", "{\"a\":-0}", 0},
    {"true, false, null", "{\"a\":true,\"b\":false,\"c\":null}", 0},
    {"a long array", "{\"a\":" LONG_ARRAY "}", 0},
    {"every short escape", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", 0},
    {"an escaped control character", "{\"a\":\"\\u0001\\u001f\"}", 0},
    {"an escape of the largest in the BMP", "{\"a\":\"\\uffff\"}", 0},
    {"a surrogate pair", "{\"a\":\"\\ud83d\\ude00\"}", 0},
    {"a surrogate pair in capitals", "{\"a\":\"\\uD83D\\uDE00\"}", 0},
    {"UTF-8 of 2, 3 and 4 bytes",
	"{\"a\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}", 0},
    {"the last code point", "{\"a\":\"\xf4\x8f\xbf\xbf\"}", 0},
    {"a noncharacter", "{\"a\":\"\xef\xbf\xbf\"}", 0},
    {"DEL, raw", "{\"a\":\"\x7f\"}", 0},
    {"C1, raw", "{\"a\":\"\xc2\x80\"}", 0},
    {"U+FEFF inside a string", "{\"a\":\"\xef\xbb\xbf\"}", 0},
    {"an empty key", "{\"\":1}", 0},
    {"the same key in two objects", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", 0},
    {"keys that differ in case", "{\"a\":1,\"A\":2}", 0},
};

static const struct text_case bad[] = {
    {"nothing", "", 0},
    {"one byte", "{", 0},
    {"a closing brace only", "}", 0},
    {"an array", "[]", 0},
    {"a string", "\"a\"", 0},
    {"a number", "1", 0},
    {"null", "null", 0},
    {"a space before", " {}", 0},
    {"a newline before", "\n{}", 0},
    {"a space after", "{} ", 0},
    {"a newline after", "{}\n", 0},
    {"a byte order mark", "\xef\xbb\xbf{}", 0},
    {"two objects", "{}{}", 0},
    {"a brace too many", "{}}", 0},
    {"a zero byte after", N("{}\0")},
    {"a zero byte before", N("\0{}")},
    {"a zero byte between tokens", N("{\"a\":\0001}")},
    {"text between two objects", "{} x {}", 0},
    {"nesting of 7, objects",
	"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{}}}}}}}", 0},
    {"nesting of 7, arrays", "{\"a\":[[[[[[]]]]]]}", 0},
    {"nesting of 7, mixed", "{\"a\":[{\"b\":[{\"c\":[{}]}]}]}", 0},
    {"nesting of 7 after a string", "{\"s\":\"\\\\\",\"a\":[[[[[[]]]]]]}", 0},
    {"nesting of 7 late", "{\"a\":[[[]]],\"b\":[[[[[[]]]]]]}", 0},
    {"a key twice", "{\"a\":1,\"a\":1}", 0},
    {"a key twice, one escaped", "{\"a\":1,\"\\u0061\":2}", 0},
    {"a key twice, of different types", "{\"a\":1,\"b\":0,\"a\":\"x\"}", 0},
    {"a key twice, deeper", "{\"x\":[{\"a\":1,\"a\":1}]}", 0},
    {"an empty key twice", "{\"\":1,\"\":1}", 0},
    {"U+0000 in a string", "{\"a\":\"\\u0000\"}", 0},
    {"U+0000 inside a text", "{\"a\":\"x\\u0000y\"}", 0},
    {"U+0000 in a key", "{\"\\u0000\":1}", 0},
    {"U+0000 inside a key", "{\"a\\u0000b\":1}", 0},
    {"a raw zero byte in a string", N("{\"a\":\"\0\"}")},
    {"a lone high surrogate", "{\"a\":\"\\ud800\"}", 0},
    {"a lone high surrogate, more text", "{\"a\":\"\\ud800x\"}", 0},
    {"a lone high surrogate, an escape", "{\"a\":\"\\ud800\\n\"}", 0},
    {"a lone low surrogate", "{\"a\":\"\\udc00\"}", 0},
    {"two high surrogates", "{\"a\":\"\\ud800\\ud800\"}", 0},
    {"surrogates in the wrong order", "{\"a\":\"\\udc00\\ud800\"}", 0},
    {"a high surrogate and a letter", "{\"a\":\"\\ud800\\u0061\"}", 0},
    {"a lone surrogate in a key", "{\"\\udfff\":1}", 0},
    {"a raw surrogate", "{\"a\":\"\xed\xa0\x80\"}", 0},
    {"a raw surrogate pair (CESU-8)", "{\"a\":\"\xed\xa0\xbd\xed\xb8\x80\"}",
	0},
    {"a continuation byte alone", "{\"a\":\"\x80\"}", 0},
    {"a cut sequence", "{\"a\":\"\xe2\x82\"}", 0},
    {"an overlong form of 2", "{\"a\":\"\xc0\xaf\"}", 0},
    {"an overlong zero", "{\"a\":\"\xc0\x80\"}", 0},
    {"an overlong form of 3", "{\"a\":\"\xe0\x80\xaf\"}", 0},
    {"an overlong form of 4", "{\"a\":\"\xf0\x80\x80\xaf\"}", 0},
    {"above U+10FFFF", "{\"a\":\"\xf4\x90\x80\x80\"}", 0},
    {"the byte ff", "{\"a\":\"\xff\"}", 0},
    {"invalid UTF-8 in a key", "{\"\xff\":1}", 0},
    {"Latin-1", "{\"a\":\"\xe4\"}", 0},
    {"a fraction", "{\"a\":1.5}", 0},
    {"a fraction of zero", "{\"a\":1.0}", 0},
    {"an exponent", "{\"a\":1e2}", 0},
    {"an exponent in capitals", "{\"a\":1E2}", 0},
    {"an exponent with a sign", "{\"a\":1e+2}", 0},
    {"a negative exponent", "{\"a\":10e-1}", 0},
    {"an exponent of zero", "{\"a\":1e0}", 0},
    {"minus zero with a fraction", "{\"a\":-0.0}", 0},
    {"a fraction in an array", "{\"a\":[1,2.0]}", 0},
    {"a fraction at depth 4", "{\"a\":[{\"b\":{\"c\":0.5}}]}", 0},
    {"a huge exponent", "{\"a\":1e999}", 0},
    {"a tiny exponent", "{\"a\":1e-999}", 0},
    {"an integer above 2^63-1", "{\"a\":9223372036854775808}", 0},
    {"an integer below -2^63", "{\"a\":-9223372036854775809}", 0},
    {"2^64", "{\"a\":18446744073709551616}", 0},
    {"a number of forty digits",
	"{\"a\":1234567890123456789012345678901234567890}", 0},
    {"a big integer in an array", "{\"a\":[99999999999999999999]}", 0},
    {"a leading zero", "{\"a\":01}", 0},
    {"a leading plus", "{\"a\":+1}", 0},
    {"hexadecimal", "{\"a\":0x10}", 0},
    {"NaN", "{\"a\":NaN}", 0},
    {"Infinity", "{\"a\":Infinity}", 0},
    {"a minus alone", "{\"a\":-}", 0},
    {"a dot at the end", "{\"a\":1.}", 0},
    {"a dot in front", "{\"a\":.5}", 0},
    {"a comma at the end", "{\"a\":1,}", 0},
    {"a comma at the end of an array", "{\"a\":[1,]}", 0},
    {"a comma in front", "{,\"a\":1}", 0},
    {"no comma", "{\"a\":1 \"b\":2}", 0},
    {"no colon", "{\"a\" 1}", 0},
    {"no value", "{\"a\":}", 0},
    {"no key", "{:1}", 0},
    {"a key without quotes", "{a:1}", 0},
    {"single quotes", "{'a':1}", 0},
    {"a comment", "{\"a\":1/* x */}", 0},
    {"a comment to the end of the line", "{\"a\":1//x\n}", 0},
    {"True", "{\"a\":True}", 0},
    {"a raw newline in a string", "{\"a\":\"\n\"}", 0},
    {"a raw tab in a string", "{\"a\":\"\t\"}", 0},
    {"a raw C0 in a string", "{\"a\":\"\x01\"}", 0},
    {"an unknown escape", "{\"a\":\"\\x41\"}", 0},
    {"a cut escape", "{\"a\":\"\\u12\"}", 0},
    {"an escape of no hex", "{\"a\":\"\\u12g4\"}", 0},
    {"a string without an end", "{\"a\":\"b}", 0},
    {"an escaped end", "{\"a\":\"\\\"}", 0},
    {"brackets that cross", "{\"a\":[1}]}", 0},
    {"a form feed as white space", "{\f}", 0},
    {"a no-break space as white space", "{\xc2\xa0}", 0},
};

static int parse(json_t **out, const struct text_case *t)
{
	size_t n = t->len != 0 ? t->len : strlen(t->text);
	char *copy = malloc(n + 1); /* exact size, for the sanitizers */
	int r;

	assert_non_null(copy);
	memcpy(copy, t->text, n);
	r = json_parse(out, copy, n);
	free(copy);
	return r;
}

static void test_good(void **state)
{
	json_t *o = NULL;

	assert_int_equal(parse(&o, *state), 0);
	assert_true(json_is_object(o));
	json_decref(o);
}

static void test_bad(void **state)
{
	json_t *o = NULL;

	assert_int_equal(parse(&o, *state), ERR_JSON);
	assert_null(o);
}

/* Every proper prefix of a text is refused. */
static void test_truncated(void **state)
{
	static const char text[] = "{\"a\":[{\"b\":\"\\ud83d\\ude00\\\\\"},-12,"
				   "true],\"c\":{\"d\":null}}";
	struct text_case t = {"", NULL, 0};
	json_t *o;
	size_t i;

	(void)state;
	for (i = 1; i < sizeof(text) - 1; i++) {
		t.text = text;
		t.len = i;
		assert_int_equal(parse(&o, &t), ERR_JSON);
	}
	t.len = i;
	assert_int_equal(parse(&o, &t), 0);
	json_decref(o);
}

/* Nested far deeper than any parser's limit, and as long as a frame may be. */
static void test_deep(void **state)
{
	const size_t n = WIRE_JSON_MAX;
	char *s = malloc(n);
	json_t *o;

	(void)state;
	assert_non_null(s);
	memset(s, '[', n);
	memcpy(s, "{\"a\":", 5);
	s[n - 1] = '}';
	assert_int_equal(json_parse(&o, s, n), ERR_JSON);
	free(s);
}

static void test_long(void **state)
{
	const size_t n = WIRE_JSON_MAX;
	const char *str;
	char *s = malloc(n);
	json_t *o;
	size_t len;

	(void)state;
	assert_non_null(s);
	memset(s, 'x', n);
	memcpy(s, "{\"a\":\"", 6);
	memcpy(s + n - 2, "\"}", 2);
	assert_int_equal(json_parse(&o, s, n), 0);
	assert_int_equal(json_str(o, "a", &str, &len), 0);
	assert_int_equal(len, n - 8);
	json_decref(o);
	free(s);
}

/* --- access --------------------------------------------------------------- */

static json_t *object(const char *text)
{
	json_t *o;

	assert_int_equal(json_parse(&o, text, strlen(text)), 0);
	return o;
}

static void test_str(void **state)
{
	json_t *o =
	    object("{\"s\":\"h\\u00e9\",\"e\":\"\",\"n\":1,\"z\":null}");
	const char *s;
	char copy[4];
	size_t len;

	(void)state;
	assert_int_equal(json_str(o, "s", &s, &len), 0);
	assert_int_equal(len, 3);
	assert_string_equal(s, "h\xc3\xa9");
	assert_int_equal(json_str(o, "e", &s, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(json_str(o, "n", &s, &len), ERR_JSON);
	assert_int_equal(json_str(o, "z", &s, &len), ERR_JSON);
	assert_int_equal(json_str(o, "none", &s, &len), ERR_JSON);
	assert_int_equal(json_text(o, "s", copy, 3), 0);
	assert_string_equal(copy, "h\xc3\xa9");
	assert_int_equal(json_text(o, "s", copy, 2), ERR_TEXT);
	assert_int_equal(json_text(o, "n", copy, 3), ERR_JSON);
	assert_true(json_is(o, "e", ""));
	assert_true(json_is(o, "s", "h\xc3\xa9"));
	assert_false(json_is(o, "s", "h"));
	assert_false(json_is(o, "n", "1"));
	assert_false(json_is(o, "none", ""));
	json_decref(o);
}

static void test_integers(void **state)
{
	json_t *o =
	    object("{\"zero\":0,\"minus\":-1,\"max32\":4294967295,"
		   "\"over32\":4294967296,\"max\":9223372036854775807,"
		   "\"min\":-9223372036854775808,\"s\":\"1\",\"t\":true,"
		   "\"m0\":-0}");
	uint32_t v32 = 7;
	uint64_t v63 = 7;
	int64_t v = 7;

	(void)state;
	assert_int_equal(json_u32(o, "zero", &v32), 0);
	assert_int_equal(v32, 0);
	assert_int_equal(json_u32(o, "m0", &v32), 0);
	assert_int_equal(v32, 0);
	assert_int_equal(json_u32(o, "max32", &v32), 0);
	assert_int_equal(v32, UINT32_MAX);
	assert_int_equal(json_u32(o, "over32", &v32), ERR_RANGE);
	assert_int_equal(json_u32(o, "minus", &v32), ERR_RANGE);
	assert_int_equal(json_u32(o, "s", &v32), ERR_JSON);
	assert_int_equal(json_u32(o, "t", &v32), ERR_JSON);
	assert_int_equal(json_u32(o, "none", &v32), ERR_JSON);
	assert_int_equal(v32, UINT32_MAX);
	assert_int_equal(json_member(o, "zero", &v32), ERR_RANGE);
	assert_int_equal(json_member(o, "over32", &v32), ERR_RANGE);
	assert_int_equal(json_member(o, "s", &v32), ERR_JSON);
	assert_int_equal(json_member(o, "max32", &v32), 0);
	assert_int_equal(json_u63(o, "max", &v63), 0);
	assert_true(v63 == INT64_MAX);
	assert_int_equal(json_u63(o, "minus", &v63), ERR_RANGE);
	assert_int_equal(json_u63(o, "min", &v63), ERR_RANGE);
	assert_int_equal(json_u63(o, "s", &v63), ERR_JSON);
	assert_int_equal(json_i64(o, "min", &v), 0);
	assert_true(v == INT64_MIN);
	assert_int_equal(json_i64(o, "max", &v), 0);
	assert_true(v == INT64_MAX);
	assert_int_equal(json_i64(o, "t", &v), ERR_JSON);
	json_decref(o);
}

static void test_containers(void **state)
{
	json_t *o = object("{\"o\":{\"x\":1},\"a\":[1],\"n\":null}");
	const json_t *v = NULL;
	uint32_t x;

	(void)state;
	assert_int_equal(json_obj(o, "o", &v), 0);
	assert_int_equal(json_u32(v, "x", &x), 0);
	assert_int_equal(json_obj(o, "a", &v), ERR_JSON);
	assert_int_equal(json_obj(o, "n", &v), ERR_JSON);
	assert_int_equal(json_obj(o, "none", &v), ERR_JSON);
	assert_int_equal(json_arr(o, "a", &v), 0);
	assert_int_equal(json_array_size(v), 1);
	assert_int_equal(json_arr(o, "o", &v), ERR_JSON);
	assert_int_equal(json_arr(o, "none", &v), ERR_JSON);
	json_decref(o);
}

static void test_base64(void **state)
{
	json_t *o = object("{\"a\":\"AQID\",\"p\":\"AQ==\",\"b\":\"AR==\","
			   "\"w\":\"AQ ID\",\"e\":\"\",\"n\":1}");
	uint8_t out[4] = {0};
	size_t len;

	(void)state;
	assert_int_equal(json_b64(o, "a", out, 3), 0);
	assert_memory_equal(out, "\1\2\3", 3);
	assert_int_equal(json_b64(o, "a", out, 2), ERR_BASE64);
	assert_int_equal(json_b64(o, "a", out, 4), ERR_BASE64);
	assert_int_equal(json_b64(o, "p", out, 1), 0);
	assert_int_equal(json_b64(o, "b", out, 1), ERR_BASE64);
	assert_int_equal(json_b64(o, "w", out, 3), ERR_BASE64);
	assert_int_equal(json_b64(o, "n", out, 1), ERR_JSON);
	assert_int_equal(json_b64(o, "none", out, 1), ERR_JSON);
	assert_int_equal(json_b64_max(o, "a", out, 4, &len), 0);
	assert_int_equal(len, 3);
	assert_int_equal(json_b64_max(o, "e", out, 4, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(json_b64_max(o, "a", out, 2, &len), ERR_BASE64);
	assert_int_equal(json_b64_max(o, "n", out, 4, &len), ERR_JSON);
	json_decref(o);
}

static void test_setup_twice(void **state)
{
	json_t *o = object("{\"a\":1}"), *p;

	(void)state;
	json_setup();
	p = object("{\"b\":2}");
	json_decref(o);
	json_decref(p);
}

/* jansson's allocator: results are aligned, and no size overflows. */
static void test_allocator(void **state)
{
	json_malloc_t get;
	json_free_t put;
	uint8_t *p;

	(void)state;
	json_get_alloc_funcs(&get, &put);
	p = get(100);
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
	memset(p, 0x5a, 100);
	put(p);
	put(NULL);
	assert_null(get(SIZE_MAX));
	p = get(0);
	assert_non_null(p);
	put(p);
}

int main(void)
{
	struct check_group g = {0};
	size_t i;

	json_setup();
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check_add(&g, test_good, (void *)(uintptr_t)&good[i],
		    "JSON: %s", good[i].name);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_add(&g, test_bad, (void *)(uintptr_t)&bad[i],
		    "JSON refused: %s", bad[i].name);
	check_add(&g, test_truncated, NULL, "JSON refused: every truncation");
	check_add(&g, test_deep, NULL, "JSON refused: 65000 brackets");
	check_add(&g, test_long, NULL, "JSON: a text of 64 KiB");
	check_add(&g, test_str, NULL, "access: strings");
	check_add(&g, test_integers, NULL, "access: integers and their bounds");
	check_add(&g, test_containers, NULL, "access: objects and arrays");
	check_add(&g, test_base64, NULL, "access: base64");
	check_add(&g, test_setup_twice, NULL, "json_setup twice");
	check_add(&g, test_allocator, NULL, "allocator");
	return check_run("json", &g);
}

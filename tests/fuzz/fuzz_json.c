/* Fuzzes the checks in front of jansson: accepted input is one object that
 * follows PROTOCOL.md, and every field accessor returns an answer. */
#include "shared/wire/json.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

static void check_value(const json_t *v, int depth)
{
	const char *key;
	json_t *x, *in = (json_t *)(uintptr_t)v;
	size_t i;

	FUZZ_CHECK(!json_is_real(v));
	if (json_is_string(v)) {
		FUZZ_CHECK(
		    text_utf8(json_string_value(v), json_string_length(v)));
		FUZZ_CHECK(
		    strlen(json_string_value(v)) == json_string_length(v));
	}
	if (json_is_object(v) || json_is_array(v))
		FUZZ_CHECK(depth <= WIRE_JSON_DEPTH);
	if (json_is_array(v))
		json_array_foreach(v, i, x) check_value(x, depth + 1);
	else if (json_is_object(v))
		json_object_foreach(in, key, x) check_value(x, depth + 1);
}

static void ask(const json_t *o, const char *key)
{
	uint8_t b[64];
	const json_t *in;
	const char *s;
	char text[16];
	uint64_t u;
	uint32_t v;
	int64_t i;
	size_t n;

	if (json_str(o, key, &s, &n) == 0)
		FUZZ_CHECK(strlen(s) == n && json_is(o, key, s));
	if (json_text(o, key, text, sizeof(text) - 1) == 0)
		FUZZ_CHECK(json_is(o, key, text));
	if (json_member(o, key, &v) == 0)
		FUZZ_CHECK(v > 0 && json_u32(o, key, &v) == 0 && v > 0);
	if (json_u32(o, key, &v) == 0)
		FUZZ_CHECK(json_u63(o, key, &u) == 0 && u == v);
	if (json_u63(o, key, &u) == 0)
		FUZZ_CHECK(json_i64(o, key, &i) == 0 && (uint64_t)i == u);
	(void)!json_obj(o, key, &in);
	(void)!json_arr(o, key, &in);
	if (json_b64(o, key, b, 32) == 0)
		FUZZ_CHECK(json_b64_max(o, key, b, 64, &n) == 0 && n == 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *o = NULL, *x, *again = NULL;
	const char *key;
	char *text;
	size_t n;
	int r;

	json_setup();
	r = json_parse(&o, data, size);
	FUZZ_CHECK(r == 0 || err_is_peer(r));
	if (r != 0)
		return 0;
	check_value(o, 1);
	json_object_foreach(o, key, x) ask(o, key);
	ask(o, "type");
	n = json_dumpb(o, NULL, 0, JSON_COMPACT);
	text = malloc(n);
	FUZZ_CHECK(text != NULL);
	FUZZ_CHECK(json_dumpb(o, text, n, JSON_COMPACT) == n);
	FUZZ_CHECK(json_parse(&again, text, n) == 0 && json_equal(o, again));
	json_decref(again);
	json_decref(o);
	free(text);
	return 0;
}

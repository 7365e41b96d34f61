/* json_plain.h: it takes what the programs say, and nothing that jansson would
 * refuse or read otherwise. */
#include "tests/unit/check.h"

#include "shared/json.h"
#include "shared/json_plain.h"

#define B64_32 "ByqPO1RxQ/wZ0h6X8r5oPq+Vb0aBcDeFgHiJkLmNoP4="

static const char *const said[] = {
    "{}",
    "{\"type\":\"handshake\",\"step\":\"hello\",\"protocols\":[\"conclave/1\"],"
    "\"account\":\"*\",\"nonce\":\"" B64_32 "\"}",
    "{\"type\":\"handshake\",\"step\":\"challenge\",\"protocol\":\"conclave/"
    "1\","
    "\"kdf\":{\"name\":\"scrypt\",\"n\":131072,\"r\":8,\"p\":1},\"salt\":"
    "\"" B64_32 "\"}",
    "{\"v\":1,\"name\":\"alice\",\"room\":\"\",\"identity\":"
    "\"MCowBQYDK2VwAyEA" B64_32 "\",\"agree\":\"" B64_32 "\"}",
    "{\"type\":\"key_exchange\",\"room\":{\"id\":1},\"epoch\":4294967295,"
    "\"secret\":\"" B64_32 "\",\"commit\":\"" B64_32 "\",\"reason\":\"leave\"}",
    "{\"type\":\"user_list\",\"room\":1,\"total\":2,\"seq\":999999999999999999,"
    "\"users\":[{\"member\":1,\"name\":\"bob\"},{\"member\":2,\"name\":\"eve\"}"
    "]}",
    "{\"type\":\"ping\",\"id\":-999999999999999999}",
    "{\"a\":[[[]],[{},true,false,null,0,-0,-1]],\"\":\"\x7f ~\",\"b\":[]}",
    "{\"type\":\"message\",\"text\":\"it is true: [1, 2] {and} so on, 100%\"}",
};
enum { SAID = sizeof(said) / sizeof(said[0]), LONGEST = 400 };

/* jansson's answer: white space inside makes a text anything but plain. */
static json_t *slowly(const char *text, size_t n)
{
	char with_space[LONGEST + 2];
	json_t *o = NULL;

	if (n == 0)
		return NULL;
	with_space[0] = text[0];
	with_space[1] = ' ';
	memcpy(with_space + 2, text + 1, n - 1);
	return json_parse(&o, with_space, n + 1) == 0 ? o : NULL;
}

/* True when it was plain. A copy of its size, for the sanitizers. */
static bool same(const char *text, size_t n)
{
	char *copy = malloc(n + 1), *a, *b;
	json_t *fast, *slow;
	json_free_t give_back;

	assert_non_null(copy);
	memcpy(copy + 1, text, n);
	fast = json_plain(copy + 1, n);
	free(copy);
	if (fast == NULL)
		return false;
	slow = slowly(text, n);
	if (slow == NULL)
		fail_msg("jansson refuses %.*s", (int)n, text);
	a = json_dumps(fast, JSON_COMPACT);
	b = json_dumps(slow, JSON_COMPACT);
	assert_non_null(a);
	assert_string_equal(a, b); /* also in order */
	assert_true(json_equal(fast, slow));
	json_get_alloc_funcs(NULL, &give_back);
	give_back(a);
	give_back(b);
	json_decref(fast);
	json_decref(slow);
	return true;
}

static void test_what_is_said_is_plain(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < SAID; i++)
		if (!same(said[i], strlen(said[i])))
			fail_msg("not plain: %s", said[i]);
}

static void test_what_is_not(void **state)
{
	static const char *const text[] = {"", "{", "[]", "{} ", " {}", "{ }",
	    "{\"a\" :1}", "{\"a\":1,}", "{\"a\":1,\"a\":1}", "{\"a\":01}",
	    "{\"a\":-01}", "{\"a\":-}", "{\"a\":1.0}", "{\"a\":1e1}",
	    "{\"a\":1000000000000000000}", "{\"a\":\"\\n\"}", "{\"a\":\"\\\"}",
	    "{\"a\":\"\xc3\xa4\"}", "{\"a\":\"\xff\"}", "{\"a\":\"1234567\n\"}",
	    "{\"a\":\"\t2345678\"}", "{\"a\":[[[[]]]]}", "{\"a\":[[[{}]]]}",
	    "{\"a\":tru}", "{\"a\":truex}", "{\"a\":[1}", "{\"a\":{1]}",
	    "{\"a\":+1}", "{\"a\"}", "{a:1}", "{\"a\":}", "{}}", "{\"a\":\"b}",
	    "{\"a23456789012345678901234567890123\":1}"};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		if (same(text[i], strlen(text[i])))
			fail_msg("plain: %s", text[i]);
}

/* Each place of a string, as the eight bytes of a step and as the rest. */
static void test_each_byte_in_each_place(void **state)
{
	char text[40];
	size_t at, len;
	int c;

	(void)state;
	for (len = 1; len <= 20; len++) {
		for (at = 0; at < len; at++) {
			for (c = 0; c < 256; c++) {
				memset(text, 'x', sizeof(text));
				memcpy(text, "{\"a\":\"", 6);
				memcpy(text + 6 + len, "\"}", 2);
				text[6 + at] = (char)c;
				assert_int_equal(same(text, 6 + len + 2),
				    c >= 0x20 && c < 0x80 && c != '"' &&
					c != '\\');
			}
		}
	}
}

/* A change or a few; what is still plain has to be what jansson reads. */
static void test_bent(void **state)
{
	static const char odd[] =
	    "{}[]\",:\\ \n\t0123456789-+.eEtrufalsn\x7f\xc3"
	    "\xa4\xff\x01";
	uint64_t seed = 11;
	size_t i, k, n, at, plain = 0;
	char text[LONGEST];

	(void)state;
	for (i = 0; i < 300000; i++) {
		k = check_random(&seed) % SAID;
		n = strlen(said[k]);
		memcpy(text, said[k], n);
		for (k = 1 + check_random(&seed) % 3; k > 0 && n > 1; k--) {
			at = check_random(&seed) % n;
			switch (check_random(&seed) % 4) {
			case 0: /* one goes */
				memmove(text + at, text + at + 1, --n - at);
				break;
			case 1: /* one comes */
				if (n < LONGEST - 1) {
					memmove(
					    text + at + 1, text + at, n++ - at);
					text[at] = odd[check_random(&seed) %
						       (sizeof(odd) - 1)];
				}
				break;
			case 2: /* a piece comes from elsewhere */
				text[at] = text[check_random(&seed) % n];
				break;
			default:
				text[at] = odd[check_random(&seed) %
					       (sizeof(odd) - 1)];
			}
		}
		plain += same(text, n);
	}
	assert_true(plain > 300000 / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_said_is_plain),
	    cmocka_unit_test(test_what_is_not),
	    cmocka_unit_test(test_each_byte_in_each_place),
	    cmocka_unit_test(test_bent),
	};

	json_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

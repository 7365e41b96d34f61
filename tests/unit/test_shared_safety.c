/* Unit tests for the codes that people compare: they follow PROTOCOL.md, and
 * changing an identity changes the code. */
#include "shared/crypto/safety.h"
#include "tests/unit/check.h"

/* Computed with Python's hashlib from PROTOCOL.md's text alone: x = 01.., y =
 * 02.. */
#define CODE_12                                                                \
	"51369 46366 03111 75448 44819 59728 71704 34714 90670 07319 51348 "   \
	"43286"
/* x = 00..00, y = ff..ff */
#define CODE_0F                                                                \
	"52500 06511 37635 02069 56147 66187 01286 88089 92143 15353 51310 "   \
	"77499"

static void code_of(char out[SAFETY_LEN + 1], int a, int b)
{
	uint8_t x[WIRE_HASH], y[WIRE_HASH];

	memset(x, a, sizeof(x));
	memset(y, b, sizeof(y));
	assert_int_equal(safety_code(out, x, y), 0);
}

static void test_vectors(void **state)
{
	char code[SAFETY_LEN + 1];

	(void)state;
	code_of(code, 1, 2);
	assert_string_equal(code, CODE_12);
	code_of(code, 0, 255);
	assert_string_equal(code, CODE_0F);
}

/* The first is the example of PROTOCOL.md. */
static void test_server_vectors(void **state)
{
	static const struct {
		int byte;
		const char *code;
	} rows[] = {
	    {1, "66812 33413 42225 19043 86633 58438 37184 47901 79914 17215 "
		"23726 47600"},
	    {0, "30171 54989 04300 03734 52463 47370 38270 20800 76027 20310 "
		"30268 30442"},
	    {255, "06869 08019 30656 88262 25853 88045 41759 10887 06580 08680 "
		  "48788 07374"},
	};
	char code[SAFETY_LEN + 1], was[SAFETY_LEN + 1];
	uint8_t x[WIRE_HASH];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(x, rows[i].byte, sizeof(x));
		assert_int_equal(safety_server_code(code, x), 0);
		assert_string_equal(code, rows[i].code);
	}
	/* Every bit counts. */
	for (i = 0; i < WIRE_HASH * 8; i++) {
		x[i / 8] ^= (uint8_t)(0x80 >> i % 8);
		assert_int_equal(safety_server_code(was, x), 0);
		assert_string_not_equal(code, was);
		x[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	}
}

static void test_both_see_the_same(void **state)
{
	char a[SAFETY_LEN + 1], b[SAFETY_LEN + 1];

	(void)state;
	code_of(a, 9, 200);
	code_of(b, 200, 9);
	assert_string_equal(a, b);
}

static void test_shape(void **state)
{
	char code[SAFETY_LEN + 1];
	size_t i;

	(void)state;
	code_of(code, 3, 4);
	assert_int_equal(strlen(code), 71);
	for (i = 0; i < SAFETY_LEN; i++)
		assert_true(i % 6 == 5 ? code[i] == ' '
				       : code[i] >= '0' && code[i] <= '9');
}

/* Every bit of either fingerprint changes the code. */
static void test_any_bit(void **state)
{
	uint8_t x[WIRE_HASH] = {1}, y[WIRE_HASH] = {2};
	char was[SAFETY_LEN + 1], is[SAFETY_LEN + 1];
	size_t i;

	(void)state;
	assert_int_equal(safety_code(was, x, y), 0);
	for (i = 0; i < 2 * WIRE_HASH; i++) {
		uint8_t *at = i < WIRE_HASH ? &x[i] : &y[i - WIRE_HASH];

		*at ^= (uint8_t)(0x80 >> i % 8);
		assert_int_equal(safety_code(is, x, y), 0);
		assert_string_not_equal(was, is);
		*at ^= (uint8_t)(0x80 >> i % 8);
	}
}

static void test_nothing_to_compare(void **state)
{
	uint8_t x[WIRE_HASH] = {7};
	char code[SAFETY_LEN + 1];

	(void)state;
	assert_int_equal(safety_code(code, x, x), ERR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_server_vectors),
	    cmocka_unit_test(test_both_see_the_same),
	    cmocka_unit_test(test_shape),
	    cmocka_unit_test(test_any_bit),
	    cmocka_unit_test(test_nothing_to_compare),
	};

	return cmocka_run_group_tests_name("safety", tests, NULL, NULL);
}

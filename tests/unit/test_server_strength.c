/* Estimates of passwords: the famous ones are weak, what the server makes is
 * not, and no length stops it. */
#include "server/strength.h"
#include "shared/os/guess.h"
#include "shared/wire/wire.h"
#include "tests/unit/check.h"

static double bits(const char *text, size_t n)
{
	struct buf b;
	double r;

	buf_init_secret(&b, WIRE_PASSWORD_MAX);
	assert_int_equal(buf_put(&b, text, n), 0);
	r = guess_bits(&b);
	buf_free(&b);
	return r;
}

static void test_order(void **state)
{
	static const char *const ascending[] = {"password", "P4ssw0rd!",
	    "summer-2026", "correct horse battery staple",
	    "xk7q-m2vd-9wzt-h4sf-bn3c-pu8y"};
	double last = -1, now;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ascending) / sizeof(ascending[0]); i++) {
		now = bits(ascending[i], strlen(ascending[i]));
		assert_true(now >= last);
		last = now;
	}
	assert_true(bits("password", 8) < 10);
	assert_true(bits("conclave", 8) < 10);
	assert_true(last > 100); /* one of the server's own */
}

static void test_any_password(void **state)
{
	char text[WIRE_PASSWORD_MAX];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_true(bits(text, sizeof(text)) < 33);
	assert_true(bits("\xc3\xa4", 2) >= 0);
	assert_true(bits("a", 1) >= 0);
}

int main(void)
{
	struct check_group g = {0};

	check_add(&g, test_order, NULL, "weak before strong");
	check_add(&g, test_any_password, NULL, "any password");
	return check_run("strength", &g);
}

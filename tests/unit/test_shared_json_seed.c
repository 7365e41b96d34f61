/* The random seed of jansson's hash tables: json_setup sets it, because jansson
 * would otherwise open a file for it at the first object, and inside the sandbox
 * no file can be opened. It is set only once, so this test is a program of its
 * own. */
#include "tests/unit/check.h"

#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shared/wire/json.h"

static unsigned random_opened;

/* Replaces the C library's open, for jansson too. We do not include <fcntl.h>,
 * whose version may be inline. */
int open(const char *path, int flags, ...);
int open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	if (strcmp(path, "/dev/urandom") == 0)
		random_opened++;
	return (int)syscall(SYS_openat, -100 /* AT_FDCWD */, path, flags, mode);
}

static void test_seed(void **state)
{
	static const char text[] = "{\"a\":{\"b\":1}}";
	json_t *o;

	(void)state;
	json_setup();
	assert_int_equal(random_opened, 0);
	assert_int_equal(json_parse(&o, text, sizeof(text) - 1), 0);
	json_decref(o);
	assert_int_equal(random_opened, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_seed),
	};

	return cmocka_run_group_tests_name("json_seed", tests, NULL, NULL);
}

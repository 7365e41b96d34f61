/* Checks that the man page's lists of commands and keys match the tables. With
 * CONCLAVE_UPDATE=1 in the environment this program updates the page instead;
 * that is how the lists are generated. Run it from the top-level folder. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/ui/command.h"
#include "client/ui/tui/tui.h"
#include "tests/unit/check.h"

#define MAN "client/conclave.1"

static void put(struct buf *b, const char *s)
{
	assert_int_equal(buf_str(b, s), 0);
}

static void read_file(struct buf *b, const char *path)
{
	FILE *f = fopen(path, "r");
	char part[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		assert_int_equal(buf_put(b, part, n), 0);
	fclose(f);
	assert_int_equal(buf_u8(b, 0), 0);
}

/* NAME stands for the user's argument, [yes] is optional. */
static void put_usage(struct buf *b, const char *usage)
{
	size_t n;

	for (; *usage != '\0'; usage += n + (usage[n] == ' ')) {
		bool may = *usage == '[';
		const char *word = usage + may;
		size_t len;

		n = strcspn(usage, " ");
		len = n - (may ? 2 : 0);
		put(b, may ? " Op " : " ");
		put(b, isupper((unsigned char)*word) ? "Ar " : "Cm ");
		while (len-- > 0)
			assert_int_equal(
			    buf_u8(b, (uint8_t)tolower((unsigned char)*word++)),
			    0);
	}
}

static void make_commands(struct buf *b)
{
	const struct command_row *c;
	size_t i;

	for (i = 0; (c = command_row(i)) != NULL; i++) {
		if (c->kind == COMMAND_SAY) {
			put(b, ".It Li // Ns");
		} else {
			put(b, ".It Ic /");
			put(b, c->word);
		}
		put_usage(b, c->usage);
		put(b, "\n");
		put(b, c->help);
		put(b, c->screen ? " (full screen only)\n" : "\n");
	}
}

static void make_keys(struct buf *b)
{
	struct keys_help h;
	size_t i;

	for (i = 0; keys_help(&h, i); i++) {
		put(b, ".It ");
		put(b, h.keys);
		put(b, "\n");
		put(b, h.what);
		put(b, "\n");
	}
}

static void write_file(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->len, f), b->len);
	assert_int_equal(fclose(f), 0);
}

/* The page's text between two comments is what `make` produces. */
static void list_is(
    const char *begin, const char *end, void (*make)(struct buf *))
{
	struct buf page, want, out;
	char *from, *to;

	buf_init(&page, 1 << 20);
	buf_init(&want, 1 << 20);
	buf_init(&out, 1 << 20);
	read_file(&page, MAN);
	make(&want);
	from = strstr((char *)page.p, begin);
	assert_non_null(from);
	from += strlen(begin);
	to = strstr(from, end);
	assert_non_null(to);
	if (getenv("CONCLAVE_UPDATE") != NULL) {
		assert_int_equal(
		    buf_put(&out, page.p, (size_t)(from - (char *)page.p)), 0);
		assert_int_equal(buf_put(&out, want.p, want.len), 0);
		put(&out, to);
		write_file(MAN, &out);
	} else if ((size_t)(to - from) != want.len ||
		   memcmp(from, want.p, want.len) != 0) {
		fail_msg("%s is not up to date: run this test with "
			 "CONCLAVE_UPDATE=1",
		    MAN);
	}
	buf_free(&page);
	buf_free(&want);
	buf_free(&out);
}

static void test_commands(void **state)
{
	(void)state;
	list_is(".\\\" commands: from the table in command.c\n",
	    ".\\\" end of commands\n", make_commands);
}

static void test_keys(void **state)
{
	(void)state;
	list_is(".\\\" keys: from the table in bind.c\n", ".\\\" end of keys\n",
	    make_keys);
}

/* No list is wider than a common terminal, so none is cut off. */
static void test_lists_fit(void **state)
{
	char line[COMMAND_HELP_MAX];
	struct keys_help h;
	size_t i;

	(void)state;
	for (i = 0; command_help(line, i); i++)
		assert_true(strlen(line) < 75);
	assert_true(i >= 9);
	for (i = 0; keys_help(&h, i); i++) {
		assert_true(strlen(h.keys) < sizeof(h.keys) - 1);
		assert_true(strlen(h.what) > 3);
	}
	assert_true(i >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_lists_fit),
	};

	return cmocka_run_group_tests_name("papers", tests, NULL, NULL);
}

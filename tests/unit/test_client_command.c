/* Unit tests for the parser of commands typed by the user. */
#include "client/ui/command.h"
#include "tests/unit/check.h"

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		enum command_kind kind;
		const char *text; /* NULL: not checked */
	} rows[] = {
	    {"", COMMAND_NOTHING, NULL},
	    {"hello", COMMAND_SAY, "hello"},
	    {" hello", COMMAND_SAY, " hello"},
	    {"   ", COMMAND_SAY, "   "},
	    {" /help", COMMAND_BAD, NULL},
	    {"\t /", COMMAND_BAD, NULL},
	    {"  /verify my password", COMMAND_BAD, NULL},
	    {"\n/quit", COMMAND_BAD, NULL},
	    {"/me one\ntwo", COMMAND_ME, "one\ntwo"},
	    {"/me\nwaves\n", COMMAND_ME, "waves"},
	    {"one\n/quit", COMMAND_SAY, "one\n/quit"},
	    {"//etc", COMMAND_SAY, "/etc"},
	    {"//", COMMAND_SAY, "/"},
	    {"///", COMMAND_SAY, "//"},
	    {"/me waves", COMMAND_ME, "waves"},
	    {"/ME  waves  ", COMMAND_ME, "waves"},
	    {"/me", COMMAND_BAD, NULL},
	    {"/me  ", COMMAND_BAD, NULL},
	    {"/help", COMMAND_HELP, NULL},
	    {"/help me", COMMAND_BAD, NULL},
	    {"/names", COMMAND_NAMES, NULL},
	    {"/keys", COMMAND_KEYS, NULL},
	    {"/whois bob", COMMAND_WHOIS, "bob"},
	    {"/whois", COMMAND_BAD, NULL},
	    {"/verify bob yes", COMMAND_VERIFY, "bob yes"},
	    {"/trust bob", COMMAND_TRUST, "bob"},
	    {"/trust", COMMAND_BAD, NULL},
	    {"/msg ben hello there", COMMAND_MSG, "ben hello there"},
	    {"/QUERY ben", COMMAND_MSG, "ben"},
	    {"/dm", COMMAND_BAD, NULL},
	    {"/block", COMMAND_BLOCK, ""},
	    {"/unblock ben", COMMAND_UNBLOCK, "ben"},
	    {"/known ben", COMMAND_KNOWN, "ben"},
	    {"/drop ben", COMMAND_DROP, "ben"},
	    {"/drop", COMMAND_DROP, ""},
	    {"/quit", COMMAND_QUIT, NULL},
	    {"/quit ", COMMAND_QUIT, NULL},
	    {"/quit now", COMMAND_BAD, NULL},
	    {"/", COMMAND_BAD, NULL},
	    {"/ x", COMMAND_BAD, NULL},
	    {"/q", COMMAND_BAD, NULL},
	};
	struct command c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		command_parse(&c, rows[i].line, strlen(rows[i].line));
		if (c.kind != rows[i].kind)
			print_error("\"%s\"\n", rows[i].line);
		assert_int_equal(c.kind, rows[i].kind);
		if (c.kind == COMMAND_BAD)
			assert_true(strlen(c.sentence) > 0);
		if (rows[i].text == NULL)
			continue;
		assert_int_equal(c.n, strlen(rows[i].text));
		assert_memory_equal(c.text, rows[i].text, c.n);
	}
}

static void test_nearest(void **state)
{
	static const char *const rows[][2] = {
	    {"/nmaes", "/names?"},
	    {"/hepl", "/help?"},
	    {"/qui", "/quit?"},
	    {"/TRUSTS x", "/trust?"},
	    {"/m", "/mentions?"},
	    /* Nothing that would say the line to the room. */
	    {"/pm ben hello", "not sent: /msg NAME TEXT"},
	    {"/NOTICE ben", "not sent: /msg NAME TEXT"},
	    {"/w ben hello", "not sent: /msg NAME TEXT"},
	    {"/tell ben hello", "not sent: /msg NAME TEXT"},
	    {"/reply1 yes", "see /help"},
	    {"/ver", "/verify?"},
	    {"/q", "/quit?"},
	    {"/xy", "see /help"},
	    {"/somethingelse", "see /help"},
	};
	struct command c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		command_parse(&c, rows[i][0], strlen(rows[i][0]));
		assert_int_equal(c.kind, COMMAND_BAD);
		if (strstr(c.sentence, rows[i][1]) == NULL)
			print_error("%s: %s\n", rows[i][0], c.sentence);
		assert_non_null(strstr(c.sentence, rows[i][1]));
	}
}

/* What /topic sets; nothing: it is cleared. */
static void test_topic(void **state)
{
	static const char *const rows[][2] = {
	    {"/topic tea at four", "tea at four"},
	    {"/topic   tea  ", "tea"},
	    {"/topic none", ""},
	    {"/topic  NONE ", ""},
	    {"/topic none of this", "none of this"},
	    {"/topic nonesuch", "nonesuch"},
	    {"/topic non", "non"},
	    {"/topic -", "-"},
	};
	struct command c;
	const char *text;
	size_t i, n;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		command_parse(&c, rows[i][0], strlen(rows[i][0]));
		assert_int_equal(c.kind, COMMAND_TOPIC);
		assert_true(c.n > 0);
		text = command_topic(&c, &n);
		assert_int_equal(n, strlen(rows[i][1]));
		assert_memory_equal(text, rows[i][1], n);
	}
}

/* A line is arbitrary bytes: no terminating zero, any length, any value. */
static void test_any_bytes(void **state)
{
	uint64_t seed = 1;
	struct command c;
	size_t n, i, k;

	(void)state;
	for (k = 0; k < 2000; k++) {
		uint8_t *line;

		n = check_random(&seed) % (k % 50 == 0 ? 20000 : 40) + 1;
		line = malloc(n); /* exact size: ASan catches an overread */
		assert_non_null(line);
		for (i = 0; i < n; i++)
			line[i] = (uint8_t)check_random(&seed);
		line[0] = '/';
		command_parse(&c, (char *)line, n);
		assert_true(strlen(c.sentence) < sizeof(c.sentence));
		assert_true(c.text >= (char *)line);
		assert_true(c.text + c.n <= (char *)line + n);
		free(line);
	}
}

static void test_help(void **state)
{
	char line[COMMAND_HELP_MAX];
	struct command c;
	size_t i;

	(void)state;
	for (i = 0; command_help(line, i); i++) {
		assert_true(strlen(line) < 75);
		assert_null(strchr(line, '\n'));
		assert_non_null(strstr(line, command_row(i)->help));
		/* Every row of the table is a command. */
		command_parse(&c, line, strcspn(line, " "));
		assert_true(c.kind == command_row(i)->kind ||
			    (c.kind == COMMAND_BAD &&
				strstr(c.sentence, "needs something")));
	}
	assert_null(command_row(i));
	assert_true(i >= 9);
}

/* Lines can do what the full screen can, but for what is about the screen itself:
 * the user's own editor needs it, and there is nothing to scroll or to copy. */
static void few_commands_need_the_full_screen(void **state)
{
	const struct command_row *r;
	size_t i;

	(void)state;
	for (i = 0; (r = command_row(i)) != NULL; i++)
		assert_int_equal(r->screen,
		    r->kind == COMMAND_EDITOR || r->kind == COMMAND_UNREAD ||
			r->kind == COMMAND_BARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(few_commands_need_the_full_screen),
	    cmocka_unit_test(test_nearest),
	    cmocka_unit_test(test_topic),
	    cmocka_unit_test(test_any_bytes),
	    cmocka_unit_test(test_help),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}

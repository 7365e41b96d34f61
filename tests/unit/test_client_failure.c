/* Why no connection was made: every sentence says what to do, and another one can
 * go on behind it. */
#include <errno.h>
#include <netdb.h>

#include "client/net/failure.h"
#include "tests/unit/check.h"

static const struct uri uri = {.host = "chat.example"};
static const struct failure_target to = {&uri, "chat.example:7000", false};

/* One sentence: no question, and no mark at its end. */
static void good(int r, const struct errmsg *why)
{
	const size_t n = strlen(why->text);

	assert_int_equal(r, ERR_LOST);
	assert_non_null(strstr(why->text, "chat.example"));
	assert_null(strpbrk(why->text, "?!\n"));
	assert_true(n > 0 && strchr(".,;: ", why->text[n - 1]) == NULL);
	assert_null(strstr(why->text, "; ;"));
	assert_null(strstr(why->text, ": ;"));
}

static void test_ends(void **state)
{
	struct race_tally t;
	struct errmsg why;
	int end;

	(void)state;
	for (end = 0; end < RACE_ENDS; end++) {
		t = (struct race_tally){.tried = 1,
		    .error = ENOBUFS,
		    .fault = TLS_FAULT_UNTRUSTED,
		    .detail = ""};
		t.ends[end] = 1;
		good(failure_race(&to, &t, 1, &why), &why);
		good(failure_race(&to, &t, 3, &why), &why);
	}
	t = (struct race_tally){.tried = 1, .ends[RACE_REFUSED] = 1};
	good(failure_race(&to, &t, 1, &why), &why);
	assert_string_equal(why.text,
	    "chat.example:7000 refused the connection: check the address, and "
	    "that conclaved is running there");
}

static void test_tls(void **state)
{
	static const char *const details[] = {"", "bad record mac"};
	static const enum tls_fault faults[] = {
#define X(name, word, text) TLS_FAULT_##name,
	    TLS_FAULTS(X)
#undef X
	};
	struct race_tally t = {.tried = 1, .ends[RACE_TLS] = 1};
	struct errmsg why;
	size_t i;

	(void)state;
	/* The first is TLS_FAULT_NONE. */
	for (i = 2; i < 2 * sizeof(faults) / sizeof(faults[0]); i++) {
		t.fault = faults[i / 2];
		t.detail = details[i % 2];
		good(failure_race(&to, &t, 1, &why), &why);
	}
}

static void test_names(void **state)
{
	static const int codes[] = {
	    EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_SYSTEM};
	struct errmsg why;
	size_t i;
	int how;

	(void)state;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		good(failure_name(&to, codes[i], ENOBUFS, &why), &why);
	for (how = FAILURE_HELPER_GONE; how <= FAILURE_LOOKUP_SLOW; how++)
		good(failure_no_lookup(
			 &to, (enum failure_lookup)how, 5000, &why),
		    &why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ends),
	    cmocka_unit_test(test_tls),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name(
	    "client_failure", tests, NULL, NULL);
}

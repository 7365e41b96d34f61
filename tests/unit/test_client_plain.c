/* Unit tests for the plain user interface: reports that depend on the state, the first
 * visit, ASCII. */
#include "tests/unit/plain_stage.h"

static int count(const char *text, const char *what)
{
	int n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void test_round_trips_are_no_noise(void **state)
{
	static const uint32_t ms[] = {12, 13, 900, 1200, 1500, 800, 400, 20};
	struct stage s;
	const char *said;
	size_t i;

	stage_begin(&s, state);
	for (i = 0; i < sizeof(ms) / sizeof(ms[0]); i++)
		stage_event(
		    &s, (struct event){.type = EVENT_RTT, .rtt_ms = ms[i]});
	said = stage_end(&s);
	assert_int_equal(count(said, "the server answers in"), 3);
	assert_non_null(strstr(said, "in 1200 ms: that is slow"));
	assert_non_null(strstr(said, "in 400 ms\n"));
	free(s.said);
}

static void test_clocks(void **state)
{
	static const struct {
		int64_t off_s;
		const char *words; /* NULL: nothing is printed */
	} rows[] = {{0, NULL}, {299, NULL}, {-299, NULL},
	    {-360, "dated 6 minutes before"}, {7 * 3600, "dated 7 hours after"},
	    {-72 * 3600, "dated 3 days before"}};
	struct event e = {.type = EVENT_MESSAGE, .text = "hi"};
	struct stage s;
	const char *said;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_begin(&s, state);
		e.person = &s.session.people[1];
		e.ts_ms = wall_ms() + (uint64_t)(rows[i].off_s * 1000);
		stage_event(&s, e);
		stage_event(&s, e);
		said = stage_end(&s);
		assert_int_equal(count(said, "this computer's clock"),
		    rows[i].words != NULL);
		if (rows[i].words != NULL)
			assert_non_null(strstr(said, rows[i].words));
		assert_int_equal(count(said, "alice: hi"), 2);
		free(s.said);
	}
}

/* Where nobody can be asked, a first visit is said, once. */
static void test_first_visit(void **state)
{
	static const char said[] = "-- first visit: the server's key is kept "
				   "without being compared; /server shows";
	const struct event e = {.type = EVENT_CONNECTED, .room_name = "lobby"};
	const char *p;
	struct stage s;
	int first;

	for (first = 0; first < 2; first++) {
		stage_begin(&s, state);
		ui_plain.close(s.ui);
		s.env.first_visit = first;
		s.ui = ui_plain.open(&s.env);
		stage_event(&s, e);
		stage_event(&s, e);
		p = strstr(stage_end(&s), said);
		assert_int_equal(p != NULL, first);
		assert_true(p == NULL || strstr(p + 1, said) == NULL);
		free(s.said);
	}
}

static void test_ascii(void **state)
{
	struct stage s;
	const char *p;

	stage_begin(&s, state);
	s.env.ascii = true;
	stage_event(&s, (struct event){.type = EVENT_MESSAGE,
			    .person = &s.session.people[1],
			    .ts_ms = wall_ms(),
			    .text = "caf\xc3\xa9 \xe6\xbc\xa2"});
	p = stage_end(&s);
	assert_non_null(strstr(p, "alice: caf? ?\n"));
	for (; *p != '\0'; p++)
		assert_true((unsigned char)*p < 0x7f);
	free(s.said);
}

#define T(f) cmocka_unit_test_setup_teardown(f, folder_make, folder_remove)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_round_trips_are_no_noise),
	    T(test_clocks),
	    T(test_first_visit),
	    T(test_ascii),
	};

	return cmocka_run_group_tests_name("plain", tests, NULL, NULL);
}

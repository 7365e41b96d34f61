/* Unit tests for the sentences about files. */
#include "client/ui/file_commands.h"
#include "client/ui/words_files.h"
#include "tests/unit/check.h"

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *words;
	} cases[] = {
	    {0, "0 bytes"},
	    {999, "999 bytes"},
	    {1000, "1.0 KB"},
	    {1234, "1.2 KB"},
	    {9949, "9.9 KB"},
	    {212000, "212 KB"},
	    {999400, "999 KB"},
	    {999600, "1.0 MB"},
	    {1200000000, "1.2 GB"},
	    {UINT64_C(1) << 40, "1.1 TB"},
	};
	char out[WORDS_SIZE_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		words_size(out, cases[i].bytes);
		assert_string_equal(out, cases[i].words);
	}
}

static struct session_file sample(void)
{
	return (struct session_file){.number = 2,
	    .state = FILE_MOVING,
	    .room_name = "lobby",
	    .with = "",
	    .from = "carol",
	    .name = "disk2.img",
	    .path = "/home/me/Downloads/conclave/disk2.img",
	    .size = 1200000000,
	    .done = 750000000,
	    .rate = 18000000};
}

static void expect_row(const struct session_file *f, const char *want)
{
	char out[WORDS_MAX];

	words_file_row(out, f);
	assert_string_equal(out, want);
}

static void test_rows(void **state)
{
	struct session_file f = sample();
	char out[WORDS_FILE_SHORT];

	(void)state;
	expect_row(&f, "2  disk2.img  1.2 GB  from carol  lobby: 62 %  "
		       "18 MB/s  25 s left");
	words_file_short(out, sizeof(out), &f, 1);
	assert_string_equal(out, "file 2 62 %");
	f.rate = 1000000;
	words_file_short(out, sizeof(out), &f, 0);
	assert_string_equal(out, "file 2 62 %  1.0 MB/s  8 min left");
	f.rate = 1000;
	words_file_short(out, sizeof(out), &f, 0);
	assert_string_equal(out, "file 2 62 %  1.0 KB/s  125 h left");
	f.rate = 0;
	words_file_short(out, sizeof(out), &f, 0);
	assert_string_equal(out, "file 2 62 %");
	f.state = FILE_WAITING;
	words_file_short(out, sizeof(out), &f, 0);
	assert_string_equal(out, "file 2 waits");
	f.state = FILE_OFFERED;
	words_file_short(out, sizeof(out), &f, 0);
	assert_string_equal(out, "");
	expect_row(
	    &f, "2  disk2.img  1.2 GB  from carol  lobby: /get 2 saves it");
	f.state = FILE_SAVED;
	expect_row(&f, "2  disk2.img  1.2 GB  from carol  lobby: saved as "
		       "/home/me/Downloads/conclave/disk2.img");
	f.state = FILE_ENDED;
	expect_row(&f, "2  disk2.img  1.2 GB  from carol  lobby: not saved; "
		       "/get 2 tries again");
	f.own = true;
	expect_row(&f, "2  disk2.img  1.2 GB  yours  lobby: not sent");
	f.state = FILE_SHARED;
	expect_row(&f, "2  disk2.img  1.2 GB  yours  lobby: offered");
	f.with = "carol";
	expect_row(&f, "2  disk2.img  1.2 GB  to carol alone: offered");
	f.own = false;
	f.state = FILE_WAITING;
	expect_row(&f, "2  disk2.img  1.2 GB  from carol  direct: waits");
}

static void expect_event(const struct event *e, const char *want)
{
	const struct words_about about = {.server = "h", .name = "me"};
	char out[WORDS_MAX];

	assert_true(words_event(out, e, &about));
	assert_string_equal(out, want);
}

static void test_events(void **state)
{
	struct session_file f = sample();
	struct event e = {
	    .type = EVENT_FILE, .file = &f, .word = "", .text = ""};

	(void)state;
	expect_event(
	    &e, "file 2 from carol: disk2.img, 1.2 GB: /get 2 saves it");
	e.type = EVENT_FILE_DONE;
	expect_event(&e,
	    "file 2 is saved as /home/me/Downloads/conclave/disk2.img, and "
	    "checked");
	e.word = "quota";
	expect_event(&e, "file 2 (disk2.img) is not saved: quota");
	e.text = "the server keeps no more of this";
	expect_event(&e, "file 2 (disk2.img) is not saved: the server keeps no "
			 "more of this");
	f.own = true;
	expect_event(&e, "file 2 (disk2.img) is not sent: the server keeps no "
			 "more of this");
	e.word = "";
	expect_event(&e, "file 2 is sent: disk2.img");
	assert_int_equal(words_weight(&e), WORDS_NOTICE);
	e.word = "disk";
	assert_int_equal(words_weight(&e), WORDS_ALERT);
	e.type = EVENT_FILE;
	expect_event(&e, "file 2 of yours: disk2.img, 1.2 GB");
	f.with = "carol";
	expect_event(&e, "[direct] file 2 to carol alone: disk2.img, 1.2 GB");
	f.own = false;
	expect_event(&e, "[direct] file 2 from carol: disk2.img, 1.2 GB: /get 2 "
			 "saves it");
}

/* Each quarter once, for each file. */
static void test_quarters(void **state)
{
	struct session_file f = sample();
	const struct event e = {.type = EVENT_PROGRESS, .file = &f};
	struct file_progress p = {0};
	char line[WORDS_MAX];
	unsigned percent, n = 0;

	(void)state;
	for (percent = 0; percent <= 100; percent++) {
		f.done = f.size / 100 * percent;
		n += file_progress_line(line, &p, &e);
	}
	assert_int_equal(n, 3);
	f.number++;
	f.done = f.size / 2;
	assert_true(file_progress_line(line, &p, &e));
	assert_string_equal(line, "file 3 50 %  18 MB/s  34 s left");
	assert_false(file_progress_line(line, &p, &e));
	f.size = f.done = 0;
	assert_false(file_progress_line(line, &p, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_events),
	    cmocka_unit_test(test_quarters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The sentence at the end of the program about what was not sent. */
#include "check.h"

#include "client/unsent.h"

static void says(struct unsent u, const char *want)
{
	char text[UNSENT_WORDS];

	assert_int_equal(unsent_words(&u, text, sizeof(text)),
	    u.messages > 0 || u.lines > 0 || u.purges > 0);
	assert_string_equal(text, want);
}

static void test_words(void **state)
{
	(void)state;
	says((struct unsent){.messages = 1},
	    "the server has not acknowledged 1 message");
	says((struct unsent){.messages = 3},
	    "the server has not acknowledged 3 messages");
	says((struct unsent){.messages = 1, .held = 1},
	    "1 held message was not sent: somebody was in the room who was not "
	    "there when you wrote it");
	says((struct unsent){.messages = 2, .held = 2, .keys = 2},
	    "2 held messages were not sent: somebody has a key that you had not "
	    "accepted when you wrote them");
	says((struct unsent){.messages = 4, .held = 1, .keys = 1},
	    "4 messages were not sent, because 1 of them was held: somebody has "
	    "a key that you had not accepted when you wrote it");
	says((struct unsent){.messages = 4096, .held = 4000, .keys = 1},
	    "4096 messages were not sent, because 4000 of them were held: "
	    "somebody was in the room who was not there, or had a key that you "
	    "had not accepted, when you wrote them");
	says((struct unsent){.lines = 1}, "1 line of the input was not sent");
	says((struct unsent){0}, "");
}

static void test_purges(void **state)
{
	char text[UNSENT_WORDS];

	(void)state;
	says((struct unsent){.purges = 2},
	    "2 edits of a message that you purged may stay in the history");
	says((struct unsent){.purges = 1, .kept = true},
	    "1 edit of a message that you purged will be purged when you are in "
	    "the room again");
	/* The longest. */
	says((struct unsent){.messages = 4096,
		 .held = 4000,
		 .keys = 1,
		 .purges = 4000},
	    "4096 messages were not sent, because 4000 of them were held: "
	    "somebody was in the room who was not there, or had a key that you "
	    "had not accepted, when you wrote them; 4000 edits of a message "
	    "that you purged may stay in the history");
	unsent_late(&(struct unsent){.messages = 2}, 30, text, sizeof(text));
	assert_string_equal(text,
	    "the input ended 30 s ago and 2 of its messages did not reach the "
	    "server");
	unsent_late(&(struct unsent){.messages = 1, .purges = 1}, 30, text,
	    sizeof(text));
	assert_string_equal(text,
	    "the input ended 30 s ago and 1 of its messages did not reach the "
	    "server; 1 edit of a message that you purged may stay in the "
	    "history");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_purges),
	};

	return cmocka_run_group_tests_name("unsent", tests, NULL, NULL);
}

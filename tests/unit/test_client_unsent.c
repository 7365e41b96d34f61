/* The sentence at the end of the program about what was not sent. */
#include "check.h"

#include "client/unsent.h"

static void says(struct unsent u, const char *want)
{
	char text[192];

	assert_int_equal(unsent_words(&u, text, sizeof(text)),
	    u.messages > 0 || u.lines > 0);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("unsent", tests, NULL, NULL);
}

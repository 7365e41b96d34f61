/* option_words.c - the words of options whose value is one of a few. */
#include "server/option_words.h"

#include "server/options.h"
#include "shared/os/value.h"

_Static_assert(sizeof(enum room_creation) == sizeof(unsigned) &&
		   sizeof(enum registration) == sizeof(unsigned) &&
		   sizeof(enum account_inviters) == sizeof(unsigned) &&
		   sizeof(enum room_history) == sizeof(unsigned) &&
		   sizeof(enum logger_level) == sizeof(unsigned),
    "opts_set_word");

const char *const option_words_creation[] = {
    [CREATION_MEMBERS] = "members",
    [CREATION_OPERATORS] = "operators",
    [CREATION_NOBODY] = "nobody",
    NULL,
};
const char *const option_words_registration[] = {
    [REGISTRATION_OPEN] = "open",
    [REGISTRATION_INVITE] = "invite",
    [REGISTRATION_CLOSED] = "closed",
    NULL,
};
const char *const option_words_inviters[] = {
    [INVITERS_OPERATORS] = "operators",
    [INVITERS_MEMBERS] = "members",
    [INVITERS_NOBODY] = "nobody",
    NULL,
};
const char *const option_words_log_level[] = {
    [LOGGER_ERROR] = "error",
    [LOGGER_WARN] = "warn",
    [LOGGER_INFO] = "info",
    [LOGGER_DEBUG] = "debug",
    NULL,
};
const char *const option_words_sync[] = {"normal", "full", NULL};
const char *const option_words_log_format[] = {"text", "json", NULL};

int option_words_second(
    void *values, const struct opts_row *row, const char *s)
{
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, row->words, s);

	if (r == 0)
		*(bool *)(void *)at = i == 1;
	return r;
}

int option_words_newcomers(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {"member", "guest", NULL};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(enum role *)(void *)at = i == 0 ? ROLE_MEMBER : ROLE_GUEST;
	return r;
}

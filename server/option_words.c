/* option_words.c - sets the options whose value is one of a few words. */
#include "server/option_words.h"

#include "server/options.h"
#include "shared/os/value.h"

int option_words_log_format(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {"text", "json", NULL};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(bool *)(void *)at = i == 1;
	return r;
}

int option_words_sync(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {"normal", "full", NULL};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(bool *)(void *)at = i == 1;
	return r;
}

int option_words_creation(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {
	    [CREATION_MEMBERS] = "members",
	    [CREATION_OPERATORS] = "operators",
	    [CREATION_NOBODY] = "nobody",
	    NULL,
	};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(enum room_creation *)(void *)at = (enum room_creation)i;
	return r;
}

int option_words_history(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {
	    [HISTORY_NONE] = "none",
	    [HISTORY_MEMBERS] = "members",
	    [HISTORY_ALL] = "all",
	    NULL,
	};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(enum room_history *)(void *)at = (enum room_history)i;
	return r;
}

int option_words_registration(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {
	    [REGISTRATION_OPEN] = "open",
	    [REGISTRATION_INVITE] = "invite",
	    [REGISTRATION_CLOSED] = "closed",
	    NULL,
	};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(enum registration *)(void *)at = (enum registration)i;
	return r;
}

int option_words_inviters(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {
	    [INVITERS_OPERATORS] = "operators",
	    [INVITERS_MEMBERS] = "members",
	    [INVITERS_NOBODY] = "nobody",
	    NULL,
	};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(enum account_inviters *)(void *)at =
		    (enum account_inviters)i;
	return r;
}

int option_words_newcomers(
    void *values, const struct opts_row *row, const char *s)
{
	static const char *const words[] = {
	    [ROLE_MEMBER] = "member", [ROLE_MEMBER + 1] = "guest", NULL};
	char *at = (char *)values + row->offset;
	unsigned i;
	int r = value_word(&i, words, s);

	if (r == 0)
		*(enum role *)(void *)at =
		    i == ROLE_MEMBER ? ROLE_MEMBER : ROLE_GUEST;
	return r;
}

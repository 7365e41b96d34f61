/* words_unsent.c - the sentences of words.h about what is not said, or held. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "client/ui/words.h"
#include "shared/base/err.h"
#include "shared/wire/text.h"
#include "shared/wire/wire.h"

const char words_line_cut[] =
    "not sent: the terminal passes on at most 4095 bytes of a line, so the "
    "rest "
    "of this one may be missing; send it in parts, or from a file";

const char words_none_held[] = "no message is held";

void words_quit_held(char *out, size_t size, size_t held)
{
	snprintf(out, size,
	    "%zu of your messages %s held: /send sends %s, /drop drops %s; "
	    "then /quit",
	    held, held == 1 ? "is" : "are", held == 1 ? "it" : "them",
	    held == 1 ? "it" : "them");
}

const char words_full_held[] =
    "not sent: too many messages are held; /send sends them, /drop drops them";

void words_not_said(char *out, size_t size, int err, const char *text, size_t n)
{
	if (err == ERR_LIMIT)
		snprintf(out, size,
		    "not sent: too many messages wait for the server already");
	else if (err == ERR_TEXT && n > WIRE_TEXT_MAX)
		snprintf(
		    out, size, "not sent: longer than %d bytes", WIRE_TEXT_MAX);
	else if (err == ERR_TEXT && n == 0)
		snprintf(out, size, "not sent: that is empty");
	else if (err == ERR_TEXT && memchr(text, '\0', n) != NULL)
		snprintf(out, size,
		    "not sent: there is a zero byte in it; take that out");
	else if (err == ERR_TEXT && !text_utf8(text, n))
		snprintf(out, size,
		    "not sent: that is not UTF-8, but in some other encoding");
	else if (err == ERR_SECRET)
		snprintf(out, size,
		    "not sent: that invite has the secret of a sealed room, "
		    "which is for people in private: /msg NAME sends it to "
		    "one, /seal give takes it");
	else if (err == ERR_AUTHOR)
		snprintf(out, size,
		    "not sent: somebody else wrote that message, and only its "
		    "author can change it");
	else if (err == ERR_ABSENT)
		snprintf(
		    out, size, "not sent: that message is deleted, or too old");
	else if (err == ERR_ROOM)
		snprintf(out, size,
		    "not sent: you are not in this room; /join enters it");
	else if (err == ERR_REFUSED)
		snprintf(out, size, "not sent: you may not speak here");
	else if (err == ERR_STATE)
		snprintf(out, size, "not sent: the program is ending");
	else if (err == ERR_TEXT)
		snprintf(out, size,
		    "not sent: too many control characters are in it");
	else if (err == ERR_RANGE)
		snprintf(out, size,
		    "not sent: this computer's clock is before 1970; look at "
		    "`date`, and set it");
	else
		snprintf(out, size, "not sent: %s", err_str(err));
}

const char words_not_reaction[] = "not sent: a reaction is one character, such "
				  "as an emoji, or one of +1 -1 <3 "
				  ":) :( :D ok no";

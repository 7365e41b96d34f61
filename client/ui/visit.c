/* visit.c - the words of a first visit, and how its answer is read. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/trust/trust.h"
#include "client/ui/visit.h"

bool visit_begins(struct visit *v, const struct session *s)
{
	char sentence[160];

	if (v->state != VISIT_WAITS ||
	    !trust_server_code(v->code, s, sentence, sizeof(sentence)))
		return false;
	v->state = VISIT_ASKED;
	return true;
}

void visit_text(char out[VISIT_TEXT_MAX], const struct visit *v,
    const char *server, bool brief)
{
	enum { HALF = (SAFETY_LEN + 1) / 2 };

	if (brief)
		snprintf(out, VISIT_TEXT_MAX,
		    "First visit. Does conclaved show this?\n"
		    "  %.*s\n"
		    "  %s\n"
		    "y: yes; keep this key, refuse others\n"
		    "n: no, or unsure; leave, keep nothing\n"
		    "Same code? y/n ",
		    HALF - 1, v->code, v->code + HALF);
	else
		snprintf(out, VISIT_TEXT_MAX,
		    "This is your first visit to %s.\n"
		    "Compare this code with the one that conclaved printed at "
		    "its start, or call\n"
		    "the server's owner and compare it:\n"
		    "  %.*s\n"
		    "  %s\n"
		    "y: it is the same. The key is kept, and any other key is "
		    "refused from now on.\n"
		    "   A yes without comparing trusts whoever answers now.\n"
		    "n: it differs, or you cannot tell. You leave, and no key "
		    "is kept.\n"
		    "Same code? y/n ",
		    server, HALF - 1, v->code, v->code + HALF);
}

const char visit_too_small[] = "Enlarge this window\n"
			       "to see the code.\n"
			       "n: leave ";

static bool is_word(const char *s, size_t n, const char *word)
{
	return (n == 1 || n == strlen(word)) && strncasecmp(s, word, n) == 0;
}

enum visit_answer visit_word(const char *line, size_t n)
{
	for (; n > 0 && (*line == ' ' || *line == '\t'); n--)
		line++;
	while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (is_word(line, n, "no"))
		return VISIT_NO;
	return is_word(line, n, "yes") ? VISIT_YES : VISIT_UNCLEAR;
}

enum visit_answer visit_answer(struct visit *v, const char *line, size_t n)
{
	enum visit_answer answer = visit_word(line, n);

	if (answer == VISIT_YES)
		v->state = VISIT_SETTLED;
	return answer;
}

const char visit_kept[] =
    "the server's key is kept: any other key will be refused from now on";
const char visit_refused[] =
    "you did not accept the server's key: you have said nothing, and the key "
    "is not kept. Ask the server's owner for an invite";

const char visit_unproved[] = "the server has not proved its key yet";

const char *visit_first(const struct visit *v)
{
	return v->state == VISIT_ASKED
		   ? "not sent: first answer y or n: is the code the same?"
		   : "not sent: wait for the server's code, and compare it "
		     "first";
}

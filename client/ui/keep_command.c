/* The commands about transcripts and receipts. */
#include "client/ui/keep_command.h"

#include <stdio.h>
#include <string.h>

static const char usage[] =
    "/transcript on begins a transcript of every room, /transcript off ends "
    "it; /transcript direct on and off: of direct messages";

static bool is(const char *text, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(text, word, n) == 0;
}

static void where(char line[WORDS_MAX], const struct session_status *st,
    const char *folder)
{
	static const char *const what[2][2] = {
	    {NULL, "of every room"},
	    {"of direct messages", "of every room and of direct messages"}};

	if (!st->keeps && !st->keeps_direct)
		snprintf(line, WORDS_MAX,
		    "no transcript is written; /transcript on begins one of "
		    "every room in %s, /transcript direct on one of direct "
		    "messages",
		    folder);
	else
		snprintf(line, WORDS_MAX, "a transcript %s is written to %s",
		    what[st->keeps_direct][st->keeps], folder);
}

bool keep_command(
    char line[WORDS_MAX], const struct ui_env *env, const struct command *c)
{
	static const char word[] = "direct ";
	const bool direct = c->n >= sizeof(word) - 1 &&
			    memcmp(c->text, word, sizeof(word) - 1) == 0;
	const char *text = c->text + (direct ? sizeof(word) - 1 : 0);
	const size_t n = c->n - (direct ? sizeof(word) - 1 : 0);
	const bool on = is(text, n, "on");
	struct session_status st;
	struct errmsg why;

	line[0] = '\0';
	session_status(env->session, &st);
	if (c->n == 0) {
		where(line, &st, env->transcript_folder);
		return true;
	}
	if (!on && !is(text, n, "off")) {
		snprintf(line, WORDS_MAX, "%s", usage);
		return false;
	}
	if (on == (direct ? st.keeps_direct : st.keeps)) {
		snprintf(line, WORDS_MAX, "%s%s",
		    on ? "a transcript is written already"
		       : "no transcript is written",
		    direct ? " of direct messages" : "");
		return true;
	}
	if (env->transcript(env->arg, direct, on, &why) == 0)
		return true;
	snprintf(line, WORDS_MAX, "%.*s", WORDS_MAX - 1, why.text);
	return false;
}

const char *keep_receipt_refused(int err)
{
	return err == ERR_ROOM	    ? "you are not in this room"
	       : err == ERR_REFUSED ? "you may not speak here, and others are "
				      "asked in the room"
	       : err == ERR_LIMIT   ? "the server has not answered your other "
				      "commands yet"
				    : err_str(err);
}

bool keep_receipt(char line[WORDS_MAX], struct session *s,
    const struct chatroom *room, const struct command *c)
{
	const bool all = c->n == 3 && memcmp(c->text, "all", 3) == 0;
	uint32_t req;
	int r;

	line[0] = '\0';
	if (c->n > 0 && !all) {
		snprintf(line, WORDS_MAX,
		    "/receipt has the server sign what it shows you; /receipt "
		    "all asks the others in the room for the same");
		return false;
	}
	if ((r = session_receipt(s, room, all, &req)) == 0)
		return true;
	snprintf(line, WORDS_MAX, "%s", keep_receipt_refused(r));
	return false;
}

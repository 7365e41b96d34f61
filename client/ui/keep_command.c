/* The commands about transcripts and receipts. */
#include "client/ui/keep_command.h"

#include <stdio.h>
#include <string.h>

bool keep_command(
    char line[WORDS_MAX], const struct ui_env *env, const struct command *c)
{
	const bool on = c->n == 2 && memcmp(c->text, "on", 2) == 0;
	const bool off = c->n == 3 && memcmp(c->text, "off", 3) == 0;
	struct session_status st;
	struct errmsg why;

	line[0] = '\0';
	session_status(env->session, &st);
	if (c->n == 0) {
		snprintf(line, WORDS_MAX,
		    st.keeps ? "a transcript of every room is written to %s"
			     : "no transcript is written; /transcript on "
			       "begins one in %s",
		    env->transcript_folder);
		return true;
	}
	if (!on && !off) {
		snprintf(line, WORDS_MAX,
		    "/transcript on begins a transcript, /transcript off ends "
		    "it");
		return false;
	}
	if (on == st.keeps) {
		snprintf(line, WORDS_MAX, "%s",
		    on ? "a transcript is written already"
		       : "no transcript is written");
		return true;
	}
	if (env->transcript(env->arg, on, &why) == 0)
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

/* Sentences and exit statuses for the end of a connection. */
#include <stdio.h>
#include <string.h>

#include "client/session/ending.h"

struct ending ending_make(bool again, enum exit_status exit_status,
    enum wire_code code, const char *text)
{
	struct ending e = {
	    .again = again, .exit_status = exit_status, .code = code};

	snprintf(e.word, sizeof(e.word), "%s", wire_code_word(code));
	snprintf(e.text, sizeof(e.text), "%s", text);
	return e;
}

struct ending ending_user(void)
{
	return ending_make(false, EXIT_DONE, CODE_QUIT, "ended by the user");
}

struct ending ending_fork(void)
{
	return ending_make(false, EXIT_PROTOCOL, CODE_NONE,
	    "the server shows two people two logs of a room, or somebody's "
	    "client lies, and --strict is set");
}

struct ending ending_copied(void)
{
	return ending_make(true, EXIT_LOST, CODE_NONE,
	    "the time of day was set, so this machine may be a copy of "
	    "another: connecting with new keys");
}

static enum exit_status exit_of(enum wire_code code)
{
	switch (code) {
	case CODE_PROTOCOL:
		return EXIT_PROTOCOL;
	case CODE_QUIT:
		return EXIT_LOST;
	default:
		return wire_code_again(code) ? EXIT_LOST : EXIT_REFUSED;
	}
}

struct ending ending_refused(
    enum wire_code code, const char *word, const char *text, bool proved)
{
	char sentence[WIRE_SHORT_TEXT_MAX + 128];
	struct ending e;

	/* Without a text of its own the server sends the code's sentence. */
	if (strcmp(text, wire_code_str(code)) == 0)
		text = "";
	/* Nothing outside a record is authenticated. */
	snprintf(sentence, sizeof(sentence), "%s%s%s%s",
	    proved ? "" : "unverified reply: ", wire_code_str(code),
	    text[0] == '\0' ? "" : ": ", text);
	e = ending_make(wire_code_again(code), exit_of(code), code, sentence);
	e.told = true;
	e.hint = !proved;
	snprintf(e.word, sizeof(e.word), "%s", word);
	return e;
}

bool ending_may_pass(const struct ending *e)
{
	return e->told && !e->hint &&
	       (e->code == CODE_FULL || e->code == CODE_NAME_TAKEN);
}

struct ending ending_waiting(const struct ending *e)
{
	struct ending w = *e;

	snprintf(w.text, sizeof(w.text), "%.*s; waiting until %s",
	    (int)(sizeof(w.text) - sizeof("; waiting until the name is free")),
	    e->text,
	    e->code == CODE_FULL ? "there is a place" : "the name is free");
	return w;
}

struct ending ending_error(int err, bool authentic)
{
	char text[160];
	struct ending e;

	if (err == ERR_CONFIRM && !authentic)
		return ending_make(false, EXIT_REFUSED, CODE_BAD_PASSWORD,
		    "the password is wrong, or this is the wrong server");
	if (err == ERR_WEAK) {
		/* The challenge that lacks it is not authenticated. */
		e = ending_make(false, EXIT_REFUSED, CODE_WEAK,
		    "the server has no post-quantum key exchange, which "
		    "--require-pq demands: it needs OpenSSL 3.5 or newer");
		e.hint = true;
		return e;
	}
	if (err == ERR_PIN)
		return ending_make(false, EXIT_PIN, CODE_NONE, err_str(err));
	if (err == ERR_SLOW)
		return ending_make(true, EXIT_LOST, CODE_NONE,
		    "the server has stopped reading what this client sends");
	if (!err_is_peer(err))
		return ending_make(true, EXIT_LOST, CODE_NONE, err_str(err));
	snprintf(text, sizeof(text), "%s broke the protocol: %s",
	    authentic || err == ERR_PROOF
		? "the server"
		: "the server, or somebody between you and it,",
	    err_str(err));
	e = ending_make(false, EXIT_PROTOCOL, CODE_PROTOCOL, text);
	e.hint = !authentic && err != ERR_PROOF;
	return e;
}

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

bool ending_honest(const struct ending *e)
{
	return e->again || (e->told && !e->hint);
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

struct ending ending_tls(enum tls_fault fault, const char *why)
{
	struct ending e = ending_make(false,
	    (enum exit_status)((int)EXIT_TLS + (int)fault), CODE_NONE, why);

	if (fault == TLS_FAULT_BUSY)
		return ending_make(true, EXIT_LOST, CODE_TRY_LATER, why);
	/* Anybody on the way can show a bad certificate. */
	e.hint = true;
	snprintf(e.word, sizeof(e.word), "%s", tls_fault_word(fault));
	return e;
}

/* The challenge shows where the server's TLS ends. */
static struct ending channel_wrong(int err)
{
	struct ending e;

	if (err == ERR_CHANNEL)
		e = ending_make(false, EXIT_BETWEEN, CODE_NONE,
		    "somebody stands between you and the server: your TLS "
		    "connection ends at another machine, which has a certificate "
		    "for its name; the password was not shown to it");
	else if (err == ERR_CHANNEL_NONE)
		e = ending_make(false, EXIT_TLS_ENDS, CODE_NONE,
		    "a proxy in front of the server ends TLS, and could read "
		    "and change all that TLS protects: let it pass TCP on "
		    "(conclaved --tls-listen), or connect to conclave:// without "
		    "TLS");
	else
		e = ending_make(false, EXIT_TLS_ENDS, CODE_NONE,
		    "the server is reached through TLS, and you are not: "
		    "connect to conclaves://, or ask who put TLS between");
	e.hint = true;
	snprintf(e.word, sizeof(e.word), "%s",
	    err == ERR_CHANNEL ? "between" : "tls_ends");
	return e;
}

/* Not the room that it was: as bad as another server. */
static struct ending seal_wrong(int err)
{
	struct ending e = ending_make(false, EXIT_PIN, CODE_NONE,
	    err == ERR_UNSEALED
		? "you know this room as sealed, and the server offers one "
		  "without a seal in its place, in which it could read what "
		  "you say: nothing was sent. Ask the others in another way"
		: "the server, or an operator of the room, has set its seal "
		  "back to an older secret, which people may have who were "
		  "removed: nothing was sent. Ask the others in another way");

	snprintf(e.word, sizeof(e.word), "%s",
	    err == ERR_UNSEALED ? "unsealed" : "seal_back");
	return e;
}

struct ending ending_error(int err, bool authentic)
{
	char text[160];
	struct ending e;

	if (err == ERR_CHANNEL || err == ERR_CHANNEL_NONE ||
	    err == ERR_CHANNEL_TLS)
		return channel_wrong(err);

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
	if (err == ERR_UNSEALED || err == ERR_SEAL_BACK)
		return seal_wrong(err);
	if (err == ERR_SEAL)
		return ending_make(false, EXIT_REFUSED, CODE_WRONG_SEAL,
		    wire_code_str(CODE_WRONG_SEAL));
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

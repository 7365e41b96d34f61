/* password_entry.c - asks for a new password, and once more. */
#include "client/ui/password_entry.h"

#include "client/ui/seal_commands.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/os/guess.h"
#include "shared/os/password.h"

void password_entry_init(struct password_entry *e)
{
	e->at = PASSWORD_ENTRY_OFF;
	buf_init_secret(&e->first, WIRE_PASSWORD_MAX);
}

void password_entry_free(struct password_entry *e)
{
	buf_free(&e->first);
}

const char *password_entry_prompt(const struct password_entry *e)
{
	switch (e->at) {
	case PASSWORD_ENTRY_NEW:
		return "New password (not shown; Enter alone: none): ";
	case PASSWORD_ENTRY_AGAIN:
		return "The same again: ";
	case PASSWORD_ENTRY_SEAL:
		return "The room's invite, or its secret (not shown): ";
	default:
		return "";
	}
}

static void end(struct password_entry *e)
{
	e->at = PASSWORD_ENTRY_OFF;
	buf_clear(&e->first);
}

static void set(const struct ui_env *env, const struct buf *pw,
    const struct password_entry_sink *tell)
{
	int r = env->set_password(env->arg, pw);

	if (r == ERR_STATE)
		tell->fn(tell->arg,
		    "the server has not answered to your last new password "
		    "yet");
	else if (r != 0)
		tell->fn(tell->arg, err_str(r));
	else if (pw->len > 0)
		tell->fn(tell->arg, "setting your password ...");
}

void password_entry_begin(struct password_entry *e, const struct ui_env *env,
    const char *text, size_t n, const struct password_entry_sink *tell)
{
	end(e);
	if (n == 4 && memcmp(text, "none", 4) == 0)
		set(env, &e->first, tell);
	else if (n > 0)
		tell->fn(tell->arg,
		    "the password is not typed behind /password: it is asked "
		    "for, and not shown");
	else
		e->at = PASSWORD_ENTRY_NEW;
}

void password_entry_cancel(
    struct password_entry *e, const struct password_entry_sink *tell)
{
	const bool seal = e->at == PASSWORD_ENTRY_SEAL;

	end(e);
	tell->fn(tell->arg, seal ? "nothing is done"
				 : "nothing is done: your password stays as it "
				   "was");
}

void password_entry_seal(struct password_entry *e, const struct chatroom *room)
{
	end(e);
	e->at = PASSWORD_ENTRY_SEAL;
	e->room = room;
}

/* Whether the room takes it is told by its events; or this asks again. */
static void seal_line(struct password_entry *e, const struct ui_env *env,
    const char *line, size_t n, const struct password_entry_sink *tell)
{
	const struct seal_place at = {env->session, e->room, env->uri};
	struct session_room_status st;
	const struct chatroom *room;
	char why[WORDS_MAX];

	if (!seal_give(&at, line, n, why)) {
		tell->fn(tell->arg, why);
		return;
	}
	end(e);
	session_room_status(env->session, e->room, &st);
	/* Out for want of it: in again. */
	if (!st.wanted && st.name[0] != '\0' &&
	    session_join(env->session, st.name, &room) == 0)
		tell->fn(tell->arg, "entering the room with it ...");
	else
		tell->fn(tell->arg, "this is the secret of the room");
}

static void first_line(struct password_entry *e, const char *line, size_t n,
    const struct password_entry_sink *tell)
{
	char sentence[160];
	int r = password_take(&e->first, line, n);

	if (r == 0) {
		guess_words(sentence, sizeof(sentence), &e->first);
		e->at = PASSWORD_ENTRY_AGAIN;
	} else {
		snprintf(sentence, sizeof(sentence),
		    "this is not a password: %s",
		    r == ERR_USAGE ? password_wrong(line, n) : err_str(r));
	}
	tell->fn(tell->arg, sentence);
}

void password_entry_line(struct password_entry *e, const struct ui_env *env,
    const char *line, size_t n, const struct password_entry_sink *tell)
{
	struct buf again;

	if (n == 0) {
		password_entry_cancel(e, tell);
		return;
	}
	if (e->at == PASSWORD_ENTRY_SEAL) {
		seal_line(e, env, line, n, tell);
		return;
	}
	if (e->at == PASSWORD_ENTRY_NEW) {
		first_line(e, line, n, tell);
		return;
	}
	buf_init_secret(&again, WIRE_PASSWORD_MAX);
	if (password_take(&again, line, n) == 0 && again.len == e->first.len &&
	    secret_equal(again.p, e->first.p, again.len)) {
		set(env, &e->first, tell);
		end(e);
	} else {
		tell->fn(
		    tell->arg, "these two differ: once more, from the first");
		e->at = PASSWORD_ENTRY_NEW;
		buf_clear(&e->first);
	}
	buf_free(&again);
}

/* setup_password.c - asks for a password, or twice for a new one. */
#include "client/setup_password.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared/os/errmsg.h"
#include "shared/os/guess.h"
#include "shared/os/password.h"
#include "shared/os/prompt.h"
#include "client/trust/own_accounts.h"
#include "client/trust/servers.h"
#include "shared/wire/text.h"

/* Takes what was typed or given. ERR_USAGE: it cannot be a password. */
static int take(struct buf *out, const struct buf *typed, struct errmsg *why)
{
	int r = password_take(out, (const char *)typed->p, typed->len);

	if (r == ERR_USAGE)
		return errmsg_set(why, r, "this is not a password: %s: %s",
		    password_wrong((const char *)typed->p, typed->len),
		    password_expects);
	return r == 0 ? 0 : errmsg_set(why, r, "%s", err_str(r));
}

/* Asks once, without echo. An empty answer is one, if `empty` is set. */
static int ask(
    struct buf *out, const char *prompt, bool empty, struct errmsg *why)
{
	struct buf b;
	int r;

	/* NFC may shorten the input, but not by much. */
	buf_init_secret(&b, 2 * WIRE_PASSWORD_MAX);
	buf_clear(out);
	r = prompt_secret(&b, prompt, why);
	if (r == ERR_USAGE)
		errmsg_set(why, r,
		    "there is no password and no terminal to ask it on: give "
		    "it in CONCLAVE_PASSWORD or with --password-file");
	else if (r == ERR_LOST)
		errmsg_set(why, r, "no password was entered");
	else if (r == 0 && (b.len > 0 || !empty))
		r = take(out, &b, why);
	buf_free(&b);
	return r;
}

/* The same until the answer can be a password: what somebody types next would
 * otherwise be read, and shown, by the shell. */
static int ask_on(
    struct buf *out, const char *prompt, bool empty, struct errmsg *why)
{
	int r;

	while ((r = ask(out, prompt, empty, why)) == ERR_USAGE &&
	       prompt_possible())
		prompt_say(why->text);
	return r;
}

/* --- the server's --------------------------------------------------------- */

static int ask_gate(const struct setup_password *s, struct client_options *o,
    struct errmsg *why)
{
	char prompt[SERVERS_NAME_MAX + 64];

	if (o->password.len > 0)
		return 0;
	if (o->alone && isatty(STDIN_FILENO))
		prompt_say("The room's password, from whoever invited you; it "
			   "is not shown while you type.");
	snprintf(prompt, sizeof(prompt), "Password of %s: ", s->server);
	return ask_on(&o->password, prompt, false, why);
}

/* --- one's own ------------------------------------------------------------- */

/* With an invite as well, an empty answer means that. */
static int ask_own(
    struct setup_password *s, struct client_options *o, struct errmsg *why)
{
	bool invite = o->server.invite[0] != '\0';
	char prompt[SERVERS_NAME_MAX + WIRE_NAME_MAX + 64];
	int r;

	if (o->password.len > 0)
		return 0;
	if (invite)
		prompt_say("You have a password here. Forgotten? Enter alone "
			   "uses the invite, and you choose a new one.");
	snprintf(prompt, sizeof(prompt), "Password of %s on %s: ", o->name,
	    s->server);
	r = ask_on(&o->password, prompt, invite, why);
	if (r == 0 && o->password.len == 0)
		s->whose = PASSWORD_INVITE;
	return r;
}

/* Twice, until both are the same. */
static int ask_new(struct setup_password *s, struct errmsg *why)
{
	char line[160];
	struct buf again;
	int r;

	snprintf(line, sizeof(line),
	    "Choose a password of your own, to come back with. It never leaves "
	    "this machine. Enter alone: none.");
	prompt_say(line);
	buf_init_secret(&again, WIRE_PASSWORD_MAX);
	for (;;) {
		r = ask(&s->own, "Your new password: ", true, why);
		if (r == 0 && s->own.len == 0)
			break;
		if (r == 0) {
			guess_words(line, sizeof(line), &s->own);
			prompt_say(line);
			r = ask(&again, "The same again: ", false, why);
		}
		if (r == 0 && again.len == s->own.len &&
		    memcmp(again.p, s->own.p, again.len) == 0)
			break;
		if (r == 0)
			prompt_say(
			    "These two differ: once more, from the first.");
		else if (r == ERR_USAGE && prompt_possible())
			prompt_say(why->text);
		else
			break;
	}
	buf_free(&again);
	return r;
}

static const char none[] =
    "you have no password of your own: you come back with the server's "
    "password "
    "or another invite, or set one in the room with /password";

static int enter_by_invite(
    struct setup_password *s, struct client_options *o, struct errmsg *why)
{
	int r = 0;

	if (o->password.len > 0)
		r = buf_put(&s->own, o->password.p, o->password.len);
	else if (prompt_possible())
		r = ask_new(s, why);
	if (r != 0)
		return why->text[0] != '\0'
			   ? r
			   : errmsg_set(why, r, "%s", err_str(r));
	if (s->own.len == 0 && prompt_possible())
		prompt_say(none);
	else if (s->own.len == 0)
		errmsg_print("conclave", none);
	snprintf(s->account, sizeof(s->account), "+%s", o->server.invite);
	buf_clear(&o->password);
	r = buf_put(&o->password, o->server.secret, URI_INVITE_SECRET);
	uri_wipe(&o->server);
	return r == 0 ? 0 : errmsg_set(why, r, "%s", err_str(r));
}

/* -------------------------------------------------------------------------- */

int setup_password(
    struct setup_password *s, struct client_options *o, struct errmsg *why)
{
	size_t i;
	int r = 0;

	why->text[0] = '\0';
	s->whose = o->account;
	if (s->whose == PASSWORD_AUTO)
		s->whose = own_accounts_has(s->own_path, o->name) ? PASSWORD_OWN
			   : o->server.invite[0] != '\0' ? PASSWORD_INVITE
							 : PASSWORD_GATE;
	if (s->whose == PASSWORD_INVITE && o->server.invite[0] == '\0')
		return errmsg_set(why, ERR_USAGE,
		    "--account invite: give an invite of your own, one with "
		    ",i= in it");
	if (s->whose == PASSWORD_OWN && (r = ask_own(s, o, why)) != 0)
		return r;
	if (s->whose == PASSWORD_INVITE)
		return enter_by_invite(s, o, why);
	uri_wipe(&o->server);
	snprintf(s->account, sizeof(s->account), "*");
	if (s->whose == PASSWORD_GATE)
		return ask_gate(s, o, why);
	memset(s->account, 0, sizeof(s->account));
	for (i = 0; o->name[i] != '\0'; i++)
		s->account[i] = text_lower(o->name[i]);
	return 0;
}

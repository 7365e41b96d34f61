/* seal_commands.c - the secrets of sealed rooms, as the user has to do with
 * them. */
#include "client/ui/seal_commands.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/secret.h"
#include "shared/wire/b64.h"
#include "shared/wire/text.h"

bool seal_invite(struct buf *out, const struct seal_place *at)
{
	struct session_room_status room;
	struct session_status link;
	struct uri u = *at->uri;
	bool ok;

	session_status(at->session, &link);
	session_room_status(at->session, at->room, &room);
	u.invite[0] = u.secret[0] = '\0';
	u.has_fingerprint = true;
	memcpy(u.fingerprint, link.server, WIRE_HASH);
	snprintf(u.room, sizeof(u.room), "%s", room.name);
	u.has_seal = session_seal_secret(at->session, at->room, u.seal);
	ok = u.has_seal && uri_build(out, &u) == 0;
	uri_wipe(&u);
	return ok;
}

static void say(const struct account_commands_sink *tell, const char *line)
{
	tell->fn(tell->arg, WORDS_NOTICE, line);
}

static void show_invite(const struct seal_place *at,
    const struct account_commands_sink *tell, const char *before)
{
	struct buf text;

	buf_init_secret(&text, URI_TEXT_MAX);
	if (seal_invite(&text, at) && buf_u8(&text, 0) == 0) {
		say(tell, before);
		say(tell, (const char *)text.p);
	}
	buf_free(&text);
}

/* Alone: how it is. */
static void state(const struct seal_place *at,
    const struct account_commands_sink *tell)
{
	struct session_room_status st;
	char line[WORDS_MAX];

	session_room_status(at->session, at->room, &st);
	if (st.seal == SEAL_NONE) {
		say(tell,
		    "this room is not sealed: the server can read it. A room is "
		    "sealed from its beginning: /new ROOM sealed");
		return;
	}
	if (st.seal == SEAL_OTHER) {
		say(tell,
		    "this room has a secret that you do not have: /seal give "
		    "asks you for it");
		return;
	}
	if (st.seal_number > 0) {
		snprintf(line, sizeof(line),
		    "sealed with secret number %u; /seal new makes another, for "
		    "when somebody has left",
		    st.seal_number);
		say(tell, line);
	}
	show_invite(at, tell,
	    "the invite that holds the secret: whoever has it can read this "
	    "room, so give it to people in private, never through the server:");
}

/* --- handing it over -------------------------------------------------------- */

/* "bob (verified), dave", of those who are so. False: nobody is. */
static bool names_of(char out[WORDS_MAX], const struct session_heir *all,
    size_t n, enum session_heir_how how)
{
	/* Names have no more than WIRE_NAME_MAX bytes; the rest is counted. */
	const size_t limit = WORDS_MAX - 256;
	size_t i, len = 0, more = 0;

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		if (all[i].how != how)
			continue;
		if (len > limit - WIRE_NAME_MAX - 16) {
			more++;
			continue;
		}
		len += (size_t)snprintf(out + len, WORDS_MAX - len, "%s%s%s",
		    len > 0 ? ", " : "", all[i].name,
		    all[i].trust == TRUST_VERIFIED ? " (verified)" : "");
	}
	if (more > 0)
		snprintf(out + len, WORDS_MAX - len, " and %zu more", more);
	return len > 0;
}

static void heirs(
    const struct seal_place *at, const struct account_commands_sink *tell)
{
	static const struct {
		enum session_heir_how how;
		const char *say;
	} lines[] = {
	    {HEIR_READY, "/seal send hands it over, sealed for each of them "
			 "alone, to those who have spoken here"},
	    {HEIR_GONE, "they have left, and get it only if you name them "
			"(/seal send NAME)"},
	    {HEIR_STALE, "they have not spoken here under the last secret, and "
			 "get it only if you name them (/seal send NAME)"},
	    {HEIR_UNPINNED,
		"they cannot get it, because their key is not the one you "
		"know"},
	    {HEIR_REMOVED,
		"they were removed, and do not get it by /seal send"},
	};
	struct session_heir all[SESSION_HEIRS_MAX];
	const size_t n = session_seal_heirs(
	    at->session, at->room, all, SESSION_HEIRS_MAX);
	char names[WORDS_MAX], line[2 * WORDS_MAX];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!names_of(names, all, n, lines[i].how))
			continue;
		snprintf(line, sizeof(line), "%s: %s", lines[i].say, names);
		say(tell, line);
	}
}

static void alert(
    const struct account_commands_sink *tell, const char *name, const char *why)
{
	char line[WORDS_MAX];

	snprintf(line, sizeof(line), "%.*s does not get the room's secret: %s", WIRE_NAME_MAX, name,
	    why);
	tell->fn(tell->arg, WORDS_ALERT, line);
}

static const char *why_not(int err)
{
	return err == ERR_ROOM	  ? "you are not in this room"
	       : err == ERR_STATE ? "the room is not sealed with a secret of yours"
	       : err == ERR_REFUSED
		   ? "this program has no direct messages here: /msg says why"
	       : err == ERR_LIMIT ? "too much waits to be sent"
				  : err_str(err);
}

/* Everybody that it is for at once. */
static void send_all(const struct seal_place *at,
    const struct session_heir *all, size_t n,
    const struct account_commands_sink *tell)
{
	size_t i, sent = 0;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++) {
		if (all[i].how != HEIR_READY)
			continue;
		r = session_seal_send(at->session, at->room, &all[i]);
		if (r != 0)
			alert(tell, all[i].name, why_not(r));
		sent++;
	}
	if (sent == 0)
		tell->fn(tell->arg, WORDS_ALERT,
		    "there is nobody to hand the room's secret to: it goes to "
		    "people who have spoken here under the last one, and have "
		    "not got it yet. Others need the invite (/seal)");
}

/* All devices of that person. */
static void send_one(const struct seal_place *at,
    const struct session_heir *all, size_t n, const char *name,
    const struct account_commands_sink *tell)
{
	const char *why = "they have not spoken here under a secret that you "
			  "have: give them the invite (/seal) in private";
	size_t i;
	int r;

	for (i = 0; i < n; i++) {
		if (!text_same_name(all[i].name, name))
			continue;
		if (all[i].how == HEIR_REMOVED) {
			why = "they were removed from the room: if they are to "
			      "come back, give them the invite (/seal) in private";
			continue;
		}
		if (all[i].how == HEIR_UNPINNED) {
			why = "their key is not the one you know: compare it "
			      "first (/verify)";
			continue;
		}
		r = session_seal_send(at->session, at->room, &all[i]);
		if (r != 0)
			alert(tell, all[i].name, why_not(r));
		why = NULL;
	}
	if (why != NULL)
		alert(tell, name, why);
}

void seal_send(const struct seal_place *at, const char *names, size_t n,
    const struct account_commands_sink *tell)
{
	struct session_heir all[SESSION_HEIRS_MAX];
	const size_t known = session_seal_heirs(
	    at->session, at->room, all, SESSION_HEIRS_MAX);
	char name[WIRE_NAME_MAX + 1];
	bool any = false;
	size_t len;

	for (; n > 0; names += len, n -= len) {
		len = 1;
		if (*names == ' ' || *names == '\t')
			continue;
		while (len < n && names[len] != ' ' && names[len] != '\t')
			len++;
		any = true;
		if (!text_name(names, len)) {
			say(tell, "that is no name: /seal send NAME NAME ...");
			return;
		}
		memcpy(name, names, len);
		name[len] = '\0';
		send_one(at, all, known, name, tell);
	}
	if (!any)
		send_all(at, all, known, tell);
}

static void renew(const struct seal_place *at,
    const struct account_commands_sink *tell)
{
	struct session_room_status st;
	int r;

	session_room_status(at->session, at->room, &st);
	if (st.joined && st.seal != SEAL_NONE && st.role < ROLE_OPERATOR) {
		say(tell, "only operators of the room can change its secret");
		return;
	}
	r = session_seal_renew(at->session, at->room);
	if (r == ERR_ROOM)
		say(tell, "you are not in this room");
	else if (r == ERR_STATE)
		say(tell,
		    st.seal == SEAL_NONE ? "this room is not sealed"
		    : st.seal == SEAL_OTHER
			? "you do not have the secret that the room has now"
			: "a new secret is on its way already");
	else if (r != 0)
		say(tell, err_str(r));
	else
		say(tell, "making a new secret ...");
}

bool seal_command(const struct seal_place *at, const char *text, size_t n,
    const struct account_commands_sink *tell)
{
	struct session_room_status st;

	if (n == 0) {
		state(at, tell);
	} else if (n == 3 && memcmp(text, "new", n) == 0) {
		renew(at, tell);
	} else if (n == 4 && memcmp(text, "give", n) == 0) {
		session_room_status(at->session, at->room, &st);
		if (st.joined && st.seal == SEAL_NONE)
			say(tell, "this room is not sealed");
		else
			return true;
	} else if (n >= 4 && memcmp(text, "send", 4) == 0 &&
		   (n == 4 || text[4] == ' ')) {
		seal_send(at, text + 4, n - 4, tell);
	} else {
		say(tell,
		    "/seal shows the room's invite, /seal new makes a new "
		    "secret, /seal send hands it over, /seal give asks for one; "
		    "a secret is not typed behind /seal");
	}
	return false;
}

void seal_event(const struct seal_place *at, const struct event *e,
    const struct account_commands_sink *tell)
{
	if (strcmp(e->reason, "new") == 0)
		heirs(at, tell);
	if (strcmp(e->reason, "new") == 0)
		show_invite(at, tell,
		    "give this invite to everybody else who is to read the room, "
		    "in private and never through the server; who is here already "
		    "pastes it after /seal give:");
}

static bool refuse(char why[WORDS_MAX], const char *sentence)
{
	snprintf(why, WORDS_MAX, "%s", sentence);
	return false;
}

/* The secret in an invite, or alone. */
static bool read_secret(const struct seal_place *at, const char *line, size_t n,
    uint8_t secret[WIRE_KEY], char why[WORDS_MAX])
{
	struct session_room_status st;
	char text[URI_TEXT_MAX];
	struct uri u;
	bool ok = false;

	while (n > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		n--;
	}
	while (n > 0 && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (b64url_decode32(secret, line, n) == 0)
		return true;
	if (n >= sizeof(text) || memchr(line, '\0', n) != NULL)
		return refuse(why, "that is neither a secret nor an invite");
	memcpy(text, line, n);
	text[n] = '\0';
	session_room_status(at->session, at->room, &st);
	if (uri_parse(&u, text) != 0 || !u.has_seal) {
		(void)refuse(why, "that is neither a secret of 43 characters "
				  "nor an invite that holds one");
	} else if (st.name[0] != '\0' && !text_same_name(u.room, st.name)) {
		snprintf(why, WORDS_MAX, "that is the invite of %s, another room",
		    u.room);
	} else {
		memcpy(secret, u.seal, WIRE_KEY);
		ok = true;
	}
	uri_wipe(&u);
	secret_wipe(text, sizeof(text));
	return ok;
}

bool seal_give(const struct seal_place *at, const char *line, size_t n,
    char why[WORDS_MAX])
{
	uint8_t secret[WIRE_KEY];
	bool ok = read_secret(at, line, n, secret, why);
	int r = ok ? session_seal_give(at->session, at->room, secret) : 0;

	secret_wipe(secret, sizeof(secret));
	if (r == ERR_SEAL)
		return refuse(why, "that is not the secret of this room");
	if (r == ERR_ROOM)
		return refuse(why, "this room is not sealed");
	if (r != 0)
		return refuse(why, err_str(r));
	return ok;
}

bool seal_topic(const struct seal_place *at, uint64_t wall_ms,
    const char *text, size_t n, char why[WORDS_MAX])
{
	int r = session_topic(at->session, at->room, wall_ms, text, n);

	if (r == ERR_ROOM)
		return refuse(why, "you are not in this room");
	if (r == ERR_STATE)
		return refuse(why, "you do not have the secret of this room");
	if (r == ERR_REFUSED)
		return refuse(
		    why, "only operators of the room can set its topic");
	if (r == ERR_TEXT)
		return refuse(why, "a topic has at most 512 bytes of text");
	return r == 0 || refuse(why, err_str(r));
}

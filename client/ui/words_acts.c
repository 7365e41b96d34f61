/* words_acts.c - rooms left, acts, voice, roles and forks as sentences. */
#include "client/ui/words_acts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { UNTIL_MAX = 40, DAY_MS = 86400000 };

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

/* " by NAME", or nothing. */
static const char *by(char *out, size_t size, const char *name)
{
	name = or_empty(name);
	snprintf(out, size, "%s%s", name[0] == '\0' ? "" : " by ", name);
	return out;
}

/* " until 15:00", with the date when that is a day away; or nothing. */
static const char *until(
    char out[UNTIL_MAX], uint64_t ms, const struct words_about *about)
{
	time_t end = (time_t)(ms / 1000);
	bool soon = ms < about->now_ms || ms - about->now_ms < DAY_MS;
	struct tm tm;

	if (ms == 0 || localtime_r(&end, &tm) == NULL ||
	    strftime(out, UNTIL_MAX,
		soon ? " until %H:%M" : " until %Y-%m-%d %H:%M", &tm) == 0)
		out[0] = '\0';
	return out;
}

/* ": TEXT", or nothing. */
static const char *because(char *out, size_t size, const char *text)
{
	text = or_empty(text);
	snprintf(out, size, "%s%s", text[0] == '\0' ? "" : ": ", text);
	return out;
}

void words_failed(
    char *out, const struct event *e, const struct words_about *about)
{
	char why[WIRE_SHORT_TEXT_MAX + 3];
	const char *said = wire_code_str(e->code);

	(void)about;
	/* Without a text of its own the server sends the code's sentence. */
	if (said[0] == '\0')
		said = strcmp(or_empty(e->word), "lost") == 0
			   ? "no answer"
			   : "the server could not do this";
	snprintf(out, WORDS_MAX, "%s%s", said,
	    because(why, sizeof(why),
		strcmp(or_empty(e->text), said) == 0 ? "" : e->text));
}

/* HELD says it of what was held. */
void words_unsaid(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	if (or_empty(e->reason)[0] != '\0')
		snprintf(out, WORDS_MAX, "one of your messages was not sent");
}

void words_left(
    char *out, const struct event *e, const struct words_about *about)
{
	char who[WIRE_NAME_MAX + 5], why[WIRE_SHORT_TEXT_MAX + 3];

	(void)about;
	by(who, sizeof(who), e->by);
	because(why, sizeof(why), e->text);
	switch (e->code) {
	case CODE_QUIT:
		snprintf(out, WORDS_MAX, "you left the room");
		break;
	case CODE_KICKED:
		snprintf(out, WORDS_MAX, "you were removed from the room%s%s",
		    who, why);
		break;
	case CODE_BANNED:
		snprintf(out, WORDS_MAX, "you are banned from the room%s%s",
		    who, why);
		break;
	case CODE_CLOSED:
		snprintf(out, WORDS_MAX, "the room was closed%s%s", who, why);
		break;
	case CODE_WRONG_SEAL:
		snprintf(out, WORDS_MAX,
		    "the room is sealed, and no secret that you have opens it: "
		    "ask somebody who is in it for its invite, then /seal give");
		break;
	default:
		words_failed(out, e, about);
		break;
	}
}

void words_room(
    char *out, const struct event *e, const struct words_about *about)
{
	char keeps[WORDS_MAX];

	(void)about;
	if ((e->changed & (SETTING_HISTORY | SETTING_KEEP_DAYS |
			      SETTING_KEEP_COUNT)) != 0) {
		words_room_keeps(keeps, &e->settings);
		snprintf(out, WORDS_MAX, "%.64s changed the room: %.900s",
		    or_empty(e->by), keeps);
		return;
	}
	if (e->settings.sealed) {
		snprintf(out, WORDS_MAX, "%s changed the room%s",
		    or_empty(e->by), e->changed == 0 ? "'s seal" : "");
		return;
	}
	snprintf(out, WORDS_MAX, "%s changed the room; its topic is%s%s",
	    or_empty(e->by), or_empty(e->text)[0] == '\0' ? " empty" : ": ",
	    or_empty(e->text));
}

/* A secret that somebody hands over, or gets. */
static const char *not_taken(const char *cause)
{
	static const char *const words[][2] = {
	    {"room", "you have no secret of that room"},
	    {"unpinned", "their key is not one that you know"},
	    {"stranger",
		"they have not spoken there under the secret that you have"},
	    {"removed", "they were removed from the room"},
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(cause, words[i][0]) == 0)
			return words[i][1];
	return "it is not newer than yours";
}

static void handing(char *out, const struct event *e)
{
	const char *said = wire_code_str(e->code);

	if (strcmp(e->reason, "sent") == 0)
		snprintf(out, WORDS_MAX,
		    "the room's secret is on its way to %s, sealed for them "
		    "alone",
		    e->who);
	else if (strcmp(e->reason, "taken") == 0)
		snprintf(out, WORDS_MAX,
		    "%s has sent you this room's new secret: you use it from now "
		    "on, and what waited is sent",
		    e->who);
	else if (strcmp(e->reason, "handed") == 0)
		snprintf(out, WORDS_MAX,
		    "%s has sent a new secret for %s: it is used once that room "
		    "has it",
		    e->who, e->word);
	else if (strcmp(e->reason, "ignored") == 0)
		snprintf(out, WORDS_MAX,
		    "a secret for %s that %s has sent is not taken: %s", e->word,
		    e->who, not_taken(e->by));
	else
		snprintf(out, WORDS_MAX,
		    "%s does not get the room's secret: %.900s", e->who,
		    said[0] != '\0' ? said : or_empty(e->text));
}

void words_seal(
    char *out, const struct event *e, const struct words_about *about)
{
	char why[WORDS_MAX];

	if (strcmp(e->reason, "new") == 0)
		snprintf(out, WORDS_MAX,
		    "this room is sealed with your new secret: the server cannot "
		    "read what is said here, nor can whoever has only an older "
		    "one");
	else if (strcmp(e->reason, "other") == 0)
		snprintf(out, WORDS_MAX,
		    "somebody has given this room a new secret, which you do not "
		    "have: people who have it can send it to you (/seal send), or "
		    "get its invite, then /seal give. Nothing of yours is sent "
		    "here until then");
	else if (strcmp(e->reason, "ours") == 0)
		snprintf(out, WORDS_MAX,
		    "you have the room's secret: what waited is sent");
	else if (strcmp(e->reason, "refused") == 0) {
		words_failed(why, e, about);
		snprintf(out, WORDS_MAX,
		    "the room's secret stays as it was: %.900s", why);
	} else {
		handing(out, e);
	}
}

void words_topic_set(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "%s %s the topic%s%.*s",
	    e->own && !e->past ? "you" : e->person->name,
	    e->text_len == 0 ? "took away" : "set", e->text_len == 0 ? "" : ": ",
	    (int)e->text_len, e->text);
}

static const char *act_words(const struct event *e)
{
	switch (e->act) {
	case ACT_KICK:
		return "removed";
	case ACT_BAN:
		return "banned";
	case ACT_UNBAN:
		return "lifted the ban of";
	case ACT_MUTE:
		return "muted";
	case ACT_UNMUTE:
		return "unmuted";
	case ACT_INVITE:
		return "invited";
	case ACT_UNINVITE:
		return "took back the invitation of";
	default:
		return NULL;
	}
}

void words_act(
    char *out, const struct event *e, const struct words_about *about)
{
	char why[WIRE_SHORT_TEXT_MAX + 3], end[UNTIL_MAX];
	const char *where = e->server ? " on the whole server" : "";
	const char *did = act_words(e);

	because(why, sizeof(why), e->text);
	if (e->act == ACT_ROLE)
		snprintf(out, WORDS_MAX, "%s made %s %s %s%s%s",
		    or_empty(e->by), or_empty(e->who),
		    e->role == ROLE_OWNER || e->role == ROLE_OPERATOR ? "an"
								      : "a",
		    role_word(e->role), where, why);
	else if (did != NULL)
		snprintf(out, WORDS_MAX, "%s %s %s%s%s%s", or_empty(e->by), did,
		    or_empty(e->who), where, until(end, e->until_ms, about),
		    why);
}

void words_voice(
    char *out, const struct event *e, const struct words_about *about)
{
	char who[WIRE_NAME_MAX + 5], end[UNTIL_MAX];

	if (e->may)
		snprintf(out, WORDS_MAX, "you may speak here again");
	else
		snprintf(out, WORDS_MAX, "you are muted%s%s",
		    until(end, e->until_ms, about),
		    by(who, sizeof(who), e->by));
}

/* "server" is nobody's name: the server itself. */
static bool is_server(const struct event *e)
{
	return strcmp(e->person->name, "server") == 0;
}

void words_fork(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	if (is_server(e)) {
		snprintf(out, WORDS_MAX,
		    "WARNING: the server has signed another conversation in "
		    "this room than it shows you, up to entry %" PRIu64
		    ". It lies to you or to others. Compare in another way "
		    "what you see",
		    e->offset);
		return;
	}
	snprintf(out, WORDS_MAX,
	    "WARNING: %s sees a different conversation in this room than you, "
	    "up to entry %" PRIu64 ". Either the server shows you two "
	    "different logs, or %s's client lies. Compare in another way what "
	    "you see",
	    e->person->name, e->offset, e->person->name);
}

void words_keeps(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "%s %s a transcript of %s", e->person->name,
	    e->may ? "keeps" : "no longer keeps",
	    event_direct(e) ? "what you say to each other" : "this room");
}

void words_receipt(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	/* Nobody here has asked for the rest. */
	if (e->may)
		snprintf(out, WORDS_MAX,
		    "%s%s has signed the log of this room, as you have it, up "
		    "to entry %" PRIu64,
		    is_server(e) ? "the " : "", e->person->name, e->offset);
}

void words_transcript(
    char *out, const struct event *e, const struct words_about *about)
{
	const bool direct = e->reason != NULL && e->reason[0] != '\0';

	(void)about;
	if (e->may)
		snprintf(out, WORDS_MAX,
		    "a transcript of %s is written to %.*s",
		    direct ? "direct messages" : "every room",
		    e->text_len < WORDS_MAX ? (int)e->text_len : WORDS_MAX,
		    e->text);
	else
		snprintf(out, WORDS_MAX, "no transcript%s is written any more",
		    direct ? " of direct messages" : "");
}

void words_role(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "your role on the server is now: %s",
	    role_word(e->role));
}

void words_history(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	if (e->code != CODE_NONE || (e->word != NULL && e->word[0] != '\0'))
		snprintf(out, WORDS_MAX,
		    "%s cannot be read now: %s",
		    e->req != 0 ? "what is older"
				: "what was said while you were away",
		    e->text_len > 0 ? e->text : wire_code_str(e->code));
	else if (e->req != 0)
		snprintf(out, WORDS_MAX, "%s",
		    e->reason[0] != '\0' ? words_history_end(e->reason) : "");
	else if (e->count > 0)
		snprintf(out, WORDS_MAX,
		    "%" PRIu64 " message%s from while you were away, above",
		    e->count, e->count == 1 ? "" : "s");
}

void words_purge(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "%s purged a message", or_empty(e->by));
}

void words_gone(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	if (or_empty(e->by)[0] != '\0')
		snprintf(out, WORDS_MAX, "a message, purged by %s", e->by);
	else
		snprintf(out, WORDS_MAX,
		    "a message that is not given to you: it was purged, or is "
		    "of before you came");
}

void words_rewritten(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)e;
	(void)about;
	snprintf(out, WORDS_MAX,
	    "WARNING: the server's log of this room is not the one that you "
	    "have read. Either it was restored from an old backup, or the "
	    "server lies. Ask its owner which it is");
}

void words_storage(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "%s",
	    e->may ? "the server can keep messages again"
		   : "the server cannot keep messages at present: what you "
		     "say waits until it can, and nothing is lost");
}

/* words.c - the sentences: one row of the table for each type of event. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/wire/b64.h"
#include "shared/wire/text.h"
#include "client/ui/words.h"
#include "client/ui/words_files.h"
#include "shared/os/exit.h"

/* Of people in a sentence; the others are counted. */
enum { NAMES_SHOWN = 4 };

static const char *name_of(const struct event *e)
{
	return e->person != NULL ? e->person->name : "somebody";
}

static const char *reason_of(const struct event *e)
{
	return e->reason != NULL ? e->reason : "";
}

static size_t text_len(const struct event *e)
{
	if (e->text == NULL)
		return 0;
	return e->text_len > 0 ? e->text_len : strlen(e->text);
}

/* Arguments for "%.*s". */
#define TEXT(e) (int)text_len(e), (e)->text != NULL ? (e)->text : ""

static unsigned seconds(uint32_t ms)
{
	return (unsigned)(((uint64_t)ms + 999) / 1000);
}

/* --- one function for each type of event ---------------------------------- */

static void connecting(
    char *out, const struct event *e, const struct words_about *about)
{
	if (e->attempt <= 1)
		snprintf(out, WORDS_MAX, "connecting to %s", about->server);
}

static void connected(
    char *out, const struct event *e, const struct words_about *about)
{
	static const char *const how[] = {
	    [WORDS_INVITE_OTHERS] = "operators can invite people",
	    [WORDS_INVITE_NAME] = "/invite NAME lets NAME in",
	    [WORDS_INVITE_NEW] = "/invite makes an invite",
	};
	char others[96];

	if (about->people > 1)
		snprintf(others, sizeof(others), "%zu people", about->people);
	else if (about->again)
		snprintf(others, sizeof(others), "nobody else is here");
	else
		snprintf(others, sizeof(others), "nobody else is here yet; %s",
		    how[about->invite]);
	snprintf(out, WORDS_MAX, "%s %s on %s as %s: %s",
	    about->again ? "back in" : "you are in",
	    e->room_name != NULL ? e->room_name : "", about->server,
	    about->name, others);
}

static void came_or_went(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "%s %s", name_of(e), words_came_or_went(e));
}

static void epoch(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	words_epoch(out, WORDS_MAX, e->epoch, words_epoch_reason(reason_of(e)));
}

static void missing(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX,
	    "%llu message%s from %s %s missing: the server did not deliver %s",
	    (unsigned long long)e->count, e->count == 1 ? "" : "s", name_of(e),
	    e->count == 1 ? "is" : "are", e->count == 1 ? "it" : "them");
}

/* The key is known, by a certificate of which there is no good one any more. */
static void lapsed(char *out, const struct person *p)
{
	snprintf(out, WORDS_MAX,
	    "WARNING: %s had a certificate before, and now %s. It may be somebody "
	    "who has stolen %s's key. Call %s: /verify %s compares the key, "
	    "/trust %s accepts it without a certificate",
	    p->name,
	    certifier_str(p->certified == CERTIFIED_BAD ? p->fault
							: CERTIFIER_MISSING),
	    p->name, p->name, p->name, p->name);
}

/* What a good certificate says, the lists of people show. */
static void certified(
    char *out, const struct event *e, const struct words_about *about)
{
	const struct person *p = e->person;
	char fp[B64URL_32 + 1];

	(void)about;
	if (p == NULL)
		return;
	b64url_encode32(fp, p->fingerprint);
	if (p->certified == CERTIFIED_GOOD && e->reason[0] != '\0')
		snprintf(out, WORDS_MAX,
		    "%s has another key than before, and a certificate for it "
		    "from a CA that you trust (--ca). The key is %s",
		    p->name, fp);
	else if (p->lapsed)
		lapsed(out, p);
	else if (p->fault == CERTIFIER_REVOKED)
		snprintf(out, WORDS_MAX,
		    "WARNING: %s comes with a certificate that was revoked: %s's "
		    "key may be stolen. /whois %s shows it",
		    p->name, p->name, p->name);
}

static void changed(
    char *out, const struct event *e, const struct words_about *about)
{
	const struct person *p = e->person;
	char fp[B64URL_32 + 1];

	if (p == NULL)
		return;
	b64url_encode32(fp, p->fingerprint);
	if (p->lapsed) {
		lapsed(out, p);
		return;
	}
	if (about->name != NULL && text_same_name(p->name, about->name)) {
		snprintf(out, WORDS_MAX,
		    "WARNING: somebody is here under your name with another "
		    "key: a device of yours, or somebody else. If it is yours, "
		    "/trust %s accepts it; if not, /devices shows yours and "
		    "/forget-device removes one. The key is %s",
		    p->name, fp);
		return;
	}
	snprintf(out, WORDS_MAX,
	    "WARNING: %s's key has changed%s. It may be a new computer, or "
	    "somebody else. Call %s: /verify %s compares the new key, /trust "
	    "%s accepts it. Until then %s's messages are marked. The new key "
	    "is %s",
	    p->name,
	    about->was_verified ? "; you had verified the old one" : "",
	    p->name, p->name, p->name, p->name, fp);
}

static void dropped(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "dropped something sent as %s: %s", name_of(e),
	    reason_of(e));
}

/* An error without a code of the protocol is our own. */
static void error(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "%s%.*s",
	    e->code == CODE_NONE ? "" : "the server says: ", TEXT(e));
}

static void rtt(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	snprintf(out, WORDS_MAX, "the server answers in %lu ms",
	    (unsigned long)e->rtt_ms);
}

/* "carol", "carol and dave", "carol, dave and 3 more", from the names of an
 * EVENT_HELD. */
static void people_of(char *out, size_t size, const struct event *e)
{
	const char *p = e->text, *end = p + text_len(e), *nl;
	uint64_t left = e->people;
	size_t at = 0, n;
	int shown = 0, w;

	out[0] = '\0';
	for (; p < end && shown < NAMES_SHOWN && at < size; shown++, left--) {
		nl = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((nl != NULL ? nl : end) - p);
		w = snprintf(out + at, size - at, "%s%.*s",
		    shown == 0	? ""
		    : left == 1 ? " and "
				: ", ",
		    (int)n, p);
		at += w > 0 ? (size_t)w : 0;
		p += n + (nl != NULL);
	}
	if (left > 0 && at < size)
		snprintf(out + at, size - at, "%s%llu more",
		    shown > 0 ? " and " : "", (unsigned long long)left);
}

static void held(
    char *out, const struct event *e, const struct words_about *about)
{
	bool one = e->count == 1;
	char people[NAMES_SHOWN * (WIRE_NAME_MAX + 8) + 32];

	(void)about;
	people_of(people, sizeof(people), e);
	if (strcmp(reason_of(e), "ask") == 0)
		snprintf(out, WORDS_MAX,
		    "%llu of your messages %s held: %s %s not here when you "
		    "wrote %s. /send sends %s, /drop drops %s; what you write "
		    "meanwhile waits",
		    (unsigned long long)e->count, one ? "is" : "are", people,
		    e->people == 1 ? "was" : "were", one ? "it" : "them",
		    one ? "it" : "them", one ? "it" : "them");
	else if (strcmp(reason_of(e), "drop") == 0)
		snprintf(out, WORDS_MAX,
		    "%llu of your messages %s dropped: %s %s not here when you "
		    "wrote %s",
		    (unsigned long long)e->count, one ? "is" : "are", people,
		    e->people == 1 ? "was" : "were", one ? "it" : "them");
	else if (strcmp(reason_of(e), "send") == 0)
		snprintf(out, WORDS_MAX,
		    "sending %llu held message%s, also to %s",
		    (unsigned long long)e->count, one ? "" : "s", people);
	else
		snprintf(out, WORDS_MAX,
		    "sending %llu held message%s: everybody here was here when "
		    "you wrote %s",
		    (unsigned long long)e->count, one ? "" : "s",
		    one ? "it" : "them");
}

/* What somebody did to a message, in the past, and in the infinitive. */
static const char *const changes[][2] = {
    [EVENT_EDIT] = {"edited", "edit"},
    [EVENT_DELETE] = {"deleted", "delete"},
    [EVENT_REACT] = {"reacted to", "react to"},
};

static void refused(
    char *out, const struct event *e, const struct words_about *about)
{
	(void)about;
	if (strcmp(reason_of(e), "not_theirs") == 0)
		snprintf(out, WORDS_MAX,
		    "%s tried to %s somebody else's message: nothing has "
		    "changed",
		    name_of(e), changes[e->tried][1]);
	else
		snprintf(out, WORDS_MAX, "%s %s a message that is not here",
		    name_of(e), changes[e->tried][0]);
}

static void reconnect(
    char *out, const struct event *e, const struct words_about *about)
{
	const char *why = reason_of(e);
	const size_t n = strlen(why);

	(void)about;
	/* It may be the server's own sentence. */
	snprintf(out, WORDS_MAX, "not connected: %.*s; trying again in %u s",
	    (int)(n > 0 && why[n - 1] == '.' ? n - 1 : n), why,
	    seconds(e->wait_ms));
}

/* Its key is as loud as any changed one when it appears; only the user can say
 * whether a new device of their own is theirs. */
static void device(
    char *out, const struct event *e, const struct words_about *about)
{
	char fp[B64URL_32 + 1], since[32] = "";
	time_t t = (time_t)e->device_s;
	struct tm tm;

	(void)about;
	b64url_encode32(fp, e->device);
	if (e->device_s > 0 && e->device_s < UINT64_C(1) << 40 &&
	    localtime_r(&t, &tm) != NULL)
		(void)strftime(
		    since, sizeof(since), " since %Y-%m-%d %H:%M", &tm);
	if (e->room != NULL)
		snprintf(out, WORDS_MAX,
		    "%s has another device, the server says; its key is %s",
		    e->who, fp);
	else
		snprintf(out, WORDS_MAX,
		    "WARNING: your account has another device%s, with the key "
		    "%s. If it is not yours: /forget-device %.8s, then "
		    "/password",
		    since, fp, fp);
}

static void closed(
    char *out, const struct event *e, const struct words_about *about)
{
	snprintf(out, WORDS_MAX, "%s %s%s%.*s",
	    about->again ? "disconnected from" : "not connected to",
	    about->server, text_len(e) > 0 ? ": " : "", TEXT(e));
}

static const struct row {
	enum words_weight weight;
	/* Leaves `out` empty when there is nothing to say. NULL: never. */
	void (*say)(
	    char *out, const struct event *e, const struct words_about *about);
} table[] = {
    [EVENT_CONNECTING] = {WORDS_NOTICE, connecting},
    [EVENT_CONNECTED] = {WORDS_NOTICE, connected},
    [EVENT_MESSAGE] = {WORDS_NOTICE, NULL},
    [EVENT_EDIT] = {WORDS_NOTICE, NULL},
    [EVENT_DELETE] = {WORDS_NOTICE, NULL},
    [EVENT_REACT] = {WORDS_NOTICE, NULL},
    [EVENT_FILE] = {WORDS_NOTICE, words_file},
    [EVENT_PROGRESS] = {WORDS_NOTICE, NULL},
    [EVENT_FILE_DONE] = {WORDS_ALERT, words_file},
    [EVENT_REFUSED] = {WORDS_NOTICE, refused},
    [EVENT_SENT] = {WORDS_NOTICE, NULL},
    [EVENT_JOIN] = {WORDS_NOTICE, came_or_went},
    [EVENT_LEAVE] = {WORDS_NOTICE, came_or_went},
    [EVENT_EPOCH] = {WORDS_NOTICE, epoch},
    [EVENT_MISSING] = {WORDS_ALERT, missing},
    [EVENT_CHANGED] = {WORDS_ALERT, changed},
    [EVENT_CERTIFIED] = {WORDS_ALERT, certified},
    [EVENT_DROPPED] = {WORDS_ALERT, dropped},
    [EVENT_ERROR] = {WORDS_ALERT, error},
    [EVENT_RTT] = {WORDS_NOTICE, rtt},
    [EVENT_HELD] = {WORDS_ALERT, held},
    [EVENT_UNSAID] = {WORDS_ALERT, words_unsaid},
    [EVENT_RECONNECT] = {WORDS_NOTICE, reconnect},
    [EVENT_DONE] = {WORDS_NOTICE, NULL},
    [EVENT_FAILED] = {WORDS_ALERT, words_failed},
    [EVENT_ROOMS] = {WORDS_NOTICE, NULL},
    [EVENT_LEFT] = {WORDS_ALERT, words_left},
    [EVENT_ROOM] = {WORDS_NOTICE, words_room},
    [EVENT_ACT] = {WORDS_NOTICE, words_act},
    [EVENT_VOICE] = {WORDS_ALERT, words_voice},
    [EVENT_FORK] = {WORDS_ALERT, words_fork},
    [EVENT_ROLE] = {WORDS_NOTICE, words_role},
    [EVENT_HISTORY] = {WORDS_NOTICE, words_history},
    [EVENT_PURGE] = {WORDS_NOTICE, words_purge},
    [EVENT_GONE] = {WORDS_NOTICE, words_gone},
    [EVENT_REWRITTEN] = {WORDS_ALERT, words_rewritten},
    [EVENT_KEEPS] = {WORDS_NOTICE, words_keeps},
    [EVENT_TRANSCRIPT] = {WORDS_NOTICE, words_transcript},
    [EVENT_RECEIPT] = {WORDS_NOTICE, words_receipt},
    [EVENT_ENTRY] = {WORDS_NOTICE, NULL},
    [EVENT_STORAGE] = {WORDS_ALERT, words_storage},
    [EVENT_SEAL] = {WORDS_ALERT, words_seal},
    [EVENT_TOPIC] = {WORDS_NOTICE, words_topic_set},
    [EVENT_DEVICE] = {WORDS_ALERT, device},
    [EVENT_DEVICES] = {WORDS_NOTICE, NULL},
    [EVENT_INVITES] = {WORDS_NOTICE, NULL},
    [EVENT_DELIVERED] = {WORDS_NOTICE, NULL},
    [EVENT_BLOCKS] = {WORDS_NOTICE, NULL},
    [EVENT_CLOSED] = {WORDS_ALERT, closed},
};

enum words_weight words_weight(const struct event *e)
{
	if (e->type == EVENT_FILE_DONE && e->word[0] == '\0')
		return WORDS_NOTICE;
	if (e->type == EVENT_SEAL && strcmp(reason_of(e), "sent") == 0)
		return WORDS_NOTICE;
	return table[e->type].weight;
}

bool words_event(
    char out[WORDS_MAX], const struct event *e, const struct words_about *about)
{
	out[0] = '\0';
	if (table[e->type].say != NULL)
		table[e->type].say(out, e, about);
	return out[0] != '\0';
}

/* --- parts ---------------------------------------------------------------- */

const char *words_came_or_went(const struct event *e)
{
	if (e->type == EVENT_JOIN)
		return e->people > 0 ? "joined from another place" : "joined";
	if (strcmp(reason_of(e), "kick") == 0)
		return "was removed from the room";
	return e->people > 0 ? "left from one place, and is still here"
			     : "left";
}

const char *words_epoch_reason(const char *reason)
{
	static const char *const words[][2] = {
	    {"join", "somebody joined"},
	    {"leave", "somebody left"},
	    {"kick", "somebody was removed"},
	    {"timer", "it is changed regularly"},
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(reason, words[i][0]) == 0)
			return words[i][1];
	return "";
}

void words_epoch(char *out, size_t size, uint32_t epoch, const char *why)
{
	snprintf(out, size, "new group key %lu%s%s", (unsigned long)epoch,
	    why[0] != '\0' ? ": " : "", why);
}

const char *words_not_json(const char *line, size_t n)
{
	if (text_utf16(line, n))
		return "the input is UTF-16 text: it has to be UTF-8";
	if (memchr(line, '\0', n) != NULL ||
	    memmem(line, n, "\\u0000", 6) != NULL)
		return "there is a zero byte in a line: take that out";
	if (!text_utf8(line, n))
		return "a line is not UTF-8, but in some other encoding";
	return "a line is not one JSON object";
}

bool words_clock(
    char *out, size_t size, const char *name, uint64_t ts_ms, uint64_t now_ms)
{
	uint64_t off = now_ms > ts_ms ? now_ms - ts_ms : ts_ms - now_ms;
	uint64_t minutes = off / 60000;

	if (off <= WORDS_CLOCK_SLACK_MS)
		return false;
	snprintf(out, size,
	    "the message from %s is dated %llu %s %s this computer's clock. "
	    "Check your clock with `date`; if it is right, %s's clock is "
	    "wrong, or somebody is replaying old messages",
	    name,
	    (unsigned long long)(minutes < 120	  ? minutes
				 : minutes < 2880 ? minutes / 60
						  : minutes / 1440),
	    minutes < 120    ? "minutes"
	    : minutes < 2880 ? "hours"
			     : "days",
	    now_ms > ts_ms ? "before" : "after", name);
	return true;
}

const char *words_trust_note(enum trust trust)
{
	static const char *const notes[] = {[TRUST_NEW] = "",
	    [TRUST_SEEN] = "",
	    [TRUST_CERTIFIED] = " certified",
	    [TRUST_VERIFIED] = " verified",
	    [TRUST_CHANGED] = " KEY CHANGED"};

	return notes[trust];
}

const char *words_trust(enum trust trust)
{
	static const char *const words[] = {[TRUST_NEW] = "new",
	    [TRUST_SEEN] = "seen",
	    [TRUST_CERTIFIED] = "certified",
	    [TRUST_VERIFIED] = "verified",
	    [TRUST_CHANGED] = "changed"};

	return words[trust];
}

const char *words_advice(enum wire_code code, const char *account)
{
	switch (code) {
	case CODE_BAD_NAME:
	case CODE_NAME_TAKEN:
		return "choose another with --name";
	case CODE_FULL:
		return "try again later, or ask its owner for more room";
	case CODE_BANNED:
	case CODE_KICKED:
		return "ask its owner";
	case CODE_NO_ROOM:
		return "check the invite, or --room";
	case CODE_TRY_LATER:
		return "try again in a minute";
	case CODE_PROTOCOL:
	case CODE_BAD_CARD:
		return "it may be of another version, or no conclaved at all";
	case CODE_REPLACED:
		return "only the newest connection of an identity stays";
	case CODE_SHUTDOWN:
	case CODE_TIMEOUT:
		return "try again later";
	case CODE_SLOW:
		return "read its output faster, or try again";
	case CODE_BAD_PASSWORD:
		if (account[0] == '+')
			return "the invite is used up, has ended or was taken "
			       "back: ask for another one";
		if (account[0] != '*')
			return "it asks for the password of your own account; "
			       "if that is forgotten, the server's owner makes "
			       "an invite back into it (conclavectl password "
			       "NAME); --account gate proves the server's "
			       "password instead";
		return "check both and try again";
	case CODE_NO_ACCOUNT:
		return "ask its owner for an invite";
	default:
		return NULL;
	}
}

const char *words_code(const struct event *e)
{
	static const char *const words[EXIT_STATUSES] = {[EXIT_DONE] = "quit",
	    [EXIT_FAILED] = "output",
	    [EXIT_LOST] = "lost",
	    [EXIT_REFUSED] = "refused",
	    [EXIT_PIN] = "pin",
	    [EXIT_PROTOCOL] = "protocol",
	    [EXIT_UNSENT] = "unsent"};

	if (e->word != NULL && e->word[0] != '\0')
		return e->word;
	if (wire_code_word(e->code)[0] != '\0')
		return wire_code_word(e->code);
	if (e->type != EVENT_CLOSED || words[e->exit_status] == NULL)
		return "error";
	return words[e->exit_status];
}

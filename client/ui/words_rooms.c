/* words_rooms.c - labels of rooms, rows of lists, and the marks of people. */
#include "client/ui/words_rooms.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* We were not let in for want of its secret: what the server says is all that we
 * know, and nothing is said there. */
static bool shut(const struct session_room_status *r)
{
	return r->seal == SEAL_NONE && !r->joined && r->settings.sealed;
}

const char *words_room_reads(const struct session_room_status *r)
{
	return r->seal == SEAL_OTHER || shut(r) ? "sealed: /seal give"
	       : r->seal == SEAL_NONE		? "server can read"
						: "sealed";
}

const char *words_room_reads_short(const struct session_room_status *r)
{
	return r->seal == SEAL_NONE && !shut(r) ? "server reads" : "sealed";
}

const char *words_no_room(const char *text, size_t n)
{
	static const char scheme[] = "conclave";

	if (n >= sizeof(scheme) - 1 &&
	    memcmp(text, scheme, sizeof(scheme) - 1) == 0 &&
	    memchr(text, '/', n) != NULL)
		return "that is an invite, not the name of a room: /join ROOM "
		       "goes to a room of this server, and where that is sealed, "
		       "/seal give asks for the invite; an invite to another "
		       "server is for the start of conclave";
	return "that is no name of a room: 1 to 32 letters, digits and ._-, of "
	       "which the first is a letter or digit";
}

enum words_invite words_invite(
    const struct session_status *s, const struct session_room_status *r)
{
	if (s->role >= ROLE_OPERATOR)
		return WORDS_INVITE_NEW;
	return r->role >= ROLE_OPERATOR && r->settings.invited
		   ? WORDS_INVITE_NAME
		   : WORDS_INVITE_OTHERS;
}

void words_topic(char out[WORDS_MAX], const struct session_room_status *r)
{
	if (r->seal != SEAL_NONE && r->topic[0] == '\0')
		snprintf(out, WORDS_MAX, "there is no topic");
	else if (r->seal != SEAL_NONE)
		snprintf(out, WORDS_MAX,
		    "topic: %s (sealed: the server cannot read this)", r->topic);
	else if (r->topic[0] == '\0')
		snprintf(out, WORDS_MAX,
		    "there is no topic; the server can read this");
	else
		snprintf(out, WORDS_MAX,
		    "topic: %s (the server can read this)", r->topic);
}

void words_room_kept(char out[WORDS_KEPT_MAX], const struct room_settings *s)
{
	if (s->history == HISTORY_NONE)
		snprintf(out, WORDS_KEPT_MAX, "kept nothing");
	else if (s->keep_days > 0)
		snprintf(out, WORDS_KEPT_MAX, "kept %" PRIu32 " day%s",
		    s->keep_days, s->keep_days == 1 ? "" : "s");
	else if (s->keep_count > 0)
		snprintf(out, WORDS_KEPT_MAX, "kept %" PRIu32 " message%s",
		    s->keep_count, s->keep_count == 1 ? "" : "s");
	else
		snprintf(out, WORDS_KEPT_MAX, "kept for good");
}

void words_room_kept_short(
    char out[WORDS_KEPT_MAX], const struct session_room_status *r)
{
	const struct room_settings *s = &r->settings;

	if (!r->known)
		out[0] = '\0';
	else if (s->history == HISTORY_NONE)
		snprintf(out, WORDS_KEPT_MAX, "not kept");
	else if (s->keep_days > 0)
		snprintf(out, WORDS_KEPT_MAX, "%" PRIu32 " d kept", s->keep_days);
	else if (s->keep_count > 0)
		snprintf(out, WORDS_KEPT_MAX, "%" PRIu32 " kept", s->keep_count);
	else
		snprintf(out, WORDS_KEPT_MAX, "all kept");
}

/* "100,000" */
static void grouped(char *out, size_t size, uint32_t n)
{
	if (n >= 1000000)
		snprintf(out, size, "%u,%03u,%03u", n / 1000000,
		    n / 1000 % 1000, n % 1000);
	else if (n >= 1000)
		snprintf(out, size, "%u,%03u", n / 1000, n % 1000);
	else
		snprintf(out, size, "%u", n);
}

void words_room_keeps(char out[WORDS_MAX], const struct room_settings *s)
{
	char days[48] = "for good", count[48] = "", n[24];

	if (s->history == HISTORY_NONE) {
		snprintf(out, WORDS_MAX,
		    "the server does not keep what is said here");
		return;
	}
	if (s->keep_days > 0)
		snprintf(days, sizeof(days), "for %" PRIu32 " day%s",
		    s->keep_days, s->keep_days == 1 ? "" : "s");
	grouped(n, sizeof(n), s->keep_count);
	if (s->keep_count > 0)
		snprintf(count, sizeof(count), ", at most %s messages", n);
	snprintf(out, WORDS_MAX,
	    "the server keeps what is said here %s%s; %s can read it later",
	    days, count,
	    s->history == HISTORY_ALL ? "everybody who enters"
				      : "those who were members then");
}

const char *words_history_end(const char *reason)
{
	return strcmp(reason, "since") == 0
		   ? "you may read no further: you were not a member before"
		   : "the beginning of what is kept";
}

const char words_history_full[] =
    "this is as far back as the screen shows; --plain and --json read on";

void words_room_row(
    char out[WORDS_MAX], const struct room_info *r, bool sealed)
{
	char kept[WORDS_KEPT_MAX];
	const char *reads = sealed && r->settings.sealed ? "sealed"
			    : sealed ? "NOT SEALED any more: do not enter it"
			    : r->settings.sealed
				? "sealed, as the server says"
				: "server can read";

	words_room_kept(kept, &r->settings);
	snprintf(out, WORDS_MAX, "%s: %" PRIu64 " %s%s; %s, %s%s%s%s", r->name,
	    r->people, r->people == 1 ? "person" : "people",
	    r->mine ? ", yours" : "", reads, kept,
	    r->settings.invited ? "; for the invited" : "",
	    r->topic[0] != '\0' && !r->settings.sealed ? "; topic: " : "",
	    r->settings.sealed ? "" : r->topic);
}

bool words_room_state(char out[WORDS_MAX],
    const struct session_room_status *room, const struct session_status *link,
    const char *server, size_t i)
{
	char kept[WORDS_KEPT_MAX], answers[64] = "";

	words_room_kept(kept, &room->settings);
	switch (i) {
	case 0:
		if (link->rtt_ms != UINT32_MAX)
			snprintf(answers, sizeof(answers),
			    ", which answers in %" PRIu32 " ms", link->rtt_ms);
		snprintf(out, WORDS_MAX, "%s on %s%s: %s, %s",
		    room->name[0] != '\0' ? room->name : "this room", server, answers,
		    words_room_reads(room), kept);
		return true;
	case 1:
		if (!room->joined)
			snprintf(out, WORDS_MAX, "there is no group key yet");
		else
			snprintf(out, WORDS_MAX,
			    "group key %" PRIu32
			    ", AES-256-GCM; the link to the server is %s",
			    room->epoch, exchange_word(link->exchange));
		return true;
	case 2:
		if (!room->joined || room->others == 0)
			return false;
		snprintf(out, WORDS_MAX,
		    "you have verified %zu of %zu others; /verify NAME compares "
		    "a key",
		    room->verified, room->others);
		return true;
	default:
		return false;
	}
}

void words_muted(char *out, size_t size, uint64_t until_ms, uint64_t now_ms)
{
	time_t s = (time_t)(until_ms / 1000);
	char when[32] = "";
	struct tm tm;

	if (until_ms == 0 || localtime_r(&s, &tm) == NULL ||
	    strftime(when, sizeof(when),
		until_ms > now_ms && until_ms - now_ms >= 86400000
		    ? " until %Y-%m-%d"
		    : " until %H:%M",
		&tm) == 0)
		when[0] = '\0';
	snprintf(out, size, "MUTED%s", when);
}

const char *words_person_mark(const struct person *p)
{
	if (!p->voice)
		return "muted";
	switch (p->role) {
	case ROLE_OWNER:
		return "owner";
	case ROLE_OPERATOR:
		return "op";
	case ROLE_GUEST:
		return "guest";
	default:
		return "";
	}
}

const char *words_person_role(const struct person *p)
{
	switch (p->role) {
	case ROLE_OWNER:
		return p->voice ? " (owner)" : " (owner, muted)";
	case ROLE_OPERATOR:
		return p->voice ? " (operator)" : " (operator, muted)";
	case ROLE_GUEST:
		return p->voice ? " (guest)" : " (guest, muted)";
	default:
		return p->voice ? "" : " (muted)";
	}
}

/* status.c - composes the status line and shortens it to the width. */
#include "client/ui/tui/status.h"

#include <stdio.h>
#include <string.h>

#include "client/ui/cells.h"

enum status_part {
	PART_ALARM,
	PART_ROOM,
	PART_SERVER,
	PART_LABEL,
	PART_KEY,
	PART_UNREAD,
	PART_RTT,
	PART_UNACKED,
	PART_ROOMS,
	PART_LINK,
	PARTS
};
enum { PART_BYTES = 320 };

/* The order in which parts are shortened, one form at a time. A part without
 * that form stays unchanged. */
static const struct fold {
	enum status_part part;
	int form;
} folds[] = {
    {PART_SERVER, 1},
    {PART_KEY, 1},
    {PART_RTT, 1},
    {PART_KEY, 2},
    {PART_LINK, 1},
    {PART_KEY, 3},
    {PART_ROOMS, 1},
    {PART_KEY, 4},
    {PART_ROOMS, 2},
    {PART_UNREAD, 1},
    {PART_KEY, 5},
    {PART_LINK, 2},
    {PART_UNACKED, 1},
    {PART_ROOMS, 3},
    {PART_UNREAD, 2},
    {PART_KEY, 6},
    {PART_KEY, 7},
    {PART_ALARM, 1},
    {PART_ROOM, 1},
    {PART_ROOMS, 4},
    {PART_LABEL, 1},
    {PART_UNACKED, 2},
    {PART_LINK, 3},
    {PART_ROOMS, 5},
    {PART_ALARM, 2},
    {PART_LABEL, 2},
    {PART_LABEL, 3},
};

static void link_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	static const char *const words[][2] = {
	    [STATUS_CONNECTING] = {"connecting", "connecting"},
	    [STATUS_CONNECTED] = {"connected", ""},
	    [STATUS_RECONNECTING] = {"reconnecting", "offline"},
	    [STATUS_LEAVING] = {"leaving: waiting for the server", "leaving"},
	    [STATUS_CLOSED] = {"closed", "closed"},
	};

	if (form == 3 || (form == 1 && in->link == STATUS_CONNECTED))
		out[0] = '\0';
	else if (in->link != STATUS_RECONNECTING || form > 1)
		snprintf(out, size, "%s", words[in->link][form > 1]);
	else if (in->wait_s == 0)
		snprintf(out, size, "reconnecting now");
	else
		snprintf(out, size, "reconnecting in %lu s",
		    (unsigned long)in->wait_s);
}

/* How many of the others are compared; nothing when nobody else is there. */
static void verified_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	const char *dot = in->ascii ? "|" : "\xc2\xb7";

	if (form > 6 || in->others == 0)
		out[0] = '\0';
	else if (form > 4)
		snprintf(out, size, "%s%zu/%zu", form < 6 ? " " : "",
		    in->verified, in->others);
	else
		snprintf(out, size, " %s %s%zu/%zu", dot,
		    form < 2   ? "members verified "
		    : form < 4 ? "verified "
			       : "",
		    in->verified, in->others);
}

static void key_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	const char *dot = in->ascii ? "|" : "\xc2\xb7";
	const char *exchange = exchange_word(in->exchange);
	unsigned long e = in->epoch;
	char verified[64];

	if (!in->joined && in->epoch == 0) {
		snprintf(out, size, "%s",
		    form < 2   ? "no group key yet"
		    : form < 6 ? "no key"
			       : "");
		return;
	}
	verified_words(verified, sizeof(verified), in, form);
	if (form == 0)
		snprintf(out, size, "group key %lu %s AES-256-GCM %s %s%s", e,
		    dot, dot, exchange, verified);
	else if (form == 1)
		snprintf(out, size, "group key %lu %s %s%s", e, dot, exchange,
		    verified);
	else if (form == 2)
		snprintf(
		    out, size, "key %lu %s %s%s", e, dot, exchange, verified);
	else if (form < 6)
		snprintf(out, size, "key %lu%s", e, verified);
	else
		snprintf(out, size, "%s", verified);
}

/* "FORK with ben  MUTED until 15:00  IDENTITY CHANGED: carol" */
static void alarm_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	const char *parts[4] = {"", "", "", ""};
	char fork[80] = "", changed[80] = "", muted[8];
	size_t at = 0, i;

	if (in->fork[0] != '\0')
		snprintf(fork, sizeof(fork),
		    form == 0 ? "FORK with %.60s" : "FORK", in->fork);
	snprintf(muted, sizeof(muted), "%s", in->muted);
	muted[5] = '\0'; /* MUTED */
	if (in->changed == 1 && form == 0)
		snprintf(changed, sizeof(changed), "IDENTITY CHANGED: %.40s",
		    in->changed_name);
	else if (in->changed > 0)
		snprintf(changed, sizeof(changed),
		    form < 2 ? "%zu CHANGED" : "!%zu", in->changed);
	parts[0] = fork;
	parts[1] = changed;
	parts[2] = form == 0 ? in->muted : muted;
	parts[3] = form < 2 ? in->out : in->out[0] != '\0' ? "OUT" : "";
	for (i = 0; i < 4; i++)
		if (parts[i][0] != '\0')
			at += (size_t)snprintf(out + at, size - at, "%s%s",
			    at > 0 ? "  " : "", parts[i]);
}

/* Who can read the room stays when what is kept no longer fits. */
static void label_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	if (form == 0 && in->kept[0] != '\0')
		snprintf(out, size, "%s %s %s", in->reads,
		    in->ascii ? "|" : "\xc2\xb7", in->kept);
	else if (form < 3)
		snprintf(
		    out, size, "%s", form < 2 ? in->reads : in->reads_short);
}

static void unread_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	if (in->unread == 0 || form > 1)
		out[0] = '\0';
	else if (in->mentions == 0)
		snprintf(out, size, form == 0 ? "%zu unread" : "%zu new",
		    in->unread);
	else
		snprintf(out, size,
		    form == 0 ? "%zu unread, %zu for you" : "%zu new, %zu @",
		    in->unread, in->mentions);
}

static void part_words(char *out, size_t size, const struct status_in *in,
    enum status_part p, int form)
{
	out[0] = '\0';
	switch (p) {
	case PART_ROOM:
		if (form == 0)
			snprintf(out, size, "%s", in->room);
		break;
	case PART_SERVER:
		if (form == 0)
			snprintf(out, size, "%.255s", in->server);
		break;
	case PART_ALARM:
		alarm_words(out, size, in, form);
		break;
	case PART_LABEL:
		label_words(out, size, in, form);
		break;
	case PART_ROOMS:
		if (in->n_rooms > 0)
			hotlist_text(out, in->rooms, in->n_rooms, form);
		break;
	case PART_KEY:
		key_words(out, size, in, form);
		break;
	case PART_RTT:
		if (form == 0 && in->rtt_ms != UINT32_MAX &&
		    in->link == STATUS_CONNECTED)
			snprintf(
			    out, size, "%lu ms", (unsigned long)in->rtt_ms);
		break;
	case PART_UNREAD:
		unread_words(out, size, in, form);
		break;
	case PART_UNACKED:
		if (in->held > 0)
			snprintf(out, size,
			    form == 0 ? "HELD: %zu (/send, /drop)" : "HELD %zu",
			    in->held);
		else if (in->unacked > 0 && form < 2)
			snprintf(out, size,
			    form == 0 ? "not acknowledged: %zu" : "unsent %zu",
			    in->unacked);
		break;
	case PART_LINK:
		link_words(out, size, in, form);
		break;
	case PARTS:
		break;
	}
}

size_t status_line(
    char out[STATUS_MAX], const struct status_in *in, int width, size_t *alarm)
{
	char text[PARTS][PART_BYTES];
	size_t len, i, f = 0, used;
	enum status_part p;

	for (p = 0; p < PARTS; p++)
		part_words(text[p], sizeof(text[p]), in, p, 0);
	for (;;) {
		len = 0;
		out[0] = '\0';
		for (i = 0; i < PARTS; i++) {
			if (text[i][0] == '\0')
				continue;
			used = (size_t)snprintf(out + len, STATUS_MAX - len,
			    "%s%s", len > 0 ? "  " : "", text[i]);
			len += used < STATUS_MAX - len ? used : 0;
		}
		if (cells_width(out, len) <= width ||
		    f == sizeof(folds) / sizeof(folds[0]))
			break;
		p = folds[f].part;
		part_words(text[p], sizeof(text[p]), in, p, folds[f].form);
		f++;
	}
	len = cells_fit(out, len, width, NULL);
	*alarm =
	    strlen(text[PART_ALARM]) < len ? strlen(text[PART_ALARM]) : len;
	out[len] = '\0';
	return len;
}

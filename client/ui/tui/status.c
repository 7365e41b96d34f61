/* status.c - composes the status line and shortens it to the width. */
#include "client/ui/tui/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/ui/cells.h"

/* In their order. PART_KEEPS to PART_KEPT are one list with dots between them;
 * those from PART_NEEDS on stand at the right. */
enum status_part {
	PART_ALARM,
	PART_ROOM,
	PART_KEEPS,
	PART_LABEL,
	PART_VERIFIED,
	PART_EXCHANGE,
	PART_KEPT,
	PART_NEEDS,
	PART_FILE,
	PART_UNREAD,
	PART_ROOMS,
	PARTS
};
enum { PART_BYTES = 320 };

/* What is kept in the room stays in a window of 40 columns. */
enum { KEPT_CELLS = 38 };

/* A negative form is for narrower windows only.
 * The order in which parts are shortened, one form at a time. A part without
 * that form stays unchanged. GAPS: blanks instead of dots, then one blank
 * instead of two. */
enum { GAPS = PARTS };
static const struct fold_step {
	int part, form;
} folds[] = {
    {PART_FILE, 1},
    {PART_KEPT, -1},
    {PART_ROOMS, 1},
    {PART_VERIFIED, 1},
    {PART_ROOMS, 2},
    {PART_UNREAD, 1},
    {GAPS, 1},
    {PART_NEEDS, 1},
    {PART_KEEPS, 1},
    {PART_ROOMS, 3},
    {PART_FILE, 2},
    {PART_UNREAD, 2},
    {PART_ALARM, 1},
    {GAPS, 2},
    {PART_ROOMS, 4},
    {PART_LABEL, 1},
    {PART_ROOM, 1},
    {PART_VERIFIED, 2},
    {PART_ROOM, 2},
    {PART_EXCHANGE, 1},
    {PART_KEPT, 1},
    {PART_NEEDS, 2},
    {PART_ROOMS, 5},
    {PART_ALARM, 2},
};
enum { ROOM_SHORT = 8 };

static size_t join(char *out, size_t size, size_t at, const char *text)
{
	int n;

	if (text[0] == '\0')
		return at;
	n = snprintf(out + at, size - at, "%s%s", at > 0 ? "  " : "", text);
	return n > 0 && (size_t)n < size - at ? at + (size_t)n : at;
}

/* "offline, again in 4 s: 2 wait" */
static void link_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	char waits[48] = "", again[40] = "";

	out[0] = '\0';
	if (in->link != STATUS_RECONNECTING)
		return;
	if (in->unacked > 0)
		snprintf(waits, sizeof(waits), ": %zu wait%s", in->unacked,
		    in->unacked == 1 ? "s" : "");
	if (in->wait_s > 0)
		snprintf(again, sizeof(again), ", again in %lu s",
		    (unsigned long)in->wait_s);
	snprintf(out, size, "offline%s%s", form == 0 ? again : "",
	    form == 0 ? waits : "");
}

/* "offline  FORK with ben  CHANGED carol  MUTED until 15:00" */
static void alarm_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	char text[96], muted[8];
	size_t at = 0;

	out[0] = '\0';
	link_words(text, sizeof(text), in, form);
	at = join(out, size, at, text);
	snprintf(text, sizeof(text), form == 0 ? "FORK with %.60s" : "FORK",
	    in->fork);
	at = join(out, size, at, in->fork[0] != '\0' ? text : "");
	if (in->rewritten)
		at = join(out, size, at, form < 2 ? "REWRITTEN" : "REWR");
	if (in->changed == 1 && form == 0)
		snprintf(text, sizeof(text), "CHANGED %.40s", in->changed_name);
	else
		snprintf(text, sizeof(text), form < 2 ? "CHANGED %zu" : "!%zu",
		    in->changed);
	at = join(out, size, at, in->changed > 0 ? text : "");
	snprintf(text, sizeof(text),
	    in->unacked > 0 && form == 0 ? "SERVER FULL: %zu wait%s"
	    : form < 2			 ? "SERVER FULL"
					 : "FULL",
	    in->unacked, in->unacked == 1 ? "s" : "");
	at = join(out, size, at, in->full ? text : "");
	snprintf(muted, sizeof(muted), "%s", in->muted);
	muted[5] = '\0'; /* MUTED */
	at = join(out, size, at, form == 0 ? in->muted : muted);
	if (in->out[0] != '\0')
		(void)join(out, size, at, form < 2 ? in->out : "OUT");
}

/* Before the room is known, the server stands in its place. */
static void room_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	const char *name = in->room[0] != '\0' ? in->room : in->server;

	if (form == 0 || (form == 1 && strlen(name) <= ROOM_SHORT))
		snprintf(out, size, "%.255s", name);
	else if (form == 1)
		snprintf(out, size, "%.*s~", ROOM_SHORT - 1, name);
}

/* Of the others in the room; alone there is nobody to verify. */
static void verified_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	if (!in->joined)
		snprintf(out, size, "%s", form == 0 ? "no group key yet" : "");
	else if (in->others > 0 && form < 2)
		snprintf(out, size,
		    form == 0 ? "verified %zu of %zu" : "%zu/%zu", in->verified,
		    in->others);
}

static void needs_words(
    char *out, size_t size, const struct status_in *in, int form)
{
	if (in->held > 0)
		snprintf(out, size,
		    form == 0	? "held %zu: /send or /drop"
		    : form == 1 ? "held %zu"
				: "held",
		    in->held);
	else if (in->link == STATUS_LEAVING)
		snprintf(out, size, "%s",
		    form == 0 ? "leaving: waiting for the server" : "leaving");
	else if (in->link == STATUS_CLOSED)
		snprintf(out, size, "%s", form < 2 ? "closed" : "");
	else if (in->link == STATUS_CONNECTING)
		snprintf(out, size, "%s", form < 2 ? "connecting" : "");
	else if (in->unacked > 0 && in->link == STATUS_CONNECTED && form < 2)
		snprintf(out, size,
		    form == 0 ? "not acknowledged: %zu" : "unsent %zu",
		    in->unacked);
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
	case PART_ALARM:
		alarm_words(out, size, in, form);
		break;
	case PART_ROOM:
		room_words(out, size, in, form);
		break;
	case PART_KEEPS:
		if (in->keeps)
			snprintf(out, size, "%s",
			    form == 0 ? "transcript" : "TR");
		break;
	case PART_LABEL:
		snprintf(
		    out, size, "%s", form == 0 ? in->reads : in->reads_short);
		break;
	case PART_VERIFIED:
		verified_words(out, size, in, form);
		break;
	case PART_EXCHANGE:
		if (in->joined && in->exchange == EXCHANGE_CLASSICAL &&
		    form == 0)
			snprintf(out, size, "classical");
		break;
	case PART_KEPT:
		if (form == 0)
			snprintf(out, size, "%s", in->kept);
		break;
	case PART_NEEDS:
		needs_words(out, size, in, form);
		break;
	case PART_FILE:
		if (in->file != NULL && form < 2)
			snprintf(out, size, "%s",
			    form == 0 ? in->file : in->file_short);
		break;
	case PART_UNREAD:
		unread_words(out, size, in, form);
		break;
	case PART_ROOMS:
		if (in->n_rooms > 0)
			hotlist_text(out, in->rooms, in->n_rooms, form);
		break;
	case PARTS:
		break;
	}
}

static size_t put(char out[STATUS_MAX], size_t at, const char *s)
{
	int n = snprintf(out + at, STATUS_MAX - at, "%s", s);

	return n > 0 && (size_t)n < STATUS_MAX - at ? at + (size_t)n : at;
}

/* Writes the parts [from, to), with these between them. */
static size_t put_parts(char out[STATUS_MAX], char text[PARTS][PART_BYTES],
    enum status_part from, enum status_part to, const char *gap,
    const char *dot)
{
	enum status_part p;
	bool listed = false;
	size_t at = 0;

	out[0] = '\0';
	for (p = from; p < to; p++) {
		if (text[p][0] == '\0')
			continue;
		if (at > 0)
			at = put(out, at, listed ? dot : gap);
		at = put(out, at, text[p]);
		listed = p >= PART_KEEPS && p < PART_KEPT;
	}
	return at;
}

/* Puts the two halves to the ends of the row. False: they do not fit. */
static bool put_halves(char out[STATUS_MAX], char left[STATUS_MAX],
    const char *right, int width, const char *gap)
{
	int used =
	    cells_width(left, strlen(left)) + cells_width(right, strlen(right));
	int between = used > 0 && right[0] != '\0' ? width - used : 0;
	int least = left[0] != '\0' && right[0] != '\0' ? (int)strlen(gap) : 0;

	if (right[0] != '\0' && between < least)
		between = least;
	(void)snprintf(out, STATUS_MAX, "%s%*s%s", left, between, "", right);
	return used + between <= width;
}

size_t status_line(
    char out[STATUS_MAX], const struct status_in *in, int width, size_t *alarm)
{
	static const size_t steps = sizeof(folds) / sizeof(folds[0]);
	const char *dot = in->ascii ? " | " : " \xc2\xb7 ", *gap = "  ";
	char text[PARTS][PART_BYTES], left[STATUS_MAX], right[STATUS_MAX];
	size_t len, f;
	enum status_part p;
	int form;

	for (p = 0; p < PARTS; p++)
		part_words(text[p], sizeof(text[p]), in, p, 0);
	for (f = 0;; f++) {
		put_parts(left, text, 0, PART_NEEDS, gap, dot);
		put_parts(right, text, PART_NEEDS, PARTS, gap, gap);
		if (put_halves(out, left, right, width, gap) || f == steps)
			break;
		p = (enum status_part)folds[f].part;
		form = folds[f].form;
		if (form < 0 && width >= KEPT_CELLS)
			continue;
		form = abs(form);
		if (folds[f].part != GAPS)
			part_words(text[p], sizeof(text[p]), in, p, form);
		else if (form == 1)
			dot = " ";
		else
			gap = " ";
	}
	len = cells_fit(out, strlen(out), width, NULL);
	*alarm =
	    strlen(text[PART_ALARM]) < len ? strlen(text[PART_ALARM]) : len;
	out[len] = '\0';
	return len;
}

/* retention.c - the limits on what rooms keep. */
#include "server/room/retention.h"

#include <inttypes.h>
#include <stdio.h>

/* 0 is more than any number. */
static bool over(uint32_t value, uint32_t most)
{
	return most != 0 && (value == 0 || value > most);
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return over(a, b) ? a : b;
}

void retention_settings(
    const struct retention *r, bool stores, struct room_settings *out)
{
	*out = room_settings_default;
	if (!stores)
		return;
	out->history = r->history;
	out->keep_days = r->days;
	out->keep_count = r->count;
}

bool retention_change(const struct retention *r,
    const struct room_settings *was, struct room_settings *now, unsigned named)
{
	const uint32_t days = larger(r->days, r->days_max);
	const uint32_t count = larger(r->count, r->count_max);
	const bool name_days = (named & SETTING_KEEP_DAYS) != 0;
	const bool name_count = (named & SETTING_KEEP_COUNT) != 0;

	if (now->history == HISTORY_NONE)
		return true;
	if (was->history == HISTORY_NONE) {
		if (!name_days && over(now->keep_days, days))
			now->keep_days = r->days;
		if (!name_count && over(now->keep_count, count))
			now->keep_count = r->count;
	}
	return !(name_days && over(now->keep_days, days)) &&
	       !(name_count && over(now->keep_count, count));
}

/* "7 days and 5 entries"; "" without a limit. */
static void limits(
    char out[64], uint32_t days, uint32_t count, const char *between)
{
	char d[32] = "", c[32] = "";

	if (days != 0)
		snprintf(d, sizeof(d), "%" PRIu32 " day%s", days,
		    days == 1 ? "" : "s");
	if (count != 0)
		snprintf(c, sizeof(c), "%" PRIu32 " entr%s", count,
		    count == 1 ? "y" : "ies");
	snprintf(
	    out, 64, "%s%s%s", d, days != 0 && count != 0 ? between : "", c);
}

void retention_most(const struct retention *r, char out[RETENTION_TEXT])
{
	char most[64];

	limits(most, larger(r->days, r->days_max),
	    larger(r->count, r->count_max), " and ");
	snprintf(out, RETENTION_TEXT, "this server keeps at most %s of a room",
	    most);
}

void retention_words(
    const struct retention *r, bool stores, char out[RETENTION_TEXT])
{
	const char *whom = r->history == HISTORY_ALL ? "everybody who enters"
						     : "their members";
	const char *what = r->days != 0	   ? "what is said for "
			   : r->count != 0 ? "the newest "
					   : "what is said without a limit";
	char most[64];

	limits(most, r->days, r->count, ", at most ");
	if (!stores)
		snprintf(out, RETENTION_TEXT, "this server keeps nothing");
	else if (r->history == HISTORY_NONE)
		snprintf(out, RETENTION_TEXT,
		    "new rooms keep nothing of what is said");
	else
		snprintf(out, RETENTION_TEXT, "new rooms keep %s%s, for %s",
		    what, most, whom);
}

/* lookback.c - older lines of a buffer, and days. */
#include "client/ui/tui/lookback.h"

#include <stdio.h>
#include <time.h>

void lookback_init(struct lookback *l)
{
	l->before = l->from = 0;
	l->end = SCROLLBACK_NO_MARK;
}

void lookback_free(struct lookback *l)
{
	scrollback_free(l->page);
	l->page = NULL;
}

const char lookback_no_time[] = "     ";

/* --- days ----------------------------------------------------------------- */

bool lookback_same_day(uint64_t a_ms, uint64_t b_ms)
{
	time_t a = (time_t)(a_ms / 1000), b = (time_t)(b_ms / 1000);
	struct tm x, y;

	return localtime_r(&a, &x) != NULL && localtime_r(&b, &y) != NULL &&
	       x.tm_year == y.tm_year && x.tm_yday == y.tm_yday;
}

static void put_date(struct scrollback *ls, uint64_t ms)
{
	static const char *const days[] = {"Sunday", "Monday", "Tuesday",
	    "Wednesday", "Thursday", "Friday", "Saturday"};
	time_t s = (time_t)(ms / 1000);
	char text[64];
	struct tm tm;
	int n;

	if (localtime_r(&s, &tm) == NULL)
		return;
	n = snprintf(text, sizeof(text), "%s, %04d-%02d-%02d",
	    days[tm.tm_wday % 7], tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	if (n > 0 && (size_t)n < sizeof(text))
		(void)!scrollback_add(
		    ls, &(struct line_new){.kind = LINE_DATE,
			    .at_ms = ms,
			    .time = lookback_no_time,
			    .text = text,
			    .len = (size_t)n});
}

void lookback_date(
    struct scrollback *ls, uint64_t next_ms, bool first, uint64_t now_ms)
{
	const struct line *last = scrollback_at(ls, scrollback_end(ls) - 1);

	if (last != NULL ? !lookback_same_day(last->at_ms, next_ms)
			 : first || !lookback_same_day(now_ms, next_ms))
		put_date(ls, next_ms);
}

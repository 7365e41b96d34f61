/* line_info.c - what is known of a message, in lines. */
#include "client/ui/line_info.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "shared/wire/b64.h"

void line_info(const struct line *l,
    void (*tell)(void *arg, const char *text, size_t n), void *arg)
{
	const struct message *m = l->message;
	time_t s = (time_t)(l->at_ms / 1000);
	char id[B64_LEN(WIRE_ID) + 1], when[32] = "-", line[160];
	const char *text;
	struct tm tm;
	size_t i, n;

	b64_encode(id, message_id(m), WIRE_ID);
	if (localtime_r(&s, &tm) != NULL)
		(void)!strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(line, sizeof(line), "%s, %s; %s; id %s", l->name, when,
	    l->own			 ? "your own"
	    : l->trust == TRUST_VERIFIED ? "verified"
	    : l->trust == TRUST_CERTIFIED ? "certified"
	    : l->trust == TRUST_CHANGED	 ? "KEY CHANGED"
					 : "not verified",
	    id);
	tell(arg, line, strlen(line));
	if (message_edits(m) > 0) {
		snprintf(line, sizeof(line),
		    "edited %zu time%s; before:", message_edits(m),
		    message_edits(m) == 1 ? "" : "s");
		tell(arg, line, strlen(line));
	}
	for (i = 0; (text = message_before(m, i, &n)) != NULL; i++)
		tell(arg, text, n);
	if (message_deleted(m)) {
		tell(arg, "deleted; before:", 16);
		text = message_text(m, &n);
		tell(arg, text, n);
	}
}

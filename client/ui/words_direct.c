/* words_direct.c - what front ends say about direct messages. */
#include "client/ui/words_direct.h"

#include <stdio.h>
#include <string.h>

#include "shared/wire/text.h"

const char words_direct_usage[] =
    "not sent: /msg NAME TEXT says TEXT to NAME alone";
const char words_direct_none_held[] =
    "nothing that you wrote to that person is held, or none of their keys is "
    "known";

static void held(char *out, const struct event *e)
{
	const bool one = e->count == 1;

	snprintf(out, WORDS_MAX,
	    "HELD, not sent: %llu message%s to %s, who has %s that you have "
	    "not accepted. /trust %s accepts %s and sends, /known %s sends to "
	    "the keys that you know only, /drop %s drops %s",
	    (unsigned long long)e->count, one ? "" : "s", e->with,
	    e->people == 1 ? "another key" : "other keys", e->with,
	    e->people == 1 ? "it" : "one", e->with, e->with,
	    one ? "it" : "them");
}

static void unsaid(char *out, const struct event *e)
{
	snprintf(out, WORDS_MAX, "not sent to %s: %.*s", e->with,
	    (int)e->text_len, e->text != NULL ? e->text : "");
}

static void dropped(char *out, const struct event *e)
{
	const char *reason = e->reason != NULL ? e->reason : "";

	if (strcmp(reason, "own_device") == 0)
		snprintf(out, WORDS_MAX,
		    "a copy of what you said on another device was not shown: "
		    "/trust %s accepts that device, if it is yours",
		    e->with);
	else if (strcmp(reason, "key") == 0)
		snprintf(out, WORDS_MAX,
		    "a direct message from %s cannot be opened: the key that "
		    "it was sealed for is not here any more",
		    e->with);
	else
		snprintf(out, WORDS_MAX,
		    "dropped something sent directly as %s: %s", e->with,
		    reason);
}

bool words_direct(char out[WORDS_MAX], const struct event *e,
    const struct words_about *about)
{
	switch (e->type) {
	case EVENT_HELD:
		held(out, e);
		return true;
	case EVENT_UNSAID:
		unsaid(out, e);
		return true;
	case EVENT_DROPPED:
		dropped(out, e);
		return true;
	case EVENT_CHANGED:
	case EVENT_REFUSED:
	case EVENT_KEEPS:
		return words_event(out, e, about);
	default:
		return false;
	}
}

void words_direct_not_said(char *out, size_t size, int err, const char *name,
    const char *text, size_t n)
{
	if (err == ERR_REFUSED)
		snprintf(out, size,
		    "not sent: this server has no direct messages, or another "
		    "conclave of yours with the same identity has them");
	else if (err == ERR_NAME)
		snprintf(out, size,
		    "not sent: %s is you, or no name: a direct message goes to "
		    "somebody else",
		    name);
	else
		words_not_said(out, size, err, text, n);
}

bool words_direct_name(
    char name[WIRE_NAME_MAX + 1], const char **text, size_t *n)
{
	size_t len = 0;

	while (len < *n && (*text)[len] != ' ' && (*text)[len] != '\t' &&
	       (*text)[len] != '\n')
		len++;
	if (!text_name(*text, len))
		return false;
	memcpy(name, *text, len);
	name[len] = '\0';
	while (len < *n && ((*text)[len] == ' ' || (*text)[len] == '\t'))
		len++;
	*text += len;
	*n -= len;
	return true;
}

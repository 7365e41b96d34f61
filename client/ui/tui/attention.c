/* attention.c - when to alert, and the sequences of the title and the alert. */
#include "client/ui/tui/attention.h"

#include <stdio.h>
#include <string.h>

#include "shared/wire/text.h"

void attention_init(struct attention *a)
{
	*a = (struct attention){.focused = true};
}

void attention_focus(struct attention *a, bool focused)
{
	a->focused = focused;
	a->reports = true;
}

void attention_key(struct attention *a, uint64_t now_ms)
{
	a->focused = true;
	a->key_ms = now_ms;
}

static bool idle(const struct attention *a, uint64_t now_ms)
{
	return a->key_ms != 0 && now_ms - a->key_ms >= ATTENTION_IDLE_MS;
}

bool attention_reads(const struct attention *a, uint64_t now_ms)
{
	return a->focused && (a->reports || !idle(a, now_ms));
}

uint64_t attention_gone_ms(const struct attention *a, uint64_t now_ms)
{
	return a->focused && !a->reports && idle(a, now_ms)
		   ? now_ms - a->key_ms - ATTENTION_IDLE_MS
		   : 0;
}

bool attention_away(const struct attention *a, uint64_t now_ms)
{
	return !a->focused || idle(a, now_ms);
}

bool attention_due(struct attention *a, uint64_t now_ms)
{
	if (a->called_ms != 0 && now_ms - a->called_ms < ATTENTION_MS)
		return false;
	a->called_ms = now_ms;
	return true;
}

/* Filters text for an escape sequence. The filter removes all C0 and C1 control
 * characters, so no ESC, BEL or ST in the text can end the sequence or start
 * another. */
static void safe(char *out, size_t size, const char *s, size_t n, bool ascii)
{
	size_t from, to = 0;

	text_filter_fixed(out, size, s, n);
	if (!ascii)
		return;
	for (from = 0; out[from] != '\0'; from++) {
		if (((unsigned char)out[from] & 0xc0) == 0x80)
			continue; /* one "?" for each character */
		out[to++] = (unsigned char)out[from] < 0x80 ? out[from] : '?';
	}
	out[to] = '\0';
}

static size_t length(int n)
{
	return n > 0 && n < ATTENTION_MAX ? (size_t)n : 0;
}

size_t attention_title(
    char out[ATTENTION_MAX], size_t mentions, const char *room, bool ascii)
{
	char name[ATTENTION_TEXT], count[32] = "";

	safe(name, sizeof(name), room, strlen(room), ascii);
	if (mentions > 0)
		snprintf(count, sizeof(count), "(%zu) ", mentions);
	return length(snprintf(out, ATTENTION_MAX, "%s%s%sconclave", count,
	    name, name[0] != '\0' ? " - " : ""));
}

size_t attention_call(char out[ATTENTION_MAX], enum client_options_notify how,
    const char *name, const char *text, size_t n, bool ascii)
{
	char who[ATTENTION_TEXT], what[ATTENTION_TEXT];

	safe(who, sizeof(who), name, strlen(name), ascii);
	safe(what, sizeof(what), text, n, ascii);
	switch (how) {
	case NOTIFY_BELL:
		return length(snprintf(out, ATTENTION_MAX, "\a"));
	case NOTIFY_OSC9:
		return length(
		    snprintf(out, ATTENTION_MAX, "\033]9;%s: %s\a", who, what));
	case NOTIFY_OSC777:
		/* A ";" separates the two texts: names contain none. */
		return length(snprintf(out, ATTENTION_MAX,
		    "\033]777;notify;%s in conclave;%s\a", who, what));
	case NOTIFY_NONE:
		break;
	}
	return 0;
}

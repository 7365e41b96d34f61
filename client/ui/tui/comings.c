/* comings.c - shows who comes and goes, and the keys that this makes. */
#include "client/ui/tui/comings.h"

#include <string.h>

#include "client/ui/words.h"
#include "shared/wire/text.h"

/* The line of the fold, if nothing was said after it. */
static bool fold_open(const struct buffer *b)
{
	return b->fold_at != SCROLLBACK_NO_MARK &&
	       b->fold_at + 1 == scrollback_end(b->lines);
}

/* Shows the fold in its line, or in a new one. */
static void fold_show(struct tui *t, struct buffer *b, bool open)
{
	char text[FOLD_MAX], clock[SCROLLBACK_TIME + 1];
	size_t n = fold_text(&b->fold, text);

	if (!open) {
		notice_to(t, b, LINE_NOTICE, "%s", text);
		b->fold_at = scrollback_end(b->lines) - 1;
		return;
	}
	notice_clock(t, 0, clock);
	if (t->past.at_ms != 0) /* it stays where it was */
		memcpy(clock, scrollback_at(b->lines, b->fold_at)->time,
		    sizeof(clock));
	scrollback_retext(b->lines, b->fold_at, text, n, clock,
	    t->past.at_ms != 0 ? t->past.at_ms : t->env->wall_ms());
	if (b == t->cur)
		redraw_want(&t->redraw, REDRAW_CHAT);
}

void comings_person(struct tui *t, struct buffer *b, const struct event *e)
{
	bool kicked = e->reason != NULL && strcmp(e->reason, "kick") == 0;
	const char *who = e->person != NULL ? e->person->name : "somebody";
	char name[WIRE_NAME_MAX * 4];
	bool open;

	/* One of several connections of somebody: `people` are still here. */
	if (kicked || b->events == FOLD_ALL ||
	    (e->people > 0 && b->events == FOLD_FOLDED)) {
		notice_say(t, b, e);
		return;
	}
	if (b->events == FOLD_NONE)
		return;
	open = fold_open(b) && fold_people(&b->fold);
	if (!open)
		fold_begin(&b->fold);
	text_filter_fixed(name, sizeof(name), who, strlen(who));
	fold_person(&b->fold, name, e->type == EVENT_JOIN);
	if (b->fold_key != 0)
		b->fold.key = b->fold_key;
	b->fold_key = 0;
	fold_show(t, b, open);
}

/* The key that somebody's coming or going makes is told in the line about
 * them, which may follow. */
void comings_key(struct tui *t, struct buffer *b, const struct event *e)
{
	const char *why = e->reason != NULL ? e->reason : "";
	bool theirs = strcmp(why, "join") == 0 || strcmp(why, "leave") == 0;
	bool here = b->fold_at != SCROLLBACK_NO_MARK &&
		    b->fold_at >= scrollback_first(b->lines) &&
		    fold_people(&b->fold);
	bool open;

	/* Two lines tell of a removal already. */
	if (strcmp(why, "kick") == 0 || b->events == FOLD_NONE)
		return;
	if (b->events == FOLD_ALL) {
		notice_say(t, b, e);
	} else if (theirs && here && (fold_open(b) || b->fold.key == 0)) {
		b->fold.key = e->epoch;
		fold_show(t, b, true);
	} else if (theirs) {
		b->fold_key = e->epoch;
	} else {
		open = fold_open(b) && !fold_people(&b->fold);
		fold_begin(&b->fold);
		b->fold.key = e->epoch;
		b->fold.why = words_epoch_reason(why);
		fold_show(t, b, open);
	}
}

bool comings_mode(struct tui *t, const char *word, size_t n)
{
	char sentence[FOLD_MAX];
	bool ok = fold_choose(&t->cur->events, word, n, sentence);

	notice_add(t, LINE_NOTICE, "%s", sentence);
	return ok;
}

void comings_next(struct tui *t, int unused)
{
	const char *word;

	(void)unused;
	word = fold_word((t->cur->events + 1) % FOLD_MODES);
	(void)comings_mode(t, word, strlen(word));
}

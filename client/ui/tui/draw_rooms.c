/* draw_rooms.c - draws the list of rooms: a row for each with what is new in it, and
 * above those that follow each other with the same label, who can read them. */
#include <stdio.h>
#include <string.h>

#include "client/ui/cells.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words_rooms.h"
#include "shared/wire/text.h"

enum { ROWS_LEAST = 4 }; /* with fewer there are no labels */

static struct look look(struct tui *t, enum theme_role r)
{
	return theme_look(r, display_colors(t->display));
}

/* Whether its name looks like that of another room in the list. */
static bool looks_like(const struct tui *t, const struct buffer *b)
{
	char form[WIRE_ROOM_MAX + 1], other[WIRE_ROOM_MAX + 1];
	const struct buffer *o = NULL;

	text_room_form(form, b->name);
	while ((o = buffers_next(&t->buffers, o)) != NULL) {
		text_room_form(other, o->name);
		if (o != b && strcmp(form, other) == 0)
			return true;
	}
	return false;
}

/* Draws " 2 ops    +5 @1"; a look-alike is " 3 0ps!". Takes `cols` cells; the room shown is "[1 lobby]". The
 * counts stay whole, and the name is cut. */
static void draw_room(struct tui *t, int row, int cols, const struct buffer *b)
{
	struct hot_room hot = rooms_hot(b);
	bool here = b == t->cur, like = looks_like(t, b);
	struct look l = look(t, like		   ? ROLE_ALERT
				: here		   ? ROLE_HERE
				: hot.mentions > 0 ? ROLE_MENTION
				: hot.lines > 0	   ? ROLE_OWN
						   : ROLE_TEXT);
	char text[WIRE_ROOM_MAX + 16], counts[80] = "";
	int w, room;

	if (!here)
		hotlist_counts(counts, sizeof(counts), &hot);
	w = (int)strlen(counts);
	room = cols - (w > 0 ? w + 1 : 0);
	snprintf(text, sizeof(text), "%s%u %s", here ? "[" : " ", b->slot,
	    b->name[0] != '\0' ? b->name : "...");
	if ((int)strlen(text) > room - 1 - like)
		snprintf(text + room - 2 - like, 2, "~");
	if (like)
		strcat(text, "!");
	if (here)
		strcat(text, "]");
	display_str(t->display, row, 0, room, text, l);
	if (w > 0)
		display_str(t->display, row, cols - w, w, counts, l);
}

/* Draws in the last row how many rooms there are from `b` on. */
static void draw_more(struct tui *t, int row, int cols, const struct buffer *b)
{
	char text[32];
	size_t n = 0;

	for (; b != NULL; b = buffers_next(&t->buffers, b))
		n++;
	snprintf(text, sizeof(text), " +%zu more", n);
	display_str(t->display, row, 0, cols, text, look(t, ROLE_NOTICE));
}

static const char *label(const struct tui *t, const struct buffer *b)
{
	struct session_room_status st;

	if (b->with[0] != '\0')
		return "direct, sealed";
	session_room_status(t->env->session, b->room, &st);
	return words_room_reads(&st);
}

/* Whether a label stands above this room, which comes after `before` (NULL: none). */
static bool labelled(
    const struct tui *t, const struct buffer *before, const struct buffer *b)
{
	return before == NULL || strcmp(label(t, before), label(t, b)) != 0;
}

/* Returns the first room to draw in `rows` rows, so that the one shown is among
 * them. */
static const struct buffer *first_room(
    const struct tui *t, int rows, bool labels)
{
	const struct buffer *first = buffers_next(&t->buffers, NULL), *after;
	const struct buffer *b = NULL, *before = NULL;
	int used = 0;

	do {
		before = b;
		if ((b = buffers_next(&t->buffers, b)) == NULL)
			break;
		used += 1 + (labels && labelled(t, before, b));
		while (used > rows && first != b) {
			after = buffers_next(&t->buffers, first);
			used -= 1 + (labels && labelled(t, first, after));
			first = after;
		}
	} while (b != t->cur);
	return first;
}

/* One row: the label of *b, or *b itself, which is the next one then. */
static void draw_row(struct tui *t, int row, int cols,
    const struct buffer **b, const struct buffer **before, bool labels,
    bool last)
{
	const bool label_due = labels && labelled(t, *before, *b);

	if (last && (label_due || buffers_next(&t->buffers, *b) != NULL)) {
		draw_more(t, row, cols, *b);
		return;
	}
	if (label_due) {
		display_str(t->display, row, 0, cols, label(t, *b),
		    look(t, ROLE_NOTICE));
		*before = *b;
		return;
	}
	draw_room(t, row, cols, *b);
	*before = *b;
	*b = buffers_next(&t->buffers, *b);
}

void draw_rooms(struct tui *t, const struct layout *y)
{
	const int cols = y->rooms_over ? y->chat_cols : y->rooms_cols;
	const bool labels = y->chat_rows >= ROWS_LEAST;
	const struct buffer *b, *before = NULL;
	int row;

	if (cols == 0)
		return;
	b = first_room(t, y->chat_rows - 1, labels);
	for (row = 0; row < y->chat_rows; row++) {
		display_blank(t->display, row, 0, cols, look(t, ROLE_TEXT));
		if (y->rooms_cols > 0)
			display_bar(t->display, row, cols, look(t, ROLE_RULE));
		if (y->rooms_over && y->users_cols > 0)
			display_bar(t->display, row, y->users_col - 1,
			    look(t, ROLE_RULE));
		if (b != NULL)
			draw_row(t, row, cols, &b, &before, labels,
			    row == y->chat_rows - 1);
	}
}

/* draw_rooms.c - draws the list of rooms: who can read them, then a row for each
 * with what is new in it. */
#include <stdio.h>
#include <string.h>

#include "client/ui/cells.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words_rooms.h"
#include "shared/wire/text.h"

enum { HEAD_ROWS = 2 }; /* the label */

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

/* Returns the first room to draw in `rows` rows, so that the one shown is among
 * them. */
static const struct buffer *first_room(const struct tui *t, int rows)
{
	const struct buffer *b = NULL, *first;
	int before = 0;

	while ((b = buffers_next(&t->buffers, b)) != NULL && b != t->cur)
		before++;
	first = buffers_next(&t->buffers, NULL);
	for (; before >= rows && first != NULL; before--)
		first = buffers_next(&t->buffers, first);
	return first;
}

void draw_rooms(struct tui *t, const struct layout *y)
{
	int cols = y->rooms_over ? y->chat_cols : y->rooms_cols;
	struct session_room_status st;
	char kept[WORDS_KEPT_MAX];
	const struct buffer *b;
	int row, head = y->chat_rows > HEAD_ROWS + 1 ? HEAD_ROWS : 0;

	if (cols == 0)
		return;
	session_room_status(t->env->session, t->cur->room, &st);
	words_room_kept_short(kept, &st);
	if (t->cur->with[0] != '\0')
		kept[0] = '\0';
	b = first_room(t, y->chat_rows - head - 1);
	for (row = 0; row < y->chat_rows; row++) {
		display_blank(t->display, row, 0, cols, look(t, ROLE_TEXT));
		if (y->rooms_cols > 0)
			display_bar(t->display, row, cols, look(t, ROLE_RULE));
		if (y->rooms_over && y->users_cols > 0)
			display_bar(t->display, row, y->users_col - 1,
			    look(t, ROLE_RULE));
		if (row < head) {
			display_str(t->display, row, 0, cols,
			    row == 0 ? words_room_reads(&st) : kept,
			    look(t, ROLE_NOTICE));
		} else if (b != NULL && row == y->chat_rows - 1 &&
			   buffers_next(&t->buffers, b) != NULL) {
			draw_more(t, row, cols, b);
		} else if (b != NULL) {
			draw_room(t, row, cols, b);
			b = buffers_next(&t->buffers, b);
		}
	}
}

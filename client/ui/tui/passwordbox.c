/* passwordbox.c - /password and /seal give in the input line: nothing of what is typed is
 * shown. */
#include <string.h>

#include "client/ui/tui/theme.h"
#include "client/ui/tui/tui.h"
#include "shared/wire/text.h"

static void tell(void *arg, const char *sentence)
{
	notice_add(arg, LINE_NOTICE, "%s", sentence);
}

bool passwordbox_open(const struct tui *t)
{
	return t->password.entry.at != PASSWORD_ENTRY_OFF;
}

void passwordbox_begin(struct tui *t, const char *text, size_t n)
{
	const struct password_entry_sink out = {tell, t};

	buf_clear(&t->password.typed);
	password_entry_begin(&t->password.entry, t->env, text, n, &out);
	redraw_want(&t->redraw, REDRAW_ALL);
}

void passwordbox_seal(struct tui *t)
{
	buf_clear(&t->password.typed);
	password_entry_seal(&t->password.entry, t->cur->room);
	redraw_want(&t->redraw, REDRAW_ALL);
}

void passwordbox_draw(struct tui *t, const struct layout *y)
{
	const struct look look =
	    theme_look(ROLE_PROMPT, display_colors(t->display));
	int row = y->rows - 1, col;

	display_blank(t->display, row, 0, y->cols, look);
	col = display_str(t->display, row, 0, y->cols - 1,
	    password_entry_prompt(&t->password.entry), look);
	display_cursor(t->display, row, col);
}

/* Takes the last character back. */
static void erase(struct buf *typed)
{
	size_t n = typed->len;

	while (n > 0 && (typed->p[n - 1] & 0xc0) == 0x80)
		n--;
	buf_truncate(typed, n > 0 ? n - 1 : 0);
}

/* A paste may end with a line break, which is no part of it. */
static void put(struct tui *t, const char *text, size_t n)
{
	while (n > 0 && text[n - 1] == '\n')
		n--;
	if (buf_put(&t->password.typed, text, n) != 0)
		display_bell(t->display);
}

bool passwordbox_press(struct tui *t, const struct input_event *k)
{
	const struct password_entry_sink out = {tell, t};
	struct buf *typed = &t->password.typed;

	if (!passwordbox_open(t))
		return false;
	if (k->key == INPUT_TEXT || k->key == INPUT_PASTE) {
		put(t, k->text, k->n);
	} else if (k->key == INPUT_BACKSPACE) {
		erase(typed);
	} else if (k->key == INPUT_ENTER) {
		password_entry_line(&t->password.entry, t->env,
		    (const char *)typed->p, typed->len, &out);
		buf_clear(typed);
	} else if (k->key == INPUT_ESCAPE ||
		   (k->key == INPUT_CTRL &&
		       (k->letter == 'C' || k->letter == 'G' ||
			   k->letter == 'D'))) {
		password_entry_cancel(&t->password.entry, &out);
		buf_clear(typed);
	} else if (k->key == INPUT_CTRL && k->letter == 'U') {
		buf_clear(typed);
	} else {
		display_bell(t->display);
	}
	redraw_want(&t->redraw, REDRAW_ALL);
	return true;
}

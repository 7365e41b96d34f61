/* choose.c - choosing a message: Up and Down, then one letter. The status line
 * is the menu meanwhile. */
#include <stdio.h>
#include <string.h>

#include "client/ui/reaction.h"
#include "client/ui/line_info.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words.h"

/* The reactions that have a key. */
static const char *const quick[] = {"+1", "-1", "<3", ":)", "ok"};
enum { N_QUICK = sizeof(quick) / sizeof(quick[0]) };

static const struct line *chosen(const struct tui *t)
{
	return scrollback_at(t->cur->lines, t->choose.line);
}

bool choose_is(const struct tui *t, uint64_t line)
{
	return t->choose.on && t->choose.line == line;
}

/* Goes to the next message in a direction. False: there is none. */
static bool step(struct tui *t, int direction)
{
	const struct scrollback *ls = t->cur->lines;
	struct layout y = layout_of(t);
	uint64_t at = t->choose.line;
	const struct line *l;

	do {
		at = direction > 0 ? at + 1 : at - 1;
		if ((l = scrollback_at(ls, at)) == NULL)
			return false;
	} while (l->message == NULL);
	t->choose.line = at;
	if (!y.tiny)
		view_goto(&t->cur->view, ls, y.chat_cols, y.chat_rows, at, 0);
	unread_moved(t);
	redraw_want(&t->redraw, REDRAW_ALL);
	return true;
}

void choose_begin(struct tui *t, int arg)
{
	(void)arg;
	t->choose.followed = !t->cur->view.back;
	t->choose.line = scrollback_end(t->cur->lines);
	t->choose.asks = CHOOSE_MENU;
	t->choose.on = step(t, -1);
	if (!t->choose.on)
		display_bell(t->display);
}

void choose_end(struct tui *t)
{
	t->choose.on = false;
	if (t->choose.followed)
		view_follow(&t->cur->view);
	unread_moved(t);
	redraw_want(&t->redraw, REDRAW_ALL);
}

static void menu_reactions(const struct tui *t, char out[CHOOSE_MENU_MAX])
{
	char with[REACTION_SHOWN];
	size_t i, n = 0;
	int at = snprintf(out, CHOOSE_MENU_MAX, "react:");

	for (i = 0; i < N_QUICK; i++) {
		const char *text = quick[i];

		n = strlen(text);
		reaction_typed(&text, &n);
		reaction_shown(with, text, n, t->env->ascii);
		at += snprintf(out + at, CHOOSE_MENU_MAX - (size_t)at,
		    "  %zu %s", i + 1, with);
	}
	snprintf(out + at, CHOOSE_MENU_MAX - (size_t)at,
	    "  or type one  0 none  Esc back");
}

void choose_menu(const struct tui *t, int cells, char out[CHOOSE_MENU_MAX])
{
	static const char *const menus[] = {
	    ("Up Down choose   r reply  e edit  d delete  p purge  + react  "
	     "i info  c copy   Esc back"),
	    ("r reply  e edit  d delete  p purge  + react  i info  c copy  "
	     "Esc back"),
	    "r reply e edit d del p purge + i c Esc"};
	size_t i = 0;

	switch (t->choose.asks) {
	case CHOOSE_DELETE:
		snprintf(out, CHOOSE_MENU_MAX,
		    "Delete it for everybody?  y = delete, Enter = back");
		return;
	case CHOOSE_REACT:
		menu_reactions(t, out);
		return;
	case CHOOSE_PURGE:
		snprintf(out, CHOOSE_MENU_MAX,
		    "Destroy it for everybody, on the server too?  y, Enter = "
		    "back");
		return;
	case CHOOSE_MENU:
		break;
	}
	while (i + 1 < sizeof(menus) / sizeof(menus[0]) &&
	       (int)strlen(menus[i]) > cells)
		i++;
	snprintf(out, CHOOSE_MENU_MAX, "%s", menus[i]);
}

/* --- what is done -------------------------------------------------------- */

/* Whether there is still something to change; if not, says so. The choice goes
 * on, or the next letters would be typed into the input line. */
static bool there(struct tui *t, const struct line *l)
{
	if (!message_deleted(l->message) && !l->unsaid)
		return true;
	notice_add(t, LINE_NOTICE, "that message is deleted");
	return false;
}

/* The same for what only the author may do. */
static bool own(struct tui *t, const struct line *l)
{
	if (!there(t, l))
		return false;
	if (!l->own)
		notice_add(
		    t, LINE_NOTICE, "only its author can change a message");
	return l->own;
}

static void post(
    struct tui *t, enum event_type what, const char *text, size_t n)
{
	const struct line *l = chosen(t);

	(void)commands_post(t, &(struct session_post){what,
				   message_id(l->message), text, n, false});
	choose_end(t);
}

static void ask(struct tui *t, enum choose_asks asks)
{
	t->choose.asks = asks;
	redraw_want(&t->redraw, REDRAW_ALL);
}

static void edit_or_reply(struct tui *t, enum about_kind kind)
{
	const struct line *l = chosen(t);

	if (kind == ABOUT_EDIT && !own(t, l))
		return;
	if (!about_begin(&t->cur->about, kind, l, &t->cur->editor))
		display_bell(t->display);
	choose_end(t);
}

static void purge(struct tui *t)
{
	const struct line *l = chosen(t);

	rooms_ask_purge(t, message_id(l->message), l->name, true);
	choose_end(t);
}

static void letter(struct tui *t, char c)
{
	const struct line *l = chosen(t);

	switch (c) {
	case 'k':
		(void)step(t, -1);
		break;
	case 'j':
		(void)step(t, 1);
		break;
	case 'r':
		edit_or_reply(t, ABOUT_REPLY);
		break;
	case 'e':
		edit_or_reply(t, ABOUT_EDIT);
		break;
	case 'd':
		if (own(t, l))
			ask(t, CHOOSE_DELETE);
		break;
	case 'p':
		if (message_purged(l->message) || l->unsaid || l->pending)
			notice_add(t, LINE_NOTICE,
			    "that message is not on the server");
		else if (!l->own)
			ask(t, CHOOSE_PURGE);
		else
			purge(t);
		break;
	case '+':
		if (there(t, l))
			ask(t, CHOOSE_REACT);
		break;
	case 'i':
		choose_info(t, l);
		choose_end(t);
		break;
	case 'c':
		copymode_message(t, l);
		choose_end(t);
		break;
	default:
		display_bell(t->display);
	}
}

/* A digit is one of those in the menu. */
static void react(struct tui *t, const char *text, size_t n)
{
	if (n == 1 && *text == '0') {
		n = 0;
	} else if (n == 1 && *text >= '1' && *text < '1' + N_QUICK) {
		text = quick[*text - '1'];
		n = strlen(text);
		reaction_typed(&text, &n);
	}
	post(t, EVENT_REACT, text, n);
}

bool choose_press(struct tui *t, const struct input_event *k)
{
	bool text = k->key == INPUT_TEXT;

	if (chosen(t) == NULL) { /* dropped from the scrollback */
		choose_end(t);
		return false;
	}
	if (t->choose.asks == CHOOSE_DELETE) {
		if (text && (*k->text == 'y' || *k->text == 'Y'))
			post(t, EVENT_DELETE, "", 0);
		else
			choose_end(t);
		return true;
	}
	if (t->choose.asks == CHOOSE_PURGE) {
		if (text && (*k->text == 'y' || *k->text == 'Y'))
			purge(t);
		else
			choose_end(t);
		return true;
	}
	if (t->choose.asks == CHOOSE_REACT) {
		if (text || k->key == INPUT_PASTE)
			react(t, k->text, k->n);
		else
			choose_end(t);
		return true;
	}
	if (k->key == INPUT_UP || k->key == INPUT_DOWN ||
	    (k->key == INPUT_ALT && k->letter == 's')) {
		if (!step(t, k->key == INPUT_DOWN ? 1 : -1))
			display_bell(t->display);
	} else if (text) {
		letter(t, *k->text);
	} else if (k->key == INPUT_PASTE) {
		display_bell(t->display);
	} else {
		choose_end(t);
		return k->key == INPUT_ESCAPE || k->key == INPUT_ENTER ||
		       (k->key == INPUT_CTRL && k->letter == 'C');
	}
	return true;
}

/* --- info ---------------------------------------------------------------- */

static void tell(void *arg, const char *text, size_t n)
{
	notice_text(arg, text, n);
}

void choose_info(struct tui *t, const struct line *l)
{
	line_info(l, tell, t);
}

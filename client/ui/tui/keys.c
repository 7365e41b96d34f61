/* keys.c - what each key does. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/ui/tui/comings.h"
#include "client/ui/tui/tui.h"

/* --- leaving ------------------------------------------------------------ */

static void cancel(struct tui *t, int arg)
{
	(void)arg;
	if (t->ended) {
		commands_quit(t, false);
	} else if (about_end(&t->cur->about, &t->cur->editor)) {
		redraw_want(&t->redraw, REDRAW_ALL);
	} else if (t->cur->editor.text.len > 0) {
		history_add(&t->cur->history,
		    (const char *)t->cur->editor.text.p,
		    t->cur->editor.text.len);
		editor_clear(&t->cur->editor);
	} else {
		question_ask(&t->question, QUESTION_QUIT);
	}
}

/* --- scrolling ---------------------------------------------------------- */

static void scroll_rows(struct tui *t, int rows)
{
	struct layout y = layout_of(t);

	if (y.tiny)
		return;
	view_scroll(
	    &t->cur->view, t->cur->lines, y.chat_cols, y.chat_rows, rows);
	unread_moved(t);
	if (rows < 0)
		readback_scrolled(t);
	redraw_want(&t->redraw, REDRAW_CHAT);
}

/* Scrolls a page less one row, so that the reader keeps the context. */
static void scroll_page(struct tui *t, int arg)
{
	struct layout y = layout_of(t);
	int rows = view_pane(true, y.chat_rows).main - 1;

	scroll_rows(t, arg * (rows > 0 ? rows : 1));
}

void keys_scroll(struct tui *t, int pages)
{
	scroll_page(t, pages);
}

static void scroll_end(struct tui *t, int arg)
{
	struct layout y = layout_of(t);

	if (arg < 0)
		view_home(
		    &t->cur->view, t->cur->lines, y.chat_cols, y.chat_rows);
	else
		view_follow(&t->cur->view);
	unread_moved(t);
	if (arg < 0)
		readback_scrolled(t);
	redraw_want(&t->redraw, REDRAW_CHAT);
}

static void go_unread(struct tui *t, int arg)
{
	(void)arg;
	if (!unread_go(t))
		display_bell(t->display);
}

static void go_mention(struct tui *t, int arg)
{
	if (!unread_go_mention(t, arg))
		display_bell(t->display);
}

/* --- entering ----------------------------------------------------------- */

static void submit(struct tui *t)
{
	/* A command may show another room: the line belongs to this one. */
	struct buffer *b = t->cur;
	struct editor *e = &b->editor;
	const char *s = (const char *)e->text.p;
	size_t blanks = 0;

	question_drop(&t->question);
	scroll_end(t, 1);
	while (blanks < e->text.len && s[blanks] == ' ')
		blanks++;
	if (blanks == e->text.len) {
		editor_clear(e);
		return;
	}
	if (commands_run(t, s, e->text.len)) {
		history_add(&b->history, s, e->text.len);
		editor_clear(e);
		if (b->about.said)
			(void)about_end(&b->about, e);
	}
}

static void enter(struct tui *t, int arg)
{
	(void)arg;
	/* Text copied from a terminal ends in a newline that nobody means to
	 * send. */
	editor_trim(&t->cur->editor);
	if (editor_lines(&t->cur->editor) > TUI_ASK_LINES)
		question_ask(&t->question, QUESTION_SEND);
	else
		submit(t);
}

/* --- the rest ----------------------------------------------------------- */

static void move_to(struct tui *t, int arg)
{
	editor_move(&t->cur->editor, (enum editor_move)arg);
}

static void delete_to(struct tui *t, int arg)
{
	editor_delete(&t->cur->editor, (enum editor_move)arg);
}

static void delete_or_quit(struct tui *t, int arg)
{
	if (t->cur->editor.text.len == 0)
		cancel(t, 0);
	else
		delete_to(t, arg);
}

static void kill_word(struct tui *t, int arg)
{
	(void)arg;
	editor_kill_blank_word(&t->cur->editor);
}

static void yank(struct tui *t, int arg)
{
	(void)arg;
	editor_yank(&t->cur->editor);
}

static void transpose(struct tui *t, int arg)
{
	(void)arg;
	editor_transpose(&t->cur->editor);
}

static void insert_line(struct tui *t, int arg)
{
	(void)arg;
	(void)editor_insert(&t->cur->editor, "\n", 1);
}

static void look_back(struct tui *t, int arg)
{
	struct layout y = layout_of(t);

	if (y.input_rows > 1 &&
	    editor_move_row(&t->cur->editor, y.cols - y.prompt_cols - 1, arg))
		return;
	if (arg < 0)
		(void)history_older(&t->cur->history, &t->cur->editor);
	else
		(void)history_newer(&t->cur->history, &t->cur->editor);
}

static void tab(struct tui *t, int arg)
{
	struct complete_from from = {.speakers = &t->cur->speakers,
	    .rooms = rooms_names,
	    .persons = talk_names,
	    .arg = t,
	    .folder = t->env->export_folder};

	from.people = talk_people(t, &from.n_people);
	if (!complete_tab(&t->complete, &t->cur->editor, arg < 0, &from))
		display_bell(t->display);
}

static void redraw(struct tui *t, int arg)
{
	(void)arg;
	display_redraw(t->display);
	redraw_want(&t->redraw, REDRAW_ALL);
}

static void bare(struct tui *t, int arg)
{
	(void)arg;
	copymode_show(t);
}

static void suspend(struct tui *t, int arg)
{
	(void)arg;
	display_stop(t->display);
	redraw_want(&t->redraw, REDRAW_ALL);
}

static void help(struct tui *t, int arg)
{
	(void)arg;
	helpbox_open(t, false);
}

static void escape(struct tui *t, int arg)
{
	(void)arg;
	if (readback_stop(t))
		return;
	if (t->roomlist.over)
		rooms_list(t, 0);
	else if (about_end(&t->cur->about, &t->cur->editor))
		redraw_want(&t->redraw, REDRAW_ALL);
	else
		scroll_end(t, 1);
}

/* The only list of keys, with the letters of menu.c: /keys, F1 and the man page
 * are generated from it. A row without help shares the help of the row above
 * it. */
static const struct binding {
	enum input_key key;
	char letter;
	void (*fn)(struct tui *t, int arg);
	int arg;
	const char *help;
	const char *command; /* that does the same; NULL: a key of the input
			      * line, of the view or of the terminal */
} bindings[] = {
    {INPUT_ENTER, 0, enter, 0, "send, or run the command", NULL},
    {INPUT_ALT_ENTER, 0, insert_line, 0, "another line in the message", NULL},
    {INPUT_TAB, 0, tab, 1,
	"complete command, name, room or file; next, previous", NULL},
    {INPUT_BACK_TAB, 0, tab, -1, NULL, NULL},
    {INPUT_UP, 0, look_back, -1, "earlier, later input", NULL},
    {INPUT_CTRL, 'P', look_back, -1, NULL, NULL},
    {INPUT_DOWN, 0, look_back, 1, NULL, NULL},
    {INPUT_CTRL, 'N', look_back, 1, NULL, NULL},
    {INPUT_PAGE_UP, 0, scroll_page, -1, "scroll by a page up, down; at the top, older messages", "older"},
    {INPUT_PAGE_DOWN, 0, scroll_page, 1, NULL, NULL},
    {INPUT_SHIFT_UP, 0, scroll_rows, -1, "scroll by a row up, down", NULL},
    {INPUT_SHIFT_DOWN, 0, scroll_rows, 1, NULL, NULL},
    {INPUT_CTRL_HOME, 0, scroll_end, -1, "oldest, newest line", NULL},
    {INPUT_ALT, '<', scroll_end, -1, NULL, NULL},
    {INPUT_CTRL_END, 0, scroll_end, 1, NULL, NULL},
    {INPUT_ALT, '>', scroll_end, 1, NULL, NULL},
    {INPUT_ESCAPE, 0, escape, 0,
	"back to the newest line; gives up an answer or edit", NULL},
    {INPUT_ALT, 'u', go_unread, 0, "first unread line", "unread"},
    {INPUT_ALT, 'n', go_mention, 1, "next, previous mention of you", "mentions"},
    {INPUT_ALT, 'p', go_mention, -1, NULL, "mentions"},
    {INPUT_ALT, '1', rooms_slot, 1, "the room with that number; 0 is 10", "go"},
    {INPUT_ALT, '2', rooms_slot, 2, NULL, "go"},
    {INPUT_ALT, '3', rooms_slot, 3, NULL, "go"},
    {INPUT_ALT, '4', rooms_slot, 4, NULL, "go"},
    {INPUT_ALT, '5', rooms_slot, 5, NULL, "go"},
    {INPUT_ALT, '6', rooms_slot, 6, NULL, "go"},
    {INPUT_ALT, '7', rooms_slot, 7, NULL, "go"},
    {INPUT_ALT, '8', rooms_slot, 8, NULL, "go"},
    {INPUT_ALT, '9', rooms_slot, 9, NULL, "go"},
    {INPUT_ALT, '0', rooms_slot, 10, NULL, "go"},
    {INPUT_ALT_UP, 0, rooms_step, -1, "previous, next room", "go"},
    {INPUT_ALT_DOWN, 0, rooms_step, 1, NULL, "go"},
    {INPUT_ALT_LEFT, 0, rooms_step_or_word, -1,
	"previous, next room; in a text, one word left, right", "go"},
    {INPUT_ALT_RIGHT, 0, rooms_step_or_word, 1, NULL, "go"},
    {INPUT_ALT, 'a', rooms_needy, 0,
	"next room that needs you, mentions first; then back", "next"},
    {INPUT_ALT, '/', rooms_before, 0, "the room you were in before", "back"},
    {INPUT_ALT, 'm', rooms_read, 0,
	"this room is read; again: every room is read", "read"},
    {INPUT_F2, 0, rooms_list, 0, "show or hide the list of rooms", "rooms"},
    {INPUT_F3, 0, rooms_people, 0, "show or hide the people in the room", "names"},
    {INPUT_CTRL, 'R', keys_search, -1,
	"search up, down as you type; Enter stays there, Esc goes back", "search"},
    {INPUT_CTRL, 'S', keys_search, 1, NULL, "search"},
    {INPUT_LEFT, 0, move_to, EDITOR_LEFT, "one character left, right", NULL},
    {INPUT_CTRL, 'B', move_to, EDITOR_LEFT, NULL, NULL},
    {INPUT_RIGHT, 0, move_to, EDITOR_RIGHT, NULL, NULL},
    {INPUT_CTRL, 'F', move_to, EDITOR_RIGHT, NULL, NULL},
    {INPUT_WORD_LEFT, 0, move_to, EDITOR_WORD_LEFT, "one word left, right", NULL},
    {INPUT_ALT, 'b', move_to, EDITOR_WORD_LEFT, NULL, NULL},
    {INPUT_WORD_RIGHT, 0, move_to, EDITOR_WORD_RIGHT, NULL, NULL},
    {INPUT_ALT, 'f', move_to, EDITOR_WORD_RIGHT, NULL, NULL},
    {INPUT_HOME, 0, move_to, EDITOR_HOME, "beginning, end of the line", NULL},
    {INPUT_CTRL, 'A', move_to, EDITOR_HOME, NULL, NULL},
    {INPUT_END, 0, move_to, EDITOR_END, NULL, NULL},
    {INPUT_CTRL, 'E', move_to, EDITOR_END, NULL, NULL},
    {INPUT_BACKSPACE, 0, delete_to, EDITOR_LEFT,
	"delete before, at the cursor", NULL},
    {INPUT_DELETE, 0, delete_to, EDITOR_RIGHT, NULL, NULL},
    {INPUT_ALT_BACKSPACE, 0, delete_to, EDITOR_WORD_LEFT,
	"cut the word before, after the cursor", NULL},
    {INPUT_CTRL, 'W', kill_word, 0, NULL, NULL},
    {INPUT_CTRL_DELETE, 0, delete_to, EDITOR_WORD_RIGHT, NULL, NULL},
    {INPUT_ALT, 'd', delete_to, EDITOR_WORD_RIGHT, NULL, NULL},
    {INPUT_CTRL, 'U', delete_to, EDITOR_HOME,
	"cut everything before, after the cursor", NULL},
    {INPUT_CTRL, 'K', delete_to, EDITOR_END, NULL, NULL},
    {INPUT_CTRL, 'Y', yank, 0, "put back what was cut", NULL},
    {INPUT_CTRL, 'T', transpose, 0, "swap two characters", NULL},
    {INPUT_CTRL, 'C', cancel, 0, "clear the line; when it is empty, quit", "quit"},
    {INPUT_CTRL, 'D', delete_or_quit, EDITOR_RIGHT,
	"delete at the cursor; when the line is empty, quit", "quit"},
    {INPUT_CTRL, 'L', redraw, 0, "redraw the screen", NULL},
    {INPUT_CTRL_X, 'E', compose_draft, 0,
	"write the message in your own editor ($VISUAL or $EDITOR)", "editor"},
    {INPUT_ALT, 'g', menus_open, MENU_ROOMS, "go to a room by its name, or join it",
	"go"},
    {INPUT_ALT, 'w', menus_open, MENU_PEOPLE, "choose a person, then", "names"},
    {INPUT_ALT, 'o', menus_open, MENU_ROOM, "the room shown, then", "topic"},
    {INPUT_ALT, 'h', menus_open, MENU_HELD, "the held messages, then", "held"},
    {INPUT_ALT, 's', choose_begin, 0,
	"choose a message, then", "last"},
    {INPUT_ALT, 'e', comings_next, 0,
	"comings, goings and keys: in one line, all, or none", "events"},
    {INPUT_ALT, 'c', bare, 0,
	"show the lines alone, for copying; any key: back", "bare"},
    {INPUT_CTRL, 'Z', suspend, 0, "suspend; fg resumes", NULL},
    {INPUT_F1, 0, help, 0, "these keys; again the commands; Esc leaves", "keys"},
};
enum { N_BINDINGS = sizeof(bindings) / sizeof(bindings[0]) };

static void key_name(char *out, size_t size, const struct binding *b)
{
	static const char *const names[] = {
	    [INPUT_ENTER] = "Enter",
	    [INPUT_ALT_ENTER] = "Alt-Enter",
	    [INPUT_TAB] = "Tab",
	    [INPUT_BACK_TAB] = "Shift-Tab",
	    [INPUT_BACKSPACE] = "Backspace",
	    [INPUT_ALT_BACKSPACE] = "Alt-Backspace",
	    [INPUT_DELETE] = "Delete",
	    [INPUT_CTRL_DELETE] = "Ctrl-Delete",
	    [INPUT_ESCAPE] = "Esc",
	    [INPUT_UP] = "Up",
	    [INPUT_DOWN] = "Down",
	    [INPUT_LEFT] = "Left",
	    [INPUT_RIGHT] = "Right",
	    [INPUT_WORD_LEFT] = "Ctrl-Left",
	    [INPUT_WORD_RIGHT] = "Ctrl-Right",
	    [INPUT_ALT_LEFT] = "Alt-Left",
	    [INPUT_ALT_RIGHT] = "Alt-Right",
	    [INPUT_ALT_UP] = "Alt-Up",
	    [INPUT_ALT_DOWN] = "Alt-Down",
	    [INPUT_HOME] = "Home",
	    [INPUT_END] = "End",
	    [INPUT_CTRL_HOME] = "Ctrl-Home",
	    [INPUT_CTRL_END] = "Ctrl-End",
	    [INPUT_PAGE_UP] = "PgUp",
	    [INPUT_PAGE_DOWN] = "PgDn",
	    [INPUT_SHIFT_UP] = "Shift-Up",
	    [INPUT_SHIFT_DOWN] = "Shift-Down",
	    [INPUT_F1] = "F1",
	    [INPUT_F2] = "F2",
	    [INPUT_F3] = "F3",
	};

	if (b->key == INPUT_CTRL || b->key == INPUT_ALT ||
	    b->key == INPUT_CTRL_X)
		snprintf(out, size, "%s-%c",
		    b->key == INPUT_CTRL     ? "Ctrl"
		    : b->key == INPUT_CTRL_X ? "Ctrl-X Ctrl"
					     : "Alt",
		    toupper((unsigned char)b->letter));
	else
		snprintf(out, size, "%s", names[b->key]);
}

/* The menu that a key opens. */
static enum menu_kind menu_of(const struct binding *b)
{
	if (b->fn == choose_begin)
		return MENU_MESSAGE;
	if (b->fn != menus_open)
		return MENU_NONE;
	return b->arg == MENU_PEOPLE ? MENU_PERSON : (enum menu_kind)b->arg;
}

bool keys_help(struct keys_help *out, size_t i)
{
	char name[24], letters[KEYS_WHAT_MAX] = "";
	size_t at, n = 0;

	for (at = 0; at < N_BINDINGS; at++)
		if (bindings[at].help != NULL && i-- == 0)
			break;
	if (at == N_BINDINGS)
		return false;
	(void)menu_words(
	    letters, sizeof(letters), menu_of(&bindings[at]), KEYS_WHAT_MAX);
	snprintf(out->what, sizeof(out->what), "%s%s%s", bindings[at].help,
	    letters[0] != '\0' ? ": " : "", letters);
	out->command = bindings[at].command;
	out->keys[0] = '\0';
	do {
		key_name(name, sizeof(name), &bindings[at]);
		n += (size_t)snprintf(out->keys + n, sizeof(out->keys) - n,
		    "%s%s", n > 0 ? " " : "", name);
		at++;
	} while (n < sizeof(out->keys) && at < N_BINDINGS &&
		 bindings[at].help == NULL);
	return true;
}

/* The key that opens a menu. */
static const struct binding *opener(enum menu_kind menu)
{
	size_t i;

	if (menu == MENU_ROLE)
		menu = MENU_PERSON;
	if (menu == MENU_LEAVE || menu == MENU_ACCOUNT || menu == MENU_FILES)
		menu = MENU_ROOM;
	for (i = 0; i < N_BINDINGS; i++)
		if (menu_of(&bindings[i]) == menu)
			break;
	return i < N_BINDINGS ? &bindings[i] : NULL;
}

bool keys_command(struct keys_command *out, size_t i)
{
	const struct menu_item *m;
	const struct binding *b;

	out->undo = NULL;
	if (i < N_BINDINGS) {
		key_name(out->key, sizeof(out->key), &bindings[i]);
		out->command = bindings[i].command;
		return true;
	}
	if ((m = menu_item(i - N_BINDINGS)) == NULL)
		return false;
	if ((b = opener(m->menu)) == NULL)
		return false;
	key_name(out->key, sizeof(out->key), b);
	snprintf(out->key + strlen(out->key),
	    sizeof(out->key) - strlen(out->key), " %c", m->letter);
	out->command = m->command;
	out->undo = m->undo;
	return true;
}

/* Inserts as much of a text as the message can hold, in whole lines unless they are
 * very long; left_out: bytes that are already missing at its end. */
static void insert(struct tui *t, const char *text, size_t n, size_t left_out)
{
	struct editor *e = &t->cur->editor;
	size_t before = e->text.len, room = e->text.max - before;
	const char *end = n > room ? memrchr(text, '\n', room) : NULL;

	if (end != NULL && (size_t)(end - text) > room / 2)
		(void)editor_insert(e, text, (size_t)(end - text));
	else
		(void)editor_insert(e, text, n);
	left_out += n - (e->text.len - before);
	if (left_out == 0)
		return;
	display_bell(t->display);
	notice_add(t, LINE_ALERT,
	    "a message holds at most %d KiB: the last %zu %s of the text are "
	    "left out; Ctrl-C clears the line",
	    WIRE_TEXT_MAX >> 10, left_out < 1024 ? left_out : left_out >> 10,
	    left_out < 1024 ? "bytes" : "KiB");
}

static void insert_pasted(struct tui *t)
{
	struct buf *pasted = &t->question.pasted;

	insert(t, (const char *)pasted->p, pasted->len, 0);
	buf_clear(pasted);
}

/* Handles a key during a question, so that nothing typed or pasted is lost. */
static void answer(struct tui *t, const struct input_event *k)
{
	enum question_kind asked = t->question.kind;

	switch (question_key(&t->question, k)) {
	case QUESTION_YES:
		if (asked == QUESTION_QUIT)
			commands_quit(t, false);
		else if (asked == QUESTION_ACT)
			rooms_ask(t);
		else if (asked == QUESTION_PURGE)
			rooms_purge(t);
		else
			submit(t);
		break;
	case QUESTION_NO:
		break;
	case QUESTION_TEXT:
		insert(t, k->text, k->n, 0);
		break;
	case QUESTION_KEPT:
		display_bell(t->display);
		return;
	case QUESTION_FULL:
		display_bell(t->display);
		notice_add(
		    t, LINE_ALERT, "not pasted: first answer the question");
		return;
	}
	insert_pasted(t);
}

/* Does what is bound to a key. False: nothing is. */
static bool press(struct tui *t, enum input_key key, char letter)
{
	size_t i;

	for (i = 0; i < N_BINDINGS; i++)
		if (bindings[i].key == key && bindings[i].letter == letter) {
			bindings[i].fn(t, bindings[i].arg);
			return true;
		}
	return false;
}

/* The key after Ctrl-X, which may be typed with Ctrl or without. */
static void press_prefixed(struct tui *t, const struct input_event *k)
{
	char letter = k->letter;

	t->prefixed = false;
	if (k->key == INPUT_TEXT && k->n == 1)
		letter = (char)toupper((unsigned char)*k->text);
	else if (k->key != INPUT_CTRL)
		letter = '\0';
	if (!press(t, INPUT_CTRL_X, letter))
		display_bell(t->display);
}

void keys_press(struct tui *t, const struct input_event *k)
{
	if (k->key == INPUT_FOCUS_IN || k->key == INPUT_FOCUS_OUT) {
		unread_focus(t, k->key == INPUT_FOCUS_IN);
		return;
	}
	attention_key(&t->attention, t->env->now_ms());
	if (t->copying) {
		copymode_leave(t);
		if (k->key != INPUT_PASTE)
			return;
	}
	redraw_want_now(&t->redraw, REDRAW_INPUT);
	if (t->visitbox.open && visitbox_press(t, k))
		return;
	if (passwordbox_press(t, k))
		return;
	if (question_open(&t->question)) {
		answer(t, k);
		return;
	}
	if (t->find.on && keys_search_press(t, k))
		return;
	if (t->choose.on && choose_press(t, k))
		return;
	if (t->menu.kind != MENU_NONE && menus_press(t, k))
		return;
	if (helpbox_press(t, k))
		return;
	if (k->key != INPUT_TAB && k->key != INPUT_BACK_TAB)
		complete_end(&t->complete);
	if (t->prefixed && k->key != INPUT_PASTE)
		press_prefixed(t, k);
	else if (k->key == INPUT_TEXT || k->key == INPUT_PASTE)
		insert(t, k->text, k->n, k->left_out);
	else if (k->key == INPUT_CTRL && k->letter == 'X')
		t->prefixed = true;
	else
		(void)press(t, k->key, k->letter);
}

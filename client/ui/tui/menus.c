/* menus.c - the menus on the screen: a list that what is typed filters, letters
 * in the status line, and a text in place of the input line. Whatever is chosen
 * is done by the command of the same name. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/ui/cells.h"
#include "client/ui/roll.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words.h"
#include "client/ui/words_rooms.h"

enum {
	LINE_MAX_BYTES = 1024, /* of a command */
	LIST_ROWS_MAX = 12,
	TYPED_LEAST = 24, /* cells for a text, behind what it is for */
};

static bool is_list(enum menu_kind k)
{
	return k == MENU_ROOMS || k == MENU_PEOPLE;
}

bool menus_typing(const struct tui *t)
{
	return is_list(t->menu.kind) || t->menu.kind == MENU_TEXT;
}

static void open_menu(struct tui *t, enum menu_kind kind)
{
	if (t->choose.on)
		choose_end(t);
	editor_clear(&t->menu.text);
	t->menu.kind = kind;
	t->menu.at = 0;
	redraw_want(&t->redraw, REDRAW_ALL);
}

void menus_close(struct tui *t)
{
	open_menu(t, MENU_NONE);
}

void menus_open(struct tui *t, int kind)
{
	struct session_room_status st;

	if (kind == MENU_PEOPLE && t->cur->with[0] != '\0') {
		memcpy(t->menu.who, t->cur->with, sizeof(t->cur->with));
		kind = MENU_PERSON;
	}
	session_room_status(t->env->session, t->cur->room, &st);
	if (kind == MENU_HELD && st.held == 0)
		notice_add(t, LINE_NOTICE, "%s", words_none_held);
	else
		open_menu(t, (enum menu_kind)kind);
	if (kind == MENU_ROOMS)
		room_commands_learn(&t->asked, t->env->session, t->cur->room);
}

/* --- the lists ------------------------------------------------------------ */

/* A row of a list: a room that one is in, one that the server has named, or a
 * person. */
struct entry {
	const char *name;
	const struct buffer *room;
	const struct person *person;
};

/* The i-th candidate. */
static bool candidate(const struct tui *t, size_t i, struct entry *out)
{
	const struct buffer *b = NULL;
	const struct person *p;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (t->menu.kind == MENU_PEOPLE) {
		p = talk_people(t, &n);
		if (i >= n)
			return false;
		out->person = &p[i];
		out->name = p[i].name;
		return true;
	}
	while ((b = buffers_next(&t->buffers, b)) != NULL)
		if (i-- == 0) {
			out->room = b;
			out->name = b->name;
			return true;
		}
	if (i >= t->asked.n_known)
		return false;
	out->name = t->asked.known[i];
	return true;
}

/* It is in the list already: another connection of that person, or a room that
 * the user is in. */
static bool is_double(const struct tui *t, const struct entry *e)
{
	const struct buffer *b = NULL;
	const struct person *p;
	size_t n, same;

	if (e->person != NULL) {
		p = talk_people(t, &n);
		return roll_person(p, n, (size_t)(e->person - p), &same) ==
		       NULL;
	}
	if (t->menu.kind != MENU_ROOMS || e->room != NULL)
		return false;
	while ((b = buffers_next(&t->buffers, b)) != NULL)
		if (strcasecmp(b->name, e->name) == 0)
			return true;
	return false;
}

/* The i-th entry that matches: those that begin with what is typed come first.
 * False after the last. */
static bool entry(const struct tui *t, size_t i, struct entry *out)
{
	const char *typed = (const char *)t->menu.text.text.p;
	size_t n = t->menu.text.text.len, k;
	int want;

	for (want = MENU_BEGINS; want <= MENU_HAS; want++)
		for (k = 0; candidate(t, k, out); k++)
			if ((int)menu_match(out->name, typed, n) == want &&
			    !is_double(t, out) && i-- == 0)
				return true;
	return false;
}

static size_t count(const struct tui *t)
{
	const char *typed = (const char *)t->menu.text.text.p;
	size_t n = 0, k;
	struct entry e;

	for (k = 0; candidate(t, k, &e); k++)
		n += menu_match(e.name, typed, t->menu.text.text.len) !=
			 MENU_NOT &&
		     !is_double(t, &e);
	return n;
}

static void step(struct tui *t, int direction)
{
	size_t n = count(t);

	if (n == 0 || (direction < 0 && t->menu.at == 0) ||
	    (direction > 0 && t->menu.at + 1 >= n))
		display_bell(t->display);
	else
		t->menu.at += direction > 0 ? 1 : (size_t)-1;
}

/* --- what is done --------------------------------------------------------- */

/* False: the command was refused, and a line says why. */
static bool run(struct tui *t, const char *command, const char *who,
    const char *text, size_t n)
{
	char line[LINE_MAX_BYTES];
	int len = snprintf(line, sizeof(line), "/%s%s%s%s%.*s", command,
	    who[0] != '\0' ? " " : "", who, n > 0 ? " " : "", (int)n,
	    n > 0 ? text : "");

	if (len >= (int)sizeof(line)) {
		notice_add(t, LINE_NOTICE, "that is too long");
		return false;
	}
	return commands_run(t, line, (size_t)len);
}

/* Drops the held message, and puts its text into the input line. */
static void edit_held(struct tui *t)
{
	const struct scrollback *ls = t->cur->lines;
	struct editor *e = &t->cur->editor;
	const struct line *l, *held = NULL;
	const char *text;
	size_t n = 0;
	uint64_t id;

	for (id = scrollback_first(ls); id < scrollback_end(ls); id++)
		if ((l = scrollback_at(ls, id)) != NULL && l->held &&
		    l->message != NULL) {
			held = l;
			n++;
		}
	if (n != 1) {
		notice_add(t, LINE_NOTICE,
		    "there is not just one held message: send or drop them");
		return;
	}
	if (e->text.len > 0)
		history_add(
		    &t->cur->history, (const char *)e->text.p, e->text.len);
	text = message_text(held->message, &n);
	editor_set(e, text, n);
	(void)run(t, "drop", "", NULL, 0);
}

/* Whether the command that takes it back is meant. */
static bool is_done(const struct tui *t, const struct menu_item *m)
{
	const struct person *p;
	size_t n, i;

	p = talk_people(t, &n);
	for (i = 0; m->undo != NULL && i < n; i++)
		if (strcasecmp(p[i].name, t->menu.who) == 0)
			return strcmp(m->command, "mute") == 0
				   ? !p[i].voice
				   : ignored_has(
					 t->env->ignored, p[i].fingerprint);
	return false;
}

static void choose_item(struct tui *t, const struct menu_item *m)
{
	const char *who =
	    m->menu == MENU_PERSON || m->menu == MENU_ROLE ? t->menu.who : "";
	struct session_room_status st;

	if (m->next != MENU_NONE) {
		open_menu(t, m->next);
	} else if (m->text != NULL && !is_done(t, m)) {
		open_menu(t, MENU_TEXT);
		t->menu.item = m;
		if (strcmp(m->command, "topic") == 0) {
			session_room_status(t->env->session, t->cur->room, &st);
			editor_set(&t->menu.text, st.topic, strlen(st.topic));
		}
	} else {
		menus_close(t);
		if (m->menu == MENU_HELD && m->after != NULL)
			edit_held(t);
		else
			(void)run(t, is_done(t, m) ? m->undo : m->command, who,
			    m->after, m->after != NULL ? strlen(m->after) : 0);
	}
}

static void enter_rooms(struct tui *t)
{
	struct editor *e = &t->menu.text;
	struct entry to;
	bool done = true;

	if (entry(t, t->menu.at, &to)) {
		done =
		    run(t, to.room != NULL ? "go" : "join", to.name, NULL, 0);
	} else if (e->text.len > 0) {
		done = run(t, "join", "", (const char *)e->text.p, e->text.len);
	}
	if (done)
		menus_close(t);
}

static void enter(struct tui *t)
{
	const struct menu_item *m = t->menu.item;
	struct editor *e = &t->menu.text;
	struct entry to;

	if (t->menu.kind == MENU_ROOMS) {
		enter_rooms(t);
	} else if (t->menu.kind == MENU_PEOPLE) {
		if (!entry(t, t->menu.at, &to)) {
			display_bell(t->display);
			return;
		}
		snprintf(t->menu.who, sizeof(t->menu.who), "%s", to.name);
		open_menu(t, MENU_PERSON);
	} else {
		if (run(t, m->command, m->menu == MENU_PERSON ? t->menu.who : "",
			(const char *)e->text.p, e->text.len))
			menus_close(t);
	}
}

/* --- keys ----------------------------------------------------------------- */

static void type(struct tui *t, const struct input_event *k)
{
	size_t i, from;

	/* It is one line: a break in a paste is a blank. */
	for (i = from = 0; i <= k->n; i++)
		if (i == k->n || k->text[i] == '\n') {
			(void)editor_insert(
			    &t->menu.text, k->text + from, i - from);
			if (i < k->n)
				(void)editor_insert(&t->menu.text, " ", 1);
			from = i + 1;
		}
	t->menu.at = 0;
}

/* The keys that change the text. */
static bool edit(struct tui *t, const struct input_event *k)
{
	static const struct {
		enum input_key key;
		char letter;
		bool deletes;
		enum editor_move move;
	} keys[] = {
	    {INPUT_LEFT, 0, false, EDITOR_LEFT},
	    {INPUT_CTRL, 'B', false, EDITOR_LEFT},
	    {INPUT_RIGHT, 0, false, EDITOR_RIGHT},
	    {INPUT_CTRL, 'F', false, EDITOR_RIGHT},
	    {INPUT_HOME, 0, false, EDITOR_HOME},
	    {INPUT_CTRL, 'A', false, EDITOR_HOME},
	    {INPUT_END, 0, false, EDITOR_END},
	    {INPUT_CTRL, 'E', false, EDITOR_END},
	    {INPUT_BACKSPACE, 0, true, EDITOR_LEFT},
	    {INPUT_DELETE, 0, true, EDITOR_RIGHT},
	    {INPUT_ALT_BACKSPACE, 0, true, EDITOR_WORD_LEFT},
	    {INPUT_CTRL, 'W', true, EDITOR_WORD_LEFT},
	    {INPUT_CTRL, 'U', true, EDITOR_HOME},
	    {INPUT_CTRL, 'K', true, EDITOR_END},
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].key != k->key || keys[i].letter != k->letter)
			continue;
		if (keys[i].deletes)
			editor_delete(&t->menu.text, keys[i].move);
		else
			editor_move(&t->menu.text, keys[i].move);
		if (keys[i].deletes)
			t->menu.at = 0;
		return true;
	}
	return false;
}

static bool press_typing(struct tui *t, const struct input_event *k)
{
	bool ctrl = k->key == INPUT_CTRL, list = is_list(t->menu.kind);

	if (k->key == INPUT_TEXT || k->key == INPUT_PASTE)
		type(t, k);
	else if (k->key == INPUT_ENTER)
		enter(t);
	else if (list && (k->key == INPUT_TAB || k->key == INPUT_DOWN ||
			     (ctrl && k->letter == 'N')))
		step(t, 1);
	else if (list && (k->key == INPUT_BACK_TAB || k->key == INPUT_UP ||
			     (ctrl && k->letter == 'P')))
		step(t, -1);
	else
		return edit(t, k);
	return true;
}

static bool press_letter(struct tui *t, const struct input_event *k)
{
	const struct menu_item *m;

	if (k->key == INPUT_PASTE) { /* it may hold any letter */
		display_bell(t->display);
		return true;
	}
	if (k->key != INPUT_TEXT)
		return false;
	m = k->n == 1 ? menu_find(t->menu.kind, *k->text) : NULL;
	if (m != NULL)
		choose_item(t, m);
	else if (t->menu.kind == MENU_LEAVE)
		menus_close(t);
	else
		display_bell(t->display);
	return true;
}

bool menus_press(struct tui *t, const struct input_event *k)
{
	redraw_want(&t->redraw, REDRAW_ALL);
	if (menus_typing(t) ? press_typing(t, k) : press_letter(t, k))
		return true;
	menus_close(t);
	return k->key == INPUT_ESCAPE || k->key == INPUT_ENTER ||
	       (k->key == INPUT_CTRL && (k->letter == 'C' || k->letter == 'G'));
}

/* --- drawing -------------------------------------------------------------- */

static struct look look(struct tui *t, enum theme_role r)
{
	return theme_look(r, display_colors(t->display));
}

/* What stands before the letters. */
static void head_of(const struct tui *t, char *out, size_t size)
{
	struct session_room_status st;

	switch (t->menu.kind) {
	case MENU_PERSON:
		snprintf(out, size, "%s:  ", t->menu.who);
		break;
	case MENU_ROLE:
		snprintf(out, size, "new role of %s:  ", t->menu.who);
		break;
	case MENU_LEAVE:
		snprintf(out, size, "Leave %s?  ", t->cur->name);
		break;
	case MENU_HELD:
		session_room_status(t->env->session, t->cur->room, &st);
		snprintf(out, size, "%zu held:  ", st.held);
		break;
	default:
		snprintf(out, size, "%s:  ", t->cur->name);
	}
}

void menus_status(const struct tui *t, int cells, char out[MENUS_MAX])
{
	char head[64];
	static const char tail[] = "   Esc back";
	int used;

	if (t->menu.kind == MENU_ROOMS) {
		snprintf(out, MENUS_MAX, "%s",
		    cells < 60 ? "type or Up Down, Enter goes   Esc back"
			       : "type a part of the name, or Up Down; Enter "
				 "goes there, or joins   Esc back");
		return;
	}
	if (t->menu.kind == MENU_PEOPLE) {
		snprintf(out, MENUS_MAX, "%s",
		    cells < 60 ? "type or Up Down, Enter   Esc back"
			       : "type a part of the name, or Up Down; Enter "
				 "shows what to do   Esc back");
		return;
	}
	if (t->menu.kind == MENU_TEXT) {
		snprintf(out, MENUS_MAX, "/%s%s%s   Enter does it   Esc back",
		    t->menu.item->command,
		    t->menu.item->menu == MENU_PERSON ? " " : "",
		    t->menu.item->menu == MENU_PERSON ? t->menu.who : "");
		return;
	}
	if (t->menu.kind == MENU_LEAVE) {
		snprintf(out, MENUS_MAX, "Leave %s?  y = leave, Enter = back",
		    t->cur->name);
		return;
	}
	head_of(t, head, sizeof(head));
	used = snprintf(out, MENUS_MAX, "%s", head);
	if (!menu_words(out + used, MENUS_MAX - (size_t)used - sizeof(tail),
		t->menu.kind, cells - used - (int)sizeof(tail) + 1))
		/* The letters are above, over the lines. */
		snprintf(
		    out + used, MENUS_MAX - (size_t)used, "press a letter");
	strcat(out, tail);
}

static const char *label(const struct tui *t)
{
	switch (t->menu.kind) {
	case MENU_ROOMS:
		return "go to";
	case MENU_PEOPLE:
		return "who";
	default:
		return t->menu.item->text;
	}
}

void menus_draw_text(struct tui *t, const struct layout *y)
{
	int row = y->rows - 1, at, col;
	char prompt[80];
	size_t from;

	snprintf(prompt, sizeof(prompt), "%s: ", label(t));
	if ((int)strlen(prompt) > y->cols - TYPED_LEAST)
		snprintf(
		    prompt, sizeof(prompt), "/%s: ", t->menu.item->command);
	at = (int)strlen(prompt);
	editor_window(&t->menu.text, y->cols - at, &from, &col);
	display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
	display_str(t->display, row, 0, at, prompt, look(t, ROLE_PROMPT));
	display_put(t->display, row, at, y->cols - at,
	    (const char *)t->menu.text.text.p + from,
	    t->menu.text.text.len - from, look(t, ROLE_TEXT));
	display_cursor(t->display, row, at + col);
}

/* What stands behind the name in a list. */
static void note_of(
    const struct tui *t, const struct entry *e, char *out, size_t size)
{
	struct hot_room hot;

	out[0] = '\0';
	if (e->person != NULL) {
		snprintf(out, size, "%s%s%s",
		    e->person->self ? "you" : words_person_mark(e->person),
		    words_trust_note(e->person->trust),
		    ignored_has(t->env->ignored, e->person->fingerprint)
			? " ignored"
			: "");
	} else if (e->room != NULL) {
		hot = rooms_hot(e->room);
		hotlist_counts(out, size, &hot);
	} else {
		snprintf(out, size, "not joined");
	}
}

/* How many bytes of "v verify  i info" are whole items in `cells`. */
static size_t fits(const char *s, int cells)
{
	const char *at = s, *next;

	for (;;) {
		next = strstr(at, "  ");
		next = next != NULL ? next : s + strlen(s);
		if (next - s > cells)
			break;
		at = next + strspn(next, " ");
		if (*next == '\0')
			return strlen(s);
	}
	return at > s ? (size_t)(at - s) : strlen(s);
}

/* The letters that have no room in the status line. */
static void draw_letters(struct tui *t, const struct layout *y)
{
	char words[MENUS_MAX], status[MENUS_MAX];
	const char *s = words;
	int rows = 0, row;

	menus_status(t, y->cols - 2, status);
	if (strstr(status, "press a letter") == NULL)
		return;
	(void)menu_words(words, sizeof(words), t->menu.kind, 0);
	for (; *s != '\0'; s += fits(s, y->chat_cols - 2))
		rows++;
	row = y->chat_rows - rows;
	if (row < 0)
		return;
	for (s = words; *s != '\0'; s += fits(s, y->chat_cols - 2), row++) {
		display_blank(t->display, row, y->chat_col, y->chat_cols,
		    look(t, ROLE_STATUS));
		display_put(t->display, row, y->chat_col + 1, y->chat_cols - 2,
		    s, fits(s, y->chat_cols - 2), look(t, ROLE_STATUS));
	}
}

void menus_draw_list(struct tui *t, const struct layout *y)
{
	int max =
	    y->chat_rows - 2 < LIST_ROWS_MAX ? y->chat_rows - 2 : LIST_ROWS_MAX;
	size_t n, first, i;
	struct entry e;
	char text[128], note[64];
	struct look l;
	int row;

	if (t->menu.kind != MENU_NONE && !menus_typing(t) &&
	    t->menu.kind != MENU_LEAVE)
		draw_letters(t, y);
	if (!is_list(t->menu.kind) || max < 1)
		return;
	n = count(t);
	if (n == 0)
		return;
	if (t->menu.at >= n)
		t->menu.at = n - 1;
	first = t->menu.at >= (size_t)max ? t->menu.at - (size_t)max + 1 : 0;
	row = y->chat_rows - (n < (size_t)max ? (int)n : max) - 1;
	display_rule(
	    t->display, row++, y->chat_col, y->chat_cols, look(t, ROLE_RULE));
	for (i = first; row < y->chat_rows && entry(t, i, &e); i++, row++) {
		l = look(t, i == t->menu.at ? ROLE_STATUS : ROLE_TEXT);
		note_of(t, &e, note, sizeof(note));
		if (e.room != NULL)
			snprintf(text, sizeof(text), " %2u %-16s  %s",
			    e.room->slot, e.name, note);
		else
			snprintf(
			    text, sizeof(text), "    %-16s  %s", e.name, note);
		display_blank(t->display, row, y->chat_col, y->chat_cols, l);
		display_str(
		    t->display, row, y->chat_col, y->chat_cols, text, l);
	}
}

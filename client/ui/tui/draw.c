/* draw.c - draws the window. */
#include <stdio.h>
#include <string.h>

#include "client/ui/words_files.h"
#include "client/ui/cells.h"
#include "client/ui/tui/column.h"
#include "client/ui/tui/tui.h"
#include "client/ui/words_rooms.h"
#include "shared/wire/text.h"

static struct look look(struct tui *t, enum theme_role r)
{
	return theme_look(r, display_colors(t->display));
}

static void draw_user(struct tui *t, const struct layout *y, int row,
    const struct column_row *r)
{
	const struct person *p = r->person;
	const char *mark = p->trust == TRUST_CHANGED			  ? "!"
			   : ignored_has(t->env->ignored, p->fingerprint) ? "-"
			   : p->trust == TRUST_VERIFIED			  ? "+"
			   : p->trust == TRUST_CERTIFIED		  ? "*"
									  : " ";
	struct look name =
	    p->trust == TRUST_CHANGED ? look(t, ROLE_ALERT)
	    : p->self		      ? look(t, ROLE_OWN)
		      : theme_name(p->name, display_colors(t->display));
	char safe[WIRE_NAME_MAX * 4];
	int more = r->mark[0] != '\0' ? 1 + (int)strlen(r->mark) : 0;
	int left = y->users_cols - 1 - more;

	text_filter_fixed(safe, sizeof(safe), p->name, strlen(p->name));
	display_str(t->display, row, y->users_col, 1, mark, name);
	if ((int)strlen(safe) > left && left > 1)
		snprintf(safe + left - 1, 2, "~");
	display_str(t->display, row, y->users_col + 1, left, safe, name);
	if (more > 0)
		display_str(t->display, row,
		    y->users_col + 2 + (int)strlen(safe),
		    y->users_cols - 2 - (int)strlen(safe), r->mark,
		    look(t, ROLE_NOTICE));
}

static void draw_users(struct tui *t, const struct layout *y)
{
	struct column_row rows[COLUMN_ROWS_MAX];
	const struct person *p;
	size_t n, shown, left;
	char text[40];
	int row;

	if (y->users_cols == 0)
		return;
	p = talk_people(t, &n);
	shown = column_rows(rows,
	    y->chat_rows < COLUMN_ROWS_MAX ? (size_t)y->chat_rows
					   : COLUMN_ROWS_MAX,
	    p, n, &left);
	for (row = 0; row < y->chat_rows; row++) {
		display_blank(t->display, row, y->users_col, y->users_cols,
		    look(t, ROLE_TEXT));
		if ((size_t)row == shown && left > 0) {
			snprintf(text, sizeof(text), " +%zu more", left);
			display_str(t->display, row, y->users_col,
			    y->users_cols, text, look(t, ROLE_NOTICE));
		} else if ((size_t)row >= shown) {
			continue;
		} else if (rows[row].heading != NULL) {
			display_str(t->display, row, y->users_col,
			    y->users_cols, rows[row].heading,
			    look(t, ROLE_NOTICE));
		} else {
			draw_user(t, y, row, &rows[row]);
		}
	}
}

/* The other rooms, for the status line. */
static size_t hot_rooms(const struct tui *t, struct hot_room hot[HOTLIST_MAX])
{
	const struct buffer *b = NULL;
	size_t n = 0;

	while (n < HOTLIST_MAX && (b = buffers_next(&t->buffers, b)) != NULL)
		if (b != t->cur)
			hot[n++] = rooms_hot(b);
	return n;
}

/* The status line while a message is chosen, or a menu is open. */
static void draw_menu(struct tui *t, const struct layout *y)
{
	int row = y->rows - 1 - y->input_rows;
	char menu[MENUS_MAX];

	if (t->choose.on)
		choose_menu(t, y->cols - 2, menu);
	else if (t->menu.kind == MENU_NONE)
		(void)readback_row(t, menu);
	else
		menus_status(t, y->cols - 2, menu);
	display_blank(t->display, row, 0, y->cols, look(t, ROLE_STATUS));
	display_str(
	    t->display, row, 1, y->cols - 2, menu, look(t, ROLE_STATUS));
}

/* How far the first file is that is on its way. */
static void put_file(
    const struct tui *t, struct status_in *in, char text[2][WORDS_FILE_SHORT])
{
	const struct session_file *f;
	size_t i;

	for (i = 0; (f = session_file_at(t->env->session, i)) != NULL; i++) {
		words_file_short(text[0], WORDS_FILE_SHORT, f, 0);
		if (text[0][0] == '\0')
			continue;
		words_file_short(text[1], WORDS_FILE_SHORT, f, 1);
		in->file = text[0];
		in->file_short = text[1];
		return;
	}
}

static void draw_status(struct tui *t, const struct layout *y)
{
	char file[2][WORDS_FILE_SHORT];
	struct session_room_status room_st;
	struct session_status st;
	struct hot_room hot[HOTLIST_MAX];
	struct status_in in = {0};
	char kept[WORDS_KEPT_MAX], muted[48] = "";
	char line[STATUS_MAX], server[256], room[WIRE_ROOM_MAX * 4];
	uint64_t now = t->env->now_ms();
	int row = y->rows - 1 - y->input_rows, col;
	size_t n, alarm;

	session_status(t->env->session, &st);
	session_room_status(t->env->session, t->cur->room, &room_st);
	text_filter_fixed(
	    server, sizeof(server), t->env->server, strlen(t->env->server));
	text_filter_fixed(
	    room, sizeof(room), t->cur->name, strlen(t->cur->name));
	if (t->cur->with[0] != '\0')
		snprintf(room, sizeof(room), "to %s alone", t->cur->with);
	if (t->cur->with[0] != '\0')
		kept[0] = '\0';
	else
		words_room_kept_short(kept, &room_st);
	in.reads = words_room_reads(&room_st);
	in.reads_short = words_room_reads_short(&room_st);
	in.kept = kept;
	in.keeps = t->cur->with[0] != '\0' ? st.keeps_direct : st.keeps;
	in.fork = t->cur->fork;
	in.rewritten = t->cur->rewritten;
	in.full = t->cur->full;
	in.muted = muted;
	if (room_st.joined && !room_st.may_speak)
		words_muted(muted, sizeof(muted), room_st.voice_until_ms,
		    t->env->wall_ms());
	in.out = room_st.wanted ? "" : "NOT IN THIS ROOM";
	in.rooms = hot;
	in.n_rooms = hot_rooms(t, hot);
	in.link = t->link.state;
	if (t->link.again_ms > now)
		in.wait_s = (uint32_t)((t->link.again_ms - now + 999) / 1000);
	in.server = server;
	in.room = room;
	in.joined = room_st.joined;
	/* Direct messages have no post-quantum part of their own. */
	in.exchange = t->cur->with[0] != '\0' ? EXCHANGE_CLASSICAL : st.exchange;
	in.others = room_st.others;
	in.verified = room_st.verified;
	if (t->cur->with[0] != '\0')
		in.verified = talk_verified(t, &in.others);
	in.changed = room_st.changed;
	in.changed_name = room_st.changed_name;
	in.unread = t->cur->unread.lines;
	in.mentions = t->cur->unread.mentions;
	in.unacked = room_st.unacked;
	in.held = room_st.held;
	in.ascii = t->env->ascii;
	put_file(t, &in, file);
	display_blank(t->display, row, 0, y->cols, look(t, ROLE_STATUS));
	n = status_line(line, &in, y->cols - 2, &alarm);
	col = 1 + display_put(t->display, row, 1, y->cols - 2, line, alarm,
		      look(t, ROLE_ALARM));
	display_put(t->display, row, col, y->cols - 1 - col, line + alarm,
	    n - alarm, look(t, ROLE_STATUS));
}

/* Draws one row of the input text; right-to-left text stays to the right of the
 * prompt. */
static void draw_written(struct tui *t, const struct layout *y, int row,
    const char *prompt, size_t from, size_t to)
{
	const char *s = (const char *)t->cur->editor.text.p;
	struct look plain = look(t, ROLE_TEXT);
	int at = y->prompt_cols;

	display_blank(t->display, row, 0, y->cols, plain);
	display_str(t->display, row, at - (int)strlen(prompt), at, prompt,
	    look(t, ROLE_PROMPT));
	if (from == to)
		return;
	if (cells_rtl(s + from, to - from))
		display_wall(t->display, row, at - 1, ' ', plain);
	display_put(
	    t->display, row, at, y->cols - at, s + from, to - from, plain);
}

static void draw_input_rows(struct tui *t, const struct layout *y)
{
	struct editor *e = &t->cur->editor;
	int width = y->cols - y->prompt_cols - 1, i;
	int rows = y->input_rows - y->about_rows, first = y->rows - rows;
	int cursor_row = first, cursor_col = y->prompt_cols;
	char prompt[TUI_PROMPT_MAX];
	size_t top = editor_top(e, width, (size_t)rows), k;
	struct editor_row r = {0};

	layout_prompt(t, y->cols, prompt);
	if (top > 0)
		prompt[y->prompt_cols - 2] = '^';
	for (k = 0; k < top; k++)
		editor_row(e, width, r.next, &r);
	for (i = 0; i < rows && r.next != EDITOR_NO_ROW; i++) {
		editor_row(e, width, r.next, &r);
		draw_written(t, y, first + i,
		    i == 0				       ? prompt
		    : i == rows - 1 && r.next != EDITOR_NO_ROW ? "v "
							       : "  ",
		    r.from, r.to);
		if (e->cursor < r.from || e->cursor > r.to)
			continue;
		cursor_row = first + i;
		cursor_col = y->prompt_cols +
			     cells_width((const char *)e->text.p + r.from,
				 e->cursor - r.from);
	}
	display_cursor(t->display, cursor_row, cursor_col);
}

/* Draws the search prompt. A narrow window shows its end, where the user
 * types. */
static void draw_find(struct tui *t, const struct layout *y)
{
	int row = y->rows - 1, col;
	char text[SEARCH_MAX + 32];
	size_t n = isearch_prompt(&t->find, text, sizeof(text)), from = 0;

	while (cells_width(text + from, n - from) > y->cols - 1)
		from = cells_next(text, n, from);
	display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
	col = display_put(t->display, row, 0, y->cols - 1, text + from,
	    n - from, look(t, ROLE_PROMPT));
	display_cursor(t->display, row, col);
}

static void draw_question(struct tui *t, const struct layout *y)
{
	struct question_about about = {.room = t->cur->name,
	    .lines = editor_lines(&t->cur->editor),
	    .bytes = t->cur->editor.text.len,
	    .cols = y->cols};
	int row = y->rows - 1, col;
	char text[QUESTION_TEXT_MAX];

	rooms_unsent(t, &about.unacked, &about.held);
	question_text(&t->question, text, sizeof(text), &about);
	display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
	col = display_str(
	    t->display, row, 0, y->cols - 1, text, look(t, ROLE_PROMPT));
	display_cursor(t->display, row, col);
}

/* What Tab chooses from, or else what the text in the input line answers or
 * changes. */
static void draw_about(struct tui *t, const struct layout *y)
{
	_Static_assert((int)ABOUT_MAX <= (int)COMPLETE_ROW, "text");
	char text[COMPLETE_ROW];
	int row = y->rows - y->input_rows;

	if (y->about_rows == 0)
		return;
	if (t->complete.active)
		complete_row(&t->complete, y->cols - 1, text);
	else
		about_text(&t->cur->about, y->cols - 1, t->env->ascii, text);
	display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
	display_str(
	    t->display, row, 0, y->cols - 1, text, look(t, ROLE_NOTICE));
}

/* Draws the input line and leaves the cursor at the insertion point. */
static void draw_input(struct tui *t, const struct layout *y)
{
	int row = y->rows - 1, col;
	char prompt[TUI_PROMPT_MAX];
	size_t from;

	if (t->visitbox.open) {
		visitbox_draw(t, y);
	} else if (passwordbox_open(t)) {
		passwordbox_draw(t, y);
	} else if (question_open(&t->question)) {
		draw_question(t, y);
	} else if (t->find.on) {
		draw_find(t, y);
	} else if (menus_typing(t)) {
		menus_draw_text(t, y);
	} else if (y->input_rows - y->about_rows > 1) {
		draw_about(t, y);
		draw_input_rows(t, y);
	} else {
		draw_about(t, y);
		layout_prompt(t, y->cols, prompt);
		editor_window(
		    &t->cur->editor, y->cols - y->prompt_cols, &from, &col);
		draw_written(t, y, row, prompt, from, t->cur->editor.text.len);
		display_cursor(t->display, row, y->prompt_cols + col);
	}
}

static void draw_tiny(struct tui *t, const struct layout *y)
{
	static const char text[] = "make this window larger: 20x5 at least";
	int row, at = 0, n = (int)sizeof(text) - 1;

	for (row = 0; row < y->rows; row++) {
		display_blank(t->display, row, 0, y->cols, look(t, ROLE_TEXT));
		if (at < n)
			display_put(t->display, row, 0, y->cols, text + at,
			    (size_t)(n - at), look(t, ROLE_TEXT));
		at += y->cols;
	}
	display_cursor(t->display, 0, 0);
}

/* What stands above the status line. */
static void draw_room(struct tui *t, const struct layout *y, unsigned parts)
{
	if (parts & REDRAW_CHAT && !y->rooms_over)
		draw_lines(t, y);
	if (parts & (REDRAW_CHAT | REDRAW_STATUS))
		draw_rooms(t, y);
	if (parts & REDRAW_USERS)
		draw_users(t, y);
	menus_draw_list(t, y);
}

void draw(struct tui *t)
{
	struct layout y = layout_of(t);
	unsigned parts = t->redraw.parts;
	char row[READBACK_ROW_MAX];

	t->redraw.parts = 0;
	if (t->copying)
		return; /* copymode_leave redraws everything */
	if (y.tiny) {
		draw_tiny(t, &y);
	} else {
		if (y.input_rows != t->laid_out.input_rows)
			parts = REDRAW_ALL;
		t->laid_out.input_rows = y.input_rows;
		if (t->helpbox.open)
			helpbox_draw(t, &y);
		else
			draw_room(t, &y, parts);
		if (t->choose.on || t->menu.kind != MENU_NONE ||
		    readback_row(t, row))
			draw_menu(t, &y);
		else if (parts & REDRAW_STATUS)
			draw_status(t, &y);
		draw_input(t, &y);
	}
	display_flush(t->display);
}

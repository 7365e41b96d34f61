/* display.c - draws on the terminal through ncurses. */
#define NCURSES_WIDECHAR 1
#include "client/ui/tui/display.h"

#include <curses.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>
#include <wchar.h>

#include "client/ui/tui/canvas.h"
#include "client/ui/cells.h"
#include "client/ui/tui/require.h"
#include "client/ui/tui/restore.h"
#include "client/ui/tui/window.h"

struct display {
	struct canvas *canvas;	     /* owned; what ncurses draws on */
	SCREEN *curses;		     /* owned */
	struct termios before, ours; /* the terminal's modes */
	int colors;
	bool ascii;
	bool reports;	  /* supports bracketed paste and focus reports */
	bool titles;	  /* supports a title, and we may set it */
	bool pushed;	  /* the old title is on the terminal's stack */
	bool unsized;	  /* a resize to the window's size is due */
	bool broken;	  /* ncurses must not be called again */
	bool lent;	  /* another program has the terminal */
	char title[256];  /* the title we set, "" if none yet */
	int wake[2];	  /* written by signal handlers */
	short pairs[256]; /* colour -> pair, 0: none yet */
	short n_pairs;
};

/* Bracketed paste, and reports when the window gains or loses focus. The mouse
 * wheel must not send cursor keys, which would put an earlier input in the place
 * of the draft (xterm's alternate scroll); that setting is saved and restored. */
static const char reports_on[] =
			  "\033[?2004h\033[?1004h\033[?1007s\033[?1007l",
		  reports_off[] = "\033[?2004l\033[?1004l\033[?1007r";

/* xterm's title stack: push the current title, pop it again. */
static const char title_push[] = "\033[22;0t", title_pop[] = "\033[23;0t";

/* Appends a terminfo string without its padding: terminals that need padding no
 * longer exist. */
static size_t add_cap(char *out, size_t at, const char *cap)
{
	const char *s = tigetstr(cap);

	if (s == NULL || s == (char *)-1)
		return at;
	while (*s != '\0' && at < RESTORE_MAX) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>') != NULL)
			s = strchr(s, '>') + 1;
		else
			out[at++] = *s++;
	}
	return at;
}

static int arm(struct display *s, const struct termios *saved)
{
	char seq[RESTORE_MAX];
	size_t n = 0;

	if (s->reports) {
		memcpy(seq, reports_off, sizeof(reports_off) - 1);
		n = sizeof(reports_off) - 1;
	}
	if (s->titles) {
		memcpy(seq + n, title_pop, sizeof(title_pop) - 1);
		n += sizeof(title_pop) - 1;
	}
	n = add_cap(seq, n, "sgr0");
	if (s->colors > 0)
		n = add_cap(seq, n, "op");
	n = add_cap(seq, n, "cnorm");
	n = add_cap(seq, n, "rmcup");
	return restore_arm(STDOUT_FILENO, saved, seq, n, s->wake[1]);
}

static void send_raw(struct display *s, const char *seq)
{
	canvas_put(s->canvas, seq, strlen(seq));
}

/* Ends what canvas_begin began. */
static void drawn(struct display *s)
{
	if (!canvas_end(s->canvas))
		clearok(curscr, TRUE);
}

static void send_title(struct display *s)
{
	char seq[sizeof(s->title) + 8];

	snprintf(seq, sizeof(seq), "\033]2;%s\a", s->title);
	send_raw(s, seq);
}

static void take_terminal(struct display *s)
{
	if (s->reports)
		send_raw(s, reports_on);
	/* After SIGSTOP the title is still pushed. */
	if (s->titles && !s->pushed)
		send_raw(s, title_push);
	s->pushed = s->titles;
	if (s->title[0] != '\0')
		send_title(s);
}

static void leave_terminal(struct display *s)
{
	if (s->pushed)
		send_raw(s, title_pop);
	s->pushed = false;
	if (s->reports)
		send_raw(s, reports_off);
	/* endwin cannot set the modes of the file in memory. */
	canvas_begin(s->canvas);
	endwin();
	drawn(s);
	canvas_finish(s->canvas);
	(void)tcsetattr(STDOUT_FILENO, TCSANOW, &s->before);
}

/* True when terminfo says that the terminal accepts xterm's title sequence. */
static bool has_title(void)
{
	const char *tsl = tigetstr("tsl");

	return tigetflag("XT") > 0 || (tsl != NULL && tsl != (char *)-1 &&
					  strncmp(tsl, "\033]", 2) == 0);
}

/* Starts ncurses, which sets the modes that it needs, and writes a few bytes to
 * the terminal itself: require_terminal has seen that there is room. */
static int start_curses(struct display *s, struct errmsg *why)
{
	if ((s->canvas = canvas_new()) == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	s->curses = newterm(NULL, canvas_file(s->canvas), stdin);
	if (s->curses == NULL)
		return errmsg_set(why, ERR_USAGE,
		    "this terminal cannot be used: "
		    "use --plain");
	raw();
	noecho();
	nonl();
	if (tcgetattr(STDOUT_FILENO, &s->ours) != 0)
		return errmsg_set(why, ERR_IO, "the terminal does not answer");
	return 0;
}

int display_open(struct display **out, bool color, bool ascii, bool title,
    struct errmsg *why)
{
	struct termios saved;
	struct display *s = NULL;
	const char *cup;
	int r;

	if ((r = require_terminal(why)) != 0)
		return r;
	if (tcgetattr(STDOUT_FILENO, &saved) != 0)
		return errmsg_set(why, ERR_IO, "the terminal does not answer");
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return errmsg_set(why, ERR_NOMEM, "out of memory");
	s->ascii = ascii;
	s->before = saved;
	if (pipe2(s->wake, O_CLOEXEC | O_NONBLOCK) != 0) {
		free(s);
		return errmsg_set(why, ERR_IO, "no descriptor is left");
	}
	restore_look();
	window_forget();
	if ((r = start_curses(s, why)) != 0)
		goto fail;
	if (color && has_colors() && start_color() == OK &&
	    use_default_colors() == OK)
		s->colors = COLORS;
	/* ECMA-48 terminals ignore private modes that they do not know. */
	cup = tigetstr("cup");
	s->reports =
	    cup != NULL && cup != (char *)-1 && strncmp(cup, "\033[", 2) == 0;
	s->titles = title && has_title();
	take_terminal(s);
	r = arm(s, &saved);
	if (r == 0) {
		*out = s;
		return 0;
	}
	errmsg_set(why, r, "the terminal's description is too long");
fail:
	display_close(s);
	return r;
}

void display_close(struct display *s)
{
	if (s == NULL)
		return;
	if (s->broken || s->lent) {
		/* Whoever has it may have left it in any state. */
		canvas_finish(s->canvas);
		restore_now();
	} else if (s->curses != NULL) {
		leave_terminal(s);
		restore_disarm();
		delscreen(s->curses);
	}
	canvas_free(s->canvas);
	close(s->wake[0]);
	close(s->wake[1]);
	free(s);
}

int display_rows(const struct display *s)
{
	(void)s;
	return getmaxy(stdscr);
}

int display_cols(const struct display *s)
{
	(void)s;
	return getmaxx(stdscr);
}

int display_colors(const struct display *s)
{
	return s->colors;
}

static short pair_of(struct display *s, int color)
{
	if (color < 0 || color > 255 || s->colors == 0)
		return 0;
	if (s->pairs[color] == 0 && s->n_pairs + 1 < COLOR_PAIRS &&
	    s->n_pairs < 255 &&
	    init_pair((short)(s->n_pairs + 1), (short)color, -1) == OK)
		s->pairs[color] = ++s->n_pairs;
	return s->pairs[color];
}

static attr_t attributes(struct look l)
{
	attr_t a = A_NORMAL;

	if (l.flags & LOOK_BOLD)
		a |= A_BOLD;
	if (l.flags & LOOK_DIM)
		a |= A_DIM;
	if (l.flags & LOOK_REVERSE)
		a |= A_REVERSE;
	if (l.flags & LOOK_UNDERLINE)
		a |= A_UNDERLINE;
	return a;
}

static void put_glyph(
    struct display *s, const struct glyph *g, struct look look)
{
	wchar_t w[CELLS_MARKS + 2];
	int i, n = 0;
	bool fill = false;
	cchar_t c;

	w[n++] = (wchar_t)g->base;
	if (wcwidth(w[0]) != g->width) {
		w[0] = L'\ufffd';
		fill = g->width == 2;
	} else {
		for (i = 0; i < g->n_marks; i++)
			if (wcwidth((wchar_t)g->marks[i]) == 0)
				w[n++] = (wchar_t)g->marks[i];
	}
	w[n] = L'\0';
	if (setcchar(&c, w, attributes(look), pair_of(s, look.color), NULL) ==
	    OK)
		add_wch(&c);
	/* A blank fills the second cell of what was wide. */
	if (fill && setcchar(&c, L" ", attributes(look), pair_of(s, look.color),
			NULL) == OK)
		add_wch(&c);
}

int display_put(struct display *s, int row, int col, int cells,
    const char *text, size_t n, struct look look)
{
	static const char return_sign[] = "\xe2\x86\xb5";
	size_t pos = 0, at, len;
	struct glyph g;
	int used = 0, w, k;

	move(row, col);
	while (pos < n) {
		if (text[pos] == '\n') {
			if (used == cells)
				break;
			used += display_put(s, row, col + used, 1,
			    s->ascii ? "\\" : return_sign, s->ascii ? 1 : 3,
			    look);
			pos++;
			continue;
		}
		len = cells_cluster(text + pos, n - pos, &w);
		if (w > cells - used)
			break;
		for (at = 0, k = 0;
		     cells_glyph(text + pos, len, &at, &g) && g.width <= w - k;
		     k += g.width)
			put_glyph(s, &g, look);
		used += w;
		pos += len;
	}
	return used;
}

int display_str(struct display *s, int row, int col, int cells,
    const char *text, struct look look)
{
	return display_put(s, row, col, cells, text, strlen(text), look);
}

void display_blank(
    struct display *s, int row, int col, int cells, struct look look)
{
	move(row, col);
	while (cells-- > 0)
		put_glyph(s, &(struct glyph){.base = ' ', .width = 1}, look);
}

void display_rule(
    struct display *s, int row, int col, int cells, struct look look)
{
	struct glyph g = {.base = s->ascii ? '-' : 0x2500, .width = 1};

	move(row, col);
	while (cells-- > 0)
		put_glyph(s, &g, look);
}

void display_bar(struct display *s, int row, int col, struct look look)
{
	struct glyph g = {.base = s->ascii ? '|' : 0x2502, .width = 1};

	move(row, col);
	put_glyph(s, &g, look);
}

void display_wall(
    struct display *s, int row, int col, char what, struct look look)
{
	struct glyph g = {.base = what == ' ' ? ' '
				  : s->ascii  ? '|'
					      : 0x2502,
	    .marks = {0x200e},
	    .n_marks = 1,
	    .width = 1};

	move(row, col);
	put_glyph(s, &g, look);
}

void display_cursor(struct display *s, int row, int col)
{
	(void)s;
	move(row, col);
}

void display_flush(struct display *s)
{
	if (s->broken || s->lent)
		return;
	canvas_begin(s->canvas);
	refresh();
	drawn(s);
}

bool display_busy(const struct display *s)
{
	return canvas_busy(s->canvas);
}

int display_fd(const struct display *s)
{
	return canvas_fd(s->canvas);
}

void display_write(struct display *s)
{
	canvas_write(s->canvas);
}

/* Checks that there is memory for the three windows that ncurses is about to
 * reallocate. */
static bool room_for(const struct winsize *ws)
{
	size_t cells = ((size_t)ws->ws_row + 1) * ((size_t)ws->ws_col + 2);
	void *p = malloc(4 * cells * sizeof(cchar_t));

	free(p);
	return p != NULL;
}

/* Adopts the window's size. False when there is no memory for it. */
static bool adopt_size(struct display *s)
{
	struct winsize ws;

	s->unsized = false;
	if (!window_size(&ws) ||
	    (ws.ws_row == getmaxy(stdscr) && ws.ws_col == getmaxx(stdscr)))
		return true;
	s->unsized = !room_for(&ws);
	/* On failure ncurses 6.4 has freed lines that it still points to. */
	if (!s->unsized && resizeterm(ws.ws_row, ws.ws_col) == ERR)
		s->broken = true;
	return !s->unsized;
}

bool display_resize(struct display *s)
{
	if (s->broken || s->lent || !adopt_size(s))
		return false;
	/* Terminals differ in what they do with their cells on a resize, and it
	 * may be another terminal: dtach and the like send SIGWINCH when they
	 * have attached one. */
	if (s->reports)
		send_raw(s, reports_on);
	display_redraw(s);
	return true;
}

bool display_unsized(const struct display *s)
{
	return s->unsized;
}

bool display_broken(const struct display *s)
{
	return s->broken;
}

void display_redraw(struct display *s)
{
	if (s->broken)
		return;
	clearok(curscr, TRUE);
}

void display_bell(struct display *s)
{
	if (s->broken || canvas_full(s->canvas))
		return;
	if (s->lent) {
		/* Other programs do not mind this byte between theirs. */
		send_raw(s, "\a");
		return;
	}
	canvas_begin(s->canvas);
	beep();
	drawn(s);
}

void display_send(struct display *s, const char *bytes, size_t n)
{
	if (s->lent && n > 0)
		display_bell(s);
	else if (!canvas_full(s->canvas))
		canvas_put(s->canvas, bytes, n);
}

void display_plain(struct display *s, const char *text, size_t n)
{
	char seq[RESTORE_MAX];
	size_t k = add_cap(seq, 0, "sgr0");

	k = add_cap(seq, k, "clear");
	canvas_put(s->canvas, seq, k);
	canvas_put(s->canvas, text, n);
}

void display_title(struct display *s, const char *text)
{
	if (!s->titles || s->lent || canvas_full(s->canvas) ||
	    strcmp(s->title, text) == 0)
		return;
	snprintf(s->title, sizeof(s->title), "%s", text);
	send_title(s);
}

void display_resume(struct display *s)
{
	if (s->broken || s->lent)
		return;
	(void)tcsetattr(STDOUT_FILENO, TCSANOW, &s->ours);
	take_terminal(s);
	if (!display_resize(s))
		display_redraw(s);
}

void display_stop(struct display *s)
{
	if (s->broken)
		return;
	if (!restore_can_stop()) {
		display_bell(s);
		return;
	}
	if (!s->lent)
		leave_terminal(s);
	restore_stop();
	display_resume(s);
}

bool display_lend(struct display *s, const char *text)
{
	if (s->broken)
		return false;
	leave_terminal(s);
	send_raw(s, text);
	canvas_finish(s->canvas);
	restore_lend();
	s->lent = true;
	return true;
}

void display_back(struct display *s)
{
	char seq[RESTORE_MAX];
	size_t n;

	if (!s->lent)
		return;
	s->lent = false;
	restore_take();
	n = add_cap(seq, 0, "cr");
	canvas_put(s->canvas, seq, add_cap(seq, n, "el"));
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	display_resume(s);
}

bool display_lent(const struct display *s)
{
	return s->lent;
}

int display_signal_fd(const struct display *s)
{
	return s->wake[0];
}

void display_signal(struct display *s)
{
	bool stop = false, cont = false;
	char c[64];
	ssize_t i, n;

	while ((n = read(s->wake[0], c, sizeof(c))) > 0)
		for (i = 0; i < n; i++) {
			stop = stop || c[i] == 'z';
			cont = cont || c[i] == 'c';
		}
	if (stop)
		display_stop(s);
	else if (cont)
		display_resume(s);
}

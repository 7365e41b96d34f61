/* tui.h - the full-screen front end, internal to this folder. tui.c is the
 * front end, keys.c handles keys, commands.c does what an entered line says,
 * notice.c turns events into lines, unread.c tracks what was not seen, layout.c
 * divides the window, draw.c draws it. */
#ifndef CONCLAVE_UI_TUI_H
#define CONCLAVE_UI_TUI_H

#include "client/ui/command.h"
#include "client/ui/recent.h"
#include "client/ui/password_entry.h"
#include "client/ui/room_commands.h"
#include "client/ui/ui.h"
#include "client/trust/trust.h"
#include "client/ui/tui/attention.h"
#include "client/ui/tui/buffers.h"
#include "client/ui/tui/complete.h"
#include "client/ui/tui/display.h"
#include "client/ui/tui/editor.h"
#include "client/ui/tui/isearch.h"
#include "client/ui/tui/menu.h"
#include "client/ui/tui/history.h"
#include "client/ui/tui/input.h"
#include "client/ui/tui/question.h"
#include "client/ui/tui/redraw.h"
#include "client/ui/scrollback.h"
#include "client/ui/tui/status.h"
#include "client/ui/tui/view.h"
#include "client/ui/visit.h"

enum {
	TUI_ROWS_MIN = 5,
	TUI_COLS_MIN = 20,
	TUI_USERS_COLS = 60,	/* least width for a column of names */
	TUI_ROOMS_COLS = 100,	/* least width for a column of rooms */
	TUI_ROOMS_WIDTH = 17,	/* of that column */
	TUI_ASK_LINES = 3,	/* ask before sending this many lines */
	TUI_ABOUT_ROWS = 10,	/* least height for several rows of input */
};

struct tui {
	const struct ui_env *env;	/* borrowed */
	struct display *display;
	struct redraw redraw;
	struct buffers buffers;
	struct buffer *cur;	/* the buffer shown; in `buffers` */
	struct buffer *before;	/* the one shown before it, or NULL */
	struct buffer *home;	/* where a walk with Alt-A began, or NULL */
	struct {
		bool hidden;	/* there is no column in a wide window */
		bool over;	/* a narrow one shows it in place of the lines */
	} roomlist;
	bool people_hidden;	/* there is no column of people */

	struct input input;
	struct recent *recent;	/* owned */
	struct complete complete;
	struct trust_compare compare;
	struct isearch find;	/* in the current buffer */
	struct lookback_search looking;	/* ... and before its lines */
	struct {	/* the event that is shown is from the history: */
		struct scrollback *page; /* where its lines go; NULL: below */
		uint64_t at_ms;		 /* when it was; 0: it is live */
		uint64_t offset;	 /* in the log; 0: it is not in it */
	} past;
	struct question question;
	struct visit visit;
	struct {	/* the question about a new server */
		bool open;
		char answer[8];	/* as typed so far */
		size_t n;
	} visitbox;
	struct {	/* passwordbox.c: /password is asking */
		struct password_entry entry;
		struct buf typed;	/* secret */
	} password;
	struct attention attention;
	struct room_commands asked;
	struct request act;	/* of the question before an act */
	uint8_t purge[WIRE_ID];	/* of the question before a message goes */
	bool copying;		/* copymode.c has the screen */
	bool prefixed;		/* Ctrl-X was pressed */
	struct {	/* helpbox.c: in place of the lines */
		bool open;
		bool commands;	/* not the keys */
		size_t top;	/* the first row shown */
	} helpbox;
	struct {	/* compose.c: the user's editor has the terminal */
		bool away;
		int fd;			/* of editor_helper_ask */
		struct buffer *to;	/* whose draft it is */
		struct buf given;	/* the text as it was */
		bool again;		/* it was refused before */
		uint64_t began_ms;
	} compose;
	struct {	/* Alt-S: a message of the current buffer is chosen */
		bool on, followed;
		enum choose_asks {
			CHOOSE_MENU,
			CHOOSE_DELETE,
			CHOOSE_REACT,
			CHOOSE_PURGE,
		} asks;
		uint64_t line;
	} choose;

	struct {	/* menus.c */
		enum menu_kind kind;
		struct editor text;	/* the filter of a list, or a text */
		size_t at;		/* which entry of the list */
		char who[WIRE_NAME_MAX + 1];
		const struct menu_item *item;	/* what the text is for */
	} menu;

	struct {	/* the last layout */
		int users_cols, for_cols;	/* at this window width */
		int input_rows;
	} laid_out;
	struct {
		enum status_link state;
		uint64_t again_ms;	/* reconnecting: next attempt */
		uint32_t wait_s;	/* as drawn last */
	} link;
	struct {
		int year, yday;	/* date of the last line */
	} day;
	bool help_said;		/* where help is */
	bool clock_said;	/* warned that clocks differ */

	bool ended;		/* the user is leaving */
	bool input_gone;	/* end of file on the terminal */
};

/* notice.c: adds an event to the buffer of its room; an event of the connection
 * goes into the current buffer. */
void notice_event(struct tui *t, const struct event *e);
/* The clock as "14:09", so long ago. */
void notice_clock(
    const struct tui *t, uint64_t ago_ms, char out[SCROLLBACK_TIME + 1]);
/* Adds the event's sentence from the table of words. */
void notice_say(struct tui *t, struct buffer *b, const struct event *e);
/* Adds a line of our own to the current buffer, through the filter. */
void notice_add(struct tui *t, enum line_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same to any buffer. */
void notice_to(struct tui *t, struct buffer *b, enum line_kind kind,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* A text of several lines, filtered already. */
void notice_text(struct tui *t, const char *text, size_t n);
void notice_names(struct tui *t);

/* rooms.c: shows another room. Its draft, scroll position and unread lines are
 * its own; only the keys and commands of the user change the room. */
void rooms_show(struct tui *t, struct buffer *b);
void rooms_slot(struct tui *t, int slot);
void rooms_step(struct tui *t, int direction); /* in the list, around its ends */
/* The next room with a mention, or with unread lines; after the last one back to
 * where the walk began. */
void rooms_needy(struct tui *t, int unused);
void rooms_before(struct tui *t, int unused);
/* Alt-Left, Alt-Right: by a word in a text, else rooms_step. */
void rooms_step_or_word(struct tui *t, int direction);
void rooms_list(struct tui *t, int unused); /* F2: shows or hides the list */
void rooms_people(struct tui *t, int unused); /* F3 */
void rooms_read(struct tui *t, int unused); /* all lines here are read */
/* Asks the server for t->act, or to destroy the message t->purge. */
void rooms_ask(struct tui *t);
void rooms_purge(struct tui *t);
/* Asks the user before that, unless it is an own message. */
void rooms_ask_purge(
    struct tui *t, const uint8_t id[WIRE_ID], const char *author, bool own);
/* room_commands_answer. */
bool rooms_answer(struct tui *t, const struct event *e);
/* What follows the sentence of EVENT_SEAL. */
void rooms_seal_event(struct tui *t, const struct event *e);
/* Does what a command about rooms says. False: the line stays. */
bool rooms_command(struct tui *t, const struct command *c);
/* Tab: complete_from.rooms; `arg` is the struct tui. */
void rooms_names(
    void *arg, void (*offer)(void *to, const char *name), void *to);
/* Messages without an acknowledgement, and how many of them are held, in all
 * rooms. */
void rooms_unsent(const struct tui *t, size_t *unacked, size_t *held);
/* The counts of a room for the list and the status line. */
struct hot_room rooms_hot(const struct buffer *b);

/* unread.c. Call unread_look after anything that may start or end reading,
 * unread_moved after a key that scrolled the view, unread_line after adding a
 * line to a buffer, unread_focus when the terminal reports a focus change. */
void unread_look(struct tui *t);
void unread_moved(struct tui *t);
void unread_line(struct tui *t, struct buffer *b, const struct line_new *l);
/* The newest line was missed, and whoever looks now has not seen it either: the
 * first of such lines is below the marker. */
void unread_missed(struct tui *t, struct buffer *b);
/* The newest line offers a file: it counts like a message, and one that is offered
 * to the user alone like a mention. */
void unread_offer(struct tui *t, struct buffer *b, const struct event *e);
/* Alerts a user who is looking elsewhere, at most once per ATTENTION_MS. */
void unread_call(struct tui *t, const struct buffer *b, const char *name,
    const char *text, size_t n);
void unread_focus(struct tui *t, bool focused);
/* Another buffer is shown: reading `b` ends. */
void unread_leave(struct tui *t, struct buffer *b);
/* All lines of a buffer are read. */
void unread_clear(struct tui *t, struct buffer *b);
/* Jump to the unread marker, or to the next (1) or previous (-1) mention of the
 * user. False when there is none. */
bool unread_go(struct tui *t);
bool unread_go_mention(struct tui *t, int direction);

/* readback.c: the user has scrolled in the current buffer: asks for what is above,
 * if the view is near the top. */
void readback_scrolled(struct tui *t);
/* /older N: asks for `count` entries. NULL, or a sentence why not. */
const char *readback_ask(struct tui *t, uint32_t count);
/* Where the lines of an event go, and of when they are (t->past). False: it is not
 * shown. */
bool readback_begins(struct tui *t, struct buffer *b, const struct event *e);
/* The end of a part that was asked for; false: it is not one of this buffer's. */
bool readback_event(struct tui *t, struct buffer *b, const struct event *e);
/* Searches in older parts; the word was not found here. NULL, or a sentence why
 * not. The row tells how far it is; false: there is none. */
const char *readback_search(struct tui *t, const char *word, size_t n);
enum { READBACK_ROW_MAX = 256 };
bool readback_row(const struct tui *t, char out[READBACK_ROW_MAX]);
/* False: there is none to be stopped. */
bool readback_stop(struct tui *t);

/* keys.c: scrolls by pages, up when negative; handles one key. */
void keys_scroll(struct tui *t, int pages);
void keys_press(struct tui *t, const struct input_event *k);
/* Returns the i-th group of related keys, "Home Ctrl-A", and what they do;
 * false after the last. */
enum { KEYS_WHAT_MAX = 200 };
struct keys_help {
	char keys[80];
	char what[KEYS_WHAT_MAX];
	const char *command; /* that does the same; NULL: a key of the input
			      * line, of the view or of the terminal */
};
bool keys_help(struct keys_help *out, size_t i);
/* The i-th key, "Alt-W K" for a letter of a menu, and its command. False after
 * the last. */
struct keys_command {
	char key[32];
	const char *command; /* as above */
	const char *undo;    /* the command that takes it back; NULL: none */
};
bool keys_command(struct keys_command *out, size_t i);

/* commands.c: does what a line says. True when the line is done and can be
 * cleared. */
bool commands_run(struct tui *t, const char *s, size_t n);
/* Says it in the current room, or says why not. */
bool commands_post(struct tui *t, const struct session_post *p);
/* Begins the end of the program, with `flush` after the server has all
 * messages. */
void commands_quit(struct tui *t, bool flush);

/* keys_search.c: starts a search of the current buffer, or goes to the next
 * match; direction -1 is up. */
void keys_search(struct tui *t, int direction);
/* /search WORD. False when there is no match: nothing has changed. */
bool keys_search_word(struct tui *t, const char *word, size_t n);
/* Handles a key during a search. False: the search has ended, and the key still
 * has to be handled. */
bool keys_search_press(struct tui *t, const struct input_event *k);

/* visitbox.c: the question of a first visit, over several rows. */
struct layout;
void visitbox_begin(struct tui *t); /* once the server has proved its key */
/* How many rows it takes in a window, or as many as there are. */
int visitbox_rows(const struct tui *t, int rows, int cols);
/* Draws it at the bottom. */
void visitbox_draw(struct tui *t, const struct layout *y);
/* False: the key does what it does without a question. */
bool visitbox_press(struct tui *t, const struct input_event *k);

/* passwordbox.c: /password, in place of the input line. */
bool passwordbox_open(const struct tui *t);
void passwordbox_begin(struct tui *t, const char *text, size_t n);
void passwordbox_seal(struct tui *t); /* /seal give, in the room shown */
void passwordbox_draw(struct tui *t, const struct layout *y);
/* False: the key does what it does without it. */
bool passwordbox_press(struct tui *t, const struct input_event *k);

/* choose.c: choosing a message with the keys, and what is done with it. */
enum { CHOOSE_MENU_MAX = 256 };
void choose_begin(struct tui *t, int arg); /* arg is not used */
void choose_end(struct tui *t);
bool choose_is(const struct tui *t, uint64_t line);
void choose_menu(const struct tui *t, int cells, char out[CHOOSE_MENU_MAX]);
/* False: the choice has ended, and the key does what it does without it. */
bool choose_press(struct tui *t, const struct input_event *k);
/* What is known of a message: who wrote it when, its earlier texts. */
void choose_info(struct tui *t, const struct line *l);

/* menus.c */
enum { MENUS_MAX = CHOOSE_MENU_MAX };
void menus_open(struct tui *t, int kind); /* of enum menu_kind */
void menus_close(struct tui *t);
/* Whether it has the place of the input line. */
bool menus_typing(const struct tui *t);
/* False: the menu is closed, and the key does what it does without it. */
bool menus_press(struct tui *t, const struct input_event *k);
/* The status line, in so many cells. */
void menus_status(const struct tui *t, int cells, char out[MENUS_MAX]);
void menus_draw_text(struct tui *t, const struct layout *y);
void menus_draw_list(struct tui *t, const struct layout *y); /* over the lines */

/* helpbox.c: shows what the commands do, or the keys. */
void helpbox_open(struct tui *t, bool commands);
/* False: it is closed, by this key or before, which does what it does else. */
bool helpbox_press(struct tui *t, const struct input_event *k);
void helpbox_draw(struct tui *t, const struct layout *y);

/* copymode.c: enter and leave the mode that shows only the lines, for
 * copying. */
void copymode_show(struct tui *t);
/* The same for the text of one message alone. */
void copymode_message(struct tui *t, const struct line *l);
void copymode_leave(struct tui *t);

/* compose.c: starts the user's editor on a text, or on what was refused before.
 * False: it does not start, and a line says why. */
bool compose_begin(struct tui *t, const char *text, size_t n);
void compose_draft(struct tui *t, int unused); /* on the draft */
void compose_ready(struct tui *t); /* helper_fd of the editor is readable */
void compose_end(struct tui *t); /* ends the editor, if there is one */
/* Makes a message of what the user has saved: line breaks in any convention
 * become \n, those at the end go, and it is filtered as a paste is. NULL, or a
 * sentence that says why that is no message. *shown: some characters became
 * symbols. */
const char *compose_text(
    struct buf *out, const void *p, size_t n, bool *shown);

/* layout.c */
struct layout {
	int rows, cols;
	int rooms_cols;			/* at the left; 0: there is no column */
	int chat_rows, chat_col, chat_cols;
	int users_col, users_cols;	/* users_cols 0: there is no column */
	int input_rows;			/* at the bottom; the status is above */
	int about_rows;			/* of them, above the text: what Tab
					   offers, or what the text is about */
	int prompt_cols;		/* before the first of them */
	bool rooms_over;	/* the list of rooms has the place of the lines */
	bool tiny;	/* too small for anything but a hint */
};
struct layout layout_of(struct tui *t);

/* What stands before the cursor: "> ", or with several rooms "lobby> ". */
enum { TUI_PROMPT_MAX = WIRE_ROOM_MAX + 3 };
void layout_prompt(const struct tui *t, int cols, char out[TUI_PROMPT_MAX]);
/* The length of the row that begins at s, of ASCII text: up to a newline, or to a
 * blank in a narrow window. *next is where the next row begins; NULL: this is the
 * last. */
size_t layout_row_of(const char *s, size_t width, const char **next);

/* draw.c: draws the parts that t->redraw wants. */
void draw(struct tui *t);
/* draw_lines.c: what was said. */
void draw_lines(struct tui *t, const struct layout *y);
/* draw_rooms.c: the list of rooms, as a column or in place of the lines. */
void draw_rooms(struct tui *t, const struct layout *y);

/* talk.c: windows for people. Who is in the window that is shown; the window of an
 * event, NULL without memory; shows in it what is no message; says something in the
 * window that is shown (the sentence: why not); /msg NAME [TEXT]; /known and /drop,
 * of that window or with a NAME. False: the line stays. */
const struct person *talk_people(const struct tui *t, size_t *n);
/* How many of the keys that the person of the window is known by the user has
 * compared; *devices of all. */
size_t talk_verified(const struct tui *t, size_t *devices);
struct buffer *talk_buffer(struct tui *t, const struct event *e);
/* For complete.h: everybody with whom there is a window, or who is in a room, or with
 * whom direct messages were exchanged. */
void talk_names(
    void *t, void (*offer)(void *to, const char *name), void *to);
void talk_sent(struct tui *t, struct buffer *b, const struct event *e);
void talk_event(struct tui *t, struct buffer *b, const struct event *e);
int talk_post(struct tui *t, const struct session_post *p, char *sentence,
    size_t size) MUST_CHECK;
bool talk_begin(struct tui *t, const struct command *c);
bool talk_held(struct tui *t, const struct command *c, bool send);

#endif

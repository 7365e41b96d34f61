/* menu.h - what the menus of Alt-G, Alt-W, Alt-O and Alt-H offer: the only table
 * of it. Pure. Each row is a letter, and a command that does the same: /keys, F1
 * and the man page are made from the table (keys.c), and a test compares it with
 * the list of commands. */
#ifndef CONCLAVE_UI_TUI_MENU_H
#define CONCLAVE_UI_TUI_MENU_H

#include <stdbool.h>
#include <stddef.h>

enum menu_kind {
	MENU_NONE,
	MENU_ROOMS,   /* Alt-G: a list that what is typed filters */
	MENU_PEOPLE,  /* Alt-W: the same */
	MENU_PERSON,  /* then letters for the person that was chosen */
	MENU_ROLE,    /* then letters for the new role */
	MENU_ROOM,    /* Alt-O: letters for the room shown */
	MENU_LEAVE,   /* then y */
	MENU_ACCOUNT, /* then letters for the user's account and invites */
	MENU_FILES,   /* then letters for files */
	MENU_HELD,    /* Alt-H: letters for the held messages */
	MENU_MESSAGE, /* Alt-S: letters for a message (choose.c) */
	MENU_TEXT,    /* the text that a command needs */
};

struct menu_item {
	enum menu_kind menu;
	char letter;
	const char *word;    /* in the menu */
	const char *command; /* without its slash */
	const char *undo;    /* the command that takes it back; NULL: none */
	const char *after; /* what follows a name, as the role; NULL: nothing */
	const char *text;  /* before the text that the user is to type; NULL:
			      * no text is needed */
	enum menu_kind next; /* the menu that follows; NONE: the command runs */
};
/* The i-th item; NULL after the last. */
const struct menu_item *menu_item(size_t i);
/* The item of a letter; NULL: there is none. */
const struct menu_item *menu_find(enum menu_kind menu, char letter);
/* Writes "v verify  i whois", or with one blank between them if only that has
 * `cells`. False: neither has. Then `out` is the first form. */
bool menu_words(char *out, size_t size, enum menu_kind menu, int cells);

/* Whether a name has what was typed: at its beginning, or elsewhere. In any
 * case; nothing typed is a beginning. */
enum menu_match { MENU_NOT, MENU_BEGINS, MENU_HAS };
enum menu_match menu_match(const char *name, const char *typed, size_t n);

#endif

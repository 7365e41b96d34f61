/* theme.h - what things look like. The terminal's own background and
 * foreground; colour is an accent and never the only sign of anything. */
#ifndef CONCLAVE_UI_TUI_THEME_H
#define CONCLAVE_UI_TUI_THEME_H

#include <stdbool.h>
#include <stdint.h>

enum role {
	ROLE_TEXT,
	ROLE_TIME,
	ROLE_NOTICE,
	ROLE_ALERT,
	ROLE_OWN,	/* our own name */
	ROLE_RULE,	/* lines between areas */
	ROLE_STATUS,
	ROLE_PROMPT,
	ROLE_MARK,	/* the unread marker */
	ROLE_MENTION,	/* the name of who names us */
	ROLE_FOUND,	/* what a search found */
	ROLE_HIT,	/* ... and where it stands */
	ROLE_COUNT,
};

/* A look: attributes without colour, and a colour of the terminal's palette
 * or -1 for its default. */
enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_REVERSE = 4, LOOK_UNDERLINE = 8 };
struct look {
	unsigned flags;
	int color;
};

/* `colors`: how many the terminal has; 0 for none wanted. */
struct look theme_look(enum role role, int colors);
/* The same name has the same colour for everyone, whatever its case. */
struct look theme_name(const char *name, int colors);

#endif

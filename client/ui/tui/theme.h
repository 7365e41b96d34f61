/* theme.h - colours and attributes. Uses the terminal's own background and
 * foreground; colour is an accent and never the only sign of anything. */
#ifndef CONCLAVE_UI_TUI_THEME_H
#define CONCLAVE_UI_TUI_THEME_H

#include <stdbool.h>
#include <stdint.h>

enum theme_role {
	ROLE_TEXT,
	ROLE_TIME,
	ROLE_NOTICE,
	ROLE_ALERT,
	ROLE_OWN,	/* our own name */
	ROLE_RULE,	/* lines between areas */
	ROLE_STATUS,
	ROLE_ALARM,	/* in the status line */
	ROLE_HERE,	/* the room shown, in the list of rooms */
	ROLE_PROMPT,
	ROLE_MARK,	/* the unread marker */
	ROLE_MENTION,	/* the name of a sender who mentions us */
	ROLE_FOUND,	/* search matches */
	ROLE_HIT,	/* the current search match */
	ROLE_COUNT,
};

/* Attributes, and a colour of the terminal's palette or -1 for its default. */
enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_REVERSE = 4, LOOK_UNDERLINE = 8 };
struct look {
	unsigned flags;
	int color;
};

/* `colors`: how many the terminal has; 0 disables colour. */
struct look theme_look(enum theme_role role, int colors);
/* A name has the same colour for everyone; case is ignored. */
struct look theme_name(const char *name, int colors);

#endif

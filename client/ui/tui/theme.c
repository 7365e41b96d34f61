/* theme.c - maps roles and names to colours and attributes. */
#include "client/ui/tui/theme.h"

#include <stddef.h>

/* Those of the 256 colours that are readable on light and on dark backgrounds:
 * contrast at least 3:1 on white and on #1c1c1c (WCAG 2), without near-greys,
 * and without the plain reds, which are for alerts. */
static const uint8_t names_256[] = {27, 28, 29, 30, 31, 32, 33, 62, 63, 64, 67,
    68, 69, 97, 98, 99, 100, 104, 105, 129, 130, 131, 132, 133, 134, 135, 136,
    137, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 197, 198, 199,
    200, 201, 202};
/* Of the first eight colours only magenta is readable on every background: not
 * blue on black, nor green, cyan and yellow on white; red is for alerts. */
static const struct look names_8[] = {{0, -1}, {0, 5}, {LOOK_BOLD, 5}};

/* With 256 colours, what is secondary is grey, 4.3:1 on #1c1c1c and 3.9:1 on
 * white: not every terminal can dim black. Alerts are the bright red. */
enum { GREY = 244, RED = 196 };

static const struct look looks[ROLE_COUNT] = {
    [ROLE_TEXT] = {0, -1},
    [ROLE_TIME] = {LOOK_DIM, GREY},
    [ROLE_NOTICE] = {LOOK_DIM, GREY},
    [ROLE_ALERT] = {LOOK_BOLD, RED},
    [ROLE_OWN] = {LOOK_BOLD, -1},
    [ROLE_RULE] = {LOOK_DIM, GREY},
    [ROLE_STATUS] = {LOOK_REVERSE, -1},
    [ROLE_ALARM] = {LOOK_BOLD | LOOK_REVERSE, RED},
    [ROLE_HERE] = {LOOK_BOLD, -1},
    [ROLE_PROMPT] = {LOOK_BOLD, -1},
    [ROLE_MARK] = {LOOK_BOLD, -1},
    [ROLE_MENTION] = {LOOK_BOLD | LOOK_REVERSE, -1},
    [ROLE_FOUND] = {LOOK_BOLD | LOOK_UNDERLINE, -1},
    [ROLE_HIT] = {LOOK_BOLD | LOOK_REVERSE, -1},
};

struct look theme_look(enum theme_role role, int colors)
{
	struct look l = looks[role];

	if (colors >= 256) {
		if (l.color == GREY)
			l.flags &= ~(unsigned)LOOK_DIM;
		return l;
	}
	/* The first red is 2.9:1 on #1c1c1c. */
	if (role == ROLE_ALERT)
		l.flags |= LOOK_REVERSE;
	l.color = -1;
	return l;
}

struct look theme_name(const char *name, int colors)
{
	uint32_t h = 2166136261u; /* FNV-1a */
	struct look l = {0, -1};
	unsigned char c;

	for (; *name != '\0'; name++) {
		c = (unsigned char)*name;
		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		h = (h ^ c) * 16777619u;
	}
	h ^= h >> 15;
	if (colors >= 256)
		l.color = names_256[h % sizeof(names_256)];
	else if (colors >= 8)
		l = names_8[h % (sizeof(names_8) / sizeof(names_8[0]))];
	return l;
}

/* theme.c - maps roles and names to colours and attributes. */
#include "client/ui/tui/theme.h"

#include <stddef.h>

/* Those of the 256 colours that are readable on light and on dark backgrounds:
 * contrast at least 3:1 on white and 3.5:1 on black (WCAG 2), without
 * near-greys, and without the plain reds, which are for alerts. */
static const uint8_t names_256[] = {26, 27, 28, 29, 30, 31, 32, 33, 61, 62, 63,
    64, 67, 68, 69, 94, 97, 98, 99, 100, 104, 105, 128, 129, 130, 131, 132, 133,
    134, 135, 136, 137, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171,
    197, 198, 199, 200, 201, 202};
/* From the first eight colours: not black, white, or yellow, which many light
 * themes cannot show, nor red, which is for alerts. */
static const uint8_t names_8[] = {2, 4, 5, 6};

static const struct look looks[ROLE_COUNT] = {
    [ROLE_TEXT] = {0, -1},
    [ROLE_TIME] = {LOOK_DIM, -1},
    [ROLE_NOTICE] = {LOOK_DIM, -1},
    [ROLE_ALERT] = {LOOK_BOLD, 1},
    [ROLE_OWN] = {LOOK_BOLD, -1},
    [ROLE_RULE] = {LOOK_DIM, -1},
    [ROLE_STATUS] = {LOOK_REVERSE, -1},
    [ROLE_ALARM] = {LOOK_BOLD | LOOK_REVERSE, 1},
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

	if (colors < 8)
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
		l.color = names_8[h % sizeof(names_8)];
	return l;
}

/* window.c - see window.h. */
#include "client/ui/tui/window.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/os/value.h"

enum { CELLS_MAX = 1000 }; /* of $LINES and $COLUMNS */

bool window_size(struct winsize *ws)
{
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, ws) == 0 && ws->ws_row > 0 &&
	       ws->ws_col > 0;
}

void window_forget(void)
{
	static const char *const names[] = {"LINES", "COLUMNS"};
	struct winsize ws;
	uint64_t cells;
	const char *s;
	size_t i;

	for (i = 0; i < 2; i++)
		if ((s = getenv(names[i])) != NULL &&
		    (window_size(&ws) ||
			value_number(&cells, s, 1, CELLS_MAX) != 0))
			unsetenv(names[i]);
}

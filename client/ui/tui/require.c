/* require.c - see require.h. */
#include "client/ui/tui/require.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#include "client/ui/locale.h"

enum { ROOM_MS = 5000 }; /* for a terminal that is slow */

static int check_locale(struct errmsg *why)
{
	if (locale_utf8())
		return 0;
	return errmsg_set(why, ERR_USAGE,
	    "the locale %.40s writes %.40s and this needs UTF-8: set "
	    "LC_ALL=C.UTF-8, or use --plain",
	    setlocale(LC_CTYPE, NULL), nl_langinfo(CODESET));
}

static int check_terminal(struct errmsg *why)
{
	const char *term = getenv("TERM"), *cup;
	int found, r = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return errmsg_set(why, ERR_USAGE,
		    "standard input and output are "
		    "not a terminal: use --plain or --json");
	if (term == NULL || term[0] == '\0')
		return errmsg_set(why, ERR_USAGE,
		    "TERM is not set: set it to "
		    "your terminal's name, or use --plain");
	if (setupterm(NULL, STDOUT_FILENO, &found) == ERR)
		return errmsg_set(why, ERR_USAGE,
		    "nothing is known here about "
		    "the terminal \"%.60s\": try TERM=xterm-256color, or use "
		    "--plain",
		    term);
	cup = tigetstr("cup");
	if (cup == NULL || cup == (char *)-1)
		r = errmsg_set(why, ERR_USAGE,
		    "the terminal \"%.60s\" cannot "
		    "move its cursor: use --plain",
		    term);
	del_curterm(cur_term);
	return r;
}

/* poll promises too little for a frame (see output.h), but none means that the
 * terminal is stopped. */
static int check_room(struct errmsg *why)
{
	struct pollfd room = {STDOUT_FILENO, POLLOUT, 0};

	if (poll(&room, 1, ROOM_MS) != 0)
		return 0;
	return errmsg_set(why, ERR_IO,
	    "the terminal takes no output: press Ctrl-Q if Ctrl-S has "
	    "stopped it, and try again");
}

int require_terminal(struct errmsg *why)
{
	int r;

	if ((r = check_terminal(why)) != 0 || (r = check_locale(why)) != 0)
		return r;
	return check_room(why);
}

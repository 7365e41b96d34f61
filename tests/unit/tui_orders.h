/* tui_orders.h - what a test of the full screen and its child process tell each
 * other; see tui_stage.h. */
#ifndef CONCLAVE_TESTS_TUI_ORDERS_H
#define CONCLAVE_TESTS_TUI_ORDERS_H

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client/editor_helper.h"
#include "client/ui/locale.h"
#include "client/ui/command.h"
#include "client/ui/ui.h"
#include "client/trust/people.h"
#include "shared/wire/text.h"
#include "shared/os/output.h"
#include "tests/unit/vterm.h"

enum { STAGE_PEOPLE = 64, STAGE_ROOMS = 32, STAGE_POSTS = 64, STAGE_UNSENT = 64 };

/* Orders from the test to the child, one datagram each. */
enum order_what {
	ORDER_EVENT, /* event, person, text, reason */
	ORDER_ROOM,  /* room: people and status */
	ORDER_SYNC,  /* reply when everything is drawn */
	ORDER_CLOCK, /* wall_ms */
	ORDER_CROWD, /* event.count people, of whom the UI may only look at
			the first hundred or so */
	ORDER_CLOSE, /* ui.close, then exit 0 */
	ORDER_EXIT,  /* exit(3) without close */
	ORDER_ABORT,
	ORDER_OVERFLOW, /* run out of stack */
};

struct room {
	struct person people[STAGE_PEOPLE];
	size_t n;
	struct session_room_status status;
	uint8_t unsent[STAGE_UNSENT][WIRE_ID]; /* status.unacked of them */
	uint32_t rtt_ms;
	char name[64], topic[64];
	bool server_proved; /* its fingerprint is 9, 9, ... */
	bool left;	    /* the user is not in it */
	bool mute;	    /* the user may not speak */
	bool muted[STAGE_PEOPLE];
};

struct order {
	enum order_what what;
	unsigned at; /* which room: EVENT, ROOM */
	struct event event;
	char with[WIRE_NAME_MAX + 1]; /* EVENT: directly, of this person */
	struct person person;
	bool has_person;
	char text[WIRE_TEXT_MAX + 1], reason[128];
	struct room room;
	uint64_t wall_ms;
};

/* Replies from the child. */
struct reply {
	enum {
		REPLY_SYNC,
		REPLY_SAID,
		REPLY_ASKED,
		REPLY_END,
		REPLY_REFUSE
	} what;
	size_t n; /* SAID: bytes of text */
	unsigned at; /* SAID: in which room; ASKED: its number */
	bool action, flush;
	enum event_type event; /* SAID: and what it is about */
	bool has_about;
	uint8_t about[WIRE_ID];
	uint64_t sleeps_ms;	      /* SYNC: until the UI's deadline */
	char text[WIRE_TEXT_MAX + 1]; /* only the used part is sent */
};

struct stage_opts {
	const char *export_folder; /* for /export */
	int rows, cols;
	bool color, ascii, title;
	bool first_visit; /* nothing pins the server */
	enum client_options_notify notify;
	const char *term;   /* "xterm-256color" when NULL, "" for none */
	const char *locale; /* "C.UTF-8" when NULL */
	const char *locpath;
	const char *editor; /* $VISUAL; NULL: none can be started */
	bool no_hangup; /* ignore SIGHUP */
	bool is_shell;	/* a parent in the terminal: Ctrl-Z can stop it */
};

#endif

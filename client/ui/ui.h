/* face.h - what a face (tui, plain, json) is to the program.
 *
 * app.c owns the poll(2) loop, the socket and the session; a face reads its
 * user's input, acts on the session, and shows events. It may block nowhere. */
#ifndef CONCLAVE_UI_H
#define CONCLAVE_UI_H

#include <poll.h>

#include "client/helper.h"
#include "client/options.h"
#include "client/trust/people.h"
#include "client/session/session.h"

/* What a face is given; borrowed, outlives it. */
struct ui_env {
	struct session *session;
	struct people *people;	/* pins, for /trust (command.h) */
	struct helper *helper;	/* writes files; NULL: we do */
	const char *server;	/* HOST:PORT as the user knows it */
	const char *name;	/* the user's own */
	bool color;		/* a terminal, and NO_COLOR is not set */
	bool ascii;
	enum client_options_notify notify;	/* when the user looks elsewhere */
	bool title;		/* the terminal's may be set */
	uint64_t (*now_ms)(void);	/* monotonic */
	uint64_t (*wall_ms)(void);	/* unix */
	/* The user is done. With `flush` (end of input) the room is waited for
	 * and what was said has to be acknowledged first, 30 s at most, after
	 * which the program ends with status 3; without, it leaves at once.
	 * EVENT_CLOSED follows in both cases. A failure of the face's own
	 * (its output is gone) is end_failed: `why` is a sentence. */
	void (*end)(void *arg, bool flush);
	void (*end_failed)(void *arg, const char *why);
	void *arg;
};

struct ui;
struct ui_ops {
	/* NULL: it said on stderr why not. */
	struct ui *(*open)(const struct ui_env *env);
	/* Restores the terminal; NULL is a no-op. */
	void (*close)(struct ui *f);
	void (*event)(struct ui *f, const struct event *e);
	/* Descriptors to poll; at most `max`, returns how many. */
	int (*fds)(struct ui *f, struct pollfd *out, int max);
	/* Those descriptors after poll(2). */
	void (*ready)(struct ui *f, const struct pollfd *fds, int n);
	/* Once at the end of each turn of the loop: draw, flush. */
	void (*turn)(struct ui *f);
	/* A time (monotonic ms) at which a turn is wanted; UINT64_MAX: none */
	uint64_t (*deadline)(struct ui *f);
	/* SIGWINCH came. NULL: it does not matter. */
	void (*resize)(struct ui *f);
	/* Bytes of output that wait for a slow reader: while there are more
	 * than UI_PENDING_MAX nothing is read from the server, and the
	 * program ends once they are out. NULL: never any. */
	size_t (*pending)(const struct ui *f);
};

enum { UI_PENDING_MAX = 256 << 10 };

extern const struct ui_ops ui_tui, ui_plain, ui_json;

/* The last two lines of the JSON face, for what fails before it is open. */
void ui_json_failed(const char *code, const char *text, int status);

#endif

/* face.h - what a face (tui, plain, json) is to the program.
 *
 * app.c owns the poll(2) loop, the socket and the session; a face reads its
 * user's input, acts on the session, and shows events. It may block nowhere. */
#ifndef CONCLAVE_FACE_H
#define CONCLAVE_FACE_H

#include <poll.h>

#include "client/clerk.h"
#include "client/options.h"
#include "client/people.h"
#include "client/session.h"

/* What a face is given; borrowed, outlives it. */
struct face_env {
	struct session *session;
	struct people *people;	/* pins, for /trust (command.h) */
	struct clerk *clerk;	/* writes files; NULL: we do */
	const char *server;	/* HOST:PORT as the user knows it */
	const char *name;	/* the user's own */
	bool color;		/* a terminal, and NO_COLOR is not set */
	bool ascii;
	enum options_notify notify;	/* when the user looks elsewhere */
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

struct face;
struct face_ops {
	/* NULL: it said on stderr why not. */
	struct face *(*open)(const struct face_env *env);
	/* Restores the terminal; NULL is a no-op. */
	void (*close)(struct face *f);
	void (*event)(struct face *f, const struct event *e);
	/* Descriptors to poll; at most `max`, returns how many. */
	int (*fds)(struct face *f, struct pollfd *out, int max);
	/* Those descriptors after poll(2). */
	void (*ready)(struct face *f, const struct pollfd *fds, int n);
	/* Once at the end of each turn of the loop: draw, flush. */
	void (*turn)(struct face *f);
	/* A time (monotonic ms) at which a turn is wanted; UINT64_MAX: none */
	uint64_t (*deadline)(struct face *f);
	/* SIGWINCH came. NULL: it does not matter. */
	void (*resize)(struct face *f);
	/* Bytes of output that wait for a slow reader: while there are more
	 * than FACE_PENDING_MAX nothing is read from the server, and the
	 * program ends once they are out. NULL: never any. */
	size_t (*pending)(const struct face *f);
};

enum { FACE_PENDING_MAX = 256 << 10 };

extern const struct face_ops face_tui, face_plain, face_json;

/* The last two lines of the JSON face, for what fails before it is open. */
void face_json_failed(const char *code, const char *text, int status);

#endif

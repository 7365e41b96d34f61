/* ui.h - what a front end (tui, plain, json) is to the program.
 *
 * The app owns the poll(2) loop, the socket and the session. A front end reads
 * the user's input, acts on the session, and shows events. It never blocks. */
#ifndef CONCLAVE_UI_H
#define CONCLAVE_UI_H

#include <poll.h>

#include "client/options.h"
#include "client/session/session.h"

struct people;
struct ignored;
struct helper;

/* What a front end is given. Borrowed; it outlives the front end. */
struct ui_env {
	struct session *session;
	struct people *people;	/* known people, for /whois, /verify, /trust */
	struct ignored *ignored; /* whose messages do not come as events */
	struct helper *helper;	/* writes files; NULL: the front end does */
	const char *export_folder;	/* for files; NULL: no home directory */
	const char *transcript_folder;	/* "": no home directory */
	struct helper *editor;	/* runs the user's editor; NULL: there is none */
	const char *server;	/* HOST:PORT as the user knows it */
	const struct uri *uri;	/* the same, for invites */
	const char *name;	/* the user's own */
	bool first_visit;	/* nothing pins the server yet */
	bool color;		/* a terminal, and NO_COLOR is not set */
	bool ascii;		/* show nothing beyond ASCII */
	bool title;		/* the terminal's title may be set */
	unsigned escape_wait_ms;	/* for the rest of a key */
	enum client_options_notify notify;	/* when the user looks elsewhere */
	uint64_t (*now_ms)(void);	/* monotonic */
	uint64_t (*wall_ms)(void);	/* Unix time */
	/* The user wants to leave. Without `flush` the program leaves at once.
	 * With it (end of input) it first waits until it is in the room and
	 * the server has acknowledged every message, for at most 30 s; then it
	 * ends with status 3. EVENT_CLOSED follows in both cases. */
	void (*end)(void *arg, bool flush);
	/* The front end itself cannot go on, for instance because its output is
	 * gone; `why` is a sentence. */
	void (*end_failed)(void *arg, const char *why);
	/* Something that was put in is refused, or was cut on the way: `why` is
	 * a sentence. It goes to standard error, and the program ends with
	 * EXIT_UNSENT. The front end also shows it in its own way. */
	void (*refused)(void *arg, const char *why);
	/* So many lines of output are lost because nobody reads them: the
	 * program ends with EXIT_FAILED. */
	void (*output_lost)(void *arg, size_t lines);
	/* The user says that the server's key is not the right one: the program
	 * ends with EXIT_PIN, and keeps no key. */
	void (*refuse_server)(void *arg);
	/* The user wants transcripts, of direct messages or of rooms, or none any
	 * more: EVENT_TRANSCRIPT follows. An error is in *why. */
	int (*transcript)(
	    void *arg, bool direct, bool on, struct errmsg *why);
	/* Sets the password of the user's own account; empty: none any more.
	 * EVENT_DONE or EVENT_FAILED follows, with `asked` ACCOUNT_PASSWORD.
	 * ERR_STATE: another one is being set. ERR_NOMEM. */
	int (*set_password)(void *arg, const struct buf *password);
	void *arg;		/* for these functions */
};

struct ui;
struct ui_ops {
	/* NULL on failure, which open has reported on standard error. */
	struct ui *(*open)(const struct ui_env *env);
	/* Restores the terminal; NULL is a no-op. */
	void (*close)(struct ui *f);
	void (*event)(struct ui *f, const struct event *e);
	/* Fills in at most `max` descriptors to poll; returns how many. */
	int (*fds)(struct ui *f, struct pollfd *out, int max);
	/* Takes those descriptors after poll(2). */
	void (*ready)(struct ui *f, const struct pollfd *fds, int n);
	/* Called once at the end of each loop step: draw, flush. */
	void (*step)(struct ui *f);
	/* When the next step is needed, in monotonic ms; UINT64_MAX: never. */
	uint64_t (*deadline)(struct ui *f);
	/* SIGWINCH arrived. May be NULL. */
	void (*resize)(struct ui *f);
	/* Bytes of output that a slow reader has not taken yet. The program
	 * ends once they are written, or after a few seconds. NULL: there never
	 * are any. */
	size_t (*pending)(const struct ui *f);
	/* The reader is so slow that the program must not read from the server
	 * for now. NULL: never. */
	bool (*full)(const struct ui *f);
	/* The user is still to compare the key of a server that is visited for
	 * the first time: it is not kept yet. NULL: never. */
	bool (*asks)(const struct ui *f);
	/* The user is in an editor, which has the terminal: the program goes on
	 * until it ends, and a Ctrl-C is for it. NULL: never. */
	bool (*away)(const struct ui *f);
};

extern const struct ui_ops ui_tui, ui_plain, ui_json;

/* Writes the last two lines of the JSON front end, for a failure before it is
 * open. */
void ui_json_failed(const char *code, const char *text, int status);

#endif

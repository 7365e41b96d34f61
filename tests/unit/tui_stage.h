/* tui_stage.h - the full-screen user interface in a pseudo-terminal, with a
 * fake session that follows the test's orders. The interface is the real one;
 * session.h's functions are defined here, so the real session is not linked.
 * One file of each test program includes this header. */
#ifndef CONCLAVE_TESTS_TUI_STAGE_H
#define CONCLAVE_TESTS_TUI_STAGE_H

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

/* --- the child's side ----------------------------------------------------- */

/* All of the child's state; session.h's functions use it. */
struct session {
	struct room rooms[STAGE_ROOMS]; /* a handle is the address of one */
	const struct chatroom *handles[STAGE_ROOMS];
	size_t n_rooms;
	uint32_t asked; /* the number of the latest request */
	int fd;
	struct ui *ui;
	struct ui_env env;
	struct event pending[16]; /* own messages just said */
	struct reply said[16];
	size_t n_pending;
	struct { /* who wrote what */
		uint8_t id[WIRE_ID], who[WIRE_HASH];
	} posts[STAGE_POSTS];
	size_t n_posts;
	uint8_t n_own; /* said */
	uint64_t wall_ms;
	struct person *crowd; /* NULL: people of rooms */
	size_t n_crowd;
	struct order order;
	uint64_t key_ms; /* time of a key not drawn yet; 0: none */
};
/* Save and restore the terminal's title. */
#define TITLE_PUSH "\033[22;0t"
#define TITLE_POP  "\033[23;0t"

static struct session stage_session;
static volatile sig_atomic_t stage_winch;

/* Sends only the used part of the text, so that the socket buffers many replies
 * between two reads by the test. */
static void stage_tell(struct session *s, const struct reply *r)
{
	size_t n = offsetof(struct reply, text) + r->n + 1;

	if (send(s->fd, r, n, 0) != (ssize_t)n)
		_exit(9);
}

static const struct chatroom *stage_handle(const struct room *r)
{
	return (const struct chatroom *)(const void *)r;
}

static struct room *stage_of(const struct chatroom *room)
{
	size_t i;

	for (i = 0; i < STAGE_ROOMS; i++)
		if (stage_handle(&stage_session.rooms[i]) == room)
			return &stage_session.rooms[i];
	_exit(9); /* no handle */
}

const struct chatroom *session_first_room(const struct session *s)
{
	return stage_handle(&s->rooms[0]);
}

const struct chatroom *const *session_rooms(const struct session *s, size_t *n)
{
	*n = s->n_rooms;
	return s->handles;
}

/* The i-th room exists from now on. */
static void stage_has(struct session *s, unsigned i)
{
	for (; s->n_rooms <= i; s->n_rooms++)
		s->handles[s->n_rooms] = stage_handle(&s->rooms[s->n_rooms]);
}

int session_join(
    struct session *s, const char *name, const struct chatroom **out)
{
	size_t i;

	if (!text_room(name, strlen(name)))
		return ERR_NAME;
	for (i = 0; i < s->n_rooms; i++)
		if (strcmp(s->rooms[i].name, name) == 0)
			break;
	if (i == STAGE_ROOMS)
		return ERR_NOMEM;
	stage_has(s, (unsigned)i);
	*out = s->handles[i];
	return 0;
}

static const struct person *stage_self(const struct room *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (r->people[i].self)
			return &r->people[i];
	return NULL;
}

/* Whom the session would name as the author of a message. */
static void stage_author(const struct session *s, struct event *e)
{
	size_t i;

	for (i = 0; i < STAGE_POSTS; i++)
		if (memcmp(s->posts[i].id, e->about, WIRE_ID) == 0)
			memcpy(e->author, s->posts[i].who, WIRE_HASH);
}

/* Remembers who wrote a message that was shown. */
static void stage_wrote(struct session *s, const struct event *e)
{
	const size_t at = s->n_posts++ % STAGE_POSTS;

	memcpy(s->posts[at].id, e->id, WIRE_ID);
	if (e->person != NULL)
		memcpy(s->posts[at].who, e->person->fingerprint, WIRE_HASH);
}

/* The ids of own messages are ee 01, ee 02, ... */
int session_post(struct session *s, const struct chatroom *room,
    uint64_t now_ms, uint64_t wall_ms, const struct session_post *p)
{
	struct reply *r;
	struct event *e;

	(void)now_ms;
	if (p->n > WIRE_TEXT_MAX || (p->n == 0 && p->what != EVENT_DELETE &&
					p->what != EVENT_REACT))
		return ERR_TEXT;
	if (s->n_pending == 16 ||
	    stage_of(room)->status.unacked == STAGE_UNSENT ||
	    (p->n >= 11 && strncmp(p->text, "no room for", 11) == 0))
		return ERR_LIMIT;
	e = &s->pending[s->n_pending];
	*e = (struct event){.type = p->what,
	    .own = true,
	    .action = p->action,
	    .room = room,
	    .room_name = stage_of(room)->name,
	    .person = stage_self(stage_of(room)),
	    .id = {0xee, ++s->n_own},
	    .has_about = p->about != NULL,
	    .ts_ms = wall_ms,
	    .text_len = p->n};
	if (p->about != NULL)
		memcpy(e->about, p->about, WIRE_ID);
	stage_author(s, e);
	if ((p->what == EVENT_EDIT || p->what == EVENT_DELETE) &&
	    (e->person == NULL || memcmp(e->author, e->person->fingerprint,
				      WIRE_HASH) != 0))
		return ERR_AUTHOR;
	r = &s->said[s->n_pending++];
	memset(r, 0, sizeof(*r));
	r->what = REPLY_SAID;
	r->at = (unsigned)(stage_of(room) - s->rooms);
	r->event = p->what;
	r->has_about = e->has_about;
	memcpy(r->about, e->about, WIRE_ID);
	if (p->n > 0)
		memcpy(r->text, p->text, p->n);
	r->n = p->n;
	r->action = p->action;
	e->text = r->text;
	if (p->what == EVENT_MESSAGE)
		stage_wrote(s, e);
	memcpy(stage_of(room)->unsent[stage_of(room)->status.unacked++], e->id,
	    WIRE_ID);
	return 0;
}

int session_leave(struct session *s, const struct chatroom *room)
{
	struct room *r = stage_of(room);

	(void)s;
	if (r->left)
		return ERR_STATE;
	r->left = true;
	return 0;
}

/* The test gets what was asked, and makes the answer. */
int session_ask(struct session *s, const struct request *q, uint32_t *req)
{
	struct reply r = {.what = REPLY_ASKED};

	*req = ++s->asked;
	memcpy(r.text, q, sizeof(*q));
	r.n = sizeof(*q);
	r.at = *req;
	stage_tell(s, &r);
	return 0;
}

int session_send_held(struct session *s, const struct chatroom *room)
{
	(void)s;
	return stage_of(room)->status.held > 0 ? 0 : ERR_STATE;
}

int session_drop_held(struct session *s, const struct chatroom *room)
{
	return session_send_held(s, room);
}

/* The oldest ones are held. */
const uint8_t *session_unsent(const struct session *s,
    const struct chatroom *room, size_t i, bool *held)
{
	const struct room *r = stage_of(room);
	static uint8_t id[WIRE_ID];

	(void)s;
	if (i >= r->status.unacked)
		return NULL;
	*held = i < r->status.held;
	memcpy(id, r->unsent[i], WIRE_ID);
	return id;
}

const struct person *session_people(
    const struct session *s, const struct chatroom *room, size_t *n)
{
	*n = s->crowd != NULL ? s->n_crowd : stage_of(room)->n;
	return s->crowd != NULL ? s->crowd : stage_of(room)->people;
}

void session_status(const struct session *s, struct session_status *out)
{
	*out = (struct session_status){
	    .rtt_ms = s->rooms[0].rtt_ms, .exchange = EXCHANGE_HYBRID};
	out->server_proved = s->rooms[0].server_proved;
	if (out->server_proved)
		memset(out->server, 9, WIRE_HASH);
}

void session_room_status(const struct session *s, const struct chatroom *room,
    struct session_room_status *out)
{
	const struct room *r = stage_of(room);
	size_t i;

	*out = r->status;
	out->name = r->name;
	out->topic = r->topic;
	out->wanted = !r->left;
	out->may_speak = !r->mute;
	out->number = r->left ? 0 : (uint32_t)(r - s->rooms) + 1;
	out->total = r->n;
	out->changed_name = "";
	if (s->crowd != NULL)
		out->total = s->n_crowd;
	for (i = 0; s->crowd == NULL && i < r->n; i++)
		if (r->people[i].trust == TRUST_CHANGED && out->changed++ == 0)
			out->changed_name = r->people[i].name;
}

void session_meet_again(struct session *s, const char *name)
{
	(void)s;
	(void)name;
}

int people_trust(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, const uint8_t identity[WIRE_HASH], enum trust trust,
    struct errmsg *why)
{
	struct room *r = &stage_session.rooms[0];
	size_t i;

	(void)p;
	(void)server;
	(void)identity;
	(void)why;
	for (i = 0; i < r->n; i++)
		if (strcmp(r->people[i].name, name) == 0)
			r->people[i].trust = trust;
	return 0;
}

bool people_disputed(
    const struct people *p, const uint8_t server[WIRE_HASH], const char *name)
{
	(void)p;
	(void)server;
	return strcmp(name, "twin") == 0;
}

bool people_pinned(struct people *p, const uint8_t server[WIRE_HASH],
    const char *name, struct pinned *out)
{
	(void)p;
	(void)server;
	memset(out, 0, sizeof(*out));
	out->verified = strcasecmp(name, "bob") == 0;
	strcpy(out->since, "2026-11-01");
	return strcmp(name, "nobody") != 0;
}

static uint64_t stage_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t stage_wall(void)
{
	return stage_session.wall_ms;
}

static void stage_end(void *arg, bool flush)
{
	struct session *s = arg;
	struct reply r = {.what = REPLY_END, .flush = flush};

	stage_tell(s, &r);
}

static void stage_refuse_server(void *arg)
{
	struct reply r = {.what = REPLY_REFUSE};

	stage_tell(arg, &r);
}

static void stage_on_winch(int sig)
{
	(void)sig;
	stage_winch = 1;
}

/* Grows the stack until it ends. */
static int stage_overflow(volatile char *above)
{
	volatile char here[8192];

	if (above == NULL)
		return 0;
	here[0] = above[0];
	return stage_overflow(here) + here[0];
}

static void stage_reply_sync(struct session *s)
{
	const ssize_t n = sizeof(VT_MARK) - 1;
	struct pollfd out = {STDOUT_FILENO, POLLOUT, 0};
	struct reply r = {.what = REPLY_SYNC};
	uint64_t at = ui_tui.deadline(s->ui), now = stage_now();

	r.sleeps_ms = at == UINT64_MAX ? at : at > now ? at - now : 0;
	/* A terminal that is gone takes no mark. */
	if (poll(&out, 1, VT_WAIT_MS) != 1 ||
	    (write(STDOUT_FILENO, VT_MARK, (size_t)n) != n && errno != EIO))
		_exit(9);
	stage_tell(s, &r);
}

static void stage_crowd(struct session *s, size_t n)
{
	size_t size = n * sizeof(struct person), i;
	size_t seen = (100 * sizeof(struct person) + 65535) & ~(size_t)65535;
	struct person *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		_exit(9);
	for (i = 0; i < n; i++) {
		p[i].member = (uint32_t)i + 1;
		p[i].voice = true;
		snprintf(p[i].name, sizeof(p[i].name), "member%u",
		    (unsigned)(i % 1000000));
	}
	if (mprotect((char *)p + seen, size - seen, PROT_NONE) != 0)
		_exit(9);
	s->crowd = p;
	s->n_crowd = n;
}

/* Returns true for an order to synchronise. */
static bool stage_order(struct session *s)
{
	struct order *o = &s->order;
	struct event e;
	struct room *r;
	size_t i;
	char stack = 0;

	if (recv(s->fd, o, sizeof(*o), 0) != (ssize_t)sizeof(*o))
		_exit(0); /* the test is over */
	switch (o->what) {
	case ORDER_EVENT:
		e = o->event;
		e.person = o->has_person ? &o->person : NULL;
		e.text = o->text;
		e.reason = o->reason;
		stage_has(s, o->at);
		r = &s->rooms[o->at];
		e.room_name = r->name;
		if (e.type != EVENT_CONNECTING && e.type != EVENT_ERROR &&
		    e.type != EVENT_RTT && e.type != EVENT_RECONNECT &&
		    e.type != EVENT_CLOSED && e.type != EVENT_DONE &&
		    e.type != EVENT_FAILED && e.type != EVENT_ROOMS)
			e.room = stage_handle(r);
		if (e.type == EVENT_SENT && r->status.unacked > 0) {
			memcpy(e.id, r->unsent[0], WIRE_ID);
			memmove(r->unsent[0], r->unsent[1],
			    (STAGE_UNSENT - 1) * WIRE_ID);
			r->status.unacked--;
		}
		if (e.type == EVENT_MESSAGE)
			stage_wrote(s, &e);
		ui_tui.event(s->ui, &e);
		return false;
	case ORDER_ROOM:
		stage_has(s, o->at);
		r = &s->rooms[o->at];
		o->room.status.unacked = r->status.unacked;
		memcpy(o->room.unsent, r->unsent, sizeof(r->unsent));
		*r = o->room;
		for (i = 0; i < r->n; i++)
			r->people[i].voice = !r->muted[i];
		return false;
	case ORDER_SYNC:
		return true;
	case ORDER_CLOCK:
		s->wall_ms = o->wall_ms;
		return false;
	case ORDER_CROWD:
		stage_crowd(s, o->event.count);
		return false;
	case ORDER_CLOSE:
		ui_tui.close(s->ui);
		exit(0);
	case ORDER_EXIT:
		exit(3);
	case ORDER_ABORT:
		abort();
	case ORDER_OVERFLOW:
		_exit(stage_overflow(&stack));
	}
	return false;
}

static void stage_say_pending(struct session *s)
{
	size_t i;

	for (i = 0; i < s->n_pending; i++) {
		ui_tui.event(s->ui, &s->pending[i]);
		stage_tell(s, &s->said[i]);
	}
	s->n_pending = 0;
}

/* Whether a part of the last frame waits for the terminal. */
static bool stage_writes(const struct pollfd *p, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if ((p[i].events & POLLOUT) != 0)
			return true;
	return false;
}

/* app.c's loop, reduced to the minimum. */
static void stage_loop(struct session *s)
{
	struct pollfd p[5];
	uint64_t at, now;
	bool sync = false;
	int n, wait, i;

	for (;;) {
		ui_tui.step(s->ui);
		n = ui_tui.fds(s->ui, p, 4);
		p[n] = (struct pollfd){s->fd, POLLIN, 0};
		at = ui_tui.deadline(s->ui);
		now = stage_now();
		/* Long, so that a missed deadline is noticed. */
		wait = at > now ? 60000 : 0;
		if (at > now && at - now < 60000)
			wait = (int)(at - now);
		/* Later than any frame that may still be due (redraw.c). */
		if (sync && wait > 400 && !stage_writes(p, n) &&
		    poll(p, (nfds_t)n, 0) == 0 &&
		    !stage_winch) {
			stage_reply_sync(s);
			sync = false;
		}
		if (!stage_winch &&
		    poll(p, (nfds_t)n + (sync ? 0 : 1), wait) < 0)
			for (i = 0; i <= n; i++)
				p[i].revents = 0;
		if (stage_winch) {
			stage_winch = 0;
			ui_tui.resize(s->ui);
			continue;
		}
		for (i = 0; i < n; i++)
			if (s->key_ms == 0 && p[i].revents & POLLIN)
				s->key_ms = stage_now();
		ui_tui.ready(s->ui, p, n);
		if (p[n].revents != 0)
			sync = stage_order(s) || sync;
		stage_say_pending(s);
	}
}

struct stage_child {
	const struct stage_opts *o;
	int fd;
};

static void stage_run(const struct stage_child *c)
{
	struct sigaction sa = {.sa_handler = stage_on_winch};
	struct session *s = &stage_session;
	struct helper *editor = NULL;

	if (c->o->editor != NULL) {
		setenv("VISUAL", c->o->editor, 1);
		editor = editor_helper_new(NULL);
		if (editor == NULL)
			_exit(9);
	}
	sigaction(SIGWINCH, &sa, NULL);
	if (c->o->no_hangup)
		signal(SIGHUP, SIG_IGN);
	s->fd = c->fd;
	s->wall_ms = UINT64_C(1795005240000); /* 2026-11-18 12:34 UTC */
	s->env = (struct ui_env){.session = s,
	    .export_folder = c->o->export_folder,
	    .editor = editor,
	    .server = "chat.example:2528",
	    .name = "me",
	    .color = c->o->color,
	    .ascii = c->o->ascii,
	    .notify = c->o->notify,
	    .title = c->o->title,
	    .first_visit = c->o->first_visit,
	    .escape_wait_ms = ESCAPE_WAIT_MS,
	    .now_ms = stage_now,
	    .wall_ms = stage_wall,
	    .end = stage_end,
	    .refuse_server = stage_refuse_server,
	    .arg = s};
	s->rooms[0].rtt_ms = UINT32_MAX;
	stage_has(s, 0);
	output_own(STDOUT_FILENO); /* as main does */
	s->ui = ui_tui.open(&s->env);
	if (s->ui == NULL)
		exit(7);
	stage_loop(s);
}

/* Acts as a shell: reports when its program stops, and continues it at the next
 * line. */
static void stage_shell(pid_t pid)
{
	struct termios t;
	char text[40], go;
	int st, n, times;

	setpgid(pid, pid);
	tcsetpgrp(0, pid);
	for (times = 1; waitpid(pid, &st, WUNTRACED) == pid && WIFSTOPPED(st);
	     times++) {
		tcgetattr(0, &t);
		n = snprintf(text, sizeof(text), "stopped %d %s\r\n", times,
		    t.c_lflag & ECHO ? "with echo" : "without echo");
		tcsetpgrp(0, getpgrp());
		if (write(1, text, (size_t)n) < 0 || read(0, &go, 1) < 0)
			_exit(9);
		tcsetpgrp(0, pid);
		kill(-pid, SIGCONT);
	}
	_exit(0);
}

static void stage_child(void *arg)
{
	const struct stage_child *c = arg;
	const char *term = c->o->term != NULL ? c->o->term : "xterm-256color";
	pid_t pid;

	setenv("TERM", term, 1);
	if (term[0] == '\0')
		unsetenv("TERM");
	setenv("TZ", "UTC", 1);
	setenv("LC_ALL", c->o->locale != NULL ? c->o->locale : "C.UTF-8", 1);
	if (c->o->locpath != NULL)
		setenv("LOCPATH", c->o->locpath, 1);
	locale_begin();
	unsetenv("LINES");
	unsetenv("COLUMNS");
	if (write(1, "before\r\n", 8) < 0)
		_exit(9);
	if (c->o->is_shell) {
		signal(SIGTTOU, SIG_IGN);
		pid = fork();
		if (pid != 0)
			stage_shell(pid);
		setpgid(0, 0);
		tcsetpgrp(0, getpid());
		signal(SIGTTOU, SIG_DFL);
	}
	stage_run(c);
}

/* --- the test's side ------------------------------------------------------ */

struct stage {
	struct vt *vt;
	int fd;
	uint64_t sleeps_ms; /* as of the last sync */
	/* Messages said that no check has consumed; the last request to end. */
	struct reply said[32];
	size_t n_said;
	struct request asked; /* the latest; its number */
	int n_asked;
	int n_ends;
	bool end_flush;
	int n_refused; /* how often the server's key was refused */
	struct order order; /* zeroed after each use */
};

static inline struct stage *stage_new(const struct stage_opts *o)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct stage_child c = {.o = o};
	int fds[2], size = 4 << 20;

	if (s == NULL ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		abort();
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	c.fd = fds[1];
	s->vt = vt_spawn(o->rows, o->cols, stage_child, &c);
	close(fds[1]);
	s->fd = fds[0];
	return s;
}

static inline void stage_free(struct stage *s)
{
	vt_free(s->vt);
	close(s->fd);
	free(s);
}

/* Reads one reply, if it arrives within `ms`. */
static inline bool stage_listen(struct stage *s, int ms)
{
	struct pollfd p[2] = {{s->fd, POLLIN, 0}, {s->vt->master, POLLIN, 0}};
	static struct reply r;

	poll(p, 2, ms);
	vt_read(s->vt, 0);
	if (recv(s->fd, &r, sizeof(r), MSG_DONTWAIT) <= 0)
		return false;
	if (r.what == REPLY_SAID && s->n_said < 32)
		s->said[s->n_said++] = r;
	if (r.what == REPLY_ASKED) {
		memcpy(&s->asked, r.text, sizeof(s->asked));
		s->asked.number = r.at;
		s->n_asked++;
	}
	if (r.what == REPLY_END) {
		s->n_ends++;
		s->end_flush = r.flush;
	}
	if (r.what == REPLY_REFUSE)
		s->n_refused++;
	if (r.what == REPLY_SYNC)
		s->sleeps_ms = r.sleeps_ms;
	return r.what == REPLY_SYNC;
}

static inline void stage_send(struct stage *s, enum order_what what)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	s->order.what = what;
	while (send(s->fd, &s->order, sizeof(s->order), MSG_DONTWAIT) < 0) {
		if ((errno != EAGAIN && errno != ENOBUFS) || stage_now() > end)
			fail_msg("no child: %s", strerror(errno));
		(void)stage_listen(s, 10);
	}
	memset(&s->order, 0, sizeof(s->order));
}

/* Waits until the child has processed all orders and keys so far and the screen
 * shows the result. The child polls the terminal first, which on Linux waits for
 * the keys in transit. The other way that is not enough: of a frame longer than
 * the 4 KiB that a terminal holds, poll may miss the rest on a busy machine. So
 * the child sends a mark behind its last frame. */
static inline void stage_sync(struct stage *s)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	stage_send(s, ORDER_SYNC);
	while (!stage_listen(s, 50))
		if (stage_now() > end)
			fail_msg("the screen does not come to rest:\n%s",
			    vt_dump(s->vt));
	vt_wait_mark(s->vt);
}

/* Like vt_expect, but also waits for the end of the frame, so that the rest of
 * the screen can be checked too. Only while the child runs. */
static inline void stage_expect(struct stage *s, const char *text)
{
	vt_expect(s->vt, text);
	stage_sync(s);
}

static inline void stage_expect_row(struct stage *s, int row, const char *text)
{
	vt_expect_row(s->vt, row, text);
	stage_sync(s);
}

static inline void stage_expect_log(struct stage *s, const char *bytes)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (!vt_log_has(s->vt, bytes)) {
		if (stage_now() > end)
			fail_msg("it did not send %s", bytes + 1);
		vt_read(s->vt, 20);
	}
}

static inline void stage_expect_not(struct stage *s, const char *text)
{
	vt_expect_not(s->vt, text);
	stage_sync(s);
}

static inline void stage_event(
    struct stage *s, enum event_type type, const char *name, const char *reason)
{
	struct order *o = &s->order;

	o->event.type = type;
	if (name != NULL) {
		o->has_person = true;
		snprintf(o->person.name, sizeof(o->person.name), "%s", name);
	}
	snprintf(
	    o->reason, sizeof(o->reason), "%s", reason != NULL ? reason : "");
	stage_send(s, ORDER_EVENT);
}

static inline void stage_message_n(
    struct stage *s, const char *name, const char *text, size_t n)
{
	struct order *o = &s->order;

	if (o->event.ts_ms == 0)
		o->event.ts_ms = UINT64_C(1795005240000);
	memcpy(o->text, text, n);
	o->event.text_len = n;
	stage_event(s, EVENT_MESSAGE, name, NULL);
}

static inline void stage_message(
    struct stage *s, const char *name, const char *text)
{
	stage_message_n(s, name, text, strlen(text));
}

/* Sets the names of the i-th room (me first, NULL at the end) and `epoch`. */
static inline void stage_room_at(struct stage *s, unsigned at,
    const char *name, uint32_t epoch, const char *const *names)
{
	struct room *r = &s->order.room;
	size_t i;

	s->order.at = at;
	snprintf(r->name, sizeof(r->name), "%s", name);
	strcpy(r->people[0].name, "me");
	r->people[0].self = true;
	memset(r->people[0].fingerprint, 1, WIRE_HASH);
	for (i = 0; names[i] != NULL; i++) {
		snprintf(r->people[i + 1].name, sizeof(r->people[0].name), "%s",
		    names[i]);
		memset(r->people[i + 1].fingerprint, (int)i + 2, WIRE_HASH);
	}
	r->n = i + 1;
	r->status.joined = true;
	r->status.epoch = epoch;
	r->status.verified = r->n > 1 ? r->n - 1 : 0;
	r->rtt_ms = 12;
	stage_send(s, ORDER_ROOM);
}

static inline void stage_room(
    struct stage *s, uint32_t epoch, const char *const *names)
{
	stage_room_at(s, 0, "lobby", epoch, names);
}

/* The user is in the i-th room, with alice and carol. */
static inline void stage_enter(
    struct stage *s, unsigned at, const char *name)
{
	static const char *const names[] = {"alice", "carol", NULL};

	stage_room_at(s, at, name, 7, names);
	s->order.at = at;
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
}

/* Somebody speaks in the i-th room. */
static inline void stage_message_at(
    struct stage *s, unsigned at, const char *name, const char *text)
{
	s->order.at = at;
	stage_message(s, name, text);
}

/* In the room with alice and bob, with the frame drawn. */
static inline struct stage *stage_in(const struct stage_opts *o)
{
	static const char *const names[] = {"alice", "bob", NULL};
	struct stage *s = stage_new(o);

	stage_room(s, 7, names);
	stage_event(s, EVENT_CONNECTED, NULL, NULL);
	stage_sync(s);
	return s;
}

static inline void stage_until_said(struct stage *s)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_said == 0) {
		if (stage_now() > end)
			fail_msg("nothing was said; the screen:\n%s",
			    vt_dump(s->vt));
		(void)stage_listen(s, 20);
	}
}

/* Waits for the next message said and checks that it is this one. */
static inline void stage_expect_said(
    struct stage *s, const char *text, bool action)
{
	stage_until_said(s);
	assert_int_equal(s->said[0].n, strlen(text));
	assert_string_equal(s->said[0].text, text);
	assert_int_equal(s->said[0].action, action);
	memmove(s->said, s->said + 1, --s->n_said * sizeof(s->said[0]));
}

static inline void stage_expect_end(struct stage *s, bool flush)
{
	uint64_t end = stage_now() + VT_WAIT_MS;

	while (s->n_ends == 0) {
		if (stage_now() > end)
			fail_msg("no end was asked for:\n%s", vt_dump(s->vt));
		(void)stage_listen(s, 20);
	}
	assert_int_equal(s->end_flush, flush);
	s->n_ends = 0;
}

#endif

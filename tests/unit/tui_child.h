/* tui_child.h - the child process of tui_stage.h: the real user interface on the
 * fake session, in the loop of the program. */
#ifndef CONCLAVE_TESTS_TUI_CHILD_H
#define CONCLAVE_TESTS_TUI_CHILD_H

#include "tests/unit/tui_session.h"

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

/* Tells the ui of the event of an order. */
static void stage_event_now(struct session *s, const struct order *o)
{
	struct event e = o->event;
	struct room *r;

	e.person = o->has_person ? &o->person : NULL;
	e.text = o->text;
	e.reason = o->reason;
	stage_has(s, o->at);
	r = &s->rooms[o->at];
	e.room_name = r->name;
	if (e.type != EVENT_CONNECTING && e.type != EVENT_ERROR &&
	    e.type != EVENT_RTT && e.type != EVENT_RECONNECT &&
	    e.type != EVENT_CLOSED && e.type != EVENT_DONE &&
	    e.type != EVENT_FAILED && e.type != EVENT_ROOMS &&
	    o->with[0] == '\0')
		e.room = stage_handle(r);
	if (o->with[0] != '\0')
		stage_direct_event(s, &e, o);
	else if (e.type == EVENT_SENT && r->status.unacked > 0) {
		memcpy(e.id, r->unsent[0], WIRE_ID);
		memmove(r->unsent[0], r->unsent[1], (STAGE_UNSENT - 1) * WIRE_ID);
		r->status.unacked--;
	}
	if (e.type == EVENT_MESSAGE)
		stage_wrote(s, &e);
	ui_tui.event(s->ui, &e);
}

/* Returns true for an order to synchronise. */
static bool stage_order(struct session *s)
{
	struct order *o = &s->order;
	struct room *r;
	size_t i;
	char stack = 0;

	if (recv(s->fd, o, sizeof(*o), 0) != (ssize_t)sizeof(*o))
		_exit(0); /* the test is over */
	switch (o->what) {
	case ORDER_EVENT:
		stage_event_now(s, o);
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

#endif

/* tui.c - the full-screen front end: implements ui.h with the display, the keys
 * and the buffers. */
#include "client/ui/tui/tui.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/editor_helper.h"
#include "shared/base/secret.h"
#include "shared/os/output.h"
#include "shared/wire/text.h"

enum { LAST_WORDS_MS = 2000 }; /* for a terminal that is slow */

struct ui {
	struct tui t;
};

/* A text of the user's that goes nowhere now. */
static void print_unsent(const struct buffer *b, const uint8_t *text, size_t n)
{
	const char *head = b->name[0] != '\0' ? b->name : "the room";
	struct buf out;

	buf_init_secret(&out, 8 * WIRE_TEXT_MAX);
	if (buf_str(&out, "conclave: this was not sent to ") == 0 &&
	    buf_str(&out, head) == 0 && buf_str(&out, ":\n") == 0 &&
	    text_filter(&out, text, n, TEXT_LINES) == 0 &&
	    buf_str(&out, "\n") == 0)
		(void)!output_once(
		    STDOUT_FILENO, out.p, out.len, LAST_WORDS_MS);
	buf_free(&out);
}

/* What was said and not acknowledged, without what it answers. */
static void print_waiting(const struct buffer *b)
{
	uint64_t at = scrollback_first(b->lines);
	const struct line *l;

	for (; at < scrollback_end(b->lines); at++) {
		l = scrollback_at(b->lines, at);
		if (l->own && l->pending)
			print_unsent(b, (const uint8_t *)l->text + l->quote,
			    (l->body > 0 ? l->body : l->len) - l->quote);
	}
}

/* The session has ended without the user's asking for it: what was said and did
 * not arrive, and what was being written, stays on the terminal. */
static void print_unsent_texts(const struct tui *t)
{
	const struct buffer *b;

	/* A person's window may be closed before all is sent. */
	TAILQ_FOREACH(b, &t->buffers.list, next)
	{
		print_waiting(b);
		if (buffer_has_draft(b))
			print_unsent(
			    b, b->editor.text.p, b->editor.text.len);
	}
}

/* With --strict such a line is the reason to end, and the screen goes before it is
 * drawn. */
static void print_alarms(const struct tui *t)
{
	const struct buffer *b;
	const struct line *l;
	struct buf out;

	TAILQ_FOREACH(b, &t->buffers.list, next)
	{
		if (!b->alarmed ||
		    (l = scrollback_at(b->lines, b->alarm)) == NULL)
			continue;
		buf_init(&out, 8 * WIRE_TEXT_MAX);
		if (buf_str(&out, "conclave: ") == 0 &&
		    buf_str(&out, b->name) == 0 && buf_str(&out, ": ") == 0 &&
		    text_filter(&out, (const uint8_t *)l->text, l->len,
			TEXT_LINES) == 0 &&
		    buf_str(&out, "\n") == 0)
			(void)!output_once(
			    STDOUT_FILENO, out.p, out.len, LAST_WORDS_MS);
		buf_free(&out);
	}
}

static void ui_close(struct ui *f)
{
	struct tui *t;

	if (f == NULL)
		return;
	t = &f->t;
	compose_end(t);
	display_close(t->display);
	if (t->link.state == STATUS_CLOSED && !t->ended) {
		print_alarms(t);
		print_unsent_texts(t);
	}
	buffers_free(&t->buffers);
	question_free(&t->question);
	password_entry_free(&t->password.entry);
	buf_free(&t->password.typed);
	input_free(&t->input);
	editor_free(&t->menu.text);
	recent_free(t->recent);
	secret_wipe(f, sizeof(*f)); /* what was searched */
	free(f);
}

static struct ui *ui_open(const struct ui_env *env)
{
	struct ui *f = calloc(1, sizeof(*f));
	struct errmsg why;

	if (f == NULL)
		return NULL;
	f->t.env = env;
	input_init(&f->t.input, env->escape_wait_ms);
	buffers_init(&f->t.buffers);
	question_init(&f->t.question);
	password_entry_init(&f->t.password.entry);
	buf_init_secret(&f->t.password.typed, WIRE_PASSWORD_MAX);
	editor_init(&f->t.menu.text);
	attention_init(&f->t.attention);
	attention_key(&f->t.attention, env->now_ms());
	f->t.cur = buffers_of(&f->t.buffers, session_first_room(env->session));
	f->t.recent = recent_new();
	if (f->t.cur == NULL || f->t.recent == NULL) {
		errmsg_print("conclave", "out of memory");
		goto fail;
	}
	if (display_open(
		&f->t.display, env->color, env->ascii, env->title, &why) != 0) {
		errmsg_print("conclave", why.text);
		goto fail;
	}
	if (env->first_visit)
		f->t.visit.state = VISIT_WAITS;
	f->t.cur->unread.at_end = f->t.cur->unread.reading = true;
	redraw_want_now(&f->t.redraw, REDRAW_ALL);
	return f;
fail:
	ui_close(f);
	return NULL;
}

/* Returns the seconds until the next attempt, for the status line. */
static uint32_t wait_s(const struct tui *t, uint64_t now)
{
	if (t->link.state != STATUS_RECONNECTING || t->link.again_ms <= now)
		return 0;
	return (uint32_t)((t->link.again_ms - now + 999) / 1000);
}

static void set_link(struct tui *t, const struct event *e)
{
	enum status_link l;

	switch (e->type) {
	case EVENT_CONNECTING:
		l = STATUS_CONNECTING;
		break;
	case EVENT_CONNECTED:
		l = STATUS_CONNECTED;
		break;
	case EVENT_RECONNECT:
		l = STATUS_RECONNECTING;
		t->link.again_ms = t->env->now_ms() + e->wait_ms;
		break;
	case EVENT_CLOSED:
		l = STATUS_CLOSED;
		break;
	default:
		return;
	}
	/* After /quit the status stays "leaving" until the link is closed. */
	if (!t->ended || l == STATUS_CLOSED)
		t->link.state = l;
	redraw_want(&t->redraw, REDRAW_STATUS);
}

/* The last line of the room says that its log differs. */
static void alarmed(struct tui *t, const struct event *e)
{
	struct buffer *b =
	    e->room != NULL ? buffers_of(&t->buffers, e->room) : NULL;

	if (b == NULL || scrollback_end(b->lines) == 0)
		return;
	b->alarmed = true;
	b->alarm = scrollback_end(b->lines) - 1;
}

static void ui_event(struct ui *f, const struct event *e)
{
	struct tui *t = &f->t;

	set_link(t, e);
	notice_event(t, e);
	if (e->type == EVENT_FORK || e->type == EVENT_REWRITTEN)
		alarmed(t, e);
	switch (e->type) {
	case EVENT_CONNECTED:
	case EVENT_JOIN:
	case EVENT_LEAVE:
	case EVENT_CHANGED:
	case EVENT_CERTIFIED:
	case EVENT_HELD:
	case EVENT_UNSAID:
	case EVENT_LEFT:
	case EVENT_ROOM:
	case EVENT_ACT:
	case EVENT_VOICE:
	case EVENT_FORK:
	case EVENT_REWRITTEN:
	case EVENT_TRANSCRIPT:
	case EVENT_SEAL:
	case EVENT_TOPIC:
		redraw_want(&t->redraw, REDRAW_ALL);
		break;
	case EVENT_MESSAGE:
		if (!e->own)
			break;
		redraw_want(&t->redraw, REDRAW_STATUS);
		break;
	case EVENT_PROGRESS:
	case EVENT_FILE:
	case EVENT_FILE_DONE:
	case EVENT_SENT:
	case EVENT_EPOCH:
	case EVENT_RTT:
		redraw_want(&t->redraw, REDRAW_STATUS);
		break;
	default:
		break;
	}
}

static int ui_fds(struct ui *f, struct pollfd *out, int max)
{
	int n = 0;

	if (n < max && f->t.compose.away)
		out[n++] =
		    (struct pollfd){helper_fd(f->t.env->editor), POLLIN, 0};
	else if (n < max && !f->t.input_gone)
		out[n++] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
	if (n < max)
		out[n++] =
		    (struct pollfd){display_signal_fd(f->t.display), POLLIN, 0};
	if (n < max && display_busy(f->t.display))
		out[n++] =
		    (struct pollfd){display_fd(f->t.display), POLLOUT, 0};
	return n;
}

static void keys(struct tui *t, uint64_t now)
{
	struct input_event k;

	for (;;) {
		input_next(&t->input, now, &k);
		if (k.key == INPUT_NONE)
			return;
		keys_press(t, &k);
	}
}

static void read_keys(struct tui *t)
{
	char in[4096];
	ssize_t n = read(STDIN_FILENO, in, sizeof(in));
	uint64_t now = t->env->now_ms();

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		t->input_gone = true;
		t->ended = true;
		t->env->end(t->env->arg, false);
		return;
	}
	/* The silence before these bytes may have ended a key. */
	keys(t, now);
	if (input_feed(&t->input, in, (size_t)n, now) != 0)
		display_bell(t->display);
	secret_wipe(in, (size_t)n);
	keys(t, now);
}

static void ui_ready(struct ui *f, const struct pollfd *fds, int n)
{
	struct tui *t = &f->t;
	int i;

	for (i = 0; i < n; i++) {
		if (fds[i].revents == 0)
			continue;
		if (fds[i].events == POLLOUT) {
			display_write(t->display);
		} else if (fds[i].fd == STDIN_FILENO) {
			read_keys(t);
		} else if (t->compose.away &&
			   fds[i].fd == helper_fd(t->env->editor)) {
			compose_ready(t);
		} else {
			display_signal(t->display);
			copymode_leave(t);
			unread_look(t);
			redraw_want_now(&t->redraw, REDRAW_ALL);
		}
	}
}

static void show_title(struct tui *t)
{
	const char *room = t->cur->name;
	const struct buffer *b = NULL;
	char title[ATTENTION_MAX];
	size_t mentions = 0;

	if (!t->env->title || room[0] == '\0')
		return;
	while ((b = buffers_next(&t->buffers, b)) != NULL)
		mentions += b->unread.mentions;
	attention_title(title, mentions, room, t->env->ascii);
	display_title(t->display, title);
}

static uint64_t frame_at(const struct tui *t)
{
	return redraw_at(&t->redraw, (uint64_t)display_rows(t->display) *
					 (uint64_t)display_cols(t->display));
}

static void ui_resize(struct ui *f)
{
	if (!display_resize(f->t.display))
		return;
	copymode_leave(&f->t);
	unread_look(&f->t);
	redraw_want_now(&f->t.redraw, REDRAW_ALL);
}

/* If the screen can no longer be drawn, ends the program with an error
 * message. */
static bool is_broken(struct tui *t)
{
	if (!display_broken(t->display))
		return false;
	t->redraw.parts = 0;
	if (!t->ended)
		t->env->end_failed(t->env->arg,
		    "there was no memory for the window's new size");
	t->ended = true;
	return true;
}

/* Shows the time of own messages that were acknowledged since the last step, and
 * which are held. */
static void acknowledge(struct tui *t)
{
	struct buffer *b;

	for (b = buffers_next(&t->buffers, NULL); b != NULL;
	     b = buffers_next(&t->buffers, b))
		if (buffer_acknowledged(b, t->env->session) && b == t->cur)
			redraw_want(&t->redraw, REDRAW_STATUS | REDRAW_CHAT);
}

static void ui_step(struct ui *f)
{
	struct tui *t = &f->t;
	uint64_t now = t->env->now_ms();

	if (display_unsized(t->display))
		ui_resize(f);
	if (is_broken(t))
		return;
	/* First, because keys may cause events that are not shown yet. */
	acknowledge(t);
	keys(t, now);
	visitbox_begin(t);
	if (wait_s(t, now) != t->link.wait_s) {
		t->link.wait_s = wait_s(t, now);
		redraw_want(&t->redraw, REDRAW_STATUS);
	}
	show_title(t);
	if (t->redraw.parts == 0 || now < frame_at(t) || t->compose.away ||
	    display_busy(t->display))
		return;
	redraw_begin(&t->redraw, now);
	unread_look(t);
	draw(t);
}

static uint64_t ui_deadline(struct ui *f)
{
	const struct tui *t = &f->t;
	uint64_t d = input_deadline(&t->input), at;

	if (t->redraw.parts != 0 && !display_busy(t->display) &&
	    !t->compose.away) {
		at = frame_at(t);
		d = at < d ? at : d;
	}
	if (t->link.wait_s > 0) {
		at = t->link.again_ms - (uint64_t)(t->link.wait_s - 1) * 1000;
		d = at < d ? at : d;
	}
	return d;
}

static bool ui_asks(const struct ui *f)
{
	return f->t.visit.state != VISIT_SETTLED;
}

static bool ui_away(const struct ui *f)
{
	return f->t.compose.away;
}

const struct ui_ops ui_tui = {
    .open = ui_open,
    .close = ui_close,
    .event = ui_event,
    .fds = ui_fds,
    .ready = ui_ready,
    .step = ui_step,
    .deadline = ui_deadline,
    .resize = ui_resize,
    .asks = ui_asks,
    .away = ui_away,
};

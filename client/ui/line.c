/* line.c - see line.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "client/trust/ignored.h"
#include "client/ui/line.h"
#include "client/ui/roll.h"
#include "client/ui/words_rooms.h"

enum {
	CLOSE_MS = 500,	    /* for the last bytes */
	UNACKED_MAX = 512,  /* above that, input waits for the server */
	OUT_MAX = 64 << 20, /* far above UI_LINE_PENDING_MAX and one event */
};

int ui_line_open(struct ui_line *l, const struct ui_env *env, size_t line_max)
{
	*l = (struct ui_line){
	    .env = env, .room = session_first_room(env->session)};
	l->in = linein_new(STDIN_FILENO, line_max);
	l->out = output_new_secret(STDOUT_FILENO, OUT_MAX);
	return l->in != NULL && l->out != NULL ? 0 : ERR_NOMEM;
}

void ui_line_hide(struct ui_line *l, bool on)
{
	struct termios t;

	if (l->hidden == on || tcgetattr(STDIN_FILENO, &t) != 0)
		return;
	t.c_lflag = on ? t.c_lflag & ~(tcflag_t)ECHO : t.c_lflag | ECHO;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &t) == 0)
		l->hidden = on;
}

void ui_line_close(struct ui_line *l)
{
	ui_line_hide(l, false);
	linein_free(l->in);
	if (l->out != NULL)
		(void)!output_finish(l->out, CLOSE_MS);
	output_free(l->out);
}

struct buf *ui_line_buf(struct ui_line *l)
{
	return output_buf(l->out);
}

void ui_line_check(struct ui_line *l, int err)
{
	if (err != 0)
		l->env->end_failed(l->env->arg, "out of memory for output");
}

/* Nobody reads, so the line that was just appended is taken back. Its beginning
 * may be in the queue with others; it is never written in part, because a line
 * is appended within one step and written at its end. */
void ui_line_done(struct ui_line *l)
{
	struct buf *out = output_buf(l->out);

	if (l->losing && out->len > l->line_start) {
		buf_truncate(out, l->line_start);
		l->lost++;
	}
	l->line_start = out->len;
}

size_t ui_line_lost(struct ui_line *l)
{
	size_t n = l->lost;

	if (l->losing || n == 0)
		return 0;
	l->lost = 0;
	l->env->output_lost(l->env->arg, n);
	return n;
}

void ui_line_refused(struct ui_line *l, const char *why)
{
	char text[512];

	snprintf(text, sizeof(text), "line %zu of the input: %s",
	    l->line_number, why);
	l->env->refused(l->env->arg, text);
}

void ui_line_end(struct ui_line *l, bool flush)
{
	l->ended = true;
	l->env->end(l->env->arg, flush);
}

size_t ui_line_unacked(const struct ui_line *l)
{
	struct session_room_status st;
	const struct chatroom *const *rooms;
	size_t n, i, sum = 0;

	rooms = session_rooms(l->env->session, &n);
	for (i = 0; i < n; i++) {
		session_room_status(l->env->session, rooms[i], &st);
		sum += st.unacked;
	}
	return sum;
}

size_t ui_line_held(const struct ui_line *l)
{
	struct session_room_status st;

	session_room_status(l->env->session, l->room, &st);
	return st.held;
}

static bool is_joined(const struct ui_line *l)
{
	struct session_room_status st;

	session_room_status(l->env->session, l->room, &st);
	return st.joined;
}

bool ui_line_full(const struct ui_line *l)
{
	return output_pending(l->out) > UI_LINE_PENDING_MAX && !l->losing;
}

static bool room_for_more(const struct ui_line *l)
{
	return (ui_line_unacked(l) < UNACKED_MAX || ui_line_held(l) > 0) &&
	       !ui_line_full(l);
}

static void end_of_input(struct ui_line *l)
{
	char why[128];

	if (linein_error(l->in) != 0) {
		l->line_number++;
		snprintf(why, sizeof(why), "cannot be read: %s",
		    strerror(linein_error(l->in)));
		ui_line_refused(l, why);
	}
	ui_line_end(l, !l->gone || ui_line_unacked(l) > 0);
}

void ui_line_take(struct ui_line *l,
    bool (*fn)(void *arg, enum linein_got got, const char *line, size_t n),
    void *arg)
{
	enum linein_got got;
	const char *line;
	size_t n;

	l->wake = false;
	while (!l->ended && room_for_more(l)) {
		got = linein_next(l->in, &line, &n);
		if (got == LINEIN_NONE) {
			if (linein_ended(l->in))
				end_of_input(l);
			return;
		}
		l->line_number++;
		if (!fn(arg, got, got == LINEIN_LONG ? NULL : line, n)) {
			linein_again(l->in);
			l->line_number--;
			break;
		}
	}
	/* Before the join nothing is acknowledged, so the rest would never
	 * find room. */
	if (l->gone && !l->ended && !is_joined(l))
		ui_line_end(l, ui_line_unacked(l) > 0);
}

int ui_line_fds(struct ui_line *l, struct pollfd *out)
{
	int n = 0;

	if (!l->ended && !linein_ended(l->in) && !linein_full(l->in) &&
	    room_for_more(l))
		out[n++] = (struct pollfd){STDIN_FILENO, POLLIN, 0};
	/* Even with nothing to write, poll reports that the reader is gone. */
	if (!l->gone)
		out[n++] = (struct pollfd){output_fd(l->out),
		    output_pending(l->out) > 0 ? POLLOUT : 0, 0};
	return n;
}

/* Nobody reads our output any more. That is the end of the program, but others
 * still get what was said and what input has arrived:
 * `echo hi | conclave | head -1`. */
static void gone(struct ui_line *l)
{
	struct pollfd p = {STDIN_FILENO, POLLIN, 0};

	/* The reader may be gone before the input was ever read. */
	while (
	    !linein_ended(l->in) && !linein_full(l->in) && poll(&p, 1, 0) == 1)
		linein_read(l->in);
	l->gone = l->wake = true;
	linein_stop(l->in);
}

void ui_line_ready(struct ui_line *l, const struct pollfd *fds, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		if (fds[i].revents == 0)
			continue;
		if (fds[i].fd == STDIN_FILENO && (fds[i].events & POLLIN))
			linein_read(l->in);
		/* A pipe reports POLLERR, a socket POLLHUP. */
		else if (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL))
			gone(l);
	}
}

uint64_t ui_line_deadline(const struct ui_line *l)
{
	if (l->wake)
		return 0;
	return ui_line_full(l) ? l->taken_ms + UI_LINE_STALL_MS : UINT64_MAX;
}

static void write_failed(struct ui_line *l)
{
	char why[128];

	snprintf(why, sizeof(why), "standard output cannot be written: %s",
	    strerror(errno));
	l->env->end_failed(l->env->arg, why);
}

/* Decides whether the reader is slow, or has stopped reading. */
static void look_at_reader(struct ui_line *l, size_t before)
{
	size_t now = output_pending(l->out);
	uint64_t now_ms = l->env->now_ms();

	if (now <= UI_LINE_PENDING_MAX || now < before)
		l->taken_ms = now_ms;
	if (now <= UI_LINE_PENDING_MAX / 2)
		l->losing = false;
	else if (now > UI_LINE_PENDING_MAX &&
		 now_ms - l->taken_ms >= UI_LINE_STALL_MS)
		l->losing = true;
}

void ui_line_write(struct ui_line *l)
{
	size_t before = output_pending(l->out);
	int r;

	if (l->gone) {
		buf_clear(output_buf(l->out));
		l->line_start = 0;
		return;
	}
	r = output_write(l->out);
	if (r == ERR_LOST) {
		gone(l);
	} else if (r != 0) {
		l->gone = l->ended = true;
		write_failed(l);
	}
	l->line_start = output_pending(l->out);
	look_at_reader(l, before);
}

void ui_line_time(char out[UI_LINE_TIME_MAX], uint64_t ts_ms, uint64_t now_ms)
{
	time_t ts = (time_t)(ts_ms / 1000), now = (time_t)(now_ms / 1000);
	struct tm a, b;

	if (localtime_r(&ts, &a) == NULL || localtime_r(&now, &b) == NULL)
		snprintf(out, UI_LINE_TIME_MAX, "--:-- ");
	else if (a.tm_year == b.tm_year && a.tm_yday == b.tm_yday)
		snprintf(out, UI_LINE_TIME_MAX, "%02d:%02d ", a.tm_hour,
		    a.tm_min);
	else
		snprintf(out, UI_LINE_TIME_MAX, "%04d-%02d-%02d %02d:%02d ",
		    a.tm_year + 1900, a.tm_mon + 1, a.tm_mday, a.tm_hour,
		    a.tm_min);
}

int ui_line_names(const struct ui_line *l, struct buf *out,
    const struct person *p, size_t n, bool marks)
{
	const struct person *who;
	char places[40];
	size_t i, same;
	int r = 0;

	for (i = 0; i < n && r == 0; i++) {
		if ((who = roll_person(p, n, i, &same)) == NULL)
			continue;
		if (i > 0)
			r = buf_str(out, ", ");
		if (r == 0)
			r = buf_str(out, who->name);
		if (r == 0 && who->self)
			r = buf_str(out, " (you)");
		else if (r == 0 && who->trust == TRUST_CHANGED)
			r = buf_str(out, " (key changed)");
		else if (r == 0 && marks && who->trust == TRUST_VERIFIED)
			r = buf_str(out, " (verified)");
		else if (r == 0 && marks && who->certified == CERTIFIED_GOOD)
			r = buf_str(out, " (certified)");
		snprintf(places, sizeof(places), " (from %zu places)", same);
		if (r == 0 && same > 1)
			r = buf_str(out, places);
		if (r == 0)
			r = buf_str(out, words_person_role(who));
		if (r == 0 && ignored_has(l->env->ignored, who->fingerprint))
			r = buf_str(out, " (ignored)");
	}
	return r;
}

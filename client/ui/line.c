/* line.c - see line.h. */
#include <unistd.h>

#include "client/ui/line.h"

enum { UNACKED_MAX = 512 }; /* above that, input waits for the server */

int ui_line_open(struct ui_line *l, const struct ui_env *env, size_t line_max)
{
	*l = (struct ui_line){
	    .env = env, .room = session_first_room(env->session)};
	l->in = linein_new(STDIN_FILENO, line_max);
	l->out = lineout_new(STDOUT_FILENO);
	return l->in != NULL && l->out != NULL ? 0 : ERR_NOMEM;
}

void ui_line_close(struct ui_line *l)
{
	linein_free(l->in);
	lineout_free(l->out);
}

struct buf *ui_line_buf(struct ui_line *l)
{
	return lineout_buf(l->out);
}

void ui_line_check(struct ui_line *l, int err)
{
	if (err != 0)
		l->env->end_failed(l->env->arg, "out of memory for output");
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

static bool is_joined(const struct ui_line *l)
{
	struct session_room_status st;

	session_room_status(l->env->session, l->room, &st);
	return st.joined;
}

static bool room_for_more(const struct ui_line *l)
{
	return ui_line_unacked(l) < UNACKED_MAX &&
	       lineout_pending(l->out) <= UI_PENDING_MAX;
}

void ui_line_take(struct ui_line *l,
    bool (*fn)(void *arg, const char *line, size_t n), void *arg)
{
	enum linein_got got;
	const char *line;
	size_t n;

	l->wake = false;
	while (!l->ended && room_for_more(l)) {
		got = linein_next(l->in, &line, &n);
		if (got == LINEIN_NONE) {
			if (linein_ended(l->in))
				ui_line_end(
				    l, !l->gone || ui_line_unacked(l) > 0);
			return;
		}
		if (!fn(arg, got == LINEIN_LONG ? NULL : line, n)) {
			linein_again(l->in);
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
		out[n++] = (struct pollfd){lineout_fd(l->out),
		    lineout_pending(l->out) > 0 ? POLLOUT : 0, 0};
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
	return l->wake ? 0 : UINT64_MAX;
}

void ui_line_write(struct ui_line *l)
{
	int r;

	if (l->gone) {
		buf_clear(lineout_buf(l->out));
		return;
	}
	r = lineout_write(l->out);
	if (r == ERR_LOST) {
		gone(l);
	} else if (r != 0) {
		l->gone = l->ended = true;
		l->env->end_failed(l->env->arg,
		    "standard output cannot be written: is the disk full?");
	}
}

/* plain.c - the plain-text front end: no cursor movement, and every state in
 * words, so that it works with a screen reader and in a log. A line that is not
 * a message begins with "-- ". */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/wire/b64.h"
#include "shared/wire/text.h"
#include "client/ui/plain_ui.h"
#include "client/ui/words.h"
#include "client/ui/words_rooms.h"

enum {
	LINE_BYTES = WIRE_TEXT_MAX + 8, /* "/me " and the longest text */
	NAMES_BYTES = 8 << 10,
	SLOW_MS = 1000, /* a longer round trip, in ms, is called slow */
};

/* --- out ----------------------------------------------------------------- */

void ui_plain_put(struct ui *f, const char *s, size_t n, bool lines)
{
	struct buf *out = ui_line_buf(&f->io);
	unsigned flags =
	    (lines ? TEXT_LINES : 0u) | (f->env->ascii ? TEXT_ASCII : 0u);
	const char *nl;
	int r = 0;

	while (r == 0 && lines && (nl = memchr(s, '\n', n)) != NULL) {
		r = text_filter(out, s, (size_t)(nl - s), flags);
		if (r == 0)
			r = buf_str(out, "\n      ");
		n -= (size_t)(nl - s) + 1;
		s = nl + 1;
	}
	if (r == 0)
		r = text_filter(out, s, n, flags);
	ui_line_check(&f->io, r);
}

void ui_plain_end(struct ui *f)
{
	ui_line_check(&f->io, buf_u8(ui_line_buf(&f->io), '\n'));
	ui_line_done(&f->io);
}

void ui_plain_begin(struct ui *f)
{
	const char *name = ui_plain_prefix(f, f->about);

	if (name[0] == '\0')
		return;
	ui_plain_put(f, "[", 1, false);
	ui_plain_put(f, name, strlen(name), false);
	ui_plain_put(f, "] ", 2, false);
}

void ui_plain_notice(struct ui *f, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	ui_plain_text(f, text, strlen(text));
}

void ui_plain_text(struct ui *f, const char *text, size_t n)
{
	ui_plain_begin(f);
	ui_plain_put(f, "-- ", 3, false);
	ui_plain_put(f, text, n, true);
	ui_plain_end(f);
	if (!f->looking)
		ui_plain_keep_notice(f, text, n);
}

void ui_plain_time(struct ui *f, uint64_t ts_ms)
{
	char text[UI_LINE_TIME_MAX];

	ui_line_time(text, ts_ms, f->env->wall_ms());
	ui_plain_put(f, text, strlen(text), false);
}

/* --- events --------------------------------------------------------------- */

static void flush_batch(struct ui *f)
{
	char names[NAMES_BYTES + 64] = "", text[NAMES_BYTES + 128];
	const struct chatroom *about = f->about;

	if (f->batch.verb != NULL)
		snprintf(names, sizeof(names), "%.*s %s",
		    (int)f->batch.names.len, (const char *)f->batch.names.p,
		    f->batch.verb);
	else if (f->batch.timed)
		snprintf(
		    names, sizeof(names), "%s", words_epoch_reason("timer"));
	f->about = f->batch.room;
	if (f->batch.epoch != 0) {
		words_epoch(text, sizeof(text), f->batch.epoch, names);
		ui_plain_notice(f, "%s", text);
	} else if (f->batch.verb != NULL) {
		ui_plain_notice(f, "%s", names);
	}
	f->about = about;
	f->batch.epoch = 0;
	f->batch.verb = NULL;
	f->batch.timed = false;
	buf_clear(&f->batch.names);
}

/* Adds a new key to the batch. The server announces people who left after the
 * fresh key, and people who joined before it: either order makes one line. */
static void batch_epoch(struct ui *f, const struct event *e)
{
	if (f->batch.epoch != 0 || f->batch.room != e->room)
		flush_batch(f);
	f->batch.room = e->room;
	f->batch.epoch = e->epoch;
	f->batch.timed = e->reason != NULL && strcmp(e->reason, "timer") == 0;
}

static void batch_person(struct ui *f, const struct event *e)
{
	const char *verb = words_came_or_went(e);
	struct buf *names = &f->batch.names;

	if (e->person == NULL)
		return;
	if ((f->batch.verb != NULL && f->batch.verb != verb) ||
	    f->batch.room != e->room ||
	    names->len > NAMES_BYTES - WIRE_NAME_MAX - 2)
		flush_batch(f);
	f->batch.room = e->room;
	f->batch.verb = verb;
	if (names->len > 0)
		ui_line_check(&f->io, buf_str(names, ", "));
	ui_line_check(&f->io, buf_str(names, e->person->name));
}

void ui_plain_names(struct ui *f, const struct chatroom *room, bool marks)
{
	size_t n;
	const struct person *p = session_people(f->env->session, room, &n);
	struct buf b;

	buf_init(&b, 1 << 20);
	if (ui_line_names(&f->io, &b, p, n, marks) == 0) {
		ui_plain_begin(f);
		ui_plain_put(f, "-- in the room: ", 16, false);
		ui_plain_put(f, (const char *)b.p, b.len, false);
		ui_plain_end(f);
	}
	buf_free(&b);
}

/* Shows the event's sentence from the table of words. */
static void show_words(struct ui *f, const struct event *e)
{
	struct session_room_status room = {0};
	struct session_status link;
	char text[WORDS_MAX];
	struct words_about about = {.server = f->env->server,
	    .name = f->env->name,
	    .now_ms = f->env->wall_ms(),
	    .again = f->joined_once};

	if (e->type == EVENT_CONNECTED) {
		session_room_status(f->env->session, e->room, &room);
		session_status(f->env->session, &link);
		about.people = room.total;
		about.invite = words_invite(&link, &room);
		about.again = ui_plain_was_in(f, e->room);
	}
	if (e->type == EVENT_CHANGED)
		about.was_verified = trust_find_verified(
		    f->env->session, f->env->people, e->person);
	if (words_event(text, e, &about))
		ui_plain_notice(f, "%s", text);
}

static void show_connected(struct ui *f, const struct event *e)
{
	struct session_room_status st;
	struct session_status link;
	char keeps[WORDS_MAX];

	show_words(f, e);
	session_status(f->env->session, &link);
	session_room_status(f->env->session, e->room, &st);
	f->joined_once = true;
	ui_plain_notice(f, "group key %u, AES-256-GCM; key exchange: %s",
	    st.epoch, exchange_str(link.exchange));
	if (st.others > 0)
		ui_plain_notice(
		    f, "members verified: %zu of %zu", st.verified, st.others);
	if (f->uncompared)
		ui_plain_notice(f,
		    "first visit: the server's key is kept without being "
		    "compared; /server shows its code");
	f->uncompared = false;
	words_topic(keeps, &st);
	if (st.topic[0] != '\0')
		ui_plain_notice(f, "%s", keeps);
	words_room_keeps(keeps, &st.settings);
	ui_plain_notice(f, "%s", keeps);
	ui_plain_names(f, e->room, false);
}

/* Shows the sentence, then how many messages wait for the connection to
 * return. */
static void show_reconnect(struct ui *f, const struct event *e)
{
	size_t n = ui_line_unacked(&f->io);

	f->pace = PACE_UNKNOWN;
	show_words(f, e);
	if (n > 0)
		ui_plain_notice(f, "%zu of your messages %s kept until then", n,
		    n == 1 ? "is" : "are");
	f->kept_said = n > 0;
}

static void show_sent(struct ui *f)
{
	f->full_said = false;
	if (f->kept_said && ui_line_unacked(&f->io) == 0) {
		f->kept_said = false;
		ui_plain_notice(f, "the server has all your messages");
	}
}

/* Reports the first round-trip time, and then only large changes. */
static void show_rtt(struct ui *f, const struct event *e)
{
	const struct words_about about = {.server = f->env->server};
	bool slow = e->rtt_ms >= SLOW_MS;
	char text[WORDS_MAX];

	if (f->pace == PACE_UNKNOWN ||
	    (slow ? f->pace == PACE_FAST
		  : f->pace == PACE_SLOW && e->rtt_ms < SLOW_MS / 2)) {
		f->pace = slow ? PACE_SLOW : PACE_FAST;
		(void)words_event(text, e, &about);
		ui_plain_notice(f, "%s%s", text, slow ? ": that is slow" : "");
	}
}

/* Omits the reason: if the user did not ask to quit, the program prints it on
 * standard error. */
static void show_closed(struct ui *f, const struct event *e)
{
	struct event bare = *e;
	size_t n = ui_line_unacked(&f->io);

	bare.text = NULL;
	bare.text_len = 0;
	show_words(f, &bare);
	if (n > 0)
		ui_plain_notice(
		    f, "%zu of your messages did not reach the server", n);
}

/* Who comes and goes, and the keys that this makes, as /events wants them. That
 * somebody was removed is always said. */
static void show_coming(struct ui *f, const struct event *e)
{
	bool kick = e->reason != NULL && strcmp(e->reason, "kick") == 0;

	if (f->events == FOLD_NONE && (!kick || e->type == EVENT_EPOCH))
		return;
	if (e->type == EVENT_EPOCH)
		batch_epoch(f, e);
	else
		batch_person(f, e);
	if (f->events == FOLD_ALL)
		flush_batch(f);
}

static void show_event(struct ui *f, const struct event *e)
{
	switch (e->type) {
	case EVENT_CONNECTED:
		show_connected(f, e);
		break;
	case EVENT_MESSAGE:
	case EVENT_EDIT:
	case EVENT_DELETE:
	case EVENT_REACT:
		ui_plain_said(f, e);
		break;
	case EVENT_SENT:
		show_sent(f);
		break;
	case EVENT_JOIN:
	case EVENT_LEAVE:
	case EVENT_EPOCH:
		show_coming(f, e);
		break;
	case EVENT_RECONNECT:
		show_reconnect(f, e);
		break;
	case EVENT_RTT:
		show_rtt(f, e);
		break;
	case EVENT_CLOSED:
		show_closed(f, e);
		break;
	case EVENT_CONNECTING:
	case EVENT_MISSING:
	case EVENT_CHANGED:
	case EVENT_CERTIFIED:
	case EVENT_DROPPED:
	case EVENT_REFUSED:
	case EVENT_ERROR:
	case EVENT_HELD:
	case EVENT_FAILED:
	case EVENT_LEFT:
	case EVENT_ROOM:
	case EVENT_ACT:
	case EVENT_VOICE:
	case EVENT_FORK:
	case EVENT_ROLE:
	case EVENT_HISTORY:
	case EVENT_KEEPS:
	case EVENT_RECEIPT:
	case EVENT_TRANSCRIPT:
	case EVENT_REWRITTEN:
	case EVENT_STORAGE:
	case EVENT_TOPIC:
	case EVENT_PURGE:
	case EVENT_GONE:
	case EVENT_UNSAID:
	case EVENT_DEVICE:
		show_words(f, e);
		break;
	case EVENT_FILE:
	case EVENT_FILE_DONE:
		show_words(f, e);
		break;
	case EVENT_PROGRESS:
		ui_plain_progress(f, e);
		break;
	case EVENT_SEAL:
		show_words(f, e);
		ui_plain_seal_event(f, e);
		break;
	case EVENT_DELIVERED:
	case EVENT_BLOCKS:
	case EVENT_DONE:
	case EVENT_ENTRY:
	case EVENT_ROOMS:
	case EVENT_DEVICES:
	case EVENT_INVITES:
		break;
	}
	ui_plain_keep_event(f, e);
	recent_event(f->recent, e);
}

/* When the event was, and where in the log. */
static void note_place(struct ui *f, const struct event *e)
{
	bool in_log = e->type == EVENT_MESSAGE || e->type == EVENT_JOIN ||
		      e->type == EVENT_LEAVE || e->type == EVENT_ACT ||
		      e->type == EVENT_ROOM || e->type == EVENT_GONE;
	struct plain_room *p;

	f->past.offset = in_log ? e->offset : 0;
	if (!e->past)
		f->past.at_ms = 0;
	else if (e->ts_ms != 0)
		f->past.at_ms = e->ts_ms;
	p = e->room != NULL ? room_record(&f->rooms.all, e->room) : NULL;
	if (p != NULL && e->req == 0 && f->past.offset != 0 &&
	    (p->before == 0 || e->offset < p->before))
		p->before = e->offset;
	if (p != NULL && e->type == EVENT_CONNECTED)
		p->ended = NULL;
}

static void ui_event(struct ui *f, const struct event *e)
{
	if (e->type != EVENT_EPOCH && e->type != EVENT_JOIN &&
	    e->type != EVENT_LEAVE)
		flush_batch(f);
	if (event_direct(e) && e->type != EVENT_FILE) {
		ui_plain_direct_event(f, e);
		recent_event(f->recent, e);
		return;
	}
	f->about = e->room;
	note_place(f, e);
	if (e->req != 0 && (e->past || e->type == EVENT_HISTORY)) {
		ui_plain_older_event(f, e);
		f->about = NULL;
		return;
	}
	f->named = e->type == EVENT_LEFT && f->rooms.all.n > 1;
	if (!ui_plain_rooms_event(f, e))
		show_event(f, e);
	f->about = NULL;
	f->named = false;
	f->past.at_ms = f->past.offset = 0;
}

/* --- the front end -------------------------------------------------------- */

static void ui_close(struct ui *f)
{
	if (f == NULL)
		return;
	ui_line_close(&f->io);
	buf_free(&f->batch.names);
	ui_plain_older_free(f);
	password_entry_free(&f->password);
	ui_plain_lines_free(f);
	room_records_free(&f->rooms.all);
	recent_free(f->recent);
	free(f);
}

static struct ui *ui_open(const struct ui_env *env)
{
	struct ui *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		errmsg_print("conclave", "out of memory");
		return NULL;
	}
	password_entry_init(&f->password);
	f->env = env;
	f->rooms.all.size = sizeof(struct plain_room);
	f->echoes = isatty(STDIN_FILENO);
	if (env->first_visit && f->echoes && isatty(STDOUT_FILENO))
		f->visit.state = VISIT_WAITS;
	else
		f->uncompared = env->first_visit;
	buf_init(&f->batch.names, NAMES_BYTES);
	f->recent = recent_new();
	if (f->recent == NULL || ui_line_open(&f->io, env, LINE_BYTES) != 0) {
		errmsg_print("conclave", "out of memory");
		ui_close(f);
		return NULL;
	}
	return f;
}

static int ui_fds(struct ui *f, struct pollfd *out, int max)
{
	(void)max; /* two */
	return ui_line_fds(&f->io, out);
}

static void ui_ready(struct ui *f, const struct pollfd *fds, int n)
{
	ui_line_ready(&f->io, fds, n);
}

static void ui_step(struct ui *f)
{
	char question[VISIT_TEXT_MAX];
	size_t lost;

	if (visit_begins(&f->visit, f->env->session)) {
		visit_text(question, &f->visit, f->env->server, false);
		ui_plain_notice(f, "%s", question);
	}
	ui_line_take(&f->io, ui_plain_line, f);
	flush_batch(f);
	if ((lost = ui_line_lost(&f->io)) > 0)
		ui_plain_notice(
		    f, "%zu lines were dropped here: the output was not read",
		    lost);
	ui_line_write(&f->io);
}

static uint64_t ui_deadline(struct ui *f)
{
	return ui_line_deadline(&f->io);
}

static size_t ui_pending(const struct ui *f)
{
	return output_pending(f->io.out);
}

static bool ui_full(const struct ui *f)
{
	return ui_line_full(&f->io);
}

static bool ui_asks(const struct ui *f)
{
	return f->visit.state != VISIT_SETTLED;
}

const struct ui_ops ui_plain = {
    .open = ui_open,
    .close = ui_close,
    .event = ui_event,
    .fds = ui_fds,
    .ready = ui_ready,
    .step = ui_step,
    .deadline = ui_deadline,
    .pending = ui_pending,
    .full = ui_full,
    .asks = ui_asks,
};

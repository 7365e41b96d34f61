/* plain.c - lines in, lines out: no cursor movement, every state in words, so
 * that it reads well aloud and in a log. What is not a message begins with
 * "-- ". */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shared/wire/b64.h"
#include "shared/wire/text.h"
#include "client/ui/clock.h"
#include "client/ui/command.h"
#include "client/ui/line.h"
#include "client/trust/trust.h"

enum {
	LINE_BYTES = WIRE_TEXT_MAX + 8, /* "/me " before a whole text */
	NAMES_BYTES = 8 << 10,
	SLOW_MS = 1000, /* a server that answers later is called slow */
};

struct ui {
	struct ui_line io;
	const struct ui_env *env; /* borrowed */
	bool echoes;		  /* the terminal shows what is typed */
	bool waits;		  /* "too much waits" was said */
	bool joined_once;
	struct verify verify;
	bool clock_said; /* that somebody's differs from ours */
	bool kept;	 /* that what was said waits for the server */
	enum { PACE_UNKNOWN, PACE_FAST, PACE_SLOW } pace; /* as it was said */
	/* Of this turn: who came and went, so that one line says it. */
	uint32_t epoch;	  /* 0: no new one */
	bool timed;	  /* ... because it is time for one */
	const char *verb; /* "joined", "left", "was removed"; NULL: nobody */
	struct buf names;
};

/* --- out ----------------------------------------------------------------- */

/* Text from anywhere, filtered; a new line in it is indented. */
static void put(struct ui *f, const char *s, size_t n, bool lines)
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

static void put_end(struct ui *f)
{
	ui_line_check(&f->io, buf_u8(ui_line_buf(&f->io), '\n'));
}

static void notice(struct ui *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void notice(struct ui *f, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	put(f, "-- ", 3, false);
	put(f, text, strlen(text), true);
	put_end(f);
}

/* "12:34 ", with the day when that is not today: the time is the sender's own,
 * and an old message played again shows by it. */
static void put_time(struct ui *f, uint64_t ts_ms)
{
	uint64_t now_ms = f->env->wall_ms();
	time_t ts = (time_t)(ts_ms / 1000), now = (time_t)(now_ms / 1000);
	struct tm a, b;
	char text[64];

	if (localtime_r(&ts, &a) == NULL || localtime_r(&now, &b) == NULL) {
		put(f, "--:-- ", 6, false);
		return;
	}
	if (a.tm_year == b.tm_year && a.tm_yday == b.tm_yday)
		snprintf(text, sizeof(text), "%02d:%02d ", a.tm_hour, a.tm_min);
	else
		snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d ",
		    a.tm_year + 1900, a.tm_mon + 1, a.tm_mday, a.tm_hour,
		    a.tm_min);
	put(f, text, strlen(text), false);
}

/* --- events ----------------------------------------------------------------
 */

static void flush_batch(struct ui *f)
{
	int n = (int)f->names.len;
	const char *names = (const char *)f->names.p;

	if (f->epoch != 0 && f->verb != NULL)
		notice(f, "new group key %u: %.*s %s", f->epoch, n, names,
		    f->verb);
	else if (f->epoch != 0)
		notice(f, "new group key %u%s", f->epoch,
		    f->timed ? ": it is changed at times" : "");
	else if (f->verb != NULL)
		notice(f, "%.*s %s", n, names, f->verb);
	f->epoch = 0;
	f->verb = NULL;
	buf_clear(&f->names);
}

static void batch_epoch(struct ui *f, const struct event *e)
{
	/* A fresh key comes before who left, a step with who joined: either
	 * order makes one line. */
	if (f->epoch != 0)
		flush_batch(f);
	f->epoch = e->epoch;
	f->timed = e->reason != NULL && strcmp(e->reason, "timer") == 0;
}

static void batch_person(struct ui *f, const struct event *e, const char *verb)
{
	if (e->person == NULL)
		return;
	if (f->verb != NULL && strcmp(f->verb, verb) != 0)
		flush_batch(f);
	if (f->names.len > NAMES_BYTES - WIRE_NAME_MAX - 2)
		flush_batch(f);
	f->verb = verb;
	if (f->names.len > 0)
		ui_line_check(&f->io, buf_str(&f->names, ", "));
	ui_line_check(&f->io, buf_str(&f->names, e->person->name));
}

static void show_message(struct ui *f, const struct event *e)
{
	const char *name = f->env->name;
	char clock[400];

	if (e->own && f->echoes)
		return;
	if (e->person != NULL && !e->own)
		name = e->person->name;
	put_time(f, e->ts_ms);
	if (e->action)
		put(f, "* ", 2, false);
	put(f, name, strlen(name), false);
	if (!e->own && !e->verified)
		put(f, " (not the one you know)", 23, false);
	put(f, e->action ? " " : ": ", e->action ? 1 : 2, false);
	put(f, e->text, e->text_len, true);
	put_end(f);
	if (!e->own && !f->clock_said &&
	    clock_differs(
		clock, sizeof(clock), name, e->ts_ms, f->env->wall_ms())) {
		f->clock_said = true;
		notice(f, "%s", clock);
	}
}

static void show_names(struct ui *f, bool marks)
{
	size_t n, i;
	const struct person *p = session_people(
	    f->env->session, session_first_room(f->env->session), &n);
	struct buf b;
	int r = 0;

	buf_init(&b, 1 << 20);
	for (i = 0; i < n && r == 0; i++) {
		if (i > 0)
			r = buf_str(&b, ", ");
		if (r == 0)
			r = buf_str(&b, p[i].name);
		if (r == 0 && p[i].self)
			r = buf_str(&b, " (you)");
		else if (r == 0 && p[i].trust == TRUST_CHANGED)
			r = buf_str(&b, " (not the one you know)");
		else if (r == 0 && marks && p[i].trust == TRUST_VERIFIED)
			r = buf_str(&b, " (verified)");
	}
	if (r == 0) {
		put(f, "-- in the room: ", 16, false);
		put(f, (const char *)b.p, b.len, false);
		put_end(f);
	}
	buf_free(&b);
}

static void show_connected(struct ui *f)
{
	struct session_room_status st;

	session_room_status(
	    f->env->session, session_first_room(f->env->session), &st);
	notice(f, "%s %s at %s as %s",
	    f->joined_once ? "back in" : "you are in", st.name, f->env->server,
	    f->env->name);
	f->joined_once = true;
	notice(f, "group key %u, AES-256-GCM; members verified: %zu of %zu",
	    st.epoch, st.verified, st.total);
	if (st.topic[0] != '\0')
		notice(f, "topic: %s", st.topic);
	show_names(f, false);
}

static void show_changed(struct ui *f, const struct event *e)
{
	const struct person *p = e->person;
	char fp[B64URL_32 + 1];
	const char *was = "know here";
	struct session_status st;
	struct pinned pin;

	if (p == NULL)
		return;
	session_status(f->env->session, &st);
	if (people_pinned(f->env->people, st.server, p->name, &pin) &&
	    pin.verified)
		was = "verified";
	b64url_encode32(fp, p->fingerprint);
	notice(f,
	    "CAREFUL: %s is not the %s you %s. Another identity uses the "
	    "name: %s. Ask them in another way: /verify %s compares, /trust "
	    "%s accepts; until then what they say is marked",
	    p->name, p->name, was, fp, p->name, p->name);
}

/* What waits while there is no connection, and that it does no more. */
static void show_reconnect(struct ui *f, const struct event *e)
{
	struct session_room_status st;

	session_room_status(
	    f->env->session, session_first_room(f->env->session), &st);
	f->pace = PACE_UNKNOWN;
	notice(f, "not connected: %s; trying again in %u s",
	    e->reason != NULL ? e->reason : "", (e->wait_ms + 999) / 1000);
	if (st.unacked > 0)
		notice(f, "%zu of what you said %s kept until then", st.unacked,
		    st.unacked == 1 ? "is" : "are");
	f->kept = st.unacked > 0;
}

/* Told when something is said in that time, and when it was in vain. */
static void show_waiting(struct ui *f, const struct event *e)
{
	if (e->wait_ms > 0)
		notice(f,
		    "what you say waits for %s to be back, %u s at most: else "
		    "they would not get it",
		    e->text, (e->wait_ms + 999) / 1000);
	else
		notice(f, "%s %s not back: what you said goes out now", e->text,
		    e->count == 1 ? "is" : "are");
}

static void show_sent(struct ui *f)
{
	struct session_room_status st;

	session_room_status(
	    f->env->session, session_first_room(f->env->session), &st);
	f->waits = false;
	if (f->kept && st.unacked == 0) {
		f->kept = false;
		notice(f, "the server has all that you said");
	}
}

/* Each new measurement would be noise: the first, and what changes much. */
static void show_rtt(struct ui *f, const struct event *e)
{
	bool slow = e->rtt_ms >= SLOW_MS;

	if (f->pace == PACE_UNKNOWN ||
	    (slow ? f->pace == PACE_FAST
		  : f->pace == PACE_SLOW && e->rtt_ms < SLOW_MS / 2)) {
		f->pace = slow ? PACE_SLOW : PACE_FAST;
		notice(f, "the server answers in %u ms%s", e->rtt_ms,
		    slow ? ": that is slow" : "");
	}
}

static void show_closed(struct ui *f)
{
	struct session_room_status st;

	/* Why, if it was not the user's wish, app.c says on standard error. */
	session_room_status(
	    f->env->session, session_first_room(f->env->session), &st);
	notice(f, "you are %s connected to %s",
	    f->joined_once ? "no longer" : "not", f->env->server);
	if (st.unacked > 0)
		notice(f, "%zu of what you said did not reach the server",
		    st.unacked);
}

static void ui_event(struct ui *f, const struct event *e)
{
	const char *who = e->person != NULL ? e->person->name : "somebody";
	const char *why = e->reason != NULL ? e->reason : "";

	if (e->type != EVENT_EPOCH && e->type != EVENT_JOIN &&
	    e->type != EVENT_LEAVE)
		flush_batch(f);
	switch (e->type) {
	case EVENT_CONNECTING:
		if (e->attempt <= 1)
			notice(f, "connecting to %s", f->env->server);
		break;
	case EVENT_CONNECTED:
		show_connected(f);
		break;
	case EVENT_MESSAGE:
		show_message(f, e);
		break;
	case EVENT_SENT:
		show_sent(f);
		break;
	case EVENT_JOIN:
		batch_person(f, e, "joined");
		break;
	case EVENT_LEAVE:
		batch_person(
		    f, e, strcmp(why, "kick") == 0 ? "was removed" : "left");
		break;
	case EVENT_EPOCH:
		batch_epoch(f, e);
		break;
	case EVENT_MISSING:
		notice(f,
		    "%llu message%s from %s missing: the server did not pass "
		    "on what was sent",
		    (unsigned long long)e->count, e->count == 1 ? "" : "s",
		    who);
		break;
	case EVENT_CHANGED:
		show_changed(f, e);
		break;
	case EVENT_DROPPED:
		notice(f, "dropped something from %s: %s", who, why);
		break;
	case EVENT_ERROR:
		/* One without a code of the protocol's is our own. */
		notice(f, "%s%s",
		    e->code == CODE_NONE ? "" : "the server says: ",
		    e->text != NULL ? e->text : "");
		break;
	case EVENT_RECONNECT:
		show_reconnect(f, e);
		break;
	case EVENT_RTT:
		show_rtt(f, e);
		break;
	case EVENT_WAITING:
		show_waiting(f, e);
		break;
	case EVENT_CLOSED:
		show_closed(f);
		break;
	}
}

/* --- in ------------------------------------------------------------------- */

/* False when it has to wait. */
static bool say(struct ui *f, const char *text, size_t n, bool action)
{
	const struct ui_env *env = f->env;
	int r = session_say(env->session, session_first_room(env->session),
	    env->now_ms(), env->wall_ms(), text, n, action);

	if (r == ERR_LIMIT) {
		if (!f->waits)
			notice(f, "too much waits for the server: the rest "
				  "follows when it is back");
		f->waits = true;
		return false;
	}
	if (r == ERR_TEXT && n > WIRE_TEXT_MAX)
		notice(f, "that was longer than %d bytes and was not sent",
		    WIRE_TEXT_MAX);
	else if (r == ERR_TEXT)
		notice(f, "that was not UTF-8 and was not sent");
	else if (r != 0)
		notice(f, "that was not sent: %s", err_str(r));
	return true;
}

static void help(struct ui *f)
{
	char line[COMMAND_HELP_MAX];
	size_t i;

	for (i = 0; command_help(line, i); i++)
		if (!command_row(i)->screen)
			notice(f, "%s", line);
}

/* What was said before arrives first; but who sits at a terminal does not wait
 * for a server that is away. */
static void quit(struct ui *f)
{
	struct session_room_status st;

	session_room_status(
	    f->env->session, session_first_room(f->env->session), &st);
	ui_line_end(&f->io, st.joined || !f->echoes);
}

static void tell(void *arg, const char *line)
{
	notice(arg, "%s", line);
}

/* False when the line has to come again. */
static bool on_line(void *arg, const char *line, size_t n)
{
	struct ui *f = arg;
	const struct trust_sink out = {tell, f};
	char sentence[256];
	struct command c;

	if (line == NULL) {
		notice(f, "that was longer than %d bytes and was not sent",
		    WIRE_TEXT_MAX);
		return true;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	command_parse(&c, line, n);
	if (c.kind != COMMAND_BAD && c.screen) {
		notice(f, "that is for the full screen: here your terminal has "
			  "its own");
		return true;
	}
	switch (c.kind) {
	case COMMAND_NOTHING:
		break;
	case COMMAND_SAY:
	case COMMAND_ME:
		return say(f, c.text, c.n, c.kind == COMMAND_ME);
	case COMMAND_HELP:
		help(f);
		break;
	case COMMAND_NAMES:
		show_names(f, true);
		break;
	case COMMAND_TRUST:
		(void)trust_trust_typed(
		    f->env, c.text, c.n, sentence, sizeof(sentence));
		notice(f, "%s", sentence);
		break;
	case COMMAND_WHOIS:
		trust_tell(f->env, c.text, c.n, &out);
		break;
	case COMMAND_VERIFY:
		trust_verify(&f->verify, f->env, c.text, c.n, &out);
		break;
	case COMMAND_KEYS: /* of the full screen, as it was said */
	case COMMAND_SEARCH:
	case COMMAND_EXPORT:
		break;
	case COMMAND_QUIT:
		quit(f);
		break;
	case COMMAND_BAD:
		notice(f, "%s", c.sentence);
		break;
	}
	return true;
}

/* --- the face ------------------------------------------------------------ */

static void ui_close(struct ui *f)
{
	if (f == NULL)
		return;
	ui_line_close(&f->io);
	buf_free(&f->names);
	free(f);
}

static struct ui *ui_open(const struct ui_env *env)
{
	struct ui *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		errmsg_print("conclave", "out of memory");
		return NULL;
	}
	f->env = env;
	f->echoes = isatty(STDIN_FILENO);
	buf_init(&f->names, NAMES_BYTES);
	if (ui_line_open(&f->io, env, LINE_BYTES) != 0) {
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
	ui_line_take(&f->io, on_line, f);
	flush_batch(f);
	ui_line_write(&f->io);
}

static uint64_t ui_deadline(struct ui *f)
{
	return ui_line_deadline(&f->io);
}

static size_t ui_pending(const struct ui *f)
{
	return lineout_pending(f->io.out);
}

const struct ui_ops ui_plain = {
    .open = ui_open,
    .close = ui_close,
    .event = ui_event,
    .fds = ui_fds,
    .ready = ui_ready,
    .turn = ui_step,
    .deadline = ui_deadline,
    .pending = ui_pending,
};

/* The poll loop of the client. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "shared/os/clock.h"
#include "shared/os/exit.h"
#include "shared/wire/text.h"
#include "client/app.h"
#include "client/app_signals.h"
#include "client/computing.h"
#include "client/keeping.h"
#include "client/own_password.h"
#include "client/sandbox.h"
#include "client/trust/certificates.h"
#include "client/trust/tickets.h"
#include "client/outcome.h"
#include "client/net/uplink.h"
#include "client/ui/visit.h"
#include "client/ui/words.h"

enum {
	UI_FDS = 8,
	FDS = 2 + DIAL_FDS_MAX + UI_FDS,
	FLUSH_MS = 30000,	/* after the end of input, to send the rest */
	FLUSH_LEAST_MS = 10000, /* at least so long after joining */
	LAST_WORDS_MS = 5000, /* at the end, for a slow reader of our output */
	REFUSED_SAID = 3,     /* lines reported one by one; then counted */
	SLEEP_MS = 10000,     /* the longest wait */
};

struct app {
	struct app_opts o;
	struct ui_env env;
	struct session *session;
	struct ui *ui;
	int sigfd;
	struct uplink *uplink;
	struct computing computing;
	struct keeping keeping;
	struct own_password own;
	bool flushing, quit; /* the UI asked for the end; the session knows */
	uint64_t flush_by_ms, end_by_ms;
	bool pin_kept;	       /* saving the server's pin was tried */
	unsigned tickets_kept; /* session_tickets at the last save */
	bool closed;	       /* EVENT_CLOSED came */
	bool force; /* a second signal: end at once */
	struct clock_watch clocks;
	struct outcome outcome;
};

/* This clock goes on while the machine sleeps: after waking we notice at once
 * that the server has been silent too long. */
static uint64_t now_ms(void)
{
	return clock_boot_ms();
}

/* --- the end ------------------------------------------------------------- */

static void quit(struct app *a, bool flush)
{
	if (!flush)
		unsent_waiting(&a->outcome.unsent, a->session);
	a->quit = true;
	session_quit(a->session, flush);
}

static void on_end(void *arg, bool flush)
{
	struct app *a = arg;

	if (!flush) {
		quit(a, false);
	} else if (!a->flushing) {
		a->flushing = true;
		a->flush_by_ms = now_ms() + FLUSH_MS;
	}
}

static void on_end_failed(void *arg, const char *why)
{
	struct app *a = arg;

	outcome_fail(&a->outcome, EXIT_FAILED, "output", why);
	quit(a, false);
}

/* On a terminal the front end has just said it. */
static void on_refused(void *arg, const char *why)
{
	struct app *a = arg;

	if (a->outcome.unsent.lines++ < REFUSED_SAID && !isatty(STDIN_FILENO))
		errmsg_print("conclave", why);
}

static void on_output_lost(void *arg, size_t lines)
{
	outcome_dropped(&((struct app *)arg)->outcome, lines);
}

static int on_transcript(void *arg, bool direct, bool on, struct errmsg *why)
{
	return keeping_set(&((struct app *)arg)->keeping, direct, on, why);
}

/* Shows an error of the program, not of the session. */
static void show_error(struct app *a, const char *word, const char *text)
{
	const struct event e = {.type = EVENT_ERROR,
	    .code = CODE_NONE,
	    .word = word,
	    .text = text,
	    .text_len = strlen(text)};

	a->o.ui->event(a->ui, &e);
}

/* Whether we are in every room that we want to be in. */
static bool all_joined(const struct app *a)
{
	const struct chatroom *const *rooms;
	struct session_room_status st;
	size_t n, i;

	rooms = session_rooms(a->session, &n);
	for (i = 0; i < n; i++) {
		session_room_status(a->session, rooms[i], &st);
		if (st.wanted && !st.joined)
			return false;
	}
	return true;
}

/* At the end of input: waits until we are in our rooms and the server has all
 * messages, but not forever. */
static void end_of_input(struct app *a)
{
	struct unsent left = {0};
	char text[UNSENT_WORDS];

	if (!a->flushing || a->closed)
		return;
	if (!a->quit && all_joined(a)) {
		quit(a, true);
		if (a->flush_by_ms < now_ms() + FLUSH_LEAST_MS)
			a->flush_by_ms = now_ms() + FLUSH_LEAST_MS;
	}
	if (now_ms() < a->flush_by_ms)
		return;
	a->flushing = false;
	unsent_waiting(&left, a->session);
	unsent_late(&left, FLUSH_MS / 1000, text, sizeof(text));
	show_error(a, "timeout", text);
	outcome_fail(&a->outcome, EXIT_LOST, "timeout", text);
	quit(a, false);
}

static void on_closed(struct app *a, const struct event *e)
{
	const char *next = words_advice(e->code, session_account(a->session));
	char text[3 * WIRE_SHORT_TEXT_MAX];
	struct errmsg why;

	a->closed = true;
	a->end_by_ms = now_ms() + LAST_WORDS_MS;
	if (e->exit_status == EXIT_DONE) {
		outcome_count(&a->outcome, a->session);
		return;
	}
	/* The text may quote the server: a line break in it could fake a
	 * message of ours. */
	text_filter_fixed(text, sizeof(text), e->text, e->text_len);
	if (e->exit_status == EXIT_PIN && e->word[0] == '\0')
		setup_pin_differs(a->o.setup, a->o.options,
		    session_shown_fingerprint(a->session), &why);
	else if (next != NULL)
		errmsg_set(
		    &why, 0, "%s: %s; %s", a->o.setup->server, text, next);
	else
		errmsg_set(&why, 0, "%s", text);
	outcome_fail(&a->outcome, e->exit_status, NULL, why.text);
}

/* --- one step ------------------------------------------------------------ */

/* Without an invite, the pin alone can tell this server from another one next
 * time, so a server whose pin cannot be kept is not trusted. No message has
 * been sent to it yet. */
static void pin_not_kept(struct app *a, int err, const char *why)
{
	struct errmsg text;

	if (err == ERR_PIN) {
		show_error(a, "pin", why);
		outcome_fail(&a->outcome, EXIT_PIN, "pin", why);
		quit(a, false);
	} else if (a->o.options->server.has_fingerprint) {
		show_error(a, "known_servers", why);
	} else {
		errmsg_set(&text, err,
		    "%s.\nThe key of %s cannot be saved, so it is not "
		    "trusted: mend that, or use an invite",
		    why, a->o.setup->server);
		show_error(a, "known_servers", text.text);
		outcome_fail(
		    &a->outcome, EXIT_USAGE, "known_servers", text.text);
		quit(a, false);
	}
}

/* Saves the server's pin once it has proved itself, pins of new people, and the
 * server's ticket: nothing of a server whose key the user is still to accept. */
static void keep_pins(struct app *a)
{
	struct session_status st;
	struct errmsg why;
	int r;

	if (a->o.ui->asks != NULL && a->o.ui->asks(a->ui))
		return;
	session_status(a->session, &st);
	if (st.server_proved && !a->pin_kept) {
		a->pin_kept = true; /* try once: report a full disk once */
		r = setup_save_pin(a->o.setup, a->o.options, st.server, &why);
		if (r != 0)
			pin_not_kept(a, r, why.text);
	}
	people_again(a->o.setup->people, now_ms());
	if (people_flush(a->o.setup->people, &why) != 0)
		show_error(a, "known_people", why.text);
	if (tickets_keep(a->o.setup->ticket_path, a->session, &a->tickets_kept,
		&why) != 0)
		show_error(a, "ticket", why.text);
	if (own_password_keep(&a->own, a->o.setup->own_path, &why) != 0)
		show_error(a, "accounts", why.text);
}

static bool shown(const struct app *a)
{
	return a->o.ui->pending == NULL || a->o.ui->pending(a->ui) == 0;
}

/* Saves how far the user has read. Only what has left this program counts: it may
 * be killed before the rest does. */
static void keep_rooms(struct app *a)
{
	struct errmsg why;

	if (purge_file_flush(a->o.setup->purges, &why) != 0)
		show_error(a, "purges", why.text);
	if (shown(a) && known_rooms_keep(a->o.setup->rooms, a->session,
			    now_ms(), &why) != 0)
		show_error(a, "rooms", why.text);
	if (setup_keep_seals(a->o.setup, &why) != 0)
		show_error(a, "sealed", why.text);
	if (shown(a))
		session_direct_shown(a->session);
	if (prekeys_failed(a->o.setup->prekeys, &why))
		show_error(a, "direct", why.text);
}

static int on_set_password(void *arg, const struct buf *password)
{
	return own_password_set(&((struct app *)arg)->own, password);
}

static void on_refuse_server(void *arg)
{
	struct app *a = arg;

	outcome_fail(&a->outcome, EXIT_PIN, "pin", visit_refused);
	prekeys_forget(a->o.setup->prekeys);
	quit(a, false);
}

static bool show_events(struct app *a)
{
	const struct event *e;
	struct event last;
	bool any = false;

	while (!a->closed && (e = session_event(a->session)) != NULL) {
		any = true;
		/* Not at the user's wish. */
		if (e->type == EVENT_UNSAID && e->reason[0] != '\0')
			a->outcome.unsent.messages++;
		if (e->type == EVENT_HELD && a->o.options->held == HELD_DROP) {
			a->outcome.unsent.messages += e->count;
			a->outcome.unsent.held += e->count;
		}
		if (keeping_event(&a->keeping, e) || ignored_event(a->o.setup->ignored, e))
			continue;
		own_password_event(&a->own, e);
		if (e->type == EVENT_CONNECTED)
			setup_keep_last(a->o.options);
		if (e->type == EVENT_CLOSED) {
			on_closed(a, e);
			/* Our own reason to end comes before the session's. */
			last = *e;
			outcome_put(&a->outcome, &last);
			e = &last;
		}
		a->o.ui->event(a->ui, e);
	}
	return any;
}

/* One round: each step may cause events, and they another round. In this
 * order, because
 *   - the user interface says what it has read, and draws earlier events;
 *   - the end of input then sees whether the room is joined;
 *   - the session may want a socket, or its end, before output is written;
 *   - the password job runs beside everything else: start it early;
 *   - pins are saved before the user sees the events that they come with. */
static bool round_of_steps(struct app *a)
{
	struct errmsg why;

	a->o.ui->step(a->ui);
	end_of_input(a);
	uplink_step(a->uplink, now_ms());
	if (session_needs(a->session) & SESSION_NEED_KDF)
		computing_stretch(&a->computing, uplink_number(a->uplink));
	if (own_password_step(&a->own, &why) != 0)
		show_error(a, "password", why.text);
	uplink_write(a->uplink);
	keep_pins(a);
	return show_events(a);
}

/* Runs until nothing more follows: then poll may wait. Messages are sealed
 * only when the user interface has nothing more to say, so that all of them
 * share a record. One more round writes it, or closes the socket if sealing
 * has failed. */
static void settle(struct app *a)
{
	for (;;) {
		while (round_of_steps(a))
			;
		if ((session_needs(a->session) & SESSION_NEED_SEAL) == 0)
			break;
		session_seal(a->session);
	}
	keeping_flush(&a->keeping);
	keep_rooms(a);
}

/* What the user writes in an editor outlives the session, unless the user or a
 * signal ends the program. */
static bool user_away(const struct app *a)
{
	return a->o.ui->away != NULL && a->o.ui->away(a->ui);
}

static bool ended(struct app *a)
{
	if (a->force)
		return true;
	if (!a->closed || (user_away(a) && !a->quit))
		return false;
	return shown(a) || now_ms() >= a->end_by_ms;
}

static int wait_ms(struct app *a)
{
	uint64_t at = session_deadline(a->session), now = now_ms();

	if (a->o.ui->deadline != NULL)
		at = MIN(at, a->o.ui->deadline(a->ui));
	at = MIN(at, uplink_deadline(a->uplink));
	if (shown(a))
		at = MIN(at, known_rooms_deadline(a->o.setup->rooms));
	if (a->flushing)
		at = MIN(at, a->flush_by_ms);
	if (a->closed && !user_away(a))
		at = MIN(at, a->end_by_ms);
	if (at <= now)
		return 0;
	/* poll's own clock stands still while the machine sleeps. */
	return at - now < SLEEP_MS ? (int)(at - now) : SLEEP_MS;
}

/* The reader of our output is slow: read nothing from the server either. */
static bool ui_full(const struct app *a)
{
	return a->o.ui->full != NULL && a->o.ui->full(a->ui);
}

static void on_signal(struct app *a)
{
	struct signalfd_siginfo si;

	while (read(a->sigfd, &si, sizeof(si)) == (ssize_t)sizeof(si)) {
		if (si.ssi_signo == SIGWINCH) {
			if (a->o.ui->resize != NULL)
				a->o.ui->resize(a->ui);
		} else if (si.ssi_signo == SIGINT && si.ssi_code == SI_KERNEL &&
			   user_away(a)) {
			continue; /* from the keyboard, for the editor */
		} else if (a->quit) {
			a->force = true;
		} else {
			quit(a, false);
		}
	}
}

static void wait_and_handle(struct app *a)
{
	struct pollfd p[FDS];
	int n = 0, net = 0, ui = 0, r;

	p[n++] = (struct pollfd){a->sigfd, POLLIN, 0};
	p[n++] = (struct pollfd){jobs_fd(a->o.jobs), POLLIN, 0};
	net = uplink_fds(a->uplink, p + n, ui_full(a));
	n += net;
	ui = a->o.ui->fds(a->ui, p + n, UI_FDS);
	r = poll(p, (nfds_t)(n + ui), wait_ms(a));
	/* Before anything of this step is sealed. */
	if (clock_watch_parted(&a->clocks))
		session_renew(a->session);
	if (r < 0)
		return; /* EINTR, or memory: the next turn tries again */
	if (p[0].revents != 0)
		on_signal(a);
	if (p[1].revents != 0)
		computing_take(
		    &a->computing, uplink_number(a->uplink), now_ms());
	uplink_ready(a->uplink, p + 2, net, now_ms());
	a->o.ui->ready(a->ui, p + n, ui);
	session_tick(a->session, now_ms());
}

/* --- beginning and end --------------------------------------------------- */

static void init_env(struct app *a)
{
	const struct client_options *o = a->o.options;

	a->env = (struct ui_env){
	    .people = a->o.setup->people,
	    .ignored = a->o.setup->ignored,
	    .helper = a->o.exports,
	    .export_folder = o->export_folder,
	    .transcript_folder = o->transcript != NULL ? o->transcript : "",
	    .editor = a->o.editor,
	    .server = a->o.setup->server,
	    .uri = &o->server,
	    .name = o->name,
	    .first_visit = !a->o.setup->pinned,
	    .color = a->o.color,
	    .ascii = a->o.ascii,
	    .notify = o->notify,
	    .title = !o->no_title,
	    .escape_wait_ms = o->escape_wait_ms,
	    .now_ms = now_ms,
	    .wall_ms = clock_real_ms,
	    .end = on_end,
	    .end_failed = on_end_failed,
	    .refused = on_refused,
	    .output_lost = on_output_lost,
	    .refuse_server = on_refuse_server,
	    .transcript = on_transcript,
	    .set_password = on_set_password,
	    .arg = a,
	};
}

static int no_memory(struct app *a)
{
	outcome_fail(&a->outcome, EXIT_LOST, "system",
	    "the system is out of memory or of descriptors");
	return ERR_NOMEM;
}

static int open_all(struct app *a)
{
	const struct client_options *o = a->o.options;
	const struct session_opts so = {
	    .crypto = a->o.crypto,
	    .parallel = parallel_ops(a->o.parallel),
	    .rng = random_system(),
	    .identity = a->o.setup->identity,
	    .name = o->name,
	    .account = a->o.setup->login.account,
	    .room = o->server.room,
	    .pin = a->o.setup->pinned ? a->o.setup->pin : NULL,
	    .ticket = a->o.setup->has_ticket ? a->o.setup->ticket : NULL,
	    .people = people_ops(a->o.setup->people),
	    .rooms = setup_rooms(a->o.setup),
	    .seals = setup_seals(a->o.setup),
	    .direct = prekeys_ops(a->o.setup->prekeys),
	    .no_receipts = o->no_receipts,
	    .files = files_ops(a->o.files),
	    .certifier = certificates_ops(a->o.setup->tls.members),
	    .certificate = &a->o.setup->tls.certificate,
	    .pq = a->o.pq,
	    .reconnect = !o->no_reconnect,
	    .held = o->held,
	    .strict = o->strict,
	};
	const struct dial_opts dial = {
	    .uri = &o->server,
	    .name = a->o.setup->server,
	    .names = a->o.names,
	    .sandboxed = a->o.sandboxed,
	    .tls = a->o.setup->tls.config,
	};

	init_env(a);
	a->sigfd = app_signals_open();
	if (a->sigfd < 0 || (a->session = session_new(&so)) == NULL ||
	    (a->uplink = uplink_new(a->session, &dial)) == NULL)
		return no_memory(a);
	a->env.session = a->session;
	a->keeping = (struct keeping){
	    .session = a->session, .ops = a->o.ui, .outcome = &a->outcome};
	if (keeping_open(&a->keeping, o, a->o.crypto, a->o.setup->identity,
		a->o.transcripts) != 0)
		return no_memory(a);
	a->computing = (struct computing){
	    .jobs = a->o.jobs,
	    .session = a->session,
	    .password = &a->o.options->password,
	};
	own_password_init(
	    &a->own, a->o.jobs, a->session, o->name, &a->o.options->password);
	if (own_password_first(&a->own, &a->o.setup->login.own) != 0)
		return no_memory(a);
	a->keeping.ui = a->ui = a->o.ui->open(&a->env);
	if (a->ui == NULL) {
		a->outcome.status = EXIT_USAGE; /* it has said why */
		return ERR_IO;
	}
	return 0;
}

/* The terminal is open, the keys are read, and no server has said a word. */
static int enter_sandbox(struct app *a)
{
	struct errmsg why;
	int r;

	if (!a->o.sandboxed)
		return 0;
	if ((r = client_sandbox_enter(a->o.options, &why)) != 0)
		outcome_fail(&a->outcome, EXIT_LOST, "sandbox", why.text);
	else if (why.text[0] != '\0')
		show_error(a, "sandbox", why.text);
	return r;
}

/* Whoever asks twice to end does not wait for the last lines. */
static void end_of_output(struct app *a)
{
	struct errmsg why;

	if (known_rooms_flush(a->o.setup->rooms, &why) != 0)
		outcome_fail(&a->outcome, EXIT_FAILED, "rooms", why.text);
	if (!a->closed)
		outcome_count(&a->outcome, a->session);
	if (!a->force && !shown(a))
		outcome_fail(&a->outcome, EXIT_FAILED, "output",
		    "the last lines of the output were dropped: it was not read");
}

int app_run(const struct app_opts *o)
{
	struct app a = {.o = *o, .sigfd = -1};

	if (open_all(&a) == 0 && enter_sandbox(&a) == 0) {
		if (!keeping_begin(&a.keeping, o->options))
			quit(&a, false);
		clock_watch_begin(&a.clocks);
		for (settle(&a); !ended(&a); settle(&a))
			wait_and_handle(&a);
		keeping_end(&a.keeping);
		end_of_output(&a);
	}
	/* The face first: what is said after it is on a normal terminal. */
	if (a.ui != NULL)
		o->ui->close(a.ui);
	if (a.outcome.why.text[0] != '\0')
		errmsg_print("conclave", a.outcome.why.text);
	uplink_free(a.uplink);
	keeping_close(&a.keeping);
	session_free(a.session);
	own_password_free(&a.own);
	if (a.sigfd >= 0)
		close(a.sigfd);
	return a.outcome.status;
}

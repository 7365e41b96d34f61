/* The state machine of a session's link. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "client/session/backoff.h"
#include "client/session/connection.h"
#include "client/session/entry.h"
#include "client/session/pings.h"

enum { IN_MAX = WIRE_LENGTH + WIRE_RECORD_MAX };

struct connection {
	struct parties *parties; /* borrowed, like the next three */
	struct events *events;
	struct outgoing *out;
	struct connection_ops ops;
	bool reconnect;
	enum connection_phase phase;

	/* These persist across connections. */
	struct backoff backoff;
	uint64_t retry_ms; /* when PAUSE ends */

	/* These are per connection. */
	struct entry *entry; /* HANDSHAKE only */
	struct link *link;   /* from FIRST on */
	struct buf in;
	struct ending ending;
	bool forged;	/* a record was not the peer's next one */
	uint64_t rx_ms; /* time of the last record */
	struct pings pings;
};

/* --- phases -------------------------------------------------------------- */

/* The allowed transitions. */
static const unsigned may_follow[] = {
    [CONNECTION_PAUSE] = 1u << CONNECTION_DIAL | 1u << CONNECTION_ENDING |
			 1u << CONNECTION_CLOSED,
    [CONNECTION_DIAL] = 1u << CONNECTION_HANDSHAKE | 1u << CONNECTION_ENDING,
    [CONNECTION_HANDSHAKE] = 1u << CONNECTION_FIRST | 1u << CONNECTION_ENDING,
    [CONNECTION_FIRST] = 1u << CONNECTION_LINKED | 1u << CONNECTION_ENDING,
    [CONNECTION_LINKED] = 1u << CONNECTION_ENDING,
    [CONNECTION_ENDING] = 1u << CONNECTION_PAUSE | 1u << CONNECTION_CLOSED,
    [CONNECTION_CLOSED] = 0,
};

/* Assigns the phase; nothing else does. */
static void enter(struct connection *c, enum connection_phase next)
{
	assert((may_follow[c->phase] & 1u << next) != 0);
	c->phase = next;
}

static int dial(struct connection *c)
{
	enter(c, CONNECTION_DIAL);
	return events_push(
	    c->events, &(struct event){.type = EVENT_CONNECTING,
			   .attempt = backoff_dial(&c->backoff)});
}

struct connection *connection_new(struct parties *p, struct events *events,
    struct outgoing *out, bool reconnect, const struct connection_ops *ops)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->parties = p;
	c->events = events;
	c->out = out;
	c->reconnect = reconnect;
	c->ops = *ops;
	pings_forget(&c->pings);
	c->backoff = backoff_start();
	buf_init(&c->in, IN_MAX);
	if (dial(c) != 0) {
		connection_free(c);
		return NULL;
	}
	return c;
}

/* Drops everything that belongs to one connection. */
static void drop(struct connection *c)
{
	entry_free(c->entry);
	c->entry = NULL;
	outgoing_clear(c->out);
	link_free(c->link);
	c->link = NULL;
	buf_free(&c->in);
	entry_forget(c->parties);
	memset(&c->ending, 0, sizeof(c->ending));
	c->forged = false;
	pings_forget(&c->pings);
}

void connection_free(struct connection *c)
{
	if (c == NULL)
		return;
	drop(c);
	free(c);
}

enum connection_phase connection_phase(const struct connection *c)
{
	return c->phase;
}

bool connection_over(const struct connection *c)
{
	return c->phase >= CONNECTION_ENDING;
}

uint32_t connection_rtt_ms(const struct connection *c)
{
	return c->pings.rtt_ms;
}

/* --- connecting --------------------------------------------------------- */

bool connection_needs_kdf(const struct connection *c)
{
	return c->phase == CONNECTION_HANDSHAKE && entry_needs_kdf(c->entry);
}

int connection_kdf_job(const struct connection *c, struct hs_kdf_job *out)
{
	return c->phase == CONNECTION_HANDSHAKE ? entry_kdf_job(c->entry, out)
						: ERR_STATE;
}

static void refused(struct connection *c, const struct hs_error *e)
{
	struct ending why = ending_refused(e->code, e->word, e->text, false);

	connection_end(c, &why, CODE_NONE);
}

static int link_up(struct connection *c, uint64_t now_ms)
{
	bool new_run;

	if ((c->link = entry_link(c->entry, &new_run)) == NULL)
		return ERR_NOMEM;
	entry_free(c->entry);
	c->entry = NULL;
	outgoing_link(c->out, c->link);
	enter(c, CONNECTION_FIRST);
	c->rx_ms = now_ms;
	pings_start(&c->pings, now_ms);
	c->ops.linked(c->ops.arg, new_run, now_ms);
	return 0;
}

/* Runs HANDSHAKE as far as it can. */
static int shake_hands(struct connection *c, uint64_t now_ms)
{
	int r = entry_go(c->entry, &c->in, outgoing_raw(c->out),
	    c->ops.room(c->ops.arg), now_ms);

	if (r == ERR_REFUSED && entry_refusal(c->entry) != NULL) {
		refused(c, entry_refusal(c->entry));
		return 0;
	}
	return r != 0 ? r : link_up(c, now_ms);
}

/* FIRST: a record means that the server accepted us. */
static int read_first(struct connection *c)
{
	struct hs_error e;
	size_t used;
	int r;

	if (c->in.len == 0)
		return ERR_AGAIN;
	r = handshake_first(&e, c->in.p, c->in.len, &used);
	if (r == 1)
		enter(c, CONNECTION_LINKED);
	else if (r == 0)
		refused(c, &e);
	return r < 0 ? r : 0;
}

/* Processes the bytes in `in` and the driver's results. */
static int go_in(struct connection *c, uint64_t now_ms)
{
	int r = 0;

	while (r == 0 && (c->phase == CONNECTION_HANDSHAKE ||
			     c->phase == CONNECTION_FIRST))
		r = c->phase == CONNECTION_HANDSHAKE ? shake_hands(c, now_ms)
						     : read_first(c);
	return r == ERR_AGAIN ? 0 : r;
}

int connection_hello(struct connection *c, uint64_t now_ms)
{
	int r;

	if (c->phase != CONNECTION_DIAL || c->entry != NULL)
		return 0;
	if ((c->entry = entry_new(c->parties, now_ms)) == NULL)
		return ERR_NOMEM;
	r = entry_go(c->entry, &c->in, outgoing_raw(c->out),
	    c->ops.room(c->ops.arg), now_ms);
	return r == ERR_AGAIN ? 0 : r;
}

int connection_opened(
    struct connection *c, uint64_t now_ms, const uint8_t *channel)
{
	int r;

	if (c->phase != CONNECTION_DIAL)
		return 0;
	if ((r = connection_hello(c, now_ms)) != 0 ||
	    (channel != NULL && (r = entry_channel(c->entry, channel)) != 0))
		return r;
	entry_restart(c->entry, now_ms);
	enter(c, CONNECTION_HANDSHAKE);
	return go_in(c, now_ms);
}

int connection_stretched(struct connection *c,
    const uint8_t stretched[PAKE_STRETCHED], uint64_t now_ms)
{
	int r = entry_stretched(c->entry, stretched);

	return r != 0 ? r : go_in(c, now_ms);
}

/* --- control frames of the link ------------------------------------------ */

static int send_ping(struct connection *c, bool pong, int64_t id)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	r = control_ping(&json, pong, id);
	if (r == 0)
		r = outgoing_control(c->out, &json);
	buf_free(&json);
	return r;
}

static int on_pong(struct connection *c, int64_t id, uint64_t now_ms)
{
	if (!pings_answer(&c->pings, id, now_ms))
		return 0;
	return events_push(c->events,
	    &(struct event){.type = EVENT_RTT, .rtt_ms = c->pings.rtt_ms});
}

static int on_bye(struct connection *c, const struct control *m)
{
	struct ending why =
	    ending_refused(m->u.end.code, m->u.end.word, m->u.end.text, true);

	connection_end(c, &why, CODE_NONE);
	return 0;
}

static int on_control(
    struct connection *c, const uint8_t *body, size_t n, uint64_t now_ms)
{
	struct control m = {.type = CONTROL_UNKNOWN};
	struct buf json;
	int r;

	buf_init_secret(&json, WIRE_JSON_MAX);
	if ((r = link_control_open(c->link, &json, body, n)) != 0)
		goto out;
	if ((r = control_decode(&m, FROM_SERVER, json.p, json.len)) != 0)
		goto out;
	if ((m.type == CONTROL_KEY_EXCHANGE || m.type == CONTROL_HISTORY) &&
	    (r = link_stepped(c->link)) != 0)
		goto out;
	if (m.type == CONTROL_PING)
		r = send_ping(c, true, m.u.ping);
	else if (m.type == CONTROL_PONG)
		r = on_pong(c, m.u.ping, now_ms);
	else if (m.type == CONTROL_TICKET)
		parties_keep_ticket(
		    c->parties, m.u.ticket.ticket, m.u.ticket.seconds);
	else if (m.type == CONTROL_BYE)
		r = on_bye(c, &m);
	else
		r = c->ops.control(c->ops.arg, &m, now_ms);
out:
	control_wipe(&m);
	buf_free(&json);
	return r;
}

static int on_direct(struct connection *c, const uint8_t *body, size_t n)
{
	struct buf open;
	int r;

	buf_init_secret(&open, WIRE_DIRECT_MAX);
	if ((r = link_direct_open(c->link, &open, body, n)) == 0)
		r = c->ops.direct(c->ops.arg, open.p, open.len);
	buf_free(&open);
	return r;
}

/* --- records ------------------------------------------------------------- */

static int one_record(
    struct connection *c, const uint8_t *p, size_t n, uint64_t now_ms)
{
	struct rd frames;
	struct link_frame f;
	int r;

	if ((r = link_open(c->link, p, n, &frames)) != 0) {
		c->forged = err_is_peer(r);
		return r;
	}
	c->rx_ms = now_ms;
	while (c->phase == CONNECTION_LINKED &&
	       (r = link_next(&frames, &f)) == 0) {
		if (f.kind == KIND_CONTROL)
			r = on_control(c, f.body, f.len, now_ms);
		else if (f.kind == KIND_GROUP)
			r = c->ops.group(c->ops.arg, f.body, f.len);
		else if (f.kind == KIND_MARK)
			r = c->ops.mark(c->ops.arg, f.body, f.len);
		else if (f.kind == KIND_HISTORY)
			r = c->ops.past(c->ops.arg, f.body, f.len);
		else if (f.kind == KIND_DIRECT)
			r = on_direct(c, f.body, f.len);
		else if (f.kind == KIND_BLOB)
			r = c->ops.blob(c->ops.arg, f.body, f.len);
		if (r != 0)
			return r == ERR_AGAIN ? ERR_STATE : r;
	}
	return r == ERR_AGAIN ? 0 : r;
}

/* Processes all complete records. */
static int records(struct connection *c, uint64_t now_ms)
{
	size_t off = 0, total;
	int r = 0;

	while (c->phase == CONNECTION_LINKED && off < c->in.len) {
		r = link_length(c->in.p + off, c->in.len - off, &total);
		c->forged = err_is_peer(r);
		if (r == 0 && total > c->in.len - off)
			r = ERR_AGAIN;
		if (r != 0)
			break;
		if ((r = one_record(c, c->in.p + off, total, now_ms)) != 0)
			break;
		off += total;
	}
	buf_consume(&c->in, off);
	return r == ERR_AGAIN ? 0 : r;
}

static bool receives(const struct connection *c)
{
	return c->phase >= CONNECTION_HANDSHAKE &&
	       c->phase <= CONNECTION_LINKED;
}

int connection_input(
    struct connection *c, uint64_t now_ms, const uint8_t *in, size_t n)
{
	size_t take;
	int r = 0;

	while (r == 0 && n > 0 && receives(c)) {
		take = c->in.max - c->in.len;
		if (take > n)
			take = n;
		/* The buffer is full and no phase consumes it: the peer sends
		 * when it must not. */
		r = take == 0 ? ERR_STATE : buf_put(&c->in, in, take);
		if (r != 0)
			break;
		in += take;
		n -= take;
		if ((r = go_in(c, now_ms)) == 0)
			r = records(c, now_ms);
	}
	return r;
}

/* --- time ---------------------------------------------------------------- */

uint64_t connection_deadline(const struct connection *c)
{
	uint64_t ping, silence;

	switch (c->phase) {
	case CONNECTION_PAUSE:
		return c->retry_ms;
	case CONNECTION_HANDSHAKE:
		return entry_deadline(c->entry);
	case CONNECTION_FIRST:
	case CONNECTION_LINKED:
		ping = pings_at(&c->pings, c->rx_ms);
		silence = c->rx_ms + WIRE_SILENCE_MS;
		return ping < silence ? ping : silence;
	default:
		return UINT64_MAX;
	}
}

static int tick_linked(struct connection *c, uint64_t now_ms)
{
	struct ending why;
	int r;

	if (now_ms - c->rx_ms >= WIRE_SILENCE_MS) {
		why = ending_make(
		    true, EXIT_LOST, CODE_NONE, "the server is silent");
		connection_end(c, &why, CODE_TIMEOUT);
		return 0;
	}
	if ((r = c->ops.tick(c->ops.arg, now_ms)) != 0 || connection_over(c))
		return r;
	return now_ms >= pings_at(&c->pings, c->rx_ms)
		   ? send_ping(c, false, pings_sent(&c->pings, now_ms))
		   : 0;
}

static int tick_handshake(struct connection *c, uint64_t now_ms)
{
	struct ending why;
	int r = go_in(c, now_ms);

	if (r == 0 && c->phase == CONNECTION_HANDSHAKE &&
	    now_ms >= entry_deadline(c->entry)) {
		why = ending_make(
		    true, EXIT_LOST, CODE_TIMEOUT, wire_code_str(CODE_TIMEOUT));
		connection_end(c, &why, CODE_NONE);
	}
	/* Records may have arrived while we made the RSA pair. */
	return r != 0 ? r : records(c, now_ms);
}

int connection_tick(struct connection *c, uint64_t now_ms)
{
	switch (c->phase) {
	case CONNECTION_PAUSE:
		return now_ms >= c->retry_ms ? dial(c) : 0;
	case CONNECTION_HANDSHAKE:
		return tick_handshake(c, now_ms);
	case CONNECTION_FIRST:
	case CONNECTION_LINKED:
		return tick_linked(c, now_ms);
	default:
		return 0;
	}
}

void connection_joined(struct connection *c, uint64_t now_ms)
{
	/* A second room on this connection needs no measurement. */
	if (c->backoff.joined_ms == 0)
		pings_soon(&c->pings, now_ms);
	backoff_joined(&c->backoff, now_ms);
}

/* --- the end ------------------------------------------------------------- */

/* Sends a last frame; no message follows. A failure is ignored because the
 * connection ends either way. */
static void say_bye(struct connection *c, enum wire_code code)
{
	struct buf json;

	if (c->link == NULL || code == CODE_NONE)
		return;
	buf_init(&json, WIRE_JSON_MAX);
	if (control_bye(&json, code, "") == 0 &&
	    outgoing_control(c->out, &json) == 0)
		(void)!outgoing_close(c->out);
	buf_free(&json);
}

void connection_end(
    struct connection *c, const struct ending *why, enum wire_code bye)
{
	if (connection_over(c))
		return;
	enter(c, CONNECTION_ENDING);
	c->ending = *why;
	say_bye(c, bye);
}

void connection_fail(struct connection *c, int err)
{
	/* The first answer after the handshake may come from anybody. */
	bool authentic = c->phase == CONNECTION_LINKED && !c->forged;
	struct ending why = ending_error(err, authentic);

	connection_end(
	    c, &why, why.code == CODE_PROTOCOL ? CODE_PROTOCOL : CODE_NONE);
}

/* The server may have timed out while we stretched the password. */
static void last_words(struct connection *c)
{
	struct hs_error e;
	size_t used;

	if (c->in.len > 0 &&
	    handshake_first(&e, c->in.p, c->in.len, &used) == 0)
		refused(c, &e);
}

bool connection_lost(struct connection *c, const char *why)
{
	struct ending lost;

	if (c->phase == CONNECTION_PAUSE || c->phase == CONNECTION_CLOSED)
		return false;
	if (c->phase == CONNECTION_HANDSHAKE || c->phase == CONNECTION_FIRST)
		last_words(c);
	lost = ending_make(
	    true, EXIT_LOST, CODE_NONE, why != NULL ? why : err_str(ERR_LOST));
	connection_end(c, &lost, CODE_NONE);
	return true;
}

static void closed(struct connection *c, const struct ending *e)
{
	enter(c, CONNECTION_CLOSED);
	/* Cannot fail: events.h reserves memory for it. */
	(void)!events_push(c->events, &(struct event){.type = EVENT_CLOSED,
					  .code = e->code,
					  .word = e->word,
					  .text = e->text,
					  .text_len = strlen(e->text),
					  .exit_status = (int)e->exit_status});
}

static void pause_then_retry(
    struct connection *c, const struct ending *e, uint64_t now_ms)
{
	uint64_t pause = backoff_pause_ms(&c->backoff, &c->parties->rng);

	enter(c, CONNECTION_PAUSE);
	c->retry_ms = now_ms + pause;
	/* Cannot fail either. */
	(void)!events_push(c->events, &(struct event){.type = EVENT_RECONNECT,
					  .reason = e->text,
					  .code = e->code,
					  .word = e->word,
					  .wait_ms = (uint32_t)pause});
}

const struct ending *connection_why(const struct connection *c)
{
	return &c->ending;
}

static bool comes_again(const struct connection *c, enum connection_next next,
    const struct ending *e)
{
	return c->reconnect && (next == CONNECTION_ELSEWHERE ||
				   (next == CONNECTION_AGAIN &&
				       backoff_worth_it(&c->backoff, e)));
}

void connection_finish(
    struct connection *c, enum connection_next next, uint64_t now_ms)
{
	struct ending e = next == CONNECTION_DONE ? ending_user() : c->ending;

	backoff_ended(&c->backoff, &c->ending, now_ms);
	drop(c);
	if (!comes_again(c, next, &e)) {
		closed(c, &e);
		return;
	}
	if (ending_may_pass(&e))
		e = ending_waiting(&e);
	pause_then_retry(c, &e, now_ms);
}

#include "server/loop/loop_int.h"
#include "server/room/dispatch.h"
#include "shared/proto/control.h"

/* --- control frames ------------------------------------------------------ */

static int dispatch_user_list(struct conn *c, const struct control *m)
{
	return room_user_list(
	    &c->membership, m->u.user_list.room, m->u.user_list.after);
}

static int dispatch_identity(struct conn *c, const struct control *m)
{
	return room_identity(&c->membership, m->u.identity.member);
}

static int dispatch_ping(struct conn *c, const struct control *m)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	if ((r = control_ping(&json, true, m->u.ping)) == 0)
		outq_give(&c->out, frame_control(json.p, json.len));
	buf_free(&json);
	return r;
}

static int dispatch_bye(struct conn *c, const struct control *m)
{
	const char *word = wire_code_word(m->u.end.code);

	logger_info(c->worker->server->o.log, "leave", "%s (%s): bye %s", c->name,
	    c->peer, word);
	conn_close(c);
	return 0;
}

static int dispatch_nothing(struct conn *c, const struct control *m)
{
	(void)c;
	(void)m;
	return 0;
}

/* What a client may send, and whether it has to be in the room for it. The
 * types without a row never get here: control_decode refuses them. */
static const struct dispatch_op {
	bool in_room;
	int (*fn)(struct conn *c, const struct control *m);
} dispatch_ops[] = {
    [CONTROL_UNKNOWN] = {false, dispatch_nothing},
    [CONTROL_USER_LIST] = {true, dispatch_user_list},
    [CONTROL_IDENTITY] = {true, dispatch_identity},
    [CONTROL_BYE] = {false, dispatch_bye},
    [CONTROL_PING] = {false, dispatch_ping},
    [CONTROL_PONG] = {false, dispatch_nothing},
};

static bool dispatch_in_room(const struct conn *c)
{
	return membership_is_in(&c->membership);
}

static int dispatch_control(struct conn *c, const uint8_t *body, size_t n)
{
	const struct dispatch_op *op;
	struct control m;
	struct buf *json = &c->worker->json;
	int r;

	buf_clear(json);
	if ((r = link_control_open(c->link, json, body, n)) != 0 ||
	    (r = control_decode(&m, FROM_CLIENT, json->p, json->len)) != 0)
		return r;
	if ((size_t)m.type >= sizeof(dispatch_ops) / sizeof(dispatch_ops[0]))
		return ERR_STATE;
	op = &dispatch_ops[m.type];
	if (op->fn == NULL || (op->in_room && !dispatch_in_room(c)))
		return ERR_STATE;
	return op->fn(c, &m);
}

/* --- records ------------------------------------------------------------- */

static int dispatch_frame(struct conn *c, const struct link_frame *f)
{
	switch (f->kind) {
	case KIND_CONTROL:
		return dispatch_control(c, f->body, f->len);
	case KIND_GROUP:
		if (!dispatch_in_room(c))
			return ERR_STATE;
		return room_group(&c->membership, f->body, f->len);
	default:
		return 0; /* a kind of a later version */
	}
}

static void dispatch_pause(struct conn *c)
{
	struct worker *w = c->worker;

	c->paused = true;
	timer_set(&w->timers, &c->pause, ratelimit_next(&c->rate, w->now_ms));
}

/* Not once its own queue has failed: the member has left with that, and what
 * it says after it is no breach. */
static bool dispatch_goes_on(const struct conn *c)
{
	return c->state == CONN_LINKED && !c->paused &&
	       c->out.state != OUTQ_FAILED;
}

/* The frames of an open record, from where they were left; frames_left says
 * how much of it is still to be done. */
static int dispatch_frames(struct conn *c, const uint8_t *record)
{
	struct rd frames = {record + c->frame_at, c->frames_left};
	struct link_frame f;
	int r;

	while (frames.left > 0 && dispatch_goes_on(c)) {
		if (!ratelimit_take(&c->rate, c->worker->now_ms)) {
			dispatch_pause(c);
			break;
		}
		if ((r = link_next(&frames, &f)) != 0 ||
		    (r = dispatch_frame(c, &f)) != 0)
			return r;
	}
	c->frame_at = (size_t)(frames.p - record);
	c->frames_left = frames.left;
	return 0;
}

static int dispatch_record(struct conn *c, const uint8_t *in, size_t n)
{
	struct rd frames;
	size_t total;
	int r;

	if ((r = link_length(in, n, &total)) != 0)
		return r;
	if (n < total)
		return ERR_AGAIN;
	if ((r = link_open(c->link, in, total, &frames)) != 0)
		return r;
	c->record_len = total;
	c->frame_at = (size_t)(frames.p - in);
	c->frames_left = frames.left;
	return 0;
}

static void dispatch_error(struct conn *c, int err)
{
	const struct logger *log = c->worker->server->o.log;

	if (!err_is_peer(err)) {
		logger_error(
		    log, "lost", "%s (%s): %s", c->name, c->peer, err_str(err));
		conn_close(c);
		return;
	}
	logger_info(log, "breach", "%s (%s): %s", c->name, c->peer, err_str(err));
	conn_end(c, CODE_PROTOCOL);
}

size_t dispatch_input(struct conn *c, const uint8_t *in, size_t n)
{
	size_t used = 0;
	int r = 0;

	while (r == 0 && dispatch_goes_on(c)) {
		if (c->record_len == 0)
			r = dispatch_record(c, in + used, n - used);
		if (r == 0)
			r = dispatch_frames(c, in + used);
		if (r == 0 && c->frames_left == 0) {
			used += c->record_len;
			c->record_len = 0;
		}
	}
	if (r != 0 && r != ERR_AGAIN)
		dispatch_error(c, r);
	return used;
}

/* --- silence ------------------------------------------------------------- */

void dispatch_silence(struct conn *c)
{
	struct worker *w = c->worker;
	uint64_t silent = w->now_ms - c->heard_ms, wait = WIRE_PING_MS;
	struct buf json;

	if (c->paused) { /* it is we who do not listen */
		timer_set(&w->timers, &c->life, w->now_ms + WIRE_PING_MS);
		return;
	}
	if (silent >= WIRE_SILENCE_MS) {
		logger_info(w->server->o.log, "leave", "%s (%s): %s", c->name,
		    c->peer, err_str(ERR_TIMEOUT));
		conn_end(c, CODE_TIMEOUT);
		return;
	}
	if (silent < WIRE_PING_MS) {
		wait = WIRE_PING_MS - silent;
	} else {
		buf_init(&json, WIRE_JSON_MAX);
		if (control_ping(&json, false, (int64_t)w->now_ms) == 0)
			outq_give(&c->out, frame_control(json.p, json.len));
		buf_free(&json);
		if (wait > WIRE_SILENCE_MS - silent)
			wait = WIRE_SILENCE_MS - silent;
	}
	timer_set(&w->timers, &c->life, w->now_ms + wait);
}

#include "server/relay.h"
#include "server/talk.h"
#include "shared/control.h"

/* --- control frames ------------------------------------------------------ */

static int talk_user_list(struct conn *c, const struct control *m)
{
	return room_user_list(
	    &c->seat, m->u.user_list.room, m->u.user_list.after);
}

static int talk_identity(struct conn *c, const struct control *m)
{
	return room_identity(&c->seat, m->u.identity.member);
}

static int talk_ping(struct conn *c, const struct control *m)
{
	struct buf json;
	int r;

	buf_init(&json, WIRE_JSON_MAX);
	if ((r = control_ping(&json, true, m->u.ping)) == 0)
		outq_give(&c->out, packet_control(json.p, json.len));
	buf_free(&json);
	return r;
}

static int talk_bye(struct conn *c, const struct control *m)
{
	const char *word = wire_code_word(m->u.end.code);

	log_info(c->worker->server->o.log, "leave", "%s (%s): bye %s", c->name,
	    c->peer, word);
	conn_close(c);
	return 0;
}

static int talk_nothing(struct conn *c, const struct control *m)
{
	(void)c;
	(void)m;
	return 0;
}

/* What a client may send, and whether it has to be in the room for it. The
 * types without a row never get here: control_decode refuses them. */
static const struct talk_op {
	bool in_room;
	int (*fn)(struct conn *c, const struct control *m);
} talk_ops[] = {
    [CONTROL_UNKNOWN] = {false, talk_nothing},
    [CONTROL_USER_LIST] = {true, talk_user_list},
    [CONTROL_IDENTITY] = {true, talk_identity},
    [CONTROL_BYE] = {false, talk_bye},
    [CONTROL_PING] = {false, talk_ping},
    [CONTROL_PONG] = {false, talk_nothing},
};

static bool talk_in_room(const struct conn *c)
{
	return seat_is_in(&c->seat);
}

static int talk_control(struct conn *c, const uint8_t *body, size_t n)
{
	const struct talk_op *op;
	struct control m;
	struct buf *json = &c->worker->json;
	int r;

	buf_clear(json);
	if ((r = link_control_open(c->link, json, body, n)) != 0 ||
	    (r = control_decode(&m, FROM_CLIENT, json->p, json->len)) != 0)
		return r;
	if ((size_t)m.type >= sizeof(talk_ops) / sizeof(talk_ops[0]))
		return ERR_STATE;
	op = &talk_ops[m.type];
	if (op->fn == NULL || (op->in_room && !talk_in_room(c)))
		return ERR_STATE;
	return op->fn(c, &m);
}

/* --- records ------------------------------------------------------------- */

static int talk_frame(struct conn *c, const struct frame *f)
{
	switch (f->kind) {
	case KIND_CONTROL:
		return talk_control(c, f->body, f->len);
	case KIND_GROUP:
		if (!talk_in_room(c))
			return ERR_STATE;
		return room_group(&c->seat, f->body, f->len);
	default:
		return 0; /* a kind of a later version */
	}
}

static void talk_pause(struct conn *c)
{
	struct worker *w = c->worker;

	c->paused = true;
	timer_set(&w->timers, &c->pause, rate_next(&c->rate, w->now_ms));
}

/* Not once its own queue has failed: the member has left with that, and what
 * it says after it is no breach. */
static bool talk_goes_on(const struct conn *c)
{
	return c->state == CONN_TALKING && !c->paused &&
	       c->out.state != OUTQ_FAILED;
}

/* The frames of an open record, from where they were left; frames_left says
 * how much of it is still to be done. */
static int talk_frames(struct conn *c, const uint8_t *record)
{
	struct rd frames = {record + c->frame_at, c->frames_left};
	struct frame f;
	int r;

	while (frames.left > 0 && talk_goes_on(c)) {
		if (!rate_take(&c->rate, c->worker->now_ms)) {
			talk_pause(c);
			break;
		}
		if ((r = link_next(&frames, &f)) != 0 ||
		    (r = talk_frame(c, &f)) != 0)
			return r;
	}
	c->frame_at = (size_t)(frames.p - record);
	c->frames_left = frames.left;
	return 0;
}

static int talk_record(struct conn *c, const uint8_t *in, size_t n)
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

static void talk_breach(struct conn *c, int err)
{
	const struct log *log = c->worker->server->o.log;

	if (!err_is_peer(err)) {
		log_error(
		    log, "lost", "%s (%s): %s", c->name, c->peer, err_str(err));
		conn_close(c);
		return;
	}
	log_info(log, "breach", "%s (%s): %s", c->name, c->peer, err_str(err));
	conn_end(c, CODE_PROTOCOL);
}

size_t talk_input(struct conn *c, const uint8_t *in, size_t n)
{
	size_t used = 0;
	int r = 0;

	while (r == 0 && talk_goes_on(c)) {
		if (c->record_len == 0)
			r = talk_record(c, in + used, n - used);
		if (r == 0)
			r = talk_frames(c, in + used);
		if (r == 0 && c->frames_left == 0) {
			used += c->record_len;
			c->record_len = 0;
		}
	}
	if (r != 0 && r != ERR_AGAIN)
		talk_breach(c, r);
	return used;
}

/* --- silence ------------------------------------------------------------- */

void talk_silence(struct conn *c)
{
	struct worker *w = c->worker;
	uint64_t silent = w->now_ms - c->heard_ms, wait = WIRE_PING_MS;
	struct buf json;

	if (c->paused) { /* it is we who do not listen */
		timer_set(&w->timers, &c->life, w->now_ms + WIRE_PING_MS);
		return;
	}
	if (silent >= WIRE_SILENCE_MS) {
		log_info(w->server->o.log, "leave", "%s (%s): %s", c->name,
		    c->peer, err_str(ERR_TIMEOUT));
		conn_end(c, CODE_TIMEOUT);
		return;
	}
	if (silent < WIRE_PING_MS) {
		wait = WIRE_PING_MS - silent;
	} else {
		buf_init(&json, WIRE_JSON_MAX);
		if (control_ping(&json, false, (int64_t)w->now_ms) == 0)
			outq_give(&c->out, packet_control(json.p, json.len));
		buf_free(&json);
		if (wait > WIRE_SILENCE_MS - silent)
			wait = WIRE_SILENCE_MS - silent;
	}
	timer_set(&w->timers, &c->life, w->now_ms + wait);
}
